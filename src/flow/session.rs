use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::Instrument as _;

use super::context::Context;
use super::given::Given;
use super::halt::{FailedStep, Halt, StepError};
use super::sent_code::SentCode;
use super::values::{ValueError, Values};
use super::watch::{self, Watched};
use crate::browser::{Guide, Page, PageError, Typed};
use crate::inbox::CodeTicket;
use crate::playbook::{
    Action, Branch, Destination, End, Expect, FlowKind, Key, Playbook, State, Step, Target, Value, find_step,
};
use crate::redact;
use crate::vault::Held;

/// What is said of a commit step that a rehearsal leaves out.
pub(super) const REHEARSED: &str = "it could be performed; the rehearsal ends here";

/// One context with one page in it, and the interpreter that walks flows there.
pub(super) struct Session<'a> {
    pub context: &'a Context<'a>,
    pub page: Page,
    pub values: Values,
    /// What is followed.
    pub playbook: Arc<Playbook>,
    /// The flow that is walked.
    pub flow: FlowKind,
    /// The commit step was performed: the app may have taken the candidate.
    pub committed: bool,
    /// The TOTP secret that was read off the page and written to the ledger.
    pub read_totp: Option<Held>,
    /// The recovery codes that were read off the page and written to the ledger.
    pub read_codes: Option<Held>,
    /// The code that was sent to the account, and what was done since.
    pub sent: SentCode,
    /// The number that codes are sent to, while no other account may have any sent there.
    pub number_held: Option<CodeTicket>,
    /// A mailed link was opened: the addresses of the pages behind it may hold secrets.
    pub link_opened: bool,
    pub(super) until: Instant,
    /// The try that is under way, as the account's budget has it.
    pub(super) tried: Option<i64>,
    /// The playbook was edited, and the next step is the one that failed in the old one.
    pub(super) edited: bool,
}

/// What came of a step that did not fail.
pub(super) enum Walked {
    On,
    Ended(End),
    /// The playbook was edited in this step: the walk goes on in the new one from the step of the same id.
    Edited {
        id: String,
    },
}

/// What came of a step's own work.
pub(super) struct Came {
    /// For an `expect`, the place of the state that came first.
    pub branch: Option<usize>,
    /// What happened beside it.
    pub notes: String,
}

impl<'a> Session<'a> {
    /// A fresh context.
    pub async fn open(context: &'a Context<'a>, values: Values) -> Result<Self, Halt> {
        let mut page = context.pool.page().await?;
        if context.rehearsing {
            page.look_on(redact::tells).await?;
        }
        let playbook = context.playbook();
        page.set_guide(Guide::of(&playbook));
        context.learn(|learnt| learnt.browser_version = Some(page.browser_version().to_owned()));
        Ok(Self {
            context,
            page,
            values,
            playbook,
            flow: FlowKind::Login,
            committed: false,
            read_totp: None,
            read_codes: None,
            sent: SentCode::default(),
            number_held: None,
            link_opened: false,
            until: Instant::now(),
            tried: None,
            edited: false,
        })
    }

    /// Walks a flow to its end.
    pub async fn walk(&mut self, kind: FlowKind) -> Result<End, Halt> {
        // What a login is for is known to whoever has it made.
        if kind != FlowKind::Login {
            self.context.steps.heading(kind.as_str());
        }
        self.flow = kind;
        self.until = Instant::now() + self.playbook.timeouts.flow;
        self.sent = SentCode::default();
        self.number_held = None;
        self.values.begin();
        let mut from = None;
        loop {
            self.context.flow(kind)?;
            let playbook = Arc::clone(&self.playbook);
            // It has it, or `flow` had said so.
            let Some(flow) = playbook.flows.get(kind) else { return Ok(kind.goal()) };
            if flow.sends_texts() && self.number_held.is_none() {
                self.hold_number().await?;
            }
            let end = match self.walk_steps(&flow.steps, from.as_deref()).await? {
                Walked::Ended(end) => end,
                // The checker lets no flow through that has a path without an end.
                Walked::On => kind.goal(),
                Walked::Edited { id } => {
                    from = Some(id);
                    continue;
                }
            };
            // Where the app has done something else than the flow is for, it may have sent a text message all the same.
            let unknown = matches!(end, End::AccountLocked | End::Captcha | End::NeedsHuman | End::AppError);
            if let Some(held) = self.number_held.take_if(|_| !unknown) {
                // No text message was awaited on the way to an end that is known.
                held.settle().await;
            }
            self.number_held = None;
            return Ok(end);
        }
    }

    /// Walks these steps; `from` the one of that id, here or within a branch.
    pub(super) async fn walk_steps(
        &mut self,
        steps: &[Step],
        mut from: Option<&str>,
    ) -> Result<Walked, Halt> {
        for step in steps {
            if let Some(id) = from {
                if !watch::holds(step, id) {
                    continue;
                }
                from = None;
                if step.id != id {
                    // The step is in a branch of this one, whose state was seen.
                    let Action::Expect(Expect { branches, .. }) = &step.action else { continue };
                    let within = |branch: &&Branch| find_step(&branch.then, id).is_some();
                    let Some(branch) = branches.iter().find(within) else { continue };
                    match self.enter(&branch.state, &branch.then, Some(id)).await? {
                        Walked::On => continue,
                        other => return Ok(other),
                    }
                }
            }
            self.sent.note(step);
            match Box::pin(self.walk_step(step)).await? {
                Walked::On => {}
                other => return Ok(other),
            }
        }
        Ok(Walked::On)
    }

    pub(super) async fn walk_step(&mut self, step: &Step) -> Result<Walked, Halt> {
        let branch = match self.context.watch.clone() {
            None => self.try_step(step).await?.branch,
            Some(watch) => match self.watched(step, &*watch).await? {
                Watched::Came(branch) => branch,
                Watched::Skipped => return Ok(Walked::On),
                Watched::Edited => return Ok(Walked::Edited { id: step.id.clone() }),
            },
        };
        match (branch, &step.action) {
            (Some(branch), Action::Expect(expect)) => self.came_to(step, expect, branch).await,
            _ => Ok(Walked::On),
        }
    }

    /// What follows on the state at this place, which the `expect` has seen.
    pub(super) async fn came_to(
        &mut self,
        step: &Step,
        expect: &Expect,
        place: usize,
    ) -> Result<Walked, Halt> {
        let branch = &expect.branches[place];
        let instead = match branch.state {
            State::End(End::CodeRefused) => Box::pin(self.try_next_code(step, &branch.see)).await?,
            State::End(End::NeedsHuman) => {
                let seen_to = Box::pin(self.seen_to(step, expect, place)).await?;
                // Its steps are for what follows on a person's word.
                Some(seen_to.unwrap_or(Walked::Ended(End::NeedsHuman)))
            }
            _ => None,
        };
        match instead {
            Some(walked) => Ok(walked),
            None => self.enter(&branch.state, &branch.then, None).await,
        }
    }

    /// Performs a step once, and logs what came of it.
    pub(super) async fn try_step(&mut self, step: &Step) -> Result<Came, Halt> {
        // Of the level that is always told: what is said meanwhile says of which step.
        let span = tracing::error_span!("step", step = %step.id);
        self.take_step(step).instrument(span).await
    }

    async fn take_step(&mut self, step: &Step) -> Result<Came, Halt> {
        self.context.safe_point()?;
        crate::failpoint::reach(&step.id);
        tracing::debug!(job = %self.context.job.id, step = %step.id, what = %step.action, "step");
        // Mail is awaited before its step begins, so that the log shows the wait as what it is.
        let given = match self.given_to(step).await {
            Ok(given) => given,
            Err(ValueError::Halt(halt)) => return Err(halt),
            Err(ValueError::Step(error)) => {
                let log = self.context.steps.begin(&step.id, step.summary());
                log.failed(error.words(&step.id));
                return Err(self.halted(step, error));
            }
        };
        let log = self.context.steps.begin(&step.id, step.summary());
        let context = self.context;
        let result = tokio::select! {
            result = self.perform(step, &step.action, given.as_ref()) => self.kept_from_sending(step, result).await,
            halt = context.must_stop() => Err(ValueError::Halt(halt)),
        };
        let notes = self.page.take_notes().join("; ");
        match result {
            Ok(branch) => {
                let state = match (&step.action, branch) {
                    (Action::Expect(Expect { branches, .. }), Some(branch)) => {
                        self.state_with_its_sign(&branches[branch].state)
                    }
                    _ => String::new(),
                };
                match (state.is_empty(), notes.is_empty()) {
                    (true, true) => log.ok(),
                    (true, false) => log.ok_with(&notes),
                    (false, true) => log.ok_with(state),
                    (false, false) => log.ok_with(format!("{state}; {notes}")),
                }
                Ok(Came { branch, notes })
            }
            Err(ValueError::Halt(halt)) => {
                if matches!(halt, Halt::Rehearsed { .. }) {
                    let why: Vec<_> = [REHEARSED, &notes].into_iter().filter(|why| !why.is_empty()).collect();
                    log.skipped(why.join("; "));
                }
                Err(halt)
            }
            Err(ValueError::Step(error)) => {
                self.cover_address(&self.page.url());
                error.addresses().for_each(|address| self.cover_address(address));
                log.failed(error.words(&step.id));
                Err(self.halted(step, error))
            }
        }
    }

    /// The state in words; of an end that the flow is not for with what showed it, so that a locator which finds too much
    /// can be told by the log.
    fn state_with_its_sign(&self, state: &State) -> String {
        let found = self.page.found().filter(|found| !found.by.is_empty());
        match (state, found) {
            (State::End(end), Some(found)) if *end != self.flow.goal() => {
                let by: Vec<_> = found.by.iter().map(ToString::to_string).collect();
                let what = watch::guarded(self.flow, &found.what);
                format!("{state}: {what} found by {}", by.join(" and by "))
            }
            _ => state.to_string(),
        }
    }

    /// What follows a state: its own steps, and then the flow's end if it is one. `from` the step of that id.
    async fn enter(&mut self, state: &State, then: &[Step], from: Option<&str>) -> Result<Walked, Halt> {
        let walked = Box::pin(self.walk_steps(then, from)).await?;
        Ok(match (state, walked) {
            (State::End(end), Walked::On) => Walked::Ended(*end),
            (_, walked) => walked,
        })
    }

    /// Follows another playbook from the next step on.
    pub(super) fn follow(&mut self, playbook: Arc<Playbook>) {
        self.page.set_guide(Guide::of(&playbook));
        self.context.follow(Arc::clone(&playbook));
        self.playbook = playbook;
        self.edited = true;
    }

    /// Performs an action; for an `expect`, the place of the state that came first.
    async fn perform(
        &mut self,
        step: &Step,
        action: &Action,
        given: Option<&Given>,
    ) -> Result<Option<usize>, ValueError> {
        match action {
            Action::Open(Destination::Address(address)) => {
                self.values.asked_at = Instant::now();
                let within = self.within(None);
                self.page.open(&address.url, within).await?;
            }
            Action::Open(Destination::MailedLink { .. }) => {
                let Some(Given::Link(link)) = given else {
                    return Err(StepError::NoValue("mailed link").into());
                };
                self.values.asked_at = Instant::now();
                self.open_mailed(link).await?;
            }
            Action::Click(target) => {
                self.values.asked_at = Instant::now();
                let clicked = self.page.click(target, self.within(Some(target))).await;
                self.values.went(&clicked);
                clicked?;
                self.note_early(step);
            }
            Action::Press { key, in_ } => {
                self.values.asked_at = Instant::now();
                let within = self.within(in_.as_ref());
                let pressed = self.page.press(*key, in_.as_ref(), within).await;
                self.values.went(&pressed);
                pressed?;
                self.note_early(step);
            }
            Action::Fill { into, with } => self.fill(into, with, given).await?,
            Action::Check { target, on } => {
                self.page.check(target, *on, self.within(Some(target))).await?;
            }
            Action::Select { target, option } => {
                let within = self.within(Some(target));
                self.page.select(target, option, within).await?;
            }
            Action::Hover(target) => {
                self.page.hover(target, self.within(Some(target))).await?;
            }
            Action::See(target) => {
                let within = self.within(Some(target));
                self.page.first_of(&[target], &target.to_string(), within).await?;
            }
            Action::Gone(target) => {
                self.page.gone(target, self.within(Some(target))).await?;
            }
            Action::Expect(expect) => return self.expect(expect).await.map(Some),
            Action::ReadSecret { sources } => self.read_secret(sources).await?,
            Action::ReadRecoveryCodes { from, count } => self.read_recovery_codes(from, *count).await?,
            // An edited playbook may name another one: no candidate is submitted twice.
            Action::Commit(_) if self.committed => return Err(StepError::CommittedAlready.into()),
            Action::Commit(action) => {
                self.ready(action).await?;
                if self.context.rehearsing {
                    self.is_unanswered(step).await?;
                    return Err(Halt::Rehearsed {
                        step: step.id.clone(),
                        early: self.values.early.clone(),
                        held: self.values.held.clone(),
                    }
                    .into());
                }
                // From here on the app may have taken the candidate, whatever comes back, and also when this is
                // cut off in the middle.
                self.context.doubt();
                self.committed = true;
                if let Err(error) = self.submit_candidates().await {
                    self.committed = false;
                    self.context.doubt_no_more();
                    return Err(error);
                }
                crate::failpoint::reach(&format!("{}.submitted", step.id));
                // A process that was paused here may find that others have taken the account over meanwhile, and have
                // settled that the app does not know the candidate.
                self.context.vault.check_lease().await.map_err(Halt::from)?;
                crate::failpoint::reach(&format!("{}.performing", step.id));
                let performed = Box::pin(self.perform(step, action, given)).await;
                crate::failpoint::reach(&format!("{}.performed", step.id));
                return performed;
            }
        }
        Ok(None)
    }

    /// Waits until the commit step can be performed: a button that is not there, or whose form the browser would not send, is
    /// a page that is not as described, and the app knows nothing of the candidate yet.
    async fn ready(&self, action: &Action) -> Result<(), ValueError> {
        match action {
            Action::Click(target) => self.page.ready_to_send(target, self.within(Some(target))).await?,
            Action::Press { key: Key::Enter, in_: Some(target) } => {
                self.page.ready_for_enter(target, self.within(Some(target))).await?;
            }
            Action::Press { in_: Some(target), .. } | Action::Fill { into: target, .. } => {
                let within = self.within(Some(target));
                self.page.first_of(&[target], &target.to_string(), within).await?;
            }
            _ => {}
        }
        Ok(())
    }

    async fn fill(&mut self, into: &Target, with: &Value, given: Option<&Given>) -> Result<(), ValueError> {
        let within = self.within(Some(into));
        if self.flow == FlowKind::Login && *with == Value::Password && !self.values.typed {
            self.nobody_is_signed_in().await?;
        }
        let account = &self.context.account;
        let typed = match (with, given) {
            (Value::Text(text), _) => Typed::Plain(text),
            (Value::Username, _) => Typed::Plain(&account.username),
            (Value::Address, _) => Typed::Plain(account.address.as_deref().ok_or(StepError::NoAddress)?),
            (Value::Number, _) => Typed::Plain(account.number.as_deref().ok_or(StepError::NoNumber)?),
            (Value::Password | Value::NewPassword, Some(Given::Secret(secret))) => Typed::Password(secret),
            (_, Some(Given::Secret(secret))) => Typed::Secret(secret),
            (_, Some(Given::Link(_)) | None) => return Err(StepError::NoValue("such value").into()),
        };
        let candidate = *with == Value::NewPassword || (*with == Value::Totp && self.read_totp.is_some());
        if candidate {
            self.hold_back();
        }
        self.page.fill(into, typed, within).await?;
        self.values.typed |= with.is_secret();
        // Many a page sends a code off by itself with its last character.
        self.values.sent |= *with == Value::Totp || with.is_sent_code();
        self.values.sent_code_typed |= with.is_sent_code();
        self.values.password_typed |= *with == Value::Password;
        self.values.candidate_typed |= candidate;
        Ok(())
    }

    /// That this took its time is no slowness of the app's.
    pub(super) fn took_its_time(&mut self, since: Instant) {
        self.until += since.elapsed();
    }

    pub(super) fn halted(&self, step: &Step, error: StepError) -> Halt {
        let playbook = &self.playbook;
        let (file, ..) = playbook.warnings.file_of(step.place);
        let place = format!("{file}:{}", step.place.line);
        Halt::Step(Box::new(FailedStep {
            id: step.id.clone(),
            place,
            summary: step.summary(),
            early: self.values.early.clone(),
            held: self.values.held.clone(),
            candidate_typed: self.values.candidate_typed,
            error,
        }))
    }

    /// The time for a step on this target, within the flow's.
    pub(super) fn within(&self, target: Option<&Target>) -> Duration {
        let step = self.playbook.timeouts.step;
        self.bounded(target.and_then(|target| target.timeout).unwrap_or(step))
    }

    pub(super) fn bounded(&self, within: Duration) -> Duration {
        within.min(self.until.saturating_duration_since(Instant::now()))
    }
}

impl From<PageError> for ValueError {
    fn from(error: PageError) -> Self {
        Self::Step(error.into())
    }
}
