//! A message as the inbox keeps it: who it was for, when it came, what it says.

use std::fmt;
use std::ops::Range;

use jiff::Timestamp;
use mail_parser::{MessageParser, PartType};
use secrecy::{ExposeSecret, SecretString};

use super::extract::{self, Ambiguous, Explained, ExtractHints, ExtractedCode, Layer, Passage, Place};
use super::html::{html_with_links, shown};
use super::links::{AmbiguousLink, Link, LinkHints, MailedLink, link_of, links};
use super::quoted::{Kind, Layers, layers};
use super::shown::Shown;

/// More than this of a part is not kept; a code stands further up.
const PART_LIMIT: usize = 64 * 1024;
/// More parts are not read.
const MOST_PARTS: usize = 50;
/// Messages within messages, and how deep they may lie.
const MOST_ATTACHED: usize = 10;
const DEEPEST: usize = 3;

/// A message that came for one address. Prints nothing of what it says.
#[derive(Clone)]
pub struct Message {
    /// The envelope's recipient (not what its `To:` claims).
    pub recipient: String,
    /// When it came in, by our clock.
    pub received_at: Timestamp,
    /// Its texts by who wrote them, the sender's own first.
    layers: Vec<Kept>,
    /// The links in it, of all its texts.
    links: Vec<Link>,
}

/// The texts of one layer: the subject with the plain text, the subject with the text of the HTML.
#[derive(Clone)]
struct Kept {
    place: Place,
    texts: Vec<(SecretString, Vec<Range<usize>>)>,
}

impl Kept {
    fn layer(&self) -> Layer<'_> {
        let passages = self.texts.iter();
        let passages = passages.map(|(text, emphasis)| Passage { text: text.expose_secret(), emphasis });
        Layer { place: self.place, passages: passages.collect() }
    }
}

impl Message {
    /// A message that is a plain text, such as an SMS.
    #[must_use]
    pub fn from_text(recipient: impl Into<String>, received_at: Timestamp, text: impl Into<String>) -> Self {
        let text = text.into();
        let links = links(truncated(&text, PART_LIMIT));
        let layers = layers(&Shown::plain(text), Kind::Fresh);
        let silent = layers.own.is_blank();
        let layers = kept([layers, Layers::default()], Place::Own, silent);
        Self { recipient: recipient.into(), received_at, layers, links }
    }

    /// A mail as it came over the wire. What cannot be read as a mail is read as text.
    #[must_use]
    pub fn from_mail(recipient: impl Into<String>, received_at: Timestamp, raw: &[u8]) -> Self {
        let Some(mail) = MessageParser::default().parse(raw) else {
            return Self::from_text(recipient, received_at, String::from_utf8_lossy(raw));
        };
        let mut read = Read::default();
        read.mail(&mail, 0);
        Self { recipient: recipient.into(), received_at, layers: read.layers, links: read.links }
    }

    /// The code in it; `None` if it has none.
    ///
    /// # Errors
    /// When several texts in it could be the code.
    pub fn code(&self, hints: &ExtractHints) -> Result<Option<ExtractedCode>, Ambiguous> {
        self.explain(hints).into_code()
    }

    /// The same, with what speaks for each candidate.
    #[must_use]
    pub fn explain(&self, hints: &ExtractHints) -> Explained {
        extract::explain(&self.layers.iter().map(Kept::layer).collect::<Vec<_>>(), hints)
    }

    /// The link in it that was mailed for a request; `None` if it has none.
    ///
    /// # Errors
    /// When several links in it could be the one.
    pub fn link(&self, hints: &LinkHints) -> Result<Option<MailedLink>, AmbiguousLink> {
        link_of(&self.links, hints)
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("recipient", &self.recipient)
            .field("received_at", &self.received_at)
            .finish_non_exhaustive()
    }
}

/// What a mail is made of, as it is read.
#[derive(Default)]
struct Read {
    layers: Vec<Kept>,
    links: Vec<Link>,
    attached: usize,
}

impl Read {
    /// Reads a mail, then those that are attached to it.
    fn mail(&mut self, mail: &mail_parser::Message<'_>, depth: usize) {
        let subject = mail.subject().unwrap_or_default();
        let kind = Kind::of_subject(subject);
        let (mut plain, mut html) = (Shown::default(), Shown::default());
        let mut seen = Vec::new();
        for part in mail.text_bodies().chain(mail.html_bodies()) {
            if seen.iter().any(|known| std::ptr::eq(*known, part)) {
                continue;
            }
            seen.push(part);
            match &part.body {
                PartType::Text(text) => {
                    let text = truncated(text, PART_LIMIT);
                    self.links.extend(links(text));
                    push(&mut plain, &Shown::plain(text.replace('\r', "")));
                }
                PartType::Html(markup) => {
                    let markup = truncated(markup, 4 * PART_LIMIT);
                    self.links.extend(links(&html_with_links(markup)));
                    push(&mut html, &shown(markup));
                }
                _ => {}
            }
            if seen.len() == MOST_PARTS {
                break;
            }
        }
        let mut texts = [layers(&plain, kind), layers(&html, kind)];
        let silent = texts.iter().all(|text| text.own.is_blank());
        head(&mut texts, subject, kind);
        let place = if depth == 0 { Place::Own } else { Place::Forwarded };
        self.layers.extend(kept(texts, place, silent));
        if depth < DEEPEST {
            for part in &mail.parts {
                if let PartType::Message(inner) = &part.body
                    && self.attached < MOST_ATTACHED
                {
                    self.attached += 1;
                    self.mail(inner, depth + 1);
                }
            }
        }
    }
}

/// Puts the subject before the text that it is about.
fn head(texts: &mut [Layers; 2], subject: &str, kind: Kind) {
    if subject.is_empty() {
        return;
    }
    let [plain, html] = texts;
    let passed_on = kind == Kind::Forward && [&*plain, &*html].iter().any(|text| !text.forwarded.is_empty());
    let answered = kind == Kind::Answer && [&*plain, &*html].iter().any(|text| !text.quoted.is_blank());
    let named = if kind == Kind::Fresh { subject.to_owned() } else { without_numbers(subject) };
    let mut said = false;
    for text in [&mut *plain, &mut *html] {
        let about = if passed_on {
            text.forwarded.first_mut()
        } else if answered {
            Some(&mut text.quoted)
        } else {
            Some(&mut text.own)
        };
        let own = !passed_on && !answered;
        if let Some(about) = about.filter(|about| !about.is_blank()) {
            // What an answer is about says what it means, but a number in it is an old one.
            about.head(if own { &named } else { subject });
            said = true;
        }
    }
    if (!said && !answered) || (said && answered && !subject.contains(|c: char| c.is_numeric())) {
        plain.own.head(subject);
    }
}

/// The words of a subject that hold no number.
fn without_numbers(subject: &str) -> String {
    let words = subject.split_whitespace().filter(|word| !word.contains(char::is_numeric));
    words.collect::<Vec<_>>().join(" ")
}

/// The layers of a text that comes in two forms. Where its sender is silent, what it quotes is the message.
fn kept([plain, html]: [Layers; 2], place: Place, silent: bool) -> Vec<Kept> {
    let keep = |place: Place, texts: Vec<Shown>| {
        let texts = texts.into_iter().filter(|text| !text.text.trim().is_empty());
        Kept { place, texts: texts.map(|text| (SecretString::from(text.text), text.emphasis)).collect() }
    };
    let mut kept = vec![keep(place, vec![plain.own, html.own])];
    let (mut plain_forwarded, mut html_forwarded) = (plain.forwarded.into_iter(), html.forwarded.into_iter());
    loop {
        let texts: Vec<Shown> = plain_forwarded.next().into_iter().chain(html_forwarded.next()).collect();
        if texts.is_empty() {
            break;
        }
        kept.push(keep(Place::Forwarded, texts));
    }
    if silent && kept.len() == 1 {
        kept.push(keep(Place::Quoted, vec![plain.quoted, html.quoted]));
    }
    kept.retain(|kept| !kept.texts.is_empty());
    kept
}

fn push(all: &mut Shown, part: &Shown) {
    if !all.text.is_empty() && all.text.len() < PART_LIMIT {
        all.text.push('\n');
    }
    all.append(part);
    all.truncate(PART_LIMIT);
}

fn truncated(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn code_of(raw: &str) -> Option<String> {
        let raw = raw.replace('\n', "\r\n");
        let message = Message::from_mail("a@example.com", Timestamp::UNIX_EPOCH, raw.as_bytes());
        assert!(!format!("{message:?}").contains("code"));
        let found = message.code(&ExtractHints::default()).unwrap();
        found.map(|found| found.code.expose_secret().to_owned())
    }

    #[test]
    fn reads_mails_of_every_make() {
        let cases = [
            ("plain", "Subject: Your code\n\nYour code is 482915.\n"),
            ("only a subject", "Subject: 482915 is your verification code\n\n"),
            (
                "HTML only",
                "Content-Type: text/html; charset=utf-8\n\n<style>.x{color:#123456}</style><p>Your code:</p><h1>482&nbsp;915</h1>\n",
            ),
            (
                "quoted-printable, Latin-1",
                "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nIhr Best=E4tigungscode lautet 482=\n915\n",
            ),
            (
                "base64, UTF-8, encoded subject",
                "Subject: =?utf-8?B?QmVzdMOkdGlndW5nc2NvZGU=?=\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nNDgyOTE1IGlzdCBJaHIgQ29kZQ==\n",
            ),
            (
                "two alternatives",
                "MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\nYour code is 482915\n--b\nContent-Type: text/html\n\n<p>Your code is <b>482915</b></p>\n--b--\n",
            ),
            (
                "the code in the HTML alone",
                "MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\nThis message needs an HTML reader.\n--b\nContent-Type: text/html\n\n<p>Your code is <b>482915</b></p>\n--b--\n",
            ),
            ("Chinese", "Content-Type: text/plain; charset=utf-8\n\n您的验证码是482915，10分钟内有效。\n"),
        ];
        for (name, raw) in cases {
            assert_eq!(code_of(raw).as_deref(), Some("482915"), "{name}");
        }
        assert_eq!(code_of("Subject: Welcome\n\nThanks for joining.\n"), None);
        assert_eq!(code_of(""), None);
    }
}
