//! What the steps of an attempt tell when they are looked at together.

use super::{AttemptRow, Step, StepResult};
use crate::job::Outcome;

/// Not a step, but what those behind it are for, in words. An attempt whose steps need no such word has none.
const HEADING: &str = "flow";

/// The page was kept as it was behind the step before this one, or could not be.
const EVIDENCE: &str = "evidence";

/// Steps that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'s> {
    /// What they are for, if it is said.
    pub heading: Option<&'s str>,
    /// They.
    pub steps: &'s [Step],
}

impl Step {
    /// The id of a heading.
    pub const HEADING: &'static str = HEADING;

    /// The id of a step that keeps evidence of the page.
    pub const EVIDENCE: &'static str = EVIDENCE;

    /// Whether it says what those behind it are for.
    #[must_use]
    pub fn is_heading(&self) -> bool {
        self.id == HEADING
    }

    /// Whether something was to be done in the app.
    fn is_done(&self) -> bool {
        !self.is_heading() && self.id != EVIDENCE
    }

    /// The steps by what they are for.
    #[must_use]
    pub fn parts(steps: &[Self]) -> Vec<Part<'_>> {
        let parts = steps.chunk_by(|_, next| !next.is_heading());
        let part = |steps: &[Self]| steps.first().is_some_and(Self::is_heading);
        parts
            .map(|steps| match part(steps) {
                true => Part { heading: Some(&steps[0].summary), steps: &steps[1..] },
                false => Part { heading: None, steps },
            })
            .collect()
    }

    /// Of an attempt that did not succeed: see [`AttemptRow::decisive`].
    fn decisive(steps: &[Self]) -> Option<&Self> {
        let parts = Self::parts(steps).into_iter().rev();
        let mut lasts = parts.filter_map(|part| part.steps.iter().rfind(|step| step.is_done()));
        let bad = |step: &&Self| !matches!(step.result, Some(StepResult::Ok | StepResult::Skipped));
        lasts.clone().find(bad).or_else(|| lasts.next())
    }

    /// The step behind which the page was kept that the evidence shows, if they say so.
    #[must_use]
    pub fn pictured(steps: &[Self]) -> Option<&Self> {
        let kept = |step: &Self| step.id == EVIDENCE && step.result == Some(StepResult::Ok);
        let last = steps.iter().rposition(kept)?;
        steps[..last].iter().rfind(|step| step.is_done())
    }
}

impl AttemptRow {
    /// The step at which the attempt ended, if it did not succeed: the last that failed or was not brought to an end, or
    /// else the last one, where the app said no. One behind which the same went on was got over: somebody gave the code that
    /// did not come.
    #[must_use]
    pub fn decisive<'s>(&self, steps: &'s [Step]) -> Option<&'s Step> {
        if self.verdict.as_ref().is_none_or(|verdict| verdict.outcome == Outcome::Succeeded) {
            return None;
        }
        Step::decisive(steps)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn step(id: &str, summary: &str) -> Step {
        Step {
            seq: 1,
            id: id.to_owned(),
            summary: summary.to_owned(),
            started_at: Timestamp::UNIX_EPOCH,
            duration: None,
            result: Some(StepResult::Ok),
            detail: None,
        }
    }

    #[test]
    fn what_was_got_over_decides_nothing() {
        let failed = |id: &str| Step { result: Some(StepResult::Failed), ..step(id, "failed") };
        let decisive = |steps: &[Step]| Step::decisive(steps).map(|step| step.id.clone());
        let evidence = || step(EVIDENCE, "keep");
        assert_eq!(decisive(&[failed("a"), step("b", "given"), evidence()]).as_deref(), Some("b"));
        assert_eq!(decisive(&[step("a", ""), failed("b"), evidence()]).as_deref(), Some("b"));
        let then = [failed("a"), evidence(), step(HEADING, "which of them opens it"), step("b", "")];
        assert_eq!(decisive(&then).as_deref(), Some("a"));
        assert_eq!(decisive(&[evidence()]), None);
    }

    #[test]
    fn steps_stand_under_what_they_are_for() {
        let steps = [
            step("login.1", "open"),
            step(HEADING, "again"),
            step("login.1", "open"),
            step("login.2", "fill"),
            step(EVIDENCE, "keep"),
            step(HEADING, "once more"),
        ];
        let parts = Step::parts(&steps);
        let shown: Vec<_> = parts.iter().map(|part| (part.heading, part.steps.len())).collect();
        assert_eq!(shown, [(None, 1), (Some("again"), 3), (Some("once more"), 0)]);
        assert_eq!(Step::pictured(&steps).unwrap().id, "login.2");
        assert_eq!(Step::pictured(&steps[..4]), None);
        assert_eq!(Step::parts(&[]), []);
    }
}
