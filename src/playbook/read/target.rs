//! Targets: a locator, or a list of alternatives.

use std::time::Duration;

use super::Reader;
use super::words::TARGET;
use crate::playbook::Rule;
use crate::playbook::node::{Kind, Node};
use crate::playbook::{Place, Target};

/// The longest wait that a playbook may ask for.
pub(super) const LONGEST: Duration = Duration::from_secs(600);

impl Reader<'_> {
    /// The target of `what`, whose key is at `owner`.
    pub(in crate::playbook) fn target(&mut self, node: &Node, owner: Place, what: &str) -> Option<Target> {
        let before = self.findings.errors();
        let target = match &node.kind {
            Kind::Map(_) => self.alternatives(std::slice::from_ref(node), node.place, what),
            Kind::List(items) if items.is_empty() => {
                self.findings
                    .error(Rule::Empty, node.place, format!("{what} lists no target"))
                    .label("nothing in it")
                    .help(format!("write `{TARGET}`"));
                None
            }
            Kind::List(items) => self.alternatives(items, node.place, what),
            Kind::Text(text) => {
                self.findings
                    .error(Rule::WrongType, node.place, format!("{what} must be a target, not text"))
                    .label("which element is this?")
                    .help(format!(
                        "say what the element goes by: `{{ text: {text} }}`, `{{ role: button, name: {text} }}`, `{{ label: {text} }}`"
                    ));
                None
            }
            Kind::Null => {
                self.wrong_type(&Node { kind: Kind::Null, place: owner }, what, "a target", TARGET);
                None
            }
            _ => {
                self.wrong_type(node, what, "a target", TARGET);
                None
            }
        };
        target.filter(|_| self.findings.errors() == before)
    }

    fn alternatives(&mut self, items: &[Node], place: Place, what: &str) -> Option<Target> {
        let mut alternatives = Vec::new();
        let mut timeout = None;
        for item in items {
            alternatives.extend(self.locator(item, item.place, what));
            if let Kind::Map(entries) = &item.kind {
                for (key, value) in entries {
                    if matches!(&key.kind, Kind::Text(key) if key == "timeout") {
                        timeout = timeout.max(self.duration(value, "`timeout`", LONGEST));
                    }
                }
            }
        }
        (!alternatives.is_empty()).then_some(Target { alternatives, timeout, place })
    }
}
