//! Lays the shown text of a document out in lines.

use std::ops::Range;

use super::LINK;
use super::style::Sheet;
use super::tokens::{Tag, decoded};
use crate::inbox::shown::Shown;

/// Elements that stand on lines of their own.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "blockquote",
    "body",
    "br",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tbody",
    "tr",
    "ul",
];

/// Elements without content.
const VOID: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr",
];
/// Elements that end where another of their kind begins.
const SIBLINGS: &[&str] = &["p", "li", "td", "th", "tr", "dt", "dd", "option"];
/// Nobody nests deeper; what does is laid out without its styles.
const DEEPEST: usize = 200;

/// An element that is open.
struct Open {
    name: String,
    hidden: bool,
    emphasised: bool,
    quoted: bool,
}

pub(super) struct Text {
    out: String,
    sheet: Sheet,
    open: Vec<Open>,
    emphasis: Vec<Range<usize>>,
    quotes: Vec<Range<usize>>,
}

impl Text {
    pub fn new(sheet: Sheet) -> Self {
        Self { out: String::new(), sheet, open: Vec::new(), emphasis: Vec::new(), quotes: Vec::new() }
    }

    pub fn add(&mut self, raw: &str) {
        let (hidden, emphasised, quoted) = self
            .open
            .last()
            .map_or((false, false, false), |open| (open.hidden, open.emphasised, open.quoted));
        if hidden {
            return;
        }
        let start = self.out.len();
        self.fold(&decoded(raw));
        let added = start..self.out.len();
        if emphasised && !self.out[start..].trim().is_empty() {
            extend(&mut self.emphasis, added.clone(), &self.out);
        }
        if quoted && !added.is_empty() {
            extend(&mut self.quotes, added, &self.out);
        }
    }

    /// What a tag does to the text around it.
    pub fn lay_out(&mut self, tag: &Tag<'_>) {
        if BLOCKS.contains(&tag.name.as_str()) && !self.is_hidden() {
            self.new_line();
        } else if tag.name == "td" || tag.name == "th" {
            self.fold(" ");
        }
        if tag.is_closing() {
            if let Some(at) = self.open.iter().rposition(|open| open.name == tag.name) {
                self.open.truncate(at);
            }
            return;
        }
        if VOID.contains(&tag.name.as_str()) {
            return;
        }
        if SIBLINGS.contains(&tag.name.as_str()) {
            let inner = self.open.iter().rposition(|open| open.name == "table").map_or(0, |at| at + 1);
            if let Some(at) = self.open[inner..].iter().rposition(|open| open.name == tag.name) {
                // A list in a list's item, or a paragraph in a cell, ends nothing.
                let within = &self.open[inner + at + 1..];
                if !within
                    .iter()
                    .any(|open| matches!(open.name.as_str(), "ul" | "ol" | "dl" | "td" | "th" | "div"))
                {
                    self.open.truncate(inner + at);
                }
            }
        }
        if self.open.len() < DEEPEST {
            let style = self.sheet.style(tag);
            let around = self.open.last();
            self.open.push(Open {
                hidden: around.is_some_and(|open| open.hidden) || style.hidden == Some(true),
                emphasised: style.emphasised.unwrap_or(around.is_some_and(|open| open.emphasised)),
                quoted: around.is_some_and(|open| open.quoted) || is_quote(tag),
                name: tag.name.clone(),
            });
        }
    }

    fn is_hidden(&self) -> bool {
        self.open.last().is_some_and(|open| open.hidden)
    }

    /// What a tag says of a picture or a link that shows no text.
    pub fn described(&mut self, tag: &Tag<'_>) {
        for said in ["alt", "aria-label", "title"] {
            if let Some(words) = tag.attribute(said) {
                self.fold(&format!(" {words} "));
            }
        }
    }

    /// The number that a picture shows, or that stands in a field, as a code does for whoever sees it.
    pub fn filled_in(&mut self, tag: &Tag<'_>) {
        let said = match tag.name.as_str() {
            "img" => tag.attribute("alt"),
            "input" if tag.attribute("type").is_none_or(|kind| is_seen(&kind)) => tag.attribute("value"),
            _ => return,
        };
        let Some(said) = said.filter(|said| said.contains(char::is_numeric)) else { return };
        if !self.is_hidden() && self.sheet.style(tag).hidden != Some(true) {
            self.fold(&format!(" {said} "));
        }
    }

    pub fn link(&mut self, address: Option<String>) {
        if let Some(address) = address {
            self.out.push(LINK.0);
            self.out.extend(address.chars().filter(|c| !c.is_whitespace()));
            self.out.push(LINK.1);
        }
    }

    /// White space of the source is one space at most.
    fn fold(&mut self, text: &str) {
        for c in text.chars() {
            if !c.is_whitespace() || c == '\u{a0}' {
                self.out.push(c);
            } else if !self.out.is_empty() && !self.out.ends_with([' ', '\n']) {
                self.out.push(' ');
            }
        }
    }

    fn new_line(&mut self) {
        let end = self.out.trim_end_matches(' ').len();
        self.out.truncate(end);
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    pub fn finish(mut self) -> Shown {
        self.out.truncate(self.out.trim_end().len());
        Shown { text: self.out, emphasis: self.emphasis, quotes: self.quotes }
    }
}

/// Whether what stands in a field of this kind is to be read.
fn is_seen(kind: &str) -> bool {
    matches!(kind.trim().to_ascii_lowercase().as_str(), "" | "text" | "tel" | "number")
}

/// Adds a range, or makes the last one longer if only white space lies between.
fn extend(ranges: &mut Vec<Range<usize>>, added: Range<usize>, text: &str) {
    match ranges.last_mut() {
        Some(last)
            if text
                .get(last.end.min(added.start)..added.start)
                .is_some_and(|gap| gap.len() <= 2 && gap.trim().is_empty()) =>
        {
            last.end = added.end;
        }
        _ => ranges.push(added),
    }
}

/// Whether an element holds an older message, as the mail programs mark it.
fn is_quote(tag: &Tag<'_>) -> bool {
    let has = |name: &str, marks: &[&str]| {
        tag.attribute(name).is_some_and(|value| marks.iter().any(|mark| value.contains(mark)))
    };
    match tag.name.as_str() {
        "blockquote" => has("type", &["cite"]) || has("class", &["quote", "cite"]) || has("cite", &[""]),
        "div" => {
            has("class", &["yahoo_quoted", "protonmail_quote", "zmail_extra"]) || has("id", &["yahoo_quoted"])
        }
        _ => false,
    }
}
