//! What becomes of what dead workers left: decided here, alike for every store.

use std::time::Duration;

use uuid::Uuid;

use super::{JobRow, JobState};
use crate::job::{AccountRef, Code, Job, Kind, Outcome, Priority, Verdict};

/// What becomes of a job that a dead worker left.
pub(super) struct TakenUp {
    pub state: JobState,
    pub outcome: Option<Outcome>,
    pub code: Option<Code>,
    /// Whether its last attempt counts for the retry policy.
    pub counts: bool,
    /// How long it waits, if it goes back into the queue.
    pub wait: Duration,
}

/// A job over which so many workers have died has ended: the next would die too.
const DEATHS: u32 = 10;
/// So many may die before the job waits: those of a fleet that loses its power die together.
const AT_ONCE: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_secs(10);
const LONGEST_WAIT: Duration = Duration::from_secs(600);

impl JobRow {
    /// What becomes of a running job whose worker has died: it goes back into the queue, unless its last attempt has
    /// `ended` so that merely the note of the job's end is missing, or somebody had `cancelled` it. So many workers have
    /// died over it.
    pub(super) fn taken_up(&self, ended: Option<(Outcome, Code)>, cancelled: bool, deaths: u32) -> TakenUp {
        let state = match ended {
            Some((Outcome::Succeeded | Outcome::Rejected | Outcome::NeedsHuman, _)) => JobState::Finished,
            // After a lost answer the account must be reconciled, whoever may wish otherwise.
            Some((Outcome::Unknown, _)) => JobState::Queued,
            // As what Turnlock owes an account it owes whatever anybody wishes.
            _ if cancelled && self.job.cause.is_none() => JobState::Cancelled,
            _ => JobState::Queued,
        };
        let (outcome, code) = match (state, ended) {
            (JobState::Cancelled, _) => (Some(Outcome::Interrupted), Some(Code::Cancelled)),
            (_, Some((outcome, code))) => (Some(outcome), Some(code)),
            (_, None) => (self.outcome, self.code),
        };
        let counts = ended.is_some_and(|(outcome, _)| outcome != Outcome::Interrupted);
        let wait = match deaths.checked_sub(AT_ONCE + 1) {
            Some(more) if state == JobState::Queued => {
                FIRST_WAIT.saturating_mul(2_u32.saturating_pow(more)).min(LONGEST_WAIT)
            }
            _ => Duration::ZERO,
        };
        TakenUp { state, outcome, code, counts, wait }
    }
}

/// The reconciliation that Turnlock owes an account, for it is in doubt what became of this candidate of that job's.
pub(super) fn owed(account: AccountRef, candidate: Uuid, of: Option<Uuid>) -> Job {
    let reason = match of {
        Some(job) => format!("job {job} left it in doubt which credential opens the account"),
        None => "it is in doubt which credential opens the account".to_owned(),
    };
    Job {
        requested_by: Some("turnlock".to_owned()),
        reason: Some(reason),
        cause: Some(candidate),
        priority: Priority::High,
        ..Job::new(Kind::Reconcile, account)
    }
}

/// How an attempt ended whose worker has died, as so many had before over this job. If a candidate was submitted and
/// nobody knows what came of it, that is what the outcome says.
pub(super) fn died(submitted: bool, before: u32) -> Verdict {
    if submitted {
        Verdict::new(
            Code::AnswerLost,
            "The worker died after the commit step; the account is reconciled next.",
        )
    } else if before + 1 >= DEATHS {
        let message =
            format!("The worker died, as {before} had before it over this job; no other is put at risk.");
        Verdict::new(Code::WorkersDied, message)
    } else {
        Verdict::new(Code::WorkerDied, "The worker died; the job is taken up again.")
    }
}
