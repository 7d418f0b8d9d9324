//! Writing YAML that means what it says, whatever is in it, in the form in which playbooks are written.

use std::fmt::Write as _;

use serde_json::Value as Json;

/// Lines are no longer than this, where they can be shorter.
pub(super) const WIDTH: usize = 120;

/// A text as a scalar of a flow mapping: bare where that is beyond doubt, else in double quotes.
#[must_use]
pub fn scalar(text: &str) -> String {
    if is_bare(text) { text.to_owned() } else { quoted(text) }
}

fn is_bare(text: &str) -> bool {
    let is_duration = ["ms", "s", "m", "h"].iter().any(|unit| {
        let number = text.strip_suffix(unit).unwrap_or_default();
        !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
    });
    // A colon separates only before a space, and ends nothing here.
    let colons = text.split(':').skip(1).all(|rest| rest.starts_with('/'));
    is_duration
        || text.starts_with(|c: char| c.is_alphabetic() || c == '/')
            && text.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '/' | ':'))
            && colons
            && !text.ends_with(' ')
            && !matches!(
                text.to_ascii_lowercase().as_str(),
                "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "nan" | "inf"
            )
}

/// A text in double quotes.
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

/// Whether nothing, or another order than there is, would be seen of it.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// A value on one line.
pub(super) fn flow(value: &Json) -> String {
    match value {
        Json::String(text) => scalar(text),
        Json::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Json::Object(map) if map.is_empty() => "{}".to_owned(),
        Json::Object(map) => {
            let entries = map.iter().map(|(key, value)| format!("{}: {}", scalar(key), flow(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// A key with its value, indented by so many spaces: on one line where that reads well, else below it.
pub(super) fn entry(key: &str, value: &Json, indent: usize) -> String {
    let line = format!("{:indent$}{}: {}\n", "", scalar(key), flow(value));
    let is_list_of_steps = |list: &Vec<Json>| list.len() > 1 && list.iter().all(Json::is_object);
    let nested = match value {
        Json::Array(list) => is_list_of_steps(list) || line.len() > WIDTH,
        Json::Object(map) => {
            matches!(key, "expect" | "flows")
                || map.values().any(|inner| inner.as_array().is_some_and(is_list_of_steps))
                || line.len() > WIDTH
        }
        _ => false,
    };
    if !nested {
        return line;
    }
    let mut out = format!("{:indent$}{}:\n", "", scalar(key));
    match value {
        Json::Array(items) => out.extend(items.iter().map(|item| self::item(item, indent + 2))),
        Json::Object(map) => out.extend(map.iter().map(|(key, value)| entry(key, value, indent + 2))),
        _ => {}
    }
    out
}

/// An item of a list.
pub(super) fn item(value: &Json, indent: usize) -> String {
    let mut out = String::new();
    match value {
        Json::Object(map) => {
            for (nth, (key, value)) in map.iter().enumerate() {
                let text = entry(key, value, indent + 2);
                match nth {
                    0 => out.push_str(&format!("{:indent$}- {}", "", text.trim_start())),
                    _ => out.push_str(&text),
                }
            }
        }
        other => out.push_str(&format!("{:indent$}- {}\n", "", flow(other))),
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::node::{Kind, Node};
    use super::*;

    #[test]
    fn what_could_mean_something_else_is_quoted() {
        for (text, written) in [
            ("Sign in", "Sign in"),
            ("E-mail", "E-mail"),
            ("/login", "/login"),
            ("sso:/start", "sso:/start"),
            ("https://acme.example", "https://acme.example"),
            ("15m", "15m"),
            ("Yes", "\"Yes\""),
            ("a: b", "\"a: b\""),
            ("a:", "\"a:\""),
            ("x # y", "\"x # y\""),
            ("\"};\n- x", "\"\\\"};\\n- x\""),
            ("\u{202e}evil\u{7}", "\"\\U0000202Eevil\\U00000007\""),
            ("", "\"\""),
            ("12", "\"12\""),
            ("1e5", "\"1e5\""),
        ] {
            assert_eq!(scalar(text), written);
            let read = Node::read(&format!("{{ key: {written} }}")).unwrap();
            let Kind::Map(entries) = read.kind else { panic!() };
            assert!(matches!(&entries[0].1.kind, Kind::Text(read) if read == text), "{text}");
        }
    }
}
