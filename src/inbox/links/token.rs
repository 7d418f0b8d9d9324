//! What of an address is a secret: the parts that nobody would choose, since they are drawn at random.

use url::Url;

use super::words::PLAIN;

/// The fewest characters of a part that is looked for where it stands alone.
const LONG: usize = 8;
/// The fewest characters of a part that is taken for drawn at random by its looks.
const SHORT: usize = 6;
/// Addresses within addresses are looked through to this depth.
const DEPTH: usize = 3;

/// Names of parameters whose values are secrets, whatever they look like.
const SECRET: &[&str] = &[
    "token",
    "code",
    "key",
    "otp",
    "ticket",
    "nonce",
    "secret",
    "signature",
    "sig",
    "hash",
    "hmac",
    "oobcode",
];
/// Beginnings of the names of parameters that tell the app where a visitor came from.
const TRACKING: &[&str] =
    &["utm_", "mc_", "_hs", "mkt_", "pk_", "mtm_", "fbclid", "gclid", "trk", "campaign"];

/// The address without what only counts visitors.
pub(super) fn untracked(url: &Url) -> Url {
    let mut url = url.clone();
    let kept: Vec<String> = url
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && !TRACKING.iter().any(|name| pair.to_lowercase().starts_with(name)))
        .map(str::to_owned)
        .collect();
    url.set_query(Some(kept.join("&").as_str()).filter(|query| !query.is_empty()));
    url
}

/// How much an address looks like one that was made for one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Made {
    /// All of it are words: it is the same for everybody, and proves nothing.
    ForAll,
    /// A part of it is no word: a number, a name.
    Perhaps,
    /// A part of it was drawn at random.
    ForOne,
}

/// How much the address looks like one that was made for one message.
pub(super) fn made(url: &Url) -> Made {
    let named = url.query_pairs().any(|(name, value)| {
        SECRET.iter().any(|secret| name.to_lowercase().replace('-', "_").ends_with(secret))
            && !value.is_empty()
    });
    if named {
        return Made::ForOne;
    }
    let of = |part: &String| {
        if is_plain(part) {
            Made::ForAll
        } else if is_random(part) {
            Made::ForOne
        } else {
            Made::Perhaps
        }
    };
    parts(url).iter().map(of).max().unwrap_or(Made::ForAll)
}

/// The parts of the address that are secrets by themselves, as they are written and as they are meant.
pub(super) fn secret_parts(url: &Url) -> Vec<String> {
    let mut secret: Vec<String> = Vec::new();
    for part in parts(url) {
        if part.chars().count() >= LONG && !is_plain(&part) && !secret.contains(&part) {
            secret.push(part);
        }
    }
    secret
}

/// The segments of path and fragment and the values of the query, as they are written and as they are meant;
/// those of an address within it as well, but never its host. A mail address is no secret.
fn parts(url: &Url) -> Vec<String> {
    let mut found = Vec::new();
    collect(url, DEPTH, &mut found);
    found.retain(|part| !part.is_empty() && !part.contains('@') && !part.contains("%40"));
    found
}

fn collect(url: &Url, depth: usize, found: &mut Vec<String>) {
    let path = url.path().split('/');
    let query = url.query().unwrap_or_default().split('&').map(value);
    let fragment = url.fragment().unwrap_or_default().split(['/', '?', '&', '#']).map(value);
    for part in path.chain(query).chain(fragment) {
        let meant = meant(part);
        let inner = match Url::parse(&meant) {
            Ok(inner) if inner.has_host() => Some(inner),
            _ => url.join(&meant).ok().filter(|_| meant.starts_with('/')),
        };
        match inner {
            Some(inner) if depth > 0 => collect(&inner, depth - 1, found),
            _ => {
                found.push(part.to_owned());
                if meant != part {
                    found.push(meant);
                }
            }
        }
    }
}

/// The value of a parameter; all of it if it has no name, as `dG9rZW4=`.
fn value(pair: &str) -> &str {
    let named = pair.split_once('=').filter(|(_, value)| !value.trim_start_matches('=').is_empty());
    named.map_or(pair, |(_, value)| value)
}

/// What a part with `%2B` in it stands for.
fn meant(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let digit = |at: usize| tail.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        let byte = if *first == b'%' { digit(0).zip(digit(1)) } else { None };
        match byte.and_then(|(high, low)| u8::try_from(high * 16 + low).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether a part is made of words as addresses have them, and of years and versions.
fn is_plain(part: &str) -> bool {
    let mut pieces = part.split(|c: char| !c.is_alphanumeric()).filter(|piece| !piece.is_empty());
    pieces.all(|piece| {
        let piece = piece.to_lowercase();
        let letters = piece.chars().all(char::is_alphabetic);
        let short = piece.len() <= 3 && letters;
        let version = piece.strip_prefix('v').unwrap_or(&piece);
        let number = version.len() <= 4 && version.chars().all(|c| c.is_ascii_digit());
        // Among many random letters any word may turn up.
        let spells = |word: &&str| piece.contains(*word) && piece.len() <= 2 * word.len() + 4;
        short || number || (letters && PLAIN.iter().any(spells))
    })
}

/// Whether a part that is not plain has the looks of what is drawn at random.
fn is_random(part: &str) -> bool {
    let has = |kind: fn(&char) -> bool| part.chars().any(|c| kind(&c));
    let (digit, letter) = (has(char::is_ascii_digit), has(char::is_ascii_alphabetic));
    let inner_capital = part.chars().skip(1).any(|c| c.is_ascii_uppercase()) && has(char::is_ascii_lowercase);
    let length = part.chars().count();
    (length >= SHORT && ((digit && letter) || inner_capital)) || length >= 3 * LONG
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]
    use super::*;

    fn url(address: &str) -> Url {
        Url::parse("https://app.example").and_then(|base| base.join(address)).expect(address)
    }

    #[test]
    fn tells_what_was_made_for_one_from_what_is_the_same_for_all() {
        for (address, looks) in [
            ("/login", Made::ForAll),
            ("/en/users/password/edit", Made::ForAll),
            ("/users/forgot-password?next=/dashboard", Made::ForAll),
            ("/reset?redirect=https%3A%2F%2Fapp.example%2Fsettings%2Fsecurity", Made::ForAll),
            ("/help/articles/360012345", Made::Perhaps),
            ("/confirm/482915", Made::Perhaps),
            ("/r/x7", Made::Perhaps),
            ("/confirm?code=482915", Made::ForOne),
            ("/reset/dGhpcyBpcyBub3Q", Made::ForOne),
            ("/accounts/password/reset/key/1-d1ck9p-3fa1/", Made::ForOne),
            ("/#/reset/8c1f0e6b-95a4-4d0f-9c27-1f4c3a6f2b11", Made::ForOne),
            ("/users/password/edit?reset_password_token=zxhpkqwm", Made::ForOne),
        ] {
            assert_eq!(made(&url(address)), looks, "{address}");
        }
    }

    #[test]
    fn finds_what_must_not_be_shown() {
        let cases: [(&str, &[&str]); 9] = [
            ("/reset-password/confirm", &[]),
            ("/reset/Ab12Cd34Ef", &["Ab12Cd34Ef"]),
            ("/r/kqwmzxhp/short?x=tiny", &["kqwmzxhp"]),
            ("/a?token=aGVsbG8%2Bd29ybGQ%3D", &["aGVsbG8%2Bd29ybGQ%3D", "aGVsbG8+d29ybGQ="]),
            ("/a?token=aGVsbG8d29=&email=alice%40app.example", &["aGVsbG8d29="]),
            ("/a?next=https%3A%2F%2Fapp.example%2Fr%2FAb12Cd34", &["Ab12Cd34"]),
            ("/a?next=%2Fr%2FAb12Cd34%3Fk%3DXy98Zw76", &["Ab12Cd34", "Xy98Zw76"]),
            ("/a?kqwmzxhptv==", &["kqwmzxhptv=="]),
            ("/#access_token=eyJh.bGci.OiJI&type=recovery", &["eyJh.bGci.OiJI"]),
        ];
        for (address, secret) in cases {
            assert_eq!(secret_parts(&url(address)), secret, "{address}");
        }
    }

    #[test]
    fn leaves_out_what_counts_visitors() {
        let clean = |address| untracked(&url(address)).to_string();
        assert_eq!(clean("/a?utm_source=mail&b=1&UTM_x=2"), "https://app.example/a?b=1");
        assert_eq!(clean("/?utm_source=mail"), "https://app.example/");
    }
}
