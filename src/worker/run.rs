use std::future::Future;
use std::mem::{Discriminant, discriminant};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{broadcast, oneshot, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time;
use uuid::Uuid;

use super::attempt::Seen;
use super::intake::Intake;
use super::next::Patience;
use super::presence::Standing;
use super::{Event, Performer, StopReason, WorkerConfig, WorkerError, identity, progress};
use crate::job::{Code, Job, Verdict};
use crate::queue::Queue;
use crate::store::{
    AttemptRow, Claim, Claiming, Duty, JobState, LogQuery, Refusal, Store, StoreError, Submitted, Visit, Why,
    WorkerId,
};

/// How many events a watcher may fall behind before it misses some.
const EVENTS: usize = 1024;

/// How long a worker that ends waits for a job that it is just about to take, to give it back.
const LATE: Duration = Duration::from_secs(1);

/// Takes jobs from the queue and sees each of them through. Cheap to clone.
#[derive(Clone)]
pub struct Worker(Arc<Inner>);

pub(super) struct Inner {
    pub(super) config: WorkerConfig,
    pub(super) queue: Arc<dyn Queue>,
    pub(super) store: Arc<dyn Store>,
    pub(super) performer: Arc<dyn Performer>,
    pub(super) events: broadcast::Sender<Event>,
    pub(super) standing: watch::Sender<Standing>,
    stopping: watch::Sender<Option<StopReason>>,
    /// When running attempts will be asked to stop, once this is known.
    pub(super) leaves: watch::Sender<Option<time::Instant>>,
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
        let (standing, stopping) = (watch::Sender::default(), watch::Sender::new(None));
        let leaves = watch::Sender::new(None);
        Self(Arc::new(Inner { config, queue, store, performer, events, standing, stopping, leaves }))
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

    /// Has it take no more jobs, or take jobs again. Those that it has begun go on. Others may say so too, by the store;
    /// the last word counts.
    pub fn assign(&self, duty: Duty) {
        self.0.assign(duty);
    }

    /// Works until `shutdown` completes, however often the queue fails. Then it takes no more jobs; those that run may
    /// go on for [`WorkerConfig::drain`], are asked to stop after that, and are dropped when they do not. A job that
    /// was stopped goes back into the queue. Dropping this future ends at once; other workers take up what
    /// it was at.
    ///
    /// # Errors
    /// What no waiting mends, when the jobs that run have ended as above.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) -> Result<(), WorkerError> {
        let inner = &self.0;
        inner.stopping.send_replace(None);
        inner.leaves.send_replace(None);
        inner.ends(false);
        // Ends with this call.
        let mut telling = JoinSet::new();
        if inner.queue.wants_progress() {
            telling.spawn(progress::tell(self.events(), Arc::clone(&inner.queue)));
        }
        let (tell, told) = oneshot::channel::<StoreError>();
        let hopeless = async {
            tokio::select! {
                error = inner.queue.refused() => WorkerError::from(error),
                Ok(error) = told => WorkerError::from(error),
            }
        };
        let done = tokio::select! {
            done = inner.work(shutdown, hopeless) => done,
            never = inner.do_chores() => match never {},
            never = inner.be_present(tell) => match never {},
        };
        inner.say_farewell().await;
        done
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
        inner.leaves.send_replace(None);
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
    /// The app lets no attempt begin, for now.
    OnHold(Option<Refusal>),
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

    /// Takes jobs and sees them through, until it is told to end or there is no hope.
    async fn work(
        self: &Arc<Self>,
        shutdown: impl Future<Output = ()>,
        hopeless: impl Future<Output = WorkerError>,
    ) -> Result<(), WorkerError> {
        let mut running = JoinSet::new();
        let mut intake = Intake::new(self);
        let mut standing = self.standing.subscribe();
        let mut duty = Duty::Working;
        tokio::pin!(shutdown, hopeless);
        let done = loop {
            let free = match duty {
                Duty::Working => self.config.slots.saturating_sub(running.len()),
                Duty::Draining => 0,
            };
            tokio::select! {
                biased;
                () = &mut shutdown => break Ok(()),
                error = &mut hopeless => break Err(error),
                Some(ended) = running.join_next() => {
                    log_panic(ended);
                    intake.look();
                }
                wanted = said(&mut standing, duty) => {
                    duty = wanted;
                    self.begin(duty, running.len()).await;
                }
                taken = intake.next(free) => match taken {
                    Ok(claims) if free > 0 => {
                        for claim in claims {
                            self.start(claim, &mut running);
                        }
                    }
                    Ok(late) => {
                        self.give_back(&late).await;
                        // What it was taken from may have something again.
                        self.queue.pause().await;
                    }
                    Err(error) => break Err(error.into()),
                },
            }
        };
        self.ends(true);
        if let Err(error) = &done {
            tracing::error!(%error, "no more jobs are taken, since no waiting mends this; those that run may end");
        }
        self.queue.pause().await;
        if intake.is_under_way()
            && let Ok(Ok(late)) = time::timeout(LATE, intake.next(0)).await
        {
            self.give_back(&late).await;
            self.queue.pause().await;
        }
        self.leaves.send_replace(Some(time::Instant::now() + self.config.drain));
        if time::timeout(self.config.drain, finished(&mut running)).await.is_err() {
            tracing::info!(
                jobs = running.len(),
                "the grace period is over: jobs stop at their next safe point, and go back"
            );
            self.stopping.send_replace(Some(StopReason::WorkerStops));
            finished(&mut running).await;
        }
        done
    }

    fn start(self: &Arc<Self>, claim: Claim, running: &mut JoinSet<()>) {
        let inner = Arc::clone(self);
        running.spawn(async move {
            // A panic leaves nothing behind but the claim.
            let seen = AssertUnwindSafe(inner.see_through(&claim, Patience::Queue, Visit::Queued));
            let failed = match seen.catch_unwind().await {
                Ok(Ok(_)) => return,
                Ok(Err(error)) => error.to_string(),
                // The panic hook has reported the place.
                Err(_) => "Turnlock itself failed".to_owned(),
            };
            tracing::error!(job = %claim.job.id, error = %failed, "a job could not be seen through; it is taken up again when its claim expires");
            inner.queue.abandon(&claim).await;
        });
    }

    /// Puts jobs back that were just being taken when no more were to be taken; no attempt has begun.
    async fn give_back(&self, late: &[Claim]) {
        for claim in late {
            if let Err(error) = self.queue.put_back(claim, Timestamp::now()).await {
                tracing::warn!(job = %claim.job.id, %error, "a job could not be put back; it is taken up again when its claim expires");
                self.queue.abandon(claim).await;
            }
        }
    }

    async fn begin(&self, duty: Duty, jobs: usize) {
        match duty {
            Duty::Working => {
                tracing::info!("takes jobs again");
                self.queue.resume().await;
            }
            Duty::Draining => {
                tracing::info!(jobs, "takes no more jobs until it is told to go on; those that run go on");
                self.queue.pause().await;
            }
        }
    }

    async fn recover_quietly(&self) {
        match self.queue.recover(&identity::is_dead).await {
            Ok(jobs) if jobs.is_empty() => {}
            Ok(jobs) => tracing::info!(jobs = jobs.len(), "took up jobs that dead workers left"),
            Err(error) => tracing::warn!(%error, "could not look for jobs that dead workers left"),
        }
    }

    async fn run_here(&self, job: &Job) -> Result<AttemptRow, WorkerError> {
        let patience_ends = time::Instant::now() + job.deadline;
        let mut last = None;
        let mut told = None;
        // Whoever runs a job here and now wants to know what opens the account, also before the queue would find out.
        let mut early = true;
        loop {
            match self.queue.take_job(job.id, &self.config.id, self.config.hold).await? {
                Claiming::Claimed(claim) => {
                    match self.see_through(&claim, Patience::Now, Visit::ByHand).await? {
                        Seen::Attempt { row, again_at: None } => return Ok(*row),
                        Seen::Attempt { row, again_at: Some(_) } => last = Some(*row),
                        Seen::OnHold(refusal) => {
                            if let Some(verdict) = self.in_vain(job, refusal, patience_ends, &mut told).await
                            {
                                return self.give_up(job, last, verdict).await;
                            }
                        }
                    }
                }
                Claiming::AccountBusy => {
                    match (self.reconcile_here(job, std::mem::take(&mut early)).await?, last.take()) {
                        (Owed::Done, before) => last = before,
                        (Owed::OnHold(refusal), before) => {
                            last = before;
                            if let Some(verdict) = self.in_vain(job, refusal, patience_ends, &mut told).await
                            {
                                return self.give_up(job, last, verdict).await;
                            }
                        }
                        // A worker goes on with both.
                        (Owed::Later, Some(row)) => return Ok(row),
                        (_, before) if time::Instant::now() < patience_ends => {
                            last = before;
                            tokio::select! {
                                () = self.queue.ready() => {}
                                _ = self.told_to_stop() => {}
                            }
                        }
                        (_, before) => {
                            let message = self.why_busy(job).await?;
                            return self.give_up(job, before, Verdict::new(Code::AccountBusy, message)).await;
                        }
                    }
                }
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
    /// `early`: also if it is to be performed later.
    async fn reconcile_here(&self, job: &Job, early: bool) -> Result<Owed, WorkerError> {
        self.recover_quietly().await;
        let Some(owed) = self.queue.open_reconciliation(&job.account).await? else {
            return Ok(Owed::Elsewhere);
        };
        if owed.not_before > Timestamp::now() && !early {
            return Ok(Owed::Later);
        }
        let taken = self.queue.take_job(owed.job.id, &self.config.id, self.config.hold).await?;
        let Claiming::Claimed(claim) = taken else { return Ok(Owed::Elsewhere) };
        Ok(match self.see_through(&claim, Patience::Queue, Visit::ByHand).await? {
            Seen::Attempt { again_at: None, .. } => Owed::Done,
            Seen::Attempt { again_at: Some(_), .. } => Owed::Later,
            Seen::OnHold(refusal) => Owed::OnHold(refusal),
        })
    }

    /// What has kept the account from the job for all the time that it had.
    async fn why_busy(&self, job: &Job) -> Result<String, WorkerError> {
        let account = &job.account;
        Ok(match self.queue.open_reconciliation(account).await? {
            Some(owed) if owed.state == JobState::Queued => format!(
                "What opens {account} is in doubt: its reconciliation, job {}, comes first and is not made before {}. A \
                 worker makes it then; `turnlock run reconcile --account {account}` makes it now.",
                owed.job.id, owed.not_before
            ),
            _ => format!("Another job held {account} for as long as this one may take."),
        })
    }

    /// Waits for the app of a job that was held back, and says why. Where there is no room in time: how the job ends.
    async fn in_vain(
        &self,
        job: &Job,
        refusal: Option<Refusal>,
        patience_ends: time::Instant,
        told: &mut Option<Discriminant<Why>>,
    ) -> Option<Verdict> {
        let refusal = refusal?;
        let left = patience_ends.saturating_duration_since(time::Instant::now());
        let until = refusal.until.map(|until| until.duration_since(Timestamp::now()));
        if left.is_zero()
            || until.is_some_and(|until| until > SignedDuration::try_from(left).unwrap_or_default())
        {
            let message = format!("{refusal} This job may not take as long as that.");
            return Some(Verdict::new(Code::AppOnHold, message));
        }
        let why = discriminant(&refusal.why);
        if told.replace(why) != Some(why) {
            self.tell(Event::OnHold { job: job.id, refusal });
        }
        tokio::select! {
            () = self.queue.ready() => {}
            _ = self.told_to_stop() => {}
        }
        None
    }

    /// The job ends here; unless it has left something to reconcile, which a worker goes on with.
    async fn give_up(
        &self,
        job: &Job,
        last: Option<AttemptRow>,
        verdict: Verdict,
    ) -> Result<AttemptRow, WorkerError> {
        match last {
            Some(row) => Ok(row),
            None => {
                self.queue.cancel(job.id, &verdict).await?;
                self.ended_unbegun(job).await
            }
        }
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

/// Returns when something else is wanted than before.
async fn said(standing: &mut watch::Receiver<Standing>, before: Duty) -> Duty {
    match standing.wait_for(|now| now.duty != before).await.map(|now| now.duty) {
        Ok(duty) => duty,
        // Nobody can say anything any more.
        Err(_) => std::future::pending().await,
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
