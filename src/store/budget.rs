use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use super::ledger::names;
use crate::job::AccountRef;
use std::fmt;
use std::str::FromStr;

/// What an app can hold against an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wrong {
    /// A wrong password.
    Password,
    /// A wrong verification code.
    Code,
}

names!(Wrong, "what was wrong", Password = "password", Code = "code");

/// How much of its budget an account has used up in a window of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// How many wrong tries.
    pub count: u32,
    /// The oldest of them: the budget grows again when it leaves the window.
    pub oldest: Option<Timestamp>,
}

/// The budget of wrong passwords and codes, shared by all workers and surviving all of them.
#[async_trait]
pub trait Budget {
    /// Writes down a wrong try. Write it down before the secret is typed and [withdraw](Self::withdraw_wrong)
    /// it when it was not wrong: then a crash in between errs on the safe side. Durable when it returns.
    async fn record_wrong(&self, account: &AccountRef, what: Wrong, at: Timestamp)
    -> Result<i64, StoreError>;

    /// The try was not wrong after all.
    async fn withdraw_wrong(&self, id: i64) -> Result<(), StoreError>;

    /// What was spent since then.
    async fn wrong_since(&self, account: &AccountRef, since: Timestamp) -> Result<Spent, StoreError>;

    /// A login succeeded, so the app's own count starts anew.
    async fn clear_wrong(&self, account: &AccountRef) -> Result<(), StoreError>;
}
