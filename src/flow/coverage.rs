//! What a run has proved of a flow, by the automation log.

use std::collections::HashSet;

use crate::playbook::{Action, Flow, Step};
use crate::redact::for_the_log;
use crate::store::{self, StepResult};

/// The steps of a flow, by what a run has proved of them.
#[derive(Debug, Clone, Default)]
pub struct Coverage<'f> {
    /// They were performed, or what they expected came.
    pub proved: Vec<&'f Step>,
    /// The commit step, when it could be performed and a rehearsal left it out.
    pub left_out: Option<&'f Step>,
    /// The others: behind the commit step, or on branches that were not taken.
    pub unproved: Vec<&'f Step>,
}

/// What these steps of one attempt, as the automation log has them, have proved of the flow. A flow that was edited while it
/// was followed may have a step in another place now, and another step in its place: it is the same step where it does the
/// same.
#[must_use]
pub fn coverage<'f>(flow: &'f Flow, log: &[store::Step]) -> Coverage<'f> {
    let mut steps = Vec::new();
    flow.each(&mut |step| steps.push(step));
    let now: HashSet<(String, String)> = steps.iter().map(|step| named(step)).collect();
    let came = |row: &store::Step| Some(((row.id.clone(), for_the_log(&row.summary)), row.result?));
    let stayed: HashSet<_> = log.iter().filter_map(came).collect();
    let moved = stayed.iter().filter(|(name, _)| !now.contains(name));
    let mut moved: Vec<_> = moved.map(|((id, what), result)| (way(id), what.clone(), *result)).collect();
    let mut came_to = |step: &Step, result: StepResult| {
        let (id, what) = named(step);
        let elsewhere = (way(&id), what.clone(), result);
        if stayed.contains(&((id, what), result)) {
            return true;
        }
        let at = moved.iter().position(|each| *each == elsewhere);
        at.map(|at| moved.swap_remove(at)).is_some()
    };
    let mut coverage = Coverage::default();
    for step in steps {
        let commits = matches!(step.action, Action::Commit(_));
        if came_to(step, StepResult::Ok) {
            coverage.proved.push(step);
        } else if commits && came_to(step, StepResult::Skipped) {
            coverage.left_out = Some(step);
        } else {
            coverage.unproved.push(step);
        }
    }
    coverage
}

/// A step as the log names it.
fn named(step: &Step) -> (String, String) {
    (step.id.clone(), for_the_log(&step.summary()))
}

/// The way to a step, whatever its places are: `login.code_wanted`.
fn way(id: &str) -> String {
    let states = id.split('.').filter(|part| !part.chars().all(|c| c.is_ascii_digit()));
    states.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;
    use crate::playbook::{OriginOverrides, Playbook, parse};

    fn playbook(steps: &str) -> Playbook {
        let source = format!(
            "app: test\ntitle: Test\norigins: {{ app: https://test.example }}\nflows:\n  login:\n    - open: /login\n{steps}    \
             - fill: {{ into: {{ label: Username }}, with: username }}\n    - fill: {{ into: {{ label: Password }}, with: password }}\n    \
             - expect: {{ signed_in: {{ text: Welcome }}, bad_credentials: {{ text: Wrong }} }}\n"
        );
        parse("test.yaml", &source, &OriginOverrides::new()).unwrap_or_else(|report| panic!("{report}"))
    }

    /// The lines of the steps that were proved, and of those that were not.
    fn lines(playbook: &Playbook, log: &[store::Step]) -> (Vec<usize>, Vec<usize>) {
        let coverage = coverage(&playbook.flows.login, log);
        let lines = |steps: &[&Step]| steps.iter().map(|step| step.place.line).collect();
        (lines(&coverage.proved), lines(&coverage.unproved))
    }

    /// A step that was put in while the flow was followed moves those behind it, and was itself never performed.
    #[test]
    fn what_was_performed_counts_by_the_edited_playbooks_lines() {
        let before = playbook("");
        let log: Vec<store::Step> = before.flows.login.steps[..3]
            .iter()
            .zip(1..)
            .map(|(step, seq)| store::Step {
                seq,
                id: step.id.clone(),
                summary: step.summary(),
                started_at: Timestamp::now(),
                duration: Some(Duration::from_millis(3)),
                result: Some(StepResult::Ok),
                detail: None,
            })
            .collect();
        assert_eq!(lines(&before, &log), (vec![6, 7, 8], vec![9]));
        let edited = playbook("    - click: { role: link, name: Sign in }\n");
        assert_eq!(lines(&edited, &log), (vec![6, 8, 9], vec![7, 10]));
        let twice = [log.as_slice(), &log].concat();
        let again = playbook("    - fill: { into: { label: Username }, with: username }\n");
        assert_eq!(lines(&again, &twice), (vec![6, 7, 9], vec![8, 10]), "performed once, it counts once");
    }
}
