use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use jiff::Timestamp;
use tokio::time;
use tracing::Instrument as _;
use uuid::Uuid;

use super::gate::Pass;
use super::next::{Patience, next};
use super::run::Inner;
use super::{Attempt, Event, Performed, StepSink, Stop, StopReason, Stopper, WorkerError};
use crate::failpoint;
use crate::job::{Code, Kind, Verdict};
use crate::queue::QueueError;
use crate::redact::for_the_log;
use crate::store::{
    AppGate, AttemptRow, CandidateState, Claim, Ending, NewAttempt, Next, Refusal, StoreError, Visit,
};

/// How often the end of an attempt is written anew while the database fails. Each try waits for locks by
/// itself.
const TRIES: u32 = 5;

/// What is in doubt stays in doubt until it is known: a reconciliation that Turnlock owes is tried for more than a
/// day, every ten minutes at last. Then the account's other jobs may go on, which settle it or say why they cannot.
const RECONCILIATIONS: u32 = 200;

/// What came of a claim.
pub(super) enum Seen {
    /// Nothing: the app lets no attempt begin, and the job waits until it does. Why, if it was asked.
    OnHold(Option<Refusal>),
    /// An attempt. When the job is tried again; `None` if it has ended.
    Attempt { row: Box<AttemptRow>, again_at: Option<Timestamp> },
}

impl Inner {
    /// Sees a claimed job through one attempt.
    pub(super) async fn see_through(
        &self,
        claim: &Claim,
        patience: Patience,
        visit: Visit,
    ) -> Result<Seen, WorkerError> {
        failpoint::reach("worker.claimed");
        if claim.gate == AppGate::Shut && visit == Visit::Queued {
            self.queue.hold_back(claim).await?;
            return Ok(Seen::OnHold(None));
        }
        match self.enter(claim, visit).await? {
            Ok(pass) => self.attempt(claim, patience, pass).await,
            Err(refusal) => {
                tracing::debug!(job = %claim.job.id, %refusal, "a job is held back");
                self.queue.hold_back(claim).await?;
                Ok(Seen::OnHold(Some(refusal)))
            }
        }
    }

    async fn attempt(&self, claim: &Claim, patience: Patience, pass: Pass) -> Result<Seen, WorkerError> {
        let attempt = Attempt {
            id: Uuid::now_v7(),
            job: claim.job.clone(),
            number: claim.attempt,
            worker: self.config.id.clone(),
            lease: claim.lease.clone(),
        };
        let (job, account) = (&claim.job, &claim.job.account);
        // Of the level that is always told, so that each line says what it is about.
        let span = tracing::error_span!(
            "attempt", job = %job.id, attempt = %attempt.id, account = %account, app = account.app(), kind = %job.kind
        );
        self.go_through(claim, patience, pass, attempt).instrument(span).await
    }

    async fn go_through(
        &self,
        claim: &Claim,
        patience: Patience,
        pass: Pass,
        attempt: Attempt,
    ) -> Result<Seen, WorkerError> {
        let beginning = beginning(&attempt, claim.queued_at);
        // Refused where the lease, and with it the claim, has expired, as in a process that was paused: another worker
        // sees to the job then, and may have ended it.
        self.store.start_attempt(&beginning, Some(&attempt.lease.fence())).await?;
        failpoint::reach("worker.begun");
        self.tell(Event::AttemptStarted {
            attempt: attempt.id,
            number: claim.attempt,
            worker: attempt.worker.clone(),
            job: claim.job.clone(),
        });

        let (stopper, stop) = Stop::new(self.leaves.subscribe());
        if claim.cancel_asked {
            stopper.ask(StopReason::Cancelled);
        }
        let mut performed = self.perform(&attempt, claim, &stopper, &stop).await;
        self.leave(claim, pass, &mut performed.verdict).await;
        performed.verdict.message = for_the_log(&performed.verdict.message);

        let cancelled = stop.asked() == Some(StopReason::Cancelled);
        let mut retry = self.config.retry;
        if claim.job.cause.is_some() {
            retry.attempts = RECONCILIATIONS;
        }
        // What Turnlock owes an account it owes whatever anybody wishes.
        let cancelled = cancelled && claim.job.cause.is_none();
        let next = next(&retry, claim.tries, &performed, cancelled, patience);
        let ending = Ending {
            attempt: attempt.id,
            verdict: performed.verdict,
            provenance: performed.provenance,
            next,
        };
        let row = self.write_end(claim, &ending).await?;
        failpoint::reach("worker.finished");
        let again_at = match next {
            Next::Ended => None,
            Next::Again { at, .. } => Some(at),
        };
        self.tell(Event::AttemptEnded { row: Box::new(row.clone()), again_at });
        Ok(Seen::Attempt { row: Box::new(row), again_at })
    }

    /// Lets the performer work until it is done or has to be dropped.
    async fn perform(&self, attempt: &Attempt, claim: &Claim, stopper: &Stopper, stop: &Stop) -> Performed {
        let (sink, writer) = StepSink::new(
            attempt.id,
            claim.job.id,
            attempt.lease.fence(),
            self.store.clone(),
            self.events.clone(),
        );
        // A panic leaves nothing behind that is used again but the performer itself, which is shared by all
        // attempts and says so by being `Sync`.
        let work = AssertUnwindSafe(self.performer.perform(attempt, sink, stop.clone())).catch_unwind();
        let performed = tokio::select! {
            done = work => match done {
                Ok(performed) => performed,
                // The panic's own words may hold a secret, and the panic hook has reported the place.
                Err(_) => self.cut_off(attempt, Verdict::new(
                    Code::BrowserCrashed,
                    "Turnlock itself failed while it performed the attempt; its own log names the place.",
                )).await,
            },
            reason = self.guard(claim, stopper) => self.cut_off(attempt, reason.verdict()).await,
        };
        // Every sink is gone by now, unless a task of the performer outlives its attempt.
        match time::timeout(self.config.grace, writer).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::warn!(attempt = %attempt.id, %error, "steps could not be logged"),
            Ok(Err(error)) => {
                tracing::warn!(attempt = %attempt.id, %error, "the task that logs steps failed")
            }
            Err(_) => tracing::warn!(attempt = %attempt.id, "a step is still open after the attempt"),
        }
        performed
    }

    /// Returns when the performer must be dropped: its grace is over after it was asked to stop.
    async fn guard(&self, claim: &Claim, stopper: &Stopper) -> StopReason {
        let lost = self.beat(claim, stopper);
        tokio::pin!(lost);
        let reason = tokio::select! {
            reason = &mut lost => reason,
            () = stopper.time_is_up(claim.job.deadline, claim.job.longest_attempt()) => StopReason::Deadline,
            reason = self.told_to_stop() => reason,
        };
        stopper.ask(reason);
        let grace = time::sleep(self.config.grace);
        tokio::pin!(grace);
        if reason == StopReason::LeaseLost {
            grace.await;
            return reason;
        }
        tokio::select! {
            lost = lost => {
                stopper.ask(lost);
                grace.await;
                lost
            }
            () = &mut grace => reason,
        }
    }

    /// Gives signs of life; returns when they are in vain.
    async fn beat(&self, claim: &Claim, stopper: &Stopper) -> StopReason {
        let hold = self.config.hold;
        let mut held_since = Instant::now();
        let mut beats = time::interval(self.config.beat);
        beats.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        beats.tick().await;
        loop {
            beats.tick().await;
            let sent = Instant::now();
            match self.queue.keep(claim, hold).await {
                Err(QueueError::Store(StoreError::ClaimLost(_))) => return StopReason::LeaseLost,
                Ok(cancelled) => {
                    held_since = sent;
                    if cancelled {
                        stopper.ask(StopReason::Cancelled);
                    }
                }
                Err(error) => tracing::warn!(job = %claim.job.id, %error, "a sign of life failed"),
            }
            if held_since.elapsed() >= hold {
                return StopReason::LeaseLost;
            }
        }
    }

    /// How an attempt ended that could not say so itself. If it was cut off between its commit step and the
    /// answer, that outweighs all else.
    async fn cut_off(&self, attempt: &Attempt, otherwise: Verdict) -> Performed {
        let ledger = self.store.candidates(&attempt.job.account).await;
        // A reconciliation is about whatever candidate of the account there is.
        let any = attempt.job.kind == Kind::Reconcile;
        let submitted = |row: &crate::store::Candidate| {
            row.state == CandidateState::Pending
                && row.submitted_at.is_some()
                && (any || row.job == Some(attempt.job.id))
        };
        let verdict = match ledger {
            Ok(ledger) if !ledger.iter().any(submitted) => otherwise,
            // Not to know is to be careful.
            _ => Verdict::new(
                Code::AnswerLost,
                format!(
                    "{} The app may have taken the new credential; the account is reconciled next.",
                    otherwise.message
                ),
            ),
        };
        Performed::new(verdict)
    }

    async fn write_end(&self, claim: &Claim, ending: &Ending) -> Result<AttemptRow, WorkerError> {
        let attempt = ending.attempt;
        let mut tried = 0;
        loop {
            tried += 1;
            match self.queue.end(claim, ending).await {
                Ok(row) => return Ok(row),
                // The server was lost when it had written the outcome and before it said so.
                Err(QueueError::Store(StoreError::AttemptEnded(_))) if tried > 1 => {
                    let row = self
                        .store
                        .attempt(attempt)
                        .await?
                        .filter(|row| row.verdict.as_ref() == Some(&ending.verdict));
                    return row.ok_or(StoreError::AttemptEnded(attempt).into());
                }
                Err(QueueError::Store(
                    error @ (StoreError::Locked
                    | StoreError::Full
                    | StoreError::Unreachable(_)
                    | StoreError::Database(_)),
                )) if tried < TRIES => {
                    tracing::warn!(%attempt, %error, "the outcome could not be written; trying again");
                    time::sleep(Duration::from_secs(1)).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

pub(super) fn beginning(attempt: &Attempt, queued_at: Timestamp) -> NewAttempt {
    NewAttempt {
        id: attempt.id,
        job: attempt.job.id,
        kind: attempt.job.kind,
        account: attempt.job.account.clone(),
        number: attempt.number,
        worker: attempt.worker.clone(),
        queued_at,
        started_at: Timestamp::now(),
    }
}
