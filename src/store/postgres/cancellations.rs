//! Jobs that somebody wants cancelled, also those that are not known here yet.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time;
use uuid::Uuid;

use super::jobs::fetch;
use super::value::millis;
use super::{Outlasts, PostgresStore, Write, answer, detached, log};
use crate::job::{Job, Verdict};
use crate::store::jobs::cancelled_ahead;
use crate::store::{Cancelling, JobRow, JobState, StoreError};

/// Transactions that may write jobs. Each has its lock on the table before it looks at anything.
const WRITERS: &str = "SELECT virtualtransaction FROM pg_locks
     WHERE locktype = 'relation' AND relation = 'jobs'::regclass AND mode = 'RowExclusiveLock' AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// How soon it is looked again whether they have ended.
const SOON: Duration = Duration::from_millis(5);

impl PostgresStore {
    pub(super) async fn cancel_known(&self, id: Uuid, why: &Verdict) -> Result<Cancelling, StoreError> {
        let (store, why) = (self.clone(), why.clone());
        detached(async move {
            store.months.make_room(&store.pool, Timestamp::now()).await;
            let mut write = store.write(Outlasts::PowerFailure).await?;
            write.lock_account_of(id).await?;
            let row = fetch(write.on(), id).await?.ok_or(StoreError::NoJob(id))?;
            let came = match row.state {
                _ if row.has_ended() => return Ok(Cancelling::Ended),
                _ if row.job.cause.is_some() => return Err(StoreError::Owed(id)),
                JobState::Running => {
                    sqlx::query("UPDATE jobs SET cancel_asked = true WHERE id = $1")
                        .bind(id)
                        .execute(write.on())
                        .await?;
                    Cancelling::Asked
                }
                _ => {
                    write.cancel_queued(&row, &why, store.announces()).await?;
                    Cancelling::Cancelled
                }
            };
            write.commit().await?;
            store.news.tell(&store.pool).await;
            Ok(came)
        })
        .await
    }

    /// A job that is written down just now by somebody who did not see the note is found when they have committed; whoever
    /// begins to write it down later sees the note.
    pub(super) async fn cancel_or_note(&self, id: Uuid, why: &Verdict) -> Result<Cancelling, StoreError> {
        match self.cancel_known(id, why).await {
            Err(StoreError::NoJob(_)) => {}
            known => return known,
        }
        self.note_cancellation(id).await?;
        answer(self.writers_have_ended()).await?;
        match self.cancel_known(id, why).await {
            Err(StoreError::NoJob(_)) => Ok(Cancelling::Noted),
            came => came,
        }
    }

    async fn note_cancellation(&self, id: Uuid) -> Result<(), StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            sqlx::query(
                "INSERT INTO cancellations (id, asked_at) VALUES ($1, turnlock_now())
                 ON CONFLICT (id) DO UPDATE SET asked_at = turnlock_now()",
            )
            .bind(id)
            .execute(write.on())
            .await?;
            write.commit().await
        })
        .await
    }

    /// Returns when all transactions have ended that may be writing jobs now. Holds up nobody.
    async fn writers_have_ended(&self) -> Result<(), StoreError> {
        let mut reader = self.reader().await?;
        let mut left: Vec<String> = sqlx::query_scalar(WRITERS).fetch_all(&mut *reader).await?;
        while !left.is_empty() {
            time::sleep(SOON).await;
            let now: Vec<String> = sqlx::query_scalar(WRITERS).fetch_all(&mut *reader).await?;
            left.retain(|writer| now.contains(writer));
        }
        Ok(())
    }

    pub(super) async fn forget_notes(&self, older_than: Duration) -> Result<u64, StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let forgotten = sqlx::query("DELETE FROM cancellations WHERE asked_at < turnlock_now() - $1")
                .bind(millis(older_than))
                .execute(write.on())
                .await?;
            write.commit().await?;
            Ok(forgotten.rows_affected())
        })
        .await
    }
}

impl Write {
    /// The job was written down as one that was cancelled ahead.
    pub(super) async fn end_ahead(&mut self, job: &Job, announce: bool) -> Result<(), StoreError> {
        self.end_unbegun(job, 1, &cancelled_ahead(), announce).await
    }

    /// A job that waits never begins, or not once more.
    pub(super) async fn cancel_queued(
        &mut self,
        row: &JobRow,
        why: &Verdict,
        announce: bool,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE jobs SET state = 'cancelled', outcome = $1, code = $2, finished_at = turnlock_now() WHERE id = $3",
        )
        .bind(why.outcome.as_str())
        .bind(why.code.as_str())
        .bind(row.job.id)
        .execute(self.on())
        .await?;
        self.end_unbegun(&row.job, row.attempts + 1, why, announce).await
    }

    /// The job has ended without an attempt: the log says so, and somebody may want to hear of it.
    pub(super) async fn end_unbegun(
        &mut self,
        job: &Job,
        number: u32,
        why: &Verdict,
        announce: bool,
    ) -> Result<(), StoreError> {
        log::note(self, job, number, why).await?;
        if announce { self.announce(job.id).await } else { Ok(()) }
    }
}
