//! Codes that a message binds to a host, as browsers understand it: a line `@example.com #123456`.
//!
//! The draft of the Web Platform Incubator Community Group names the host of a frame in it by `%`, as in
//! `@example.com #123456 %pay.example`; others write `@pay.example` there. Whatever follows is left for later
//! versions of the form. Hosts are compared as the draft does, by their site.
//!
//! What binds a code only ever takes one away, so lines are read more kindly than browsers do: with invisible
//! characters, with other spaces and more of them, with full-width marks.

use std::fmt;

use super::mask;
use crate::inbox::site::same_site;

/// A code for a host.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Bound {
    pub host: String,
    /// The host of the frame in which it is asked for.
    pub embedded: Option<String>,
    pub code: String,
}

/// Longer is no code.
const LONGEST: usize = 64;

/// The last line that binds a code. Operators and mail servers add lines, so it need not be the last of all.
pub(super) fn bound(text: &str) -> Option<Bound> {
    text.lines().rev().find_map(|line| {
        // The only lines that are read further.
        if !line.contains(['@', '＠']) || !line.contains(['#', '＃']) {
            return None;
        }
        let line: String = mask::normalise(line).into_iter().collect();
        let mut parts = line.split_whitespace();
        let host = host(parts.next()?.strip_prefix('@')?)?;
        let code = parts.next()?.strip_prefix('#')?;
        let is_code = code.chars().any(char::is_alphanumeric) && code.chars().count() <= LONGEST;
        let embedded = parts.next().and_then(|part| part.strip_prefix(['%', '@'])).and_then(self::host);
        (is_code && !code.contains(['#', '@'])).then(|| Bound { host, embedded, code: code.to_owned() })
    })
}

/// A host without its port. One without a dot would be a person's name, as in `@alice #2024`.
fn host(text: &str) -> Option<String> {
    let host = text.split(':').next().unwrap_or_default().trim_end_matches('.').to_lowercase();
    let named = host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-')) && !host.starts_with('.');
    (named && (host.contains('.') || host == "localhost")).then_some(host)
}

impl Bound {
    /// Whether it is for a page of these hosts, or any if none is known, and for that frame in it. `None` is the page
    /// itself.
    pub fn is_for(&self, hosts: &[String], frame: Option<&str>) -> bool {
        let of_app = |host: &str| hosts.is_empty() || hosts.iter().any(|own| same_site(host, own));
        of_app(&self.host)
            && self.embedded.as_ref().is_none_or(|embedded| match frame {
                Some(frame) => same_site(embedded, frame),
                None => of_app(embedded),
            })
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.embedded {
            Some(embedded) => write!(f, "a frame of {embedded} in {}", self.host),
            None => f.write_str(&self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, Option<String>, String)> {
        bound(text).map(|bound| (bound.host, bound.embedded, bound.code))
    }

    #[test]
    fn reads_the_line_as_browsers_do() {
        let found = |host: &str, embedded: Option<&str>, code: &str| {
            Some((host.to_owned(), embedded.map(str::to_owned), code.to_owned()))
        };
        assert_eq!(read("x\n\n@example.com #747723"), found("example.com", None, "747723"));
        assert_eq!(
            read("@Example.com #7-x %pay.example $future\r\n"),
            found("example.com", Some("pay.example"), "7-x")
        );
        assert_eq!(read("@example.com #1 @pay.example"), found("example.com", Some("pay.example"), "1"));
        assert_eq!(read("@example.com #747723 $future"), found("example.com", None, "747723"));
        for none in [
            "something @example.com #747723",
            "#747723 %pay.example @example.com",
            "@example.com code #747723",
            "@example.com #",
            "@alice #2024",
            "@example.com",
            "",
        ] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn reads_lines_that_are_spelled_otherwise() {
        for line in [
            "@example.com  #747723",
            "\u{200b}@example.com #747723",
            "\u{a0}\u{2068}@example.com\u{a0}#747723\u{2069}",
            "＠example.com ＃747723",
            "@example.com\t#７４７７２３",
        ] {
            assert_eq!(read(line), Some(("example.com".into(), None, "747723".into())), "{line:?}");
        }
    }

    #[test]
    fn is_for_its_site_alone() {
        let is_for = |line: &str, hosts: &[&str], frame| {
            let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
            bound(line).is_some_and(|bound| bound.is_for(&hosts, frame))
        };
        assert!(is_for("@a.example #1", &["b.example", "A.example"], None));
        assert!(is_for("@a.example #1", &["b.example", "x.a.example"], None));
        assert!(is_for("@bücher.example #1", &["xn--bcher-kva.example"], None));
        assert!(!is_for("@a.example #1", &["b.example", "aa.example", "a.example.net"], None));
        assert!(!is_for("@co.uk #1", &["a.co.uk"], None));
        assert!(is_for("@a.example #1 %f.example", &["a.example"], Some("x.F.example")));
        assert!(!is_for("@a.example #1 %f.example", &["a.example"], Some("g.example")));
        // In the page itself, as long as all is the app's.
        assert!(!is_for("@a.example #1 %f.example", &["a.example"], None));
        assert!(is_for("@a.example #1 %f.example", &["a.example", "f.example"], None));
        assert!(is_for("@a.example #1 %f.example", &[], None));
    }
}
