//! Jobs on their way to a worker.
//!
//! [`Queue`] is what a worker needs of any queue; [`EmbeddedQueue`] is the one that lies in the database,
//! [`rabbit::RabbitQueue`] the one that RabbitMQ keeps.

mod embedded;
pub mod rabbit;

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

pub use embedded::EmbeddedQueue;
pub use rabbit::QueueState;

use crate::job::{AccountRef, Job, JobEvent, Verdict};
use crate::store::{
    AttemptRow, Cancelling, Claim, Claiming, Ending, JobRow, Requeueing, StoreError, Submitted, WorkerId,
};

/// What can go wrong with a queue.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueueError {
    /// The database behind it refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The job has no form as a message.
    #[error("the job cannot be sent: {0}")]
    Message(#[from] crate::job::BadMessage),
    /// The broker refused or failed.
    #[error(transparent)]
    Broker(#[from] rabbit::BrokerError),
}

impl QueueError {
    /// Whether no waiting mends it.
    #[must_use]
    pub const fn lasts(&self) -> bool {
        match self {
            Self::Store(error) => error.lasts(),
            Self::Broker(error) => error.lasts(),
            Self::Message(_) => false,
        }
    }
}

/// A queue of jobs. A job that was taken must be ended by [`end`](Self::end),
/// [`put_back`](Self::put_back) or [`hold_back`](Self::hold_back), or [abandoned](Self::abandon) where these fail; if its
/// worker dies instead, the job is delivered again.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Puts a job into the queue, durably. Submitting the same id again changes nothing.
    async fn submit(&self, job: &Job, not_before: Option<Timestamp>) -> Result<Submitted, QueueError>;

    /// Takes jobs that may be performed now, as many as there are but no more than that. Not to be dropped before it
    /// returns: a job may have been taken by then.
    async fn take(&self, worker: &WorkerId, ttl: Duration, most: usize) -> Result<Vec<Claim>, QueueError>;

    /// Takes this very job, due or not.
    async fn take_job(&self, id: Uuid, worker: &WorkerId, ttl: Duration) -> Result<Claiming, QueueError>;

    /// Returns when there may be something to take. May be dropped at any time.
    async fn ready(&self);

    /// The worker still performs the job. `true` if someone wants it cancelled.
    async fn keep(&self, claim: &Claim, ttl: Duration) -> Result<bool, QueueError>;

    /// The job's attempt has ended: writes how into the automation log, and sees to it that the job ends or is
    /// delivered again, as the ending says.
    async fn end(&self, claim: &Claim, ending: &Ending) -> Result<AttemptRow, QueueError>;

    /// The job is delivered again, as if it had not been taken: no attempt began.
    async fn put_back(&self, claim: &Claim, not_before: Timestamp) -> Result<(), QueueError>;

    /// The job waits until its app has room for it, as if it had not been taken: no attempt began. It keeps its turn.
    async fn hold_back(&self, claim: &Claim) -> Result<(), QueueError>;

    /// The job can be neither ended nor given back: it takes no slot any more, and is delivered again when its claim has
    /// expired.
    async fn abandon(&self, _claim: &Claim) {}

    /// Cancels a job, or asks its worker to stop at the next safe point. `why` is how one ends that has not begun.
    async fn cancel(&self, id: Uuid, why: &Verdict) -> Result<Cancelling, QueueError>;

    /// Has a job performed as soon as can be that waits for its time, or that a lost worker holds.
    async fn requeue(&self, id: Uuid) -> Result<Requeueing, QueueError>;

    /// Delivers again what dead workers had taken. Returns the jobs.
    async fn recover(
        &self,
        is_dead: &(dyn for<'a> Fn(&'a WorkerId) -> bool + Send + Sync),
    ) -> Result<Vec<Uuid>, QueueError>;

    /// Returns when there is a connection to the broker, or none comes about. May be dropped at any time.
    async fn reached(&self) {}

    /// How many messages wait in each queue of the broker. None where jobs lie in the database. Waits for no broker that is
    /// away.
    async fn messages(&self) -> Result<Vec<QueueState>, QueueError> {
        Ok(Vec::new())
    }

    /// The reconciliation that Turnlock owes the account and that has not ended.
    async fn open_reconciliation(&self, account: &AccountRef) -> Result<Option<JobRow>, QueueError>;

    /// Whether anybody listens to [`progress`](Self::progress).
    fn wants_progress(&self) -> bool {
        false
    }

    /// Tells those who listen how a job goes, without waiting for anything: it may be missed. That a job has ended is
    /// told by [`end`](Self::end), and for certain.
    fn progress(&self, _event: JobEvent) {}

    /// Returns when the job has ended.
    async fn ended(&self, id: Uuid) -> Result<JobRow, QueueError>;

    /// No job is to be brought here until [`resume`](Self::resume). Those that were, and that nobody has taken, go back at
    /// once, so that other workers get them.
    async fn pause(&self) {}

    /// Jobs are brought here again.
    async fn resume(&self) {}

    /// Returns when the queue fails in a way that no waiting mends. May be dropped at any time.
    async fn refused(&self) -> QueueError {
        std::future::pending().await
    }

    /// Says what is left to say, as far as that takes no time, and brings nothing any more.
    async fn close(&self) {}
}
