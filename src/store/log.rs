use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::ledger::names;
use super::{Fence, StoreError, WorkerId};
use crate::job::{AccountRef, Code, Kind, Outcome, Verdict};

/// An attempt that begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAttempt {
    /// Its id.
    pub id: Uuid,
    /// Of this job.
    pub job: Uuid,
    /// What the job asks.
    pub kind: Kind,
    /// Of which account.
    pub account: AccountRef,
    /// Its number within the job, from 1.
    pub number: u32,
    /// Who performs it.
    pub worker: WorkerId,
    /// When the job became due.
    pub queued_at: Timestamp,
    /// When it began.
    pub started_at: Timestamp,
}

/// With what an attempt was performed and what it left, known when it ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provenance {
    /// The name of the playbook.
    pub playbook: Option<String>,
    /// The SHA-256 of the playbook's text, in hexadecimal.
    pub playbook_hash: Option<String>,
    /// What the browser calls itself.
    pub browser_version: Option<String>,
    /// The folder that holds screenshot and page snapshot.
    pub evidence: Option<PathBuf>,
}

/// A row of the automation log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRow {
    /// The place in the log: later attempts have greater ones. The cursor of [`LogQuery::before`].
    pub seq: i64,
    /// Grows with every beginning and every end; the cursor of [`Log::log_changes`].
    pub changed: i64,
    /// Its id.
    pub id: Uuid,
    /// Of this job.
    pub job: Uuid,
    /// What the job asks.
    pub kind: Kind,
    /// Of which account.
    pub account: AccountRef,
    /// Who asked for the job, as they call themselves.
    pub requested_by: Option<String>,
    /// Its number within the job, from 1.
    pub number: u32,
    /// Who performs or performed it.
    pub worker: WorkerId,
    /// When the job became due.
    pub queued_at: Timestamp,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; `None` while it runs.
    pub ended_at: Option<Timestamp>,
    /// How long it took.
    pub duration: Option<Duration>,
    /// How it ended; `None` while it runs.
    pub verdict: Option<Verdict>,
    /// What a person should do; empty where there is nothing to do.
    pub user_action: Option<String>,
    /// With what it was performed and what it left.
    pub provenance: Provenance,
}

impl AttemptRow {
    /// The row as programs read it. Fields may be added, none is taken away or renamed.
    #[must_use]
    pub fn as_json(&self) -> Value {
        let verdict = self.verdict.as_ref();
        json!({
            "seq": self.seq,
            "attempt": self.id,
            "job": self.job,
            "kind": self.kind,
            "app": self.account.app(),
            "account": self.account,
            "requested_by": self.requested_by,
            "number": self.number,
            "worker": self.worker.as_str(),
            "queued_at": self.queued_at.to_string(),
            "started_at": self.started_at.to_string(),
            "ended_at": self.ended_at.map(|at| at.to_string()),
            "duration_ms": self.duration.map(|length| u64::try_from(length.as_millis()).unwrap_or(u64::MAX)),
            "outcome": verdict.map(|verdict| verdict.outcome),
            "code": verdict.map(|verdict| verdict.code.as_str()),
            "message": verdict.map(|verdict| verdict.message.as_str()),
            "user_action": self.user_action,
            "playbook": self.provenance.playbook,
            "playbook_hash": self.provenance.playbook_hash,
            "browser_version": self.provenance.browser_version,
            "evidence": self.provenance.evidence,
        })
    }
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StepResult {
    /// It was done, or what it expected came.
    Ok,
    /// It could not be done.
    Failed,
    /// It was not called for.
    Skipped,
    /// The attempt was stopped in the middle of it.
    Interrupted,
}

names!(
    StepResult,
    "the result of a step",
    Ok = "ok",
    Failed = "failed",
    Skipped = "skipped",
    Interrupted = "interrupted"
);

/// A step of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its place within the attempt, from 1.
    pub seq: u32,
    /// Where it stands in the playbook, for example `login.3`.
    pub id: String,
    /// What it does, in words that hold no secret.
    pub summary: String,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took; `None` while it is performed.
    pub duration: Option<Duration>,
    /// How it ended; `None` while it is performed, or for ever if the worker died in it.
    pub result: Option<StepResult>,
    /// More about the result, in words that hold no secret.
    pub detail: Option<String>,
}

/// Which rows of the automation log are wanted. All conditions must hold; the default asks for the newest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogQuery {
    /// Of this job.
    pub job: Option<Uuid>,
    /// Of accounts of this app.
    pub app: Option<String>,
    /// Of this account.
    pub account: Option<AccountRef>,
    /// Of jobs of this kind.
    pub kind: Option<Kind>,
    /// Of jobs that they asked for.
    pub requested_by: Option<String>,
    /// Of accounts that are shared with this token's holder.
    pub shared_with: Option<Uuid>,
    /// With one of these outcomes; of any, and also under way, if there is none.
    pub outcomes: Vec<Outcome>,
    /// With this code.
    pub code: Option<Code>,
    /// Begun then or later.
    pub since: Option<Timestamp>,
    /// Begun before. The clocks of workers may differ by [`SKEW`].
    pub until: Option<Timestamp>,
    /// At most so many.
    pub limit: u32,
    /// Only those with a smaller [`AttemptRow::seq`]: the next page.
    pub before: Option<i64>,
}

impl Default for LogQuery {
    fn default() -> Self {
        Self {
            job: None,
            app: None,
            account: None,
            kind: None,
            requested_by: None,
            shared_with: None,
            outcomes: Vec::new(),
            code: None,
            since: None,
            until: None,
            limit: 50,
            before: None,
        }
    }
}

/// A page of the automation log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogPage {
    /// The rows, newest first.
    pub rows: Vec<AttemptRow>,
    /// What [`LogQuery::before`] is for the next page; `None` if there is none.
    pub next: Option<i64>,
    /// There may be more where it was not looked: the page ends before it is full, since too many rows were looked at that
    /// are not wanted.
    pub cut_short: bool,
}

impl LogPage {
    /// These rows of a page of at most so many, and the place up to which it was looked for them, if not to the end.
    pub(super) fn of(rows: Vec<AttemptRow>, limit: u32, looked_up_to: Option<i64>) -> Self {
        match rows.last().filter(|_| rows.len() >= limit as usize).map(|row| row.seq) {
            Some(last) => Self { rows, next: Some(last), cut_short: false },
            None => Self { rows, next: looked_up_to, cut_short: looked_up_to.is_some() },
        }
    }
}

/// By so much an attempt may seem to have begun before one that was written down earlier, by the clock of its worker.
pub const SKEW: SignedDuration = SignedDuration::from_hours(1);

impl LogQuery {
    /// Whether a row, wherever it comes from, is one of those that are asked for, but for its page.
    #[must_use]
    pub fn wants(&self, row: &AttemptRow) -> bool {
        let verdict = row.verdict.as_ref();
        self.job.is_none_or(|job| row.job == job)
            && self.app.as_deref().is_none_or(|app| row.account.app() == app)
            && self.account.as_ref().is_none_or(|account| row.account == *account)
            && self.kind.is_none_or(|kind| row.kind == kind)
            && (self.requested_by.is_none() || self.requested_by == row.requested_by)
            && (self.outcomes.is_empty() || verdict.is_some_and(|v| self.outcomes.contains(&v.outcome)))
            && self.code.is_none_or(|code| verdict.is_some_and(|verdict| verdict.code == code))
            && self.since.is_none_or(|since| row.started_at >= since)
            && self.until.is_none_or(|until| row.started_at < until)
    }
}

/// The automation log: append-only. A row is written when an attempt begins and completed once, when it ends.
#[async_trait]
pub trait Log: Sync {
    /// Writes that an attempt begins.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`].
    async fn start_attempt(&self, new: &NewAttempt, fence: Option<&Fence>) -> Result<(), StoreError>;

    /// Writes steps as they come: each when it begins and once again when it has ended.
    ///
    /// # Errors
    /// [`StoreError::AttemptEnded`] when the attempt has ended; [`StoreError::LeaseLost`].
    async fn write_steps(
        &self,
        attempt: Uuid,
        steps: &[Step],
        fence: Option<&Fence>,
    ) -> Result<(), StoreError>;

    /// Writes how the attempt ended. Durable when it returns.
    ///
    /// # Errors
    /// [`StoreError::AttemptEnded`] when it had ended before, [`StoreError::LeaseLost`]: nothing is changed.
    async fn end_attempt(
        &self,
        attempt: Uuid,
        verdict: &Verdict,
        with: &Provenance,
        fence: Option<&Fence>,
    ) -> Result<AttemptRow, StoreError>;

    /// The rows that the query asks for, newest first, as far as they are found among so many that a page does not take
    /// long, whatever is asked.
    async fn log_page(&self, query: &LogQuery) -> Result<LogPage, StoreError>;

    /// The rows that the query asks for, newest first, however far they are.
    async fn log(&self, query: &LogQuery) -> Result<Vec<AttemptRow>, StoreError> {
        let mut query = query.clone();
        let mut rows = Vec::new();
        loop {
            let page = self.log_page(&query).await?;
            query.limit = query.limit.saturating_sub(u32::try_from(page.rows.len()).unwrap_or(u32::MAX));
            rows.extend(page.rows);
            if page.next.is_none() || query.limit == 0 {
                return Ok(rows);
            }
            query.before = page.next;
        }
    }

    /// The rows that changed (began or ended) after this cursor, in the order of their changes; 0 is the
    /// beginning.
    async fn log_changes(&self, after: i64, limit: u32) -> Result<Vec<AttemptRow>, StoreError>;

    /// The newest cursor of [`Self::log_changes`]; 0 for an empty log.
    async fn log_cursor(&self) -> Result<i64, StoreError>;

    /// One attempt.
    async fn attempt(&self, id: Uuid) -> Result<Option<AttemptRow>, StoreError>;

    /// Makes room for the months to come and puts aside those that had ended before `keep_from`, where the store keeps
    /// months apart. What is put aside is not in the log any more, but not lost either. Returns its names.
    async fn tend_log(&self, keep_from: Option<Timestamp>) -> Result<Vec<String>, StoreError>;

    /// The steps of an attempt, in order.
    async fn log_steps(&self, attempt: Uuid) -> Result<Vec<Step>, StoreError>;
}
