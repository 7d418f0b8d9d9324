use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::ledger::names;
use super::{Fence, StoreError};
use crate::job::AccountRef;

/// What the app said to a use of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TryResult {
    /// It took them.
    SignedIn,
    /// It refused the password.
    BadCredentials,
    /// It refused the code, so that the password was right.
    CodeRefused,
    /// Nothing that tells: it may have counted a wrong one.
    Unclear,
    /// Nothing was sent off, or it had nothing against what was: it counted nothing.
    NotSent,
}

names!(
    TryResult,
    "what came of a try",
    SignedIn = "signed_in",
    BadCredentials = "bad_credentials",
    CodeRefused = "code_refused",
    Unclear = "unclear",
    NotSent = "not_sent"
);

impl TryResult {
    /// Whether the app may hold it against the account.
    #[must_use]
    pub const fn counts(self) -> bool {
        matches!(self, Self::BadCredentials | Self::CodeRefused | Self::Unclear)
    }
}

/// Credentials about to be used against the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTry {
    /// Whose they are.
    pub account: AccountRef,
    /// For which job.
    pub job: Uuid,
    /// In which flow: `login`, `recover`, …
    pub flow: &'static str,
    /// It goes on no longer than this.
    pub within: Duration,
    /// The password's row in the ledger.
    pub password: Option<Uuid>,
    /// The TOTP secret's row in the ledger.
    pub totp: Option<Uuid>,
}

/// A use of credentials against the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Try {
    /// In which flow.
    pub flow: String,
    /// The password's row in the ledger.
    pub password: Option<Uuid>,
    /// The TOTP secret's row in the ledger.
    pub totp: Option<Uuid>,
    /// When it began, by the store's own clock.
    pub at: Timestamp,
    /// What came of it; `None` if the worker died before that was known.
    pub result: Option<TryResult>,
}

/// How many there may be of something within a time: wrong tries of an account, beginnings at an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// So many.
    pub most: u32,
    /// Within this time.
    pub window: Duration,
}

/// How much of its budget an account has used up in a window of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// How many tries that count. One that is under way counts until its end, and the window runs from there: the app
    /// counts a password when it gets it, which may be long after the try began.
    pub count: u32,
    /// When the app may have counted the oldest of them, by the store's own clock: the budget grows again when that
    /// leaves the window.
    pub oldest: Option<Timestamp>,
}

/// Whether a try may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// It may, and is written down under this number.
    Try(i64),
    /// The budget is used up.
    Exhausted(Spent),
}

/// The budget of wrong passwords and codes, shared by all workers and surviving all of them.
#[async_trait]
pub trait Budget {
    /// Takes one from the budget, in one transaction with the look at what is left of it. Durable when it returns,
    /// so that a crash before [`end_try`](Self::end_try) errs on the safe side. Without a limit it is written down
    /// whatever was spent.
    async fn begin_try(
        &self,
        new: &NewTry,
        limit: Option<Limit>,
        fence: Option<&Fence>,
    ) -> Result<Begun, StoreError>;

    /// What came of it. With `forgiven`, the app has forgotten all earlier wrong tries.
    async fn end_try(
        &self,
        id: i64,
        result: TryResult,
        forgiven: bool,
        fence: Option<&Fence>,
    ) -> Result<(), StoreError>;

    /// Whether a try that is under way counts, should nobody live to say what came of it: not while the app waits for a
    /// person, who gave it all that it wanted so far. Durable where it counts from then on.
    async fn count_try(&self, id: i64, counts: bool, fence: Option<&Fence>) -> Result<(), StoreError>;

    /// What a job has tried so far, the oldest first.
    async fn tries(&self, job: Uuid) -> Result<Vec<Try>, StoreError>;

    /// What was spent since then.
    async fn spent_since(&self, account: &AccountRef, since: Timestamp) -> Result<Spent, StoreError>;
}
