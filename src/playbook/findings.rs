//! Where reader and checks put what they find.

use super::{Diagnostic, Place, Rule, Severity};

/// The findings so far. Nothing stops at the first.
#[derive(Default)]
pub(super) struct Findings {
    found: Vec<Diagnostic>,
    errors: usize,
}

impl Findings {
    /// Adds an error; the caller gives it label and help.
    pub(super) fn error(&mut self, rule: Rule, place: Place, message: impl Into<String>) -> &mut Diagnostic {
        self.add(Severity::Error, rule, place, message.into())
    }

    /// Adds a warning; the caller gives it label and help.
    pub(super) fn warning(
        &mut self,
        rule: Rule,
        place: Place,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.add(Severity::Warning, rule, place, message.into())
    }

    fn add(&mut self, severity: Severity, rule: Rule, place: Place, message: String) -> &mut Diagnostic {
        self.errors += usize::from(severity == Severity::Error);
        self.found.push(Diagnostic {
            severity,
            rule,
            message,
            place,
            label: String::new(),
            help: String::new(),
            notes: Vec::new(),
        });
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    /// How many errors there are; tells whether what was read since is whole.
    pub(super) fn errors(&self) -> usize {
        self.errors
    }

    /// Everything once, in the order of the source. (An anchor's mistakes are found at every use.)
    pub(super) fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|found| (found.place.offset, found.rule));
        self.found.dedup();
        self.found
    }
}
