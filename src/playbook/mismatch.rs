//! What does not fit what was recorded of the app, as a finding of the checker's.

use super::findings::Findings;
use super::{Place, Playbook, Report, Rule};

/// A step that does not do on the page that was recorded for it what it did there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Where the playbook names the target.
    pub place: Place,
    /// The step: `login.3`.
    pub step: String,
    /// What it does instead, in words.
    pub why: String,
    /// The file of the page.
    pub page: String,
    /// What the step did when the page was recorded, in words.
    pub recorded: String,
}

impl Report {
    /// The report on what does not fit.
    #[must_use]
    pub fn of_mismatches(playbook: &Playbook, mismatches: &[Mismatch]) -> Self {
        let mut findings = Findings::default();
        for Mismatch { place, step, why, page, recorded } in mismatches {
            findings
                .error(Rule::Unmatched, *place, format!("`{step}` does not do on the page that was recorded for it what it did there"))
                .label(format!("on {page}: {why}"))
                .help("write what the page has, or record it anew if the app has changed: `turnlock playbook test FILE --account REF --record`")
                .note(format!("when it was recorded, the step was: {recorded}"));
        }
        Self { diagnostics: findings.into_sorted(), ..playbook.warnings.clone() }
    }
}
