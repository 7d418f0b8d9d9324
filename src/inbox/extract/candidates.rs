//! Everything in a text that has the form of a code.

use super::mask::GONE;
use super::words::spells;

/// A part of the text that could be a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Place in the text.
    pub start: usize,
    pub end: usize,
    /// As one would type it: digits without gaps, other codes as shown.
    pub code: String,
    /// How much the form alone speaks for a code.
    pub form: i32,
    /// Needs a word right before it: looks too much like ordinary text.
    pub shy: bool,
}

/// A run of letters, digits and inner dashes.
struct Token {
    start: usize,
    end: usize,
}

impl Token {
    fn numeric(&self, text: &[char]) -> bool {
        text[self.start..self.end].iter().all(|c| c.is_ascii_digit() || *c == '-')
    }

    fn digits(&self, text: &[char]) -> bool {
        text[self.start..self.end].iter().all(char::is_ascii_digit)
    }

    fn len(&self) -> usize {
        self.end - self.start
    }
}

/// The candidates of a text from which addresses were taken out.
pub(super) fn candidates(text: &[char]) -> Vec<Candidate> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        if tokens[i].numeric(text) {
            let run = numeric_run(text, &tokens[i..]);
            found.extend(numbers(text, &tokens[i..i + run]));
            i += run;
        } else {
            found.extend(lettered(text, &tokens[i]));
            i += 1;
        }
    }
    found
}

fn tokens(text: &[char]) -> Vec<Token> {
    let part = |i: usize| {
        text.get(i).is_some_and(|c| c.is_ascii_alphanumeric())
            || text.get(i) == Some(&'-')
                && i > 0
                && text[i - 1].is_ascii_alphanumeric()
                && text.get(i + 1).is_some_and(char::is_ascii_alphanumeric)
    };
    let mut tokens = Vec::new();
    let mut i = 0;
    while i < text.len() {
        let start = i;
        while part(i) {
            i += 1;
        }
        if i > start {
            tokens.push(Token { start, end: i });
        } else {
            i += 1;
        }
    }
    tokens
}

/// How many tokens belong to one string of numbers, as `+1 (388) 941-4444` or `12.50` do.
fn numeric_run(text: &[char], tokens: &[Token]) -> usize {
    let joined = |pair: &[Token]| {
        let gap = &text[pair[0].end..pair[1].start];
        pair[1].numeric(text)
            && matches!(gap, [' ' | '.' | '/' | ':' | ','] | [')' | ' ', ' ' | '('] | [')'] | [')', '-'])
            && !matches!(gap, [' ', ' '])
    };
    1 + tokens.windows(2).take_while(|pair| joined(pair)).count()
}

/// The codes among numbers that stand together: none in a phone number, a date, a time or an amount.
fn numbers(text: &[char], run: &[Token]) -> Vec<Candidate> {
    let (Some(first), Some(last)) = (run.first(), run.last()) else {
        return Vec::new();
    };
    let before = first.start.checked_sub(1).map(|i| text[i]);
    let lengths: Vec<usize> = run.iter().map(Token::len).collect();
    let gaps: Vec<&[char]> = run.windows(2).map(|pair| &text[pair[0].end..pair[1].start]).collect();
    let spaced = gaps.iter().all(|gap| *gap == [' ']) && run.iter().all(|token| token.digits(text));
    let total: usize = lengths.iter().sum();
    if before == Some('+') && run.len() > 1 {
        return Vec::new();
    }
    if run.len() > 1 && spaced && equal_groups(&lengths) {
        let form = if total == 6 { 3 } else { 1 };
        return sound(text, first.start, last.end)
            .then(|| Candidate::new(text, first.start, last.end, form))
            .into_iter()
            .collect();
    }
    let phone = before == Some('(')
        || gaps.iter().any(|gap| gap.contains(&')'))
        || spaced
            && run.len() > 1
            && total >= 7
            && (text[first.start] == '0' || lengths[0] <= 4 && total - lengths[0] <= 8);
    // One number in brackets is no phone number.
    if phone && run.len() > 1 {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (i, token) in run.iter().enumerate() {
        let tight = |gap: Option<&&[char]>| gap.is_some_and(|gap| *gap != [' ']);
        let glued = tight(i.checked_sub(1).and_then(|i| gaps.get(i))) || tight(gaps.get(i));
        if !glued && sound(text, token.start, token.end) {
            found.extend(number(text, token));
        }
    }
    found
}

/// `123-456`, `123 456`, `12 34 56`, `1234-5678`, `1 2 3 4 5 6`.
fn equal_groups(lengths: &[usize]) -> bool {
    let alike = lengths.iter().all(|length| *length == lengths[0]);
    alike && matches!((lengths.len(), lengths[0]), (2, 2..=4) | (3, 2..=3) | (4..=8, 1))
}

fn number(text: &[char], token: &Token) -> Option<Candidate> {
    let text_of = &text[token.start..token.end];
    let lengths: Vec<usize> = text_of.split(|&c| c == '-').map(<[char]>::len).collect();
    let form = match (lengths.as_slice(), token.len()) {
        ([6], _) => 3,
        ([4 | 5 | 7 | 8], _) => 2,
        ([9 | 10], _) => 0,
        ([_], _) => return None,
        (groups, _) if equal_groups(groups) => {
            if groups == [3, 3] {
                3
            } else {
                1
            }
        }
        _ => return None,
    };
    let year = matches!(lengths.as_slice(), [4]) && matches!(text_of, ['1', '9', ..] | ['2', '0', ..]);
    Some(Candidate::new(text, token.start, token.end, if year { form - 3 } else { form }))
}

fn lettered(text: &[char], token: &Token) -> Option<Candidate> {
    if !sound(text, token.start, token.end) {
        return None;
    }
    let word: String = text[token.start..token.end].iter().collect();
    let digits = word.contains(|c: char| c.is_ascii_digit());
    let lower = word.contains(|c: char| c.is_ascii_lowercase());
    let upper = word.contains(|c: char| c.is_ascii_uppercase());
    let groups: Vec<&str> = word.split('-').collect();
    let alike = groups.iter().all(|group| group.len() == groups[0].len());
    let hash = token.start > 0 && text[token.start - 1] == '#';
    let (form, shy) = match groups.as_slice() {
        [prefix, number]
            if prefix.len() <= 3
                && !lower
                && number.len() >= 4
                && number.chars().all(|c| c.is_ascii_digit()) =>
        {
            if prefix.len() == 1 {
                (5, false)
            } else {
                (1, false)
            }
        }
        [group] => {
            let colour =
                hash && matches!(group.len(), 3 | 6 | 8) && group.chars().all(|c| c.is_ascii_hexdigit());
            match (digits, upper, lower) {
                _ if colour || !(4..=10).contains(&group.len()) => return None,
                (true, true, false) if group.len() >= 5 => (1, false),
                (true, false, true) if group.len() >= 5 => (0, true),
                (true, true, true) if group.len() >= 6 => (-1, true),
                (false, true, false) if group.len() >= 5 && alone(text, token.start, token.end) => (-1, true),
                _ => return None,
            }
        }
        _ if alike && groups.len() <= 5 && (3..=6).contains(&groups[0].len()) && !(lower && upper) => {
            match (digits, upper) {
                (true, true) => (2, false),
                (true, false) => (1, true),
                (false, true) => (1, true),
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(Candidate { shy, ..Candidate::new(text, token.start, token.end, form) })
}

/// Not a part of a word, an amount, an identifier or a masked card number.
fn sound(text: &[char], start: usize, end: usize) -> bool {
    let before = start.checked_sub(1).map(|i| text[i]);
    let earlier = start.checked_sub(2).map(|i| text[i]);
    let after = text.get(end).copied();
    let later = text.get(end + 1).copied();
    let money = |c: char| matches!(c, '$' | '€' | '£' | '¥' | '₹' | '₽' | '₩');
    let hidden = |c: Option<char>| matches!(c, Some('*' | '•' | '.' | '…'));
    let lettered = text[start..end].iter().any(char::is_ascii_alphabetic);
    let blocked_before = before.is_some_and(|c| {
        spells(c) || money(c) || matches!(c, '_' | '@' | '&' | '/' | '\\' | '~' | '+' | '©' | '№' | GONE)
    }) || matches!((earlier, before), (Some(c), Some(' ')) if money(c) || c == '©' || c == '№')
        || matches!(before, Some('*' | '•' | '…')) && hidden(earlier) && !matches!(after, Some('*'))
        || before == Some('-') && earlier.is_some_and(|c| c.is_ascii_alphanumeric());
    let blocked_after = after
        .is_some_and(|c| spells(c) || money(c) || matches!(c, '_' | '%' | '@' | '/' | '\\' | GONE))
        || matches!((after, later), (Some(' '), Some(c)) if money(c))
        || after == Some('-')
        || lettered && after == Some('+')
        || after == Some('=') && lettered;
    !blocked_before && !blocked_after
}

/// Nothing else is on its line.
pub(super) fn alone(text: &[char], start: usize, end: usize) -> bool {
    let quiet = |c: &char| {
        c.is_whitespace() || matches!(c, '.' | '*' | '"' | '\'' | '[' | ']' | '(' | ')' | '-' | '|' | '_')
    };
    let before = text[..start].iter().rev().take_while(|&&c| c != '\n').all(quiet);
    let after = text[end..].iter().take_while(|&&c| c != '\n').all(quiet);
    before && after
}

impl Candidate {
    fn new(text: &[char], start: usize, end: usize, form: i32) -> Self {
        let shown = &text[start..end];
        let plain = shown.iter().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-'));
        let code = shown.iter().filter(|c| !plain || c.is_ascii_digit()).collect();
        Self { start, end, code, form, shy: false }
    }
}
