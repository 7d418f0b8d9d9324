use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use futures::future::join_all;
use tokio::task::JoinSet;
use tokio::time;

use super::Endpoint;
use super::gather::gather;
use crate::outage::Outage;
use crate::store::{DeliveryRow, Store, StoreError};

/// How often it is looked whether something has happened, and whether a message is due.
const LOOK: Duration = Duration::from_secs(1);

/// The wait between two tries at most, while the database fails.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// So many messages to one endpoint are under way at once.
const TOGETHER: u32 = 8;

/// For how long they are this process's, which may die over it; more than a receiver may take.
const HOLD: Duration = Duration::from_secs(60);

/// How hard it is tried to deliver a message.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// The wait before the second try; each further wait is three times as long, and up to as much again by chance.
    pub first_wait: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
    /// After so many tries it is laid aside.
    pub tries: u32,
}

impl Default for Pace {
    /// Tried for a day and more.
    fn default() -> Self {
        Self { first_wait: Duration::from_secs(5), longest_wait: Duration::from_secs(4 * 60 * 60), tries: 14 }
    }
}

impl Pace {
    /// How long to wait after so many tries; `None` if that was the last.
    fn wait(self, tries: u32) -> Option<Duration> {
        ExponentialBuilder::default()
            .with_min_delay(self.first_wait)
            .with_max_delay(self.longest_wait)
            .with_factor(3.0)
            .with_jitter()
            .with_max_times(self.tries.saturating_sub(1) as usize)
            .build()
            .nth(tries.saturating_sub(1) as usize)
    }
}

/// Sees to it that messages are written down and delivered.
pub struct Courier {
    /// Where they stand.
    pub store: Arc<dyn Store>,
    /// Who gets them.
    pub endpoints: Vec<Endpoint>,
    /// How hard it is tried.
    pub pace: Pace,
}

/// A courier at work, until this is dropped. What it was at another takes up.
pub struct Delivering {
    _tasks: JoinSet<()>,
}

impl Courier {
    /// Begins. An endpoint that is slow holds up no other.
    #[must_use]
    pub fn start(self) -> Delivering {
        let mut tasks = JoinSet::new();
        for endpoint in self.endpoints.clone() {
            tasks.spawn(deliver_all(Arc::clone(&self.store), endpoint, self.pace));
        }
        if !self.endpoints.is_empty() {
            tasks.spawn(gather_all(self.store, self.endpoints));
        }
        Delivering { _tasks: tasks }
    }
}

async fn gather_all(store: Arc<dyn Store>, endpoints: Vec<Endpoint>) {
    let mut outage = Outage::of("the log cannot be read for webhooks", LONGEST_WAIT);
    loop {
        let begun = time::Instant::now();
        match gather(store.as_ref(), &endpoints).await {
            Ok(more) => {
                outage.over();
                if !more {
                    time::sleep(LOOK).await;
                }
            }
            Err(error) => time::sleep_until(begun + outage.failed(&error)).await,
        }
    }
}

async fn deliver_all(store: Arc<dyn Store>, endpoint: Endpoint, pace: Pace) {
    let names = [endpoint.name().to_owned()];
    let mut outage = Outage::of("webhooks cannot be taken from the database", LONGEST_WAIT);
    loop {
        let begun = time::Instant::now();
        let some = async {
            let due = store.take_deliveries(&names, TOGETHER, HOLD).await?;
            let each = due.iter().map(|row| deliver(store.as_ref(), &endpoint, row, pace));
            join_all(each).await.into_iter().collect::<Result<Vec<()>, StoreError>>()
        };
        match some.await {
            Ok(done) => {
                outage.over();
                if done.is_empty() {
                    time::sleep(LOOK).await;
                }
            }
            Err(error) => time::sleep_until(begun + outage.failed(&error)).await,
        }
    }
}

async fn deliver(
    store: &dyn Store,
    endpoint: &Endpoint,
    row: &DeliveryRow,
    pace: Pace,
) -> Result<(), StoreError> {
    let message = &row.delivery;
    let tried = endpoint.deliver(message).await;
    if tried.is_delivered() {
        return store.delivered(message.id).await;
    }
    let (failure, tries) = (tried.failure(), row.tries + 1);
    let wait = pace.wait(tries).filter(|_| !tried.is_final()).map(|wait| wait.max(tried.asked_wait()));
    let (endpoint, id, event) = (endpoint.name(), message.id, &*message.event);
    if wait.is_none() {
        tracing::warn!(endpoint, %id, event, tries, failure, "a webhook is laid aside; `turnlock webhook retry` tries it again");
    } else if row.tries == 0 {
        tracing::warn!(endpoint, %id, event, failure, "a webhook could not be delivered; it is tried again");
    } else {
        tracing::debug!(endpoint, %id, event, tries, failure, "a webhook could still not be delivered");
    }
    store.not_delivered(message.id, &failure, wait).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_tried_for_a_day_and_then_no_more() {
        let pace = Pace::default();
        let waits: Vec<_> = (1..).map_while(|tries| pace.wait(tries)).collect();
        assert_eq!(waits.len(), 13);
        assert!(waits[0] >= pace.first_wait && waits[0] < pace.first_wait * 3, "{waits:?}");
        let all: Duration = waits.iter().sum();
        assert!(all >= Duration::from_secs(23 * 3600) && all < Duration::from_secs(60 * 3600), "{all:?}");
    }
}
