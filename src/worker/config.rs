use std::path::PathBuf;
use std::time::Duration;

use super::identity;
use crate::evidence::Limits;
use crate::job::{BreakerPolicy, RetryPolicy};
use crate::store::WorkerId;

/// How a worker works.
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// Who it is.
    pub id: WorkerId,
    /// How many attempts it performs at a time.
    pub slots: usize,
    /// When a job is tried again.
    pub retry: RetryPolicy,
    /// When the jobs of an app wait that fails again and again.
    pub breaker: BreakerPolicy,
    /// How long a claim on a job and a lease on an account hold without a sign of life.
    pub hold: Duration,
    /// How often it gives a sign of life; well below `hold`.
    pub beat: Duration,
    /// How long an attempt that was asked to stop may take to do so, before it is dropped.
    pub grace: Duration,
    /// How long running attempts may go on when the worker is asked to stop, before they are asked too: its grace
    /// period.
    pub drain: Duration,
    /// How long the secrets of previous and rejected candidates are kept; `None` is for ever.
    pub retention: Option<Duration>,
    /// How long months of the automation log stay in it, where the store can put them aside; `None` is for ever.
    pub log_retention: Option<Duration>,
    /// The folder for evidence and how much of it stays, if it is to be tidied.
    pub evidence: Option<(PathBuf, Limits)>,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self {
            id: identity::new_worker(),
            slots: 2,
            retry: RetryPolicy::default(),
            breaker: BreakerPolicy::default(),
            hold: Duration::from_secs(30),
            beat: Duration::from_secs(10),
            grace: Duration::from_secs(10),
            drain: Duration::from_secs(60),
            retention: None,
            log_retention: None,
            evidence: None,
        }
    }
}
