use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use uuid::Uuid;

use super::ledger::names;
use super::{JobRow, JobState, StoreError};
use crate::job::{AccountRef, Code, Kind, Outcome};

/// Which jobs are wanted. All conditions must hold; the default asks for the newest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobQuery {
    /// Where they are in their lives.
    pub state: Option<JobState>,
    /// Of accounts of this app.
    pub app: Option<String>,
    /// Of this account.
    pub account: Option<AccountRef>,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// That they asked for.
    pub requested_by: Option<String>,
    /// Of accounts that are shared with this token's holder.
    pub shared_with: Option<Uuid>,
    /// Whose last attempt ended with one of these; of any, and also without an attempt, if there is none.
    pub outcomes: Vec<Outcome>,
    /// Whose last attempt ended with this code.
    pub code: Option<Code>,
    /// At most so many.
    pub limit: u32,
    /// Only those before this place: the next page.
    pub before: Option<i64>,
}

impl Default for JobQuery {
    fn default() -> Self {
        Self {
            state: None,
            app: None,
            account: None,
            kind: None,
            requested_by: None,
            shared_with: None,
            outcomes: Vec::new(),
            code: None,
            limit: 50,
            before: None,
        }
    }
}

/// A page of the jobs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JobPage {
    /// The jobs, those that were submitted last first.
    pub rows: Vec<JobRow>,
    /// What [`JobQuery::before`] is for the next page; `None` if there is none. A page may have a next one and not be full: only
    /// so many jobs are looked at.
    pub next: Option<i64>,
}

impl JobPage {
    /// These jobs with their places, of a page of at most so many, and the place up to which it was looked for them, if not to
    /// the end.
    pub(super) fn of(found: Vec<(i64, JobRow)>, limit: u32, looked_up_to: Option<i64>) -> Self {
        let full = found.len() >= limit as usize;
        let last = found.last().filter(|_| full).map(|(place, _)| *place);
        Self { rows: found.into_iter().map(|(_, row)| row).collect(), next: last.or(looked_up_to) }
    }
}

/// What a job waits for that is queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Waits {
    /// A worker, or another job of its account.
    Due,
    /// Its time.
    Later,
    /// Room in its app: the limits or the breaker of that hold it back.
    HeldBack,
}

names!(Waits, "what a job waits for", Due = "due", Later = "later", HeldBack = "held_back");

impl JobRow {
    /// What it waits for, if it is queued, when no attempt may begin at these apps.
    #[must_use]
    pub fn waits(&self, shut: &[String], now: Timestamp) -> Option<Waits> {
        if self.state != JobState::Queued {
            return None;
        }
        Some(match self.not_before > now {
            _ if self.held_back => Waits::HeldBack,
            true => Waits::Later,
            false if shut.iter().any(|app| app == self.job.account.app()) => Waits::HeldBack,
            false => Waits::Due,
        })
    }
}
