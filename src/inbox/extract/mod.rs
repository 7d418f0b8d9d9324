//! The code in a message, if it has one, and only if there is no doubt which it is.
//!
//! First the origin-bound form that browsers understand (`@example.com #123456`). Else everything that has
//! the form of a code is weighed: by its form, by the words beside it in a dozen languages, by whether it
//! stands alone. A message in which two different ones weigh alike is reported, not guessed.

mod candidates;
pub(super) mod mask;
pub(super) mod words;

use secrecy::SecretString;

use candidates::Candidate;

/// What is known of the code before it is read.
#[derive(Debug, Clone, Default)]
pub struct ExtractHints {
    /// The code has only digits, this many.
    pub digits: Option<usize>,
    /// The host of the app that sends it; a code bound to another host is not taken.
    pub origin_host: Option<String>,
}

/// Why a code was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// The message binds it to a host: `@example.com #123456`.
    OriginBound,
    /// Its form and the words beside it.
    Weighed,
}

/// A code out of a message.
#[derive(Debug)]
pub struct ExtractedCode {
    /// What to type.
    pub code: SecretString,
    /// Why it was taken.
    pub evidence: Evidence,
}

/// A message has several texts that could be the code. Says nothing of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{candidates} different texts in the message could be the code")]
pub struct Ambiguous {
    /// How many.
    pub candidates: usize,
}

/// Below this, nothing speaks for a candidate.
const ENOUGH: i32 = 5;
/// Closer than this to the best, another candidate is as likely.
const MARGIN: i32 = 2;

/// A message has a code or two, not hundreds; those further down are not weighed.
const MOST: usize = 200;
/// Characters that are looked at; a code stands further up.
const LONGEST: usize = 32 * 1024;

/// The code in a plain text; `None` if it has none.
///
/// # Errors
/// When several texts in it could be the code.
pub fn code(text: &str, hints: &ExtractHints) -> Result<Option<ExtractedCode>, Ambiguous> {
    code_of_parts(&[text], hints)
}

/// The code in the parts of one message, which say the same in different forms (text, HTML).
///
/// # Errors
/// When several texts in it could be the code, or the parts differ.
pub fn code_of_parts(parts: &[&str], hints: &ExtractHints) -> Result<Option<ExtractedCode>, Ambiguous> {
    let bound: Vec<Bound> = parts.iter().filter_map(|part| origin_bound(part)).collect();
    if !bound.is_empty() {
        let wanted =
            |host: &str| hints.origin_host.as_deref().is_none_or(|own| own.eq_ignore_ascii_case(host));
        // A code for another app is none for this one, whatever else the message says.
        return Ok(bound.iter().find(|bound| wanted(bound.host)).map(|bound| ExtractedCode {
            code: SecretString::from(bound.code),
            evidence: Evidence::OriginBound,
        }));
    }
    let mut likely: Vec<String> = Vec::new();
    for part in parts {
        for code in weigh(part, hints) {
            if !likely.contains(&code) {
                likely.push(code);
            }
        }
    }
    match likely.as_slice() {
        [] => Ok(None),
        [code] => {
            Ok(Some(ExtractedCode { code: SecretString::from(code.as_str()), evidence: Evidence::Weighed }))
        }
        several => Err(Ambiguous { candidates: several.len() }),
    }
}

struct Bound<'a> {
    host: &'a str,
    code: &'a str,
}

/// The last line that reads `@host #code`, as in the WICG draft on origin-bound one-time codes.
fn origin_bound(text: &str) -> Option<Bound<'_>> {
    text.lines().rev().find_map(|line| {
        let (host, rest) = line.trim().strip_prefix('@')?.split_once(" #")?;
        let code = rest.split([' ', '%']).next()?;
        let is_host =
            !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:".contains(c));
        (is_host && !code.is_empty()).then_some(Bound { host, code })
    })
}

/// The candidates that could be meant: the heaviest, and those nearly as heavy.
fn weigh(text: &str, hints: &ExtractHints) -> Vec<String> {
    let mut text = mask::normalise(text);
    text.truncate(LONGEST);
    mask::take_out_addresses(&mut text);
    let lower: Vec<char> = text.iter().map(|c| c.to_lowercase().next().unwrap_or(*c)).collect();
    let mut found = candidates::candidates(&text);
    if let Some(digits) = hints.digits {
        found.retain(|c| c.code.len() == digits && c.code.chars().all(|c| c.is_ascii_digit()));
    }
    found.truncate(MOST);
    let surroundings = Surroundings::new(&text, &lower);
    let mut weights: Vec<(String, i32)> = Vec::new();
    for candidate in &found {
        let weight = surroundings.weight(candidate, &found);
        match weights.iter_mut().find(|(code, _)| *code == candidate.code) {
            Some((_, known)) => *known = weight.max(*known),
            None => weights.push((candidate.code.clone(), weight)),
        }
    }
    let best = weights.iter().map(|(_, weight)| *weight).max().unwrap_or(0);
    weights.retain(|(_, weight)| *weight >= ENOUGH && *weight > best - MARGIN);
    weights.into_iter().map(|(code, _)| code).collect()
}

/// The words beside candidates.
struct Surroundings<'a> {
    text: &'a [char],
    lower: &'a [char],
    strong: Vec<(usize, usize)>,
    weak: Vec<(usize, usize)>,
    other: Vec<(usize, usize)>,
}

impl<'a> Surroundings<'a> {
    fn new(text: &'a [char], lower: &'a [char]) -> Self {
        let other = words::occurrences(lower, words::OTHER);
        // `promo code` is one thing, and not the code that is looked for.
        let covered = |&(start, end): &(usize, usize)| other.iter().any(|&(s, e)| s <= start && end <= e);
        let strong =
            words::occurrences(lower, words::STRONG).into_iter().filter(|word| !covered(word)).collect();
        let weak = words::occurrences(lower, words::WEAK);
        Self { text, lower, strong, weak, other }
    }

    fn weight(&self, candidate: &Candidate, all: &[Candidate]) -> i32 {
        let before = |words: &[(usize, usize)], near: i32| {
            let word = words.iter().filter(|(_, end)| *end <= candidate.start).max_by_key(|(_, end)| *end);
            word.map_or(0, |&(_, end)| self.pull(end, candidate.start, near, all, candidate))
        };
        let after = |words: &[(usize, usize)], near: i32| {
            let word =
                words.iter().filter(|(start, _)| *start >= candidate.end).min_by_key(|(start, _)| *start);
            let distance = |start: usize| start - candidate.end;
            word.filter(|&&(start, _)| distance(start) <= 60)
                .map_or(0, |&(start, _)| self.pull(candidate.end, start, near, all, candidate).min(near - 2))
        };
        let preceding = before(&self.strong, 6).max(before(&self.weak, 3));
        let following = after(&self.strong, 6).max(after(&self.weak, 4));
        let mut weight = candidate.form + preceding.max(following);
        if preceding > 0 && following > 0 {
            weight += 1;
        }
        let alone = candidates::alone(self.text, candidate.start, candidate.end);
        let marked = alone && candidate.code.contains('-');
        if candidate.shy && preceding < if marked { 2 } else { 4 } {
            return 0;
        }
        if alone {
            weight += 2;
            let rest = |text: &[char]| text.iter().any(|c| c.is_alphanumeric());
            if !rest(&self.text[..candidate.start]) && !rest(&self.text[candidate.end..]) {
                weight += 3;
            }
        }
        if self.named_otherwise(candidate) {
            weight -= 8;
        }
        if self.is_quantity(candidate) {
            weight -= 8;
        }
        weight
    }

    /// How strongly a word binds across what lies between it and the candidate.
    fn pull(&self, from: usize, to: usize, near: i32, all: &[Candidate], but: &Candidate) -> i32 {
        let between = &self.text[from..to];
        let sentence_ends = between.windows(3).any(|three| {
            matches!(three, ['.' | '!' | '?', ' ' | '\n', _] | [_, '.' | '!' | '?', ' ' | '\n'] | ['。', ..])
                || matches!(three, [before, '\n', '\n'] if *before != ':')
        });
        let mut pull = match between.len() {
            0..=25 if !sentence_ends => near,
            0..=60 if !sentence_ends => near - 2,
            0..=120 => near - 4,
            _ => 0,
        };
        // The word belongs to what is nearer to it, unless the two are listed together: `1111, 2222`.
        let listed = |other: &Candidate| {
            let (start, end) = (other.end.min(but.end), other.start.max(but.start));
            self.text[start..end].iter().all(|&c| c != '\n' && !c.is_alphabetic())
        };
        let nearer = |other: &&Candidate| *other != but && from <= other.start && other.end <= to;
        if all.iter().filter(nearer).any(|other| !listed(other)) {
            pull /= 2;
        }
        pull.max(0)
    }

    /// `order 771332`: a word right before says what it is.
    fn named_otherwise(&self, candidate: &Candidate) -> bool {
        let near = |&&(_, end): &&(usize, usize)| end <= candidate.start && candidate.start - end <= 16;
        self.other.iter().filter(near).max_by_key(|(_, end)| *end).is_some_and(|&(_, end)| {
            let between = &self.lower[end..candidate.start];
            let sentence_ends =
                between.windows(2).any(|pair| matches!(pair, ['.' | '!' | '?', ' '] | [_, '\n']));
            let nearer = self.strong.iter().any(|&(start, stop)| start >= end && stop <= candidate.start);
            !sentence_ends && !nearer && !between.starts_with(&[' ', 't', 'o'])
        })
    }

    /// `1500 points`, `2024年`.
    fn is_quantity(&self, candidate: &Candidate) -> bool {
        let rest = &self.lower[candidate.end..self.lower.len().min(candidate.end + 12)];
        let rest = rest.strip_prefix(&[' ']).unwrap_or(rest);
        words::occurrences(rest, words::UNITS).first().is_some_and(|&(start, _)| start == 0)
    }
}
