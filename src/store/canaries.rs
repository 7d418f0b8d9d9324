use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::StoreError;
use crate::job::{AccountRef, Outcome, Verdict};

/// What a trial with an app's canary showed of one flow of its playbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCanary {
    /// The account that is there for trials.
    pub account: AccountRef,
    /// The flow, for example `change_password`.
    pub flow: String,
    /// The job that tried it.
    pub job: Uuid,
    /// When it ended.
    pub tried_at: Timestamp,
    /// How it ended.
    pub verdict: Verdict,
    /// The SHA-256 of the playbook's text, in hexadecimal.
    pub playbook_hash: Option<String>,
}

/// The last trial of a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanaryRow {
    /// What it showed.
    pub last: NewCanary,
    /// Since when no trial of the flow has succeeded; `None` if the last one did.
    pub failing_since: Option<Timestamp>,
}

impl CanaryRow {
    /// The row after another trial.
    pub(super) fn after(last: NewCanary, before: Option<&Self>) -> Self {
        let mut row = Self { last, failing_since: None };
        if !row.is_well() {
            row.failing_since = before.and_then(|before| before.failing_since).or(Some(row.last.tried_at));
        }
        row
    }

    /// Whether the flow worked when it was tried last.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.last.verdict.outcome == Outcome::Succeeded
    }
}

/// What the canaries of the apps show: an app's row for each flow, of its last trial.
#[async_trait]
pub trait Canaries {
    /// Marks the app. Returns the flow's row as it is now, and as it was before.
    async fn mark_canary(&self, new: &NewCanary) -> Result<(CanaryRow, Option<CanaryRow>), StoreError>;

    /// Forgets what was shown of other flows than these: the playbook has them no more.
    async fn keep_canaries(&self, app: &str, flows: &[&str]) -> Result<(), StoreError>;

    /// All rows, or those of one app, by app and flow.
    async fn canaries(&self, app: Option<&str>) -> Result<Vec<CanaryRow>, StoreError>;
}
