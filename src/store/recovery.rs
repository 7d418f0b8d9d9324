//! What becomes of what dead workers left: decided here, alike for every store.

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
}

impl JobRow {
    /// What becomes of a running job whose worker has died: it goes back into the queue, unless its last attempt has
    /// `ended` so that merely the note of the job's end is missing, or somebody had `cancelled` it.
    pub(super) fn taken_up(&self, ended: Option<(Outcome, Code)>, cancelled: bool) -> TakenUp {
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
        TakenUp { state, outcome, code, counts }
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

/// How an attempt ended whose worker has died. If a candidate was submitted and nobody knows what came of it, that is
/// what the outcome says.
pub(super) fn died(submitted: bool) -> Verdict {
    if submitted {
        Verdict::new(
            Code::AnswerLost,
            "The worker died after the commit step; the account is reconciled next.",
        )
    } else {
        Verdict::new(Code::WorkerStopped, "The worker died; the job is taken up again.")
    }
}
