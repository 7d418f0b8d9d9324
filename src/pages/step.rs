//! What a step looks for.

use crate::playbook::{Action, Expect, Flow, Playbook, State, Step, Target};

/// The targets of an action: alternatives, the first that shows is the one meant.
#[must_use]
pub fn targets(action: &Action) -> Vec<&Target> {
    match action {
        Action::Open(_) | Action::Press { in_: None, .. } => Vec::new(),
        Action::Click(target)
        | Action::Fill { into: target, .. }
        | Action::Check { target, .. }
        | Action::Select { target, .. }
        | Action::Press { in_: Some(target), .. }
        | Action::Hover(target)
        | Action::See(target)
        | Action::Gone(target) => vec![target],
        Action::ReadRecoveryCodes { from, .. } => vec![from.target()],
        Action::Expect(expect) => expect.branches.iter().map(|branch| &branch.see).collect(),
        Action::ReadSecret { sources } => sources.iter().map(|source| &source.from).collect(),
        Action::Commit(action) => targets(action),
    }
}

/// Whether what it looks for holds secrets.
#[must_use]
pub fn reads_secrets(action: &Action) -> bool {
    matches!(action, Action::ReadSecret { .. } | Action::ReadRecoveryCodes { .. })
}

/// The targets that count for a step that was found in this state: that of the state, or all.
#[must_use]
pub fn targets_in<'a>(action: &'a Action, state: Option<&str>) -> Vec<&'a Target> {
    match (action, state) {
        (Action::Expect(expect), Some(state)) => {
            branch(expect, state).map(|at| &expect.branches[at].see).into_iter().collect()
        }
        (action, _) => targets(action),
    }
}

/// The place of a state in an `expect`.
#[must_use]
pub fn branch(expect: &Expect, state: &str) -> Option<usize> {
    expect.branches.iter().position(|branch| name(&branch.state) == state)
}

fn name(state: &State) -> String {
    state.to_string()
}

/// Every step of the playbook with its flow, in order, those within states too.
pub fn all(playbook: &Playbook) -> Vec<(&Flow, &Step)> {
    fn walk<'a>(flow: &'a Flow, steps: &'a [Step], all: &mut Vec<(&'a Flow, &'a Step)>) {
        for step in steps {
            all.push((flow, step));
            if let Action::Expect(expect) = &step.action {
                expect.branches.iter().for_each(|branch| walk(flow, &branch.then, all));
            }
        }
    }
    let mut steps = Vec::new();
    playbook.flows.iter().for_each(|flow| walk(flow, &flow.steps, &mut steps));
    steps
}
