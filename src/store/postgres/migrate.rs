use sqlx::PgConnection;

use super::LOCKS;
use crate::store::StoreError;

/// In order; the place is the version. A migration that was released is never edited.
const MIGRATIONS: &[&str] = &[include_str!("../../../migrations/postgres/0001_first.sql")];

/// The oldest server that has all that the migrations use, as it numbers itself.
const OLDEST: i32 = 140_000;

/// The table that tells Turnlock's schemas from those of others; its one row is the newest migration.
const MARK: &str = "SELECT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'turnlock_schema'
                                   AND relnamespace = current_schema()::regnamespace)";

/// Tables and the like that stand in the schema, but for those of extensions.
const THINGS: &str = "SELECT count(*) FROM pg_class AS c
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
       AND NOT EXISTS (SELECT 1 FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')";

/// Applies what is missing within this transaction, under a lock: of several processes that start at once, one does
/// the work and the others find it done. The schema of another program is refused; an empty one is welcome.
pub(super) async fn run(on: &mut PgConnection) -> Result<(), StoreError> {
    check_server(on).await?;
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('migrations', $1))")
        .bind(LOCKS)
        .execute(&mut *on)
        .await?;
    let schema: Option<String> =
        sqlx::query_scalar("SELECT current_schema()::text").fetch_one(&mut *on).await?;
    let Some(schema) = schema else {
        return Err(StoreError::Refused("no schema of the search path exists for this user".to_owned()));
    };
    let marked: bool = sqlx::query_scalar(MARK).fetch_one(&mut *on).await?;
    if !marked {
        let things: i64 = sqlx::query_scalar(THINGS).fetch_one(&mut *on).await?;
        if things > 0 {
            return Err(StoreError::ForeignSchema { schema });
        }
        apply(
            on,
            "CREATE TABLE turnlock_schema (version bigint NOT NULL); INSERT INTO turnlock_schema VALUES (0)",
        )
        .await?;
    }
    let applied: i64 = sqlx::query_scalar("SELECT version FROM turnlock_schema").fetch_one(&mut *on).await?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if applied > known {
        return Err(StoreError::TooNew { found: applied, known });
    }
    for sql in MIGRATIONS.iter().skip(usize::try_from(applied).unwrap_or(0)) {
        apply(on, sql).await?;
    }
    if applied < known {
        sqlx::query("UPDATE turnlock_schema SET version = $1").bind(known).execute(on).await?;
    }
    Ok(())
}

async fn check_server(on: &mut PgConnection) -> Result<(), StoreError> {
    let (number, found): (i32, String) = sqlx::query_as(
        "SELECT current_setting('server_version_num')::int, current_setting('server_version')",
    )
    .fetch_one(on)
    .await?;
    if number < OLDEST { Err(StoreError::ServerTooOld { found }) } else { Ok(()) }
}

async fn apply(on: &mut PgConnection, sql: &'static str) -> Result<(), StoreError> {
    sqlx::raw_sql(sql).execute(on).await.map_err(|error| match StoreError::from(error) {
        StoreError::Database(reason) => StoreError::Migration(reason),
        other => other,
    })?;
    Ok(())
}
