//! The playbook as a whole.

use std::sync::Arc;

use super::fields::Fields;
use super::passwords::asks_for_secret;
use super::{Declared, Reader};
use crate::playbook::Rule;
use crate::playbook::check::{check_answered, check_flow, check_interruptions};
use crate::playbook::node::{Kind, Node};
use crate::playbook::read_back::check_read_back;
use crate::playbook::{
    Action, Flow, FlowKind, Flows, Interruption, Mfa, MfaMethod, PasswordPolicy, Place, Playbook, Report,
    Template, Timeouts, Value,
};

/// The keys of a playbook, in the order in which it should give them.
pub(in crate::playbook) const KEYS: [&str; 15] = [
    "app",
    "title",
    "extends",
    "params",
    "origins",
    "frames",
    "password",
    "mfa",
    "mail",
    "sms",
    "lockout",
    "limits",
    "timeouts",
    "interruptions",
    "flows",
];

impl Reader<'_> {
    /// Reads all of it. `None` if anything that the tree cannot be without is missing or wrong; the
    /// caller looks at the findings for everything else.
    pub(in crate::playbook) fn playbook(&mut self, node: &Node) -> Option<Playbook> {
        let place = node.place;
        if matches!(node.kind, Kind::Null) {
            self.findings
                .error(Rule::Empty, place, "the playbook is empty")
                .label("nothing here")
                .help("begin with `app: acme`, `title: Acme`, `origins: { app: https://acme.example }` and `flows:` with a `login`");
            return None;
        }
        let example = "app: acme";
        let fields = self.fields(node, place, "a playbook", &KEYS, example)?;
        let app = fields.need(self, "app", "app: acme").and_then(|node| self.app(node));
        if let Some(node) = fields.get("extends") {
            self.text(node, "`extends`", "extends: django-allauth");
        }
        let title = fields
            .need(self, "title", "title: Acme")
            .and_then(|node| self.text(node, "`title`", "title: Acme").map(str::to_owned));
        fields.need(self, "origins", "origins: { app: https://acme.example }");
        if let Some(origins) = fields.field("origins") {
            self.origins(origins.value, origins.place, app.as_ref());
        }
        if let Some(node) = fields.get("frames") {
            self.frames(node);
        }
        let password = fields.field("password").map(|field| self.password(field.value, field.place));
        let mfa = fields.field("mfa").map(|field| self.mfa(field.value, field.place));
        let mail = fields.field("mail").and_then(|field| self.messages(field.value, field.place, true));
        let sms = fields.field("sms").and_then(|field| self.messages(field.value, field.place, false));
        let lockout = fields.field("lockout").and_then(|field| self.lockout(field.value, field.place));
        let limits = fields.field("limits").and_then(|field| self.limits(field.value, field.place));
        let timeouts = fields.field("timeouts").and_then(|field| self.timeouts(field.value, field.place));
        let interruptions = fields.get("interruptions").and_then(|node| self.interruptions(node));
        let flows = self.flows(&fields, password.as_ref(), mfa.as_ref(), interruptions.as_deref());
        self.unused_frames();
        let declared = |origin: Declared| (origin.name, origin.used);
        Some(Playbook {
            name: String::new(),
            hash: String::new(),
            app: app?,
            title: title?,
            parameters: std::mem::take(&mut self.parameters),
            origins: std::mem::take(&mut self.origins).into_iter().map(declared).collect(),
            frames: std::mem::take(&mut self.frames),
            password: password.flatten().unwrap_or_default(),
            mfa: mfa.flatten().unwrap_or_default(),
            mail: mail.unwrap_or_default(),
            sms: sms.unwrap_or_default(),
            lockout,
            limits: limits.unwrap_or_default(),
            timeouts: timeouts.unwrap_or_else(Timeouts::default),
            interruptions: interruptions.unwrap_or_default(),
            flows: flows?,
            warnings: Report::default(),
            template: Arc::new(Template::default()),
        })
    }

    fn flows(
        &mut self,
        fields: &Fields<'_>,
        password: Option<&Option<PasswordPolicy>>,
        mfa: Option<&Option<Mfa>>,
        interruptions: Option<&[Interruption]>,
    ) -> Option<Flows> {
        let example = "flows:\n  login:\n    - open: /login";
        let node = fields.need(self, "flows", "flows: { login: [ … ] }")?;
        let owner = fields.field("flows").map_or(fields.owner, |field| field.place);
        let entries = self.entries(node, "`flows`", example)?;
        let known = FlowKind::ALL.map(FlowKind::as_str);
        let given = |kind: &FlowKind| entries.iter().any(|field| field.name == kind.as_str());
        let setter = FlowKind::ALL.into_iter().filter(|kind| kind.sets_password()).find(given);
        let mut read: [Option<Flow>; 8] = Default::default();
        for field in &entries {
            let Some(nth) = known.iter().position(|name| *name == field.name) else {
                self.unknown_flow(field.name, field.place, &known);
                continue;
            };
            let kind = FlowKind::ALL[nth];
            // What is given but wrong has been noted; asking for it again would only mislead.
            let given = Mfa { methods: MfaMethod::ALL.to_vec() };
            let mfa = mfa.map_or(Mfa::default(), |mfa| mfa.clone().unwrap_or(given));
            let given = PasswordPolicy { rules: "given".to_owned() };
            let password = password.map_or(PasswordPolicy::default(), |read| read.clone().unwrap_or(given));
            self.needed(kind, field.place, &mfa, &password);
            read[nth] = self.flow(field.value, field.place, kind, setter);
        }
        if !entries.iter().any(|field| field.name == "login") {
            self.findings
                .error(Rule::MissingKey, owner, "`flows` lacks `login`")
                .label("`login` is missing here")
                .help("add `login:` and its steps; every other flow begins with it, and it is what proves a credential");
        }
        for flow in read.iter().flatten() {
            let place =
                entries.iter().find(|field| field.name == flow.kind.as_str()).map(|field| field.place);
            if let (Some(login), Some(place), 0) = (&read[0], place, self.findings.errors()) {
                check_answered(flow, login, place, &mut self.findings);
                check_read_back(flow, &mut self.findings);
                check_interruptions(interruptions.unwrap_or_default(), flow, &mut self.findings);
            }
        }
        read.iter().flatten().for_each(|flow| self.open_questions(flow));
        let [login, logout, enrol_mfa, enrol_mfa_email, enrol_mfa_sms, change_password, recover, set_contact] =
            read;
        Some(Flows {
            login: login?,
            logout,
            enrol_mfa,
            enrol_mfa_email,
            enrol_mfa_sms,
            change_password,
            recover,
            set_contact,
        })
    }

    fn flow(&mut self, node: &Node, place: Place, kind: FlowKind, setter: Option<FlowKind>) -> Option<Flow> {
        let before = (self.findings.errors(), self.left_out);
        let steps = self.steps(node, place, kind, kind.as_str())?;
        if steps.is_empty() && (self.findings.errors(), self.left_out) == before {
            self.findings
                .error(Rule::Empty, place, format!("`{kind}` has no steps"))
                .label("nothing to do")
                .help("add steps: `- open: /login`, …; or remove the flow if the app does not have it");
        }
        let flow = Flow { kind, steps };
        // A flow with steps left out would be found to have holes that it does not have.
        if (self.findings.errors(), self.left_out) == before {
            check_flow(&flow, place, setter, &mut self.findings);
            if kind == FlowKind::Login {
                self.names_the_account(&flow);
            }
        }
        Some(flow)
    }

    /// A draft's question that is typed into the app would be sent off to it.
    fn open_questions(&mut self, flow: &Flow) {
        flow.each(&mut |step| {
            let Action::Fill { into, with } = &step.action else { return };
            if with.is_question() {
                self.findings
                    .error(Rule::QuestionOpen, step.place, "a question of the draft is still open")
                    .label(format!("what is typed into {into}?"))
                    .help(if asks_for_secret(into) {
                        "this looks like a secret, and Turnlock keeps none but password and authenticator: see to it in the app that the account is not asked for it; if nothing is to be typed, remove the step"
                    } else {
                        "write what is typed there, `with: { text: … }`; for what differs by account and is no secret declare a parameter under `params`, and write `with: { text: \"${NAME}\" }`; if nothing is to be typed, remove the step"
                    });
            }
        });
    }

    /// Warns of a login that types the same name whoever's account it is for.
    fn names_the_account(&mut self, login: &Flow) {
        let mut fills = Vec::new();
        login.each(&mut |step| {
            if let Action::Fill { with, .. } = &step.action {
                fills.push((with, step.place));
            }
        });
        let named = |with: &Value| matches!(with, Value::Username | Value::Address | Value::Number);
        // What the account gives for a parameter is its own.
        let own = |text: &str| self.values.values().any(|value| text.contains(value.as_str()));
        if fills.iter().any(|(with, _)| named(with)) {
            return;
        }
        let fixed = fills.iter().find(|(with, _)| matches!(with, Value::Text(text) if !own(text)));
        let (place, label) = match fixed {
            Some((text, place)) => {
                (*place, format!("{text} is the same for every account, and `username` is never typed"))
            }
            None => {
                // An address or a click may say whose account it is, by what the account gives.
                let mut told = false;
                login.each(&mut |step| told |= own(&step.summary()));
                let typed = fills.iter().find(|(with, _)| **with == Value::Password).filter(|_| !told);
                let Some((_, place)) = typed else { return };
                (*place, "the password is typed, and `username` never is".to_owned())
            }
        };
        self.findings
            .warning(Rule::AccountUnnamed, place, "`login` says nothing of whose account it opens")
            .label(label)
            .help("write `with: username` where the account's name is typed; each account has its own. An app that has one account and asks for no name needs none");
    }
}
