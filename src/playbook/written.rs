//! Locators as a playbook writes them: YAML that means what it says, whatever a page has in it.

use std::fmt::Write as _;

use super::{By, Locator};

impl Locator {
    /// As a playbook writes it: `{ role: button, name: Sign in }`.
    #[must_use]
    pub fn written(&self) -> String {
        locator(self)
    }
}

/// A text as a scalar of a flow mapping: bare where that is beyond doubt, else in double quotes.
#[must_use]
pub fn scalar(text: &str) -> String {
    let bare = text.starts_with(|c: char| c.is_alphabetic())
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.'))
        && !text.ends_with(' ')
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "nan" | "inf"
        );
    if bare { text.to_owned() } else { quoted(text) }
}

pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            // What turns the direction of text around would have a reader see another order than there is.
            c if c.is_control() || is_invisible(c) => {
                // Writing to a string does not fail.
                let _ = write!(out, "\\U{:08X}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// A locator.
fn locator(locator: &Locator) -> String {
    let texts = |texts: &[String]| match texts {
        [one] => scalar(one),
        several => format!("[{}]", several.iter().map(|text| scalar(text)).collect::<Vec<_>>().join(", ")),
    };
    let mut out = match &locator.by {
        By::Label(names) => format!("label: {}", texts(names)),
        By::Role { role, name } if name.is_empty() => format!("role: {}", scalar(role)),
        By::Role { role, name } => format!("role: {}, name: {}", scalar(role), texts(name)),
        By::Placeholder(names) => format!("placeholder: {}", texts(names)),
        By::Text(names) => format!("text: {}", texts(names)),
        By::TestId(id) => format!("test_id: {}", scalar(id)),
        By::Autocomplete(token) => format!("autocomplete: {}", scalar(token)),
        By::Css(selector) => format!("css: {}", scalar(selector)),
        By::Xpath(path) => format!("xpath: {}", scalar(path)),
    };
    if locator.exact {
        out.push_str(", exact: true");
    }
    if !locator.containing.is_empty() {
        out.push_str(&format!(", containing: {}", texts(&locator.containing)));
    }
    if let Some(within) = &locator.within {
        out.push_str(&format!(", within: {}", self::locator(within)));
    }
    if let Some(frame) = &locator.frame {
        out.push_str(&format!(", frame: {}", scalar(frame)));
    }
    format!("{{ {out} }}")
}
