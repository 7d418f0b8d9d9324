//! What right beside a number says that it is something else, whatever names a code further off: where a code was
//! sent, what it is for, how long it holds, a time, an amount.

use super::candidates::Candidate;
use super::reason::Form;
use super::words::{ADDRESS, AT, FOR, IN, LASTS, MONEY, TO};
use crate::inbox::lexicon::{Hit, spells};

/// No word of the tables is longer, with a colon and spaces behind it.
const LONGEST: usize = 24;
/// So far before the number it says that something was sent.
const SENT_BEFORE: usize = 80;

/// The word that says it.
pub(super) fn aside(text: &[char], sent: &[Hit], candidate: &Candidate) -> Option<&'static str> {
    let before = Before::new(text, candidate.start);
    let digits = candidate.shown.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.'));
    if !digits || before.is_empty() {
        return None;
    }
    let destination = || before.ends_with(TO).filter(|_| was_sent(text, sent, candidate));
    let year = || before.spaced_by(IN).filter(|_| candidate.form == Form::Year);
    let time = || before.spaced_by(AT).filter(|_| is_time(&candidate.shown));
    let address = || before.ends_with(ADDRESS).filter(|_| names_place(text, candidate.end));
    destination()
        .or_else(|| before.spaced_by(FOR))
        .or_else(year)
        .or_else(time)
        .or_else(|| before.spaced_by(LASTS))
        .or_else(|| before.ends_with(MONEY).filter(|_| !before.colon))
        .or_else(address)
}

/// The end of what stands before a number, in lower case, without the gap between the two.
struct Before {
    text: String,
    /// Whether the gap is made of spaces.
    spaced: bool,
    colon: bool,
}

impl Before {
    fn new(text: &[char], at: usize) -> Self {
        let near = &text[at.saturating_sub(LONGEST)..at];
        let gap = near.iter().rev().take_while(|c| matches!(c, ' ' | ':' | '+' | '(')).count();
        let (words, gap) = near.split_at(near.len() - gap);
        Self {
            text: words.iter().flat_map(|c| c.to_lowercase()).collect(),
            spaced: gap == [' '],
            colon: gap.contains(&':'),
        }
    }

    fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The word of these that it ends with.
    fn ends_with(&self, words: &[&'static str]) -> Option<&'static str> {
        words.iter().copied().find(|word| {
            let rest = self.text.strip_suffix(word);
            let bounded = !word.starts_with(spells);
            rest.is_some_and(|rest| bounded || !rest.ends_with(spells))
        })
    }

    fn spaced_by(&self, words: &[&'static str]) -> Option<&'static str> {
        self.ends_with(words).filter(|_| self.spaced)
    }
}

/// Whether the same clause says before that something was sent, or behind, as some languages do.
fn was_sent(text: &[char], sent: &[Hit], candidate: &Candidate) -> bool {
    let next = sent.partition_point(|hit| hit.start < candidate.start);
    let clause = |from: usize, to: usize| {
        to - from <= SENT_BEFORE
            && !text[from..to].iter().any(|c| matches!(c, '\n' | '。' | '!' | '?'))
            && !text[from..to].windows(2).any(|pair| pair == ['.', ' '])
    };
    let before = sent[..next]
        .iter()
        .rev()
        .take(4)
        .any(|hit| hit.start < candidate.start && clause(hit.start, candidate.start));
    before
        || sent.get(next).is_some_and(|hit| {
            hit.start >= candidate.end && hit.start - candidate.end <= 12 && clause(candidate.end, hit.start)
        })
}

/// `1845`, as a clock shows it.
fn is_time(shown: &str) -> bool {
    let number = |part: Option<&str>| part.and_then(|part| part.parse::<u8>().ok());
    shown.len() == 4
        && number(shown.get(..2)).is_some_and(|hour| hour < 24)
        && number(shown.get(2..)).is_some_and(|minute| minute < 60)
}

/// `10115 Berlin`: a name right behind it.
pub(super) fn names_place(text: &[char], end: usize) -> bool {
    matches!(text.get(end..end + 3), Some([' ', first, second]) if first.is_uppercase() && second.is_lowercase())
}
