//! What speaks for and against a candidate.

use std::fmt;

/// What a candidate looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// `123456`, `123-456`.
    SixDigits,
    /// Four, five, seven or eight digits.
    Digits,
    /// Nine or ten.
    ManyDigits,
    /// Eleven and more: only where the page wants as many.
    Endless,
    /// `482.915`, as amounts are written too.
    Dotted,
    /// `1234 5678`.
    Grouped,
    /// `8827 0163 45`, `660-94-12`.
    Broken,
    /// `2024`.
    Year,
    /// `G-123456`.
    Lead,
    /// `ABC-1234`.
    Prefixed,
    /// `AB12CD`.
    Mixed,
    /// `SUMMER25`.
    Slogan,
    /// `ab12cd`.
    Small,
    /// `Ab12Cd`.
    AnyCase,
    /// `J 6 T 0 4 W`.
    Spelt,
    /// `AB12-CD34`.
    Dashed,
    /// `RW-7741-K`.
    Uneven,
    /// `XKRDW`, `NHGM-DTFR`, `b82f-91kd`.
    NoWord,
    /// `LEMON`.
    Letters,
}

impl Form {
    /// How much the form alone speaks for a code.
    pub(super) const fn weight(self) -> i32 {
        match self {
            Self::Lead => 5,
            Self::SixDigits => 3,
            Self::Digits | Self::Dashed | Self::Spelt => 2,
            Self::Grouped | Self::Prefixed | Self::Mixed | Self::Uneven | Self::NoWord => 1,
            Self::ManyDigits | Self::Endless | Self::Dotted | Self::Broken | Self::Small | Self::Letters => 0,
            Self::Year | Self::AnyCase => -1,
            Self::Slogan => -2,
        }
    }

    /// Looks too much like ordinary text to be taken without a word that names it.
    pub(super) const fn is_shy(self) -> bool {
        !matches!(
            self,
            Self::SixDigits | Self::Digits | Self::ManyDigits | Self::Grouped | Self::Lead | Self::Dashed
        )
    }

    /// One word as a shop gives it to its customers.
    pub(super) const fn suits_an_offer(self) -> bool {
        matches!(
            self,
            Self::Slogan | Self::Mixed | Self::Small | Self::NoWord | Self::Letters | Self::AnyCase
        )
    }
}

/// Something that speaks for or against a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// What it looks like.
    Form(Form),
    /// A word before it that names or asks for a code.
    WordBefore(&'static str),
    /// A word behind it.
    WordAfter(&'static str),
    /// Both.
    WordsAround,
    /// On a line of its own.
    Alone,
    /// The message says nothing else.
    NothingElse,
    /// Emphasised, and nothing with it.
    Emphasised,
    /// Within something longer that is emphasised.
    WithinEmphasis,
    /// As long as the page expects.
    LengthFits,
    /// A word says that it is something else, such as an order's number.
    NamedOtherwise(&'static str),
    /// A unit behind it makes it an amount.
    Quantity(&'static str),
    /// Something for which other codes are given is named near it, and no account.
    ForAnother(&'static str),
    /// A word says that it no longer counts.
    Stale(&'static str),
    /// Only what a code is for is said near it, and no code.
    NotNamed,
    /// The message makes an offer, and this looks like what shops give.
    Offer(&'static str),
    /// It stands apart, and the message speaks of codes somewhere else.
    TalkOfCodes,
    /// The message speaks of no code at all.
    NoTalkOfCodes,
    /// It looks like ordinary text, and no word names it.
    TooPlain,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(form) => write!(f, "it looks like {form}"),
            Self::WordBefore(word) => write!(f, "“{word}” stands before it"),
            Self::WordAfter(word) => write!(f, "“{word}” stands behind it"),
            Self::WordsAround => f.write_str("such words stand on both sides"),
            Self::Alone => f.write_str("it has a line of its own"),
            Self::NothingElse => f.write_str("the message says nothing else"),
            Self::Emphasised => f.write_str("it is emphasised"),
            Self::WithinEmphasis => f.write_str("it is emphasised together with other words"),
            Self::LengthFits => f.write_str("it has the length that is expected"),
            Self::NamedOtherwise(word) => write!(f, "“{word}” says that it is something else"),
            Self::Quantity(unit) => write!(f, "“{unit}” makes it an amount"),
            Self::Stale(word) => write!(f, "“{word}” says that it no longer counts"),
            Self::ForAnother(word) => write!(f, "“{word}” says that it opens something else"),
            Self::NotNamed => f.write_str("no code is named near it"),
            Self::Offer(word) => write!(f, "“{word}” makes an offer, to which it may belong"),
            Self::TalkOfCodes => f.write_str("the message speaks of codes elsewhere"),
            Self::NoTalkOfCodes => f.write_str("the message speaks of no code"),
            Self::TooPlain => f.write_str("it looks like ordinary text and no word names it"),
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SixDigits => "a code of six digits",
            Self::Digits => "a code of digits",
            Self::ManyDigits => "a long number",
            Self::Endless => "a very long number",
            Self::Dotted => "a number with a dot in it",
            Self::Grouped => "a number in groups",
            Self::Broken => "a number in uneven groups",
            Self::Year => "a year",
            Self::Lead => "a code with a letter in front",
            Self::Prefixed => "a number with letters in front",
            Self::Mixed => "capitals and digits",
            Self::Slogan => "a word with a number, as shops give them",
            Self::Small => "small letters and digits",
            Self::AnyCase => "letters of any case and digits",
            Self::Spelt => "a code that is spelt out",
            Self::Dashed => "a code with dashes",
            Self::Uneven => "groups of different lengths",
            Self::NoWord => "letters that make no word",
            Self::Letters => "a word or a code of letters",
        })
    }
}
