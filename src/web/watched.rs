//! The jobs that somebody watches: each is looked at once for all of its viewers.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;
use uuid::Uuid;

use super::problem::Problem;
use super::site::Site;
use crate::outage::Outage;

/// A job as its viewers see it.
#[derive(Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its timeline.
    pub html: Arc<str>,
    /// What it waits for.
    pub question: Arc<str>,
    /// Nothing more will happen to it.
    pub ended: bool,
}

/// The jobs that somebody watches.
#[derive(Default)]
pub struct Watched(Mutex<HashMap<Uuid, watch::Sender<Option<Shown>>>>);

impl Watched {
    /// Watches a job, until this is dropped: `None` until it has been looked at.
    pub fn job<F, R>(&self, id: Uuid, site: &Arc<Site>, look: F) -> watch::Receiver<Option<Shown>>
    where
        F: Fn(Arc<Site>, Uuid) -> R + Send + 'static,
        R: Future<Output = Result<Option<Shown>, Problem>> + Send + 'static,
    {
        let mut jobs = self.lock();
        if let Some(shown) = jobs.get(&id) {
            return shown.subscribe();
        }
        let (sender, receiver) = watch::channel(None);
        jobs.insert(id, sender);
        tokio::spawn(follow(Arc::clone(site), id, look));
        receiver
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, watch::Sender<Option<Shown>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows it. `false` if nobody watches any more, or there is nothing more to see.
    fn show(&self, id: Uuid, now: Option<Shown>) -> bool {
        let mut jobs = self.lock();
        let Some(sender) = jobs.get(&id) else { return false };
        let over = now.as_ref().is_none_or(|now| now.ended);
        sender.send_if_modified(|shown| {
            let changed = now.is_some() && *shown != now;
            if changed {
                *shown = now;
            }
            changed
        });
        if over || sender.receiver_count() == 0 {
            jobs.remove(&id);
            return false;
        }
        true
    }
}

async fn follow<F, R>(site: Arc<Site>, id: Uuid, look: F)
where
    F: Fn(Arc<Site>, Uuid) -> R,
    R: Future<Output = Result<Option<Shown>, Problem>>,
{
    let mut ticks = site.pulse.ticks();
    let mut outage = Outage::of("a job cannot be followed", Duration::from_secs(1));
    loop {
        match look(Arc::clone(&site), id).await {
            Ok(now) => {
                outage.over();
                if !site.watched.show(id, now) {
                    return;
                }
            }
            Err(problem) => sleep(outage.failed(&problem.detail())).await,
        }
        if ticks.changed().await.is_err() {
            return;
        }
    }
}
