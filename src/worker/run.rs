use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{broadcast, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time;
use uuid::Uuid;

use super::attempt::Seen;
use super::next::Patience;
use super::{Event, Performer, StopReason, WorkerConfig, WorkerError, identity, progress};
use crate::job::{Code, Job, Verdict};
use crate::queue::Queue;
use crate::store::{AttemptRow, Claiming, LogQuery, Store, Submitted, WorkerId};

/// How many events a watcher may fall behind before it misses some.
const EVENTS: usize = 1024;

/// How often a worker looks for what dead workers left: an account is known again soon after a lease has expired.
const LOOK: Duration = Duration::from_secs(1);

/// How often a worker looks for secrets and months of the log whose retention is over, and makes room for the next.
const HOUSEKEEPING: Duration = Duration::from_secs(60 * 60);

/// How long a job that was cancelled before its message came stays so, should the message come after all.
const CANCELLATIONS: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How often in a row the queue may fail before the worker gives up.
const FAILURES: u32 = 30;

/// Takes jobs from the queue and sees each of them through. Cheap to clone.
#[derive(Clone)]
pub struct Worker(Arc<Inner>);

pub(super) struct Inner {
    pub(super) config: WorkerConfig,
    pub(super) queue: Arc<dyn Queue>,
    pub(super) store: Arc<dyn Store>,
    pub(super) performer: Arc<dyn Performer>,
    pub(super) events: broadcast::Sender<Event>,
    stopping: watch::Sender<Option<StopReason>>,
}

impl Worker {
    /// A worker that does nothing yet.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        queue: Arc<dyn Queue>,
        performer: Arc<dyn Performer>,
        config: WorkerConfig,
    ) -> Self {
        let events = broadcast::Sender::new(EVENTS);
        let stopping = watch::Sender::new(None);
        Self(Arc::new(Inner { config, queue, store, performer, events, stopping }))
    }

    /// Who it is.
    #[must_use]
    pub fn id(&self) -> &WorkerId {
        &self.0.config.id
    }

    /// What it does from now on, as it does it.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.0.events.subscribe()
    }

    /// Takes up what dead workers left behind. [`run`](Self::run) and [`run_one`](Self::run_one) do it too.
    pub async fn recover(&self) -> Result<Vec<Uuid>, WorkerError> {
        Ok(self.0.queue.recover(&identity::is_dead).await?)
    }

    /// Works until `shutdown` completes. Then it takes no more jobs; those that run may go on for
    /// [`WorkerConfig::drain`], are asked to stop after that, and are dropped when they do not. A job that
    /// was stopped goes back into the queue. Dropping this future ends at once; other workers take up what
    /// it was at.
    ///
    /// # Errors
    /// When the queue fails again and again.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) -> Result<(), WorkerError> {
        let inner = &self.0;
        inner.stopping.send_replace(None);
        let mut running = JoinSet::new();
        // Ends with this call.
        let mut telling = JoinSet::new();
        if inner.queue.wants_progress() {
            telling.spawn(progress::tell(self.events(), Arc::clone(&inner.queue)));
        }
        let mut recovery = time::interval(inner.config.beat.min(LOOK));
        recovery.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        recovery.tick().await;
        inner.recover_quietly().await;
        let mut housekeeping = time::interval(HOUSEKEEPING);
        let mut failures = 0;
        tokio::pin!(shutdown);
        loop {
            let free = inner.config.slots.saturating_sub(running.len());
            if free > 0 {
                match inner.queue.take(&inner.config.id, inner.config.hold, free).await {
                    Ok(claims) => {
                        failures = 0;
                        for claim in claims {
                            let inner = inner.clone();
                            running.spawn(async move {
                                if let Err(error) = inner.see_through(&claim, Patience::Queue).await {
                                    tracing::error!(job = %claim.job.id, %error, "a job could not be seen through; it is taken up again when its claim expires");
                                }
                            });
                        }
                    }
                    Err(error) => {
                        failures += 1;
                        tracing::warn!(%error, failures, "no job could be taken");
                        if failures >= FAILURES {
                            return Err(error.into());
                        }
                    }
                }
            }
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                _ = recovery.tick() => inner.recover_quietly().await,
                _ = housekeeping.tick() => {
                    inner.forget_quietly().await;
                    inner.tend_log_quietly().await;
                }
                Some(ended) = running.join_next() => log_panic(ended),
                () = inner.queue.ready(), if running.len() < inner.config.slots => {}
            }
        }
        if time::timeout(inner.config.drain, finished(&mut running)).await.is_err() {
            inner.stopping.send_replace(Some(StopReason::WorkerStops));
            finished(&mut running).await;
        }
        Ok(())
    }

    /// Runs one job here and now: submits it, waits until its account is free (for no longer than its
    /// deadline), and performs it. An outcome that has to be reconciled is reconciled at once; no other try
    /// follows. When `cancel` completes, the attempt is stopped at the next safe point and the job ends.
    ///
    /// # Errors
    /// When the database fails, or the job's id was used before.
    pub async fn run_one(
        &self,
        job: &Job,
        cancel: impl Future<Output = ()>,
    ) -> Result<AttemptRow, WorkerError> {
        let inner = &self.0;
        inner.stopping.send_replace(None);
        self.recover().await?;
        // A worker that happens to run must not take it first; but should this process die before it
        // begins, the job is not forgotten.
        let others_may =
            Timestamp::now().saturating_add(job.deadline + inner.config.hold).unwrap_or(Timestamp::MAX);
        if inner.queue.submit(job, Some(others_may)).await? == Submitted::Already {
            return Err(WorkerError::NotQueued(job.id));
        }
        let work = inner.run_here(job);
        tokio::pin!(work, cancel);
        tokio::select! {
            row = &mut work => row,
            () = cancel => {
                inner.queue.cancel(job.id, &StopReason::Cancelled.verdict()).await?;
                inner.stopping.send_replace(Some(StopReason::Cancelled));
                work.await
            }
        }
    }
}

/// What came of the wish to perform a reconciliation here and now.
enum Owed {
    /// It has ended.
    Done,
    /// It has to wait, for the account's budget or for the app.
    Later,
    /// There is none, or another worker is at it or at its account.
    Elsewhere,
}

impl Inner {
    pub(super) fn tell(&self, event: Event) {
        // Nobody need watch.
        let _ = self.events.send(event);
    }

    /// Returns when running attempts are to be stopped.
    pub(super) async fn told_to_stop(&self) -> StopReason {
        let mut stopping = self.stopping.subscribe();
        match stopping.wait_for(Option::is_some).await.ok().and_then(|reason| *reason) {
            Some(reason) => reason,
            None => std::future::pending().await,
        }
    }

    async fn recover_quietly(&self) {
        match self.queue.recover(&identity::is_dead).await {
            Ok(jobs) if jobs.is_empty() => {}
            Ok(jobs) => tracing::info!(jobs = jobs.len(), "took up jobs that dead workers left"),
            Err(error) => tracing::warn!(%error, "could not look for jobs that dead workers left"),
        }
    }

    /// Forgets what nobody needs any more: secrets whose retention is over, and cancellations of jobs that never came.
    async fn forget_quietly(&self) {
        if let Err(error) = self.store.forget_cancellations(CANCELLATIONS).await {
            tracing::warn!(%error, "could not forget old cancellations");
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

    async fn run_here(&self, job: &Job) -> Result<AttemptRow, WorkerError> {
        let patience_ends = time::Instant::now() + job.deadline;
        let mut last = None;
        loop {
            match self.queue.take_job(job.id, &self.config.id, self.config.hold).await? {
                Claiming::Claimed(claim) => match self.see_through(&claim, Patience::Now).await? {
                    Seen { row, again_at: None } => return Ok(row),
                    Seen { row, again_at: Some(_) } => last = Some(row),
                },
                Claiming::AccountBusy => match (self.reconcile_here(job).await?, last.take()) {
                    (Owed::Done, before) => last = before,
                    // A worker goes on with both.
                    (Owed::Later, Some(row)) => return Ok(row),
                    (_, before) if time::Instant::now() < patience_ends => {
                        last = before;
                        tokio::select! {
                            () = self.queue.ready() => {}
                            _ = self.told_to_stop() => {}
                        }
                    }
                    (_, Some(row)) => return Ok(row),
                    (_, None) => {
                        let message =
                            format!("Another job held {} for as long as this one may take.", job.account);
                        self.queue.cancel(job.id, &Verdict::new(Code::AccountBusy, message)).await?;
                        return self.ended_unbegun(job).await;
                    }
                },
                // Cancelled in between: by `cancel`, or by somebody else.
                Claiming::NotQueued => {
                    return match last {
                        Some(row) => Ok(row),
                        None => self.ended_unbegun(job).await,
                    };
                }
            }
        }
    }

    /// Performs the reconciliation that the job's account waits for, if it can be performed here and now.
    async fn reconcile_here(&self, job: &Job) -> Result<Owed, WorkerError> {
        self.recover_quietly().await;
        let Some(owed) = self.queue.open_reconciliation(&job.account).await? else {
            return Ok(Owed::Elsewhere);
        };
        if owed.not_before > Timestamp::now() {
            return Ok(Owed::Later);
        }
        let taken = self.queue.take_job(owed.job.id, &self.config.id, self.config.hold).await?;
        let Claiming::Claimed(claim) = taken else { return Ok(Owed::Elsewhere) };
        Ok(match self.see_through(&claim, Patience::Queue).await? {
            Seen { again_at: None, .. } => Owed::Done,
            Seen { again_at: Some(_), .. } => Owed::Later,
        })
    }

    /// What the log says of a job that has ended without an attempt of this worker's.
    async fn ended_unbegun(&self, job: &Job) -> Result<AttemptRow, WorkerError> {
        let query = LogQuery { job: Some(job.id), limit: 1, ..LogQuery::default() };
        let newest = self.store.log(&query).await?.pop().filter(|row| row.verdict.is_some());
        let row = newest.ok_or(WorkerError::NotQueued(job.id))?;
        self.tell(Event::AttemptEnded { row: Box::new(row.clone()), again_at: None });
        Ok(row)
    }
}

async fn finished(running: &mut JoinSet<()>) {
    while let Some(ended) = running.join_next().await {
        log_panic(ended);
    }
}

fn log_panic(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a slot failed; its job is taken up again when its claim expires");
    }
}
