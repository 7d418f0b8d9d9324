//! What an address or a name bears for one visit, or as a secret that a page showed, and nobody would write by hand.

use url::Url;
use url::form_urlencoded::parse;

use crate::draft::words::{Words, says};

/// What such a parameter of an address is called, and what is said beside such a text.
const SECRET: Words = &[
    "token",
    "state",
    "nonce",
    "session",
    "sessid",
    "sid",
    "csrf",
    "code",
    "secret",
    "ticket",
    "pin",
    "pass",
    "password",
    "passwd",
    "pwd",
    "pw",
    "key",
    "apikey",
    "sig",
    "signature",
    "auth",
    "jwt",
    "saml",
    "assertion",
    "otp",
    "hash",
    "invit",
    "magic",
    "recovery",
    "geheim",
    "schlüssel",
    "clé",
    "clave",
    "chiave",
    "código",
    "codice",
];

/// Takes such parts out of an address, but for its path as a whole; and says whether it had any.
pub(super) fn take_out(url: &mut Url, is_kept: impl Fn(&str) -> bool) -> bool {
    let borne = |part: &str| {
        let pairs: Vec<_> = parse(part.as_bytes()).collect();
        let plain: String = pairs.iter().map(|(name, value)| format!("{name} {value} ")).collect();
        part.len() > 100
            || made_up(&plain)
            || mixed(&plain, 8, 1)
            || pairs.iter().any(|(name, _)| says(&spaced(name), SECRET))
            || is_kept(part)
    };
    let (query, fragment) = (url.query().is_some_and(borne), url.fragment().is_some_and(borne));
    if query {
        url.set_query(None);
    }
    if fragment {
        url.set_fragment(None);
    }
    // `/login;jsessionid=…`
    let parameters = url.path().contains(';');
    if parameters {
        let path: Vec<&str> =
            url.path().split('/').map(|part| part.split(';').next().unwrap_or_default()).collect();
        let path = path.join("/");
        url.set_path(&path);
    }
    query || fragment || parameters
}

/// Whether the path of an address, or all of it, holds what was made up.
pub(super) fn in_path(path: &str) -> bool {
    made_up(path) || mixed(path, 10, 3)
}

/// Whether what names an element holds it: a code or a key that stands there only once.
pub(super) fn in_name(name: &str) -> bool {
    let digits = |word: &str| word.len() >= 4 && word.chars().all(|c| c.is_ascii_digit());
    made_up(name)
        || mixed(name, 6, 3)
        || words(name).any(both_cases)
        || in_equal_groups(name)
        || says(&spaced(name), SECRET) && (mixed(name, 4, 2) || words(name).any(digits))
}

/// `k7Qm2xVt`
fn both_cases(word: &str) -> bool {
    let count = |is: fn(&char) -> bool| word.chars().filter(is).count();
    word.len() >= 8
        && count(char::is_ascii_digit) >= 2
        && count(char::is_ascii_uppercase) >= 2
        && count(char::is_ascii_lowercase) >= 2
}

/// `a1b2c-d3e4f`, `492 817`, `abcd-efgh-ijkl`: as apps write codes, so that people can read them out.
fn in_equal_groups(text: &str) -> bool {
    // Locators have their words in quotes.
    let mut pieces = text.split('"').flat_map(|piece| piece.split_whitespace().chain([piece.trim()]));
    pieces.any(|part| {
        let groups: Vec<&str> = part.split([' ', '-']).collect();
        let alike = groups
            .iter()
            .all(|group| group.len() == groups[0].len() && group.chars().all(|c| c.is_ascii_alphanumeric()));
        let digits = part.chars().filter(char::is_ascii_digit).count();
        alike
            && (3..=8).contains(&groups[0].len())
            && (groups.len() > 1 && digits >= 2 || groups.len() > 2 && !part.contains(' '))
    })
}

fn spaced(text: &str) -> String {
    text.replace(['_', '-'], " ")
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
}

/// Whether a word of so many characters has letters and so many digits.
fn mixed(text: &str, length: usize, digits: usize) -> bool {
    let letters = |word: &str| word.chars().any(|c| c.is_ascii_alphabetic());
    let digits = |word: &str| word.chars().filter(char::is_ascii_digit).count() >= digits;
    words(text).any(|word| word.len() >= length && letters(word) && digits(word))
}

/// Whether the text holds what nobody would write by hand: a secret that the page showed, a key of one visit. In groups or not.
fn made_up(text: &str) -> bool {
    let base32 = |word: &str| word.chars().all(|c| c.is_ascii_uppercase() || ('2'..='7').contains(&c));
    let words: Vec<&str> = words(text).collect();
    // `jbsw y3dp ehpk 3pxp`
    let in_groups = |group: &[&str]| {
        group.iter().all(|word| word.len() == 4) && group.concat().chars().any(|c| c.is_ascii_digit())
    };
    mixed(text, 16, 1)
        || words.windows(4).any(in_groups)
        || words.iter().any(|word| word.len() >= 16 && base32(word))
}
