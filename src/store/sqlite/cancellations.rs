//! Jobs that somebody wants cancelled, also those that are not known here yet.

use std::time::Duration;

use sqlx::SqliteConnection;
use uuid::Uuid;

use super::value::millis;
use super::{Outlasts, SqliteStore, detached, log};
use crate::job::Verdict;
use crate::store::{Cancelling, JobRow, JobState, StoreError};

/// What to make of a job that is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    IsAnError,
    /// It is cancelled as it is written down.
    IsNoted,
}

impl SqliteStore {
    pub(super) async fn cancel_or(
        &self,
        id: Uuid,
        why: &Verdict,
        unknown: Unknown,
    ) -> Result<Cancelling, StoreError> {
        let (store, why) = (self.clone(), why.clone());
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            let now = store.clock.now();
            let came = match store.fetch_job(write.on(), id).await? {
                None if unknown == Unknown::IsAnError => return Err(StoreError::NoJob(id)),
                None => {
                    sqlx::query(
                        "INSERT INTO cancellations (id, asked_at) VALUES (?1, ?2)
                         ON CONFLICT DO UPDATE SET asked_at = ?2",
                    )
                    .bind(id.to_string())
                    .bind(now)
                    .execute(write.on())
                    .await?;
                    Cancelling::Noted
                }
                Some(row) if row.has_ended() => return Ok(Cancelling::Ended),
                Some(row) if row.job.cause.is_some() => return Err(StoreError::Owed(id)),
                Some(row) if row.state == JobState::Running => {
                    sqlx::query("UPDATE jobs SET cancel_asked = 1 WHERE id = ?")
                        .bind(id.to_string())
                        .execute(write.on())
                        .await?;
                    Cancelling::Asked
                }
                Some(row) => {
                    store.cancel_queued(write.on(), &row, &why).await?;
                    Cancelling::Cancelled
                }
            };
            write.commit().await?;
            Ok(came)
        })
        .await
    }

    /// A job that waits never begins, or not once more.
    pub(super) async fn cancel_queued(
        &self,
        on: &mut SqliteConnection,
        row: &JobRow,
        why: &Verdict,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE jobs SET state = 'cancelled', outcome = ?, code = ?, finished_at = ? WHERE id = ?",
        )
        .bind(why.outcome.as_str())
        .bind(why.code.as_str())
        .bind(self.clock.now())
        .bind(row.job.id.to_string())
        .execute(&mut *on)
        .await?;
        log::note(on, &row.job, row.attempts + 1, why).await?;
        self.announce(on, row.job.id, Duration::ZERO).await
    }

    pub(super) async fn forget_notes(&self, older_than: Duration) -> Result<u64, StoreError> {
        let before = self.clock.now().saturating_sub(millis(older_than));
        // Looking costs no lock, and there is seldom one.
        let any: Option<i64> = sqlx::query_scalar("SELECT 1 FROM cancellations WHERE asked_at < ? LIMIT 1")
            .bind(before)
            .fetch_optional(&self.readers)
            .await?;
        if any.is_none() {
            return Ok(0);
        }
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let forgotten = sqlx::query("DELETE FROM cancellations WHERE asked_at < ?")
                .bind(before)
                .execute(write.on())
                .await?;
            write.commit().await?;
            Ok(forgotten.rows_affected())
        })
        .await
    }
}
