//! What could be a code that nobody has read: on pages on which MFA is turned on, it is hidden in all that is kept.
//!
//! A secret that is shown weighs more than a word that is not: what is in doubt is hidden. What no code looks like stays
//! readable: dates, version numbers, `6-digit`, the names of algorithms, words in two halves.

use std::ops::Range;

use crate::redact;

/// The fewest characters of what is taken for a code that nobody has read.
const CODE: usize = 8;
/// The same, of a word with digits in it.
const SHORT_CODE: usize = 6;

/// Words with digits in them that pages about MFA have, in small letters.
const TERMS: [&str; 22] = [
    // What forms show for example.
    "123456",
    "000000", //
    "base32",
    "base64",
    "sha256",
    "sha512",
    "sha-256",
    "sha-512",
    "hmac-sha1",
    "hmac-sha256",
    "hmac-sha512",
    "ed25519",
    "rfc4226",
    "rfc6238",
    "iso8601",
    "oauth2",
    "windows10",
    "windows11",
    "android14",
    "android15",
    "office365",
    "microsoft365",
];
/// What numbers are of: `6-digit`, `30-second`.
const UNITS: [&str; 22] = [
    "bit",
    "character",
    "characters",
    "day",
    "days",
    "digit",
    "digits",
    "factor",
    "fold",
    "hour",
    "hours",
    "letter",
    "letters",
    "minute",
    "minutes",
    "month",
    "second",
    "seconds",
    "step",
    "time",
    "week",
    "word",
];
/// Halves of words that are as long as each other: `user-name`, `form-view`.
const HALVES: [&str; 56] = [
    "auth", "back", "base", "body", "book", "card", "code", "copy", "core", "data", "down", "drop", "edit",
    "file", "find", "form", "full", "grid", "hand", "head", "help", "hide", "high", "home", "icon", "item",
    "left", "life", "line", "link", "list", "live", "load", "lock", "long", "mail", "main", "menu", "name",
    "next", "open", "page", "pass", "real", "save", "self", "send", "show", "side", "site", "text", "time",
    "type", "user", "view", "wide",
];
/// Words that stand beside the numbers of a date or a place.
const BESIDE: [&str; 31] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "jan",
    "feb",
    "mar",
    "apr",
    "jun",
    "jul",
    "aug",
    "sep",
    "sept",
    "oct",
    "nov",
    "dec",
    "of",
    "at",
    "on",
    "page",
    "step",
    "version",
    "since",
];

/// Whether it could be a TOTP secret: 16 or more characters of base32 in capitals, in groups or not; or an address
/// that holds one.
pub(super) fn looks_secret(text: &str) -> bool {
    let joined = joined(text);
    let base32 = |c: char| c.is_ascii_uppercase() || ('2'..='7').contains(&c) || c == '=';
    text.contains("otpauth:") || (joined.len() >= 16 && joined.chars().all(base32))
}

/// Whether a text of a page on which MFA is turned on could hold a secret that was not read: also a recovery code,
/// of whatever look.
pub(crate) fn may_be_secret(text: &str) -> bool {
    is_all_code(text) || text.split_whitespace().any(is_codelike)
}

/// The text with all masked that could be a secret which nobody has read, for a page on which MFA is turned on: its words
/// where they tell what is one, or the whole.
pub(crate) fn without_codes(text: &str) -> String {
    if is_all_code(text) { redact::MASK.to_owned() } else { without_what_may_be_secret(text) }
}

/// Whether it is one code from end to end, in whatever groups.
fn is_all_code(text: &str) -> bool {
    let joined = joined(text);
    let digits = joined.chars().filter(char::is_ascii_digit).count();
    looks_secret(text)
        // `1234 5678`
        || (joined.len() >= CODE
            && joined.chars().all(|c| c.is_ascii_alphanumeric())
            && digits * 4 >= joined.len()
            && !is_ordinary(text))
}

/// The text without what groups its characters.
fn joined(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect()
}

/// Whether a text of letters and digits is a date, or one word with its number: `29 November 2026`, `Step 2`, `2026-11-29`.
fn is_ordinary(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    if let [word] = words[..] {
        return is_term(word);
    }
    let numbers = words.iter().filter(|word| is_plain_number(word)).count();
    let named = |word: &&str| BESIDE.contains(&word.to_lowercase().as_str());
    let all = words.iter().all(|word| is_plain_number(word) || named(word));
    (all && words.len() > numbers && numbers <= 2)
        || matches!(words[..], [name, number] if is_numbered(name, number))
}

/// `Windows 11`, `Copyright 2026`: a word of letters, and the number of a version, a page or a year.
fn is_numbered(name: &str, number: &str) -> bool {
    name.len() >= 4 && name.chars().all(|c| c.is_ascii_alphabetic()) && is_plain_number(number)
}

/// A number that counts something, or a year.
fn is_plain_number(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_digit()) && (word.len() <= 2 || is_year(word))
}

fn is_year(word: &str) -> bool {
    word.len() == 4 && (word.starts_with("19") || word.starts_with("20"))
}

/// A word that has digits or halves, and that no code looks like.
fn is_term(word: &str) -> bool {
    let small = word.to_lowercase();
    if TERMS.contains(&small.as_str()) {
        return true;
    }
    match small.split('-').collect::<Vec<_>>()[..] {
        [number, unit] if is_plain_number(number) => UNITS.contains(&unit),
        [one, other] => HALVES.contains(&one) && HALVES.contains(&other),
        [year, month, day] => is_date(year, month, day),
        _ => false,
    }
}

/// `2026-11-29`, also where a time follows it: `2026-11-29T12`.
fn is_date(year: &str, month: &str, day: &str) -> bool {
    let (day, hour) = day.split_once('t').unwrap_or((day, "00"));
    let within = |text: &str, range: Range<u8>| {
        text.len() == 2
            && text.bytes().all(|c| c.is_ascii_digit())
            && text.parse().is_ok_and(|number| range.contains(&number))
    };
    is_year(year)
        && year.bytes().all(|c| c.is_ascii_digit())
        && within(month, 1..13)
        && within(day, 1..32)
        && within(hour, 0..25)
}

/// `3f9a1c20`, `x59a7-wvrzj`, and `svegw-wxzvz`, which is no hyphenated word for its even parts.
fn is_codelike(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let parts: Vec<&str> = word.split('-').collect();
    let even = parts.len() > 1 && parts.iter().all(|part| part.len() >= 4 && part.len() == parts[0].len());
    let characters: usize = parts.iter().map(|part| part.len()).sum();
    let digit = word.chars().any(|c| c.is_ascii_digit());
    word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && ((even && characters >= CODE) || (digit && characters >= SHORT_CODE))
        && !is_term(word)
}

/// The text with every word masked that could be a secret which nobody has read, and words that stand in groups as
/// one. For what is said of a page on which MFA is turned on.
pub(super) fn without_what_may_be_secret(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    // Any dash, dot or space may stand between the groups of one code, but not what ends a name or begins a text.
    let joins = |c: char| !c.is_alphanumeric() && !"\"<>,;:(".contains(c);
    // The words as byte ranges; everything between them stays.
    let mut words: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.char_indices().filter(|(_, c)| is_part(*c)) {
        match words.last_mut() {
            Some(word) if word.end == at => word.end = at + 1,
            _ => words.push(at..at + 1),
        }
    }
    let mut hidden: Vec<bool> = words
        .iter()
        // A word that was cut short may be the beginning of a code.
        .map(|word| {
            looks_secret(&text[word.clone()])
                || is_codelike(&text[word.clone()])
                || text[word.end..].starts_with('…')
        })
        .collect();
    // `1234 5678`, `JBSW Y3DP EHPK 3PXP`, `jbsw y3dp ehpk 3pxp`
    for first in 0..words.len() {
        let size = words[first].len();
        let mut last = first;
        while last + 1 < words.len()
            // `Enable 2FA` is no code in groups.
            && !matches!(&text[words[last + 1].clone()], "2FA" | "2fa" | "U2F" | "2SV" | "FIDO2")
            && text[words[last].end..words[last + 1].start].chars().all(joins)
            && words[last].len() == size
            && words[last + 1].len() <= size
        {
            last += 1;
        }
        let group = &text[words[first].start..words[last].end];
        let characters: usize = words[first..=last].iter().map(Range::len).sum();
        // `6-digit code` has its digit from no code.
        let has_digit = |word: &str| word.chars().any(|c| c.is_ascii_digit()) && !is_term(word);
        let telling = words[first..=last].iter().any(|word| has_digit(&text[word.clone()]));
        let telling = telling || looks_secret(group);
        // Two of them may be no more than a name and its number.
        let pair = (&text[words[first].clone()], &text[words[last].clone()]);
        let numbered = last == first + 1 && (is_numbered(pair.0, pair.1) || is_numbered(pair.1, pair.0));
        if last > first && size >= 2 && characters >= CODE && telling && !numbered {
            hidden[first..=last].fill(true);
        }
    }
    for run in digits_in_groups(text) {
        for (word, hidden) in words.iter().zip(&mut hidden) {
            // A dash alone says nothing.
            *hidden |= word.start < run.end && run.start < word.end && &text[word.clone()] != "-";
        }
    }
    let mut masked = String::with_capacity(text.len());
    let mut end = 0;
    for (word, _) in words.iter().zip(hidden).filter(|(_, hidden)| *hidden) {
        masked.push_str(&text[end..word.start]);
        masked.push_str(redact::MASK);
        end = word.end;
    }
    masked.push_str(&text[end..]);
    masked
}

/// Where digits stand in groups of whatever size that may be one code: `7 7 - 1 9 - 4 2`, `771 942`.
fn digits_in_groups(text: &str) -> Vec<Range<usize>> {
    let joins = |c: char| c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}');
    let mut runs: Vec<Vec<Range<usize>>> = Vec::new();
    for (at, c) in text.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|last| last.end == at) => {
                let last = run.len() - 1;
                run[last].end = at + c.len_utf8();
            }
            Some(run) if run.last().is_some_and(|last| text[last.end..at].chars().all(joins)) => {
                run.push(at..at + c.len_utf8());
            }
            _ => runs.push(std::iter::once(at..at + c.len_utf8()).collect()),
        }
    }
    let may_be_a_code = |run: &Vec<Range<usize>>| {
        let groups: Vec<&str> = run.iter().map(|group| &text[group.clone()]).collect();
        let digits: usize = groups.iter().map(|group| group.len()).sum();
        groups.len() > 1
            && digits >= SHORT_CODE
            && groups.iter().all(|group| group.len() <= 4)
            && !is_count(&groups)
    };
    let ends = |run: Vec<Range<usize>>| Some(run.first()?.start..run.last()?.end);
    // Part of a longer word is another thing: `12.34 567`, `10:30 - 11:45`, `A4 1234`.
    let stands_alone = |run: &Range<usize>| {
        let touches = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || ".:/".contains(c));
        let (before, mut after) = (text[..run.start].chars().next_back(), text[run.end..].chars());
        let (next, behind) = (after.next(), after.next());
        // A full stop ends a sentence.
        !touches(before)
            && !(touches(next) && (next != Some('.') || behind.is_some_and(char::is_alphanumeric)))
    };
    runs.into_iter().filter(may_be_a_code).filter_map(ends).filter(stands_alone).collect()
}

/// `1 2 3 4 5 6`, the pages of a list; a date.
fn is_count(groups: &[&str]) -> bool {
    let numbers: Vec<u32> = groups.iter().filter_map(|group| group.parse().ok()).collect();
    let pages = numbers.windows(2).all(|pair| pair[1] == pair[0] + 1 && pair[1] < 100);
    pages || is_written_date(groups)
}

/// A year with one or two short numbers: `29 2026`, `29 11 2026`, `2026 - 27`.
fn is_written_date(groups: &[&str]) -> bool {
    let years = groups.iter().filter(|group| is_year(group)).count();
    groups.len() <= 3 && years == 1 && groups.iter().all(|group| is_year(group) || group.len() <= 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_may_be_a_code_is_hidden() {
        for code in [
            "x59a7-wvrzj",
            "svegw-wxzvz",
            "12345678",
            "1234 5678",
            "JBSW Y3DP EHPK 3PXP",
            "1. 3f9a1c20",
            // None of these is a date, a version, or a number of something.
            "2026-13-29",
            "2026 1129",
            "20261129",
            "12 34 56 78",
            "2019 2020",
            "6-abcdef",
            "19-digital",
            "sha-2567",
            "user-x59a",
            "name-qwzx",
            "abcd 12ef",
            "2026-11-29-30",
        ] {
            assert!(may_be_secret(code), "{code}");
            let masked = without_codes(&format!("Write down: {code}, and keep it."));
            assert!(masked.contains(redact::MASK), "{code}: {masked}");
        }
    }

    #[test]
    fn words_dates_and_versions_stay_readable() {
        for words in [
            "Keep these codes somewhere safe. Each opens your account once.",
            "Two-factor authentication",
            "You have 10 recovery codes left.",
            "── http://127.0.0.1:40349/account/mfa/recovery-codes ── Recovery codes · Acme",
            "<button> Sign out",
            "Enable 2FA",
            "Enter the 6-digit code from your app",
            "It changes every 30 seconds; 2-factor, 24-hour, 8-character",
            "Last changed 2026-11-29 at 12:34, by 2026-11-29T12:34:56Z",
            "29 November 2026",
            "Nov 29 2026",
            "Version 3",
            "Windows 11",
            "Copyright 2026 Acme",
            "Acme 2.41.0 (156.0.7632.116)",
            "base32, SHA-256, RFC6238 or HMAC-SHA1",
            "Your user-name, in the form-view of the self-help",
            "Step 2 of 3",
            "Open 10:30 - 11:45, and 9 - 17 on 6 days",
            "Until: 29 11 2026, at 1.234 567, version 1.200 300",
            "Pages: 1 2 3 4 5 6 7 8",
            "{ css: main > li:nth-of-type(3) }",
            "{ placeholder: e.g. 123456 }",
        ] {
            assert_eq!(without_codes(words), words);
            assert_eq!(without_what_may_be_secret(words), words);
        }
        // Also where a code stands beside them.
        assert_eq!(
            without_codes("On 2026-11-29 your code was x59a7-wvrzj, 6-digit no more"),
            "On 2026-11-29 your code was [secret], 6-digit no more"
        );
    }

    #[test]
    fn words_that_may_be_codes_are_masked_in_messages() {
        for (text, masked) in [
            (
                "2 elements match: <td> \"q7wm-k2xz\", <td> \"h4tn-p9rb\"",
                "2 elements match: <td> \"[secret]\", <td> \"[secret]\"",
            ),
            ("Backup codes: svegw-wxzvz a1b2c3 12345678", "Backup codes: [secret] [secret] [secret]"),
            ("Your key: JBSW Y3DP EHPK 3PXP", "Your key: [secret] [secret] [secret] [secret]"),
            ("key jbsw y3dp ehpk 3p", "key [secret] [secret] [secret] [secret]"),
            ("<input placeholder=\"JBSWY3DPEHPK3PXP\">", "<input placeholder=\"[secret]\">"),
            ("the q7wm\u{2010}k2xz", "the [secret]\u{2010}[secret]"),
            ("codes: svegw-wx…", "codes: [secret]…"),
            ("Wrong: 7 7 - 1 9 - 4 2.", "Wrong: [secret] [secret] - [secret] [secret] - [secret] [secret]."),
            ("Wrong: 771 942, and 77-19-42, too", "Wrong: [secret] [secret], and [secret], too"),
            ("No 7 7-1 9-4 2", "No [secret] [secret] [secret] [secret]"),
            ("codes: aB3d eF5g", "codes: [secret] [secret]"),
            ("{ role: button, name: Enable 2FA }", "{ role: button, name: Enable 2FA }"),
            (
                "Two-factor authentication is on, 10 codes left",
                "Two-factor authentication is on, 10 codes left",
            ),
        ] {
            assert_eq!(without_what_may_be_secret(text), masked);
        }
    }

    proptest! {
        /// Codes of the looks that apps give them, none of which the words above may let through.
        #[test]
        fn no_code_of_any_usual_look_stays_readable(
            code in prop_oneof![
                "[a-z0-9]{5}-[a-z0-9]{5}",
                "[A-Z2-7]{4} [A-Z2-7]{4} [A-Z2-7]{4} [A-Z2-7]{4}",
                "[A-Z2-7]{16,32}",
                "[0-9]{8}",
                "[0-9]{4} [0-9]{4}",
                "[0-9]{3} [0-9]{3} [0-9]{3}",
                "[0-9]{3} [0-9]{3}",
                "[a-f0-9]{7}[0-9]",
                "[0-9][a-z0-9]{9}",
                "[0-9][a-z0-9]{3}-[a-z0-9]{4}-[a-z0-9]{4}",
                "[a-z]{6}-[a-z]{6}",
            ],
            before in prop_oneof!["", "Your code: ", "1. "],
        ) {
            let text = format!("{before}{code}");
            prop_assert!(may_be_secret(&text) || without_codes(&text) != text, "{}", text);
            let masked = without_codes(&text);
            let left: String = masked.replace(redact::MASK, "").chars().filter(char::is_ascii_alphanumeric).collect();
            let given: String = before.chars().filter(char::is_ascii_alphanumeric).collect();
            prop_assert!(left.len() <= given.len(), "{} became {}", text, masked);
        }
    }
}
