use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::StoreError;
use super::ledger::names;
use crate::job::AccountRef;

/// What came of something that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuditOutcome {
    /// It was about to be done. A row that stays like this is of somebody who died in the middle, or could not say: it may
    /// have been done.
    Asked,
    /// It was done.
    Done,
    /// It was not done, or of several things not each; the row's detail says why.
    Refused,
}

names!(AuditOutcome, "what came of something asked", Asked = "asked", Done = "done", Refused = "refused");

/// Something that is to be changed or shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAudit {
    /// Who asks: the name of a token, or `shell:` and the name that the operating system knows somebody by.
    pub who: String,
    /// What is to be done, for example `job.cancel`.
    pub action: String,
    /// To what.
    pub target: String,
    /// Whose affair it is, if it is one account's.
    pub account: Option<AccountRef>,
    /// More about it, in words that hold no secret.
    pub detail: Option<String>,
}

/// A row of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Later ones have greater ones.
    pub seq: i64,
    /// When it was asked.
    pub at: Timestamp,
    /// What came of it.
    pub outcome: AuditOutcome,
    /// What.
    pub audit: NewAudit,
}

/// Which rows of the audit are wanted. All conditions must hold; the default asks for the newest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditQuery {
    /// Of whoever is called so.
    pub who: Option<String>,
    /// Of this account.
    pub account: Option<AccountRef>,
    /// Of accounts that this token's holder owns.
    pub owned_by: Option<Uuid>,
    /// Only those with a smaller [`AuditRow::seq`]: the next page.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

impl Default for AuditQuery {
    fn default() -> Self {
        Self { who: None, account: None, owned_by: None, before: None, limit: 50 }
    }
}

/// Every change and every reveal. A row is written first and settled once; none is changed after that, and none goes.
#[async_trait]
pub trait Audit {
    /// Writes down what is asked, and what came of it if that is known. Durable when it returns. Returns the row's
    /// [`AuditRow::seq`].
    async fn audit(&self, new: &NewAudit, outcome: AuditOutcome) -> Result<i64, StoreError>;

    /// What came of it, with the detail if there is more to say than was said before. A row that was settled before stays
    /// as it is.
    async fn settle_audit(
        &self,
        seq: i64,
        outcome: AuditOutcome,
        detail: Option<&str>,
    ) -> Result<(), StoreError>;

    /// The rows that the query asks for, the newest first.
    async fn audits(&self, query: &AuditQuery) -> Result<Vec<AuditRow>, StoreError>;
}
