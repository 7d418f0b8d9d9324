//! Weighs the candidates of a text by what stands around them.

use std::ops::Range;

use super::candidates::{Candidate, candidates};
use super::expected::Page;
use super::reason::{Form, Reason};
use super::surroundings::Surroundings;
use super::{Passage, mask};

/// A message has a code or two, not hundreds; those further down are not weighed.
const MOST: usize = 200;
/// Characters that are looked at; a code stands further up.
const LONGEST: usize = 32 * 1024;

/// A candidate with what speaks for it.
pub(super) struct Weighed {
    /// As it is typed.
    pub code: String,
    pub points: Vec<(Reason, i32)>,
}

impl Weighed {
    pub fn weight(&self) -> i32 {
        self.points.iter().map(|(_, weight)| weight).sum()
    }

    /// What the message itself says for it: a number as long as the page expects is still only a number.
    pub fn said(&self) -> i32 {
        let said = self.points.iter().filter(|(reason, _)| *reason != Reason::LengthFits);
        said.map(|(_, weight)| weight).sum()
    }
}

/// The candidates of a passage that the page takes.
pub(super) fn weigh(passage: &Passage<'_>, page: &Page) -> Vec<Weighed> {
    let (mut text, emphasis) = spelled(passage);
    mask::take_out_addresses(&mut text);
    let mut found = candidates(&text, &emphasis);
    let typed = |candidate: &Candidate| page.typed(&candidate.shown);
    let taken = |candidate: &Candidate| {
        typed(candidate).is_some_and(|code| candidate.form != Form::Endless || page.is_exact(&code))
    };
    let around = Surroundings::new(&text, &emphasis);
    let otherwise = around.named_otherwise(&found);
    found.retain(taken);
    found.truncate(MOST);
    // What is something else takes no words from a code.
    let rivals: Vec<Candidate> =
        found.iter().filter(|candidate| !otherwise.contains_key(&candidate.start)).cloned().collect();
    let weighed = found.iter().filter_map(|candidate| {
        let code = typed(candidate)?;
        let mut points = around.points(candidate, &rivals);
        if let Some((reason, weight)) = otherwise.get(&candidate.start) {
            points.push((*reason, *weight));
        }
        if page.is_exact(&code) {
            points.push((Reason::LengthFits, 3));
        }
        Some(Weighed { code, points })
    });
    weighed.collect()
}

/// The text in one spelling, and where it is emphasised, in characters.
fn spelled(passage: &Passage<'_>) -> (Vec<char>, Vec<Range<usize>>) {
    let mut text = Vec::new();
    let mut emphasis: Vec<Range<usize>> = Vec::new();
    let mut ranges = passage.emphasis.iter().peekable();
    for (at, c) in passage.text.char_indices() {
        let Some(c) = mask::spelled(c) else { continue };
        while ranges.peek().is_some_and(|range| range.end <= at) {
            ranges.next();
        }
        if ranges.peek().is_some_and(|range| range.start <= at) {
            match emphasis.last_mut() {
                Some(last)
                    if last.end == text.len() && ranges.peek().is_some_and(|range| range.start < at) =>
                {
                    last.end += 1
                }
                _ => emphasis.push(text.len()..text.len() + 1),
            }
        }
        text.push(c);
        if text.len() == LONGEST {
            break;
        }
    }
    (text, emphasis)
}
