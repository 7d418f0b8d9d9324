//! For which managed address a mail of a mailbox is, where one mailbox takes in the mail of many.
//!
//! What the server wrote when it took the mail in counts first: the headers that repeat the envelope, of each the
//! topmost, for those below are of earlier servers or were sent along by whoever wrote the mail. Only if these name
//! nobody who is managed, `To` and `Cc` are asked, and only if they name one managed address and no more: a code for
//! one of two must not go to the other. An address is compared whole: `otp+alice@example.com` is not
//! `otp@example.com`, and `alice@acme.example.com` is not `alice@example.com`.

use mail_parser::{HeaderName, Message, MessageParser};

use super::source::{Desk, DeskClosed};

/// Headers in which servers repeat the envelope's recipient, the most reliable first.
const ENVELOPE: &[&str] =
    &["Delivered-To", "X-Original-To", "X-Envelope-To", "Envelope-To", "X-RcptTo", "X-Rcpt-To"];

/// More addresses than that in `To` and `Cc` are not looked up.
const NAMED: usize = 50;

/// What a mail's headers say of whom it is from and for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// The envelope's recipient as servers have written it down, the most reliable first.
    pub envelope: Vec<String>,
    /// Whom `To` and `Cc` name.
    pub named: Vec<String>,
    /// The envelope's sender, of `Return-Path`; empty where nobody says.
    pub sender: String,
}

impl Addresses {
    /// Reads the headers of a mail as it came over the wire.
    #[must_use]
    pub fn of(raw: &[u8]) -> Self {
        let Some(mail) = MessageParser::default().parse_headers(raw) else { return Self::default() };
        let mut envelope = Vec::new();
        for address in ENVELOPE.iter().filter_map(|name| topmost(&mail, raw, name)) {
            push(&mut envelope, &address);
        }
        let mut named = Vec::new();
        let all = [mail.to(), mail.cc()].into_iter().flatten().flat_map(|list| list.iter());
        all.filter_map(|one| one.address()).take(NAMED).for_each(|address| push(&mut named, address));
        let sender = topmost(&mail, raw, "Return-Path").unwrap_or_default();
        Self { envelope, named, sender }
    }

    /// The managed address that the mail is for; `None` if it is for nobody, or if that cannot be said.
    ///
    /// # Errors
    /// When addresses cannot be looked up.
    pub async fn managed(&self, desk: &dyn Desk) -> Result<Option<String>, DeskClosed> {
        for address in &self.envelope {
            if desk.manages(address).await? {
                return Ok(Some(address.clone()));
            }
        }
        let mut managed = Vec::new();
        for address in &self.named {
            if desk.manages(address).await? {
                managed.push(address);
            }
        }
        if managed.len() > 1 {
            let count = managed.len();
            tracing::debug!(
                count,
                "a mail names several managed addresses and not whom it was sent to: left"
            );
            return Ok(None);
        }
        Ok(managed.pop().cloned())
    }
}

/// The address in the topmost header of that name.
fn topmost(mail: &Message<'_>, raw: &[u8], name: &str) -> Option<String> {
    let is_it = |header: &&mail_parser::Header<'_>| match &header.name {
        HeaderName::ReturnPath => name == "Return-Path",
        header => header.as_str().eq_ignore_ascii_case(name),
    };
    let header = mail.headers().iter().filter(is_it).min_by_key(|header| header.offset_field())?;
    let value = raw.get(header.offset_start() as usize..header.offset_end() as usize)?;
    let value = std::str::from_utf8(value).ok()?.trim();
    let address = value.strip_prefix('<').and_then(|value| value.strip_suffix('>')).unwrap_or(value);
    let fits =
        address.contains('@') && !address.contains(|c: char| c.is_whitespace() || "<>,;\"".contains(c));
    fits.then(|| address.to_owned())
}

fn push(all: &mut Vec<String>, address: &str) {
    let address = address.trim();
    if !address.is_empty() && !all.iter().any(|known| known.to_lowercase() == address.to_lowercase()) {
        all.push(address.to_owned());
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::inbox::source::{Arrival, Taken};

    /// Manages all of `accounts.example`, and `otp+…@example.com`.
    struct Managing;

    #[async_trait]
    impl Desk for Managing {
        async fn manages(&self, address: &str) -> Result<bool, DeskClosed> {
            Ok(address.ends_with("accounts.example") || address.starts_with("otp+"))
        }

        async fn deliver(&self, _: Arrival) -> Result<Taken, DeskClosed> {
            Ok(Taken::New)
        }
    }

    async fn whom(headers: &str) -> Option<String> {
        let raw = format!("{headers}\nSubject: x\n\nTo: dave@accounts.example\n").replace('\n', "\r\n");
        Addresses::of(raw.as_bytes()).managed(&Managing).await.unwrap()
    }

    #[tokio::test]
    async fn the_envelope_comes_first_and_of_it_the_topmost() {
        for (headers, wanted) in [
            (
                "Delivered-To: alice@accounts.example\nTo: bob@accounts.example",
                Some("alice@accounts.example"),
            ),
            (
                "Delivered-To: <alice@accounts.example>\nReceived: x\nDelivered-To: bob@accounts.example",
                Some("alice@accounts.example"),
            ),
            ("Delivered-To: all@example.com\nDelivered-To: bob@accounts.example", None),
            (
                "X-Original-To: bob@accounts.example\nDelivered-To: all@example.com",
                Some("bob@accounts.example"),
            ),
            (
                "Envelope-To: bob@accounts.example\nX-Original-To: alice@accounts.example",
                Some("alice@accounts.example"),
            ),
            ("delivered-to: otp+acme-alice@example.com", Some("otp+acme-alice@example.com")),
            ("Delivered-To: alice@acme.accounts.example", Some("alice@acme.accounts.example")),
            ("Delivered-To: otp@example.com\nTo: otp@example.com", None),
        ] {
            assert_eq!(whom(headers).await.as_deref(), wanted, "{headers}");
        }
    }

    #[tokio::test]
    async fn without_an_envelope_one_managed_address_is_taken_and_of_two_none() {
        for (headers, wanted) in [
            ("To: Alice <alice@accounts.example>, c@example.com", Some("alice@accounts.example")),
            ("To: c@example.com\nCc: bob@accounts.example", Some("bob@accounts.example")),
            ("To: a@accounts.example\nCc: A@accounts.example", Some("a@accounts.example")),
            ("To: alice@accounts.example\nCc: bob@accounts.example", None),
            ("To: c@example.com", None),
            ("X: y", None),
        ] {
            assert_eq!(whom(headers).await.as_deref(), wanted, "{headers}");
        }
    }

    #[test]
    fn the_sender_is_the_envelopes() {
        let sender = |raw: &str| Addresses::of(raw.as_bytes()).sender;
        assert_eq!(sender("Return-Path: <b@c.example>\r\nFrom: d@e.example\r\n\r\n"), "b@c.example");
        assert_eq!(sender("Return-Path: <>\r\nFrom: d@e.example\r\n\r\n"), "");
        assert_eq!(sender("From: d@e.example\r\n\r\n"), "");
        assert_eq!(sender(""), "");
    }
}
