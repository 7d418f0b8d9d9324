use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::{Account, AttemptRow, StoreError};
use crate::job::{AccountRef, Code};

/// So many of an account's newest attempts are looked at for the last proof of its credentials: a page of accounts takes
/// as long whatever their history.
pub(super) const LOOKED_AT: u32 = 50;

/// Which accounts are wanted. All conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountQuery {
    /// This one.
    pub account: Option<AccountRef>,
    /// Of this app.
    pub app: Option<String>,
    /// With this text in the name or the user name, in whatever case.
    pub name: Option<String>,
    /// Shared with this token's holder.
    pub shared_with: Option<Uuid>,
    /// Those behind this one: the next page.
    pub after: Option<AccountRef>,
    /// At most so many.
    pub limit: u32,
}

impl Default for AccountQuery {
    fn default() -> Self {
        Self { account: None, app: None, name: None, shared_with: None, after: None, limit: 50 }
    }
}

/// The recovery codes that the vault holds of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodesLeft {
    /// It holds none.
    None,
    /// It holds some, from before they were counted.
    Uncounted,
    /// It holds so many.
    Counted(u32),
}

/// What is known of an account, without opening anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSummary {
    /// It.
    pub account: Account,
    /// When its current password was written down.
    pub password_at: Option<Timestamp>,
    /// The job that made that; `None` if the account's owner gave it.
    pub password_job: Option<Uuid>,
    /// Whether the vault holds a TOTP secret that was proved, or that the owner gave.
    pub totp: bool,
    /// The recovery codes that the vault holds.
    pub codes: CodesLeft,
    /// Whether it is being found out which credential opens it.
    pub in_doubt: bool,
    /// With how many tokens that are good it is shared.
    pub shared: u32,
    /// When an attempt proved its credentials last, of its newest ones.
    pub verified_at: Option<Timestamp>,
    /// Whether an attempt since then says that they do not open it.
    pub refuted: bool,
}

/// Accounts that want a human for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanting {
    /// The reason.
    pub code: Code,
    /// How many there are.
    pub accounts: u64,
    /// The attempts that said so, the newest first; not of all of them, if there are many.
    pub newest: Vec<AttemptRow>,
}

/// What is to be seen of accounts, in one question each.
#[async_trait]
pub trait Summaries {
    /// The accounts that the query asks for, by name.
    async fn summaries(&self, query: &AccountQuery) -> Result<Vec<AccountSummary>, StoreError>;

    /// The accounts whose newest attempt ended its job so that a person has to act
    /// ([`calls_a_person`](crate::job::Verdict::calls_a_person)), the most frequent reason first, and of each reason at most
    /// so many attempts; of accounts that are shared with this token's holder, if it is said.
    async fn wanting(&self, shared_with: Option<Uuid>, of_each: u32) -> Result<Vec<Wanting>, StoreError>;
}

/// Rows that come with the number of those that have the same code, put together.
pub(super) fn together(rows: Vec<(AttemptRow, u64)>) -> Vec<Wanting> {
    let mut groups: Vec<Wanting> = Vec::new();
    for (row, accounts) in rows {
        let Some(code) = row.verdict.as_ref().map(|verdict| verdict.code) else { continue };
        match groups.iter_mut().find(|group| group.code == code) {
            Some(group) => group.newest.push(row),
            None => groups.push(Wanting { code, accounts, newest: vec![row] }),
        }
    }
    groups
}
