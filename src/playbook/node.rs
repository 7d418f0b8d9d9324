//! YAML as nodes that know their places.
//!
//! The typed tree is not deserialised directly: serde stops at the first mistake, and a playbook's
//! author wants to hear of all of them. So the YAML becomes nodes first, and the reader walks those.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Location, MergeKeyPolicy, Options, Spanned};

use super::Place;

/// Nesting deeper than any playbook needs.
pub(super) const MAX_DEPTH: usize = 40;
/// Nodes, and parser events, aliases replayed included.
const MAX_NODES: usize = 20_000;
/// Uses of `*alias`.
const MAX_ALIASES: usize = 200;

/// A YAML node.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) place: Place,
}

/// What a node is, by YAML 1.2's core schema.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Integer(u64),
    /// A negative or broken number, which no key of a playbook takes.
    Number,
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl Kind {
    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The kind in words: `a number`.
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Integer(_) | Self::Number => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

impl Node {
    /// Reads one YAML document, within bounds that no playbook comes near and no bomb stays under.
    pub(super) fn read(source: &str) -> Result<Self, serde_saphyr::Error> {
        let mut node: Self = serde_saphyr::from_str_with_options(source, options())?;
        node.settle(source);
        Ok(node)
    }

    /// Gives maps and lists the place that is worth underlining: themselves as far as they are on
    /// one line. The parser gives their first character only.
    fn settle(&mut self, source: &str) {
        let (first, last) = match &mut self.kind {
            Kind::List(items) => {
                items.iter_mut().for_each(|item| item.settle(source));
                (items.first(), items.last())
            }
            Kind::Map(entries) => {
                for (key, value) in &mut *entries {
                    key.settle(source);
                    value.settle(source);
                }
                (entries.first().map(|(key, _)| key), entries.last().map(|(_, value)| value))
            }
            _ => {
                self.place = clamp(self.place, source);
                return;
            }
        };
        let bracketed = source.get(self.place.offset..).is_some_and(|rest| rest.starts_with(['{', '[']));
        let (Some(first), Some(last)) = (first, last) else {
            self.place.length = if bracketed { 2 } else { 0 };
            self.place = clamp(self.place, source);
            return;
        };
        if !bracketed {
            self.place = first.place;
        }
        // An alias lies elsewhere in the source; then the first entry alone is underlined.
        let end = last.place.end().max(first.place.end());
        if let Some(text) = source.get(self.place.offset..end)
            && !text.contains('\n')
        {
            let closing = source.get(end..).map_or(0, |rest| {
                let blank = rest.len() - rest.trim_start_matches(' ').len();
                match rest[blank..].starts_with(['}', ']']) {
                    true if bracketed => blank + 1,
                    _ => 0,
                }
            });
            self.place.length = text.len() + closing;
        } else {
            self.place = first.place;
        }
        self.place = clamp(self.place, source);
    }
}

/// Keeps a place to its first line and to whole characters, whatever the parser said.
fn clamp(mut place: Place, source: &str) -> Place {
    place.offset = source.floor_char_boundary(place.offset);
    let rest = &source[place.offset..];
    let line = rest.lines().next().unwrap_or_default().trim_end();
    place.length = line.floor_char_boundary(place.length);
    place
}

impl Place {
    pub(super) fn of(location: Location) -> Self {
        let count = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let span = location.span();
        Self {
            line: count(location.line()).max(1),
            column: count(location.column()).max(1),
            offset: span.byte_offset().map_or(0, count),
            length: span.byte_len().map_or(0, count),
        }
    }
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 4 * MAX_NODES,
            max_documents: 1,
            max_anchors: MAX_ALIASES,
            max_aliases: MAX_ALIASES,
            max_recorded_anchor_events: MAX_NODES,
            max_merge_keys: 0,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_NODES,
            max_replay_stack_depth: 8,
        },
        // Comments are not read, and so a long one costs nothing.
        emit_comments: false,
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        // YAML 1.2: `yes`, `no` and `on` are text, as whoever writes `name: Yes` expects.
        strict_booleans: true,
        with_snippet: false,
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value, defined, .. } = Spanned::<Kind>::deserialize(deserializer)?;
        Ok(Self { kind: value, place: Place::of(defined) })
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KindVisitor)
    }
}

struct KindVisitor;

impl<'de> Visitor<'de> for KindVisitor {
    type Value = Kind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Kind, E> {
        Ok(Kind::Bool(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Kind, E> {
        Ok(Kind::Integer(value))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Kind, E> {
        Ok(Kind::Number)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Kind, E> {
        Ok(Kind::Number)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Kind, E> {
        Ok(Kind::Text(value.to_owned()))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Kind, E> {
        Ok(Kind::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Kind, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Kind::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Kind, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Kind::Map(map))
    }
}
