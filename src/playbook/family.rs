//! App families: what the apps of one framework have in common, written once.
//!
//! A family is a playbook without `app`, `title` and `origins`. What a playbook gives itself wins: a key
//! as a whole, and of `flows` each flow.

use std::collections::BTreeMap;

use super::Place;
use super::node::{Kind, Node};

/// A family's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// What messages call it: its path, or `family NAME` of one that Turnlock has within it.
    pub file: String,
    /// Its text.
    pub source: String,
}

/// The families that playbooks may extend, by name.
#[derive(Clone, Debug)]
pub struct Families(BTreeMap<String, Family>);

/// Those that Turnlock has within it.
const BUNDLED: [(&str, &str); 1] =
    [("django-allauth", include_str!("../../playbooks/families/django-allauth.yaml"))];

/// What only a playbook can say of its app.
pub(super) const NOT_IN_FAMILIES: [&str; 4] = ["app", "title", "origins", "extends"];

impl Default for Families {
    fn default() -> Self {
        let family = |(name, source): (&str, &str)| {
            (name.to_owned(), Family { file: format!("family {name}"), source: source.to_owned() })
        };
        Self(BUNDLED.into_iter().map(family).collect())
    }
}

impl Families {
    /// Adds a family, or puts it in the place of the one of that name.
    pub fn insert(&mut self, name: &str, family: Family) {
        self.0.insert(name.to_owned(), family);
    }

    /// The family of that name.
    pub fn get(&self, name: &str) -> Option<&Family> {
        self.0.get(name)
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// The name of the family that a playbook extends, and where it says so.
pub(super) fn extended(playbook: &Node) -> Option<(&str, Place)> {
    let (_, value) = entries(playbook).iter().find(|(key, _)| key.kind.text() == Some("extends"))?;
    Some((value.kind.text()?, value.place))
}

/// Adds to a playbook what it does not say itself.
pub(super) fn extend(playbook: &mut Node, family: Node) {
    let Kind::Map(own) = &mut playbook.kind else { return };
    let Kind::Map(common) = family.kind else { return };
    for (key, value) in common {
        let given = own.iter_mut().find(|(own, _)| own.kind.text() == key.kind.text());
        match (key.kind.text(), given) {
            (Some(name), _) if NOT_IN_FAMILIES.contains(&name) => {}
            (_, None) => own.push((key, value)),
            // Flow by flow, and frame by frame.
            (Some("flows" | "frames" | "params"), Some((_, own))) => add_missing(own, value),
            _ => {}
        }
    }
}

fn add_missing(own: &mut Node, common: Node) {
    let (Kind::Map(own), Kind::Map(common)) = (&mut own.kind, common.kind) else { return };
    for (key, value) in common {
        if !own.iter().any(|(own, _)| own.kind.text() == key.kind.text()) {
            own.push((key, value));
        }
    }
}

fn entries(node: &Node) -> &[(Node, Node)] {
    match &node.kind {
        Kind::Map(entries) => entries,
        _ => &[],
    }
}

/// Moves the places of a node on, as if its source stood behind another one of so many bytes.
pub(super) fn shift(node: &mut Node, by: usize) {
    node.place.offset += by;
    match &mut node.kind {
        Kind::List(items) => items.iter_mut().for_each(|item| shift(item, by)),
        Kind::Map(entries) => entries.iter_mut().for_each(|(key, value)| {
            shift(key, by);
            shift(value, by);
        }),
        _ => {}
    }
}

/// The keys of a family that only a playbook can have.
pub(super) fn not_in_families(family: &Node) -> impl Iterator<Item = &Node> {
    let keys = entries(family).iter().map(|(key, _)| key);
    keys.filter(|key| key.kind.text().is_some_and(|name| NOT_IN_FAMILIES.contains(&name)))
}
