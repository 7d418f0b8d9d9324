//! The life of a candidate, as a state machine: the one place that says what may become of it.
//!
//! ```text
//! propose ─▶ pending ──promote──▶ current ──retire──▶ previous
//!            │ ▲  │                 ▲  ▲                 │
//!            └─┘  └─reject─▶ rejected  └─────promote─────┘
//!          submit               │   (it was proved again)
//!                               └─promote: only if it was submitted, and a login proved it
//! ```
//!
//! `retire` happens to what is current when another candidate is promoted. `forget` erases the secret of one that
//! is previous or rejected, and leaves the row. Passwords, TOTP secrets and recovery codes all live by this.

use std::fmt;

use super::{Candidate, CandidateState};

/// What can happen to a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transition {
    /// The commit step is about to hand it to the app.
    Submit,
    /// A fresh login proved it.
    Promote,
    /// Another one was proved.
    Retire,
    /// It was proved that the app does not take it.
    Reject,
    /// Its retention is over: the secret goes, the row stays.
    Forget,
}

/// The ledger does not allow this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused;

impl Transition {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Submit, Self::Promote, Self::Retire, Self::Reject, Self::Forget];

    /// The name in messages and of failpoints.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Promote => "promote",
            Self::Retire => "retire",
            Self::Reject => "reject",
            Self::Forget => "forget",
        }
    }

    /// The state that a candidate is in behind this transition. `submitted` says whether the app may know it.
    ///
    /// # Errors
    /// [`Refused`] where the diagram has no such arrow.
    pub const fn from(self, state: CandidateState, submitted: bool) -> Result<CandidateState, Refused> {
        use CandidateState::{Current, Pending, Previous, Rejected};
        Ok(match (self, state) {
            (Self::Submit, Pending) => Pending,
            (Self::Promote, Pending | Current | Previous) => Current,
            (Self::Promote, Rejected) if submitted => Current,
            (Self::Retire, Current) => Previous,
            (Self::Reject, Pending) => Rejected,
            (Self::Forget, Previous | Rejected) => state,
            _ => return Err(Refused),
        })
    }

    /// The state of this candidate behind the transition. One whose secret was forgotten stays what it is.
    ///
    /// # Errors
    /// [`Refused`] where the diagram has no such arrow.
    pub fn of(self, candidate: &Candidate) -> Result<CandidateState, Refused> {
        if candidate.forgotten_at.is_some() {
            return Err(Refused);
        }
        self.from(candidate.state, candidate.submitted_at.is_some())
    }
}

impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
