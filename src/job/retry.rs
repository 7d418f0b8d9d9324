use std::time::Duration;

use super::Outcome;

/// When a job whose attempt ended `retry_later` is tried again, and when it is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How many attempts a job has altogether; interrupted ones do not count.
    pub attempts: u32,
    /// The wait before the second attempt; it grows fourfold each time.
    pub first_wait: Duration,
    /// The wait never grows beyond this.
    pub longest_wait: Duration,
}

/// What follows an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The job has ended.
    Never,
    /// The job is tried again after this wait.
    After(Duration),
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 4, first_wait: Duration::from_secs(10), longest_wait: Duration::from_secs(600) }
    }
}

impl RetryPolicy {
    /// Decides after the attempt with this number (the first is 1) ended with this outcome.
    #[must_use]
    pub fn after(&self, attempt: u32, outcome: Outcome) -> Retry {
        match outcome {
            Outcome::Succeeded | Outcome::Rejected | Outcome::NeedsHuman => Retry::Never,
            Outcome::Interrupted => Retry::After(Duration::ZERO),
            // An unknown outcome is never retried blindly: the next attempt reconciles first.
            Outcome::Unknown | Outcome::RetryLater if attempt >= self.attempts => Retry::Never,
            Outcome::Unknown => Retry::After(Duration::ZERO),
            Outcome::RetryLater => {
                let factor = 4_u32.saturating_pow(attempt.saturating_sub(1));
                Retry::After(self.first_wait.saturating_mul(factor).min(self.longest_wait))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let policy = RetryPolicy::default();
        let waits: Vec<_> = (1..=4).map(|n| policy.after(n, Outcome::RetryLater)).collect();
        let after = |s| Retry::After(Duration::from_secs(s));
        assert_eq!(waits, [after(10), after(40), after(160), Retry::Never]);
        assert_eq!(policy.after(1, Outcome::Rejected), Retry::Never);
    }
}
