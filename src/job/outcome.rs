use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Code;

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// What was asked is done and proved.
    Succeeded,
    /// The app said no, for a reason that another try would not change.
    Rejected,
    /// Something passing stood in the way; the job is tried again.
    RetryLater,
    /// A person has to act before this can go on.
    NeedsHuman,
    /// Turnlock itself stopped the attempt; it consumes no try.
    Interrupted,
    /// The commit step was performed and its answer was lost: the app may or may not have taken the candidate.
    Unknown,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 6] = [
        Self::Succeeded,
        Self::Rejected,
        Self::RetryLater,
        Self::NeedsHuman,
        Self::Interrupted,
        Self::Unknown,
    ];

    /// Those that somebody may want to look into: not done, and not for Turnlock's own sake.
    pub const FAILED: [Self; 4] = [Self::Rejected, Self::RetryLater, Self::NeedsHuman, Self::Unknown];

    /// The name in messages, database and command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Rejected => "rejected",
            Self::RetryLater => "retry_later",
            Self::NeedsHuman => "needs_human",
            Self::Interrupted => "interrupted",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text names no outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an outcome: use succeeded, rejected, retry_later, needs_human, interrupted or unknown")]
pub struct UnknownOutcome(String);

impl FromStr for Outcome {
    type Err = UnknownOutcome;

    fn from_str(text: &str) -> Result<Self, UnknownOutcome> {
        let name = text.replace('-', "_");
        Self::ALL.into_iter().find(|o| o.as_str() == name).ok_or_else(|| UnknownOutcome(text.to_owned()))
    }
}

/// Outcomes as people ask for them: names with commas between them, and `failed` for all of [`Outcome::FAILED`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcomes(pub Vec<Outcome>);

impl Outcomes {
    /// The word for those that failed.
    pub const FAILED: &'static str = "failed";
}

impl FromStr for Outcomes {
    type Err = UnknownOutcome;

    fn from_str(text: &str) -> Result<Self, UnknownOutcome> {
        let mut all = Vec::new();
        for name in text.split(',').map(str::trim) {
            match name {
                Self::FAILED => all.extend(Outcome::FAILED),
                name => all.push(name.parse()?),
            }
        }
        all.sort_by_key(|outcome| *outcome as u8);
        all.dedup();
        Ok(Self(all))
    }
}

/// An attempt's outcome with its code and what happened, in words that hold no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// How the attempt ended.
    pub outcome: Outcome,
    /// Why, as one of a fixed set of codes.
    pub code: Code,
    /// What happened, where, and what was there instead.
    pub message: String,
}

impl Verdict {
    /// The verdict that a code stands for by itself, see [`Code::outcome`].
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { outcome: code.outcome(), code, message: message.into() }
    }

    /// Whether a person has to act, once a job has ended so and nothing is tried again by itself. Nobody has where it was
    /// merely not the job's turn, where it was called off, nor where Turnlock reconciles the account.
    #[must_use]
    pub const fn calls_a_person(&self) -> bool {
        match self.outcome {
            Outcome::NeedsHuman | Outcome::Rejected => true,
            Outcome::RetryLater => !matches!(self.code, Code::AccountBusy | Code::AppOnHold),
            Outcome::Succeeded | Outcome::Interrupted | Outcome::Unknown => false,
        }
    }

    /// The same, but with another outcome than the code's usual one.
    #[must_use]
    pub fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_asked_for_by_their_names() {
        let read = |text: &str| text.parse::<Outcomes>().map(|all| all.0);
        assert_eq!(read("needs_human").unwrap(), [Outcome::NeedsHuman]);
        assert_eq!(read("failed").unwrap(), Outcome::FAILED);
        assert_eq!(read("unknown, succeeded,unknown").unwrap(), [Outcome::Succeeded, Outcome::Unknown]);
        assert_eq!(read("rejected,failed").unwrap(), Outcome::FAILED);
        for bad in ["", "well", "failed,", "failed well"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
