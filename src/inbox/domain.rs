//! Which domains are of one organisation.

use url::Host;

use super::site::same_site;

/// Whether a mail from the one may be vouched for by the other: DMARC's relaxed alignment, so whether both are of the same
/// organisational domain, one label below a public suffix (RFC 7489, 3.2). A public suffix is nobody's but its own.
pub(super) fn are_aligned(one: &str, other: &str) -> bool {
    ascii(one).zip(ascii(other)).is_some_and(|(one, other)| same_site(&one, &other))
}

/// A domain of more than one label, in the one way to write it.
pub(super) fn ascii(domain: &str) -> Option<String> {
    // A URL's host may be encoded so, a mail's domain not.
    if domain.contains('%') {
        return None;
    }
    match Host::parse(domain) {
        Ok(Host::Domain(domain)) => domain.contains('.').then_some(domain),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_organisation_ends_where_its_public_suffix_begins() {
        for (one, other, aligned) in [
            ("acme.example", "acme.example", true),
            ("mail.acme.example", "acme.example", true),
            ("acme.example", "a.b.Acme.example", true),
            ("one.acme.co.uk", "two.acme.co.uk", true),
            ("bücher.example", "mail.xn--bcher-kva.example", true),
            ("github.io", "github.io", true),
            ("co.uk", "acme.co.uk", false),
            ("evil.co.uk", "acme.co.uk", false),
            ("evil.github.io", "github.io", false),
            ("evil.github.io", "acme.github.io", false),
            ("evilacme.example", "acme.example", false),
            ("example", "acme.example", false),
            ("example", "example", false),
            ("%61cme.example", "acme.example", false),
            ("127.0.0.1", "127.0.0.1", false),
            ("", "", false),
        ] {
            assert_eq!(are_aligned(one, other), aligned, "{one} and {other}");
            assert_eq!(are_aligned(other, one), aligned, "{other} and {one}");
        }
    }
}
