//! `params`, and what is put in place of `${name}`.
//!
//! Values are put in before anything else is read. So what comes out is read like what was written: an origin is
//! parsed as an origin, an address has to lie within one of them, and a value can lead nowhere else.

use regex::Regex;

use super::Reader;
use super::fields::Field;
use crate::playbook::node::{Kind, Node};
use crate::playbook::suggest::{listed, nearest};
use crate::playbook::{Parameter, Parameters, Place, Rule};

const EXAMPLE: &str =
    "params: { tenant: { description: The customer's name in the address, example: acme } }";

impl Reader<'_> {
    /// Reads `params`, and puts the account's values in their places; the examples where no account is asked for.
    pub(in crate::playbook) fn parameters(&mut self, root: &mut Node, values: Option<&Parameters>) {
        let Kind::Map(entries) = &root.kind else { return };
        if let Some((_, params)) = entries.iter().find(|(key, _)| key.kind.text() == Some("params")) {
            let params = params.clone();
            for field in self.entries(&params, "`params`", EXAMPLE).unwrap_or_default() {
                match self.parameter(field) {
                    Some(parameter) => {
                        let given = values.is_none_or(|values| values.contains_key(&parameter.name));
                        // One of a family that the playbook has no place for: no account has to give it.
                        if given || is_used(root, &parameter.name) {
                            self.value_of(&parameter, field.place, values);
                        }
                        self.parameters.push(parameter);
                    }
                    // What is wrong with it has been said; where it stands, something has to.
                    None => drop(self.values.insert(field.name.to_owned(), "x".to_owned())),
                }
            }
        }
        let Kind::Map(entries) = &mut root.kind else { return };
        for (key, value) in entries.iter_mut().filter(|(key, _)| takes_values(key)) {
            let is_origin = key.kind.text() == Some("origins");
            self.put_into(value, is_origin);
        }
    }

    fn parameter(&mut self, field: Field<'_>) -> Option<Parameter> {
        self.name(field, "a parameter", "tenant")?;
        let what = format!("the parameter `{}`", field.name);
        let known = ["description", "example", "pattern"];
        let fields = self.fields(field.value, field.place, &what, &known, EXAMPLE)?;
        let description = fields.need(self, "description", "description: The customer's name in the address");
        let description = description.and_then(|node| self.text(node, "`description`", "description: …"));
        let example = fields.need(self, "example", "example: acme");
        let example =
            example.and_then(|node| Some((self.text(node, "`example`", "example: acme")?, node.place)));
        let pattern = match fields.get("pattern") {
            Some(node) => Some(self.value_pattern(node)?),
            None => None,
        };
        let (example, place) = example?;
        let parameter = Parameter {
            name: field.name.to_owned(),
            description: description?.to_owned(),
            example: example.to_owned(),
            pattern,
        };
        if let Err(why) = parameter.check(example) {
            self.findings
                .error(Rule::Parameter, place, format!("the example of {what} is no value for it"))
                .label(why)
                .help("write an example that fits, or a `pattern` that it matches");
            return None;
        }
        Some(parameter)
    }

    fn value_pattern(&mut self, node: &Node) -> Option<String> {
        let text = self.text(node, "`pattern`", "pattern: '[a-z0-9-]+'")?;
        if text.len() <= 1000 && Regex::new(&format!("^(?:{text})$")).is_ok() {
            return Some(text.to_owned());
        }
        self.findings
            .error(Rule::Parameter, node.place, "the pattern is no regular expression that can be used")
            .label("cannot be read")
            .help("write one such as `pattern: '[a-z0-9-]+'`; a value has to match as a whole");
        None
    }

    /// The value that is put in for a parameter.
    fn value_of(&mut self, parameter: &Parameter, place: Place, values: Option<&Parameters>) {
        let name = &parameter.name;
        let value = match values {
            None => Some(&parameter.example),
            Some(values) => values.get(name),
        };
        let Some(value) = value else {
            self.findings
                .error(Rule::ParameterMissing, place, format!("the account has no value for `{name}`"))
                .label(parameter.description.clone())
                .help(format!("turnlock account add … --param {name}={}", parameter.example));
            return;
        };
        if let Err(why) = parameter.check(value) {
            self.findings
                .error(
                    Rule::ParameterMissing,
                    place,
                    format!("the account's value for `{name}` is none: {why}"),
                )
                .label(parameter.description.clone())
                .help(format!("turnlock account add … --param {name}={}", parameter.example));
            return;
        }
        self.values.insert(name.clone(), value.clone());
    }

    fn put_into(&mut self, node: &mut Node, is_origin: bool) {
        match &mut node.kind {
            Kind::List(items) => items.iter_mut().for_each(|item| self.put_into(item, is_origin)),
            Kind::Map(entries) => entries.iter_mut().for_each(|(_, value)| self.put_into(value, is_origin)),
            Kind::Text(text) if text.contains("${") => {
                if is_origin && !leads_nowhere_else(text) {
                    self.findings
                        .error(Rule::ParameterOrigin, node.place, "a parameter could lead this origin anywhere")
                        .label("the end of the host is not fixed")
                        .help("put it before a domain that is the app's own, `https://${tenant}.acme.example`; or let it be the whole origin, `${base_url}`");
                }
                *text = self.put_in(text, node.place);
            }
            _ => {}
        }
    }

    fn put_in(&mut self, text: &str, place: Place) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("${") {
            let Some((name, after)) = behind.split_once('}') else { break };
            out.push_str(before);
            rest = after;
            match self.values.get(name) {
                Some(value) => out.push_str(value),
                // What is wrong with it has been said.
                None if self.parameters.iter().any(|parameter| parameter.name == name) => out.push_str(name),
                None => {
                    let known = self.parameters.iter().map(|parameter| parameter.name.as_str());
                    let help = match nearest(name, known.clone()) {
                        Some(meant) => format!("did you mean `${{{meant}}}`?"),
                        None if self.parameters.is_empty() => format!("declare it: `{EXAMPLE}`"),
                        None => format!("declare it under `params`, or use {}", listed(known, "or")),
                    };
                    self.findings
                        .error(Rule::ParameterUnknown, place, format!("there is no parameter `{name}`"))
                        .label("not under `params`")
                        .help(help);
                    out.push_str(name);
                }
            }
        }
        out.push_str(rest);
        out
    }
}

/// Whether values are put in below this key of a playbook.
fn takes_values(key: &Node) -> bool {
    !matches!(key.kind.text(), Some("app" | "title" | "extends" | "params"))
}

/// Whether the playbook has a place for the value of this parameter.
fn is_used(root: &Node, name: &str) -> bool {
    fn within(node: &Node, place: &str) -> bool {
        match &node.kind {
            Kind::List(items) => items.iter().any(|item| within(item, place)),
            Kind::Map(entries) => entries.iter().any(|(_, value)| within(value, place)),
            Kind::Text(text) => text.contains(place),
            _ => false,
        }
    }
    let Kind::Map(entries) = &root.kind else { return false };
    let place = format!("${{{name}}}");
    entries.iter().any(|(key, value)| takes_values(key) && within(value, &place))
}

/// Whether an origin belongs to the same site whatever is put in: the parameters stand before a domain that somebody
/// has registered or before `localhost`; or it is all one parameter, and who adds the account says where the app is.
fn leads_nowhere_else(text: &str) -> bool {
    let whole = |name: &str| !name.contains(['{', '}', '$']);
    if text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).is_some_and(whole) {
        return true;
    }
    let Some(host) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return false;
    };
    let Some((_, fixed)) = host.rsplit_once('}') else { return false };
    let Some(domain) = fixed.strip_prefix('.') else { return false };
    let domain = domain.split_once(':').map_or(domain, |(domain, _)| domain);
    domain == "localhost" || psl::domain_str(domain).is_some()
}
