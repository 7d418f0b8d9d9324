//! One way to write a playbook: order of keys, indentation, quotes.
//!
//! Comments stay, and so does what the author wrote on one line or on several. What a playbook says is never
//! changed: the text before and the text after are read, and compared, before the new one is given out.

mod order;
mod tree;
mod write;

use super::node::{Kind, Node};
use super::{Report, syntax};

/// Why a playbook is left as it is.
#[derive(Debug, thiserror::Error)]
pub enum Unformatted {
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(Box<Report>),
    /// It has something in it that the formatter does not know how to write.
    #[error("{name}:{line}: {what}: left as it is")]
    Unknown {
        /// The file's name.
        name: String,
        /// The line.
        line: usize,
        /// What is there.
        what: &'static str,
    },
    /// It would have meant something else. Nothing is known that leads here.
    #[error("{0}: formatted, it would say something else: left as it is")]
    Changed(String),
}

/// A playbook as it should be written.
#[derive(Debug)]
pub struct Formatted {
    /// The text.
    pub text: String,
    /// The keys would have another order, and keep theirs for the sake of an anchor: what is repeated has to be above what
    /// repeats it.
    pub out_of_order: bool,
}

/// The playbook as it should be written. `name` is what messages call it, usually its path.
///
/// # Errors
/// If it is no YAML, or has something in it that no playbook needs.
pub fn format(name: &str, source: &str) -> Result<Formatted, Unformatted> {
    let unreadable = |diagnostics| {
        let (name, source) = (name.to_owned(), source.to_owned());
        Unformatted::Unreadable(Box::new(Report { name, source, family: None, diagnostics }))
    };
    if source.len() > syntax::MAX_BYTES {
        return Err(unreadable(syntax::too_large(source)));
    }
    // Within the reader's bounds before anything else is done with it.
    let before = Node::read(source).map_err(|error| unreadable(syntax::explain(&error, source)))?;
    let mut document = tree::Document::read(source).map_err(|(line, what)| Unformatted::Unknown {
        name: name.to_owned(),
        line,
        what,
    })?;
    let as_it_is = write::write(&document);
    order::put_in_order(&mut document);
    let in_order = write::write(&document);
    let out_of_order = document.has_anchors && in_order != as_it_is;
    let text = if document.has_anchors { as_it_is } else { in_order };
    match Node::read(&text) {
        Ok(after) if same(&before, &after, "") => Ok(Formatted { text, out_of_order }),
        _ => Err(Unformatted::Changed(name.to_owned())),
    }
}

/// Whether two nodes say the same. The order of keys counts where it means something.
fn same(a: &Node, b: &Node, key: &str) -> bool {
    match (&a.kind, &b.kind) {
        (Kind::Null, Kind::Null) | (Kind::Number, Kind::Number) => true,
        (Kind::Bool(a), Kind::Bool(b)) => a == b,
        (Kind::Integer(a), Kind::Integer(b)) => a == b,
        (Kind::Text(a), Kind::Text(b)) => a == b,
        (Kind::List(a), Kind::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b, "")),
        (Kind::Map(a), Kind::Map(b)) => {
            let names = |map: &[(Node, Node)]| -> Vec<String> {
                map.iter().map(|(key, _)| format!("{:?}", key.kind.text())).collect()
            };
            let (names_a, names_b) = (names(a), names(b));
            let ordered = !order::counts_in(key) || names_a == names_b;
            a.len() == b.len()
                && ordered
                && a.iter().zip(&names_a).all(|((key, value), name)| {
                    let inner = key.kind.text().unwrap_or_default();
                    let other = names_b.iter().position(|other| other == name);
                    other.is_some_and(|other| same(value, &b[other].1, inner))
                })
        }
        _ => false,
    }
}
