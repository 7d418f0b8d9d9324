//! Writing YAML that means what it says, whatever a page has in it.

use super::findings::{Move, Names};
use crate::playbook::Locator;
use crate::playbook::yaml::{is_invisible, quoted, scalar};

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
    locator.written()
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
    fn a_remark_is_one_line() {
        assert_eq!(remark("a\nb\r\n - c\u{2028}d"), "a b - c d");
    }
}
