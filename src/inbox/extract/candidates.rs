//! Everything in a text that has the form of a code.

use std::ops::Range;

use super::lookalikes::{ends_date, is_amount, is_dashed_date, is_date, is_masked, is_slogan};
use super::mask::GONE;
use super::reason::Form;
use crate::inbox::lexicon::spells;

/// A part of the text that could be a code.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Place in the text.
    pub start: usize,
    pub end: usize,
    /// As the message shows it, in one line.
    pub shown: String,
    pub form: Form,
}

/// A run of letters, digits and inner dashes.
pub(super) struct Token {
    pub start: usize,
    pub end: usize,
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

/// The candidates of a text from which addresses were taken out, in their order.
pub(super) fn candidates(text: &[char], emphasis: &[Range<usize>]) -> Vec<Candidate> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        if let Some((run, candidate)) = spelt(text, &tokens[i..])
            .or_else(|| prefixed(text, &tokens[i..]))
            .or_else(|| mixed(text, &tokens[i..]))
        {
            found.extend(candidate);
            i += run;
        } else if tokens[i].numeric(text) {
            let run = numeric_run(text, &tokens[i..]);
            found.extend(numbers(text, &tokens[i..i + run]));
            i += run;
        } else {
            found.extend(lettered(text, &tokens[i], emphasis));
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

/// Characters that stand one by one, as in boxes: `4 7 1 9`, `J 6 T 0 4 W`, also one below the other.
fn spelt(text: &[char], tokens: &[Token]) -> Option<(usize, Option<Candidate>)> {
    let letter = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric());
    let single = |token: &Token| {
        token.len() == 1
            && !text[token.start].is_ascii_lowercase()
            && !letter(token.start.checked_sub(1).and_then(|i| text.get(i)))
            && !letter(text.get(token.end))
    };
    let gap = |pair: &[Token]| &text[pair[0].end..pair[1].start];
    let first = gap(tokens.get(..2)?);
    let near = |pair: &[Token]| {
        let gap = gap(pair);
        // All alike: what follows the last box is something else.
        single(&pair[1])
            && gap.len() <= 3
            && gap == first
            && gap.iter().all(|c| matches!(c, ' ' | '\n' | '|' | '-'))
    };
    if !single(tokens.first()?) {
        return None;
    }
    let run = 1 + tokens.windows(2).take_while(|pair| near(pair)).count();
    let (start, end) = (tokens[0].start, tokens[run - 1].end);
    let chars: String = tokens[..run].iter().map(|token| text[token.start]).collect();
    let digits = chars.chars().filter(char::is_ascii_digit).count();
    if !(4..=10).contains(&run) || digits == 0 || !sound(text, start, end) {
        return (run >= 4).then_some((run, None));
    }
    let form = match (digits == run, run) {
        (true, 6) => Form::SixDigits,
        (true, _) => Form::Digits,
        (false, _) => Form::Spelt,
    };
    Some((run, Some(Candidate { start, end, shown: chars, form })))
}

/// Letters before a number in groups: `SE-19 44 07`.
fn prefixed(text: &[char], tokens: &[Token]) -> Option<(usize, Option<Candidate>)> {
    let first = tokens.first()?;
    let dash = text[first.start..first.end].iter().position(|c| *c == '-')?;
    let (letters, number) =
        (&text[first.start..first.start + dash], &text[first.start + dash + 1..first.end]);
    if letters.len() > 4
        || !letters.iter().all(char::is_ascii_uppercase)
        || !number.iter().all(char::is_ascii_digit)
    {
        return None;
    }
    let group = |pair: &[Token]| {
        text[pair[0].end..pair[1].start] == [' '] && pair[1].digits(text) && pair[1].len() == number.len()
    };
    let run = 1 + tokens.windows(2).take_while(|pair| group(pair)).count();
    let (start, end) = (first.start, tokens[run - 1].end);
    let fits = (2..=4).contains(&run) && (2..=4).contains(&number.len()) && sound(text, start, end);
    fits.then(|| (run, Some(Candidate::new(text, start, end, Form::Prefixed))))
}

/// Groups that are alike, each of capitals and digits: `QX4 82K`.
fn mixed(text: &[char], tokens: &[Token]) -> Option<(usize, Option<Candidate>)> {
    let length = tokens.first()?.len();
    let group = |token: &Token| {
        let shown = &text[token.start..token.end];
        token.len() == length
            && shown.iter().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
            && shown.iter().any(char::is_ascii_digit)
            && shown.iter().any(char::is_ascii_uppercase)
    };
    if !(3..=5).contains(&length) || !group(&tokens[0]) {
        return None;
    }
    let near = |pair: &[Token]| text[pair[0].end..pair[1].start] == [' '] && group(&pair[1]);
    let run = 1 + tokens.windows(2).take_while(|pair| near(pair)).count();
    let (start, end) = (tokens[0].start, tokens[run - 1].end);
    let fits = run <= 4 && sound(text, start, end);
    (run > 1).then(|| (run, fits.then(|| Candidate::new(text, start, end, Form::Mixed))))
}

/// How many tokens belong to one string of numbers, as `+1 (388) 941-4444` or `12.50` do.
fn numeric_run(text: &[char], tokens: &[Token]) -> usize {
    let joined = |pair: &[Token]| {
        let gap = &text[pair[0].end..pair[1].start];
        pair[1].numeric(text)
            && matches!(
                gap,
                [' ' | '.' | '/' | ':' | ','] | [')' | ' ', ' ' | '('] | [')'] | [')', '-'] | [' ', '-', ' ']
            )
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
    let spaced = gaps.iter().all(|gap| matches!(gap, [' '] | [' ', '-', ' ']))
        && run.iter().all(|token| token.digits(text));
    let total: usize = lengths.iter().sum();
    if before == Some('+') && run.len() > 1 {
        return Vec::new();
    }
    if run.len() > 1 && spaced && equal_groups(&lengths) {
        let form = if total == 6 { Form::SixDigits } else { Form::Grouped };
        return sound(text, first.start, last.end)
            .then(|| Candidate::new(text, first.start, last.end, form))
            .into_iter()
            .collect();
    }
    // `482.915`: an amount as likely as a code.
    if let (&[3, 3], [['.']]) = (lengths.as_slice(), gaps.as_slice()) {
        let dotted = sound(text, first.start, last.end) && run.iter().all(|token| token.digits(text));
        let candidate = dotted.then(|| Candidate::new(text, first.start, last.end, Form::Dotted));
        return candidate.into_iter().collect();
    }
    // `6039 11`: one code in two parts, rather than a code and another number.
    if spaced && total == 6 && is_broken(&lengths, 6) {
        return sound(text, first.start, last.end)
            .then(|| Candidate::new(text, first.start, last.end, Form::Broken))
            .into_iter()
            .collect();
    }
    let phone = before == Some('(')
        || gaps.iter().any(|gap| gap.contains(&')'))
        || spaced
            && run.len() > 1
            && total >= 7
            && (text[first.start] == '0' || lengths[0] <= 5 && total - lengths[0] <= 8);
    // One number in brackets is no phone number.
    if phone && run.len() > 1 {
        let broken = spaced && is_broken(&lengths, 10) && sound(text, first.start, last.end);
        let candidate = broken.then(|| Candidate::new(text, first.start, last.end, Form::Broken));
        return candidate.into_iter().collect();
    }
    let mut found = Vec::new();
    for (i, token) in run.iter().enumerate() {
        let tight = |gap: Option<&&[char]>| gap.is_some_and(|gap| !matches!(gap, [' '] | [' ', '-', ' ']));
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
    alike && matches!((lengths.len(), lengths[0]), (2, 2..=4) | (3, 2..=3) | (4, 2) | (4..=8, 1))
}

/// `8827 0163 45`, `660-94-12`: a phone number as likely as a code.
fn is_broken(lengths: &[usize], most: usize) -> bool {
    let total: usize = lengths.iter().sum();
    (2..=4).contains(&lengths.len())
        && lengths.iter().all(|length| (2..=4).contains(length))
        && (6..=most).contains(&total)
}

fn number(text: &[char], token: &Token) -> Option<Candidate> {
    let text_of = &text[token.start..token.end];
    let lengths: Vec<usize> = text_of.split(|&c| c == '-').map(<[char]>::len).collect();
    let form = match lengths.as_slice() {
        [4] if matches!(text_of, ['1', '9', ..] | ['2', '0', ..]) => {
            if ends_date(text, token.start) {
                return None;
            }
            Form::Year
        }
        [6] | [3, 3] => Form::SixDigits,
        [8] if is_date(text_of) => return None,
        [4 | 5 | 7 | 8] => Form::Digits,
        [9 | 10] => Form::ManyDigits,
        [11..=16] => Form::Endless,
        [_, _, _] if is_dashed_date(text_of) => return None,
        groups if groups.len() > 1 && equal_groups(groups) => Form::Grouped,
        groups if is_broken(groups, 8) => Form::Broken,
        _ => return None,
    };
    Some(Candidate::new(text, token.start, token.end, form))
}

fn lettered(text: &[char], token: &Token, emphasis: &[Range<usize>]) -> Option<Candidate> {
    if !sound(text, token.start, token.end) {
        return None;
    }
    let word: String = text[token.start..token.end].iter().collect();
    let digits = word.contains(|c: char| c.is_ascii_digit());
    let lower = word.contains(|c: char| c.is_ascii_lowercase());
    let upper = word.contains(|c: char| c.is_ascii_uppercase());
    let groups: Vec<&str> = word.split('-').collect();
    // `OTP-482915`: a label, not a part of the code.
    if let [label, number] = groups.as_slice()
        && matches!(label.to_ascii_lowercase().as_str(), "otp" | "pin" | "tan" | "code" | "kod" | "kode")
    {
        let number = Token { start: token.end - number.len(), end: token.end };
        return if number.digits(text) { self::number(text, &number) } else { None };
    }
    if is_masked(&groups) || is_amount(text, token, &word) {
        return None;
    }
    let form = match groups.as_slice() {
        [prefix, number]
            if prefix.len() <= 3
                && !lower
                && number.len() >= 4
                && number.chars().all(|c| c.is_ascii_digit()) =>
        {
            if number.len() > 8 {
                return None;
            }
            if prefix.len() == 1 && !prefix.contains(|c: char| c.is_ascii_digit()) {
                Form::Lead
            } else {
                Form::Prefixed
            }
        }
        [group] => {
            let hash = token.start > 0 && text[token.start - 1] == '#';
            let colour =
                hash && matches!(group.len(), 3 | 6 | 8) && group.chars().all(|c| c.is_ascii_hexdigit());
            match (digits, upper, lower) {
                _ if colour || !(4..=10).contains(&group.len()) => return None,
                (true, true, false) if is_slogan(group) => Form::Slogan,
                (true, true, false) if group.len() >= 5 => Form::Mixed,
                (true, false, true) if group.len() >= 5 => Form::Small,
                (true, true, true) if group.len() >= 6 => Form::AnyCase,
                // Words in capitals are everywhere: only one that is set apart.
                (false, true, false) if group.len() >= 5 && is_no_word(group) => Form::NoWord,
                (false, true, false) if group.len() >= 5 && set_apart(text, token, emphasis) => Form::Letters,
                _ => return None,
            }
        }
        _ => dashed(&groups, digits, upper, lower)?,
    };
    Some(Candidate::new(text, token.start, token.end, form))
}

/// Letters that nobody could say: those who make codes leave the vowels out, lest they spell something.
fn is_no_word(letters: &str) -> bool {
    letters.len() <= 8 && !letters.contains(['A', 'E', 'I', 'O', 'U', 'Y'])
}

/// `AB12-CD34`, `b82f-91kd`, `NHGM-DTFR`, `RW-7741-K`.
fn dashed(groups: &[&str], digits: bool, upper: bool, lower: bool) -> Option<Form> {
    let total: usize = groups.iter().map(|group| group.len()).sum();
    let alike =
        groups.iter().all(|group| group.len() == groups[0].len()) && (3..=6).contains(&groups[0].len());
    if groups.len() > 5 || !(4..=25).contains(&total) || (lower && upper) {
        return None;
    }
    match (digits, upper) {
        (true, true) if alike => Some(Form::Dashed),
        (true, true) if (5..=14).contains(&total) && groups.iter().all(|group| group.len() <= 6) => {
            Some(Form::Uneven)
        }
        (true, false) | (false, true) if alike => Some(Form::NoWord),
        _ => None,
    }
}

/// On a line of its own, in quotes or brackets, or emphasised by itself.
fn set_apart(text: &[char], token: &Token, emphasis: &[Range<usize>]) -> bool {
    let quote = |c: Option<&char>| {
        matches!(
            c,
            Some(
                '"' | '\''
                    | '“'
                    | '”'
                    | '„'
                    | '«'
                    | '»'
                    | '['
                    | ']'
                    | '「'
                    | '」'
                    | '『'
                    | '』'
                    | '【'
                    | '】'
            )
        )
    };
    quote(token.start.checked_sub(1).and_then(|i| text.get(i))) && quote(text.get(token.end))
        || emphasised_alone(text, token.start, token.end, emphasis)
        || alone(text, token.start, token.end)
}

/// The emphasised stretch that a place lies in.
pub(super) fn emphasised(start: usize, end: usize, emphasis: &[Range<usize>]) -> Option<&Range<usize>> {
    let at = emphasis.partition_point(|range| range.end <= start);
    emphasis.get(at).filter(|range| range.start < end)
}

/// Whether nothing else is emphasised with it.
pub(super) fn emphasised_alone(text: &[char], start: usize, end: usize, emphasis: &[Range<usize>]) -> bool {
    emphasised(start, end, emphasis).is_some_and(|range| {
        let beside = text[range.start.min(start)..start].iter().chain(&text[end..range.end.max(end)]);
        beside.take(40).all(|c| !c.is_alphanumeric()) && range.len() <= end - start + 40
    })
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
    // A number may touch words of a script that has digits of its own.
    let touches = |c: char| spells(c) && (lettered || !matches!(c as u32, 0x590..=0x109f));
    let blocked_before = before.is_some_and(|c| {
        touches(c) || money(c) || matches!(c, '@' | '&' | '/' | '\\' | '~' | '+' | '©' | '№' | GONE)
    }) || matches!((earlier, before), (Some(c), Some(' ')) if money(c) || c == '©' || c == '№')
        || matches!(before, Some('*' | '•' | '…')) && hidden(earlier) && !matches!(after, Some('*'))
        || before == Some(' ') && hides(&text[..start - 1])
        || before == Some('-') && earlier.is_some_and(|c| c.is_ascii_alphanumeric());
    let blocked_after = after
        .is_some_and(|c| touches(c) || money(c) || matches!(c, '%' | '@' | '/' | '\\' | GONE))
        || matches!((after, later), (Some(' '), Some(c)) if money(c))
        || after == Some('-') && later.is_none_or(|c| c.is_ascii_alphanumeric())
        // A time, an address of the network: `2001:db8::1`.
        || after == Some(':') && later.is_some_and(|c| c.is_ascii_hexdigit() || c == ':')
        || lettered && after == Some('+')
        || after == Some('=') && lettered;
    // `_482915_` is emphasised, `a_482915` is a name.
    let underscored = before == Some('_') || after == Some('_');
    let part = |c: Option<char>| c.is_some_and(|c| c == '_' || c.is_alphanumeric());
    let named = underscored && (before != after || part(earlier) || part(later));
    !blocked_before && !blocked_after && !named
}

/// What ends with a masked group, as in `**** 4242`; a mark of emphasis ends a word.
fn hides(before: &[char]) -> bool {
    let mask = before.iter().rev().take(8).take_while(|c| matches!(c, '*' | '•' | 'x' | 'X')).count();
    mask >= 2
        && before.len().checked_sub(mask + 1).is_none_or(|at| matches!(before[at], ' ' | '\n' | '-' | '('))
}

/// Nothing else is on its line.
pub(super) fn alone(text: &[char], start: usize, end: usize) -> bool {
    let quiet = |c: &char| {
        c.is_whitespace()
            || matches!(c, '.' | '*' | ':' | '"' | '\'' | '[' | ']' | '(' | ')' | '-' | '|' | '_')
    };
    let before = text[..start].iter().rev().take_while(|&&c| c != '\n').all(quiet);
    let after = text[end..].iter().take_while(|&&c| c != '\n').all(quiet);
    before && after
}

impl Candidate {
    fn new(text: &[char], start: usize, end: usize, form: Form) -> Self {
        Self { start, end, shown: text[start..end].iter().collect(), form }
    }
}
