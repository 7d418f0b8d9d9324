use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::ledger::names;
use super::{
    AttemptRow, Claim, Claiming, Delivered, Ending, Fence, IdEnd, JobPage, JobQuery, NotRequeued, Requeueing,
    StoreError, Taking, WorkerId,
};
use crate::job::{AccountRef, Code, Job, LONGEST_TEXT, Outcome, Verdict};
use crate::redact::MASK;

/// Where a job is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobState {
    /// It waits for a worker, or for its time.
    Queued,
    /// A worker has claimed it.
    Running,
    /// It has ended.
    Finished,
    /// Someone cancelled it before it ended.
    Cancelled,
}

names!(
    JobState,
    "the state of a job",
    Queued = "queued",
    Running = "running",
    Finished = "finished",
    Cancelled = "cancelled"
);

/// A job and what has become of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRow {
    /// What is asked.
    pub job: Job,
    /// Where it is in its life.
    pub state: JobState,
    /// Attempts started, the interrupted ones included.
    pub attempts: u32,
    /// Attempts that count for the retry policy: those that ended otherwise than `interrupted`.
    pub tries: u32,
    /// It is not taken up before then.
    pub not_before: Timestamp,
    /// It was put back to wait until its app has room.
    pub held_back: bool,
    /// Somebody wants it cancelled, and its worker is still to find that out.
    pub cancel_asked: bool,
    /// Who works on it, while it runs.
    pub worker: Option<WorkerId>,
    /// How its last attempt ended.
    pub outcome: Option<Outcome>,
    /// Why.
    pub code: Option<Code>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

impl JobRow {
    /// Whether nothing more will happen to it.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        matches!(self.state, JobState::Finished | JobState::Cancelled)
    }

    /// Where the log has none of its attempts any more, why. `listed` are those that it has.
    #[must_use]
    pub const fn aside(&self, listed: usize) -> Option<&'static str> {
        let ended = matches!(self.state, JobState::Finished | JobState::Cancelled);
        match ended && self.attempts > 0 && listed == 0 {
            true => Some("put aside with their months of the log (log_retention)"),
            false => None,
        }
    }

    /// Whether it runs still, and has been told to end.
    #[must_use]
    pub fn is_being_cancelled(&self) -> bool {
        self.cancel_asked && self.state == JobState::Running
    }

    /// The same wish as a job of its own, in the name of whoever wants it now.
    ///
    /// # Errors
    /// If it has not ended; `asks` says whether it waits for a person.
    pub fn once_more(&self, requested_by: String, asks: bool) -> Result<Job, NotEnded> {
        match self.state {
            JobState::Finished | JobState::Cancelled => {}
            JobState::Running if self.cancel_asked => {
                return Err(NotEnded::Performed(NotRequeued::Cancelling));
            }
            JobState::Running if asks => return Err(NotEnded::Performed(NotRequeued::Asks)),
            JobState::Running => return Err(NotEnded::Performed(NotRequeued::Runs)),
            JobState::Queued => return Err(NotEnded::Waits),
        }
        let job = &self.job;
        Ok(Job {
            priority: job.priority,
            requested_by: Some(requested_by),
            reason: Some(reason_once_more(job)),
            evidence: job.evidence,
            deadline: job.deadline,
            wait_for_human: job.wait_for_human,
            ..Job::new(job.kind, job.account.clone())
        })
    }
}

/// What a reason begins with where a job was submitted once more, before that job's id.
const ONCE_MORE: &str = "once more, after ";

/// Why a job like this one is wanted once more: for the same reason, which goes along however often that is.
fn reason_once_more(job: &Job) -> String {
    let given = job.reason.as_deref().unwrap_or_default();
    let given = match given.strip_prefix(ONCE_MORE) {
        Some(again) => again.split_once(": ").map_or("", |(_, given)| given),
        None => given,
    };
    let again = format!("{ONCE_MORE}{}", job.id);
    if given.is_empty() {
        return again;
    }
    format!("{again}: {given}").chars().take(LONGEST_TEXT).collect()
}

/// A job that has not ended is not submitted once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotEnded {
    /// It is being performed, and is not requeued either.
    #[error("the job has not ended: {0}")]
    Performed(NotRequeued),
    /// It waits for its time, for a worker or for its app.
    #[error("the job has not ended: it is tried by itself; requeue it to have that done at once")]
    Waits,
}

impl JobState {
    /// Where a job is that has ended with this code.
    pub(super) const fn ended_by(code: Code) -> Self {
        match code {
            Code::Cancelled => Self::Cancelled,
            _ => Self::Finished,
        }
    }
}

/// Whether a submission was the first of its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Submitted {
    /// It was.
    New,
    /// The same job was submitted before: nothing was changed.
    Already,
}

impl Submitted {
    /// Where the id stands for that job already, wished in the same way. Who asks, and when, is no part of the wish.
    ///
    /// # Errors
    /// [`StoreError::OtherJob`] if that is another one, and [`StoreError::OtherWish`] if other things were wished of it.
    pub fn again(first: &Job, job: &Job) -> Result<Self, StoreError> {
        Self::delivered_again(first, job)?;
        // Of a reason that holds a secret not all is kept.
        let masked = first.reason.as_ref().is_some_and(|reason| reason.contains(MASK));
        let differs = [
            ("priority", first.priority != job.priority),
            ("reason", first.reason != job.reason && !masked),
            ("evidence", first.evidence != job.evidence),
            ("deadline", first.deadline.as_millis() != job.deadline.as_millis()),
            ("wait_for_human", first.wait_for_human.as_millis() != job.wait_for_human.as_millis()),
        ];
        match differs.into_iter().find(|(_, differs)| *differs) {
            None => Ok(Self::Already),
            Some((what, _)) => Err(StoreError::OtherWish { id: job.id, what }),
        }
    }

    /// The same for a message: whatever else its producer says by now, the job is what was wished first.
    ///
    /// # Errors
    /// [`StoreError::OtherJob`] if that is another one.
    pub fn delivered_again(first: &Job, job: &Job) -> Result<Self, StoreError> {
        if (first.kind, &first.account) == (job.kind, &job.account) {
            return Ok(Self::Already);
        }
        Err(StoreError::OtherJob { id: job.id, kind: first.kind, account: first.account.clone() })
    }
}

/// What came of the wish to cancel a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelling {
    /// It had not begun; it never will.
    Cancelled,
    /// It runs; its worker stops it at the next safe point.
    Asked,
    /// It had ended already.
    Ended,
    /// It is not known here: should it come, it is cancelled then.
    Noted,
}

impl Cancelling {
    /// Why nothing was cancelled, if nothing was.
    #[must_use]
    pub fn nothing(&self) -> Option<&'static str> {
        (*self == Self::Ended).then_some("it had ended already")
    }
}

/// Whom the log names where no worker had to do with it.
pub(super) const NOBODY: &str = "nobody";

/// How a job ends that was cancelled before it was written down.
pub(super) fn cancelled_ahead() -> Verdict {
    Verdict::new(Code::Cancelled, "The job was cancelled before a worker had seen it.")
}

/// How a job ends that waits when its account is removed.
pub(super) fn account_removed() -> Verdict {
    Verdict::new(Code::Cancelled, "The account was removed before an attempt began.")
}

/// How a job ends that was cancelled when a worker had taken it and not begun.
pub(super) fn cancelled_unbegun() -> Verdict {
    Verdict::new(Code::Cancelled, "The job was cancelled before an attempt began.")
}

/// The jobs, and the queue that the embedded size makes of them.
#[async_trait]
pub trait Jobs: Sync {
    /// Writes a job down. Submitting the same id again changes nothing. Durable when it returns. One that was
    /// [cancelled ahead](Self::cancel_ahead) has ended with that, and the log says so.
    ///
    /// # Errors
    /// [`StoreError::OtherJob`] if the id was used for another kind or account, and [`StoreError::OtherWish`] if it was for
    /// the same with other wishes.
    async fn submit(&self, job: &Job, not_before: Option<Timestamp>) -> Result<Submitted, StoreError>;

    /// The same for a job of which a queue outside of the database has been told: it is not [offered](Self::take_offers)
    /// before it is `overdue` by so much.
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    async fn submit_told(
        &self,
        job: &Job,
        not_before: Option<Timestamp>,
        overdue: Duration,
    ) -> Result<Submitted, StoreError>;

    /// One job.
    async fn job(&self, id: Uuid) -> Result<Option<JobRow>, StoreError>;

    /// The jobs that the query asks for, those that were submitted last first, as far as they are found among so many that a page
    /// does not take long, whatever is asked.
    async fn job_page(&self, query: &JobQuery) -> Result<JobPage, StoreError>;

    /// The jobs that the query asks for, however far they are.
    async fn job_list(&self, query: &JobQuery) -> Result<Vec<JobRow>, StoreError> {
        let mut query = query.clone();
        let mut rows = Vec::new();
        loop {
            let page = self.job_page(&query).await?;
            query.limit = query.limit.saturating_sub(u32::try_from(page.rows.len()).unwrap_or(u32::MAX));
            rows.extend(page.rows);
            if page.next.is_none() || query.limit == 0 {
                return Ok(rows);
            }
            query.before = page.next;
        }
    }

    /// The late jobs whose ids end so; see [`IdEnd::AMONG`].
    async fn jobs_ending(&self, end: &IdEnd) -> Result<Vec<Uuid>, StoreError>;

    /// How many jobs are in each state: queued, running.
    async fn waiting_and_running(&self) -> Result<(u64, u64), StoreError>;

    /// Claims, for `ttl`, the oldest job that is due and whose account no other job and no lease holds;
    /// reconciliations that Turnlock owes come first, and other jobs of their accounts wait for them. Apps whose gates
    /// are shut are passed over.
    async fn claim_next(&self, worker: &WorkerId, ttl: Duration) -> Result<Option<Claim>, StoreError>;

    /// Claims this job, due or not, whatever the gate of its app.
    async fn claim_job(&self, id: Uuid, worker: &WorkerId, ttl: Duration) -> Result<Claiming, StoreError>;

    /// Writes down the jobs that a queue outside of the database delivers, as far as they are new, and claims those
    /// that can be begun, whatever the gates of their apps. Says of each, in the same order, what came of it. One that is written down here and has
    /// to wait is not [offered](Self::take_offers) before it is `overdue` by so much, for its message is known.
    async fn claim_delivered(
        &self,
        jobs: &[Delivered],
        worker: &WorkerId,
        ttl: Duration,
        overdue: Duration,
    ) -> Result<Vec<Taking>, StoreError>;

    /// Holds the claim and its lease for `ttl` from now. `true` if someone wants the job cancelled.
    ///
    /// # Errors
    /// [`StoreError::ClaimLost`] when the claim or its lease has expired, was taken over, or the job has ended.
    async fn heartbeat(&self, claim: &Claim, ttl: Duration) -> Result<bool, StoreError>;

    /// The claimed job's attempt has ended like this: writes it into the log, says what becomes of the job, and lets
    /// its account go; all of it or nothing. Durable when it returns.
    ///
    /// # Errors
    /// [`StoreError::AttemptEnded`], [`StoreError::LeaseLost`], [`StoreError::ClaimLost`]: nothing is changed.
    async fn end(&self, claim: &Claim, ending: &Ending) -> Result<AttemptRow, StoreError>;

    /// Puts the claimed job back as if it had not been claimed: no attempt was begun. Lets its account go.
    ///
    /// # Errors
    /// [`StoreError::ClaimLost`].
    async fn put_back(&self, claim: &Claim, not_before: Timestamp) -> Result<(), StoreError>;

    /// Cancels a job, or asks its worker to. `why` is how one ends that has not begun; the log gets it.
    ///
    /// # Errors
    /// [`StoreError::NoJob`], and [`StoreError::Owed`] for what Turnlock owes an account.
    async fn cancel(&self, id: Uuid, why: &Verdict) -> Result<Cancelling, StoreError>;

    /// The same for a job that need not be known here yet: it is cancelled as soon as it is submitted.
    ///
    /// # Errors
    /// [`StoreError::Owed`].
    async fn cancel_ahead(&self, id: Uuid, why: &Verdict) -> Result<Cancelling, StoreError>;

    /// Writes down anew who asked for it and why: what was said at first holds a secret. Rows of the log that have ended stay.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`].
    async fn reword_job(
        &self,
        id: Uuid,
        requested_by: Option<&str>,
        reason: Option<&str>,
        fence: Option<&Fence>,
    ) -> Result<(), StoreError>;

    /// Makes a job due that waits for its time, or that a lost worker holds.
    ///
    /// # Errors
    /// [`StoreError::NoJob`], and [`StoreError::NotRequeued`] for one that runs, has ended, or is held back by its app.
    async fn requeue(&self, id: Uuid) -> Result<Requeueing, StoreError>;

    /// Forgets who was [cancelled ahead](Self::cancel_ahead) that long ago. Returns how many.
    async fn forget_cancellations(&self, older_than: Duration) -> Result<u64, StoreError>;

    /// Jobs that wait here while nothing tells a queue outside of the database of them: those that are tried again,
    /// were taken up, or that Turnlock owes. Each is given out once in `hold`; [`offered`](Self::offered) says that
    /// its message is out.
    async fn take_offers(&self, most: u32, hold: Duration) -> Result<Vec<JobRow>, StoreError>;

    /// A message for the job is out. Should it get lost, the job is offered again when it is overdue by that much.
    async fn offered(&self, id: Uuid, overdue: Duration) -> Result<(), StoreError>;

    /// From now on every job that ends leaves an announcement, in the same transaction: somebody outside of the
    /// database wants to hear of it. That of a job that [`end`](Self::end) ends is its worker's to make, for
    /// [`ITS_TURN`](super::ITS_TURN); the others are anybody's.
    fn announce_ends(&self);

    /// Jobs that have ended and whose end has not been announced yet. Each is given out once in `hold`;
    /// [`announced`](Self::announced) says that it was.
    async fn take_announcements(&self, most: u32, hold: Duration) -> Result<Vec<JobRow>, StoreError>;

    /// The worker that ended these jobs, whose turn it was, cannot announce it now: anybody may.
    async fn announce_later(&self, jobs: &[Uuid]) -> Result<(), StoreError>;

    /// The ends of these jobs have been announced.
    async fn announced(&self, jobs: &[Uuid]) -> Result<(), StoreError>;

    /// Takes up what dead workers left: jobs whose claim has expired, or whose worker `is_dead` by the
    /// caller's knowledge. Their open attempts end in the log as `interrupted` (or `unknown`, where a
    /// candidate of theirs was submitted and not decided), their leases are released, and they are queued
    /// again. For every account that is in doubt and that nobody is at, a reconciliation is submitted, as it is by
    /// [`end`](Self::end). Returns the jobs.
    async fn recover(
        &self,
        is_dead: &(dyn for<'a> Fn(&'a WorkerId) -> bool + Send + Sync),
    ) -> Result<Vec<Uuid>, StoreError>;

    /// Returns when another process may have submitted a job, ended it or put it back. Whoever waits must look now and
    /// then all the same: the news may be lost, and some stores hear none. May be dropped at any time.
    async fn jobs_changed(&self);

    /// The reconciliation that Turnlock owes the account and that has not ended; other jobs of the account wait
    /// for it.
    async fn open_reconciliation(&self, account: &AccountRef) -> Result<Option<JobRow>, StoreError>;

    /// The reconciliation that this candidate caused.
    async fn reconciliation_of(&self, candidate: Uuid) -> Result<Option<JobRow>, StoreError>;
}
