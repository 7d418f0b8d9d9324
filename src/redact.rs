//! Masks secrets in whatever is about to leave the process: log lines, messages, page snapshots.
//!
//! Whoever takes a secret into its hands registers it; from then on [`redact`] masks it, also where it is
//! written in groups (`JBSW Y3DP`), in another case, escaped for JSON, HTML or a URL, in base64 or in hex.

mod grouped;
mod unescape;

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::sync::{LazyLock, PoisonError, RwLock};

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use self::grouped::Grouped;
use self::unescape::{Placed, unescape};

/// What stands in a secret's place.
pub const MASK: &str = "[secret]";

/// The fewest characters (separators left out) for which groups and case are looked through; a shorter
/// secret is masked only where it stands as a word of its own, else half of a page would be covered.
const LOOSE: usize = 6;

/// How many forms of secrets are remembered; the oldest are forgotten first. A job has about 20 secrets of
/// at most 15 forms that differ, and a worker at most 64 jobs at a time.
const REMEMBERED: usize = 20_480;

/// So often may a text be escaped, as an address is in JSON in an attribute.
const ESCAPED: usize = 3;

static KNOWN: LazyLock<RwLock<Secrets>> = LazyLock::new(RwLock::default);

/// Remembers a secret, from now on and in the whole process.
pub fn register(secret: &SecretString) {
    KNOWN.write().unwrap_or_else(PoisonError::into_inner).add(secret.expose_secret());
}

/// The same for what somebody has given who may mean ill: masked only where it stands as a word of its own, or in groups that do
/// (`7 7 - 1 9 - 4 2`), so that nobody can have parts of other words masked, in the whole process.
pub fn register_word(secret: &SecretString) {
    KNOWN.write().unwrap_or_else(PoisonError::into_inner).add_exact(secret.expose_secret());
}

/// The text with every secret that was registered masked.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    KNOWN.read().unwrap_or_else(PoisonError::into_inner).redact(text)
}

/// The same as it may stand in the log: a page may say U+0000, which PostgreSQL takes in no text, and what happened has to
/// be written down all the same.
#[must_use]
pub fn for_the_log(text: &str) -> String {
    redact(text).replace('\0', "\u{fffd}")
}

/// Where secrets stand in the text, as byte ranges that do not overlap; to cover them in a picture.
#[must_use]
pub fn find(text: &str) -> Vec<std::ops::Range<usize>> {
    KNOWN.read().unwrap_or_else(PoisonError::into_inner).find(text)
}

/// Whether a text tells a secret.
#[must_use]
pub fn tells(text: &str) -> bool {
    !find(text).is_empty()
}

/// The text with its escapes for a URL, JSON or HTML read once; `None` if there are none.
#[must_use]
pub fn unescaped(text: &str) -> Option<String> {
    let placed: Vec<Placed> = text.char_indices().map(|(at, c)| (c, at, at + c.len_utf8())).collect();
    Some(unescape(&placed)?.into_iter().map(|(c, ..)| c).collect())
}

#[derive(Default)]
struct Secrets {
    /// Folded forms by their first [`LOOSE`] characters, so that a text is gone through once.
    loose: HashMap<[char; LOOSE], Vec<Zeroizing<Vec<char>>>>,
    /// Short secrets, as they are.
    exact: Vec<Zeroizing<String>>,
    /// Those of them that may be written in groups.
    grouped: Grouped,
    /// What was added, oldest first.
    order: VecDeque<Form>,
}

enum Form {
    Loose(Zeroizing<Vec<char>>),
    Exact(Zeroizing<String>),
}

impl Secrets {
    fn add(&mut self, secret: &str) {
        let mut forms = vec![Zeroizing::new(secret.to_owned())];
        forms.extend(escaped(secret).into_iter().map(Zeroizing::new));
        // One that reads like an escape is read where others are.
        let placed: Zeroizing<Vec<Placed>> = Zeroizing::new(secret.chars().map(|c| (c, 0, 1)).collect());
        let read = unescape(&placed).map(Zeroizing::new);
        forms.extend(read.map(|read| Zeroizing::new(read.iter().map(|(c, ..)| *c).collect())));
        // Of a short one that would be a few letters, which words have too.
        if secret.len() >= LOOSE {
            forms.extend(encoded(secret));
        }
        for form in forms {
            let folded: Zeroizing<Vec<char>> = Zeroizing::new(folded(&form).collect());
            match head(&folded) {
                Some(head) => {
                    let forms = self.loose.entry(head).or_default();
                    if !forms.contains(&folded) {
                        forms.push(folded.clone());
                        // The longest is tried first: a secret may begin with another one.
                        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
                        self.order.push_back(Form::Loose(folded));
                    }
                }
                None => self.remember_exact(form),
            }
        }
        while self.order.len() > REMEMBERED {
            self.forget_oldest();
        }
    }

    fn add_exact(&mut self, secret: &str) {
        self.remember_exact(Zeroizing::new(secret.to_owned()));
        while self.order.len() > REMEMBERED {
            self.forget_oldest();
        }
    }

    fn remember_exact(&mut self, form: Zeroizing<String>) {
        if form.trim().is_empty() || self.exact.contains(&form) {
            return;
        }
        self.grouped.add(&form);
        self.exact.push(form.clone());
        self.order.push_back(Form::Exact(form));
    }

    fn forget_oldest(&mut self) {
        match self.order.pop_front() {
            Some(Form::Exact(form)) => {
                self.exact.retain(|other| *other != form);
                self.grouped.forget(&form);
            }
            Some(Form::Loose(form)) => {
                let Some(head) = head(&form) else { return };
                let Some(forms) = self.loose.get_mut(&head) else { return };
                forms.retain(|other| *other != form);
                if forms.is_empty() {
                    self.loose.remove(&head);
                }
            }
            None => {}
        }
    }

    fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let found = self.find(text);
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut masked = String::with_capacity(text.len());
        let mut end = 0;
        for range in found {
            masked.push_str(&text[end..range.start]);
            masked.push_str(MASK);
            end = range.end;
        }
        masked.push_str(&text[end..]);
        Cow::Owned(masked)
    }

    fn find(&self, text: &str) -> Vec<std::ops::Range<usize>> {
        let mut found = self.find_folded(text);
        for secret in &self.exact {
            let places = text.match_indices(secret.as_str()).map(|(at, _)| at..at + secret.len());
            found.extend(places.filter(|range| is_word(text, range)));
        }
        found.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
        found.dedup_by(|next, last| {
            let overlap = next.start < last.end;
            if overlap {
                last.end = last.end.max(next.end);
            }
            overlap
        });
        found
    }

    /// What is found however it is escaped, spaced and capitalised.
    fn find_folded(&self, text: &str) -> Vec<std::ops::Range<usize>> {
        if self.loose.is_empty() && self.grouped.is_empty() {
            return Vec::new();
        }
        let mut placed: Vec<Placed> = text.char_indices().map(|(at, c)| (c, at, at + c.len_utf8())).collect();
        let mut hits = Vec::new();
        for _ in 0..ESCAPED {
            self.find_in(&placed, text, &mut hits);
            match unescape(&placed) {
                Some(read) => placed = read,
                None => return hits,
            }
        }
        self.find_in(&placed, text, &mut hits);
        hits
    }

    /// The same in one reading of the text.
    fn find_in(&self, read: &[Placed], text: &str, hits: &mut Vec<std::ops::Range<usize>>) {
        let folded = fold(read.iter().copied());
        let (chars, places): (Vec<char>, Vec<_>) = folded.map(|(c, from, to)| (c, (from, to))).unzip();
        hits.extend((0..chars.len()).filter_map(|at| {
            let rest = &chars[at..];
            let form = self.loose.get(&head(rest)?)?.iter().find(|form| rest.starts_with(form))?;
            Some(places[at].0..places[at + form.len() - 1].1)
        }));
        self.grouped.find_in(&chars, &places, text, hits);
    }
}

/// The text's characters without separators and in lower case, each with the bytes it stands for.
fn fold(text: impl Iterator<Item = Placed>) -> impl Iterator<Item = Placed> {
    text.filter(|(c, ..)| !is_separator(*c))
        .flat_map(|(c, from, to)| c.to_lowercase().map(move |c| (c, from, to)))
}

/// [`fold`] of a text that stands alone.
fn folded(text: &str) -> impl Iterator<Item = char> + '_ {
    fold(text.chars().map(|c| (c, 0, 0))).map(|(c, ..)| c)
}

/// Space, dashes of any length, and characters that take no room.
fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{feff}')
}

fn head(folded: &[char]) -> Option<[char; LOOSE]> {
    folded.first_chunk().copied()
}

fn is_word(text: &str, range: &std::ops::Range<usize>) -> bool {
    let before = text[..range.start].chars().next_back();
    let after = text[range.end..].chars().next();
    !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
}

/// The secret as it is written elsewhere, where that differs from the secret itself. Of a short one JSON, HTML and URLs are told
/// by this alone; of others they are read back in the text ([`unescape`]), but not a form's `+` for a space, nor the quotes of SQL and
/// of a shell.
fn escaped(secret: &str) -> Vec<String> {
    let json = serde_json::Value::from(secret).to_string();
    let json = json[1..json.len() - 1].to_owned();
    let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let quoted = html.replace('"', "&quot;");
    let all_quoted = quoted.replace('\'', "&#39;");
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let percent = form.replace('+', "%20");
    let (spaced, doubled) = (secret.replace(' ', "+"), secret.replace('\'', "''"));
    let shell = secret.replace('\'', "'\\''");
    let mut forms = vec![json, html, quoted, all_quoted, form, percent, spaced, doubled, shell];
    forms.retain(|form| form != secret);
    forms
}

/// The secret as bytes are written in letters: hex, each byte as a URL may have it, and base64 of both alphabets, behind any
/// number of other bytes (`user:password`).
pub(crate) fn encoded(secret: &str) -> Vec<Zeroizing<String>> {
    let mut forms = Vec::new();
    for hex in [HEXLOWER, HEXUPPER].map(|form| Zeroizing::new(form.encode(secret.as_bytes()))) {
        let bytes = hex.as_bytes().chunks(2);
        forms.push(Zeroizing::new(bytes.flat_map(|byte| ['%', byte[0].into(), byte[1].into()]).collect()));
        forms.push(hex);
    }
    for before in 0..3 {
        let bytes = Zeroizing::new([&[0; 3][..before], secret.as_bytes()].concat());
        // The letters that hold bits of the secret alone.
        let own = (before * 8).div_ceil(6)..bytes.len() * 8 / 6;
        let whole = [&BASE64_NOPAD, &BASE64URL_NOPAD].map(|form| Zeroizing::new(form.encode(&bytes)));
        forms.extend(whole.iter().map(|text| Zeroizing::new(text[own.clone()].to_owned())));
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knowing(secrets: &[&str]) -> Secrets {
        let mut known = Secrets::default();
        secrets.iter().for_each(|secret| known.add(secret));
        known
    }

    #[test]
    fn groups_and_case_are_looked_through() {
        let known = knowing(&["JBSWY3DPEHPK3PXP"]);
        for text in [
            "JBSWY3DPEHPK3PXP",
            "jbsw y3dp ehpk 3pxp",
            "JBSW-Y3DP-EHPK-3PXP",
            "JBSW\u{a0}Y3DP\u{2013}EHPK\n3PXP",
        ] {
            assert_eq!(known.redact(&format!("<{text}>")), "<[secret]>");
        }
        assert_eq!(known.redact("JBSWY3DPEHPK3PX"), "JBSWY3DPEHPK3PX");
    }

    #[test]
    fn escaped_secrets_are_masked() {
        let known = knowing(&[r#"a"b&c<d e'\f"#]);
        for text in [
            r#"a"b&c<d e'\f"#,
            r#"a\"b&c<d e'\\f"#,
            r"a&quot;b&amp;c&lt;d e&#39;\f",
            "a%22b%26c%3Cd+e%27%5Cf",
            "a%22b%26c%3Cd%20e%27%5cf",
        ] {
            assert_eq!(known.redact(text), MASK, "{text}");
        }
    }

    /// As `encodeURIComponent`, `encodeURI`, `URLSearchParams`, `escape`, Python's `quote` and `repr`, PHP's `rawurlencode`, a browser's
    /// address bar and JSON in ASCII have it, also one in the other.
    #[test]
    fn no_two_encoders_agree_and_all_are_masked() {
        let known = knowing(&["Kx!7m@Rq*2v~Lp(9)zT", "Ab 12%% Xy<9>Pq/é+&'"]);
        for text in [
            "Kx!7m%40Rq*2v~Lp(9)zT",
            "Kx%217m%40Rq%2A2v~Lp%289%29zT",
            "Kx!7m%2540Rq*2v~Lp(9)zT",
            "Kx!7m@Rq\\u002a2v~Lp(9)zT",
            "Ab%2012%%%20Xy%3C9%3EPq/%C3%A9+&'",
            "Ab%2012%25%25%20Xy%3C9%3EPq%2F%C3%A9%2B%26'",
            "Ab+12%25%25+Xy%3C9%3EPq%2F%C3%A9%2B%26%27",
            "Ab%2012%25%25%20Xy%3C9%3EPq/%E9+%26%27",
            "Ab 12%% Xy&lt;9>Pq/é+&'",
            "Ab 12%% Xy\\u003c9>Pq\\/\\u00e9+\\u0026'",
            "Ab 12%% Xy<9>Pq/&#233;+&amp;&#x27;",
            "Ab 12%% Xy<9>Pq/é+&''",
            "Ab 12%% Xy<9>Pq/é+&'\\''",
        ] {
            assert_eq!(known.redact(&format!("<{text}>")), format!("<{MASK}>"), "{text}");
        }
    }

    #[test]
    fn encoded_secrets_are_masked() {
        let known = knowing(&["First-Pass?>2026!"]);
        let secret = b"First-Pass?>2026!";
        for before in ["", "k", "ki", "kim:"] {
            let bytes = [before.as_bytes(), secret, b" and more"].concat();
            for form in [&data_encoding::BASE64, &data_encoding::BASE64URL] {
                let text = form.encode(&bytes);
                let masked = known.redact(&text);
                assert!(
                    masked.contains(MASK) && masked.len() + 18 < text.len() + MASK.len(),
                    "{text}: {masked}"
                );
            }
        }
        let hex = HEXLOWER.encode(secret);
        assert_eq!(known.redact(&format!("<{hex} {}>", hex.to_uppercase())), "<[secret] [secret]>");
        let percent: String = secret.iter().map(|byte| format!("%{byte:02X}")).collect();
        assert_eq!(known.redact(&percent), MASK);
    }

    #[test]
    fn the_longest_wins_and_overlaps_are_one() {
        let known = knowing(&["secret", "secret-longer", "longer-still"]);
        assert_eq!(known.redact("x secretlongerstill y"), "x [secret] y");
    }

    #[test]
    fn a_short_secret_is_masked_as_a_word() {
        let known = knowing(&["cat", "-"]);
        assert_eq!(known.redact("concatenate cat (cat)"), "concatenate [secret] ([secret])");
    }

    #[test]
    fn what_others_give_masks_no_part_of_a_word() {
        let mut known = Secrets::default();
        known.add_exact("202611");
        assert_eq!(
            known.redact("2026-11-29 has 202611, not 1202611"),
            "2026-11-29 has [secret], not 1202611"
        );
    }

    #[test]
    fn what_others_give_is_masked_in_groups_too() {
        let mut known = Secrets::default();
        known.add_exact("771942");
        known.add_exact("AB12-cd34");
        for group in [
            "7 7 - 1 9 - 4 2",
            "771 942",
            "771-942",
            "77\u{2013}19\u{2013}42",
            "7\u{a0}7\n1 9 4 2",
            "ab12cd34",
            "AB 12 CD 34",
        ] {
            assert_eq!(known.redact(&format!("No: {group}, said it.")), "No: [secret], said it.", "{group}");
        }
        for other in ["1771 942", "771 9421", "5-771-942", "771-942-5", "77:19:42", "7.7.1.9.4.2", "77 19"] {
            assert_eq!(known.redact(other), other);
        }
        // Nobody has words or dates masked by what they give.
        known.add_exact("20261129");
        known.add_exact("go-on");
        known.add_exact("ITISON");
        known.add_exact("12");
        let said = "2026-11-29 12:34: go on, it is on; 1 2";
        assert_eq!(known.redact(said), said.replace(" 12:", " [secret]:"));
        assert_eq!(known.redact("IT-ISON"), MASK);
    }

    #[test]
    fn a_short_code_is_masked_in_groups_until_it_is_forgotten() {
        let mut known = knowing(&["4711"]);
        assert_eq!(known.redact("4 7 1 1, but 4-7"), "[secret], but 4-7");
        while !known.order.is_empty() {
            known.forget_oldest();
        }
        assert_eq!(known.redact("4 7 1 1"), "4 7 1 1");
        assert!(known.grouped.is_empty());
    }

    #[test]
    fn what_lies_around_is_kept_to_the_byte() {
        let known = knowing(&["İstanbul-34"]);
        assert_eq!(known.redact("é İSTANBUL 34 ü"), "é [secret] ü");
        let ranges = known.find("é İSTANBUL 34 ü");
        assert_eq!(ranges.len(), 1);
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut known = Secrets::default();
        // Each has several forms: so many are more than are remembered.
        let last = REMEMBERED / 4;
        (0..=last).for_each(|n| known.add(&format!("{n:06}")));
        assert_eq!(known.redact("000000"), "000000");
        assert_eq!(known.redact(&format!("{last:06}")), MASK);
        assert_eq!(known.order.len(), REMEMBERED);
    }

    proptest::proptest! {
        #[test]
        fn no_registered_secret_survives(secret in "[ -~é]{6,24}", before in "[ -~]{0,9}", after in "[ -~]{0,9}") {
            let plain: String = folded(&secret).collect();
            proptest::prop_assume!(plain.chars().count() >= LOOSE);
            let known = knowing(&[&secret]);
            let text = format!("{before}{secret}{after}");
            let masked = known.redact(&text);
            let left: String = folded(&masked).collect();
            proptest::prop_assert!(!left.contains(&plain) || MASK.contains(&plain));
        }
    }
}
