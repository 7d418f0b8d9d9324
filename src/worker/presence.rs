//! A worker among others: it gives signs of life, and heeds what is wanted of it.

use std::convert::Infallible;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time;

use super::run::Inner;
use crate::outage::Outage;
use crate::store::{Beat, Duty, StoreError};

/// The wait between two tries to give a sign of life at most.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// How long a worker that ends tries to say so; else it is found out.
const FAREWELL: Duration = Duration::from_secs(1);

/// What a worker is there for, and who said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub duty: Duty,
    /// It was said in this process, and is not written down yet.
    unsaid: bool,
    /// It ends, whatever else is wanted of it.
    ends: bool,
}

impl Default for Standing {
    fn default() -> Self {
        Self { duty: Duty::Working, unsaid: false, ends: false }
    }
}

impl Inner {
    /// Somebody says here what this worker is there for.
    pub(super) fn assign(&self, duty: Duty) {
        self.standing.send_if_modified(|now| {
            let news = now.duty != duty;
            if news {
                *now = Standing { duty, unsaid: true, ..*now };
            }
            news
        });
    }

    /// It ends, or begins anew.
    pub(super) fn ends(&self, ends: bool) {
        self.standing.send_modify(|now| {
            // What it said while it ended is to be unsaid.
            *now = Standing { ends, unsaid: now.unsaid || now.ends && !ends, ..*now };
        });
    }

    /// Gives signs of life, and more when something changes, for ever. Tells of what no waiting mends.
    pub(super) async fn be_present(&self, hopeless: oneshot::Sender<StoreError>) -> Infallible {
        let mut hopeless = Some(hopeless);
        let mut standing = self.standing.subscribe();
        let mut outage = Outage::of("no sign of life can be given", LONGEST_WAIT);
        loop {
            let (begun, now) = (time::Instant::now(), *standing.borrow_and_update());
            match self.beat_of_the_worker(now).await {
                Ok(()) => {
                    outage.over();
                    tokio::select! {
                        () = time::sleep(self.config.beat) => {}
                        _ = standing.changed() => {}
                        () = self.store.workers_changed() => {}
                    }
                }
                Err(error) => {
                    let wait = outage.failed(&error);
                    if error.lasts()
                        && let Some(hopeless) = hopeless.take()
                    {
                        // Nobody listens any more when the worker ends anyway.
                        let _ = hopeless.send(error);
                    }
                    time::sleep_until(begun + wait).await;
                }
            }
        }
    }

    async fn beat_of_the_worker(&self, said: Standing) -> Result<(), StoreError> {
        let config = &self.config;
        let beat = Beat {
            worker: config.id.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            slots: u32::try_from(config.slots).unwrap_or(u32::MAX),
            duty: if said.ends { Duty::Draining } else { said.duty },
            // One that ends takes no more jobs, whatever was wanted of it.
            overrules: said.unsaid || said.ends,
            hold: config.hold,
            browser_memory: self.performer.browser_memory(),
        };
        let wanted = self.store.worker_beat(&beat).await?;
        self.standing.send_if_modified(|now| {
            // Something newer was said here meanwhile, which the next beat tells.
            if *now != said {
                return false;
            }
            let news = now.duty != wanted && !now.ends;
            *now = Standing { duty: if news { wanted } else { now.duty }, unsaid: false, ..*now };
            news
        });
        Ok(())
    }

    /// Has it forgotten that it was there.
    pub(super) async fn say_farewell(&self) {
        if !matches!(time::timeout(FAREWELL, self.store.worker_left(&self.config.id)).await, Ok(Ok(()))) {
            tracing::debug!("it could not be written down that this worker has ended");
        }
    }
}
