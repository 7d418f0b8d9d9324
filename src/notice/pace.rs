use std::time::Duration;

/// How often people are written to, and how hard it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Of the same app and code, one notice within this time.
    pub quiet: Duration,
    /// The wait before a second try to send one; each further wait is four times as long.
    pub first_wait: Duration,
    /// How often sending one is tried.
    pub tries: u32,
}

impl Default for Pace {
    /// Tried for about seven minutes.
    fn default() -> Self {
        Self { quiet: Duration::from_secs(600), first_wait: Duration::from_secs(5), tries: 5 }
    }
}
