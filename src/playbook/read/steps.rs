//! Steps.

use super::Reader;
use super::fields::{Fields, glued};
use super::words::{OTHER_VALUES, STEPS, TARGET};
use crate::playbook::Rule;
use crate::playbook::node::{Kind, Node};
use crate::playbook::suggest::{listed, meant, nearest};
use crate::playbook::{
    Action, CodesSource, FlowKind, Key, Place, SecretForm, SecretSource, Step, Target, Value,
};

impl Reader<'_> {
    /// A list of steps; what cannot be read is noted and left out.
    pub(super) fn steps(
        &mut self,
        node: &Node,
        owner: Place,
        kind: FlowKind,
        path: &str,
    ) -> Option<Vec<Step>> {
        let what = format!("`{}`", path.rsplit('.').next().unwrap_or(path));
        let items = match &node.kind {
            Kind::List(items) => items,
            Kind::Map(_) => {
                self.findings
                    .error(
                        Rule::WrongType,
                        node.place,
                        format!("the steps of {what} must be a list, not a map"),
                    )
                    .label("a step, but not in a list")
                    .help(format!("begin every step with `- `: `- {}`", STEPS[0].1));
                return None;
            }
            Kind::Null => {
                self.findings
                    .error(Rule::MissingValue, owner, format!("{what} has no steps"))
                    .label("nothing to do")
                    .help(format!("add steps, each beginning with `- `: `- {}`", STEPS[0].1));
                return None;
            }
            _ => {
                self.wrong_type(node, &what, "a list of steps", &format!("- {}", STEPS[0].1));
                return None;
            }
        };
        let mut steps = Vec::new();
        for (nth, item) in items.iter().enumerate() {
            let id = format!("{path}.{}", nth + 1);
            steps.extend(self.step(item, kind, id));
        }
        Some(steps)
    }

    fn step(&mut self, node: &Node, kind: FlowKind, id: String) -> Option<Step> {
        let entries = match &node.kind {
            Kind::Map(entries) => entries,
            Kind::Text(text) => {
                let glued = STEPS.map(|(name, _)| name).into_iter().find_map(|name| glued(text, name));
                let example = glued.unwrap_or_else(|| example_of(text).to_owned());
                self.findings
                    .error(
                        Rule::Step,
                        node.place,
                        format!("`{}` is no step", text.lines().next().unwrap_or_default()),
                    )
                    .label("a step is a key with a value")
                    .help(format!("write `- {example}`"));
                return None;
            }
            _ => {
                self.wrong_type(node, "a step", "a key with a value", &format!("- {}", STEPS[1].1));
                return None;
            }
        };
        let [(key, value)] = entries.as_slice() else {
            let place = entries.get(1).map_or(node.place, |(key, _)| key.place);
            self.findings
                .error(Rule::Step, place, "a step has exactly one key")
                .label(if entries.is_empty() { "no key" } else { "a second key" })
                .help("begin every step with `- ` on a line of its own; what belongs to a step is indented below it, or in `{ … }` behind it");
            return None;
        };
        let Kind::Text(name) = &key.kind else {
            self.wrong_type(key, "the name of a step", "text", STEPS[1].0);
            return None;
        };
        let action = self.action(name, key.place, value, kind, &id)?;
        Some(Step { action, place: key.place, id })
    }

    fn action(&mut self, name: &str, place: Place, value: &Node, kind: FlowKind, id: &str) -> Option<Action> {
        let what = format!("`{name}`");
        let belongs = match name {
            "commit" => {
                let into = "`enrol_mfa`, `change_password` and `recover`";
                self.belongs(kind.commits(), &what, into, kind, place)
            }
            "read_secret" | "read_recovery_codes" => {
                self.belongs(kind == FlowKind::EnrolMfa, &what, "`enrol_mfa`", kind, place)
            }
            _ => true,
        };
        let target = |reader: &mut Self| reader.target(value, place, &what);
        let action = match name {
            "open" => Action::Open(self.destination(value, place)?),
            "click" => Action::Click(target(self)?),
            "hover" => Action::Hover(target(self)?),
            "see" => Action::See(target(self)?),
            "gone" => Action::Gone(target(self)?),
            "check" | "uncheck" => Action::Check { target: target(self)?, on: name == "check" },
            "fill" => self.fill(value, place, kind)?,
            "select" => {
                let fields = self.step_fields(value, place, name, &["in", "option"])?;
                let target = self.needed_target(&fields, "in");
                let option = fields
                    .need(self, "option", "option: Authenticator app")
                    .and_then(|node| self.text(node, "`option`", "option: Authenticator app"));
                Action::Select { target: target?, option: option?.to_owned() }
            }
            "press" => self.press(value, place)?,
            "expect" => Action::Expect(self.expect(value, place, kind, id)?),
            "read_secret" => self.read_secret(value, place)?,
            "read_recovery_codes" => {
                let fields = self.step_fields(value, place, name, &["from", "download", "count"])?;
                let from = if fields.get("download").is_some() {
                    if let Some(from) = fields.field("from") {
                        let message = "`from` does not go with `download`";
                        self.findings
                            .error(Rule::MisplacedKey, from.place, message)
                            .label("the codes come from one place")
                            .help("name the element that shows them with `from`, or what downloads them with `download`");
                    }
                    self.needed_target(&fields, "download").map(CodesSource::Download)
                } else {
                    self.needed_target(&fields, "from").map(CodesSource::Element)
                };
                let count = match fields.get("count") {
                    Some(node) => Some(self.count(node, "`count`", 1, 1000)?),
                    None => None,
                };
                Action::ReadRecoveryCodes {
                    from: from?,
                    count: count.and_then(|count| usize::try_from(count).ok()),
                }
            }
            "commit" => self.commit(value, place, kind, id)?,
            _ => {
                self.unknown_step(name, place);
                return None;
            }
        };
        belongs.then_some(action)
    }

    fn unknown_step(&mut self, name: &str, place: Place) {
        let names = STEPS.map(|(name, _)| name);
        let help = match (name, nearest(name, names)) {
            ("wait" | "sleep" | "wait_for" | "pause", _) => format!(
                "every step waits by itself; to wait for something in particular, write `- {}`",
                example_of("see")
            ),
            ("type" | "enter" | "input", _) => format!("write `- {}`", example_of("fill")),
            ("goto" | "navigate" | "visit" | "url", _) => format!("write `- {}`", example_of("open")),
            (_, Some(meant)) => format!("did you mean `{meant}`? As in `- {}`", example_of(meant)),
            (_, None) => format!("the steps are {}", listed(names, "and")),
        };
        self.findings
            .error(Rule::UnknownStep, place, format!("there is no step `{name}`"))
            .label("not a step")
            .help(help);
    }

    /// Notes what does not belong into this kind of flow.
    fn belongs(&mut self, does: bool, what: &str, into: &str, kind: FlowKind, place: Place) -> bool {
        if !does {
            self.findings
                .error(Rule::Misplaced, place, format!("{what} belongs into {into}, not into `{kind}`"))
                .label(format!("not in `{kind}`"))
                .help(match what {
                    "`commit`" => {
                        format!("write the step by itself: `{kind}` hands the app no new credential")
                    }
                    "`new_password`" => format!("write `password`: `{kind}` types the current one"),
                    "`password`" => {
                        format!("write `new_password`: `{kind}` is for when no password is known")
                    }
                    _ => "move the step there, or remove it".to_owned(),
                });
        }
        does
    }

    fn step_fields<'n>(
        &mut self,
        node: &'n Node,
        place: Place,
        name: &str,
        known: &[&str],
    ) -> Option<Fields<'n>> {
        if matches!(node.kind, Kind::Null) {
            let missing = Node { kind: Kind::Null, place };
            self.wrong_type(&missing, &format!("`{name}`"), "a map", example_of(name));
            return None;
        }
        self.fields(node, place, &format!("`{name}`"), known, example_of(name))
    }

    fn needed_target(&mut self, fields: &Fields<'_>, name: &str) -> Option<Target> {
        let node = fields.need(self, name, &format!("{name}: {TARGET}"))?;
        let place = fields.field(name).map_or(node.place, |field| field.place);
        self.target(node, place, &format!("`{name}`"))
    }

    fn fill(&mut self, node: &Node, place: Place, kind: FlowKind) -> Option<Action> {
        let fields = self.step_fields(node, place, "fill", &["into", "with"])?;
        let into = self.needed_target(&fields, "into");
        let with_node = fields.need(self, "with", "with: username");
        let with = with_node.and_then(|node| self.value(node));
        match (&with, with_node) {
            (Some(Value::NewPassword), Some(node)) => {
                let into = "`change_password` and `recover`";
                self.belongs(kind.sets_password(), "`new_password`", into, kind, node.place);
            }
            (Some(Value::Password), Some(node)) => {
                let does = kind != FlowKind::Recover;
                self.belongs(does, "`password`", "the other flows", kind, node.place);
            }
            _ => {}
        }
        let (into, with) = (into?, with?);
        if with.is_secret() {
            self.secret_within_origins(&into, &with);
            self.secret_unseen(&into, &with);
            self.password_swapped(&into, &with, kind);
        }
        if let Some(node) = with_node {
            self.literal_password(&into, &with, node);
        }
        Some(Action::Fill { into, with })
    }

    fn value(&mut self, node: &Node) -> Option<Value> {
        if let Kind::Map(_) = node.kind {
            let fields = self.fields(node, node.place, "`with`", &["text"], "{ text: \"…\" }")?;
            let text = fields.need(self, "text", "text: \"…\"")?;
            let text = self.text(text, "`text`", "text: \"…\"")?;
            return Some(Value::Text(text.to_owned()));
        }
        let name = self.text(node, "`with`", "with: username")?;
        let value = Value::parse(name);
        if value.is_none() {
            let help = match meant(name, &OTHER_VALUES, Value::NAMES) {
                Some(meant) => format!("did you mean `{meant}`? A literal is written `{{ text: {name} }}`"),
                None => format!(
                    "write {}; a literal is written `{{ text: {name} }}`, and secrets never stand in a playbook",
                    listed(Value::NAMES, "or")
                ),
            };
            self.findings
                .error(Rule::UnknownValue, node.place, format!("there is no value `{name}`"))
                .label("not a value")
                .help(help);
        }
        value
    }

    /// A secret goes into the main page, whose origin is looked at when it is typed, or into a frame
    /// whose origin is declared.
    fn secret_within_origins(&mut self, into: &Target, secret: &Value) {
        for locator in &into.alternatives {
            let Some(name) = &locator.frame else { continue };
            let bare = |frame: &&crate::playbook::Frame| &frame.name == name && frame.origin.is_none();
            let Some(frame) = self.frames.iter().find(bare) else {
                continue;
            };
            self.findings
                .error(
                    Rule::SecretAnywhere,
                    into.place,
                    format!("`{secret}` would be typed into the frame `{name}`, whoever it comes from"),
                )
                .label(format!("the frame `{name}` declares no origin"))
                .help(format!("name the origin that the frame must have: `{name}: {{ …, origin: app }}`"))
                .note(format!("the frame is declared at line {}", frame.place.line));
        }
    }

    fn press(&mut self, node: &Node, place: Place) -> Option<Action> {
        let fields = self.step_fields(node, place, "press", &["key", "in"])?;
        let in_ = match fields.field("in") {
            Some(field) => Some(self.target(field.value, field.place, "`in`")?),
            None => None,
        };
        let node = fields.need(self, "key", "key: Enter")?;
        let names = Key::ALL.map(Key::as_str);
        let name = self.word(node, "`key`", &names, Rule::UnknownKeyName, "key: Enter")?;
        let key = Key::ALL.into_iter().find(|key| key.as_str() == name)?;
        Some(Action::Press { key, in_ })
    }

    fn read_secret(&mut self, node: &Node, place: Place) -> Option<Action> {
        let forms = [SecretForm::Text, SecretForm::Link, SecretForm::Qr];
        let fields = self.step_fields(node, place, "read_secret", &forms.map(SecretForm::as_str))?;
        let mut sources = Vec::new();
        for how in forms {
            if let Some(field) = fields.field(how.as_str()) {
                let from = self.target(field.value, field.place, &format!("`{}`", field.name));
                sources.extend(from.map(|from| SecretSource { how, from }));
            }
        }
        if fields.is_empty() {
            self.findings
                .error(Rule::MissingKey, place, "`read_secret` does not say what to read")
                .label("from where?")
                .help("add `text:`, `link:` or `qr:` with the element that holds the secret, its `otpauth://` link or its QR picture");
        }
        (!sources.is_empty()).then_some(Action::ReadSecret { sources })
    }

    fn commit(&mut self, node: &Node, place: Place, kind: FlowKind, id: &str) -> Option<Action> {
        let wrapped = match &node.kind {
            Kind::Map(entries) => match entries.as_slice() {
                [(key, value)] => match &key.kind {
                    Kind::Text(name) if matches!(name.as_str(), "click" | "press" | "fill") => {
                        Some((name, key.place, value))
                    }
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        };
        let Some((name, at, value)) = wrapped else {
            let place = if node.place.length > 0 { node.place } else { place };
            self.findings
                .error(Rule::Commit, place, "`commit` wraps one `click`, one `press` or one `fill`")
                .label("none of them")
                .help(format!(
                    "write `- {}` around the step that hands the credential to the app",
                    example_of("commit")
                ));
            return None;
        };
        let action = self.action(name, at, value, kind, id)?;
        match &action {
            Action::Fill { with, .. } => self.committing_fill(with, at, kind),
            Action::Press { key, .. } => self.committing_key(*key, at),
            _ => {}
        }
        Some(Action::Commit(Box::new(action)))
    }

    /// Only keys that send a form off hand the app anything.
    fn committing_key(&mut self, key: Key, place: Place) {
        if !matches!(key, Key::Enter | Key::Space) {
            self.findings
                .error(Rule::Commit, place, format!("{key} commits nothing"))
                .label("sends no form off")
                .help("wrap what hands the credential to the app: the `click` on its button, or `press: { key: Enter, in: … }`");
        }
    }

    /// A page that submits itself is handed the credential by the `fill` that completes it, and by no other.
    fn committing_fill(&mut self, with: &Value, place: Place, kind: FlowKind) {
        let wanted = match kind {
            FlowKind::EnrolMfa => Value::Totp,
            FlowKind::ChangePassword | FlowKind::Recover => Value::NewPassword,
            // The step was told already that it does not belong here.
            _ => return,
        };
        // A password where it does not belong was told already.
        let told = *with == Value::NewPassword || (*with == Value::Password && kind == FlowKind::Recover);
        if *with != wanted && !told {
            self.findings
                .error(Rule::Commit, place, format!("in `{kind}`, no `fill` with `{with}` commits"))
                .label("hands the app no new credential")
                .help(format!(
                    "wrap the `click` or `press` that submits the form; where the page submits itself once it is filled in, wrap the `fill` with `{wanted}`"
                ));
        }
    }
}

fn example_of(name: &str) -> &'static str {
    STEPS.iter().find(|(step, _)| *step == name).map_or(STEPS[1].1, |(_, example)| example)
}
