use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::job::{Code, Verdict};

/// Why an attempt is to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// Its time is up.
    Deadline,
    /// Someone cancelled the job.
    Cancelled,
    /// The worker stops; the job is taken up again by another.
    WorkerStops,
    /// The account's lease was lost: another worker may hold it. Nothing may be written any more.
    LeaseLost,
}

impl StopReason {
    /// How an attempt ends that stopped for this reason before its commit step, or after it had been
    /// answered.
    #[must_use]
    pub fn verdict(self) -> Verdict {
        let (code, message) = match self {
            Self::Deadline => (Code::DeadlineExceeded, "The attempt took longer than the job's deadline."),
            Self::Cancelled => (Code::Cancelled, "The job was cancelled."),
            Self::WorkerStops => (Code::WorkerStopped, "The worker was stopped before the attempt ended."),
            Self::LeaseLost => (Code::WorkerStopped, "The worker lost its lease on the account."),
        };
        Verdict::new(code, message)
    }
}

/// Tells a performer that it is to come to an end at the next safe point: never between a commit step and
/// the answer to it. One that does not come to an end within [`WorkerConfig::grace`](super::WorkerConfig::grace) is
/// dropped.
#[derive(Debug, Clone)]
pub struct Stop {
    asked: watch::Receiver<Option<StopReason>>,
    leaves: watch::Receiver<Option<Instant>>,
    stood: Arc<watch::Sender<Stood>>,
}

/// The worker's end of a [`Stop`].
#[derive(Debug)]
pub struct Stopper {
    asked: watch::Sender<Option<StopReason>>,
    stood: Arc<watch::Sender<Stood>>,
}

/// For how long the time to the deadline stood still, and since when it does.
#[derive(Debug, Clone, Copy, Default)]
struct Stood {
    so_far: Duration,
    since: Option<Instant>,
}

/// While it lives, the time to the attempt's deadline stands still.
#[derive(Debug)]
pub struct StandStill(Arc<watch::Sender<Stood>>);

impl Drop for StandStill {
    fn drop(&mut self) {
        self.0.send_modify(|stood| {
            stood.so_far += stood.since.take().map(|since| since.elapsed()).unwrap_or_default();
        });
    }
}

impl Stop {
    /// A stop and the means to ask for it. `leaves` tells when the worker will, once that is known.
    #[must_use]
    pub fn new(leaves: watch::Receiver<Option<Instant>>) -> (Stopper, Self) {
        let (sender, asked) = watch::channel(None);
        let stood = Arc::new(watch::Sender::default());
        (Stopper { asked: sender, stood: Arc::clone(&stood) }, Self { asked, leaves, stood })
    }

    /// Returns, once the worker was told to end, when it will ask for a stop. May be dropped at any time.
    pub async fn foreseen(&self) -> Instant {
        let mut leaves = self.leaves.clone();
        match leaves.wait_for(Option::is_some).await.ok().and_then(|at| *at) {
            Some(at) => at,
            None => std::future::pending().await,
        }
    }

    /// A person is waited for: that is no slowness of the app's, and does not count towards the deadline.
    #[must_use]
    pub fn stand_still(&self) -> StandStill {
        self.stood.send_modify(|stood| stood.since = Some(Instant::now()));
        StandStill(Arc::clone(&self.stood))
    }

    /// The reason, if a stop was asked for.
    #[must_use]
    pub fn asked(&self) -> Option<StopReason> {
        *self.asked.borrow()
    }

    /// Returns when a stop is asked for. May be dropped at any time.
    pub async fn wait(&self) -> StopReason {
        self.wait_for(|_| true).await
    }

    /// Returns when a stop is asked for with a reason that counts. May be dropped at any time.
    pub async fn wait_for(&self, counts: impl Fn(StopReason) -> bool) -> StopReason {
        let mut receiver = self.asked.clone();
        match receiver.wait_for(|reason| reason.is_some_and(&counts)).await.ok().and_then(|reason| *reason) {
            Some(reason) => reason,
            // The worker's end is gone and nobody can ask any more.
            None => std::future::pending().await,
        }
    }
}

impl Stopper {
    /// Returns when the deadline has passed, without the time that stood still; or else after `longest`.
    pub(super) async fn time_is_up(&self, deadline: Duration, longest: Duration) {
        let began = Instant::now();
        let mut changes = self.stood.subscribe();
        loop {
            let Stood { so_far, since } = *changes.borrow_and_update();
            let left = if since.is_some() { longest } else { longest.min(deadline + so_far) };
            tokio::select! {
                () = sleep_until(began + left) => return,
                _ = changes.changed() => {}
            }
        }
    }

    /// Asks for a stop. The first reason stands, unless the lease was lost: that outweighs all others.
    pub fn ask(&self, reason: StopReason) {
        self.asked.send_if_modified(|asked| {
            let wins = asked.is_none() || (reason == StopReason::LeaseLost && *asked != Some(reason));
            if wins {
                *asked = Some(reason);
            }
            wins
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_deadline_is_as_far_away_after_a_wait_as_before() {
        const LONG: Duration = Duration::from_secs(600);
        let (stopper, stop) = Stop::new(watch::channel(None).1);
        let still = stop.stand_still();
        let up = stopper.time_is_up(Duration::ZERO, LONG);
        tokio::pin!(up);
        for _ in 0..100 {
            tokio::select! {
                biased;
                () = &mut up => panic!("it stands still"),
                () = tokio::task::yield_now() => {}
            }
        }
        drop(still);
        up.await;
        // However long it stands still, there is an end.
        let still = stop.stand_still();
        stopper.time_is_up(LONG, Duration::ZERO).await;
        drop(still);
    }
}
