use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use lapin::options::{BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, Consumer, Event};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::arrivals::Arrivals;
use super::error::BrokerError;
use super::topology::{self, queue_of};
use crate::job::Priority;

/// How long a publisher waits for a connection.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a broker may take to confirm a message.
const CONFIRM: Duration = Duration::from_secs(30);
/// The wait before the first try to connect again; it doubles up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// A message on its way out.
#[derive(Debug, Clone)]
pub(super) struct Outgoing<'a> {
    pub exchange: &'a str,
    pub key: &'a str,
    pub body: &'a [u8],
    pub properties: BasicProperties,
    /// Somebody has to get it: without a queue for it, it is an error.
    pub mandatory: bool,
}

/// The connection to the broker, made anew whenever it breaks.
#[derive(Debug)]
pub(super) struct Link {
    current: watch::Receiver<State>,
    supervisor: AbortHandle,
}

#[derive(Debug, Clone)]
enum State {
    Up(Channel),
    /// With the words of the last failure.
    Down(String),
}

impl Link {
    /// Connects now and for ever. With `slots`, jobs arrive, so many of each priority at most that nobody has answered.
    pub fn start(url: SecretString, name: String, slots: Option<u16>, arrivals: Arc<Arrivals>) -> Self {
        let (sender, current) = watch::channel(State::Down("it was not connected yet".to_owned()));
        let supervisor = tokio::spawn(supervise(url, name, slots, arrivals, sender)).abort_handle();
        Self { current, supervisor }
    }

    /// Returns when there is a connection.
    ///
    /// # Errors
    /// [`BrokerError::Unreachable`] when none comes about in time.
    pub async fn channel(&self) -> Result<Channel, BrokerError> {
        let mut current = self.current.clone();
        let up = timeout(PATIENCE, current.wait_for(|state| matches!(state, State::Up(_)))).await;
        match up {
            Ok(Ok(state)) => match &*state {
                State::Up(channel) => Ok(channel.clone()),
                State::Down(why) => Err(BrokerError::Unreachable(why.clone())),
            },
            _ => match &*self.current.borrow() {
                State::Down(why) => Err(BrokerError::Unreachable(why.clone())),
                State::Up(_) => Err(BrokerError::Unreachable("it has just come back".to_owned())),
            },
        }
    }

    /// Publishes, and waits until the broker has it for good.
    ///
    /// # Errors
    /// [`BrokerError::Unroutable`], [`BrokerError::Refused`], [`BrokerError::Unconfirmed`], or
    /// [`BrokerError::Unreachable`].
    pub async fn publish(&self, message: Outgoing<'_>) -> Result<(), BrokerError> {
        publish(&self.channel().await?, message).await
    }

    /// The same, for what can be published another time: does not wait for a connection.
    pub async fn publish_at_once(&self, message: Outgoing<'_>) -> Result<(), BrokerError> {
        publish(&self.channel_at_once()?, message).await
    }

    /// Publishes what may get lost.
    pub async fn mention(&self, message: Outgoing<'_>) {
        let Ok(channel) = self.channel_at_once() else { return };
        let Outgoing { exchange, key, body, properties, .. } = message;
        let options = BasicPublishOptions::default();
        let _ = channel.basic_publish(exchange.into(), key.into(), options, body, properties).await;
    }

    fn channel_at_once(&self) -> Result<Channel, BrokerError> {
        match &*self.current.borrow() {
            State::Up(channel) => Ok(channel.clone()),
            State::Down(why) => Err(BrokerError::Unreachable(why.clone())),
        }
    }
}

/// The same over any channel that confirms.
pub(super) async fn publish(channel: &Channel, message: Outgoing<'_>) -> Result<(), BrokerError> {
    let Outgoing { exchange, key, body, properties, mandatory } = message;
    let what = if key.is_empty() { exchange.to_owned() } else { format!("{exchange} ({key})") };
    let options = BasicPublishOptions { mandatory, ..BasicPublishOptions::default() };
    let published = async {
        let confirm = channel.basic_publish(exchange.into(), key.into(), options, body, properties).await?;
        confirm.await
    };
    match timeout(CONFIRM, published).await {
        Ok(Ok(Confirmation::Ack(None))) => Ok(()),
        Ok(Ok(Confirmation::Ack(Some(_)))) => Err(BrokerError::Unroutable(what)),
        Ok(Ok(Confirmation::Nack(_))) => Err(BrokerError::Refused(what)),
        Ok(Ok(Confirmation::NotRequested) | Err(_)) | Err(_) => Err(BrokerError::Unconfirmed(what)),
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.supervisor.abort();
    }
}

async fn supervise(
    url: SecretString,
    name: String,
    slots: Option<u16>,
    arrivals: Arc<Arrivals>,
    current: watch::Sender<State>,
) {
    let mut wait = FIRST_WAIT;
    loop {
        let why = match timeout(CONNECT, connect(&url, &name, slots)).await {
            Ok(Ok(line)) => {
                wait = FIRST_WAIT;
                tracing::info!("connected to RabbitMQ");
                current.send_replace(State::Up(line.channel.clone()));
                let why = line.serve(&arrivals).await;
                arrivals.clear();
                why
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("it did not answer within {} s", CONNECT.as_secs()),
        };
        let before = current.send_replace(State::Down(why.clone()));
        if !matches!(&before, State::Down(known) if *known == why) {
            tracing::warn!(%why, "no connection to RabbitMQ; it is made anew");
        }
        sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// A connection, as long as it holds.
struct Line {
    connection: Connection,
    channel: Channel,
    consumers: Vec<(Priority, Consumer)>,
}

async fn connect(url: &SecretString, name: &str, slots: Option<u16>) -> lapin::Result<Line> {
    let properties = ConnectionProperties::default().with_connection_name(name.into());
    let connection = Connection::connect(url.expose_secret(), properties).await?;
    let channel = connection.create_channel().await?;
    topology::declare(&channel).await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let mut consumers = Vec::new();
    if let Some(slots) = slots {
        // Each consumer gets so many; a quorum queue knows no limit for the whole channel.
        channel.basic_qos(slots, BasicQosOptions::default()).await?;
        for priority in Priority::ALL {
            let tag = format!("{name} {priority}");
            let options = BasicConsumeOptions::default();
            let consumer = channel
                .basic_consume(queue_of(priority).into(), tag.into(), options, FieldTable::default())
                .await?;
            consumers.push((priority, consumer));
        }
    }
    Ok(Line { connection, channel, consumers })
}

impl Line {
    /// Hands on what arrives, until the connection breaks. Says why it did.
    async fn serve(self, arrivals: &Arc<Arrivals>) -> String {
        let mut events = Box::pin(self.connection.events_listener());
        let mut tasks = JoinSet::new();
        for (priority, mut consumer) in self.consumers {
            let arrivals = Arc::clone(arrivals);
            tasks.spawn(async move {
                loop {
                    match consumer.next().await {
                        Some(Ok(delivery)) => arrivals.push(priority, delivery),
                        Some(Err(error)) => return error.to_string(),
                        None => return format!("the queue {} was removed", queue_of(priority)),
                    }
                }
            });
        }
        loop {
            tokio::select! {
                event = events.next() => match event {
                    Some(Event::Error(error)) => return error.to_string(),
                    Some(Event::ConnectionBlocked(why)) => tracing::warn!(%why, "RabbitMQ takes no messages for the time being"),
                    Some(_) => {}
                    None => return "the connection was closed".to_owned(),
                },
                Some(ended) = tasks.join_next() => {
                    return ended.unwrap_or_else(|error| format!("a consumer failed: {error}"));
                }
            }
        }
    }
}
