//! Whether a flow is sound, on every path through it, before anything runs.
//!
//! The walker carries the set of situations that a flow can be in. A step changes each of them; an
//! `expect` lets each go down every branch. There are only 2⁹ situations, so that a flow with many
//! branches takes no longer to check than it takes to read.

use std::collections::BTreeSet;

use super::alike::may_be_same;
use super::findings::Findings;
use super::{
    Action, Branch, Destination, End, Expect, Flow, FlowKind, Interruption, Key, Place, Rule, State, Step,
    Value,
};

/// What has happened on a path so far.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Situation {
    /// A page is open.
    opened: bool,
    /// Something happened on which the app may have mailed a code or a link.
    asked: bool,
    /// A credential was typed, or a mailed link opened.
    proved: bool,
    /// The current password was typed.
    password: bool,
    /// What the app mailed was typed or opened.
    mailed: bool,
    /// The new password was typed.
    new_password: bool,
    /// The TOTP secret was read.
    secret: bool,
    /// A code of the TOTP secret was typed.
    code: bool,
    /// The commit step was done.
    committed: bool,
}

/// Checks the paths of a flow whose key is at `place`. `setter` is the flow of its playbook that sets a password, if one does.
pub(super) fn check_flow(flow: &Flow, place: Place, setter: Option<FlowKind>, findings: &mut Findings) {
    let mut seen = Seen::default();
    seen.steps(&flow.steps);
    let mut walker = Walker { kind: flow.kind, setter, seen, findings, reaches_goal: false };
    let start = Situation {
        opened: !flow.kind.starts_fresh(),
        asked: false,
        proved: false,
        password: false,
        mailed: false,
        new_password: false,
        secret: false,
        code: false,
        committed: false,
    };
    let before = walker.findings.errors();
    let left = walker.steps(&flow.steps, BTreeSet::from([start]));
    if let (false, Some(last)) = (left.is_empty(), flow.steps.last()) {
        walker.no_end(last);
    }
    if walker.findings.errors() == before {
        walker.outcomes(place);
    }
    if !walker.reaches_goal && walker.findings.errors() == before {
        let (kind, goal) = (flow.kind, flow.kind.goal());
        findings
            .error(Rule::GoalMissing, place, format!("`{kind}` can never end `{goal}`"))
            .label(format!("no path of it ends `{goal}`"))
            .help(format!("name what the app shows then in an `expect`: `{goal}: {{ text: … }}`"));
    }
}

/// Warns of a login that does not answer the challenge that a flow, whose key is at `place`, has the app make from then on.
pub(super) fn check_answered(flow: &Flow, login: &Flow, place: Place, findings: &mut Findings) {
    let answer = match flow.kind {
        FlowKind::EnrolMfa => Value::Totp,
        FlowKind::EnrolMfaEmail => Value::EmailCode,
        FlowKind::EnrolMfaSms => Value::SmsCode,
        _ => return,
    };
    let mut seen = Seen::default();
    seen.steps(&login.steps);
    let linked = answer == Value::EmailCode && seen.opens_mail;
    if seen.types(&answer) || linked {
        return;
    }
    let kind = flow.kind;
    findings
        .warning(Rule::CodeUnanswered, place, format!("`login` does not answer what `{kind}` turns on"))
        .label(format!("after it the app asks for a code, and `login` never fills `{answer}`"))
        .help(format!(
            "say in `login` what shows that a code is wanted: `code_wanted: {{ see: {{ label: Code }}, then: [{{ fill: {{ into: {{ label: Code }}, with: {answer} }} }}, …] }}`"
        ));
}

/// What is typed and how it may end, anywhere in a flow.
#[derive(Default)]
struct Seen {
    typed: Vec<Value>,
    ends: BTreeSet<End>,
    /// A mailed link is opened.
    opens_mail: bool,
    /// What the commit steps do.
    commits: Vec<Action>,
}

impl Seen {
    fn types(&self, value: &Value) -> bool {
        self.typed.contains(value)
    }

    fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            self.action(&step.action);
        }
    }

    fn action(&mut self, action: &Action) {
        match action {
            Action::Fill { with, .. } => self.typed.push(with.clone()),
            Action::Open(Destination::MailedLink { .. }) => self.opens_mail = true,
            Action::Commit(action) => {
                self.commits.push((**action).clone());
                self.action(action);
            }
            Action::Expect(expect) => {
                for branch in &expect.branches {
                    if let State::End(end) = branch.state {
                        self.ends.insert(end);
                    }
                    self.steps(&branch.then);
                }
            }
            _ => {}
        }
    }
}

/// Whether both may click the same.
fn same_click(early: &Action, commit: &Action) -> bool {
    matches!((early, commit), (Action::Click(early), Action::Click(commit)) if may_be_same(early, commit))
}

/// Warns of an interruption that clicks what the commit step of a flow clicks: it may come at any step before.
pub(super) fn check_interruptions(interruptions: &[Interruption], flow: &Flow, findings: &mut Findings) {
    let mut seen = Seen::default();
    seen.steps(&flow.steps);
    let kind = flow.kind;
    for Interruption { click, .. } in interruptions {
        let early = Action::Click(click.clone());
        if seen.commits.iter().any(|commit| same_click(&early, commit)) {
            findings
                .warning(
                    Rule::CommitLate,
                    click.place,
                    format!("this interruption clicks what the commit step of `{kind}` clicks"),
                )
                .label("clicked whenever it shows, also before the commit step")
                .help("name the button of what lies over the page alone: `within: …` it, or `exact: true`");
        }
    }
}

struct Walker<'f> {
    kind: FlowKind,
    setter: Option<FlowKind>,
    seen: Seen,
    findings: &'f mut Findings,
    reaches_goal: bool,
}

type Situations = BTreeSet<Situation>;

impl Walker<'_> {
    /// The situations behind these steps; none if every path has ended.
    fn steps(&mut self, steps: &[Step], mut now: Situations) -> Situations {
        for step in steps {
            if now.is_empty() {
                self.findings
                    .error(Rule::Unreachable, step.place, "this step is never reached")
                    .label("every path has ended before it")
                    .help("move it before the `expect`, or into the `then` of a state after which the flow goes on");
                break;
            }
            now = now.into_iter().map(|situation| self.open(step, situation)).collect();
            now = match &step.action {
                Action::Expect(expect) => self.expect(expect, &now),
                action => now.into_iter().map(|situation| self.step(action, step.place, situation)).collect(),
            };
        }
        now
    }

    /// Every step but `open` needs a page.
    fn open(&mut self, step: &Step, now: Situation) -> Situation {
        if !now.opened && !matches!(step.action, Action::Open(_)) {
            let kind = self.kind;
            self.findings
                .error(
                    Rule::NothingOpen,
                    step.place,
                    format!("`{kind}` begins in a fresh browser: no page is open yet"),
                )
                .label("on which page?")
                .help("begin with `- open: /login`");
        }
        Situation { opened: true, ..now }
    }

    fn step(&mut self, action: &Action, place: Place, mut now: Situation) -> Situation {
        match action {
            Action::Open(Destination::MailedLink { .. }) => self.mailed_link(place, &mut now),
            Action::Open(Destination::Address(_)) => now.asked = true,
            Action::Click(_) | Action::Press { .. } => {
                self.late(action, place, &now);
                now.asked = true;
            }
            Action::Fill { with, .. } => self.fill(with, place, &mut now),
            Action::ReadSecret { .. } => {
                if now.secret {
                    self.findings
                        .error(Rule::SecretTwice, place, "the secret has been read before on this path")
                        .label("read a second time")
                        .help("keep one; if the secret shows in several forms, give them to one step: `read_secret: { text: …, qr: … }`");
                }
                now.secret = true;
            }
            Action::Commit(step) => {
                if let Action::Fill { with, .. } = &**step {
                    now.proved = true;
                    now.new_password |= *with == Value::NewPassword;
                }
                self.commit(place, &mut now);
            }
            _ => {}
        }
        now
    }

    fn mailed_link(&mut self, place: Place, now: &mut Situation) {
        if !now.asked {
            self.findings
                .error(Rule::BeforeSet, place, "`email_link` is opened before anything asked for it")
                .label("no link is on its way")
                .help("put the `open`, `click` or `press` that makes the app mail the link before this step");
        }
        now.asked = true;
        now.proved = true;
        now.mailed = true;
    }

    fn fill(&mut self, with: &Value, place: Place, now: &mut Situation) {
        now.proved |= with.is_secret();
        now.password |= *with == Value::Password;
        now.code |= *with == Value::Totp;
        now.mailed |= with.is_sent_code();
        match with {
            Value::NewPassword if now.committed => {
                self.findings
                    .error(Rule::AfterCommit, place, "the new password is typed after the commit step")
                    .label("too late: the app may have taken it already")
                    .help("fill it before `commit`; `commit` wraps the step that hands it to the app");
            }
            Value::NewPassword => now.new_password = true,
            Value::Totp if self.kind == FlowKind::EnrolMfa && !now.secret => {
                self.findings
                    .error(Rule::BeforeSet, place, "`totp` is typed before its secret was read")
                    .label("a code of which secret?")
                    .help("put `- read_secret: { text: … }` before this step");
            }
            Value::EmailCode | Value::SmsCode if !now.asked => {
                self.findings
                    .error(Rule::BeforeSet, place, format!("`{with}` is typed before anything asked for it"))
                    .label("no code is on its way")
                    .help("put the `open`, `click` or `press` that makes the app send the code before this step");
            }
            _ => {}
        }
    }

    /// Warns of a step that may hand the app the credential before the commit step does: a rehearsal would perform it.
    fn late(&mut self, action: &Action, place: Place, now: &Situation) {
        let typed = (self.kind.sets_password() && now.new_password) || (now.secret && now.code);
        if now.committed || !typed {
            return;
        }
        let (message, label, help) = match action {
            Action::Press { key: Key::Enter, .. } => (
                "Enter is pressed on the filled form before the commit step",
                "most forms are sent off by it",
                "if it sends the form, it is the commit step: `- commit: { press: { key: Enter, in: … } }`; if not, click what leads on instead",
            ),
            Action::Click(_) if self.seen.commits.iter().any(|commit| same_click(action, commit)) => (
                "this may click what the commit step clicks, before it",
                "if it is the same button, the app has the credential from here on",
                "if this sends the form, it is the commit step: wrap this one, `- commit: { click: … }`; if it is another button, tell the two apart (`exact: true`, `within`)",
            ),
            _ => return,
        };
        self.findings.warning(Rule::CommitLate, place, message).label(label).help(help);
    }

    fn commit(&mut self, place: Place, now: &mut Situation) {
        now.asked = true;
        if now.committed {
            self.findings
                .error(Rule::CommitTwice, place, "a path through this flow commits twice")
                .label("committed before, on the way here")
                .help("keep `commit` around the one step after which the app has the credential; write the other as a plain `click` or `press`");
        } else if self.kind.sets_password() && !now.new_password {
            self.findings
                .error(Rule::BeforeSet, place, "the commit step comes before the new password was typed")
                .label("what would the app take?")
                .help("put `- fill: { into: { label: New password }, with: new_password }` before this step");
        } else if self.kind == FlowKind::EnrolMfa && !now.secret {
            self.findings
                .error(Rule::BeforeSet, place, "the commit step comes before the secret was read")
                .label("the app would ask for codes that nobody can make")
                .help("put `- read_secret: { text: … }` before this step");
        } else if self.kind == FlowKind::Recover && !now.mailed {
            self.findings
                .error(Rule::RecoversNothing, place, "the commit step comes before the mailed code or link was used")
                .label("how would the app know that the account's owner asks?")
                .help("put `- open: email_link` or `- fill: { into: { label: Code }, with: email_code }` before this step");
        }
        now.committed = true;
    }

    fn expect(&mut self, expect: &Expect, now: &Situations) -> Situations {
        let mut on = Situations::new();
        for (nth, branch) in expect.branches.iter().enumerate() {
            if let Some(earlier) =
                expect.branches[..nth].iter().find(|earlier| earlier.see.covers(&branch.see))
            {
                self.never_comes(branch, earlier);
            }
            match branch.state {
                State::Interim(_) => on.extend(self.steps(&branch.then, now.clone())),
                State::End(end) => self.end(end, branch, now.clone()),
            }
        }
        on
    }

    fn never_comes(&mut self, branch: &Branch, earlier: &Branch) {
        let (state, first) = (&branch.state, &earlier.state);
        let same = branch.see.alternatives.iter().all(|each| earlier.see.alternatives.contains(each));
        let (label, help) = if same {
            (
                format!("`{first}` above has the same locator, and the one further up counts"),
                "name what shows in this state alone".to_owned(),
            )
        } else {
            (
                format!(
                    "`{first}` above is found in it, too ({}), and the one further up counts",
                    earlier.see
                ),
                format!(
                    "put `{state}` above `{first}`, or name for `{first}` what shows in that state alone"
                ),
            )
        };
        self.findings
            .error(Rule::Unreachable, branch.see.place, format!("`{state}` never comes"))
            .label(label)
            .help(help);
    }

    fn end(&mut self, end: End, branch: &Branch, now: Situations) {
        let kind = self.kind;
        if !kind.may_end(end) {
            let goal = kind.goal();
            self.findings
                .error(Rule::EndUnfit, branch.place, format!("`{kind}` cannot end `{end}`"))
                .label("belongs to another flow")
                .help(format!(
                    "`{kind}` succeeds with `{goal}`; for a state after which it goes on, choose a name of your own and `then`"
                ));
            return;
        }
        for step in &branch.then {
            if matches!(step.action, Action::Expect(_)) {
                self.findings
                    .error(Rule::ExpectInEnd, step.place, format!("the flow ends `{end}` here, whatever this `expect` finds"))
                    .label(format!("within the `then` of `{end}`"))
                    .help("give the outer state a name of its own (`page_shown`) and the end to this `expect`; to wait for something, use `see`");
                return;
            }
        }
        let now = self.steps(&branch.then, now);
        if end != kind.goal() {
            return;
        }
        self.reaches_goal = true;
        if kind.commits() && now.iter().any(|situation| !situation.committed) {
            self.findings
                .error(Rule::CommitMissing, branch.place, format!("a path ends `{end}` without a commit step"))
                .label("nothing was committed on the way here")
                .help("wrap the step after which the app has the new credential: `- commit: { click: { role: button, name: … } }`");
        }
        if kind.proves_contact() && now.iter().any(|situation| !situation.mailed) {
            self.findings
                .error(Rule::ContactUnproved, branch.place, format!("a path ends `{end}` without what the app sent"))
                .label("whether the account gets the app's messages is not known here")
                .help("use it on the way here: `- fill: { into: { label: Code }, with: email_code }` (or `sms_code`), or `- open: email_link`");
        }
        if kind == FlowKind::Login && now.iter().any(|situation| !situation.proved) {
            self.findings
                .error(Rule::ProvesNothing, branch.place, format!("a path ends `{end}` without typing a credential"))
                .label("a login like this would prove any password right")
                .help(match self.setter {
                    // Nothing else would do: another flow sets the password.
                    Some(_) => "fill `password` on the way here: `- fill: { into: { label: Password }, with: password }`",
                    None => "fill `password` on the way here: `- fill: { into: { label: Password }, with: password }`; where the app wants none, `email_code` or `sms_code`, or open `email_link`",
                });
        } else if let Some(setter) =
            self.setter.filter(|_| kind == FlowKind::Login && now.iter().any(|situation| !situation.password))
        {
            self.findings
                .error(Rule::PasswordUnproved, branch.place, format!("a path ends `{end}` without typing the password, which `{setter}` sets"))
                .label("a login like this would prove any new password right")
                .help(format!(
                    "fill `password` on the way here: `- fill: {{ into: {{ label: Password }}, with: password }}`; where the app can be opened without it, `{setter}` cannot be proved: remove that flow"
                ));
        }
    }

    /// Warns of what an app may well say, and no `expect` names: it would be waited for in vain.
    fn outcomes(&mut self, place: Place) {
        let seen = &self.seen;
        let kind = self.kind;
        let wanted = [
            (
                kind == FlowKind::Login && seen.types(&Value::Password),
                End::BadCredentials,
                "a wrong password",
            ),
            (
                seen.types(&Value::Totp) || seen.types(&Value::EmailCode) || seen.types(&Value::SmsCode),
                End::CodeRefused,
                "a wrong code",
            ),
            (kind.sets_password(), End::PasswordRefused, "a password that does not meet its rules"),
        ];
        for (asked, end, what) in wanted {
            if asked && kind.may_end(end) && !seen.ends.contains(&end) {
                self.findings
                    .warning(Rule::OutcomeMissing, place, format!("`{kind}` does not name what the app says to {what}"))
                    .label(format!("no `expect` names `{end}`"))
                    .help(format!(
                        "add `{end}: {{ text: … }}` to the `expect` behind it; without it the job waits in vain, ends as `page_not_as_described`, and a person has to look"
                    ));
            }
        }
    }

    fn no_end(&mut self, last: &Step) {
        let goal = self.kind.goal();
        let kind = self.kind;
        let on: Vec<&str> = match &last.action {
            Action::Expect(expect) => expect
                .branches
                .iter()
                .filter_map(|branch| match &branch.state {
                    State::Interim(name) => Some(name.as_str()),
                    State::End(_) => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        let (label, help) = if on.is_empty() {
            (
                "the last step".to_owned(),
                format!("finish with `- expect:` and the states it may end in: `{goal}: {{ text: … }}`, …"),
            )
        } else {
            (
                format!("goes on after {}", super::suggest::listed(on, "and")),
                format!(
                    "put a further `expect` behind this one or into that `then`, naming how it ends: `{goal}: {{ text: … }}`"
                ),
            )
        };
        self.findings
            .error(Rule::NoEnd, last.place, format!("`{kind}` does not say how it ends"))
            .label(label)
            .help(help);
    }
}
