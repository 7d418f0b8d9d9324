//! Places in a playbook's source.

use std::fmt;
use std::ops::Range;

/// A stretch of the source. Shown as `12:7`, line and column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Place {
    /// Of the first character, from 1.
    pub line: usize,
    /// Of the first character, in characters, from 1.
    pub column: usize,
    /// Of the first character, in bytes, from 0.
    pub offset: usize,
    /// In bytes.
    pub length: usize,
}

impl Place {
    /// The bytes it covers.
    pub fn range(&self) -> Range<usize> {
        self.offset..self.end()
    }

    /// The byte behind the last one.
    pub fn end(&self) -> usize {
        self.offset + self.length
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}
