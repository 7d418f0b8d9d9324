use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicNackOptions};
use secrecy::SecretString;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time;
use uuid::Uuid;

use super::arrivals::Arrivals;
use super::calling::call_up;
use super::error::BrokerError;
use super::events::{self, Progress, announce_all};
use super::headers;
use super::held::Held;
use super::inspect::{self, QueueState};
use super::line::Wanted;
use super::link::{Link, Outgoing};
use super::offers::offer;
use super::slots::Slots;
use super::topology::{JOBS, Rung};
use crate::failpoint;
use crate::job::{AccountRef, Job, JobEvent, JobMessage, Outcome, Verdict};
use crate::queue::{Queue, QueueError};
use crate::redact::for_the_log;
use crate::store::{
    AppGate, AttemptRow, Cancelling, Claim, Claiming, Ending, JobRow, Next, Requeueing, Store, StoreError,
    Submitted, WorkerId,
};

/// How soon a job that another process ended is noticed.
const BACKSTOP: Duration = Duration::from_millis(300);
/// How often jobs are looked for of which the broker has to be told.
pub(super) const LOOK: Duration = Duration::from_secs(1);
/// A job that is overdue by so much is offered again: its message may be lost.
pub(super) const OVERDUE: Duration = Duration::from_secs(15 * 60);
/// The same for one that was submitted through Turnlock, and that no worker has seen. Longer, for its message may wait behind
/// many others.
const UNSEEN: Duration = Duration::from_secs(6 * 60 * 60);
/// How long the broker may take to say what waits in it.
const COUNT: Duration = Duration::from_secs(2);
/// How long one who leaves waits for the offers of what it leaves.
const LEAVING: Duration = Duration::from_secs(2);
/// Jobs come through RabbitMQ, and what becomes of them stands in the database.
///
/// A message is a call to see to a job and no more: whoever submits through Turnlock writes the job down once the broker has
/// it, the first worker that gets the message does where nobody has, and the database's claim decides who sees to it. So a
/// message that comes twice, or again after its connection broke, does nothing; and one is acknowledged when the database
/// says what is to become of its job. What waits there for another try is offered to the broker again by whichever worker
/// finds it.
pub struct RabbitQueue {
    pub(super) store: Arc<dyn Store>,
    pub(super) link: Arc<Link>,
    pub(super) arrivals: Arc<Arrivals>,
    pub(super) held: Held,
    /// So many deliveries are seen to one by one: the database refuses one of them.
    pub(super) singly: AtomicUsize,
    /// Whether jobs are taken.
    working: watch::Sender<bool>,
    /// That a delivery was answered without taking a slot.
    pub(super) unused: Arc<Notify>,
    to_offer: Arc<Notify>,
    /// That the offers at hand are the last.
    leaving: watch::Sender<bool>,
    /// Jobs may have left an app that others wait for.
    room: Arc<Notify>,
    progress: Progress,
    /// What goes on beside the jobs; it ends with the queue.
    _beside: JoinSet<()>,
}

impl RabbitQueue {
    /// Connects by that URL, now and whenever the connection breaks, and takes jobs for so many slots.
    #[must_use]
    pub fn consume(url: &SecretString, worker: &WorkerId, slots: usize, store: Arc<dyn Store>) -> Self {
        Self::start(
            url,
            format!("turnlock worker {worker}"),
            Some(u16::try_from(slots).unwrap_or(u16::MAX)),
            store,
        )
    }

    /// The same, for one who only submits.
    #[must_use]
    pub fn publish_only(url: &SecretString, store: Arc<dyn Store>) -> Self {
        Self::start(url, "turnlock submit".to_owned(), None, store)
    }

    fn start(url: &SecretString, name: String, slots: Option<u16>, store: Arc<dyn Store>) -> Self {
        let arrivals = Arc::new(Arrivals::default());
        let link = Arc::new(Link::start(url.clone(), name, slots, Arc::clone(&arrivals)));
        let (to_offer, room) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let leaving = watch::Sender::new(false);
        let (held, working) = (Held::default(), watch::Sender::new(true));
        let unused = Arc::new(Notify::new());
        let (progress, telling) = Progress::start(Arc::clone(&link));
        store.announce_ends();
        let mut beside = JoinSet::new();
        if let Some(slots) = slots {
            let (now, unused) = (working.subscribe(), Arc::clone(&unused));
            let slots = Slots { most: slots, held: held.count(), working: now, unused };
            beside.spawn(slots.tell(Arc::clone(&link), Arc::clone(&arrivals)));
            let (store, link) = (|| Arc::clone(&store), || Arc::clone(&link));
            beside.spawn(offer(store(), link(), Arc::clone(&to_offer), leaving.subscribe()));
            beside.spawn(call_up(store(), Arc::clone(&room), Arc::clone(&to_offer)));
            beside.spawn(announce_all(store(), link()));
            beside.spawn(telling);
        }
        Self {
            store,
            link,
            arrivals,
            held,
            singly: AtomicUsize::new(0),
            working,
            unused,
            to_offer,
            leaving,
            room,
            progress,
            _beside: beside,
        }
    }

    /// Returns when there is a connection.
    ///
    /// # Errors
    /// When none comes about in time, or the broker refuses.
    pub async fn connected(&self) -> Result<(), BrokerError> {
        self.link.channel().await.map(drop)
    }

    /// Tells that the job has ended; where that fails, it is told later by whoever finds it untold.
    async fn announce(&self, claim: &Claim, ending: &Ending, row: &AttemptRow) {
        let at = row.ended_at.unwrap_or_else(Timestamp::now);
        let masked = |words: &Option<String>| words.as_deref().map(for_the_log);
        let (requested_by, reason) = (masked(&claim.job.requested_by), masked(&claim.job.reason));
        let told = Job { requested_by, reason, ..claim.job.clone() };
        let event = JobEvent::finished(&told, &ending.verdict, claim.attempt, at);
        let job = [claim.job.id];
        let noted = match events::announce(&self.link, &event).await {
            Ok(()) => {
                failpoint::reach("rabbit.announced");
                self.store.announced(&job).await
            }
            Err(error) => {
                tracing::warn!(job = %claim.job.id, %error, "the end of a job could not be announced; it is announced later");
                self.store.announce_later(&job).await
            }
        };
        if let Err(error) = noted {
            tracing::warn!(job = %claim.job.id, %error, "the end of a job may be announced again");
        }
    }

    /// The job, which was not known a moment ago, stands in the database already: a worker took the message from here, or
    /// somebody submitted the same at the same time.
    async fn whose(&self, job: &Job) -> Result<Submitted, QueueError> {
        let row = self.store.job(job.id).await?.ok_or(StoreError::NoJob(job.id))?;
        let ours = row.job.submitted_at.as_millisecond() == job.submitted_at.as_millisecond();
        Ok(if ours { Submitted::New } else { Submitted::Already })
    }

    /// The broker may forget the delivery: the database knows what is to become of its job.
    async fn answered(&self, id: Uuid) {
        if let Some(delivery) = self.held.remove(id) {
            acknowledge(&delivery).await;
            failpoint::reach("rabbit.acknowledged");
        }
    }
}

#[async_trait]
impl Queue for RabbitQueue {
    async fn submit(&self, job: &Job, not_before: Option<Timestamp>) -> Result<Submitted, QueueError> {
        let body = JobMessage::of(job, not_before).to_json();
        // What a worker would lay aside is better refused here.
        JobMessage::read(&body)?;
        // A database that is away keeps nobody from submitting: the worker that takes the message writes the job down.
        if let Ok(Some(JobRow { job: first, .. })) = self.store.job(job.id).await {
            return Ok(Submitted::again(&first, job)?);
        }
        let wait =
            not_before.map(|at| Duration::try_from(at.duration_since(Timestamp::now())).unwrap_or_default());
        publish(&self.link, job, &body, wait.unwrap_or_default()).await?;
        match self.store.submit_told(job, not_before, UNSEEN).await {
            Ok(Submitted::New) => Ok(Submitted::New),
            Ok(Submitted::Already) => self.whose(job).await,
            Err(error @ (StoreError::OtherJob { .. } | StoreError::OtherWish { .. })) => Err(error.into()),
            // The broker has the message: it is submitted all the same.
            Err(error) => {
                tracing::warn!(job = %job.id, %error, "a job is not known before a worker takes its message");
                Ok(Submitted::New)
            }
        }
    }

    async fn take(&self, worker: &WorkerId, ttl: Duration, most: usize) -> Result<Vec<Claim>, QueueError> {
        let mut claims = Vec::new();
        while claims.len() < most {
            match self.take_some(worker, ttl, most, &mut claims).await {
                Ok(true) => {}
                Ok(false) => break,
                // What was claimed already has to be performed.
                Err(_) if !claims.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(claims)
    }

    async fn take_job(&self, id: Uuid, worker: &WorkerId, ttl: Duration) -> Result<Claiming, QueueError> {
        Ok(self.store.claim_job(id, worker, ttl).await?)
    }

    async fn ready(&self) {
        // An elapsed time-out is as good as a signal: there may be something.
        let _ = time::timeout(LOOK, self.arrivals.came.notified()).await;
    }

    async fn keep(&self, claim: &Claim, ttl: Duration) -> Result<bool, QueueError> {
        match self.store.heartbeat(claim, ttl).await {
            // Whoever has taken it over has a delivery of their own, or makes one.
            Err(lost @ StoreError::ClaimLost(_)) => {
                self.answered(claim.job.id).await;
                self.to_offer.notify_one();
                Err(lost.into())
            }
            kept => Ok(kept?),
        }
    }

    async fn end(&self, claim: &Claim, ending: &Ending) -> Result<AttemptRow, QueueError> {
        let row = self.store.end(claim, ending).await?;
        failpoint::reach("rabbit.committed");
        if ending.next == Next::Ended {
            self.announce(claim, ending, &row).await;
        }
        self.answered(claim.job.id).await;
        // The job itself, or the reconciliation that is owed; where it is owed for another reason, that is found soon.
        if ending.next != Next::Ended || ending.verdict.outcome == Outcome::Unknown {
            self.to_offer.notify_one();
        }
        if claim.gate != AppGate::Absent {
            self.room.notify_one();
        }
        Ok(row)
    }

    async fn put_back(&self, claim: &Claim, not_before: Timestamp) -> Result<(), QueueError> {
        self.store.put_back(claim, not_before).await?;
        self.answered(claim.job.id).await;
        self.to_offer.notify_one();
        Ok(())
    }

    async fn hold_back(&self, claim: &Claim) -> Result<(), QueueError> {
        // Its message is answered: it waits in the database, and is offered again when it is called up.
        self.store.hold_back(claim).await?;
        self.answered(claim.job.id).await;
        self.to_offer.notify_one();
        Ok(())
    }

    async fn abandon(&self, claim: &Claim) {
        let Some(delivery) = self.held.remove(claim.job.id) else { return };
        // The database may have lost what it knew of the job: it is asked again when the message comes back.
        let requeue = BasicNackOptions { requeue: true, ..BasicNackOptions::default() };
        if let Err(error) = delivery.nack(requeue).await {
            // It comes again with the next connection.
            tracing::debug!(%error, "a delivery could not be given back");
        }
    }

    async fn cancel(&self, id: Uuid, why: &Verdict) -> Result<Cancelling, QueueError> {
        // Its message may not have come to any worker yet.
        Ok(self.store.cancel_ahead(id, why).await?)
    }

    async fn requeue(&self, id: Uuid) -> Result<Requeueing, QueueError> {
        let came = self.store.requeue(id).await?;
        self.to_offer.notify_one();
        Ok(came)
    }

    async fn recover(
        &self,
        is_dead: &(dyn for<'a> Fn(&'a WorkerId) -> bool + Send + Sync),
    ) -> Result<Vec<Uuid>, QueueError> {
        let jobs = self.store.recover(is_dead).await?;
        if !jobs.is_empty() {
            self.to_offer.notify_one();
        }
        Ok(jobs)
    }

    async fn reached(&self) {
        let _ = self.connected().await;
    }

    async fn messages(&self) -> Result<Vec<QueueState>, QueueError> {
        let way = self.link.way_at_once()?;
        match time::timeout(COUNT, inspect::count(&way.connection)).await {
            Ok(counted) => Ok(counted?),
            Err(_) => {
                let late = format!("it did not count its messages within {} s", COUNT.as_secs());
                Err(BrokerError::Unreachable(late).into())
            }
        }
    }

    async fn open_reconciliation(&self, account: &AccountRef) -> Result<Option<JobRow>, QueueError> {
        Ok(self.store.open_reconciliation(account).await?)
    }

    fn wants_progress(&self) -> bool {
        true
    }

    fn progress(&self, event: JobEvent) {
        self.progress.tell(event);
    }

    async fn ended(&self, id: Uuid) -> Result<JobRow, QueueError> {
        let mut look = time::interval(BACKSTOP);
        loop {
            look.tick().await;
            // There is no row before a worker has seen the message.
            if let Some(row) = self.store.job(id).await?.filter(JobRow::has_ended) {
                return Ok(row);
            }
        }
    }

    async fn pause(&self) {
        self.working.send_replace(false);
        // At once, and also if it is wanted already: something may have been put back meanwhile.
        self.link.want(Wanted::Nothing);
    }

    async fn resume(&self) {
        self.working.send_replace(true);
    }

    async fn refused(&self) -> QueueError {
        self.link.refused().await.into()
    }

    async fn close(&self) {
        self.leaving.send_replace(true);
        // Its end is gone when it has told of all.
        let _ = time::timeout(LEAVING, self.leaving.closed()).await;
        self.link.close().await;
    }
}

/// Sends a message for a job that is written down, which comes after that wait or a little earlier.
pub(super) async fn send(link: &Link, row: &JobRow, wait: Duration) -> Result<(), QueueError> {
    let body = JobMessage::of(&row.job, None).to_json();
    publish(link, &row.job, &body, wait).await
}

async fn publish(link: &Link, job: &Job, body: &[u8], wait: Duration) -> Result<(), QueueError> {
    let exchange = if wait.is_zero() { JOBS } else { Rung::for_wait(wait).name };
    let properties = lasting().with_message_id(job.id.to_string().into()).with_headers(headers::of_job(job));
    let message = Outgoing { exchange, key: job.priority.as_str(), body, properties, mandatory: true };
    Ok(link.publish(message).await?)
}

/// Of a message that outlasts the broker.
pub(super) fn lasting() -> BasicProperties {
    BasicProperties::default()
        .with_delivery_mode(2)
        .with_content_type("application/json".into())
        .with_app_id("turnlock".into())
}

pub(super) async fn acknowledge(delivery: &Delivery) {
    if let Err(error) = delivery.ack(BasicAckOptions::default()).await {
        // It comes again, and does nothing then.
        tracing::debug!(%error, "a delivery could not be acknowledged");
    }
}
