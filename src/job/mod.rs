//! What is asked, and how it ended: pure data, no I/O.
//!
//! [`Job`] is a request to do one [`Kind`] of work on one account. Every try at it is an attempt and ends
//! in exactly one [`Outcome`] with exactly one [`Code`]; the code carries the action that a person should take.

mod account;
mod breaker;
mod code;
mod decision;
mod event;
mod kind;
mod message;
mod outcome;
mod priority;
mod retry;
mod trace;
mod wanted;

pub use account::{AccountRef, AccountRefError};
pub use breaker::{BreakerPolicy, Sign};
pub use code::{Code, UnknownCode};
pub use decision::{Decision, UnknownDecision};
pub use event::{Happened, JobEvent};
pub use kind::{Kind, UnknownKind};
pub use message::{BadMessage, JobMessage, JobOptions, LARGEST, LONGEST_TEXT};
pub use outcome::{Outcome, Outcomes, UnknownOutcome, Verdict};
pub use priority::{Priority, UnknownPriority};
pub use retry::{Retry, RetryPolicy};
pub use trace::{BadTraceParent, TraceParent};
pub use wanted::{UnknownWanted, Wanted};

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// The time that a job may take before it ends with [`Code::DeadlineExceeded`], unless it names its own.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(180);

/// No job may name a longer deadline.
pub const LONGEST_DEADLINE: SignedDuration = SignedDuration::from_mins(20);

/// No attempt may take longer, with all the time for which it waits for a person: brokers take a delivery back that was
/// not acknowledged within half an hour.
pub const LONGEST_ATTEMPT: SignedDuration = SignedDuration::from_mins(25);

/// A validated request to do one kind of work on one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The idempotency key: a UUIDv7, or what the submitter gave.
    pub id: Uuid,
    /// What is asked.
    pub kind: Kind,
    /// Of which account.
    pub account: AccountRef,
    /// Which jobs come first.
    pub priority: Priority,
    /// Who asked, in the submitter's own words; for the automation log.
    pub requested_by: Option<String>,
    /// Why, in the submitter's own words; for the automation log.
    pub reason: Option<String>,
    /// Keep a screenshot and a page snapshot of a success too, not only of a failure.
    pub evidence: bool,
    /// How long one attempt may take, without the time for which it waits for a person.
    pub deadline: Duration,
    /// How long an attempt may wait, all in all, for a person to give it a code that Turnlock cannot get by itself; zero:
    /// it does not wait.
    pub wait_for_human: Duration,
    /// When it was submitted.
    pub submitted_at: Timestamp,
    /// The ledger's candidate whose fate it is to find out: set on reconciliations that Turnlock submits by itself.
    pub cause: Option<Uuid>,
    /// The trace that it belongs to, if it came with one.
    pub trace: Option<TraceParent>,
}

impl Job {
    /// A job with a fresh UUIDv7 and defaults for the rest.
    #[must_use]
    pub fn new(kind: Kind, account: AccountRef) -> Self {
        Self {
            id: Uuid::now_v7(),
            kind,
            account,
            priority: Priority::default(),
            requested_by: None,
            reason: None,
            evidence: false,
            deadline: DEFAULT_DEADLINE,
            wait_for_human: Duration::ZERO,
            submitted_at: Timestamp::now(),
            cause: None,
            trace: None,
        }
    }

    /// How long one attempt may take, with all the time for which it waits for a person.
    #[must_use]
    pub fn longest_attempt(&self) -> Duration {
        self.deadline + self.wait_for_human
    }
}

/// Whether an attempt with this deadline may wait for a person for so long.
///
/// # Errors
/// What is wrong with it, as the end of a sentence.
pub fn check_wait(deadline: Duration, wait: SignedDuration) -> Result<Duration, String> {
    let most = LONGEST_ATTEMPT.saturating_sub(SignedDuration::try_from(deadline).unwrap_or(LONGEST_ATTEMPT));
    match Duration::try_from(wait) {
        Ok(length) if length.as_secs() > 0 && wait <= most => Ok(length),
        _ => Err(format!(
            "is not between a second and {} minutes: with the deadline an attempt takes at most {} minutes",
            most.as_mins(),
            LONGEST_ATTEMPT.as_mins()
        )),
    }
}
