//! Writing YAML that means what it says, whatever a page has in it.

use std::fmt::Write as _;

use super::findings::{Move, Names};
use crate::playbook::{By, Locator};

/// A text as a scalar of a flow mapping: bare where that is beyond doubt, else in double quotes.
pub(super) fn scalar(text: &str) -> String {
    let bare = text.starts_with(|c: char| c.is_alphabetic())
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.'))
        && !text.ends_with(' ')
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "nan" | "inf"
        );
    if bare { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
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

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// A text in a comment: one line, of bounded length.
pub(super) fn remark(text: &str) -> String {
    let clean: String =
        text.chars().map(|c| if c.is_control() || is_invisible(c) { ' ' } else { c }).collect();
    let clean = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    match clean.char_indices().nth(300) {
        Some((at, _)) => format!("{}…", &clean[..at]),
        None => clean,
    }
}

/// A locator.
pub(super) fn locator(locator: &Locator) -> String {
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

/// A target: one locator, or several as alternatives.
pub(super) fn target(names: &Names) -> String {
    match names.as_slice() {
        [one] => locator(one),
        several => format!("[{}]", several.iter().map(locator).collect::<Vec<_>>().join(", ")),
    }
}

/// A step, without the dash of its list.
pub(super) fn step(step: &Move) -> String {
    match step {
        Move::Open(address) => format!("open: {}", quoted_address(address)),
        Move::Click(names) => format!("click: {}", target(names)),
        Move::DoubleClick(names) => format!("click: {} # it was clicked twice there", target(names)),
        Move::Fill { into, with } => format!("fill: {{ into: {}, with: {with} }}", target(into)),
        Move::Literal { into, text } => {
            format!("fill: {{ into: {}, with: {{ text: {} }} }}", target(into), scalar(text))
        }
        Move::Press { key, within: None } => format!("press: {{ key: {key} }}"),
        Move::Press { key, within: Some(names) } => format!("press: {{ key: {key}, in: {} }}", target(names)),
        Move::Hover(names) => format!("hover: {}", target(names)),
        Move::See(names) => format!("see: {}", target(names)),
        Move::Gone(names) => format!("gone: {}", target(names)),
        Move::Note(text) => format!("# {}", remark(text)),
    }
}

/// The lines of a list of steps.
pub(super) fn steps(moves: &[Move], indent: &str) -> String {
    let lines = moves.iter().map(|each| match each {
        Move::Note(_) => format!("{indent}{}\n", step(each)),
        _ => format!("{indent}- {}\n", step(each)),
    });
    lines.collect()
}

fn quoted_address(address: &str) -> String {
    let plain = address.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.'));
    if plain && address.starts_with('/') { address.to_owned() } else { quoted(address) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_mean_something_else_is_quoted() {
        for (text, written) in [
            ("Sign in", "Sign in"),
            ("E-mail", "E-mail"),
            ("Yes", "\"Yes\""),
            ("a: b", "\"a: b\""),
            ("x # y", "\"x # y\""),
            ("\"};\n- x", "\"\\\"};\\n- x\""),
            ("\u{202e}evil\u{7}", "\"\\U0000202Eevil\\U00000007\""),
            ("", "\"\""),
            ("12", "\"12\""),
        ] {
            assert_eq!(scalar(text), written);
        }
        assert_eq!(remark("a\nb\r\n - c\u{2028}d"), "a b - c d");
    }
}
