//! What came of it, for people and programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Value, json};

use super::mutation::MUTATIONS;
use super::trial::Fate;
use crate::pages::KeptStep;
use crate::playbook::{FlowKind, Playbook, Step};

/// What a playbook survives.
#[derive(Debug, Clone, Default)]
pub struct Score {
    /// The app's name.
    pub app: String,
    /// The playbook's file.
    pub file: String,
    /// Each recorded step with each change; one that fails on the page as it was recorded, once and without a change.
    pub tried: Vec<Tried>,
    /// Recorded steps whose page cannot be shown.
    pub untried: Vec<Tried>,
    /// Steps of which nothing was recorded.
    pub unrecorded: Vec<String>,
}

/// How a step that fails without any change is headed.
pub const UNCHANGED: &str = "on the page as it was recorded";

/// A step with a change.
#[derive(Debug, Clone, Serialize)]
pub struct Tried {
    /// The change.
    pub mutation: Option<&'static str>,
    /// Its flow.
    pub flow: &'static str,
    /// Its way: `login.3`.
    pub step: String,
    /// The state that the page is in, for an `expect`.
    pub state: Option<String>,
    /// Where the playbook says so: line and column.
    pub place: String,
    /// What it does.
    pub does: String,
    /// What became of it.
    #[serde(flatten)]
    pub fate: Fate,
}

/// Steps, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// That survived.
    pub survived: usize,
    /// That the change applied to.
    pub of: usize,
}

impl Tried {
    pub(super) fn new(
        flow: FlowKind,
        step: &Step,
        kept: &KeptStep,
        mutation: Option<&'static str>,
        fate: Fate,
    ) -> Self {
        Self {
            mutation,
            flow: flow.as_str(),
            step: step.id.clone(),
            state: kept.state.clone(),
            place: step.place.to_string(),
            does: step.summary(),
            fate,
        }
    }
}

impl Count {
    /// In percent, rounded down: 79.9 is not 80. Of nothing, none.
    #[must_use]
    pub fn percent(self) -> usize {
        (self.survived * 100).checked_div(self.of).unwrap_or(0)
    }
}

impl Score {
    pub(super) fn of(playbook: &Playbook) -> Self {
        Self {
            app: playbook.app.to_string(),
            file: playbook.name.clone(),
            tried: Vec::new(),
            untried: Vec::new(),
            unrecorded: Vec::new(),
        }
    }

    /// Of those that `counts` lets through.
    pub fn count(&self, counts: impl Fn(&Tried) -> bool) -> Count {
        let mut count = Count::default();
        for tried in self.tried.iter().filter(|tried| counts(tried)) {
            count.of += usize::from(tried.fate != Fate::NotApplicable);
            count.survived += usize::from(tried.fate == Fate::Survived);
        }
        count
    }

    /// Of all.
    #[must_use]
    pub fn total(&self) -> Count {
        self.count(|_| true)
    }

    /// Those that acted on the wrong element, or took a page for what it is not.
    pub fn misled(&self) -> impl Iterator<Item = &Tried> {
        self.tried.iter().filter(|tried| matches!(tried.fate, Fate::Misled(_)))
    }

    /// Those that do not do on the page as it was recorded what they did there.
    pub fn stale(&self) -> impl Iterator<Item = &Tried> {
        self.tried.iter().filter(|tried| tried.mutation.is_none())
    }

    /// Those that broke, and said so.
    pub fn broken(&self) -> impl Iterator<Item = &Tried> {
        self.tried.iter().filter(|tried| matches!(tried.fate, Fate::Broke(_)))
    }

    /// The flows of which something was tried, in the playbook's order.
    #[must_use]
    pub fn flows(&self) -> Vec<&'static str> {
        let tried = |flow: &&str| self.tried.iter().any(|tried| tried.flow == *flow);
        FlowKind::ALL.iter().map(|kind| kind.as_str()).filter(tried).collect()
    }

    /// The table: a line for each change, a column for each flow; `None` where nothing applied.
    #[must_use]
    pub fn rows(&self) -> Vec<(&'static str, Vec<Option<Count>>)> {
        let flows = self.flows();
        let row = |name: &'static str| {
            let of = |flow: Option<&str>| {
                let count = self.count(|tried| {
                    tried.mutation == Some(name) && flow.is_none_or(|flow| tried.flow == flow)
                });
                (count.of > 0).then_some(count)
            };
            let each = flows.iter().map(|flow| of(Some(flow)));
            (name, each.chain([of(None)]).collect())
        };
        let names = MUTATIONS.iter().map(|mutation| mutation.name);
        names.filter(|name| self.tried.iter().any(|tried| tried.mutation == Some(name))).map(row).collect()
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let total = self.total();
        json!({
            "app": self.app,
            "file": self.file,
            "survived": total.survived,
            "of": total.of,
            "percent": total.percent(),
            "misled": self.misled().count(),
            "untried": self.untried,
            "unrecorded": self.unrecorded,
            "tried": self.tried,
        })
    }

    /// The section of docs/playbooks/mutations.md.
    #[must_use]
    pub fn markdown(&self) -> String {
        let (total, misled) = (self.total(), self.misled().count());
        let mut text = format!(
            "### {}\n\n{} of {} survived: **{} %**. Misled: {misled}.\n\n",
            self.app,
            total.survived,
            total.of,
            total.percent()
        );
        // Writing to a String does not fail.
        let flows = self.flows();
        let heads: Vec<String> = flows.iter().map(|flow| format!("`{flow}`")).collect();
        let _ = writeln!(text, "| | {} | all |", heads.join(" | "));
        let _ = writeln!(text, "| --- |{}", " --- |".repeat(flows.len() + 1));
        for (name, counts) in self.rows() {
            let cell = |count: &Option<Count>| {
                count.map_or("–".to_owned(), |Count { survived, of }| format!("{survived}/{of}"))
            };
            let cells: Vec<String> = counts.iter().map(cell).collect();
            let _ = writeln!(text, "| {name} | {} |", cells.join(" | "));
        }
        let mut broken: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for tried in self.broken() {
            let state = tried.state.as_ref().map(|state| format!(" ({state})")).unwrap_or_default();
            let line = tried.place.split(':').next().unwrap_or_default();
            let place = format!("line {line} `{}`{state}", tried.step);
            broken.entry(tried.mutation.unwrap_or(UNCHANGED)).or_default().push(place);
        }
        if !broken.is_empty() {
            let _ = writeln!(text, "\nBroken, each with a message that names the step:\n");
        }
        for (mutation, places) in broken {
            let _ = writeln!(text, "- {mutation}: {}", places.join(", "));
        }
        if !self.untried.is_empty() {
            let steps: Vec<_> = self.untried.iter().map(|tried| format!("`{}`", tried.step)).collect();
            let _ = writeln!(text, "\nNot tried, since their pages cannot be shown: {}.", steps.join(", "));
        }
        if !self.unrecorded.is_empty() {
            let steps: Vec<_> = self.unrecorded.iter().map(|step| format!("`{step}`")).collect();
            let _ = writeln!(
                text,
                "\nNot recorded, since the test account never came there: {}.",
                steps.join(", ")
            );
        }
        text
    }
}
