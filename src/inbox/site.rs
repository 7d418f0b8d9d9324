//! Which hosts are of one site.

use url::Host;

/// Whether two hosts are of the same site, whatever their scheme: the same host, or both below one domain that can be
/// registered. A public suffix (`co.uk`, `github.io`) is nobody's but its own.
pub(super) fn same_site(one: &str, other: &str) -> bool {
    let (Some(one), Some(other)) = (ascii(one), ascii(other)) else { return false };
    one == other || registrable_domain(&one).is_some_and(|domain| Some(domain) == registrable_domain(&other))
}

/// The part of a host that somebody registered, which DMARC calls the organizational domain; an address has none, nor
/// has a public suffix.
fn registrable_domain(host: &Host) -> Option<&str> {
    match host {
        Host::Domain(domain) => psl::domain_str(domain),
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

/// A host in the one way to write it: `Bücher.example.` is `xn--bcher-kva.example`.
fn ascii(host: &str) -> Option<Host> {
    // A URL may write it so, nobody else does.
    if host.contains('%') {
        return None;
    }
    Host::parse(host.trim_end_matches('.')).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_ends_where_its_public_suffix_begins() {
        for (one, other, same) in [
            ("acme.example", "ACME.example.", true),
            ("acme.example", "login.acme.example", true),
            ("www.acme.example", "login.acme.example", true),
            ("one.acme.co.uk", "two.acme.co.uk", true),
            ("bücher.example", "xn--bcher-kva.example", true),
            ("Bücher.example", "login.bücher.example", true),
            ("localhost", "localhost", true),
            ("127.0.0.1", "127.0.0.1", true),
            ("[::1]", "[0:0::1]", true),
            ("github.io", "github.io", true),
            ("co.uk", "acme.co.uk", false),
            ("evil.co.uk", "acme.co.uk", false),
            ("evil.github.io", "acme.github.io", false),
            ("github.io", "acme.github.io", false),
            ("127.0.0.1", "126.0.0.1", false),
            ("aacme.example", "acme.example", false),
            ("acme.example.evil.example", "acme.example", false),
            ("example", "acme.example", false),
            ("%61cme.example", "acme.example", false),
            ("", "", false),
        ] {
            assert_eq!(same_site(one, other), same, "{one} and {other}");
            assert_eq!(same_site(other, one), same, "{other} and {one}");
        }
    }
}
