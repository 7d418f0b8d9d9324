//! Jobs that a queue outside of the database delivers: written down, and claimed where that is possible.

use std::time::Duration;

use sqlx::SqliteConnection;

use super::jobs::InTurn;
use super::{Outlasts, SqliteStore, detached};
use crate::store::{Delivered, JobState, StoreError, Submitted, Taking, WorkerId};

impl SqliteStore {
    pub(super) async fn take_delivered(
        &self,
        jobs: &[Delivered],
        worker: &WorkerId,
        ttl: Duration,
        overdue: Duration,
    ) -> Result<Vec<Taking>, StoreError> {
        let (store, jobs, worker) = (self.clone(), jobs.to_vec(), worker.clone());
        detached(async move {
            // After a power failure no worker holds the message any more: its broker delivers it again.
            let mut write = store.write(Outlasts::Crash).await?;
            let mut takings = Vec::with_capacity(jobs.len());
            for delivered in jobs {
                takings.push(store.take_one(write.on(), delivered, &worker, ttl, overdue).await?);
            }
            write.commit().await?;
            Ok(takings)
        })
        .await
    }

    async fn take_one(
        &self,
        on: &mut SqliteConnection,
        Delivered { job, not_before }: Delivered,
        worker: &WorkerId,
        ttl: Duration,
        overdue: Duration,
    ) -> Result<Taking, StoreError> {
        let now = self.clock.now();
        let due = not_before.map_or(now, |at| self.clock.of_wall(at));
        if self.insert(on, &job, due).await? {
            self.hold_offer(on, job.id, overdue).await?;
        }
        let row = self.fetch_job(on, job.id).await?.ok_or(StoreError::NoJob(job.id))?;
        if let Err(other) = Submitted::delivered_again(&row.job, &job) {
            return Ok(Taking::Refused(other));
        }
        if row.state != JobState::Queued {
            return Ok(Taking::NotQueued);
        }
        // By one clock: what two readings make of it may differ by the millisecond that says whether it is due.
        let waits: bool = sqlx::query_scalar("SELECT not_before > ? FROM jobs WHERE id = ?")
            .bind(now)
            .bind(job.id.to_string())
            .fetch_one(&mut *on)
            .await?;
        if waits {
            return Ok(Taking::NotDue(Box::new(row)));
        }
        if !self.is_free(on, job.id).await? {
            return Ok(Taking::AccountBusy(Box::new(row)));
        }
        let claim = self.claim(on, &job.id.to_string(), worker, ttl, InTurn(true)).await?;
        Ok(Taking::Claimed(Box::new(claim)))
    }
}
