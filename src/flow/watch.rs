//! Looking on while a flow is walked, and saying how it goes on where a step fails.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::halt::Halt;
use super::session::Session;
use crate::browser::Page;
use crate::playbook::{Action, Expect, FlowKind, Playbook, State, Step, Value};
use crate::store::TryResult;
use crate::worker::StopReason;

/// Somebody who looks on: before each step, after it, and when it fails. What they take their time for is not taken
/// from the flow's.
#[async_trait]
pub trait Watch: Send + Sync {
    /// A step is about to be performed; the page is as the step before left it.
    async fn before(&self, view: &View<'_>) -> Next {
        let _ = view;
        Next::Go
    }

    /// It was performed, or what it expected came.
    async fn after(&self, view: &View<'_>, done: &Done) {
        let _ = (view, done);
    }

    /// It could not be performed. [`View::may_go`] says what may be answered; anything else ends the flow.
    async fn failed(&self, view: &View<'_>, failure: &Failure) -> Next {
        let _ = (view, failure);
        Next::End
    }
}

/// How a flow goes on.
#[derive(Debug, Clone)]
pub enum Next {
    /// The step is performed; after a failure, once more.
    Go,
    /// As if the step had been performed.
    Skip,
    /// With this playbook from now on, from the step of the same id.
    With(Arc<Playbook>),
    /// The flow ends: with the step's failure, or as cancelled if it has not failed.
    End,
}

/// What came of a step.
#[derive(Debug, Clone)]
pub struct Done {
    /// The state that an `expect` found.
    pub state: Option<State>,
    /// What else there is to say: that a commit step was left out, dialogs and downloads on the way.
    pub notes: String,
    /// How long it took.
    pub took: Duration,
}

/// Why a step could not be performed.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What was awaited and what was there instead, without secrets.
    pub words: String,
    /// How long it took.
    pub took: Duration,
}

/// What somebody who looks on sees: the step, and the page that it is about.
pub struct View<'a> {
    session: &'a Session<'a>,
    /// The step.
    pub step: &'a Step,
}

impl View<'_> {
    /// The flow that is walked.
    #[must_use]
    pub fn flow(&self) -> FlowKind {
        self.session.flow
    }

    /// The playbook that is followed.
    #[must_use]
    pub fn playbook(&self) -> &Arc<Playbook> {
        &self.session.playbook
    }

    /// The page.
    #[must_use]
    pub fn page(&self) -> &Page {
        &self.session.page
    }

    /// The commit step was performed: the app may have taken the candidate.
    #[must_use]
    pub fn committed(&self) -> bool {
        self.session.committed
    }

    /// Whether the flow may go on so, and if not, why.
    ///
    /// # Errors
    /// With the reason, in words for people.
    pub fn may_go(&self, next: &Next) -> Result<(), String> {
        let (step, committed) = (self.step, self.session.committed);
        if committed && matches!(step.action, Action::Commit(_)) {
            return match next {
                Next::End => Ok(()),
                _ => {
                    Err("the app may have taken the new credential: a fresh login has to find out".to_owned())
                }
            };
        }
        match next {
            Next::Go | Next::End => Ok(()),
            Next::Skip => skippable(&step.action),
            Next::With(playbook) => self.may_follow(playbook),
        }
    }

    fn may_follow(&self, playbook: &Playbook) -> Result<(), String> {
        let (before, id) = (&self.session.playbook, &self.step.id);
        if playbook.app != before.app {
            return Err(format!(
                "it describes the app {}, and this run is about {}",
                playbook.app, before.app
            ));
        }
        let flow = playbook.flows.get(self.session.flow);
        let Some(flow) = flow else { return Err(format!("it has no flow {} any more", self.session.flow)) };
        match find(&flow.steps, id) {
            Some(_) => Ok(()),
            None => Err(format!("it has no step {id} any more, from which to go on")),
        }
    }
}

/// Whether a step may be taken as performed: not where the flow's meaning hangs on it.
fn skippable(action: &Action) -> Result<(), String> {
    let why = match action {
        Action::Commit(_) => "the commit step cannot be skipped: what follows is about its answer",
        Action::Fill { with: Value::Username | Value::Address | Value::Number | Value::Text(_), .. } => {
            return Ok(());
        }
        Action::Fill { .. } => {
            "a step that types a secret cannot be skipped: nothing would be proved without it"
        }
        Action::ReadSecret { .. } | Action::ReadRecoveryCodes { .. } => {
            "what the app shows only once cannot be skipped: it would be lost"
        }
        Action::Expect(Expect { branches, .. })
            if branches.iter().any(|branch| matches!(branch.state, State::End(_))) =>
        {
            "an `expect` that says how the flow ends cannot be skipped: nothing else does"
        }
        _ => return Ok(()),
    };
    Err(format!("{why}; edit the playbook instead"))
}

/// The step of that id, within branches too.
pub(super) fn find<'s>(steps: &'s [Step], id: &str) -> Option<&'s Step> {
    steps.iter().find_map(|step| match &step.action {
        _ if step.id == id => Some(step),
        Action::Expect(expect) => expect.branches.iter().find_map(|branch| find(&branch.then, id)),
        _ => None,
    })
}

/// Whether this is the step of that id, or holds it in a branch.
pub(super) fn holds(step: &Step, id: &str) -> bool {
    find(std::slice::from_ref(step), id).is_some()
}

/// What came of a step that somebody looked on at.
pub(super) enum Watched {
    /// It was performed; for an `expect`, the place of the state that came first.
    Came(Option<usize>),
    Skipped,
    /// The playbook is another one from now on: the walk finds its way to the step of the same id.
    Edited,
}

impl Session<'_> {
    /// Performs a step with somebody looking on, as often as they wish.
    pub(super) async fn watched(&mut self, step: &Step, watch: &dyn Watch) -> Result<Watched, Halt> {
        let mut again = std::mem::take(&mut self.edited);
        let mut failed: Option<Halt> = None;
        let since = Instant::now();
        let mut next = {
            let view = View { session: self, step };
            let answer = watch.before(&view);
            // Whoever wishes the attempt to stop waits for the proof, once the commit step was performed.
            self.unless_stopped(answer).await?.unwrap_or(Next::Go)
        };
        self.took_its_time(since);
        loop {
            let view = View { session: self, step };
            let first = failed.is_none() && matches!(next, Next::Go);
            if !first && view.may_go(&next).is_err() {
                next = Next::End;
            }
            match next {
                Next::Go => {}
                Next::Skip => {
                    self.context.steps.begin(&step.id, step.summary()).skipped("by hand");
                    return Ok(Watched::Skipped);
                }
                Next::With(playbook) => {
                    self.follow(playbook);
                    return Ok(Watched::Edited);
                }
                Next::End => return Err(failed.unwrap_or(Halt::Stopped(StopReason::Cancelled))),
            }
            if again {
                self.pay_for_another_time(step).await?;
            }
            let began = Instant::now();
            let error = match self.try_step(step).await {
                Ok(came) => {
                    let took = began.elapsed();
                    let since = Instant::now();
                    let done = Done { state: state(step, came.branch), notes: came.notes, took };
                    watch.after(&View { session: self, step }, &done).await;
                    self.took_its_time(since);
                    return Ok(Watched::Came(came.branch));
                }
                Err(Halt::Step(error)) => error,
                Err(halt) => return Err(halt),
            };
            let failure = Failure { words: error.error.words(&error.id), took: began.elapsed() };
            next = {
                let view = View { session: self, step };
                let answer = watch.failed(&view, &failure);
                self.unless_stopped(answer).await?.unwrap_or(Next::End)
            };
            // What failed is tried with as much time as before, however long the answer was in coming.
            self.took_its_time(began);
            failed = Some(Halt::Step(error));
            again = true;
        }
    }

    /// An answer; `None` if the attempt was asked to stop instead, which does not count until its commit step has been
    /// answered.
    async fn unless_stopped(&self, answer: impl Future<Output = Next>) -> Result<Option<Next>, Halt> {
        tokio::select! {
            biased;
            next = answer => Ok(Some(next)),
            _ = self.context.stop.wait() => self.context.safe_point().map(|()| None),
        }
    }

    /// The app may count what is sent off another time as another wrong attempt, so it is taken from the budget.
    async fn pay_for_another_time(&self, step: &Step) -> Result<(), Halt> {
        let looks = matches!(
            step.action,
            Action::See(_)
                | Action::Gone(_)
                | Action::Hover(_)
                | Action::Expect(_)
                | Action::ReadSecret { .. }
                | Action::ReadRecoveryCodes { .. }
        );
        if looks || !self.values.sent {
            return Ok(());
        }
        let totp = self.values.totp.as_ref().map(|totp| &totp.held);
        let tried = self.context.begin_try(self.flow, &self.values.password, totp).await?;
        Ok(self.context.vault.end_try(tried, TryResult::Unclear, false).await?)
    }
}

fn state(step: &Step, branch: Option<usize>) -> Option<State> {
    match (&step.action, branch) {
        (Action::Expect(Expect { branches, .. }), Some(branch)) => Some(branches[branch].state.clone()),
        _ => None,
    }
}
