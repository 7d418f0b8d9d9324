//! Looking on while a flow is walked, and saying how it goes on where a step fails.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::codelike::without_what_may_be_secret;
use super::evidence;
use super::halt::Halt;
use super::rehearsal::held_words;
use super::session::{REHEARSED, Session};
use crate::browser::{Found, Page, Tried};
use crate::playbook::{Action, Expect, FlowKind, Playbook, State, Step, Target, Value, find_step};
use crate::redact::redact;
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
    /// The element that was found, and by which locators; without secrets.
    pub found: Option<Found>,
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
    /// Keeps a screenshot and a page snapshot under this name among the attempt's evidence, with every secret covered;
    /// gives the screenshot's path.
    ///
    /// # Errors
    /// In words, if the page gives none or it cannot be written.
    pub async fn keep(&self, name: &str) -> Result<PathBuf, String> {
        evidence::keep_as(self.session, name, &[]).await
    }

    /// What a target names now, without waiting for it, and a screenshot with the elements outlined; no secret is in
    /// either.
    ///
    /// # Errors
    /// In words, if the page does not tell.
    pub async fn try_target(
        &self,
        target: &Target,
        name: &str,
    ) -> Result<(Tried, Result<PathBuf, String>), String> {
        let tried = self.page().try_target(target).await;
        let mut tried = tried.map_err(|error| self.guarded(&error.to_string()))?;
        for element in &mut tried.elements {
            element.name = self.guarded(&element.name);
            element.what = self.guarded(&element.what);
        }
        let seen = tried.elements.iter().filter(|element| element.seen);
        let boxes: Vec<_> = seen.map(|element| element.r#box).collect();
        let picture = evidence::keep_as(self.session, name, &boxes).await;
        Ok((tried, picture))
    }

    /// The words without secrets: neither those that are known nor, where MFA is turned on, what could be one that was
    /// not read.
    fn guarded(&self, words: &str) -> String {
        guarded(self.flow(), words)
    }

    /// What the step waits for, in words; `None` if it waits for nothing on the page.
    #[must_use]
    pub fn awaits(&self) -> Option<String> {
        let step = self.session.playbook.timeouts.step;
        let target = |target: &Target, what: &str| {
            let within = target.timeout.unwrap_or(step);
            format!("waits up to {} s for {target}{what}", within.as_secs())
        };
        awaits(&self.step.action, step, &target)
    }

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
        if find_step(&flow.steps, id).is_none() {
            return Err(format!("it has no step {id} any more, from which to go on"));
        }
        if !self.session.committed && commits_before(&flow.steps, id) {
            return Err(format!("its commit step stands before {id}, and was not performed"));
        }
        self.of_account(playbook).map(drop)
    }

    /// The playbook with the account's parameters in their places, as a job follows it.
    fn of_account(&self, playbook: &Playbook) -> Result<Playbook, String> {
        let account = &self.session.context.account;
        playbook.for_account(&account.params).map_err(|report| report.to_string())
    }
}

/// Whether whoever goes on from the step of that id has passed a commit step.
fn commits_before(steps: &[Step], id: &str) -> bool {
    for step in steps {
        match &step.action {
            _ if step.id == id => return false,
            Action::Expect(expect) => {
                if let Some(branch) =
                    expect.branches.iter().find(|branch| find_step(&branch.then, id).is_some())
                {
                    return commits_before(&branch.then, id);
                }
            }
            Action::Commit(_) => return true,
            _ => {}
        }
    }
    false
}

fn awaits(action: &Action, step: Duration, target: &dyn Fn(&Target, &str) -> String) -> Option<String> {
    Some(match action {
        Action::Open(_) | Action::Press { in_: None, .. } => return None,
        Action::Click(at) | Action::Check { target: at, .. } => {
            target(at, " to be visible, still and enabled, and to receive the click")
        }
        Action::Fill { into: at, .. } => target(at, " to be visible and editable"),
        Action::Select { target: at, .. } | Action::Press { in_: Some(at), .. } => {
            target(at, " to be enabled")
        }
        Action::Hover(at) => target(at, " to be visible and still"),
        Action::See(at) => target(at, " to be visible"),
        Action::ReadRecoveryCodes { from, .. } => target(from.target(), " to be visible"),
        Action::Gone(at) => target(at, " to go"),
        Action::ReadSecret { sources } => {
            let within = sources.iter().find_map(|source| source.from.timeout).unwrap_or(step);
            let forms = sources.iter().map(|source| format!("{}: {}", source.how.as_str(), source.from));
            let forms: Vec<_> = forms.collect();
            format!("waits up to {} s for the first of\n  {}", within.as_secs(), forms.join("\n  "))
        }
        Action::Expect(expect) => {
            let within = expect.timeout.unwrap_or(step);
            let states = expect.branches.iter().map(|branch| format!("{}: {}", branch.state, branch.see));
            let states: Vec<_> = states.collect();
            format!("waits up to {} s for the first of\n  {}", within.as_secs(), states.join("\n  "))
        }
        Action::Commit(action) => return awaits(action, step, target),
    })
}

/// The words without secrets: neither those that are known nor, where MFA is turned on, what could be one that was
/// not read.
pub(super) fn guarded(flow: FlowKind, words: &str) -> String {
    let words = if flow.enrols() { without_what_may_be_secret(words) } else { words.to_owned() };
    redact(&words).into_owned()
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
        // With it goes all that it would have led to.
        Action::Expect(Expect { branches, .. }) => {
            let mut within = branches.iter().flat_map(|branch| &branch.then);
            return within.try_for_each(|step| skippable(&step.action));
        }
        _ => return Ok(()),
    };
    Err(format!("{why}; edit the playbook instead"))
}

/// Whether this is the step of that id, or holds it in a branch.
pub(super) fn holds(step: &Step, id: &str) -> bool {
    find_step(std::slice::from_ref(step), id).is_some()
}

/// So long an answer may take for nothing to have changed.
const MOMENT: Duration = Duration::from_secs(5);

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
        let edited = std::mem::take(&mut self.edited);
        let mut again = edited;
        let mut failed: Option<Halt> = None;
        let since = Instant::now();
        let mut next = {
            let view = View { session: self, step };
            let answer = watch.before(&view);
            // Whoever wishes the attempt to stop waits for the proof, once the commit step was performed.
            self.unless_stopped(answer).await?.unwrap_or(Next::Go)
        };
        self.took_its_time(since);
        self.keep_number(since).await?;
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
                    let Ok(of_account) = view.of_account(&playbook) else {
                        return Err(failed.unwrap_or(Halt::Stopped(StopReason::Cancelled)));
                    };
                    self.follow(Arc::new(of_account));
                    return Ok(Watched::Edited);
                }
                Next::End => return Err(failed.unwrap_or(Halt::Stopped(StopReason::Cancelled))),
            }
            // Whoever was kept waiting may have lost the account meanwhile.
            self.context.vault.check_lease().await.map_err(Halt::from)?;
            if edited && looks(step) {
                // What an edited playbook does next is yet to come.
                self.edited = true;
            } else if again {
                self.pay_for_another_time(step).await?;
            }
            let began = Instant::now();
            self.page.forget_found();
            let error = match self.try_step(step).await {
                Ok(came) => {
                    let done = self.done(began.elapsed(), state(step, came.branch), came.notes);
                    let since = Instant::now();
                    watch.after(&View { session: self, step }, &done).await;
                    self.took_its_time(since);
                    return Ok(Watched::Came(came.branch));
                }
                Err(halt @ Halt::Rehearsed { .. }) => {
                    let notes = format!("{REHEARSED}{}", held_words(&self.values.held));
                    let done = self.done(began.elapsed(), None, notes);
                    watch.after(&View { session: self, step }, &done).await;
                    return Err(halt);
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
            self.keep_number(began).await?;
            failed = Some(Halt::Step(error));
            again = true;
        }
    }

    fn done(&self, took: Duration, state: Option<State>, notes: String) -> Done {
        let found = self.page.found().map(|found| Found { what: guarded(self.flow, &found.what), ..found });
        Done { state, found, notes, took }
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

    /// The account's number is held for a flow's time, and somebody may have thought for longer.
    async fn keep_number(&mut self, since: Instant) -> Result<(), Halt> {
        if self.number_held.is_some() && since.elapsed() > MOMENT {
            self.hold_number().await?;
        }
        Ok(())
    }

    /// The app may count what is sent off another time as another wrong attempt, so it is taken from the budget.
    async fn pay_for_another_time(&self, step: &Step) -> Result<(), Halt> {
        if looks(step) || !self.values.sent {
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

/// Whether a step sends nothing off.
fn looks(step: &Step) -> bool {
    matches!(
        step.action,
        Action::See(_)
            | Action::Gone(_)
            | Action::Hover(_)
            | Action::Expect(_)
            | Action::ReadSecret { .. }
            | Action::ReadRecoveryCodes { .. }
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::playbook::{OriginOverrides, parse};

    const LOGIN: &str = "
app: test
title: Test
origins: { app: https://test.example }
flows:
  login:
    - open: /login
    - expect:
        form_shown:
          see: { label: Password }
          then:
            - fill: { into: { label: Password }, with: password }
            - click: { role: button, name: Sign in }
            - expect: { signed_in: { text: Welcome }, bad_credentials: { text: Wrong } }
        news_shown:
          see: { text: News }
          then:
            - click: { role: button, name: Skip }
            - fill: { into: { label: Password }, with: password }
            - expect: { signed_in: { text: Welcome }, bad_credentials: { text: Wrong } }
";

    /// With a step goes all that it would have led to.
    #[test]
    fn what_leads_to_a_secret_or_an_end_is_never_skipped() {
        let playbook = parse("test.yaml", LOGIN, &OriginOverrides::new()).unwrap();
        let steps = &playbook.flows.login.steps;
        assert!(skippable(&find_step(steps, "login.1").unwrap().action).is_ok());
        assert!(skippable(&find_step(steps, "login.2").unwrap().action).is_err());
        assert!(skippable(&find_step(steps, "login.2.news_shown.1").unwrap().action).is_ok());
    }
}
