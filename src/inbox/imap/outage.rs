use std::fmt::Display;
use std::time::Duration;

use tokio::time::Instant;

/// The wait before the first try again; it doubles up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How often it is said that it still fails.
const SAY: Duration = Duration::from_secs(60);

/// Something of a source that fails, and is tried until it works: for how long to wait, and when to say so. Each failure
/// is told at the level `debug`.
#[derive(Debug)]
pub(super) struct Outage {
    /// The source, and what does not work, as a sentence without its end.
    what: String,
    going_on: Option<GoingOn>,
}

#[derive(Debug)]
struct GoingOn {
    since: Instant,
    said: Instant,
    failures: u32,
    wait: Duration,
}

impl Outage {
    /// Of something that works so far.
    pub const fn of(what: String) -> Self {
        Self { what, going_on: None }
    }

    /// It failed. Returns how long to wait.
    pub fn failed(&mut self, error: &dyn Display) -> Duration {
        let now = Instant::now();
        let Some(outage) = &mut self.going_on else {
            tracing::warn!(%error, "{}; it is tried again until it works", self.what);
            self.going_on = Some(GoingOn { since: now, said: now, failures: 1, wait: FIRST_WAIT });
            return FIRST_WAIT;
        };
        outage.failures += 1;
        outage.wait = (outage.wait * 2).min(LONGEST_WAIT);
        let seconds = (now - outage.since).as_secs();
        if now - outage.said >= SAY {
            outage.said = now;
            tracing::warn!(%error, failures = outage.failures, seconds, "still {}", self.what);
        } else {
            tracing::debug!(%error, failures = outage.failures, seconds, "still {}", self.what);
        }
        outage.wait
    }

    /// It works.
    pub fn over(&mut self) {
        if let Some(outage) = self.going_on.take() {
            let seconds = outage.since.elapsed().as_secs();
            tracing::info!(failures = outage.failures, seconds, "over: {}", self.what);
        }
    }
}
