mod disproof;
mod machine;

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

pub use disproof::Disproof;
pub use machine::{Refused, Transition};

use super::{Fence, StoreError};
use crate::job::AccountRef;

/// The kinds of credentials that the ledger keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CandidateKind {
    /// A password.
    Password,
    /// A TOTP secret, as an `otpauth://` link.
    Totp,
    /// The recovery codes that the app showed, one a line.
    RecoveryCodes,
}

/// What is known about a candidate. [`Transition`] says what may become of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CandidateState {
    /// Written down before the app is told of it.
    Pending,
    /// A fresh login proved it, or the account's owner gave it.
    Current,
    /// It was current before another was.
    Previous,
    /// It was proved that the app does not take it.
    Rejected,
}

macro_rules! names {
    ($type:ident, $what:literal, $($variant:ident = $name:literal),+) => {
        impl $type {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in messages and database.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $type {
            type Err = StoreError;

            fn from_str(text: &str) -> Result<Self, StoreError> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|one| one.as_str() == text)
                    .ok_or_else(|| StoreError::BadValue { what: $what, value: text.to_owned() })
            }
        }
    };
}
pub(super) use names;

names!(
    CandidateKind,
    "the kind of a credential",
    Password = "password",
    Totp = "totp",
    RecoveryCodes = "recovery_codes"
);
names!(
    CandidateState,
    "the state of a candidate",
    Pending = "pending",
    Current = "current",
    Previous = "previous",
    Rejected = "rejected"
);

/// A credential about to be written to the ledger, sealed already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCandidate {
    /// Its id; the seal is bound to it.
    pub id: Uuid,
    /// Whose it is; the seal is bound to it.
    pub account: AccountRef,
    /// What it is; the seal is bound to it.
    pub kind: CandidateKind,
    /// The next number for this account and kind, from 1; the seal is bound to it.
    pub version: u32,
    /// The sealed secret.
    pub sealed: Vec<u8>,
    /// The job that made it; `None` if the account's owner gave it.
    pub job: Option<Uuid>,
    /// How many recovery codes it holds, if it holds such.
    pub codes: Option<u32>,
}

/// A row of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub account: AccountRef,
    /// What it is.
    pub kind: CandidateKind,
    /// Its number for this account and kind, from 1.
    pub version: u32,
    /// What is known about it.
    pub state: CandidateState,
    /// The sealed secret.
    pub sealed: Vec<u8>,
    /// The job that made it; `None` if the account's owner gave it.
    pub job: Option<Uuid>,
    /// When it was written down.
    pub created_at: Timestamp,
    /// When a commit step was about to be performed with it: since then the app may know it.
    pub submitted_at: Option<Timestamp>,
    /// When it became what it is now, if it is not pending.
    pub decided_at: Option<Timestamp>,
    /// Why it was rejected.
    pub reason: Option<String>,
    /// When its retention was over: it has no secret any more.
    pub forgotten_at: Option<Timestamp>,
}

/// The candidate ledger. Rows change state and are never deleted, except with their account. Each operation
/// is one transaction, durable when it returns, and refused if the fence has been overtaken.
#[async_trait]
pub trait Ledger {
    /// The whole ledger of an account, newest first.
    async fn candidates(&self, account: &AccountRef) -> Result<Vec<Candidate>, StoreError>;

    /// One candidate.
    async fn candidate(&self, id: Uuid) -> Result<Option<Candidate>, StoreError>;

    /// Writes a pending candidate.
    ///
    /// # Errors
    /// [`StoreError::PendingExists`] when the account has a pending one of this kind, [`StoreError::NoAccount`].
    async fn propose(&self, new: &NewCandidate, fence: Option<&Fence>) -> Result<(), StoreError>;

    /// Notes that the commit step is about to be performed with this pending candidate; the last time counts.
    async fn mark_submitted(&self, id: Uuid, fence: Option<&Fence>) -> Result<(), StoreError>;

    /// A fresh login proved this candidate (a rejected one only if it was submitted once): it becomes current, and
    /// what was current becomes previous. Promoting the current one changes nothing.
    async fn promote(&self, id: Uuid, fence: Option<&Fence>) -> Result<(), StoreError>;

    /// It was proved that the app does not take this pending candidate.
    async fn reject(&self, id: Uuid, why: &Disproof, fence: Option<&Fence>) -> Result<(), StoreError>;

    /// Erases the secrets of candidates that were decided before then and are previous or rejected; their rows
    /// stay. Accounts with a pending candidate are left alone: what they had before may be what opens them. Returns
    /// how many.
    async fn forget(&self, decided_before: Timestamp) -> Result<u64, StoreError>;

    /// Claims a TOTP time step for one use: `false` if it was used already.
    async fn claim_totp_step(
        &self,
        account: &AccountRef,
        candidate: Uuid,
        step: u64,
        fence: Option<&Fence>,
    ) -> Result<bool, StoreError>;
}
