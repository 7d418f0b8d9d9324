use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::{Instant, sleep_until};

use super::run::Inner;
use crate::outage::Outage;
use crate::queue::QueueError;
use crate::store::Claim;

/// The wait between two tries to take a job at most, while the queue fails.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

type Taking<'a> = BoxFuture<'a, Result<Vec<Claim>, QueueError>>;

/// Takes jobs from the queue, and waits as long as there is none, or the queue fails.
pub(super) struct Intake<'a> {
    inner: &'a Inner,
    /// What was begun must be brought to an end: a job may have been taken by then.
    under_way: Option<Taking<'a>>,
    begun: Instant,
    next: Next,
    outage: Outage,
}

/// When to take next.
#[derive(Debug, Clone, Copy)]
enum Next {
    /// There may be something.
    Now,
    /// When the queue says that there may be something.
    WhenReady,
    /// The queue has failed.
    At(Instant),
}

impl<'a> Intake<'a> {
    pub fn new(inner: &'a Inner) -> Self {
        let outage = Outage::of("no job can be taken", LONGEST_WAIT);
        Self { inner, under_way: None, begun: Instant::now(), next: Next::Now, outage }
    }

    /// There may be something again, as when a job has ended.
    pub fn look(&mut self) {
        if matches!(self.next, Next::WhenReady) {
            self.next = Next::Now;
        }
    }

    /// Whether a job may have been taken that nobody knows of yet.
    pub fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// The next jobs, at least one and as many as are wanted at most. Where none is wanted, what was begun is brought to
    /// an end, which may bring some or none. May be dropped at any time: the next call goes on.
    ///
    /// # Errors
    /// What no waiting mends.
    pub async fn next(&mut self, most: usize) -> Result<Vec<Claim>, QueueError> {
        loop {
            let taken = match &mut self.under_way {
                Some(taking) => taking.await,
                None if most == 0 => std::future::pending().await,
                None => {
                    self.wait().await;
                    let config = &self.inner.config;
                    (self.begun, self.next) = (Instant::now(), Next::WhenReady);
                    self.under_way = Some(self.inner.queue.take(&config.id, config.hold, most));
                    continue;
                }
            };
            self.under_way = None;
            match taken {
                Err(error) if error.lasts() => return Err(error),
                Err(error) => self.next = Next::At(self.begun + self.outage.failed(&error)),
                Ok(claims) => {
                    self.outage.over();
                    if !claims.is_empty() {
                        return Ok(claims);
                    }
                }
            }
            if most == 0 {
                return Ok(Vec::new());
            }
        }
    }

    async fn wait(&mut self) {
        match self.next {
            Next::Now => {}
            Next::WhenReady => self.inner.queue.ready().await,
            Next::At(at) => sleep_until(at).await,
        }
    }
}
