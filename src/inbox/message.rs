//! A message as the inbox keeps it: who it was for, when it came, what it says.

use std::fmt;

use jiff::Timestamp;
use mail_parser::{MessageParser, PartType};
use secrecy::{ExposeSecret, SecretString};

use super::extract::{Ambiguous, ExtractHints, ExtractedCode, code_of_parts};
use super::html::{html_to_text, html_with_links};
use super::links::{AmbiguousLink, Link, LinkHints, MailedLink, link_of, links};

/// More than this of a part is not kept; a code stands further up.
const PART_LIMIT: usize = 64 * 1024;

/// A message that came for one address. Prints nothing of what it says.
#[derive(Clone)]
pub struct Message {
    /// The envelope's recipient (not what its `To:` claims).
    pub recipient: String,
    /// When it came in, by our clock.
    pub received_at: Timestamp,
    /// Its texts: the subject with the plain text, the subject with the text of the HTML, whichever it has.
    parts: Vec<SecretString>,
    /// The links in it, of all its texts.
    links: Vec<Link>,
}

impl Message {
    /// A message that is a plain text, such as an SMS.
    #[must_use]
    pub fn from_text(recipient: impl Into<String>, received_at: Timestamp, text: impl Into<String>) -> Self {
        let text = text.into();
        let links = links(truncated(&text, PART_LIMIT));
        Self { recipient: recipient.into(), received_at, parts: vec![SecretString::from(text)], links }
    }

    /// A mail as it came over the wire. What cannot be read as a mail is read as text.
    #[must_use]
    pub fn from_mail(recipient: impl Into<String>, received_at: Timestamp, raw: &[u8]) -> Self {
        let Some(mail) = MessageParser::default().parse(raw) else {
            return Self::from_text(recipient, received_at, String::from_utf8_lossy(raw));
        };
        let mut plain = String::new();
        let mut html = String::new();
        let mut found = Vec::new();
        let mut seen = Vec::new();
        for part in mail.text_bodies().chain(mail.html_bodies()) {
            if seen.iter().any(|known| std::ptr::eq(*known, part)) {
                continue;
            }
            seen.push(part);
            match &part.body {
                PartType::Text(text) => {
                    found.extend(links(truncated(text, PART_LIMIT)));
                    push(&mut plain, text);
                }
                PartType::Html(markup) => {
                    let markup = truncated(markup, 4 * PART_LIMIT);
                    found.extend(links(&html_with_links(markup)));
                    push(&mut html, &html_to_text(markup));
                }
                _ => {}
            }
        }
        let subject = mail.subject().unwrap_or_default();
        let mut parts: Vec<SecretString> = [plain, html]
            .into_iter()
            .filter(|part| !part.trim().is_empty())
            .map(|part| SecretString::from(format!("{subject}\n\n{part}")))
            .collect();
        if parts.is_empty() {
            parts.push(SecretString::from(subject));
        }
        Self { recipient: recipient.into(), received_at, parts, links: found }
    }

    /// The code in it; `None` if it has none.
    ///
    /// # Errors
    /// When several texts in it could be the code.
    pub fn code(&self, hints: &ExtractHints) -> Result<Option<ExtractedCode>, Ambiguous> {
        let parts: Vec<&str> = self.parts.iter().map(ExposeSecret::expose_secret).collect();
        code_of_parts(&parts, hints)
    }

    /// The link in it that was mailed for a request; `None` if it has none.
    ///
    /// # Errors
    /// When several links in it could be the one.
    pub fn link(&self, hints: &LinkHints) -> Result<Option<MailedLink>, AmbiguousLink> {
        link_of(&self.links, hints)
    }

    /// Bytes that it takes up.
    pub(super) fn size(&self) -> usize {
        let links = self.links.iter().flat_map(|link| [&link.address, &link.words]);
        let texts = self.parts.iter().chain(links);
        self.recipient.len() + texts.map(|text| text.expose_secret().len()).sum::<usize>()
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

fn push(all: &mut String, part: &str) {
    let room = PART_LIMIT.saturating_sub(all.len());
    if !all.is_empty() && room > 0 {
        all.push('\n');
    }
    all.push_str(truncated(part, room));
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
