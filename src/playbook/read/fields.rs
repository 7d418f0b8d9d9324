//! The keys of a map.

use super::Reader;
use crate::playbook::Place;
use crate::playbook::Rule;
use crate::playbook::node::{Kind, Node};
use crate::playbook::suggest::{listed, nearest};

/// A map's known keys, with their values.
pub(super) struct Fields<'n> {
    /// What the map is, for messages: `` `fill` ``.
    what: String,
    /// The place to underline when something is missing.
    pub(super) owner: Place,
    entries: Vec<Field<'n>>,
    /// Known keys that a misspelt one stood for. They are not missing as well.
    meant: Vec<String>,
}

/// A key and its value.
#[derive(Clone, Copy)]
pub(super) struct Field<'n> {
    pub(super) name: &'n str,
    pub(super) place: Place,
    pub(super) value: &'n Node,
}

impl<'n> Fields<'n> {
    pub(super) fn get(&self, name: &str) -> Option<&'n Node> {
        self.field(name).map(|field| field.value)
    }

    /// Whether a misspelt key stood for this one.
    pub(super) fn is_meant(&self, name: &str) -> bool {
        self.meant.iter().any(|meant| meant == name)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn field(&self, name: &str) -> Option<Field<'n>> {
        self.entries.iter().find(|field| field.name == name).copied()
    }

    /// The value of a key that must be there. `example` says what to write.
    pub(super) fn need(&self, reader: &mut Reader<'_>, name: &str, example: &str) -> Option<&'n Node> {
        let found = self.get(name);
        if found.is_none() && !self.is_meant(name) {
            reader
                .findings
                .error(Rule::MissingKey, self.owner, format!("{} lacks `{name}`", self.what))
                .label(format!("`{name}` is missing here"))
                .help(format!("add `{example}`"));
        }
        found
    }
}

impl Reader<'_> {
    /// The entries of a map whose keys are free names. Notes keys that are not text.
    pub(super) fn entries<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        example: &str,
    ) -> Option<Vec<Field<'n>>> {
        let Kind::Map(entries) = &node.kind else {
            self.wrong_type(node, what, "a map", example);
            return None;
        };
        let mut fields = Vec::new();
        for (key, value) in entries {
            if let Kind::Text(name) = &key.kind {
                fields.push(Field { name, place: key.place, value });
            } else {
                let written = self.written(key.place).to_owned();
                self.findings
                    .error(
                        Rule::KeyNotText,
                        key.place,
                        format!("a key of {what} must be text, not {}", key.kind.describe()),
                    )
                    .label("not a key")
                    .help(format!(
                        "write it as `{example}`; if it is a name, put it in quotes: \"{written}\""
                    ));
            }
        }
        Some(fields)
    }

    /// The entries of a map whose keys are `known`. Notes the unknown ones, and leaves them out.
    pub(super) fn fields<'n>(
        &mut self,
        node: &'n Node,
        owner: Place,
        what: &str,
        known: &[&str],
        example: &str,
    ) -> Option<Fields<'n>> {
        let mut entries = self.entries(node, what, example)?;
        let mut meant = Vec::new();
        entries.retain(|field| {
            let fits = known.contains(&field.name);
            if !fits {
                meant.extend(self.unknown_key(*field, what, known));
            }
            fits
        });
        Some(Fields { what: what.to_owned(), owner, entries, meant })
    }

    fn unknown_key(&mut self, field: Field<'_>, what: &str, known: &[&str]) -> Option<String> {
        let apart = known.iter().find_map(|known| Some((known, glued(field.name, known)?)));
        if let Some((known, apart)) = apart {
            self.findings
                .error(Rule::UnknownKey, field.place, format!("{what} has no key `{}`", field.name))
                .label("no space after the colon")
                .help(format!("put one there: `{apart}`"));
            return Some((*known).to_owned());
        }
        let meant = nearest(field.name, known.iter().copied());
        self.findings
            .error(Rule::UnknownKey, field.place, format!("{what} has no key `{}`", field.name))
            .label(format!("not a key of {what}"))
            .help(match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("{what} has {}", listed(known.iter().copied(), "and")),
            });
        meant.map(str::to_owned)
    }

    /// Notes that a value is of the wrong type.
    pub(super) fn wrong_type(&mut self, node: &Node, what: &str, wanted: &str, example: &str) {
        if matches!(node.kind, Kind::Null) {
            self.findings
                .error(Rule::MissingValue, node.place, format!("{what} has no value"))
                .label("nothing here")
                .help(format!("write `{example}`"));
            return;
        }
        let scalar = matches!(node.kind, Kind::Bool(_) | Kind::Integer(_) | Kind::Number);
        let help = if scalar && wanted.starts_with("text") {
            format!("put it in quotes: \"{}\"", self.written(node.place))
        } else {
            format!("write `{example}`")
        };
        self.findings
            .error(
                Rule::WrongType,
                node.place,
                format!("{what} must be {wanted}, not {}", node.kind.describe()),
            )
            .label(format!("this is {}", node.kind.describe()))
            .help(help);
    }

    /// The source at a place.
    pub(super) fn written(&self, place: Place) -> &str {
        self.source.get(place.range()).unwrap_or_default()
    }
}

/// `key:value` with the space in it that YAML wants, if this is that key.
pub(super) fn glued(written: &str, key: &str) -> Option<String> {
    let value = written.lines().next()?.strip_prefix(key)?.strip_prefix(':')?;
    Some(format!("{key}: {}", value.trim()))
}
