//! What has the form of a code and is none, by that form alone: dates, amounts, what is masked, slogans.

use super::candidates::Token;
use super::words::MONEY;

/// `2026-03-14`, `14-03-2026`.
pub(super) fn is_dashed_date(digits: &[char]) -> bool {
    let parts: Vec<Vec<char>> = digits.split(|&c| c == '-').map(<[char]>::to_vec).collect();
    match parts.as_slice() {
        [year, month, day] if year.len() == 4 => is_date(&[&year[..], month, day].concat()),
        [one, other, year] if year.len() == 4 => {
            is_date(&[&year[..], other, one].concat()) || is_date(&[&year[..], one, other].concat())
        }
        _ => false,
    }
}

/// `20261129`: a day of these years.
pub(super) fn is_date(digits: &[char]) -> bool {
    let ['2', '0', '0'..='3', _, month @ .., _, _] = digits else { return false };
    let day = &digits[digits.len() - 2..];
    matches!(month, ['0', '1'..='9'] | ['1', '0'..='2']) && matches!(day, ['0'..='2', _] | ['3', '0' | '1'])
}

/// `XX1234`, `XXX-XXX-2671`: a number of which only the end is shown.
pub(super) fn is_masked(groups: &[&str]) -> bool {
    let crosses = |group: &&str| group.bytes().take_while(|c| matches!(c, b'X' | b'x')).count();
    groups.iter().any(|group| match crosses(group) {
        0 | 1 => false,
        hidden => group[hidden..].bytes().all(|c| c.is_ascii_digit()),
    })
}

/// `RM250`, `INR12500`, or a part of `250.00`.
pub(super) fn is_amount(text: &[char], token: &Token, word: &str) -> bool {
    let number = word.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let currency = &word[..word.len() - number.len()];
    let digits = |c: Option<&char>| c.is_some_and(char::is_ascii_digit);
    let broken = matches!(text.get(token.end), Some('.' | ',')) && digits(text.get(token.end + 1));
    number.bytes().all(|c| c.is_ascii_digit())
        && (broken || currency.len() > 1 && MONEY.contains(&currency.to_ascii_lowercase().as_str()))
}

/// Whether a year ends a date: `9 May 2026`, `May 9, 2026`, `28 de noviembre de 2026`.
pub(super) fn ends_date(text: &[char], start: usize) -> bool {
    let before = &text[start.saturating_sub(40)..start];
    let mut words = 0;
    let mut at = before.len();
    loop {
        let gap = before[..at].iter().rev().take_while(|c| matches!(c, ' ' | ',' | '.')).count();
        at -= gap;
        let word = before[..at].iter().rev().take_while(|c| c.is_alphanumeric()).count();
        let last = &before[at - word..at];
        if gap == 0 || word == 0 {
            return false;
        }
        if last.iter().all(char::is_ascii_digit) {
            return word <= 2;
        }
        words += 1;
        // A long word before a full stop ends a sentence.
        let stopped = before[at..at + gap].contains(&'.') && word > 5;
        if words > 3 || stopped || !last.iter().all(|c| c.is_alphabetic()) {
            return false;
        }
        at -= word;
    }
}

/// `SUMMER25`, `SAVE2026`: a word and a round number or a year.
pub(super) fn is_slogan(word: &str) -> bool {
    let letters = word.len() - word.trim_start_matches(|c: char| c.is_ascii_uppercase()).len();
    let number = &word[letters..];
    let round = number.ends_with(['0', '5']) && number.len() <= 3;
    letters >= 3
        && (round || number.starts_with("20") && number.len() == 4)
        && number.chars().all(|c| c.is_ascii_digit())
}
