//! Locators.

use super::Reader;
use super::fields::{Field, Fields};
use super::words::{AUTOCOMPLETE, BY, MODIFIERS, ROLES, TARGET};
use crate::playbook::Rule;
use crate::playbook::node::{Kind, Node};
use crate::playbook::suggest::{listed, nearest};
use crate::playbook::{By, Locator, Place};

impl Reader<'_> {
    /// A locator; `timeout` is the target's affair, and is passed over.
    pub(super) fn locator(&mut self, node: &Node, owner: Place, what: &str) -> Option<Locator> {
        let before = self.findings.errors();
        let known: Vec<&str> = BY.into_iter().chain(MODIFIERS).collect();
        self.role_as_key(node)?;
        let fields = self.fields(node, owner, what, &known, TARGET)?;
        let by = self.by(&fields, node, what);
        let exact = fields.get("exact").and_then(|node| self.flag(node, "`exact`"));
        let containing =
            fields.get("containing").and_then(|node| self.texts(node, "`containing`", "containing: Acme"));
        let frame = fields.get("frame").and_then(|node| {
            let name = self.text(node, "`frame`", "frame: sign_in")?;
            self.known_frame(name, node.place).then(|| name.to_owned())
        });
        let within = fields.field("within").and_then(|field| self.within(field));
        (self.findings.errors() == before).then_some(())?;
        Some(Locator {
            by: by?,
            exact: exact.unwrap_or(false),
            frame,
            within: within.map(Box::new),
            containing: containing.unwrap_or_default(),
        })
    }

    fn within(&mut self, field: Field<'_>) -> Option<Locator> {
        if let Kind::Map(entries) = &field.value.kind {
            for (key, _) in entries {
                if let Kind::Text(name) = &key.kind
                    && matches!(name.as_str(), "frame" | "timeout")
                {
                    self.findings
                        .error(Rule::MisplacedKey, key.place, format!("`{name}` does not go within `within`"))
                        .label(format!("`{name}` of the outer element holds for this one too"))
                        .help(format!("move `{name}` out, beside `within`"));
                }
            }
        }
        self.locator(field.value, field.place, "`within`")
    }

    fn by(&mut self, fields: &Fields<'_>, node: &Node, what: &str) -> Option<By> {
        let given: Vec<Field<'_>> = BY.iter().filter_map(|name| fields.field(name)).collect();
        let field = match given.as_slice() {
            [] if BY.iter().any(|name| fields.is_meant(name)) => return None,
            [] => {
                let place = if fields.owner.length > 0 { fields.owner } else { node.place };
                self.findings
                    .error(Rule::Locator, place, format!("{what} does not say what the element goes by"))
                    .label("no element named")
                    .help(format!("add one of {}, as in `{TARGET}`", listed(BY, "or")));
                return None;
            }
            [one] => *one,
            [_, second, ..] => {
                let names = listed(given.iter().map(|field| field.name), "and");
                self.findings
                    .error(Rule::Locator, second.place, format!("{what} goes by {names} at once"))
                    .label("one too many")
                    .help(
                        "keep one; for alternatives, write a list: `[ { label: … }, { css: … } ]`; \
                         to search inside an element, use `within`",
                    );
                return None;
            }
        };
        if let Some(name) = fields.field("name")
            && field.name != "role"
        {
            self.findings
                .error(
                    Rule::MisplacedKey,
                    name.place,
                    format!("`name` goes with `role`, not with `{}`", field.name),
                )
                .label("an element's accessible name")
                .help(format!(
                    "write `role: button, name: …`, or remove `name`; `{}` is all it takes here",
                    field.name
                ));
            return None;
        }
        self.by_field(field, fields)
    }

    fn by_field(&mut self, field: Field<'_>, fields: &Fields<'_>) -> Option<By> {
        let what = format!("`{}`", field.name);
        let value = field.value;
        Some(match field.name {
            "label" => By::Label(self.texts(value, &what, "label: Username")?),
            "placeholder" => By::Placeholder(self.texts(value, &what, "placeholder: Username")?),
            "text" => By::Text(self.texts(value, &what, "text: Welcome")?),
            "role" => {
                let role = self.word(value, &what, &ROLES, Rule::UnknownRole, "role: button")?;
                let name = match fields.get("name") {
                    Some(node) => self.texts(node, "`name`", "name: Sign in")?,
                    None => Vec::new(),
                };
                By::Role { role, name }
            }
            "autocomplete" => {
                let rule = Rule::UnknownAutocomplete;
                By::Autocomplete(self.word(value, &what, &AUTOCOMPLETE, rule, "autocomplete: username")?)
            }
            "test_id" => By::TestId(self.text(value, &what, "test_id: login-button")?.to_owned()),
            "css" => By::Css(self.css(value)?),
            _ => By::Xpath(self.xpath(value)?),
        })
    }

    /// One of several words.
    pub(super) fn word(
        &mut self,
        node: &Node,
        what: &str,
        known: &[&str],
        rule: Rule,
        example: &str,
    ) -> Option<String> {
        let word = self.text(node, what, example)?;
        if known.contains(&word) {
            return Some(word.to_owned());
        }
        let help = match (nearest(word, known.iter().copied()), known.len()) {
            (Some(meant), _) => format!("did you mean `{meant}`?"),
            (None, ..=20) => format!("write {}", listed(known.iter().copied(), "or")),
            (None, _) => {
                "write a role of WAI-ARIA, such as `button`, `link`, `textbox`, `checkbox`, `heading` or `dialog`".to_owned()
            }
        };
        self.findings
            .error(rule, node.place, format!("{what} cannot be `{word}`"))
            .label("not known")
            .help(help);
        None
    }

    /// `{ button: Sign in }` is so natural that it gets its own answer.
    fn role_as_key(&mut self, node: &Node) -> Option<()> {
        let Kind::Map(entries) = &node.kind else {
            return Some(());
        };
        let (key, role, name) = entries
            .iter()
            .find_map(|(key, value)| match (&key.kind, &value.kind) {
                (Kind::Text(role), Kind::Text(name)) if ROLES.contains(&role.as_str()) => {
                    Some((key, role, name))
                }
                _ => None,
            })
            .map_or((None, "", ""), |(key, role, name)| (Some(key), role, name));
        let Some(key) = key else { return Some(()) };
        self.findings
            .error(Rule::UnknownKey, key.place, format!("a locator has no key `{role}`"))
            .label("a role, not a key")
            .help(format!("write `{{ role: {role}, name: {name} }}`"));
        None
    }
}
