use sqlx::PgConnection;

use super::LOCKS;
use crate::store::StoreError;

/// In order; the place is the version. A migration that was released is never edited.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/postgres/0001_first.sql"),
    include_str!("../../../migrations/postgres/0002_announcements.sql"),
    include_str!("../../../migrations/postgres/0003_cancellations.sql"),
    include_str!("../../../migrations/postgres/0004_workers.sql"),
    include_str!("../../../migrations/postgres/0005_gates.sql"),
    include_str!("../../../migrations/postgres/0006_lighter_log.sql"),
    include_str!("../../../migrations/postgres/0007_attempts_under_way.sql"),
    include_str!("../../../migrations/postgres/0008_offers.sql"),
    include_str!("../../../migrations/postgres/0009_inbox.sql"),
    include_str!("../../../migrations/postgres/0010_mailbox_marks.sql"),
    include_str!("../../../migrations/postgres/0011_message_marks.sql"),
    include_str!("../../../migrations/postgres/0012_settled_requests.sql"),
    include_str!("../../../migrations/postgres/0013_params.sql"),
    include_str!("../../../migrations/postgres/0014_canaries.sql"),
    include_str!("../../../migrations/postgres/0015_access.sql"),
    include_str!("../../../migrations/postgres/0016_questions.sql"),
    include_str!("../../../migrations/postgres/0017_roles.sql"),
    include_str!("../../../migrations/postgres/0018_outwards.sql"),
    include_str!("../../../migrations/postgres/0019_who_asked.sql"),
    include_str!("../../../migrations/postgres/0020_wanting.sql"),
    include_str!("../../../migrations/postgres/0021_told_to_nobody.sql"),
    include_str!("../../../migrations/postgres/0022_job_list.sql"),
    include_str!("../../../migrations/postgres/0023_all_who_want.sql"),
    include_str!("../../../migrations/postgres/0024_refused_codes.sql"),
    include_str!("../../../migrations/postgres/0025_reworded.sql"),
    include_str!("../../../migrations/postgres/0026_each_server.sql"),
];

/// The oldest server that has all that the migrations use, as it numbers itself.
const OLDEST: i32 = 140_000;

/// The table that tells Turnlock's schemas from those of others; its one row is the newest migration.
const MARK: &str = "SELECT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'turnlock_schema'
                                   AND relnamespace = current_schema()::regnamespace)";

/// Tables and the like that stand in the schema, but for those of extensions.
const THINGS: &str = "SELECT count(*) FROM pg_class AS c
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
       AND NOT EXISTS (SELECT 1 FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')";

/// What a look at a database finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What the server calls itself.
    pub version: String,
    /// Whether Turnlock's tables are there, so that nothing but rows will be written.
    pub made: bool,
    /// Whether this user may make tables.
    pub may_make: bool,
    /// Whether the server flushes to its disk what it has committed.
    pub durable: bool,
}

/// Looks whether the schema is Turnlock's or empty, and changes nothing.
pub(super) async fn look(on: &mut PgConnection) -> Result<Found, StoreError> {
    let version = check_server(on).await?;
    let (schema, marked) = owner(on).await?;
    let made = marked && applied(on).await? == known();
    let (may_make, durable) =
        sqlx::query_as("SELECT has_schema_privilege($1, 'CREATE'), current_setting('fsync') = 'on'")
            .bind(schema)
            .fetch_one(on)
            .await?;
    Ok(Found { version, made, may_make, durable })
}

/// Applies the next migration that is missing within this transaction, under a lock: of several processes that start at
/// once, one does the work and the others find it done. The schema of another program is refused; an empty one is
/// welcome. `false` once none is missing: each has a transaction of its own, so that workers which go on meanwhile wait for
/// one table at a time and not for long.
pub(super) async fn next(on: &mut PgConnection) -> Result<bool, StoreError> {
    check_server(on).await?;
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('migrations', $1))")
        .bind(LOCKS)
        .execute(&mut *on)
        .await?;
    let (_, marked) = owner(on).await?;
    if !marked {
        apply(
            on,
            "CREATE TABLE turnlock_schema (version bigint NOT NULL); INSERT INTO turnlock_schema VALUES (0)",
        )
        .await?;
    }
    let applied = applied(on).await?;
    let Some(sql) = usize::try_from(applied).ok().and_then(|applied| MIGRATIONS.get(applied)) else {
        return Ok(false);
    };
    apply(on, sql).await?;
    sqlx::query("UPDATE turnlock_schema SET version = $1").bind(applied + 1).execute(on).await?;
    Ok(applied + 1 < known())
}

async fn check_server(on: &mut PgConnection) -> Result<String, StoreError> {
    let (number, found): (i32, String) = sqlx::query_as(
        "SELECT current_setting('server_version_num')::int, current_setting('server_version')",
    )
    .fetch_one(on)
    .await?;
    if number < OLDEST { Err(StoreError::ServerTooOld { found }) } else { Ok(found) }
}

/// The schema, and whether it is Turnlock's; it is empty otherwise.
async fn owner(on: &mut PgConnection) -> Result<(String, bool), StoreError> {
    let schema: Option<String> =
        sqlx::query_scalar("SELECT current_schema()::text").fetch_one(&mut *on).await?;
    let Some(schema) = schema else {
        return Err(StoreError::Refused("no schema of the search path exists for this user".to_owned()));
    };
    let marked: bool = sqlx::query_scalar(MARK).fetch_one(&mut *on).await?;
    if !marked {
        let things: i64 = sqlx::query_scalar(THINGS).fetch_one(on).await?;
        if things > 0 {
            return Err(StoreError::ForeignSchema { schema });
        }
    }
    Ok((schema, marked))
}

async fn applied(on: &mut PgConnection) -> Result<i64, StoreError> {
    let found: i64 = sqlx::query_scalar("SELECT version FROM turnlock_schema").fetch_one(on).await?;
    check_known(found).map(|()| found)
}

/// Refuses a schema that a newer Turnlock has been at.
pub(super) fn check_known(found: i64) -> Result<(), StoreError> {
    if found > known() { Err(StoreError::TooNew { found, known: known() }) } else { Ok(()) }
}

fn known() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

async fn apply(on: &mut PgConnection, sql: &'static str) -> Result<(), StoreError> {
    sqlx::raw_sql(sql).execute(on).await.map_err(|error| match StoreError::from(error) {
        StoreError::Database(reason) => StoreError::Migration(reason),
        other => other,
    })?;
    Ok(())
}
