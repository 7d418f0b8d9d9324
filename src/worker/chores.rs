//! What workers do beside their jobs: they take up what dead ones left, and keep the database tidy.

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tokio::task::spawn_blocking;
use tokio::time;

use super::identity;
use super::run::Inner;
use crate::evidence::{self, Folder, Limits};
use crate::outage::Outage;

/// How often a worker looks for what dead workers left: an account is known again soon after a lease has expired.
const LOOK: Duration = Duration::from_secs(1);

/// How often a worker looks for secrets, months of the log and evidence whose retention is over, and makes room for the next.
const HOUSEKEEPING: Duration = Duration::from_secs(60 * 60);

/// How long a job that was cancelled before its message came stays so, should the message come after all.
const CANCELLATIONS: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long it is remembered what people were asked for.
const QUESTIONS: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// For how long a message waits for somebody who delivers to its server, before it is laid aside.
const DELIVERIES: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// For how long a worker is remembered that has gone without a word.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

/// The wait between two looks at most, while the database fails.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

impl Inner {
    /// Does all of it, for ever.
    pub(super) async fn do_chores(&self) -> Infallible {
        tokio::join!(self.look_after_the_dead(), self.keep_house()).0
    }

    async fn look_after_the_dead(&self) -> Infallible {
        let mut outage = Outage::of("what dead workers left cannot be looked for", LONGEST_WAIT);
        loop {
            let begun = time::Instant::now();
            let wait = match self.queue.recover(&identity::is_dead).await {
                Ok(jobs) => {
                    outage.over();
                    if !jobs.is_empty() {
                        tracing::info!(jobs = jobs.len(), "took up jobs that dead workers left");
                    }
                    self.config.beat.min(LOOK)
                }
                Err(error) => outage.failed(&error),
            };
            time::sleep_until(begun + wait).await;
        }
    }

    async fn keep_house(&self) -> Infallible {
        loop {
            self.forget_quietly().await;
            self.tend_log_quietly().await;
            self.forget_workers_quietly().await;
            self.tidy_evidence_quietly().await;
            time::sleep(HOUSEKEEPING).await;
        }
    }

    /// Forgets what nobody needs any more: secrets whose retention is over, cancellations of jobs that never came, old
    /// questions. Lays aside messages that nobody delivers.
    async fn forget_quietly(&self) {
        if let Err(error) = self.store.forget_cancellations(CANCELLATIONS).await {
            tracing::warn!(%error, "could not forget old cancellations");
        }
        if let Err(error) = self.store.forget_questions(QUESTIONS).await {
            tracing::warn!(%error, "could not forget old questions");
        }
        match self.store.lay_aside_deliveries(DELIVERIES).await {
            Ok(aside) => aside.into_iter().for_each(|(endpoint, messages)| {
                tracing::warn!(
                    endpoint,
                    messages,
                    "laid aside webhooks that were due for three days: nobody delivers to this endpoint; `turnlock webhook list --dead` shows them"
                );
            }),
            Err(error) => tracing::warn!(%error, "could not lay aside webhooks that nobody delivers"),
        }
        let Some(retention) = self.config.retention else { return };
        let before = Timestamp::now().checked_sub(retention).unwrap_or(Timestamp::MIN);
        match self.store.forget(before).await {
            Ok(0) => {}
            Ok(secrets) => tracing::info!(secrets, "forgot secrets whose retention is over"),
            Err(error) => tracing::warn!(%error, "could not forget secrets whose retention is over"),
        }
    }

    /// Makes room in the log, and puts aside months whose retention is over.
    async fn tend_log_quietly(&self) {
        let keep_from = self
            .config
            .log_retention
            .map(|retention| Timestamp::now().checked_sub(retention).unwrap_or(Timestamp::MIN));
        match self.store.tend_log(keep_from).await {
            Ok(aside) if aside.is_empty() => {}
            Ok(aside) => tracing::info!(tables = aside.join(", "), "put aside months of the log"),
            Err(error) => tracing::warn!(%error, "could not put aside months of the log"),
        }
    }

    /// Removes evidence that is too old, or too much. Other processes may do the same meanwhile.
    async fn tidy_evidence_quietly(&self) {
        let Some((path, limits)) = self.config.evidence.as_ref().filter(|(_, limits)| limits.any()) else {
            return;
        };
        match self.tidy_evidence(path.clone(), limits).await {
            Ok((0, _)) => {}
            Ok((attempts, bytes)) => {
                tracing::info!(attempts, bytes, "removed evidence whose retention is over")
            }
            Err(error) => {
                tracing::warn!(%error, folder = %path.display(), "could not remove evidence whose retention is over");
            }
        }
    }

    /// Of how many attempts evidence was removed, and how much.
    async fn tidy_evidence(
        &self,
        path: PathBuf,
        limits: &Limits,
    ) -> Result<(usize, u64), Box<dyn Error + Send + Sync>> {
        let looked = spawn_blocking(move || {
            let folder = Folder::open(&path)?;
            let kept = folder.as_ref().map(Folder::look).transpose()?;
            io::Result::Ok(folder.zip(kept))
        });
        let Some((folder, kept)) = looked.await?? else { return Ok((0, 0)) };
        // Asked only now: an attempt that has begun since has left nothing among what was seen.
        let under_way = self.store.under_way(u32::MAX).await?;
        let under_way = under_way.iter().map(|each| (each.attempt.job, each.attempt.number)).collect();
        let old = evidence::to_remove(kept, limits, SystemTime::now(), &under_way);
        let bytes = old.iter().map(|kept| kept.bytes).sum();
        let removed = spawn_blocking(move || {
            // One that cannot be removed keeps no other; the first error is told.
            let done = old.iter().map(|kept| folder.remove(kept.place));
            let errors: Vec<io::Error> = done.filter_map(Result::err).collect();
            errors.into_iter().next().map_or(Ok(old.len()), Err)
        });
        Ok((removed.await??, bytes))
    }

    async fn forget_workers_quietly(&self) {
        match self.store.forget_workers(REMEMBERED).await {
            Ok(0) => {}
            Ok(workers) => tracing::info!(workers, "forgot workers that have been gone for a day"),
            Err(error) => tracing::warn!(%error, "could not forget workers that have been gone for a day"),
        }
    }
}
