//! A set of characters, as a password rule names it.

use std::fmt;
use std::ops::{BitAnd, BitOr};

const SPECIAL: &str = " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/// Printable ASCII characters, and perhaps every other one (`unicode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct CharSet {
    /// Bit N is the character N.
    ascii: u128,
    unicode: bool,
}

impl CharSet {
    /// `A` to `Z`.
    #[must_use]
    pub fn upper() -> Self {
        ('A'..='Z').collect()
    }

    /// `a` to `z`.
    #[must_use]
    pub fn lower() -> Self {
        ('a'..='z').collect()
    }

    /// `0` to `9`.
    #[must_use]
    pub fn digit() -> Self {
        ('0'..='9').collect()
    }

    /// The rest of printable ASCII, the space among it, as Apple's grammar has it.
    #[must_use]
    pub fn special() -> Self {
        SPECIAL.chars().collect()
    }

    /// Space to `~`.
    #[must_use]
    pub fn ascii_printable() -> Self {
        (' '..='~').collect()
    }

    /// Every character but control characters.
    #[must_use]
    pub fn unicode() -> Self {
        Self { unicode: true, ..Self::ascii_printable() }
    }

    /// Whether `c` belongs to the set.
    #[must_use]
    pub fn contains(self, c: char) -> bool {
        if c.is_ascii() { self.ascii & (1 << u32::from(c)) != 0 } else { self.unicode && !c.is_control() }
    }

    /// Whether the set holds no character at all.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.ascii == 0 && !self.unicode
    }

    /// The ASCII characters of the set, in order.
    pub fn chars(self) -> impl Iterator<Item = char> {
        (' '..='~').filter(move |&c| self.contains(c))
    }

    /// What is in `self` but not in `other`.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self { ascii: self.ascii & !other.ascii, unicode: self.unicode && !other.unicode }
    }
}

impl FromIterator<char> for CharSet {
    fn from_iter<I: IntoIterator<Item = char>>(chars: I) -> Self {
        let ascii = chars.into_iter().filter(char::is_ascii).fold(0, |bits, c| bits | 1 << u32::from(c));
        Self { ascii, unicode: false }
    }
}

impl BitOr for CharSet {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self { ascii: self.ascii | other.ascii, unicode: self.unicode || other.unicode }
    }
}

impl BitAnd for CharSet {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self { ascii: self.ascii & other.ascii, unicode: self.unicode && other.unicode }
    }
}

/// In Apple's grammar: `upper, digit, [-!_]`.
impl fmt::Display for CharSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.unicode {
            return f.write_str("unicode");
        }
        let named = [
            ("ascii-printable", Self::ascii_printable()),
            ("upper", Self::upper()),
            ("lower", Self::lower()),
            ("digit", Self::digit()),
            ("special", Self::special()),
        ];
        let mut rest = *self;
        let mut parts = Vec::new();
        for (name, class) in named {
            if !rest.is_empty() && rest & class == class {
                parts.push(name.to_owned());
                rest = rest.without(class);
            }
        }
        if !rest.is_empty() {
            // Inside brackets `-` has to come first and `]` last.
            let middle: String = rest.chars().filter(|c| !matches!(c, '-' | ']')).collect();
            let dash = if rest.contains('-') { "-" } else { "" };
            let bracket = if rest.contains(']') { "]" } else { "" };
            parts.push(format!("[{dash}{middle}{bracket}]"));
        }
        f.write_str(&parts.join(", "))
    }
}
