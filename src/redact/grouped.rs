//! Short secrets that an app writes in groups: `7 7 - 1 9 - 4 2`, `771 942`.

use std::collections::HashMap;
use std::ops::Range;

use zeroize::Zeroizing;

use super::{folded, is_separator, is_word};

/// The fewest characters of one for which groups are looked through.
const GROUPED: usize = 4;

/// Those that may be written so, folded, by their first characters.
#[derive(Default)]
pub(super) struct Grouped(HashMap<[char; GROUPED], Vec<Zeroizing<Vec<char>>>>);

impl Grouped {
    pub fn add(&mut self, secret: &str) {
        if let Some((head, folded)) = in_groups(secret) {
            self.0.entry(head).or_default().push(folded);
        }
    }

    pub fn forget(&mut self, secret: &str) {
        let Some((head, folded)) = in_groups(secret) else { return };
        let Some(forms) = self.0.get_mut(&head) else { return };
        // Another one may read the same without its groups.
        if let Some(nth) = forms.iter().position(|other| *other == folded) {
            forms.swap_remove(nth);
        }
        if forms.is_empty() {
            self.0.remove(&head);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where one stands in groups that are no part of another word, and no date: in the folded characters of a reading of the text, each
    /// at its place there.
    pub fn find_in(
        &self,
        chars: &[char],
        places: &[(usize, usize)],
        text: &str,
        hits: &mut Vec<Range<usize>>,
    ) {
        if self.is_empty() {
            return;
        }
        hits.extend((0..chars.len()).filter_map(|at| {
            let rest = &chars[at..];
            let forms = self.0.get(rest.first_chunk()?)?;
            let ranges = forms.iter().filter(|form| rest.starts_with(form));
            let ranges = ranges.map(|form| places[at].0..places[at + form.len() - 1].1);
            ranges.filter(|range| is_group(text, range)).max_by_key(|range| range.end)
        }));
    }
}

/// A secret that may be written in groups without being taken for words: by its first characters, and folded.
fn in_groups(secret: &str) -> Option<([char; GROUPED], Zeroizing<Vec<char>>)> {
    let is_of_a_code = |c: char| c.is_ascii_alphanumeric() || is_separator(c);
    let is_no_word = secret.contains(|c: char| c.is_ascii_digit()) || !secret.contains(char::is_lowercase);
    let folded: Zeroizing<Vec<char>> = Zeroizing::new(folded(secret).collect());
    let head = folded.first_chunk().copied().filter(|_| is_no_word && secret.chars().all(is_of_a_code))?;
    Some((head, folded))
}

/// Whether these characters stand by themselves: not within a word, also one with dashes, and not as a date.
fn is_group(text: &str, range: &Range<usize>) -> bool {
    let (before, group, after) = (&text[..range.start], &text[range.clone()], &text[range.end..]);
    let joined = |side: Option<char>, next: Option<char>| {
        side.is_some_and(|c| is_separator(c) && !c.is_whitespace()) && next.is_some_and(char::is_alphanumeric)
    };
    let (mut back, mut on) = (before.chars().rev(), after.chars());
    let is_part = joined(back.next(), back.next()) || joined(on.next(), on.next());
    let is_date = group.len() == 10
        && group.bytes().enumerate().all(
            |(nth, c)| {
                if matches!(nth, 4 | 7) { c == b'-' } else { c.is_ascii_digit() }
            },
        );
    // Letters alone, and small ones, are words.
    let is_words = !group.contains(|c: char| c.is_ascii_digit()) && group.contains(char::is_lowercase);
    is_word(text, range) && !is_part && !is_date && !is_words
}
