//! `origins`, and the overrides of a deployment.

use super::fields::Field;
use super::{Declared, Reader};
use crate::playbook::Rule;
use crate::playbook::node::Node;
use crate::playbook::suggest::{listed, nearest};
use crate::playbook::tree::OriginError;
use crate::playbook::{AppName, Origin, Place};

const EXAMPLE: &str = "origins: { app: https://acme.example }";

impl Reader<'_> {
    /// Reads `origins`. `app` is the playbook's name, if that could be read.
    pub(super) fn origins(&mut self, node: &Node, place: Place, app: Option<&AppName>) {
        let Some(entries) = self.entries(node, "`origins`", EXAMPLE) else {
            return;
        };
        let mut broken = false;
        for field in &entries {
            broken |= self.origin(*field, app).is_none();
        }
        if !entries.iter().any(|field| field.name == "app") {
            self.findings
                .error(Rule::MissingKey, place, "`origins` lacks `app`")
                .label("`app` is missing here")
                .help("name the origin that `/login` and the like are on: `app: https://acme.example`");
        }
        if !broken {
            self.unused_overrides(place, app);
        }
    }

    fn origin(&mut self, field: Field<'_>, app: Option<&AppName>) -> Option<()> {
        self.name(field, "an origin", "app")?;
        let what = format!("the origin `{}`", field.name);
        let text = self.text(field.value, &what, "https://acme.example")?;
        let written = match Origin::parse(text) {
            Ok(origin) => origin,
            Err(error) => {
                self.bad_origin(&error, field.value.place, &what);
                return None;
            }
        };
        let instead = app.and_then(|app| self.overrides.get(app.as_str(), field.name));
        let used = match instead.map(Origin::parse) {
            None => written.clone(),
            Some(Ok(origin)) => origin,
            Some(Err(error)) => {
                let what = format!("the override `{}` of {what}", instead.unwrap_or_default());
                self.bad_origin(&error, field.value.place, &what);
                return None;
            }
        };
        self.origins.push(Declared { name: field.name.to_owned(), written, used });
        Some(())
    }

    fn bad_origin(&mut self, error: &OriginError, place: Place, what: &str) {
        let (rule, message, label, help) = match error {
            OriginError::Malformed(why) => (
                Rule::Origin,
                format!("{what} is no URL: {why}"),
                "not a URL".to_owned(),
                "write scheme and host, and the port if it is not the usual one: `https://acme.example`"
                    .to_owned(),
            ),
            OriginError::HasMore(origin) => (
                Rule::Origin,
                format!("{what} is more than an origin"),
                "scheme, host and port only".to_owned(),
                format!("write `{origin}`; paths belong to `open`"),
            ),
            OriginError::Insecure(host) => (
                Rule::OriginInsecure,
                format!("{what} is plain HTTP, and {host} is not this machine"),
                "secrets would be readable on the way".to_owned(),
                format!("write `https://{host}`; plain `http` is for 127.0.0.1, [::1] and localhost"),
            ),
            OriginError::Scheme(scheme) => (
                Rule::Origin,
                format!("{what} has the scheme `{scheme}`"),
                "neither `https` nor `http`".to_owned(),
                "write an `https://` URL".to_owned(),
            ),
        };
        self.findings.error(rule, place, message).label(label).help(help);
    }

    fn unused_overrides(&mut self, place: Place, app: Option<&AppName>) {
        let Some(app) = app else { return };
        let names: Vec<&str> = self.origins.iter().map(|origin| origin.name.as_str()).collect();
        for (name, url) in self.overrides.of_app(app.as_str()) {
            if names.contains(&name) {
                continue;
            }
            let help = match nearest(name, names.iter().copied()) {
                Some(meant) => format!("did you mean `{app}.{meant}={url}`?"),
                None => format!("{app} declares {}", listed(names.iter().copied(), "and")),
            };
            self.findings
                .error(
                    Rule::OverrideUnknown,
                    place,
                    format!("the override `{app}.{name}={url}` names no origin of this playbook"),
                )
                .label(format!("no `{name}` here"))
                .help(help);
        }
    }

    /// Holds a name that the playbook chooses (of an origin, a frame) to `[a-z][a-z0-9_]*`.
    pub(super) fn name<'n>(&mut self, field: Field<'n>, what: &str, example: &str) -> Option<&'n str> {
        if is_snake_case(field.name) {
            return Some(field.name);
        }
        let better = snake_case(field.name).unwrap_or_else(|| example.to_owned());
        self.findings
            .error(Rule::Name, field.place, format!("`{}` is no name for {what}", field.name))
            .label("small letters, digits and `_`, beginning with a letter")
            .help(format!("write `{better}`"));
        None
    }
}

/// Whether a name is of the form `code_wanted`.
pub(super) fn is_snake_case(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// The name brought into that form, if that is possible.
pub(super) fn snake_case(name: &str) -> Option<String> {
    let mut snake = String::new();
    for (nth, c) in name.chars().take(64).enumerate() {
        match c {
            'A'..='Z' => {
                if nth > 0 && !snake.ends_with('_') {
                    snake.push('_');
                }
                snake.push(c.to_ascii_lowercase());
            }
            'a'..='z' | '0'..='9' => snake.push(c),
            _ => snake.push('_'),
        }
    }
    is_snake_case(&snake).then_some(snake)
}
