//! A text as it is shown: what it says, and how.

use std::ops::Range;

/// A text with the places in it that stand out. Prints nothing of itself, for it may hold a code.
#[derive(Clone, Default)]
pub(in crate::inbox) struct Shown {
    pub text: String,
    /// Bold, large or spaced out: byte ranges, in their order. They may reach beyond the end.
    pub emphasis: Vec<Range<usize>>,
    /// Marked as quoted from an older message, likewise.
    pub quotes: Vec<Range<usize>>,
}

impl Shown {
    /// A text without any emphasis.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Adds a part of another text, with the emphasis in it.
    pub fn push(&mut self, from: &Self, part: Range<usize>) {
        let start = self.text.len();
        self.text.push_str(&from.text[part.clone()]);
        let first = from.emphasis.partition_point(|range| range.end <= part.start);
        for range in from.emphasis[first..].iter().take_while(|range| range.start < part.end) {
            let clipped = range.start.max(part.start)..range.end.min(part.end);
            self.emphasis.push(clipped.start - part.start + start..clipped.end - part.start + start);
        }
    }

    /// Adds all of another text.
    pub fn append(&mut self, other: &Self) {
        let start = self.text.len();
        self.text.push_str(&other.text);
        let moved = |range: &Range<usize>| range.start + start..range.end + start;
        self.emphasis.extend(other.emphasis.iter().map(moved));
        self.quotes.extend(other.quotes.iter().map(moved));
    }

    /// Puts a heading above the text.
    pub fn head(&mut self, heading: &str) {
        let mut headed = Self::plain(format!("{heading}\n\n"));
        headed.append(self);
        *self = headed;
    }

    /// Keeps no more than so many bytes.
    pub fn truncate(&mut self, limit: usize) {
        self.text.truncate(self.text.floor_char_boundary(limit));
    }

    /// Whether it says anything at all.
    pub fn is_blank(&self) -> bool {
        !self.text.chars().any(char::is_alphanumeric)
    }
}
