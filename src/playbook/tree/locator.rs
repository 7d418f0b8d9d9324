//! Locators: how a person would say which element is meant.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One way to find an element.
///
/// Serialises as `{"by":{"label":["Password"]},"exact":false,"frame":null,"within":null,"containing":[]}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Locator {
    /// What it goes by.
    pub by: By,
    /// Whether the text must match as a whole; otherwise a whole match is preferred, and a part will do.
    /// White space, case and a trailing `:` or `*` count in neither.
    pub exact: bool,
    /// The named frame it is in; the main page if `None`.
    pub frame: Option<String>,
    /// The element it is inside of. That locator has no `frame` of its own: it is in the same one.
    pub within: Option<Box<Locator>>,
    /// Only elements that contain one of these texts; empty if any will do.
    pub containing: Vec<String>,
}

/// What a locator goes by. Texts are alternatives: one of them must match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The text of a form field's label.
    Label(Vec<String>),
    /// ARIA role, explicit or implied by the element, and accessible name.
    Role {
        /// A role of WAI-ARIA 1.2.
        role: String,
        /// The accessible name; empty if any will do.
        name: Vec<String>,
    },
    /// The placeholder of a form field.
    Placeholder(Vec<String>),
    /// The element's own visible text.
    Text(Vec<String>),
    /// `data-testid`, `data-test-id` or `data-test`.
    TestId(String),
    /// The HTML `autocomplete` field name: `username`, `current-password`, `one-time-code`.
    Autocomplete(String),
    /// A CSS selector.
    Css(String),
    /// An XPath 1.0 expression.
    Xpath(String),
}

impl Locator {
    /// Whether this finds something wherever the other one does: the same, or a part of the text that the other one goes by.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let within = self.within.is_none() || self.within == other.within;
        let containing = self.containing.is_empty() || all_found(&self.containing, &other.containing, false);
        // A part of a text that must match as a whole is told of by `exact` on this side only.
        let texts = |ours: &[String], theirs: &[String]| {
            (!self.exact || other.exact) && all_found(ours, theirs, self.exact)
        };
        let by = match (&self.by, &other.by) {
            (By::Label(ours), By::Label(theirs))
            | (By::Placeholder(ours), By::Placeholder(theirs))
            | (By::Text(ours), By::Text(theirs)) => texts(ours, theirs),
            (By::Role { role, name }, By::Role { role: other_role, name: other_name }) => {
                role == other_role && (name.is_empty() || (!other_name.is_empty() && texts(name, other_name)))
            }
            (ours, theirs) => ours == theirs,
        };
        by && within && containing && self.frame == other.frame
    }
}

/// Whether each of the texts is found by one that is looked for, as pages are searched. (src/browser/page/locate.js.)
fn all_found(wanted: &[String], texts: &[String], whole: bool) -> bool {
    let found = |text: &String| {
        let text = bare(text);
        wanted.iter().map(|wanted| bare(wanted)).any(|wanted| match whole {
            true => text == wanted,
            false => !wanted.is_empty() && text.contains(&wanted),
        })
    };
    !texts.is_empty() && texts.iter().all(found)
}

/// The text without what does not count in it.
pub(in crate::playbook) fn bare(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ").trim_end_matches([' ', ':', '*']).to_lowercase()
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.by.fmt(f)?;
        if !self.containing.is_empty() {
            write!(f, " containing {}", Texts(&self.containing))?;
        }
        if let Some(within) = &self.within {
            write!(f, " within {within}")?;
        }
        if let Some(frame) = &self.frame {
            write!(f, " in frame {frame}")?;
        }
        Ok(())
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Label(texts) => write!(f, "label {}", Texts(texts)),
            Self::Role { role, name } if name.is_empty() => write!(f, "role {role}"),
            Self::Role { role, name } => write!(f, "role {role} {}", Texts(name)),
            Self::Placeholder(texts) => write!(f, "placeholder {}", Texts(texts)),
            Self::Text(texts) => write!(f, "text {}", Texts(texts)),
            Self::TestId(id) => write!(f, "test_id {id:?}"),
            Self::Autocomplete(field) => write!(f, "autocomplete {field}"),
            Self::Css(selector) => write!(f, "css {selector:?}"),
            Self::Xpath(path) => write!(f, "xpath {path:?}"),
        }
    }
}

/// Alternatives in quotes: `"Sign in"`, `"Sign in" / "Log in"`.
pub(super) struct Texts<'a>(pub &'a [String]);

impl fmt::Display for Texts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, text) in self.0.iter().enumerate() {
            let or = if nth == 0 { "" } else { " / " };
            write!(f, "{or}{text:?}")?;
        }
        Ok(())
    }
}
