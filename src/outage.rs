use std::borrow::Cow;
use std::fmt::Display;
use std::time::Duration;

use tokio::time::Instant;

/// The wait before the first try again; it doubles up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// How often it is said that something still fails.
const SAY: Duration = Duration::from_secs(60);

/// Something that fails, and is tried until it works, however long that takes: for how long to wait, and when to say
/// so. Each failure is told at the level `debug`.
#[derive(Debug)]
pub(crate) struct Outage {
    /// What does not work, as a sentence without its end.
    what: Cow<'static, str>,
    longest_wait: Duration,
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
    pub fn of(what: impl Into<Cow<'static, str>>, longest_wait: Duration) -> Self {
        Self { what: what.into(), longest_wait, going_on: None }
    }

    /// It failed. Returns how long after the beginning of this try the next one is due: a server that is gone may have
    /// taken its time to fail.
    pub fn failed(&mut self, error: &dyn Display) -> Duration {
        let now = Instant::now();
        let Some(outage) = &mut self.going_on else {
            tracing::warn!(%error, "{}; it is tried again until it works", self.what);
            self.going_on = Some(GoingOn { since: now, said: now, failures: 1, wait: FIRST_WAIT });
            return FIRST_WAIT;
        };
        outage.failures += 1;
        outage.wait = (outage.wait * 2).min(self.longest_wait);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_the_longest_and_begin_anew_when_it_works() {
        let mut outage = Outage::of("nothing works", Duration::from_secs(1));
        let mut waits = || [(); 6].map(|()| outage.failed(&"an error").as_millis());
        assert_eq!(waits(), [100, 200, 400, 800, 1000, 1000]);
        outage.over();
        assert_eq!(outage.failed(&"an error"), FIRST_WAIT);
    }
}
