use std::path::Path;

use sqlx::{Connection, SqliteConnection, SqlitePool};

use super::error::opening;
use crate::store::StoreError;

/// In order; the place is the version. A migration that was released is never edited.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/sqlite/0001_first.sql"),
    include_str!("../../../migrations/sqlite/0002_reconciliations.sql"),
    include_str!("../../../migrations/sqlite/0003_counted.sql"),
    include_str!("../../../migrations/sqlite/0004_priorities_and_offers.sql"),
    include_str!("../../../migrations/sqlite/0005_announcements.sql"),
    include_str!("../../../migrations/sqlite/0006_cancellations.sql"),
    include_str!("../../../migrations/sqlite/0007_workers.sql"),
    include_str!("../../../migrations/sqlite/0008_gates.sql"),
    include_str!("../../../migrations/sqlite/0009_inbox.sql"),
    include_str!("../../../migrations/sqlite/0010_mailbox_marks.sql"),
    include_str!("../../../migrations/sqlite/0011_message_marks.sql"),
    include_str!("../../../migrations/sqlite/0012_settled_requests.sql"),
    include_str!("../../../migrations/sqlite/0013_params.sql"),
    include_str!("../../../migrations/sqlite/0014_canaries.sql"),
    include_str!("../../../migrations/sqlite/0015_access.sql"),
    include_str!("../../../migrations/sqlite/0016_questions.sql"),
    include_str!("../../../migrations/sqlite/0017_roles.sql"),
    include_str!("../../../migrations/sqlite/0018_outwards.sql"),
    include_str!("../../../migrations/sqlite/0019_who_asked.sql"),
    include_str!("../../../migrations/sqlite/0020_wanting.sql"),
    include_str!("../../../migrations/sqlite/0021_log_filters.sql"),
    include_str!("../../../migrations/sqlite/0022_told_to_nobody.sql"),
    include_str!("../../../migrations/sqlite/0023_job_list.sql"),
    include_str!("../../../migrations/sqlite/0024_all_who_want.sql"),
    include_str!("../../../migrations/sqlite/0025_refused_codes.sql"),
    include_str!("../../../migrations/sqlite/0026_each_server.sql"),
];

/// SQLite's `application_id`: `TRNL`. Tells Turnlock's databases from those of others.
const APPLICATION_ID: i64 = 0x5452_4e4c;

/// Refuses the database of another program. An empty file is welcome.
pub(super) async fn check_owner(on: &mut SqliteConnection, path: &Path) -> Result<(), StoreError> {
    let failed = |error| opening(path, error);
    // Both of one moment: another process may be making the tables just now.
    let mut moment = on.begin().await.map_err(failed)?;
    let owner: i64 =
        sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *moment).await.map_err(failed)?;
    let things: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
        .fetch_one(&mut *moment)
        .await
        .map_err(failed)?;
    moment.rollback().await.map_err(failed)?;
    match owner == APPLICATION_ID || (owner == 0 && things == 0) {
        true => Ok(()),
        false => Err(StoreError::NotOurs { path: path.to_owned() }),
    }
}

/// Applies what is missing, in one transaction: of several processes that start at once, one does the work
/// and the others find it done.
pub(super) async fn run(pool: &SqlitePool, path: &Path) -> Result<(), StoreError> {
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    let applied: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *tx).await?;
    check_known(applied)?;
    let known = known();
    let missing = MIGRATIONS.iter().skip(usize::try_from(applied).unwrap_or(0));
    for sql in missing {
        sqlx::raw_sql(*sql).execute(&mut *tx).await.map_err(|error| match StoreError::from(error) {
            StoreError::Database(reason) => StoreError::Migration(reason),
            other => other,
        })?;
    }
    if applied < known {
        // Pragmas take no bound parameters; both are numbers of this file.
        let mark = format!("PRAGMA user_version = {known}; PRAGMA application_id = {APPLICATION_ID}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(mark)).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    super::narrow(path)
        .map_err(|error| StoreError::CannotOpen { path: path.to_owned(), reason: error.to_string() })
}

/// Refuses a database that a newer Turnlock has been at.
pub(super) fn check_known(found: i64) -> Result<(), StoreError> {
    let known = known();
    if found > known { Err(StoreError::TooNew { found, known }) } else { Ok(()) }
}

fn known() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}
