//! What somebody watches: each is looked at once for all of its viewers.

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

/// What may be watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A job.
    Job(Uuid),
    /// The workers, and what they do.
    Fleet,
    /// How the apps fare.
    Apps,
}

impl Subject {
    /// How long it is left alone between two looks. What tells of all accounts together costs more to look at, and is not
    /// read as fast.
    const fn rests(self) -> Duration {
        match self {
            Self::Job(_) => Duration::ZERO,
            Self::Fleet => Duration::from_secs(1),
            Self::Apps => Duration::from_secs(3),
        }
    }
}

/// It as its viewers see it.
#[derive(Clone, PartialEq, Eq)]
pub struct Shown {
    /// What there is to see; of a job its timeline.
    pub html: Arc<str>,
    /// What a job waits for.
    pub question: Arc<str>,
    /// Nothing more will happen to it.
    pub ended: bool,
}

impl Shown {
    /// What goes on for ever, and asks nobody anything.
    pub fn always(html: String) -> Self {
        Self { html: html.into(), question: Arc::default(), ended: false }
    }
}

/// What somebody watches.
#[derive(Default)]
pub struct Watched(Mutex<HashMap<Subject, watch::Sender<Option<Shown>>>>);

impl Watched {
    /// Watches it, until this is dropped: `None` until it has been looked at.
    pub fn follow<F, R>(&self, subject: Subject, site: &Arc<Site>, look: F) -> watch::Receiver<Option<Shown>>
    where
        F: Fn(Arc<Site>) -> R + Send + 'static,
        R: Future<Output = Result<Option<Shown>, Problem>> + Send + 'static,
    {
        let mut all = self.lock();
        if let Some(shown) = all.get(&subject) {
            return shown.subscribe();
        }
        let (sender, receiver) = watch::channel(None);
        all.insert(subject, sender);
        tokio::spawn(follow(Arc::clone(site), subject, look));
        receiver
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Subject, watch::Sender<Option<Shown>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows it. `false` if nobody watches any more, or there is nothing more to see.
    fn show(&self, subject: Subject, now: Option<Shown>) -> bool {
        let mut all = self.lock();
        let Some(sender) = all.get(&subject) else { return false };
        let over = now.as_ref().is_none_or(|now| now.ended);
        sender.send_if_modified(|shown| {
            let changed = now.is_some() && *shown != now;
            if changed {
                *shown = now;
            }
            changed
        });
        if over || sender.receiver_count() == 0 {
            all.remove(&subject);
            return false;
        }
        true
    }
}

async fn follow<F, R>(site: Arc<Site>, subject: Subject, look: F)
where
    F: Fn(Arc<Site>) -> R,
    R: Future<Output = Result<Option<Shown>, Problem>>,
{
    let mut ticks = site.pulse.ticks();
    let mut outage = Outage::of("what is watched cannot be looked at", Duration::from_secs(1));
    loop {
        match look(Arc::clone(&site)).await {
            Ok(now) => {
                outage.over();
                if !site.watched.show(subject, now) {
                    return;
                }
            }
            Err(problem) => sleep(outage.failed(&problem.detail())).await,
        }
        sleep(subject.rests()).await;
        if ticks.changed().await.is_err() {
            return;
        }
    }
}
