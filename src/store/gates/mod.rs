//! What lets an app's attempts begin: its limits and its breaker.

mod machine;
mod refusal;

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

pub(super) use machine::{Ended, GateState, Scene};
pub use refusal::{Refusal, Why};

use super::{Claim, Limit, StoreError};
use crate::job::{BreakerPolicy, Code};

/// Of a job that no queue outside of the database is to be told of: its offer never expires.
pub(super) const NEVER: i64 = i64::MAX;

/// A job that was called up counts as under way for so long before it is claimed.
pub(super) const CALLED: Duration = Duration::from_secs(30);

/// How much of an app may be under way, by all workers together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AppLimits {
    /// At most so many attempts at once.
    pub concurrent: Option<u32>,
    /// At most so many attempts begin within a time.
    pub beginnings: Option<Limit>,
}

impl AppLimits {
    /// Whether nothing is limited.
    #[must_use]
    pub const fn are_none(&self) -> bool {
        self.concurrent.is_none() && self.beginnings.is_none()
    }
}

/// What a claim saw of the gate of its job's app. Only [`Gates::enter`] decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppGate {
    /// There is none: nothing is known against another attempt, and there is nobody to ask.
    Absent,
    /// It seemed to have room.
    Open,
    /// It had none, or other jobs of the app waited for it longer.
    Shut,
}

impl AppGate {
    /// As a claim has seen it: whether it is shut, if there is one.
    pub(super) const fn seen(shut: Option<bool>) -> Self {
        match shut {
            None => Self::Absent,
            Some(false) => Self::Open,
            Some(true) => Self::Shut,
        }
    }
}

/// How a job comes to an app's gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visit {
    /// From the queue.
    Queued,
    /// A person runs it here and now: while the breaker is open it need not wait until it is time for a probe.
    ByHand,
}

/// What the gate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// The attempt may begin. `troubled` says whether the gate has to be told of an end that is a good sign, too.
    Entered {
        /// Earlier attempts failed, or this one is a probe.
        troubled: bool,
    },
    /// It may not, for now.
    Refused(Refusal),
}

/// What the end of an attempt has done to its app's breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// Nothing.
    Unmoved,
    /// It has opened: the app's jobs wait.
    Opened {
        /// So many attempts in a row have failed.
        failures: u32,
        /// When the first probe may be made, by this process's own clock.
        probe_at: Timestamp,
    },
    /// The probe has failed: the app's jobs wait on.
    StaysOpen {
        /// When the next probe may be made, by this process's own clock.
        probe_at: Timestamp,
    },
    /// The probe did not fail: the app's jobs go on.
    Closed,
}

/// An app's breaker.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Breaker {
    /// The app's jobs go on.
    #[default]
    Closed,
    /// They wait. Times are by this process's own clock.
    Open {
        /// When it opened.
        since: Timestamp,
        /// When the next probe may be made.
        probe_at: Timestamp,
        /// A probe is under way.
        probing: bool,
    },
}

/// An app as its gate sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppRow {
    /// Its name.
    pub app: String,
    /// Its limits, as the last worker told them.
    pub limits: AppLimits,
    /// How many of its jobs wait, for whatever reason.
    pub waiting: u64,
    /// How many are under way.
    pub running: u32,
    /// How many attempts have begun within the time that the limits name, or within the last minute where they name none.
    pub begun: u32,
    /// How many attempts in a row have failed.
    pub failures: u32,
    /// How the last of them ended.
    pub code: Option<Code>,
    /// Its breaker.
    pub breaker: Breaker,
}

/// The gates of the apps, shared by all workers and surviving all of them.
///
/// An app has one as long as it has limits, or has failed lately. A job that enters has a place in the app for as long
/// as its claim stands: to finish it or to put it back gives the place back, and so does the death of its worker.
#[async_trait]
pub trait Gates {
    /// Lets the claimed job's attempt begin if the app's limits and its breaker allow it. To enter twice by one claim
    /// is to enter once.
    async fn enter(&self, claim: &Claim, limits: &AppLimits, visit: Visit) -> Result<Entry, StoreError>;

    /// The attempt has ended with this code.
    async fn leave(&self, claim: &Claim, code: Code, policy: &BreakerPolicy) -> Result<Left, StoreError>;

    /// Puts a claimed job back as if it had not been claimed, to wait until its app has room. It keeps its turn among the
    /// others. No queue outside of the database is told of it before [`call_up`](Self::call_up).
    ///
    /// # Errors
    /// [`StoreError::ClaimLost`].
    async fn hold_back(&self, claim: &Claim) -> Result<(), StoreError>;

    /// Has as many of the jobs that were held back offered as their apps have room for, at most so many. Returns how
    /// many.
    async fn call_up(&self, most: u32) -> Result<u32, StoreError>;

    /// The apps that have a gate or jobs that have not ended, by name.
    async fn apps(&self) -> Result<Vec<AppRow>, StoreError>;

    /// The apps at which no attempt may begin now, for their limits or their breakers.
    async fn shut_apps(&self) -> Result<Vec<String>, StoreError>;

    /// Closes the breaker and forgets the failures. `false` if there was nothing to forget.
    async fn reset_app(&self, app: &str) -> Result<bool, StoreError>;
}
