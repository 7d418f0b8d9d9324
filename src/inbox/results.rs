//! What a mail server found out about who sent a mail (`Authentication-Results`, RFC 8601).

use super::domain::{are_aligned, ascii};
use super::structured::{Malformed, Scanner};

/// One header of a server's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticationResults {
    /// The server, as it names itself.
    pub server: String,
    results: Vec<Finding>,
}

/// `dkim=pass header.d=acme.example`
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    method: String,
    passed: bool,
    /// `header.d` and the like, with their values; all in lower case.
    properties: Vec<(String, String)>,
}

impl AuthenticationResults {
    /// Reads the header's value; `None` if it names no server. One that goes on in another form than it should vouches for
    /// nobody: some of it is in the words of whoever sent the mail.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let value = value.to_lowercase();
        let mut scanner = Scanner::new(&value);
        scanner.skip().ok()?;
        let server = scanner.word(None).ok().filter(|server| !server.is_empty())?;
        Some(Self { server, results: findings(&mut scanner).unwrap_or_default() })
    }

    /// Whether the server found that the mail is from that domain: by DMARC if it has an opinion by that, or by a signature
    /// or an envelope of the same organisation, as DMARC has it in its relaxed form.
    #[must_use]
    pub fn vouches_for(&self, domain: &str) -> bool {
        let mut dmarc = self.results.iter().filter(|finding| finding.method == "dmarc").peekable();
        if dmarc.peek().is_some() {
            let wanted = ascii(domain);
            let is_it = |from: &str| wanted.is_some() && ascii(from) == wanted;
            return dmarc.all(|finding| finding.passed && finding.domain("header.from").is_some_and(is_it));
        }
        self.results.iter().filter(|finding| finding.passed).any(|finding| {
            let by = match finding.method.as_str() {
                "dkim" if finding.says("header.d") => finding.domain("header.d"),
                "dkim" => finding.domain("header.i"),
                "spf" => finding.domain("smtp.mailfrom"),
                _ => None,
            };
            by.is_some_and(|by| are_aligned(by, domain))
        })
    }
}

impl Finding {
    fn says(&self, name: &str) -> bool {
        self.properties.iter().any(|(known, _)| known == name)
    }

    /// The domain in a property that is there once.
    fn domain(&self, name: &str) -> Option<&str> {
        let mut named = self.properties.iter().filter(|(known, _)| known == name);
        let (_, value) = named.next().filter(|_| named.next().is_none())?;
        Some(value.rsplit_once('@').map_or(value.as_str(), |(_, domain)| domain))
    }
}

/// All that stands behind the server's name.
fn findings(scanner: &mut Scanner<'_>) -> Result<Vec<Finding>, Malformed> {
    let mut findings = Vec::new();
    scanner.skip()?;
    // The version of the header.
    if !scanner.word(None)?.chars().all(|c| c.is_ascii_digit()) {
        return Err(Malformed);
    }
    loop {
        scanner.skip()?;
        if scanner.peek().is_none() {
            return Ok(findings);
        }
        if !scanner.take(';') {
            return Err(Malformed);
        }
        scanner.skip()?;
        if matches!(scanner.peek(), None | Some(';')) || (findings.is_empty() && says_none(scanner)?) {
            continue;
        }
        let (method, verdict) = property(scanner)?;
        let method = method.split_once('/').map_or(&*method, |(method, _)| method).to_owned();
        let mut properties = Vec::new();
        loop {
            scanner.skip()?;
            if matches!(scanner.peek(), None | Some(';')) {
                break;
            }
            properties.push(property(scanner)?);
        }
        findings.push(Finding { method, passed: verdict == "pass", properties });
    }
}

/// Goes over the word by which a server says that it found out nothing.
fn says_none(scanner: &mut Scanner<'_>) -> Result<bool, Malformed> {
    let mut ahead = scanner.clone();
    let none = ahead.word(Some('='))? == "none";
    ahead.skip()?;
    let alone = none && ahead.peek().is_none();
    if alone {
        *scanner = ahead;
    }
    Ok(alone)
}

/// A name and its value, `=` between them. Space may stand around the dots and slashes of a name.
fn property(scanner: &mut Scanner<'_>) -> Result<(String, String), Malformed> {
    let joint = ['.', '/'];
    let mut name = String::new();
    loop {
        if scanner.peek() == Some('"') {
            return Err(Malformed);
        }
        let part = scanner.word(Some('='))?;
        let joined = name.is_empty() || name.ends_with(joint) || part.starts_with(joint);
        if part.is_empty() || !joined {
            return Err(Malformed);
        }
        name.push_str(&part);
        scanner.skip()?;
        if scanner.take('=') {
            break;
        }
    }
    scanner.skip()?;
    Ok((name, scanner.word(None)?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn vouches(results: &str) -> bool {
        AuthenticationResults::parse(results).unwrap().vouches_for("acme.example")
    }

    #[test]
    fn reads_what_servers_write() {
        for results in [
            "mx.mine; dkim=pass header.d=acme.example",
            "\"mx.mine\" 1 ; dkim / 1 = pass (good (2048-bit) key \\) ) header . d = Acme.example ;",
            "mx.mine;\r\n\tdkim=pass header.i=@acme.example header.s=s1 header.b=\"a/b+c=\";\r\n\tspf=softfail",
            "mx.mine; dkim=pass header.d=acme.example header.b=aB/c+1==",
            "mx.mine; spf=pass (mx.mine: domain of b@acme.example designates 192.0.2.1 as permitted sender) smtp.mailfrom=b@acme.example",
            "mx.mine; spf=pass smtp.mailfrom=\"a \\\"b\\\" @c;\"@acme.example",
            "mx.mine; auth=pass smtp.auth=x; dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=acme.example action=none",
        ] {
            assert!(vouches(results), "{results}");
        }
    }

    #[test]
    fn what_is_quoted_or_a_comment_says_nothing() {
        for results in [
            "mx.mine; spf=fail smtp.mailfrom=\"x; dkim=pass header.d=acme.example; y\"@evil.example; dkim=none",
            "mx.mine; dkim=fail reason=\"bad; dkim=pass header.d=acme.example; x\" header.d=evil.example",
            "mx.mine; spf=pass smtp.mailfrom=\"a(\"@evil.example; dmarc=fail header.from=acme.example) ; dkim=pass header.d=acme.example",
            "mx.mine; spf=pass smtp.mailfrom=\"x\\\"; dkim=pass header.d=acme.example; y\"@evil.example",
            "mx.mine; spf=fail (\"; dkim=pass header.d=acme.example\\); dkim=pass header.d=acme.example)",
            "mx.mine; spf=pass smtp.mailfrom=\"x@acme.example\"@evil.example",
        ] {
            assert!(!vouches(results), "{results}");
        }
    }

    #[test]
    fn what_does_not_parse_vouches_for_nobody() {
        for broken in [
            "\"x",
            "(",
            ")",
            "x",
            "x=1 y",
            "\"a\"b=c",
            "a=\"b\"c",
            "a=b\\",
            "a=\"b\"\"c\"",
            "=",
            "none",
            "a=\u{7}",
        ] {
            let results = format!("mx.mine; dkim=pass header.d=acme.example; {broken}");
            assert!(!vouches(&results), "{results}");
        }
        assert!(!vouches("mx.mine dkim=pass header.d=acme.example; dkim=pass header.d=acme.example"));
        assert!(!vouches("mx.mine; none"));
        assert_eq!(AuthenticationResults::parse("(only a comment)"), None);
    }

    #[test]
    fn what_is_said_twice_counts_only_where_it_agrees() {
        assert!(!vouches("mx.mine; dkim=pass header.d=evil.example header.d=acme.example"));
        assert!(!vouches("mx.mine; dkim=pass header.d=evil.example header.i=@acme.example"));
        assert!(!vouches(
            "mx.mine; dmarc=pass header.from=acme.example; dmarc=fail header.from=acme.example"
        ));
        assert!(!vouches("mx.mine; dmarc=pass header.from=evil.example; dkim=pass header.d=acme.example"));
        assert!(!vouches("mx.mine; dmarc=pass; dkim=pass header.d=evil.example"));
    }
}
