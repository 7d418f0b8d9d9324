//! From deliveries that have arrived to jobs that are to be performed.

use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use lapin::message::Delivery;
use lapin::types::{AMQPValue, FieldTable};
use uuid::Uuid;

use super::headers::{self, KEY, REASON};
use super::link::Outgoing;
use super::masked::masked;
use super::queue::{OVERDUE, RabbitQueue, acknowledge, lasting, send};
use super::topology::DEAD;
use crate::failpoint;
use crate::job::{Job, JobMessage, Priority};
use crate::queue::QueueError;
use crate::store::{Claim, Delivered, StoreError, Taking, WorkerId};

/// A job whose account is busy comes back after this.
const BUSY: Duration = Duration::from_secs(10);

/// As many deliveries are seen to in one transaction.
const TOGETHER: usize = 128;

/// A job that has arrived.
struct Arrival {
    priority: Priority,
    delivery: Delivery,
    job: Delivered,
}

/// What was done about a delivery.
enum Answer {
    /// Its job is to be performed, and the delivery acknowledged after that.
    Perform(Box<Claim>),
    /// The broker may forget it.
    Acknowledged,
    /// Nothing yet.
    LookAgain,
}

impl RabbitQueue {
    /// The jobs that were delivered, as many as are wanted. What is no job is laid aside.
    async fn delivered(&self, most: usize) -> Result<Vec<Arrival>, QueueError> {
        let mut arrived = Vec::new();
        while arrived.len() < most
            && let Some((priority, delivery)) = self.arrivals.next()
        {
            match JobMessage::read(&delivery.data) {
                Ok(message) => {
                    let not_before = message.not_before;
                    let headers = delivery.properties.headers().as_ref();
                    let (trace, job) = (headers::trace(headers), message.into_job());
                    let submitted_at = headers::submitted_at(headers).unwrap_or(job.submitted_at);
                    let job = Delivered { job: Job { trace, submitted_at, ..job }, not_before };
                    arrived.push(Arrival { priority, delivery, job });
                }
                Err(why) => match self.bury(&delivery, &why.to_string()).await {
                    Ok(()) => {
                        acknowledge(&delivery).await;
                        self.unused.notify_one();
                    }
                    Err(error) => {
                        self.arrivals.put_back(priority, delivery);
                        self.put_all_back(arrived);
                        return Err(error);
                    }
                },
            }
        }
        Ok(arrived)
    }

    /// They come first again, in the order in which they came.
    fn put_all_back(&self, arrived: Vec<Arrival>) {
        for Arrival { priority, delivery, .. } in arrived.into_iter().rev() {
            self.arrivals.put_back(priority, delivery);
        }
    }

    /// Does what is to be done about a delivery, by what the database says of its job.
    async fn answer(&self, delivery: &Delivery, taking: Taking) -> Result<Answer, QueueError> {
        match taking {
            Taking::Claimed(claim) => return Ok(Answer::Perform(claim)),
            Taking::NotDue(row) => {
                let left = row.not_before.duration_since(Timestamp::now());
                send(&self.link, &row, Duration::try_from(left).unwrap_or_default()).await?;
            }
            Taking::AccountBusy(row) => send(&self.link, &row, BUSY).await?,
            Taking::Refused(why) => self.bury(delivery, &why.to_string()).await?,
            // It has ended, or another worker is at it.
            Taking::NotQueued => {}
            Taking::Contended => return Ok(Answer::LookAgain),
        }
        acknowledge(delivery).await;
        Ok(Answer::Acknowledged)
    }

    /// Sees to deliveries that have arrived, and adds to the claims. `false` when there is nothing more to see to now.
    pub(super) async fn take_some(
        &self,
        worker: &WorkerId,
        ttl: Duration,
        most: usize,
        claims: &mut Vec<Claim>,
    ) -> Result<bool, QueueError> {
        let singly = self.singly.load(Ordering::Relaxed);
        let together = if singly > 0 { 1 } else { TOGETHER };
        let arrived = self.delivered((most - claims.len()).min(together)).await?;
        if arrived.is_empty() {
            return Ok(false);
        }
        failpoint::reach("rabbit.received");
        let jobs: Vec<Delivered> = arrived.iter().map(|arrival| arrival.job.clone()).collect();
        let takings = match self.store.claim_delivered(&jobs, worker, ttl, OVERDUE).await {
            Ok(takings) => takings,
            Err(error @ (StoreError::Unfit(_) | StoreError::BadValue { .. })) => {
                return self.keep_apart(arrived, &error).await;
            }
            Err(error) => {
                self.put_all_back(arrived);
                return Err(error.into());
            }
        };
        self.singly.store(singly.saturating_sub(1), Ordering::Relaxed);
        failpoint::reach("rabbit.written");
        let mut done = Ok(true);
        for (Arrival { priority, delivery, .. }, taking) in arrived.into_iter().zip(takings) {
            match self.answer(&delivery, taking).await {
                Ok(Answer::Perform(claim)) => {
                    if let Some(earlier) = self.held.insert(claim.job.id, delivery) {
                        acknowledge(&earlier).await;
                    }
                    claims.push(*claim);
                }
                Ok(Answer::Acknowledged) => self.unused.notify_one(),
                Ok(Answer::LookAgain) => {
                    self.arrivals.put_back(priority, delivery);
                    done = done.map(|_| false);
                }
                Err(error) => {
                    self.arrivals.put_back(priority, delivery);
                    done = Err(error);
                }
            }
        }
        done
    }

    /// The database refuses something of these: one alone is laid aside, of several each is tried by itself.
    async fn keep_apart(&self, mut arrived: Vec<Arrival>, why: &StoreError) -> Result<bool, QueueError> {
        if arrived.len() > 1 {
            self.singly.store(arrived.len(), Ordering::Relaxed);
            self.put_all_back(arrived);
            return Ok(true);
        }
        let Some(Arrival { priority, delivery, .. }) = arrived.pop() else { return Ok(true) };
        if let Err(error) = self.bury(&delivery, &why.to_string()).await {
            self.arrivals.put_back(priority, delivery);
            return Err(error);
        }
        acknowledge(&delivery).await;
        self.unused.notify_one();
        Ok(true)
    }

    /// Lays a message that is no job where a person can look at it, without what it may hold that is secret.
    async fn bury(&self, delivery: &Delivery, why: &str) -> Result<(), QueueError> {
        tracing::warn!(%why, "a message is no job; it is laid into {DEAD}");
        let mut headers = FieldTable::default();
        headers.insert(REASON.into(), AMQPValue::LongString(why.into()));
        headers.insert(KEY.into(), AMQPValue::LongString(delivery.routing_key.as_str().into()));
        let body = masked(&delivery.data);
        let now = u64::try_from(Timestamp::now().as_second()).unwrap_or_default();
        let mut properties = lasting().with_headers(headers).with_timestamp(now);
        // By which its producer may know it.
        if let Some(id) =
            delivery.properties.message_id().as_ref().filter(|id| id.as_str().parse::<Uuid>().is_ok())
        {
            properties = properties.with_message_id(id.clone());
        }
        let message = Outgoing { exchange: DEAD, key: "", body: &body, properties, mandatory: true };
        Ok(self.link.publish(message).await?)
    }
}
