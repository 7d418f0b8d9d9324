use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time;
use uuid::Uuid;

use super::{Queue, QueueError};
use crate::job::{AccountRef, Job, Verdict};
use crate::store::{
    AttemptRow, Cancelling, Claim, Claiming, Ending, JobRow, Next, Requeueing, Store, StoreError, Submitted,
    WorkerId,
};

/// How soon a job that another process submitted is noticed where no news of it come. Within a process, it is noticed
/// at once.
const BACKSTOP: Duration = Duration::from_millis(300);

/// The queue that lies in the database's table of jobs. Cheap to clone; clones wake one another.
#[derive(Clone)]
pub struct EmbeddedQueue {
    store: Arc<dyn Store>,
    offered: Arc<Notify>,
    ended: Arc<Notify>,
    others_announce: bool,
}

impl EmbeddedQueue {
    /// The queue in this database.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, offered: Arc::default(), ended: Arc::default(), others_announce: false }
    }

    /// The same, beside a queue outside of the database whose workers announce the ends of jobs.
    #[must_use]
    pub fn announced_by_others(store: Arc<dyn Store>) -> Self {
        store.announce_ends();
        Self { others_announce: true, ..Self::new(store) }
    }

    /// Returns when this process or another has changed something.
    async fn changed(&self, here: &Notify) {
        tokio::select! {
            () = here.notified() => {}
            () = self.store.jobs_changed() => {}
        }
    }

    /// Each change may let a job through: one that was added, or one whose account has become free.
    fn tell<T>(&self, result: Result<T, StoreError>) -> Result<T, QueueError> {
        self.ended.notify_waiters();
        self.offered.notify_waiters();
        // For a worker that is about to wait.
        self.offered.notify_one();
        Ok(result?)
    }
}

#[async_trait]
impl Queue for EmbeddedQueue {
    async fn submit(&self, job: &Job, not_before: Option<Timestamp>) -> Result<Submitted, QueueError> {
        self.tell(self.store.submit(job, not_before).await)
    }

    async fn take(&self, worker: &WorkerId, ttl: Duration, most: usize) -> Result<Vec<Claim>, QueueError> {
        let mut claims = Vec::new();
        while claims.len() < most {
            match self.store.claim_next(worker, ttl).await {
                Ok(Some(claim)) => claims.push(claim),
                Ok(None) => break,
                // What was claimed already has to be performed.
                Err(_) if !claims.is_empty() => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(claims)
    }

    async fn take_job(&self, id: Uuid, worker: &WorkerId, ttl: Duration) -> Result<Claiming, QueueError> {
        Ok(self.store.claim_job(id, worker, ttl).await?)
    }

    async fn ready(&self) {
        // An elapsed time-out is as good as a signal: there may be something.
        let _ = time::timeout(BACKSTOP, self.changed(&self.offered)).await;
    }

    async fn keep(&self, claim: &Claim, ttl: Duration) -> Result<bool, QueueError> {
        Ok(self.store.heartbeat(claim, ttl).await?)
    }

    async fn end(&self, claim: &Claim, ending: &Ending) -> Result<AttemptRow, QueueError> {
        let ended = self.store.end(claim, ending).await;
        if self.others_announce && ended.is_ok() && ending.next == Next::Ended {
            // Should that fail, they find it a little later.
            let _ = self.store.announce_later(&[claim.job.id]).await;
        }
        self.tell(ended)
    }

    async fn put_back(&self, claim: &Claim, not_before: Timestamp) -> Result<(), QueueError> {
        self.tell(self.store.put_back(claim, not_before).await)
    }

    async fn hold_back(&self, claim: &Claim) -> Result<(), QueueError> {
        self.tell(self.store.hold_back(claim).await)
    }

    async fn cancel(&self, id: Uuid, why: &Verdict) -> Result<Cancelling, QueueError> {
        self.tell(self.store.cancel(id, why).await)
    }

    async fn requeue(&self, id: Uuid) -> Result<Requeueing, QueueError> {
        self.tell(self.store.requeue(id).await)
    }

    async fn recover(
        &self,
        is_dead: &(dyn for<'a> Fn(&'a WorkerId) -> bool + Send + Sync),
    ) -> Result<Vec<Uuid>, QueueError> {
        let jobs = self.store.recover(is_dead).await?;
        if jobs.is_empty() { Ok(jobs) } else { self.tell(Ok(jobs)) }
    }

    async fn open_reconciliation(&self, account: &AccountRef) -> Result<Option<JobRow>, QueueError> {
        Ok(self.store.open_reconciliation(account).await?)
    }

    async fn ended(&self, id: Uuid) -> Result<JobRow, QueueError> {
        loop {
            let changed = self.changed(&self.ended);
            tokio::pin!(changed);
            // Begun before the look, so that a change in between is not missed.
            let heard = futures::poll!(changed.as_mut()).is_ready();
            let row = self.store.job(id).await?.ok_or(StoreError::NoJob(id))?;
            if row.has_ended() {
                return Ok(row);
            }
            if !heard {
                let _ = time::timeout(BACKSTOP, changed).await;
            }
        }
    }
}
