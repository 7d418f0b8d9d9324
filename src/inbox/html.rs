//! The text that a person sees of an HTML mail.

use mail_parser::decoders::html::add_html_token;

/// Elements with content that is never shown.
const UNSEEN: &[&str] = &["style", "script", "head", "title", "template", "noscript"];
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

/// The text of an HTML document: a line a block, entities decoded, style and scripts left out. Any input
/// gives some text; broken markup is read as browsers do, roughly.
#[must_use]
pub fn html_to_text(html: &str) -> String {
    let mut text = Text::default();
    for token in (Tokens { rest: html }) {
        match token {
            Token::Text(raw) => text.add(raw),
            Token::Tag(tag) => text.lay_out(&tag),
        }
    }
    text.finish()
}

/// Stand around the address of a link in what [`html_with_links`] gives; no mail has use for them.
pub(super) const LINK: (char, char) = ('\u{e000}', '\u{e001}');

/// The same text, and behind the words of each link its address, between the two marks of [`LINK`].
pub(super) fn html_with_links(html: &str) -> String {
    let unmarked = html.replace([LINK.0, LINK.1], " ");
    let mut text = Text::default();
    let mut open = None;
    for token in (Tokens { rest: &unmarked }) {
        match token {
            Token::Text(raw) => text.add(raw),
            Token::Tag(tag) if tag.name == "a" || tag.name == "area" => {
                text.link(open.take());
                if !tag.is_closing() {
                    open = tag.attribute("href");
                    text.described(&tag);
                }
                if tag.name == "area" {
                    text.link(open.take());
                }
            }
            // The words of a button that is a picture.
            Token::Tag(tag) if tag.name == "img" && open.is_some() => text.described(&tag),
            Token::Tag(tag) => text.lay_out(&tag),
        }
    }
    text.link(open);
    text.finish()
}

enum Token<'a> {
    /// As the source has it.
    Text(&'a str),
    Tag(Tag<'a>),
}

struct Tag<'a> {
    /// In lower case, without the `/` of a closing tag.
    name: String,
    /// What stands between `<` and `>`.
    inner: &'a str,
}

impl Tag<'_> {
    fn is_closing(&self) -> bool {
        self.inner.starts_with('/')
    }

    /// The value of an attribute, entities decoded.
    fn attribute(&self, wanted: &str) -> Option<String> {
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
struct Tokens<'a> {
    rest: &'a str,
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
fn decoded(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let tail = &rest[at..];
        let entity = tail.find(';').filter(|&end| (2..=32).contains(&end)).map(|end| &tail[..=end]);
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

#[derive(Default)]
struct Text {
    out: String,
}

impl Text {
    fn add(&mut self, raw: &str) {
        self.fold(&decoded(raw));
    }

    /// What a tag does to the text around it.
    fn lay_out(&mut self, tag: &Tag<'_>) {
        if BLOCKS.contains(&tag.name.as_str()) {
            self.new_line();
        } else if tag.name == "td" || tag.name == "th" {
            self.add(" ");
        }
    }

    /// What a tag says of a picture or a link that shows no text.
    fn described(&mut self, tag: &Tag<'_>) {
        for said in ["alt", "aria-label", "title"] {
            if let Some(words) = tag.attribute(said) {
                self.fold(&format!(" {words} "));
            }
        }
    }

    fn link(&mut self, address: Option<String>) {
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

    fn finish(mut self) -> String {
        self.out.truncate(self.out.trim_end().len());
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_a_person_sees() {
        let cases = [
            ("<p>Your code is <b>123456</b>.</p><p>Bye</p>", "Your code is 123456.\nBye"),
            ("<html><head><style>p{color:#123456}</style><title>x</title></head><body>hi</body>", "hi"),
            ("a<script>var code = '999999';</script>b", "ab"),
            ("<!-- 111111 --><span>1</span><span>2</span>", "12"),
            ("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1 2\n3"),
            (
                "Best&auml;tigung &#49;&#x32; &amp; &lt;b&gt; &nosuch; & more",
                "Bestätigung 12 & <b> &nosuch; & more",
            ),
            ("<img alt=\"a > b\" src='x'>text", "text"),
            ("1 < 2 <3 and <b title=\"open>bold</b>", "1 < 2 <3 and bold"),
            ("  spaced\n\n   out  ", "spaced out"),
            ("<style>never closed", ""),
            ("", ""),
        ];
        for (html, text) in cases {
            assert_eq!(html_to_text(html), text, "{html}");
        }
    }

    #[test]
    fn shows_where_links_lead() {
        let cases = [
            ("go <a class=x HREF='/a?b=1&amp;c=2'><b>there</b></a>, now", "go there{/a?b=1&c=2}, now"),
            (
                "<a data-href=no href = \"https://x.example/ y\" title='a > b'>1</a>",
                "a > b 1{https://x.example/y}",
            ),
            ("<a href=/one>1<a href=/two>2", "1{/one}2{/two}"),
            ("<a name=top>top</a> <a href>none</a>", "top none{}"),
            ("<a href=/logo><img alt=\"Reset it\" src=x></a>", "Reset it {/logo}"),
            ("<img alt=unseen><map><area href=/area alt=Here>x</map>", "Here {/area}x"),
            ("<!-- <a href=/no>no</a> --><style><a href=/no></style>", ""),
            ("<a href=/é/ü>&#10;é</a", "é{/é/ü}"),
            ("\u{e000}https://x.example/\u{e001}", "https://x.example/"),
        ];
        for (html, text) in cases {
            let shown = html_with_links(html).replace(LINK.0, "{").replace(LINK.1, "}");
            assert_eq!(shown, text, "{html}");
        }
    }
}
