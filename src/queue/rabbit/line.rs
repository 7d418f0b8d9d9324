use std::sync::Arc;

use futures::StreamExt;
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicGetOptions, BasicNackOptions,
    BasicQosOptions, ConfirmSelectOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Connection, ConnectionProperties, Consumer, Event};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::arrivals::{Arrivals, PATIENCE};
use super::error::BrokerError;
use super::link::{Outgoing, Way, publish};
use super::topology::{self, DELIVERIES, JOBS, queue_of};
use crate::job::Priority;

/// What is wanted of a connection, besides that messages go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// That jobs arrive, for so many free slots. Where there are none, what has arrived goes back.
    Jobs(u16),
    /// Nothing more.
    Nothing,
    /// That it ends.
    End,
}

/// Why a connection is no more.
#[derive(Debug)]
pub(super) enum Broken {
    AsWanted,
    By(BrokerError),
}

/// A connection, as long as it holds.
pub(super) struct Line {
    connection: Arc<Connection>,
    channel: Channel,
    name: String,
    arrivals: Arc<Arrivals>,
    /// The tags of those that consume, and the tasks that hand on what comes; each ends with why nothing more does.
    tags: Vec<String>,
    consumers: JoinSet<BrokerError>,
    /// How often consuming has begun: the broker may remember an old tag as long as a delivery of it is not answered.
    turns: u32,
    /// How many the broker brings of each priority at most that nobody has answered.
    prefetch: u16,
    /// How many jobs were fetched.
    fetched: u32,
}

/// As many are fetched one by one at most, which brings none too many; more come faster if the broker brings them.
const FEW: u16 = 8;

impl Line {
    /// Connects and declares what is missing. Nothing arrives yet.
    pub async fn connect(
        url: &SecretString,
        name: &str,
        arrivals: &Arc<Arrivals>,
    ) -> Result<Self, BrokerError> {
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let connected = Connection::connect(url.expose_secret(), properties).await;
        let connection = Arc::new(connected.map_err(refused)?);
        let channel = connection.create_channel().await.map_err(refused)?;
        topology::declare(&channel).await.map_err(|error| BrokerError::declaring(&error))?;
        channel.confirm_select(ConfirmSelectOptions::default()).await.map_err(refused)?;
        Ok(Self {
            connection,
            channel,
            name: name.to_owned(),
            arrivals: Arc::clone(arrivals),
            tags: Vec::new(),
            consumers: JoinSet::new(),
            turns: 0,
            prefetch: 0,
            fetched: 0,
        })
    }

    /// Where messages go out.
    pub fn way(&self) -> Way {
        Way { connection: Arc::clone(&self.connection), channel: self.channel.clone() }
    }

    /// Hands on what arrives and does what is wanted, until the connection breaks.
    pub async fn serve(mut self, wanted: &mut watch::Receiver<Wanted>) -> Broken {
        wanted.mark_changed();
        let mut events = Box::pin(self.connection.events_listener());
        loop {
            let event = tokio::select! {
                event = events.next() => event,
                Some(ended) = self.consumers.join_next() => {
                    let failed = |error| BrokerError::Unreachable(format!("a consumer failed: {error}"));
                    return Broken::By(ended.unwrap_or_else(failed));
                }
                Ok(()) = wanted.changed() => {
                    let now = *wanted.borrow_and_update();
                    match self.heed(now).await {
                        Ok(()) if now == Wanted::End => return Broken::AsWanted,
                        Ok(()) => continue,
                        Err(why) => return Broken::By(why),
                    }
                }
            };
            match event {
                Some(Event::Error(error)) => return Broken::By(refused(error)),
                Some(Event::ConnectionBlocked(why)) => {
                    tracing::warn!(%why, "RabbitMQ takes no messages for the time being");
                }
                Some(_) => {}
                None => {
                    return Broken::By(BrokerError::Unreachable("the connection was closed".to_owned()));
                }
            }
        }
    }

    async fn heed(&mut self, wanted: Wanted) -> Result<(), BrokerError> {
        match wanted {
            Wanted::Nothing | Wanted::Jobs(0) => self.consume_no_more().await?,
            // The broker brings as many already.
            Wanted::Jobs(free) if free <= self.prefetch => {}
            Wanted::Jobs(free) => {
                self.stop_consuming().await?;
                let left = self.fetch(free).await.map_err(refused)?;
                if left > 0 {
                    // There were no more when they were fetched: the broker brings what comes.
                    self.consume(left).await.map_err(refused)?;
                }
            }
            Wanted::End => {
                self.consume_no_more().await?;
                self.connection.close(200, "the worker ends".into()).await.map_err(refused)?;
            }
        }
        self.arrivals.note_brought(self.prefetch > 0);
        Ok(())
    }

    /// Fetches jobs for so many slots, the urgent first and in their turn the others, and returns for how many slots
    /// there was none.
    async fn fetch(&mut self, free: u16) -> lapin::Result<u16> {
        let mut left = free.saturating_sub(u16::try_from(self.arrivals.len()).unwrap_or(u16::MAX));
        if left > FEW {
            return Ok(left);
        }
        while left > 0 {
            let mut order = Priority::ALL;
            // As those that have arrived are let through.
            match self.fetched % (PATIENCE + 2) {
                PATIENCE => order.rotate_left(1),
                turn if turn > PATIENCE => order.reverse(),
                _ => {}
            }
            if !self.fetch_one(order).await? {
                break;
            }
            left -= 1;
        }
        Ok(left)
    }

    async fn fetch_one(&mut self, order: [Priority; 3]) -> lapin::Result<bool> {
        for priority in order {
            let options = BasicGetOptions { no_ack: false };
            if let Some(got) = self.channel.basic_get(queue_of(priority).into(), options).await? {
                self.arrivals.push(priority, got.delivery);
                self.fetched = self.fetched.wrapping_add(1);
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn consume(&mut self, most: u16) -> lapin::Result<()> {
        // Each consumer gets so many; a quorum queue knows no limit for the whole channel.
        self.channel.basic_qos(most, BasicQosOptions::default()).await?;
        self.turns += 1;
        for priority in Priority::ALL {
            let tag = format!("{} {priority} {}", self.name, self.turns);
            let (queue, options) = (queue_of(priority).into(), BasicConsumeOptions::default());
            let consuming =
                self.channel.basic_consume(queue, tag.as_str().into(), options, FieldTable::default());
            self.consumers.spawn(hand_on(consuming.await?, priority, Arc::clone(&self.arrivals)));
            self.tags.push(tag);
        }
        self.prefetch = most;
        Ok(())
    }

    /// Has the broker bring nothing more.
    async fn stop_consuming(&mut self) -> Result<(), BrokerError> {
        self.prefetch = 0;
        for tag in self.tags.drain(..) {
            let options = BasicCancelOptions::default();
            self.channel.basic_cancel(tag.as_str().into(), options).await.map_err(refused)?;
        }
        // They end behind the last delivery.
        while self.consumers.join_next().await.is_some() {}
        Ok(())
    }

    /// Gives back, besides, what it brought and nobody has taken.
    async fn consume_no_more(&mut self) -> Result<(), BrokerError> {
        self.stop_consuming().await?;
        while let Some((priority, delivery)) = self.arrivals.next() {
            give_back(&self.channel, priority, &delivery).await?;
        }
        Ok(())
    }
}

async fn hand_on(mut consumer: Consumer, priority: Priority, arrivals: Arc<Arrivals>) -> BrokerError {
    loop {
        match consumer.next().await {
            Some(Ok(delivery)) => arrivals.push(priority, delivery),
            Some(Err(error)) => return refused(error),
            None => {
                return BrokerError::Unreachable(format!("the queue {} was removed", queue_of(priority)));
            }
        }
    }
}

/// Gives a delivery back that nobody has taken, so that another worker gets it.
///
/// The broker counts how often a message comes back, and lays it aside at last: it cannot tell workers that end in
/// good order from those that die over it. So one that has come back often goes out anew. A fleet that ends as a whole
/// passes its messages from one worker to the next.
async fn give_back(channel: &Channel, priority: Priority, delivery: &Delivery) -> Result<(), BrokerError> {
    let requeue = BasicNackOptions { requeue: true, ..BasicNackOptions::default() };
    if times_back(delivery) < i64::from(DELIVERIES / 2) {
        return delivery.nack(requeue).await.map(drop).map_err(refused);
    }
    let (properties, key) = (delivery.properties.clone(), priority.as_str());
    let properties = properties.with_headers(FieldTable::default()).with_delivery_mode(2);
    let message = Outgoing { exchange: JOBS, key, body: &delivery.data, properties, mandatory: true };
    match publish(channel, message).await {
        Ok(()) => {}
        // Its queue is full: it keeps its place there.
        Err(BrokerError::Refused(_)) => return delivery.nack(requeue).await.map(drop).map_err(refused),
        Err(error) => return Err(error),
    }
    delivery.ack(BasicAckOptions::default()).await.map(drop).map_err(refused)
}

fn times_back(delivery: &Delivery) -> i64 {
    let headers = delivery.properties.headers().as_ref();
    match headers.and_then(|headers| headers.inner().get("x-delivery-count")) {
        Some(AMQPValue::LongLongInt(count)) => *count,
        Some(AMQPValue::LongInt(count)) => i64::from(*count),
        Some(AMQPValue::LongUInt(count)) => i64::from(*count),
        Some(AMQPValue::ShortInt(count)) => i64::from(*count),
        Some(AMQPValue::ShortUInt(count)) => i64::from(*count),
        Some(AMQPValue::ShortShortInt(count)) => i64::from(*count),
        Some(AMQPValue::ShortShortUInt(count)) => i64::from(*count),
        _ => 0,
    }
}

fn refused(error: lapin::Error) -> BrokerError {
    BrokerError::connecting(&error)
}
