use std::fmt;
use std::str::FromStr;

/// What a person says to a job that waits for a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// What the app asked for is done, or is not needed: the flow goes on in the same page.
    GoOn,
    /// It will not be done: the job ends as `needs_human`.
    GiveUp,
}

impl Decision {
    /// The name in API and command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GoOn => "go_on",
            Self::GiveUp => "give_up",
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text is no decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a decision is go_on or give_up")]
pub struct UnknownDecision;

impl FromStr for Decision {
    type Err = UnknownDecision;

    fn from_str(text: &str) -> Result<Self, UnknownDecision> {
        [Self::GoOn, Self::GiveUp].into_iter().find(|one| one.as_str() == text).ok_or(UnknownDecision)
    }
}
