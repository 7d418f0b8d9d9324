//! `expect`.

use super::Reader;
use super::fields::Field;
use super::origins::{is_snake_case, snake_case};
use super::target::LONGEST;
use crate::playbook::Rule;
use crate::playbook::node::{Kind, Node};
use crate::playbook::suggest::{nearest, slip};
use crate::playbook::{Branch, End, Expect, FlowKind, Place, State};

const EXAMPLE: &str = "expect: { signed_in: { role: link, name: Sign out } }";

impl Reader<'_> {
    pub(super) fn expect(&mut self, node: &Node, place: Place, kind: FlowKind, id: &str) -> Option<Expect> {
        if matches!(node.kind, Kind::Null) {
            let missing = Node { kind: Kind::Null, place };
            self.wrong_type(&missing, "`expect`", "a map", EXAMPLE);
            return None;
        }
        let before = self.findings.errors();
        let entries = self.entries(node, "`expect`", EXAMPLE)?;
        let mut timeout = None;
        let mut branches = Vec::new();
        for field in entries {
            if field.name == "timeout" {
                timeout = self.duration(field.value, "`timeout`", LONGEST);
                continue;
            }
            branches.extend(self.branch(field, kind, id));
        }
        if branches.is_empty() && self.findings.errors() == before {
            self.findings
                .error(Rule::Empty, place, "`expect` names no state")
                .label("nothing to wait for")
                .help(format!("write `{EXAMPLE}`"));
        }
        (!branches.is_empty()).then_some(Expect { timeout, branches })
    }

    fn branch(&mut self, field: Field<'_>, kind: FlowKind, id: &str) -> Option<Branch> {
        let what = format!("`{}`", field.name);
        let long = match &field.value.kind {
            Kind::Map(entries) => entries
                .iter()
                .any(|(key, _)| matches!(&key.kind, Kind::Text(key) if key == "see" || key == "then")),
            _ => false,
        };
        let state = self.state(field, long);
        if !long {
            let see = self.target(field.value, field.place, &what);
            return Some(Branch { state: state?, see: see?, then: Vec::new(), place: field.place });
        }
        let example = format!("{}: {{ see: {{ text: … }}, then: [ … ] }}", field.name);
        let fields = self.fields(field.value, field.place, &what, &["see", "then"], &example)?;
        let see = fields
            .need(self, "see", "see: { text: … }")
            .and_then(|node| self.target(node, node.place, "`see`"));
        let then = match fields.field("then") {
            Some(then) => self.steps(then.value, then.place, kind, &format!("{id}.{}", field.name))?,
            None => {
                if let Some(State::Interim(name)) = &state {
                    self.no_then(name, field.place, kind);
                }
                Vec::new()
            }
        };
        Some(Branch { state: state?, see: see?, then, place: field.place })
    }

    /// What a state's name means. An interim state is always in the long form, for it needs `then`.
    fn state(&mut self, field: Field<'_>, long: bool) -> Option<State> {
        let ends = End::ALL.map(End::as_str);
        if let Some(end) = End::parse(field.name) {
            return Some(State::End(end));
        }
        let meant = nearest(field.name, ends);
        if !is_snake_case(field.name) {
            let better = meant.map(str::to_owned).or_else(|| snake_case(field.name));
            self.findings
                .error(Rule::Name, field.place, format!("`{}` is no name for a state", field.name))
                .label("small letters, digits and `_`, beginning with a letter")
                .help(format!("write `{}`", better.as_deref().unwrap_or("code_wanted")));
            return None;
        }
        if !long {
            let name = field.name;
            let help = match meant {
                Some(meant) => format!(
                    "did you mean `{meant}`? A state of your own needs `then`: `{name}: {{ see: …, then: [ … ] }}`"
                ),
                None => format!(
                    "if the flow goes on after it, say how: `{name}: {{ see: …, then: [ … ] }}`; \
                     if it ends here, use an end such as `needs_human` or `app_error`"
                ),
            };
            self.findings
                .error(
                    Rule::UnknownState,
                    field.place,
                    format!("`{name}` is no end, and does not say what to do then"),
                )
                .label("neither ends the flow nor goes on")
                .help(help);
            return None;
        }
        if let Some(meant) = slip(field.name, ends) {
            self.findings
                .warning(
                    Rule::StateLikeEnd,
                    field.place,
                    format!("`{}` is a state of your own, and looks like `{meant}`", field.name),
                )
                .label("the flow goes on after it")
                .help(format!("write `{meant}` if it ends the flow; else a name that is less alike"));
        }
        Some(State::Interim(field.name.to_owned()))
    }

    fn no_then(&mut self, name: &str, place: Place, kind: FlowKind) {
        self.findings
            .error(Rule::MissingKey, place, format!("`{name}` does not say what to do then"))
            .label("`then` is missing here")
            .help(format!(
                "add `then: [ … ]` with the steps to do (`then: []` just goes on behind the `expect`); \
                 a flow ends with a state such as `{}`",
                kind.goal()
            ));
    }
}
