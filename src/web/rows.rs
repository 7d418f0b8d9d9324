//! What pages show of an attempt and of its steps.

use std::path::Path;

use askama::Template;
use jiff::Timestamp;

use crate::evidence::{self, PAGE, PICTURE, is_within};
use crate::job::Outcome;
use crate::playbook::Quote;
use crate::redact::redact;
use crate::store::{AttemptRow, Step, StepResult};
use crate::words::duration;

/// What an attempt is that has not ended.
const RUNNING: &str = "running";

/// A line of the log.
#[derive(Template)]
#[template(path = "web/row.html")]
pub struct Row {
    pub seq: i64,
    pub attempt: String,
    pub job: String,
    pub kind: &'static str,
    pub account: String,
    pub number: u32,
    pub worker: String,
    pub started: Time,
    pub took: String,
    /// The outcome, or `running`.
    pub outcome: &'static str,
    pub code: &'static str,
    /// It waits for a person.
    pub asks: bool,
    pub message: String,
    pub action: String,
    pub playbook: String,
    pub browser: String,
    /// Files of evidence that are there.
    pub evidence: Vec<String>,
}

impl Row {
    pub fn of(row: &AttemptRow) -> Self {
        let verdict = row.verdict.as_ref();
        let hash = row.provenance.playbook_hash.as_deref().unwrap_or_default();
        Self {
            seq: row.seq,
            attempt: row.id.to_string(),
            job: row.job.to_string(),
            kind: row.kind.as_str(),
            account: row.account.to_string(),
            number: row.number,
            worker: row.worker.to_string(),
            started: Time(row.started_at),
            took: row.duration.map(duration).unwrap_or_default(),
            outcome: verdict.map_or(RUNNING, |verdict| verdict.outcome.as_str()),
            code: verdict.map_or("", |verdict| verdict.code.as_str()),
            asks: false,
            message: verdict.map(|verdict| redact(&verdict.message).into_owned()).unwrap_or_default(),
            action: row.user_action.clone().unwrap_or_default(),
            playbook: match &row.provenance.playbook {
                Some(name) => format!("{name} {}", hash.get(..12).unwrap_or(hash)),
                None => String::new(),
            },
            browser: row.provenance.browser_version.clone().unwrap_or_default(),
            evidence: Vec::new(),
        }
    }

    /// With the evidence that lies in its folder.
    pub fn with_evidence(row: &AttemptRow, artifacts: &Path) -> Self {
        let mut shown = Self::of(row);
        if let Some(folder) = row.provenance.evidence.as_deref().filter(|folder| is_within(folder, artifacts))
        {
            let names = FILES.iter().filter(|(name, _)| evidence::open(folder, name).is_ok());
            shown.evidence = names.map(|(name, _)| (*name).to_owned()).collect();
        }
        shown
    }

    pub fn picture(&self) -> bool {
        self.evidence.iter().any(|name| name == PICTURE)
    }

    /// It runs.
    pub fn runs(&self) -> bool {
        self.outcome == RUNNING
    }

    pub fn succeeded(&self) -> bool {
        self.outcome == Outcome::Succeeded.as_str()
    }
}

/// The files of evidence that are shown, and as what. A page's words are shown as text, never as a page.
pub const FILES: [(&str, &str); 2] = [(PICTURE, "image/png"), (PAGE, "text/plain; charset=utf-8")];

/// A time, for machines and for people.
#[derive(Debug, Clone, Copy)]
pub struct Time(pub Timestamp);

impl Time {
    pub fn iso(&self) -> String {
        self.0.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// In UTC: the script shows it as the reader's clock does.
    pub fn words(&self) -> String {
        self.0.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
    }
}

/// A step, as the timeline shows it.
pub struct StepRow {
    pub id: String,
    pub summary: String,
    pub result: &'static str,
    pub took: String,
    pub detail: String,
    /// Its line in the playbook, with the file before it, where that is what one looks for.
    pub quote: String,
}

impl StepRow {
    pub fn of(step: &Step, quote: Option<&Quote>) -> Self {
        let line = |quote: &Quote| format!("{}:{}: {}", quote.file, quote.line, quote.text);
        Self {
            quote: quote.map(|quote| redact(&line(quote)).into_owned()).unwrap_or_default(),
            id: step.id.clone(),
            summary: redact(&step.summary).into_owned(),
            result: step.result.map_or("running", StepResult::as_str),
            took: step.duration.map(duration).unwrap_or_default(),
            detail: step.detail.as_deref().map(|detail| redact(detail).into_owned()).unwrap_or_default(),
        }
    }
}
