use jiff::Timestamp;
use uuid::Uuid;

use crate::job::Job;
use crate::store::{AttemptRow, Refusal, Step, WorkerId};

/// What a worker does, as it does it; for progress displays. What counts is the automation log.
#[derive(Debug, Clone)]
pub enum Event {
    /// An attempt began.
    AttemptStarted {
        /// The attempt.
        attempt: Uuid,
        /// Its number within the job, from 1.
        number: u32,
        /// Who performs it.
        worker: WorkerId,
        /// The job.
        job: Job,
    },
    /// A job that is run here and now waits for its app.
    OnHold {
        /// The job.
        job: Uuid,
        /// Why.
        refusal: Refusal,
    },
    /// A step began or, when it has a result, ended.
    Step {
        /// The attempt.
        attempt: Uuid,
        /// The job.
        job: Uuid,
        /// The step.
        step: Step,
    },
    /// An attempt ended, and its outcome stands in the automation log.
    AttemptEnded {
        /// Its row.
        row: Box<AttemptRow>,
        /// When the job is tried again; `None` if it has ended.
        again_at: Option<Timestamp>,
    },
}
