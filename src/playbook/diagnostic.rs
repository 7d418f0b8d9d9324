//! One thing wrong with a playbook, and what to write instead.

use super::{Place, Rule};

/// Something that the checker has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether it keeps the playbook from running.
    pub severity: Severity,
    /// Against which rule it is.
    pub rule: Rule,
    /// What is wrong.
    pub message: String,
    /// Where.
    pub place: Place,
    /// What to say at the place itself.
    pub label: String,
    /// What to write instead.
    pub help: String,
    /// Anything else worth knowing.
    pub notes: Vec<String>,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The playbook cannot run.
    Error,
    /// The playbook runs, but somebody should look.
    Warning,
}

impl Diagnostic {
    /// What to say at the place itself.
    pub(super) fn label(&mut self, label: impl Into<String>) -> &mut Self {
        self.label = label.into();
        self
    }

    /// What to write instead.
    pub(super) fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = help.into();
        self
    }

    /// Anything else worth knowing.
    pub(super) fn note(&mut self, note: impl Into<String>) -> &mut Self {
        self.notes.push(note.into());
        self
    }
}
