//! Codes that a message binds to a host, as browsers understand it: a line `@example.com #123456`.
//!
//! The draft of the Web Platform Incubator Community Group names the host of a frame in it by `%`, as in
//! `@example.com #123456 %pay.example`; others write `@pay.example` there. Whatever follows is left for later
//! versions of the form.

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
        let mut parts = line.trim().split(' ');
        let host = host(parts.next()?.strip_prefix('@')?)?;
        let code = parts.next()?.strip_prefix('#')?;
        let is_code = code.chars().any(char::is_alphanumeric) && code.chars().count() <= LONGEST;
        let embedded = parts.next().and_then(|part| part.strip_prefix(['%', '@'])).and_then(self::host);
        (is_code && !code.contains(['#', '@'])).then(|| Bound { host, embedded, code: code.to_owned() })
    })
}

/// A host as one compares it. One without a dot would be a person's name, as in `@alice #2024`.
fn host(text: &str) -> Option<String> {
    let host = text.split(':').next().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    let named = host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-')) && !host.starts_with('.');
    (named && (host.contains('.') || host == "localhost")).then_some(host)
}

impl Bound {
    /// Whether it is for one of these hosts, and for that frame.
    pub fn is_for(&self, hosts: &[String], frame: Option<&str>) -> bool {
        let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other.trim_end_matches('.'));
        let top = hosts.is_empty() || hosts.iter().any(|host| same(&self.host, host));
        let framed = match (&self.embedded, frame) {
            (Some(embedded), Some(frame)) => same(embedded, frame),
            _ => true,
        };
        top && framed
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
            "@example.com  #747723",
            "@example.com #",
            "@alice #2024",
            "@example.com",
            "",
        ] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn is_for_its_hosts_alone() {
        let is_for = |line: &str, hosts: &[&str], frame| {
            let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
            bound(line).is_some_and(|bound| bound.is_for(&hosts, frame))
        };
        assert!(is_for("@a.example #1", &["b.example", "A.example"], None));
        assert!(!is_for("@a.example #1", &["b.example", "x.a.example", "aa.example"], None));
        assert!(is_for("@a.example #1 %f.example", &["a.example"], None));
        assert!(is_for("@a.example #1 %f.example", &["a.example"], Some("F.example")));
        assert!(!is_for("@a.example #1 %f.example", &["a.example"], Some("g.example")));
    }
}
