use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lapin::message::Delivery;
use tokio::sync::watch;
use uuid::Uuid;

/// The deliveries of the jobs that are under way here: they are answered when their jobs have ended.
#[derive(Debug, Default)]
pub(super) struct Held {
    deliveries: Mutex<HashMap<Uuid, Delivery>>,
    count: watch::Sender<usize>,
}

impl Held {
    /// Returns the one that was left where the job could not be seen through before.
    pub fn insert(&self, job: Uuid, delivery: Delivery) -> Option<Delivery> {
        let mut deliveries = self.lock();
        let earlier = deliveries.insert(job, delivery);
        self.count.send_replace(deliveries.len());
        earlier
    }

    pub fn remove(&self, job: Uuid) -> Option<Delivery> {
        let mut deliveries = self.lock();
        let removed = deliveries.remove(&job);
        self.count.send_replace(deliveries.len());
        removed
    }

    /// How many there are, whenever that changes.
    pub fn count(&self) -> watch::Receiver<usize> {
        self.count.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Delivery>> {
        self.deliveries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
