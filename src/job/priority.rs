use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which jobs come first. None starves: now and then one of a lower priority is let through.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Before all others.
    High,
    /// Unless it is said otherwise.
    #[default]
    Normal,
    /// What has time.
    Low,
}

impl Priority {
    /// Every priority, the most urgent first.
    pub const ALL: [Self; 3] = [Self::High, Self::Normal, Self::Low];

    /// For how much longer than a normal job one of this priority has waited, in milliseconds, as far as the order
    /// goes.
    #[must_use]
    pub const fn head_start(self) -> i64 {
        match self {
            Self::High => 10 * 60 * 1000,
            Self::Normal => 0,
            Self::Low => -30 * 60 * 1000,
        }
    }

    /// The name in messages, routing keys and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text names no priority.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a priority: use high, normal or low")]
pub struct UnknownPriority(String);

impl FromStr for Priority {
    type Err = UnknownPriority;

    fn from_str(text: &str) -> Result<Self, UnknownPriority> {
        Self::ALL.into_iter().find(|one| one.as_str() == text).ok_or_else(|| UnknownPriority(text.to_owned()))
    }
}
