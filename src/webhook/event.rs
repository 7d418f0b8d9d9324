use std::fmt;
use std::str::FromStr;

/// What a message tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// An attempt has ended, whatever becomes of its job.
    AttemptEnded,
    /// A job has ended.
    JobFinished,
    /// A job has ended, and a person has to act.
    NeedsHuman,
    /// A job waits for a person, for a while.
    AsksHuman,
    /// The breaker of an app is open.
    BreakerOpened,
    /// The canary of an app has begun to fail in a flow.
    CanaryFailed,
    /// Somebody tries whether messages come.
    Test,
}

impl Event {
    /// Those that can be asked for.
    pub const ALL: [Self; 6] = [
        Self::AttemptEnded,
        Self::JobFinished,
        Self::NeedsHuman,
        Self::AsksHuman,
        Self::BreakerOpened,
        Self::CanaryFailed,
    ];

    /// Those that call for a person: what is told unless it is said otherwise.
    pub const USUAL: [Self; 4] = [Self::NeedsHuman, Self::AsksHuman, Self::BreakerOpened, Self::CanaryFailed];

    /// The name in messages and in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AttemptEnded => "attempt.ended",
            Self::JobFinished => "job.finished",
            Self::NeedsHuman => "job.needs_human",
            Self::AsksHuman => "job.asks_human",
            Self::BreakerOpened => "breaker.opened",
            Self::CanaryFailed => "canary.failed",
            Self::Test => "webhook.test",
        }
    }
}

impl FromStr for Event {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|event| event.as_str() == text)
            .ok_or_else(|| format!("the events are {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
