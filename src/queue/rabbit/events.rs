//! What `turnlock.events` hears of jobs.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use lapin::BasicProperties;
use tokio::sync::mpsc;
use tokio::time;
use uuid::Uuid;

use super::error::BrokerError;
use super::link::{Link, Outgoing};
use super::topology::EVENTS;
use crate::job::{Code, JobEvent, Verdict};
use crate::outage::Outage;
use crate::queue::QueueError;
use crate::store::{JobRow, LogQuery, Store};

/// How often ends are looked for that nobody has announced.
const LOOK: Duration = Duration::from_secs(1);
/// The wait between two tries at most, while database or broker fail.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// As many are announced in one go.
const TOGETHER: u32 = 100;
/// For how long they are one worker's, who may die over it.
const HOLD: Duration = Duration::from_secs(30);
/// So many events wait to be told at most; more are missed.
const WAITING: usize = 4096;

/// Where progress goes: it is told when there is a connection, and forgotten otherwise.
#[derive(Debug)]
pub(super) struct Progress(mpsc::Sender<JobEvent>);

impl Progress {
    pub fn start(link: Arc<Link>) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (sender, mut events) = mpsc::channel::<JobEvent>(WAITING);
        let telling = async move {
            while let Some(event) = events.recv().await {
                let (key, body) = (event.key(), event.to_json());
                link.mention(Outgoing {
                    exchange: EVENTS,
                    key: &key,
                    body: &body,
                    properties: properties(1),
                    mandatory: false,
                })
                .await;
            }
        };
        (Self(sender), telling)
    }

    pub fn tell(&self, event: JobEvent) {
        // Missed, where the broker is too slow.
        let _ = self.0.try_send(event);
    }
}

/// Tells that a job has ended, and waits until the broker has it for good. Does not wait for a connection.
pub(super) async fn announce(link: &Link, event: &JobEvent) -> Result<(), BrokerError> {
    let (key, body) = (event.key(), event.to_json());
    let message = Outgoing {
        exchange: EVENTS,
        key: &key,
        body: &body,
        properties: properties(2),
        // Nobody need listen.
        mandatory: false,
    };
    link.publish_at_once(message).await
}

/// Announces what nobody else has: the ends of jobs that were cancelled while they waited, whose workers died, or that
/// ended while there was no connection.
pub(super) async fn announce_all(store: Arc<dyn Store>, link: Arc<Link>) {
    let mut outage = Outage::of("ends of jobs cannot be announced", LONGEST_WAIT);
    loop {
        let begun = time::Instant::now();
        match announce_some(store.as_ref(), &link).await {
            Ok(told) => {
                outage.over();
                if told == 0 {
                    time::sleep(LOOK).await;
                }
            }
            Err(error) => time::sleep_until(begun + outage.failed(&error)).await,
        }
    }
}

async fn announce_some(store: &dyn Store, link: &Link) -> Result<usize, QueueError> {
    // Not before they can be told: one that is held and not told is nobody's for a while.
    link.channel().await?;
    let rows = store.take_announcements(TOGETHER, HOLD).await?;
    let told = join_all(rows.iter().map(|row| tell(store, link, row))).await;
    let (told, failed): (Vec<_>, Vec<_>) =
        rows.iter().map(|row| row.job.id).zip(told).partition(|(_, result)| result.is_ok());
    let ids = |of: Vec<(Uuid, _)>| of.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    let first = failed.first().and_then(|(_, result)| result.as_ref().err().map(ToString::to_string));
    store.announced(&ids(told)).await?;
    if let Some(why) = first {
        store.announce_later(&ids(failed)).await?;
        tracing::warn!(%why, "ends of jobs could not be announced; they are announced again");
    }
    Ok(rows.len())
}

async fn tell(store: &dyn Store, link: &Link, row: &JobRow) -> Result<(), QueueError> {
    let last = store.log(&LogQuery { job: Some(row.job.id), limit: 1, ..LogQuery::default() }).await?;
    let verdict = last.into_iter().next().and_then(|attempt| attempt.verdict);
    // One that was cancelled while it waited ended with no attempt, or otherwise than its last.
    let verdict = verdict.filter(|verdict| Some(verdict.code) == row.code).unwrap_or_else(|| Verdict {
        outcome: row.outcome.unwrap_or_else(|| Code::Cancelled.outcome()),
        code: row.code.unwrap_or(Code::Cancelled),
        message: String::new(),
    });
    let at = row.finished_at.unwrap_or_else(Timestamp::now);
    Ok(announce(link, &JobEvent::finished(&row.job, &verdict, row.attempts, at)).await?)
}

fn properties(delivery_mode: u8) -> BasicProperties {
    BasicProperties::default()
        .with_delivery_mode(delivery_mode)
        // CloudEvents 1.0, in the structured content mode.
        .with_content_type("application/cloudevents+json".into())
        .with_app_id("turnlock".into())
}
