//! Why a code was taken, or none.

use std::fmt;

use secrecy::SecretString;

use super::Evidence;
use super::reason::Reason;

/// What came of reading a message, and why. Its `Debug` shows no code.
#[derive(Debug)]
pub struct Explained {
    /// What was decided.
    pub decision: Decision,
    /// Where in the message that was.
    pub place: Place,
    /// What was weighed, the heaviest first; empty where nothing had to be.
    pub candidates: Vec<WeighedCode>,
}

/// What was decided.
#[derive(Debug)]
pub enum Decision {
    /// This is the code.
    Code(SecretString, Evidence),
    /// Several could be it.
    Ambiguous(Vec<SecretString>),
    /// The message binds its code to these hosts, or frames in them, and not to where it would be typed.
    BoundElsewhere(Vec<String>),
    /// The playbook's pattern finds nothing.
    NoMatch,
    /// Nothing has the form of a code that the page takes.
    NoCandidate,
    /// Nothing weighs enough.
    NoneLikely,
}

/// A part of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// What its sender wrote.
    Own,
    /// A message that it passes on.
    Forwarded,
    /// What it quotes, where it says nothing else.
    Quoted,
}

/// A candidate and what speaks for it.
#[derive(Debug)]
pub struct WeighedCode {
    /// As it is typed.
    pub code: SecretString,
    /// The sum.
    pub weight: i32,
    /// What it is made of.
    pub reasons: Vec<(Reason, i32)>,
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(_, Evidence::Pattern) => f.write_str("the pattern finds it, and nothing else"),
            Self::Code(_, Evidence::OriginBound) => f.write_str("the message binds it to the app's host"),
            Self::Code(_, Evidence::Weighed) => f.write_str("it weighs most"),
            Self::Ambiguous(codes) => {
                write!(f, "{} different texts in the message could be the code", codes.len())
            }
            Self::BoundElsewhere(hosts) => {
                write!(
                    f,
                    "the message binds its code to {}, and it would be typed elsewhere",
                    hosts.join(", ")
                )
            }
            Self::NoMatch => f.write_str("the pattern finds nothing in the message"),
            Self::NoCandidate => {
                f.write_str("nothing in the message has the form of a code that is expected")
            }
            Self::NoneLikely => f.write_str("what has the form of a code is more likely something else"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own => "in the message itself",
            Self::Forwarded => "in a message that is passed on",
            Self::Quoted => "in what is quoted",
        })
    }
}
