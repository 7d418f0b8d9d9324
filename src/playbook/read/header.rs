//! Everything but origins, frames and flows.

use std::time::Duration;

use password_rules_parser::parse_password_rules;
use regex::RegexBuilder;

use super::Reader;
use super::target::LONGEST;
use super::words::OTHER_FLOWS;
use crate::credential::PasswordRules;
use crate::playbook::Rule;
use crate::playbook::node::{Kind, Node};
use crate::playbook::suggest::{listed, meant, nearest};
use crate::playbook::{
    AppName, FlowKind, Interruption, Limits, Lockout, MessagePolicy, Mfa, MfaMethod, PasswordPolicy, Place,
    Timeouts,
};

const RULES: &str = "rules: \"minlength: 12; required: upper; required: digit\"";
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

impl Reader<'_> {
    pub(super) fn app(&mut self, node: &Node) -> Option<AppName> {
        let text = self.text(node, "`app`", "app: acme")?;
        if let Some(name) = AppName::parse(text) {
            return Some(name);
        }
        let better: String = text
            .to_lowercase()
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("-");
        let better = AppName::parse(&better).map_or("acme".to_owned(), |name| name.to_string());
        self.findings
            .error(Rule::AppName, node.place, format!("`{text}` is no name for an app"))
            .label("small letters, digits and `-`, at most 64")
            .help(format!("write `app: {better}`; `title` holds the name as people write it"));
        None
    }

    pub(super) fn password(&mut self, node: &Node, place: Place) -> Option<PasswordPolicy> {
        let example = format!("password: {{ {RULES} }}");
        let fields = self.fields(node, place, "`password`", &["rules"], &example)?;
        let node = fields.need(self, "rules", RULES)?;
        let rules = self.text(node, "`rules`", RULES)?;
        match parse_password_rules(rules, true) {
            Err(error) => {
                let at = error.expectations.iter().map(|at| at.index).max();
                let wanted: Vec<String> = error
                    .expectations
                    .iter()
                    .filter(|expected| Some(expected.index) == at)
                    .map(|expected| match expected.expected {
                        password_rules_parser::error::Expected::Eof => "the end".to_owned(),
                        other => other.to_string().replace('\'', "\""),
                    })
                    .collect();
                let trimmed = rules.trim();
                let rest = at.and_then(|at| trimmed.get(at..)).unwrap_or(trimmed);
                let found = match rest.split([';', ',']).next().map(str::trim) {
                    None | Some("") => "the end".to_owned(),
                    Some(text) => format!("`{text}`"),
                };
                self.findings
                    .error(
                        Rule::PasswordRules,
                        node.place,
                        format!("the password rules break off at {found}"),
                    )
                    .label(if wanted.is_empty() {
                        "not in the `passwordrules` grammar".to_owned()
                    } else {
                        format!("expected there: {}", wanted.join(" or "))
                    })
                    .help(
                        "write rules in the `passwordrules` grammar, separated by `;`: minlength, maxlength, \
                         max-consecutive, required and allowed, with upper, lower, digit, special or [-_!]",
                    );
                None
            }
            Ok(parsed) => {
                if let (Some(least), Some(most)) = (parsed.min_length, parsed.max_length)
                    && least > most
                {
                    self.findings
                        .error(Rule::PasswordRules, node.place, "no password can meet these rules")
                        .label(format!("at least {least} characters, and at most {most}"))
                        .help("make `minlength` no larger than `maxlength`");
                    return None;
                }
                // The generator's own plan proves that there is a password at all.
                let none = match PasswordRules::parse(rules) {
                    Ok(read) => read.satisfiable().err().map(|error| error.to_string()),
                    Err(error) => Some(error.to_string()),
                };
                if let Some(why) = none {
                    self.findings
                        .error(Rule::PasswordRules, node.place, "no password can meet these rules")
                        .label("they contradict each other")
                        .help("loosen one of them, so that a password can meet them all")
                        .note(why);
                    return None;
                }
                Some(PasswordPolicy { rules: rules.to_owned() })
            }
        }
    }

    pub(super) fn mfa(&mut self, node: &Node, place: Place) -> Option<Mfa> {
        let example = "mfa: { methods: [totp] }";
        let fields = self.fields(node, place, "`mfa`", &["methods"], example)?;
        let node = fields.need(self, "methods", "methods: [totp]")?;
        let names = self.texts(node, "`methods`", "methods: [totp]")?;
        let mut methods = Vec::new();
        for name in names {
            if let Some(method) = MfaMethod::parse(&name) {
                if !methods.contains(&method) {
                    methods.push(method);
                }
                continue;
            }
            let meant = nearest(&name, MfaMethod::ALL.map(MfaMethod::as_str));
            self.findings
                .error(
                    Rule::MfaMethod,
                    node.place,
                    format!("`{name}` is no method that Turnlock can turn on"),
                )
                .label("neither `totp`, `email` nor `sms`")
                .help(match meant {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => {
                        "write `methods: [totp]`, or remove `mfa`; a mailed code at login needs no entry here"
                            .to_owned()
                    }
                });
        }
        Some(Mfa { methods })
    }

    /// `mail` or `sms`. Only of a mail do servers say whether it is from whom it claims to be.
    pub(super) fn messages(&mut self, node: &Node, place: Place, by_mail: bool) -> Option<MessagePolicy> {
        let (name, known, example) = if by_mail {
            ("`mail`", &["from", "authenticated", "pattern", "resend"][..], "mail: { from: acme.example }")
        } else {
            ("`sms`", &["from", "pattern", "resend"][..], "sms: { from: ACME }")
        };
        let fields = self.fields(node, place, name, known, example)?;
        let from = match fields.get("from") {
            Some(node) => self.texts(node, "`from`", example)?,
            None => Vec::new(),
        };
        let authenticated = match fields.get("authenticated") {
            Some(node) => self.flag(node, "`authenticated`")?,
            None => false,
        };
        let pattern = match fields.get("pattern") {
            Some(node) => Some(self.code_pattern(node)?),
            None => None,
        };
        let resend = match fields.field("resend") {
            Some(field) => Some(self.target(field.value, field.place, "`resend`")?),
            None => None,
        };
        Some(MessagePolicy { from, authenticated, pattern, resend })
    }

    fn code_pattern(&mut self, node: &Node) -> Option<String> {
        const EXAMPLE: &str = "pattern: 'code: ([0-9]{6})'";
        let text = self.text(node, "`pattern`", EXAMPLE)?;
        // As large as the inbox reads.
        match RegexBuilder::new(text).size_limit(1 << 20).build() {
            Ok(_) if text.len() <= 1000 => Some(text.to_owned()),
            read => {
                let why = read.err().map(|error| error.to_string()).unwrap_or_default();
                let why = why.lines().last().unwrap_or("too long").trim_start_matches("error: ").to_owned();
                self.findings
                    .error(
                        Rule::CodePattern,
                        node.place,
                        "the pattern is no regular expression that can be used",
                    )
                    .label(why)
                    .help(format!("write one such as `{EXAMPLE}`, without look-around and back references"));
                None
            }
        }
    }

    pub(super) fn lockout(&mut self, node: &Node, place: Place) -> Option<Lockout> {
        let example = "lockout: { attempts: 5, window: 15m }";
        let fields =
            self.fields(node, place, "`lockout`", &["attempts", "window", "cleared_by_login"], example)?;
        let attempts = fields
            .need(self, "attempts", "attempts: 5")
            .and_then(|node| self.count(node, "`attempts`", 2, 1000));
        let window =
            fields.need(self, "window", "window: 15m").and_then(|node| self.duration(node, "`window`", WEEK));
        let cleared_by_login = match fields.get("cleared_by_login") {
            Some(node) => self.flag(node, "`cleared_by_login`")?,
            None => false,
        };
        Some(Lockout { attempts: u32::try_from(attempts?).ok()?, window: window?, cleared_by_login })
    }

    pub(super) fn limits(&mut self, node: &Node, place: Place) -> Option<Limits> {
        let example = "limits: { concurrent: 3, per_minute: 30 }";
        let before = self.findings.errors();
        let fields = self.fields(node, place, "`limits`", &["concurrent", "per_minute"], example)?;
        let mut count = |name: &str, most| match fields.get(name) {
            Some(node) => self
                .count(node, &format!("`{name}`"), 1, most)
                .and_then(|number| u32::try_from(number).ok())
                .map(Some),
            None => Some(None),
        };
        let (concurrent, per_minute) = (count("concurrent", 1000), count("per_minute", 6000));
        let limits = Limits { concurrent: concurrent?, per_minute: per_minute? };
        if limits == Limits::default() && self.findings.errors() == before {
            self.findings
                .error(Rule::Empty, place, "`limits` limits nothing")
                .label("neither `concurrent` nor `per_minute`")
                .help(format!("write one of them or both, `{example}`; or remove `limits`"));
        }
        Some(limits)
    }

    pub(super) fn timeouts(&mut self, node: &Node, place: Place) -> Option<Timeouts> {
        let example = "timeouts: { step: 15s, flow: 2m }";
        let fields = self.fields(node, place, "`timeouts`", &["step", "flow"], example)?;
        let step = fields.get("step").map(|node| self.duration(node, "`step`", LONGEST));
        let flow = fields.get("flow").map(|node| self.duration(node, "`flow`", LONGEST));
        let default = Timeouts::default();
        let timeouts =
            Timeouts { step: step.unwrap_or(Some(default.step))?, flow: flow.unwrap_or(Some(default.flow))? };
        if timeouts.flow < timeouts.step {
            self.findings
                .error(Rule::OutOfRange, place, "a flow cannot take less time than one of its steps")
                .label("`flow` is shorter than `step`")
                .help("write a longer `flow` (2m if it is not given), or a shorter `step` (15s)");
        }
        Some(timeouts)
    }

    pub(super) fn interruptions(&mut self, node: &Node) -> Option<Vec<Interruption>> {
        let example = "- see: { text: We use cookies }\n  click: { role: button, name: Accept }";
        let Kind::List(items) = &node.kind else {
            self.wrong_type(node, "`interruptions`", "a list", example);
            return None;
        };
        let mut interruptions = Vec::new();
        for item in items {
            let known = ["see", "click"];
            let Some(fields) = self.fields(item, item.place, "an interruption", &known, example) else {
                continue;
            };
            let see = fields.need(self, "see", "see: { text: We use cookies }");
            let click = fields.need(self, "click", "click: { role: button, name: Accept }");
            let see = see.and_then(|node| self.target(node, node.place, "`see`"));
            let click = click.and_then(|node| self.target(node, node.place, "`click`"));
            if let (Some(see), Some(click)) = (see, click) {
                interruptions.push(Interruption { see, click });
            }
        }
        Some(interruptions)
    }

    /// Whether the app's MFA methods and password rules are there for the flows that need them.
    pub(super) fn needed(&mut self, flow: FlowKind, place: Place, mfa: &Mfa, password: &PasswordPolicy) {
        let method = MfaMethod::ALL.into_iter().find(|method| method.flow() == flow);
        if let Some(method) = method.filter(|method| !mfa.methods.contains(method)) {
            let (label, methods) = match mfa.methods.as_slice() {
                [] => ("no `mfa` in this playbook".to_owned(), method.to_string()),
                given => {
                    let given = given.iter().map(|method| method.as_str());
                    (
                        format!("`mfa` does not name `{method}`"),
                        format!("{}, {method}", given.collect::<Vec<_>>().join(", ")),
                    )
                }
            };
            self.findings
                .error(Rule::MissingKey, place, format!("`{flow}` needs to know the app's methods"))
                .label(label)
                .help(format!("add `mfa: {{ methods: [{methods}] }}` above the flows"));
        }
        if flow.sets_password() && password.rules.is_empty() {
            self.findings
                .error(Rule::MissingKey, place, format!("`{flow}` needs the app's password rules"))
                .label("no `password` in this playbook")
                .help(format!("add `password: {{ {RULES} }}` above the flows"));
        }
    }

    pub(super) fn unknown_flow(&mut self, name: &str, place: Place, known: &[&str]) {
        let meant = meant(name, &OTHER_FLOWS, known.iter().copied());
        let makes_accounts =
            ["signup", "sign_up", "register", "registration", "create_account"].contains(&name);
        self.findings
            .error(Rule::UnknownFlow, place, format!("there is no flow `{name}`"))
            .label("not a flow")
            .help(match meant {
                _ if makes_accounts => {
                    "Turnlock makes no accounts, it keeps those that are there: leave it out; `login` is how they are opened"
                        .to_owned()
                }
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("the flows are {}", listed(known.iter().copied(), "and")),
            });
    }
}
