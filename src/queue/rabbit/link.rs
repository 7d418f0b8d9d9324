use std::sync::Arc;
use std::time::Duration;

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel, Confirmation, Connection, PublisherConfirm};
use secrecy::SecretString;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::arrivals::Arrivals;
use super::error::BrokerError;
use super::line::{Broken, Line, Wanted};
use crate::outage::Outage;

/// How long a publisher waits for a connection.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a connection may take to come about, or to end.
const CONNECT: Duration = Duration::from_secs(10);
const CLOSE: Duration = Duration::from_secs(2);
/// How long a broker may take to confirm a message.
const CONFIRM: Duration = Duration::from_secs(30);
/// The wait between two tries to connect again at most.
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
    wanted: watch::Sender<Wanted>,
    supervisor: AbortHandle,
}

/// Where messages go out.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub connection: Arc<Connection>,
    pub channel: Channel,
}

#[derive(Debug, Clone)]
enum State {
    Up(Way),
    /// With what stood in the way last.
    Down(BrokerError),
}

impl State {
    /// Whether there is anything to say to those who wait for a connection.
    fn is_settled(&self) -> bool {
        match self {
            Self::Up(_) => true,
            Self::Down(why) => why.lasts(),
        }
    }
}

impl Link {
    /// Connects now and for ever. With `slots`, jobs arrive, so many of each priority at most that nobody has answered.
    pub fn start(url: SecretString, name: String, slots: Option<u16>, arrivals: Arc<Arrivals>) -> Self {
        let (sender, current) =
            watch::channel(State::Down(BrokerError::Unreachable("it was not connected yet".to_owned())));
        let wanted = watch::Sender::new(slots.map_or(Wanted::Nothing, Wanted::Jobs));
        let supervisor = tokio::spawn(supervise(url, name, wanted.subscribe(), arrivals, sender));
        Self { current, wanted, supervisor: supervisor.abort_handle() }
    }

    /// Returns when there is a connection.
    ///
    /// # Errors
    /// [`BrokerError::Unreachable`] when none comes about in time; at once what no waiting mends.
    pub async fn channel(&self) -> Result<Channel, BrokerError> {
        Ok(self.way().await?.channel)
    }

    async fn way(&self) -> Result<Way, BrokerError> {
        let mut current = self.current.clone();
        let _ = timeout(PATIENCE, current.wait_for(State::is_settled)).await;
        match &*current.borrow() {
            State::Up(way) => Ok(way.clone()),
            State::Down(why) => Err(why.clone()),
        }
    }

    /// Returns when the broker refuses in a way that no waiting mends.
    pub async fn refused(&self) -> BrokerError {
        let mut current = self.current.clone();
        let lasts = |state: &State| matches!(state, State::Down(why) if why.lasts());
        if let Ok(state) = current.wait_for(lasts).await
            && let State::Down(why) = &*state
        {
            return why.clone();
        }
        std::future::pending().await
    }

    /// Has jobs arrive or not. What has arrived and was not taken goes back.
    pub fn want(&self, wanted: Wanted) {
        // Also if it is the same: something may have been put back meanwhile.
        self.wanted.send_if_modified(|now| {
            // Whoever ends it has the last word.
            let heard = *now != Wanted::End;
            if heard {
                *now = wanted;
            }
            heard
        });
    }

    /// Ends the connection, if there is one.
    pub async fn close(&self) {
        self.want(Wanted::End);
        let mut current = self.current.clone();
        // The supervisor's end is gone when it has ended.
        let ended = async { while current.changed().await.is_ok() {} };
        let _ = timeout(CLOSE, ended).await;
    }

    /// Publishes, and waits until the broker has it for good.
    ///
    /// # Errors
    /// [`BrokerError::Unroutable`], [`BrokerError::Refused`], [`BrokerError::Unconfirmed`], or as for
    /// [`channel`](Self::channel).
    pub async fn publish(&self, message: Outgoing<'_>) -> Result<(), BrokerError> {
        let way = self.way().await?;
        match publish(&way.channel, message.clone()).await {
            // RabbitMQ goes on refusing over a channel over which it has refused, also when the queue has no limit any more.
            Err(BrokerError::Refused(_)) => publish_anew(&way.connection, message).await,
            done => done,
        }
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
        Ok(self.way_at_once()?.channel)
    }

    /// Where messages go out now: does not wait for a connection.
    pub fn way_at_once(&self) -> Result<Way, BrokerError> {
        match &*self.current.borrow() {
            State::Up(way) => Ok(way.clone()),
            State::Down(why) => Err(why.clone()),
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.supervisor.abort();
    }
}

/// The same over a channel of its own.
async fn publish_anew(connection: &Connection, message: Outgoing<'_>) -> Result<(), BrokerError> {
    let open = async {
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        Ok(channel)
    };
    let channel = match timeout(CONFIRM, open).await {
        Ok(opened) => opened.map_err(|error: lapin::Error| BrokerError::connecting(&error))?,
        Err(_) => return Err(BrokerError::Unreachable("it opens no channel".to_owned())),
    };
    let published = publish(&channel, message).await;
    let _ = timeout(CLOSE, channel.close(200, "OK".into())).await;
    published
}

/// The same over any channel that confirms.
pub(super) async fn publish(channel: &Channel, message: Outgoing<'_>) -> Result<(), BrokerError> {
    Sent::send(channel, message).await?.confirmed().await
}

/// A message that the broker has not confirmed yet.
#[derive(Debug)]
pub(super) struct Sent {
    what: String,
    confirm: PublisherConfirm,
    until: Instant,
}

impl Sent {
    /// Publishes, without waiting for the confirmation.
    pub async fn send(channel: &Channel, message: Outgoing<'_>) -> Result<Self, BrokerError> {
        let Outgoing { exchange, key, body, properties, mandatory } = message;
        let what = if key.is_empty() { exchange.to_owned() } else { format!("{exchange} ({key})") };
        let options = BasicPublishOptions { mandatory, ..BasicPublishOptions::default() };
        let until = Instant::now() + CONFIRM;
        let sent = channel.basic_publish(exchange.into(), key.into(), options, body, properties);
        match timeout_at(until, sent).await {
            Ok(Ok(confirm)) => Ok(Self { what, confirm, until }),
            Ok(Err(_)) | Err(_) => Err(BrokerError::Unconfirmed(what)),
        }
    }

    /// Returns when the broker has it for good.
    pub async fn confirmed(self) -> Result<(), BrokerError> {
        let Self { what, confirm, until } = self;
        match timeout_at(until, confirm).await {
            Ok(Ok(Confirmation::Ack(None))) => Ok(()),
            Ok(Ok(Confirmation::Ack(Some(_)))) => Err(BrokerError::Unroutable(what)),
            Ok(Ok(Confirmation::Nack(_))) => Err(BrokerError::Refused(what)),
            Ok(Ok(Confirmation::NotRequested) | Err(_)) | Err(_) => Err(BrokerError::Unconfirmed(what)),
        }
    }
}

async fn supervise(
    url: SecretString,
    name: String,
    mut wanted: watch::Receiver<Wanted>,
    arrivals: Arc<Arrivals>,
    current: watch::Sender<State>,
) {
    let mut outage = Outage::of("no connection to RabbitMQ", LONGEST_WAIT);
    let mut end = wanted.clone();
    let end = end.wait_for(|wanted| *wanted == Wanted::End);
    tokio::pin!(end);
    loop {
        let begun = Instant::now();
        let connected = tokio::select! {
            connected = timeout(CONNECT, Line::connect(&url, &name, &arrivals)) => connected,
            _ = &mut end => return,
        };
        let why = match connected {
            Ok(Ok(line)) => {
                outage.over();
                tracing::info!("connected to RabbitMQ");
                current.send_replace(State::Up(line.way()));
                let broken = line.serve(&mut wanted).await;
                arrivals.clear();
                match broken {
                    Broken::AsWanted => return,
                    Broken::By(why) => why,
                }
            }
            Ok(Err(error)) => error,
            Err(_) => BrokerError::Unreachable(format!("it did not answer within {} s", CONNECT.as_secs())),
        };
        if *wanted.borrow() == Wanted::End {
            return;
        }
        let wait = outage.failed(&why);
        current.send_replace(State::Down(why));
        tokio::select! {
            () = sleep_until(begun + wait) => {}
            _ = &mut end => return,
        }
    }
}
