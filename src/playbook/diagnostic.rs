//! One thing wrong with a playbook, and what to write instead.

use std::ops::Range;

/// Something that the checker has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether it keeps the playbook from running.
    pub severity: Severity,
    /// What kind of mistake: `unknown-step`. Stable; `docs/playbooks.md` lists them.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// Where.
    pub span: Span,
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

/// A stretch of the source.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Span {
    /// Bytes.
    pub range: Range<usize>,
    /// Of the first character, from 1.
    pub line: usize,
    /// Of the first character, in characters, from 1.
    pub column: usize,
}
