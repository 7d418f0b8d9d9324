//! Texts and tags of an HTML document, as browsers tell them apart, roughly.

use mail_parser::decoders::html::add_html_token;

/// Elements with content that is never shown.
const UNSEEN: &[&str] = &["style", "script", "title", "template", "noscript"];
pub(super) enum Token<'a> {
    /// As the source has it.
    Text(&'a str),
    Tag(Tag<'a>),
    /// What a `<style>` holds.
    Style(&'a str),
}

pub(super) struct Tag<'a> {
    /// In lower case, without the `/` of a closing tag.
    pub name: String,
    /// What stands between `<` and `>`.
    inner: &'a str,
}

impl Tag<'_> {
    pub fn is_closing(&self) -> bool {
        self.inner.starts_with('/')
    }

    /// The value of an attribute, entities decoded.
    pub fn attribute(&self, wanted: &str) -> Option<String> {
        let blank = |c: char| c.is_ascii_whitespace() || c == '/';
        let mut rest = self.inner.get(self.name.len()..)?;
        loop {
            rest = rest.trim_start_matches(blank);
            // A `=` in front is part of the name, as browsers have it.
            let end = rest.char_indices().skip(1).find(|(_, c)| *c == '=' || blank(*c));
            let (name, tail) = rest.split_at(end.map_or(rest.len(), |(at, _)| at));
            if name.is_empty() {
                return None;
            }
            let value;
            (value, rest) = match tail.trim_start().strip_prefix('=').map(str::trim_start) {
                None => ("", tail),
                Some(tail) => match tail.chars().next() {
                    Some(quote @ ('"' | '\'')) => tail[1..].split_once(quote).unwrap_or((&tail[1..], "")),
                    _ => tail.split_at(tail.find(|c: char| c.is_ascii_whitespace()).unwrap_or(tail.len())),
                },
            };
            if name.eq_ignore_ascii_case(wanted) {
                return Some(decoded(value));
            }
        }
    }
}

/// Texts and tags, without comments and what is never shown.
pub(super) struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    pub fn of(html: &'a str) -> Self {
        Self { rest: html }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let open = self.rest.find('<').unwrap_or(self.rest.len());
            if open > 0 {
                let (text, rest) = self.rest.split_at(open);
                self.rest = rest;
                return Some(Token::Text(text));
            }
            let tail = &self.rest[1..];
            if let Some(comment) = tail.strip_prefix("!--") {
                self.rest = comment.split_once("-->").map_or("", |(_, after)| after);
                continue;
            }
            if !tail.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')) {
                let (text, rest) = self.rest.split_at(1);
                self.rest = rest;
                return Some(Token::Text(text));
            }
            let (inner, after) = split_tag(tail);
            self.rest = after;
            let name = inner.trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric()).next();
            let name = name.unwrap_or_default().to_ascii_lowercase();
            if UNSEEN.contains(&name.as_str()) && !inner.starts_with('/') && !inner.ends_with('/') {
                self.rest = after_closing(after, &name);
                let content = &after[..after.len() - self.rest.len()];
                if name == "style" {
                    return Some(Token::Style(content));
                }
                continue;
            }
            return Some(Token::Tag(Tag { name, inner }));
        }
    }
}

/// The tag up to its `>`, which a quoted attribute may hold too, and what follows.
fn split_tag(tail: &str) -> (&str, &str) {
    let mut quote = None;
    for (i, c) in tail.char_indices() {
        match (c, quote) {
            ('>', None) => return (&tail[..i], &tail[i + 1..]),
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            _ => {}
        }
    }
    // A quote left open: take the tag to end at its first bracket.
    tail.split_once('>').unwrap_or((tail, ""))
}

/// What follows `</name>`.
fn after_closing<'a>(text: &'a str, name: &str) -> &'a str {
    let mut rest = text;
    while let Some((_, tail)) = rest.split_once("</") {
        let closes = tail.get(..name.len()).is_some_and(|word| word.eq_ignore_ascii_case(name));
        if closes {
            return tail.split_once('>').map_or("", |(_, after)| after);
        }
        rest = tail;
    }
    ""
}

/// The text with its entities decoded; what is none stays.
pub(super) fn decoded(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let tail = &rest[at..];
        // No entity is longer, and what is none must not be searched again and again.
        let near = &tail.as_bytes()[..tail.len().min(33)];
        let end = near.iter().position(|byte| *byte == b';').filter(|end| *end >= 2);
        let entity = end.map(|end| &tail[..=end]);
        match entity.filter(|entity| {
            entity[1..entity.len() - 1].chars().all(|c| c.is_ascii_alphanumeric() || c == '#')
        }) {
            Some(entity) => {
                add_html_token(&mut out, entity.as_bytes(), false);
                rest = &tail[entity.len()..];
            }
            None => {
                out.push('&');
                rest = &tail[1..];
            }
        }
    }
    out.push_str(rest);
    out
}
