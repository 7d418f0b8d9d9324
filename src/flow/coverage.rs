//! What a run has proved of a flow, by the automation log.

use crate::playbook::{Action, Flow, Step};
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

/// What these steps of one attempt, as the automation log has them, have proved of the flow.
#[must_use]
pub fn coverage<'f>(flow: &'f Flow, log: &[store::Step]) -> Coverage<'f> {
    let mut coverage = Coverage::default();
    sort(&flow.steps, log, &mut coverage);
    coverage
}

fn sort<'f>(steps: &'f [Step], log: &[store::Step], coverage: &mut Coverage<'f>) {
    for step in steps {
        let came_to = |result| log.iter().any(|row| row.id == step.id && row.result == Some(result));
        let commits = matches!(step.action, Action::Commit(_));
        if came_to(StepResult::Ok) {
            coverage.proved.push(step);
        } else if commits && came_to(StepResult::Skipped) {
            coverage.left_out = Some(step);
        } else {
            coverage.unproved.push(step);
        }
        if let Action::Expect(expect) = &step.action {
            for branch in &expect.branches {
                sort(&branch.then, log, coverage);
            }
        }
    }
}
