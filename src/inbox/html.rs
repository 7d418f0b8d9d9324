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
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        text.add(&rest[..open]);
        let tail = &rest[open + 1..];
        if let Some(comment) = tail.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        if !tail.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')) {
            text.add("<");
            rest = tail;
            continue;
        }
        let (tag, after) = split_tag(tail);
        rest = after;
        let name = tag.trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric()).next();
        let name = name.unwrap_or_default().to_ascii_lowercase();
        if UNSEEN.contains(&name.as_str()) && !tag.starts_with('/') && !tag.ends_with('/') {
            rest = after_closing(after, &name);
        } else if BLOCKS.contains(&name.as_str()) {
            text.new_line();
        } else if name == "td" || name == "th" {
            text.add(" ");
        }
    }
    text.add(rest);
    text.finish()
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

#[derive(Default)]
struct Text {
    out: String,
}

impl Text {
    fn add(&mut self, raw: &str) {
        let mut rest = raw;
        while let Some(at) = rest.find('&') {
            self.fold(&rest[..at]);
            let tail = &rest[at..];
            let entity = tail.find(';').filter(|&end| (2..=32).contains(&end)).map(|end| &tail[..=end]);
            match entity.filter(|entity| {
                entity[1..entity.len() - 1].chars().all(|c| c.is_ascii_alphanumeric() || c == '#')
            }) {
                Some(entity) => {
                    let mut decoded = String::new();
                    add_html_token(&mut decoded, entity.as_bytes(), false);
                    self.fold(&decoded);
                    rest = &tail[entity.len()..];
                }
                None => {
                    self.fold("&");
                    rest = &tail[1..];
                }
            }
        }
        self.fold(rest);
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
}
