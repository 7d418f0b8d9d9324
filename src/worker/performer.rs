use async_trait::async_trait;
use uuid::Uuid;

use super::{StepSink, Stop};
use crate::job::{Job, Verdict};
use crate::store::{AppLimits, Lease, Provenance, WorkerId};

/// One try at a job.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Its id, as in the automation log.
    pub id: Uuid,
    /// What is asked.
    pub job: Job,
    /// Its number within the job, from 1. Above 1, an earlier attempt may have left a pending candidate.
    pub number: u32,
    /// Who performs it.
    pub worker: WorkerId,
    /// The hold on the account under which it is performed; see [`Vault::under`](crate::vault::Vault::under).
    pub lease: Lease,
}

/// How an attempt ended, and with what it was performed.
#[derive(Debug, Clone)]
pub struct Performed {
    /// How it ended. The message must hold no secret.
    pub verdict: Verdict,
    /// With what it was performed, and what it left.
    pub provenance: Provenance,
    /// For a `retry_later` that knows when: the job is not tried again before then, and the attempt does
    /// not count for the retry policy (an exhausted attempt budget, for example).
    pub not_before: Option<jiff::Timestamp>,
}

impl Performed {
    /// An attempt that ended before it got anywhere.
    #[must_use]
    pub fn new(verdict: Verdict) -> Self {
        Self { verdict, provenance: Provenance::default(), not_before: None }
    }
}

/// Performs attempts. A panic in it ends the attempt, not the worker.
#[async_trait]
pub trait Performer: Send + Sync {
    /// Performs the attempt and says how it ended. When `stop` asks for it, comes to an end at the next safe
    /// point with [`StopReason::verdict`](super::StopReason::verdict).
    async fn perform(&self, attempt: &Attempt, steps: StepSink, stop: Stop) -> Performed;

    /// Whether how its attempts end tells anything of their apps: `false` where a playbook is only tried out.
    fn tells_of_the_app(&self) -> bool {
        true
    }

    /// The memory that its browser holds, in bytes, if it has one and knows.
    fn browser_memory(&self) -> Option<u64> {
        None
    }

    /// How much of an app may be under way, by all workers together.
    fn limits(&self, app: &str) -> AppLimits {
        let _ = app;
        AppLimits::default()
    }
}
