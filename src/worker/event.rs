use jiff::Timestamp;
use uuid::Uuid;

use crate::job::{AccountRef, Job, Verdict, Wanted};
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
    /// An attempt of this worker's has opened the breaker of its app.
    BreakerOpened {
        /// The app.
        app: String,
        /// So many attempts in a row have failed.
        failures: u32,
        /// When the first probe may be made.
        probe_at: Timestamp,
        /// The job whose attempt was the last of them.
        job: Uuid,
        /// How that ended.
        verdict: Verdict,
    },
    /// An attempt waits for a person.
    Asked {
        /// The question.
        question: Uuid,
        /// The attempt.
        attempt: Uuid,
        /// The job.
        job: Uuid,
        /// Of which account.
        account: AccountRef,
        /// What it needs.
        wanted: Wanted,
        /// It waits until then.
        until: Timestamp,
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
