//! Who sent a message, and whether that is who is expected.

use std::fmt;

use mail_parser::{Header, HeaderName, Message as Mail};

use super::results::AuthenticationResults;

/// Who sent a message, by its own word and by that of the servers that it came through.
#[derive(Debug, Clone, Default)]
pub struct Sender {
    /// The addresses in `From`, or the number or name that a text message came from; in lower case.
    pub from: Vec<String>,
    /// What servers on its way found out about that; `None` where no server of one's own stood between.
    pub results: Option<Vec<AuthenticationResults>>,
}

impl Sender {
    pub(super) fn of_text(from: String) -> Self {
        Self { from: vec![from.to_lowercase()], results: None }
    }

    pub(super) fn of_mail(mail: &Mail<'_>) -> Self {
        let named =
            |header: &&Header<'_>| header.name.as_str().eq_ignore_ascii_case("Authentication-Results");
        // As they came: their form is none that mails have otherwise.
        let value = |header: &Header<'_>| {
            let raw = mail.raw_message.get(header.offset_start() as usize..header.offset_end() as usize)?;
            AuthenticationResults::parse(&String::from_utf8_lossy(raw))
        };
        let results = mail.headers().iter().filter(named).filter_map(value).collect();
        Self { results: Some(results), ..Self::of_direct_mail(mail) }
    }

    /// The same where whoever sent it may have written all of it.
    pub(super) fn of_direct_mail(mail: &Mail<'_>) -> Self {
        // Of all that are there: a reader may show another than a server has looked at.
        let from = mail.headers().iter().filter(|header| header.name == HeaderName::From);
        let from = from.filter_map(|header| header.value.as_address()).flat_map(|from| from.iter());
        let from = from.filter_map(|from| from.address()).map(str::to_lowercase).collect();
        Self { from, results: None }
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from.is_empty() {
            f.write_str("nobody that it names")
        } else {
            f.write_str(&self.from.join(", "))
        }
    }
}

/// From whom a message has to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Senders {
    /// Addresses (`codes@acme.example`), domains with all below them (`acme.example`), numbers or names of text messages.
    /// Empty if it may be anybody.
    pub from: Vec<String>,
    /// Whether a server must have found a mail to be from the domain that it claims.
    pub authenticated: bool,
    /// The servers whose word counts for that, as they name themselves in `Authentication-Results` (RFC 8601).
    pub servers: Vec<String>,
}

impl Senders {
    /// Why a message is not from whom it has to be; `None` if it is.
    #[must_use]
    pub fn object(&self, sender: &Sender) -> Option<String> {
        let named = |from: &String| self.from.iter().any(|wanted| fits(wanted, from));
        if !self.from.is_empty() && (sender.from.is_empty() || !sender.from.iter().all(named)) {
            return Some(format!("it is from {sender}, not from {}", self.from.join(" or ")));
        }
        if !self.authenticated {
            return None;
        }
        if self.servers.is_empty() {
            return Some(
                "no mail server's word on who sent it is trusted: name yours with --inbox-authserv"
                    .to_owned(),
            );
        }
        let Some(results) = &sender.results else {
            return Some(
                "it came straight from whoever sent it, and no mail server of yours has looked at who that was: \
                 have one hand its mail on by lmtp://, or say behind_server=yes where one stands before smtp://"
                    .to_owned(),
            );
        };
        let [from] = sender.from.as_slice() else {
            return Some(format!("it claims to be from {sender}"));
        };
        let domain = from.rsplit_once('@').map_or(from.as_str(), |(_, domain)| domain);
        let trusted = |results: &&AuthenticationResults| {
            self.servers.iter().any(|server| server.eq_ignore_ascii_case(&results.server))
        };
        // The topmost: whoever sent it may have written one below.
        match results.iter().find(trusted) {
            Some(results) if results.vouches_for(domain) => None,
            Some(results) => Some(format!("{} does not vouch for {domain}", results.server)),
            None => Some(format!("{} said nothing about who sent it", self.servers.join(" or "))),
        }
    }
}

impl fmt::Display for Senders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.from.join(", "))
    }
}

/// Whether what is wanted names that sender.
fn fits(wanted: &str, from: &str) -> bool {
    let wanted = wanted.to_lowercase();
    match (wanted.strip_prefix('@').unwrap_or(&wanted), from.rsplit_once('@')) {
        (domain, Some((_, of))) if !domain.contains('@') => {
            of == domain || of.strip_suffix(domain).is_some_and(|below| below.ends_with('.'))
        }
        (whole, _) => whole == from,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use mail_parser::MessageParser;

    use super::*;

    fn objection(senders: &Senders, head: &str) -> Option<String> {
        let raw = format!("{}\r\n\r\nhello", head.replace('\n', "\r\n"));
        let mail = MessageParser::default().parse(raw.as_bytes()).unwrap();
        senders.object(&Sender::of_mail(&mail))
    }

    #[test]
    fn a_domain_stands_for_all_below_it() {
        let senders = |from: &str| Senders { from: vec![from.to_owned()], ..Senders::default() };
        for (wanted, from, fine) in [
            ("acme.example", "codes@acme.example", true),
            ("@Acme.example", "Codes <codes@mail.ACME.example>", true),
            ("acme.example", "codes@notacme.example", false),
            ("acme.example", "acme.example@evil.example", false),
            ("codes@acme.example", "codes@acme.example", true),
            ("codes@acme.example", "news@acme.example", false),
            ("acme.example", "a@acme.example, b@evil.example", false),
        ] {
            let objection = objection(&senders(wanted), &format!("From: {from}"));
            assert_eq!(objection.is_none(), fine, "{wanted} of {from}: {objection:?}");
        }
        assert!(objection(&senders("acme.example"), "Subject: nobody").is_some());
        assert!(senders("+15550100").object(&Sender::of_text("+15550100".to_owned())).is_none());
        assert!(senders("Acme").object(&Sender::of_text("ACME".to_owned())).is_none());
        assert!(senders("Acme").object(&Sender::of_text("Acne".to_owned())).is_some());
    }

    #[test]
    fn only_a_trusted_server_vouches_for_a_sender() {
        let senders =
            Senders { authenticated: true, servers: vec!["mx.own.example".to_owned()], ..Senders::default() };
        let from = "From: codes@acme.example\n";
        for (results, fine) in [
            ("Authentication-Results: mx.own.example; dmarc=pass header.from=acme.example", true),
            (
                "Authentication-Results: mx.own.example 1; dkim=pass (2048-bit key) header.d=acme.example header.i=@acme.example;\n spf=fail smtp.mailfrom=x@evil.example",
                true,
            ),
            ("Authentication-Results: mx.own.example; spf=pass smtp.mailfrom=bounce@mail.acme.example", true),
            ("Authentication-Results: mx.own.example; dkim=pass header.d=evil.example", false),
            ("Authentication-Results: mx.own.example; dmarc=fail header.from=acme.example", false),
            ("Authentication-Results: mx.own.example; none", false),
            ("Authentication-Results: mx.evil.example; dmarc=pass header.from=acme.example", false),
            (
                "Authentication-Results: mx.own.example; dmarc=fail header.from=acme.example\nAuthentication-Results: mx.own.example; dmarc=pass header.from=acme.example",
                false,
            ),
            ("X-Nothing: here", false),
            (
                "From: codes@evil.example\nAuthentication-Results: mx.own.example; dmarc=pass header.from=acme.example",
                false,
            ),
        ] {
            let objection = objection(&senders, &format!("{from}{results}"));
            assert_eq!(objection.is_none(), fine, "{results}: {objection:?}");
        }
        let nobody = Senders { authenticated: true, ..Senders::default() };
        assert!(objection(&nobody, from.trim()).unwrap().contains("--inbox-authserv"));
    }
}
