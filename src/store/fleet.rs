use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::ledger::names;
use super::{StoreError, WorkerId};

/// What a worker is there for at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Duty {
    /// It takes jobs.
    Working,
    /// It takes none; those that it has begun go on.
    Draining,
}

names!(Duty, "the duty of a worker", Working = "working", Draining = "draining");

/// What a worker says of itself with a sign of life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beat {
    /// Who it is.
    pub worker: WorkerId,
    /// Of which version of Turnlock.
    pub version: String,
    /// How many jobs it does at once.
    pub slots: u32,
    /// What it does.
    pub duty: Duty,
    /// It was told so where it runs, which counts more than what was wanted of it before.
    pub overrules: bool,
    /// It counts as gone when nothing more is heard of it for so long.
    pub hold: Duration,
    /// The memory that its browser holds, in bytes, if it knows.
    pub browser_memory: Option<u64>,
}

/// A worker, as the fleet knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerRow {
    /// Who it is.
    pub id: WorkerId,
    /// Of which version of Turnlock.
    pub version: String,
    /// How many jobs it does at once.
    pub slots: u32,
    /// How many it is at.
    pub busy: u32,
    /// What it does, by its own word.
    pub duty: Duty,
    /// What is wanted of it; it heeds that with its next sign of life.
    pub wanted: Duty,
    /// When it began.
    pub started_at: Timestamp,
    /// Since when it does what it does.
    pub since: Timestamp,
    /// When it gave its last sign of life.
    pub beat_at: Timestamp,
    /// Nothing was heard of it for longer than its word holds.
    pub gone: bool,
    /// The memory that its browser held when it knew last, in bytes.
    pub browser_memory: Option<u64>,
}

/// The workers that there are, and what is wanted of them.
#[async_trait]
pub trait Fleet {
    /// A worker gives a sign of life: the first enters it. Returns what is wanted of it, which is what it does until
    /// anybody says otherwise.
    ///
    /// # Errors
    /// [`StoreError::TooNew`] if a newer Turnlock has changed the tables since the store was opened: this one does not
    /// know what they mean.
    async fn worker_beat(&self, beat: &Beat) -> Result<Duty, StoreError>;

    /// It has ended in good order.
    async fn worker_left(&self, worker: &WorkerId) -> Result<(), StoreError>;

    /// All that have not left, gone ones included, the oldest first.
    async fn workers(&self) -> Result<Vec<WorkerRow>, StoreError>;

    /// Says what is wanted of a worker; `false` if there is none of that id.
    async fn want_of_worker(&self, worker: &WorkerId, duty: Duty) -> Result<bool, StoreError>;

    /// Forgets workers that have been gone for so long. Returns how many.
    async fn forget_workers(&self, gone_for: Duration) -> Result<u64, StoreError>;

    /// Returns when something else may be wanted of a worker. Whoever waits must look now and then all the same: the
    /// news may be lost, and some stores hear none. May be dropped at any time.
    async fn workers_changed(&self);
}
