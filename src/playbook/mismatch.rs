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
    /// What is wrong with that.
    pub fault: Fault,
    /// The file of the page.
    pub page: String,
    /// What the step did when the page was recorded, in words.
    pub recorded: String,
}

/// What is wrong with a step on the page that was recorded for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It does something else than it did there.
    Unmatched {
        /// What, in words.
        why: String,
        /// What comes near on the page, or is there in its place; empty if that is not known.
        instead: String,
    },
    /// It types a password into this element, which shows it.
    Shown(String),
}

impl Report {
    /// The report on what does not fit.
    #[must_use]
    pub fn of_mismatches(playbook: &Playbook, mismatches: &[Mismatch]) -> Self {
        let mut findings = Findings::default();
        for Mismatch { place, step, fault, page, recorded } in mismatches {
            let found = match fault {
                Fault::Unmatched { why, instead } => {
                    let there = if instead.is_empty() { String::new() } else { format!(" ({instead})") };
                    findings
                        .error(
                            Rule::Unmatched,
                            *place,
                            format!("`{step}` does not do on the page that was recorded for it what it did there"),
                        )
                        .label(format!("on {page}: {why}"))
                        .help(format!(
                            "write what the page has{there}, or record it anew if the app has changed: `turnlock playbook test FILE --account REF --record`"
                        ))
                }
                Fault::Shown(what) => findings
                    .warning(Rule::SecretShown, *place, format!("`{step}` types a password into a field that shows it"))
                    .label(format!("on {page}: {what}"))
                    .help("name the field for the password: by its label, or by `autocomplete: current-password` or `new-password`"),
            };
            found.note(format!("when it was recorded, the step was: {recorded}"));
        }
        Self { diagnostics: findings.into_sorted(), ..playbook.warnings.clone() }
    }
}
