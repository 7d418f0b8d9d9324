use std::collections::VecDeque;
use std::time::Duration;

use futures::StreamExt;
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicGetOptions, BasicNackOptions,
    BasicQosOptions, ConfirmSelectOptions, QueueDeclareOptions,
};
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, ErrorKind};
use secrecy::SecretString;
use tokio::time::{Instant, sleep, timeout};

use super::error::BrokerError;
use super::inspect::connect;
use super::letter::{Letter, NotRequeueable};
use super::link::{Outgoing, Sent};
use super::queue::lasting;
use super::topology::{DEAD, JOBS};
use super::turn::wait_for_turn;
use crate::failpoint;

/// So many letters are looked at, the first in the queue.
pub const MOST: u16 = 10_000;
/// So many jobs are on their way back to the workers before the first of them is confirmed.
const UNDER_WAY: usize = 256;
/// So many answers are sent before it is waited for the queue: RabbitMQ keeps back those that come too fast for it, and
/// forgets them when the channel is closed before it is done. Its limit is 32.
const ANSWERS: usize = 16;
/// When no letter comes for so long, it is asked whether there are any more.
const QUIET: Duration = Duration::from_millis(500);
/// How long letters that wait may not come.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long it is waited for letters to be back, and how often that is asked.
const RETURN: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(10);

/// The dead letters, held by one who looks at them. Each goes back to its place unless it is answered, when this is
/// closed, or when the process dies.
#[derive(Debug)]
pub struct DeadLetters {
    connection: Connection,
    channel: Channel,
    held: Vec<Held>,
    behind: u32,
}

#[derive(Debug)]
struct Held {
    letter: Letter,
    tag: u64,
    answered: bool,
}

/// Why a letter was not put back into the queue of jobs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequeueError {
    /// It cannot be.
    #[error(transparent)]
    NotAJob(#[from] NotRequeueable),
    /// The broker did not take it.
    #[error(transparent)]
    Broker(#[from] BrokerError),
}

impl DeadLetters {
    /// Takes hold of the letters, the first [`MOST`] of them. Waits until nobody else does.
    ///
    /// # Errors
    /// [`BrokerError`] when there is no broker, no queue of dead letters, or somebody else holds them for long.
    pub async fn open(url: &SecretString) -> Result<Self, BrokerError> {
        let connection = connect(url, "turnlock dead").await?;
        wait_for_turn(&connection).await?;
        let channel = connection.create_channel().await.map_err(broken)?;
        channel.confirm_select(ConfirmSelectOptions::default()).await.map_err(broken)?;
        let mut letters = Self { connection, channel, held: Vec::new(), behind: 0 };
        letters.take_hold().await?;
        failpoint::reach("rabbit.letters_held");
        Ok(letters)
    }

    /// They stay unanswered, so that none comes twice. Those that arrive meanwhile are left for the next look.
    ///
    /// One consumer takes them all: when it goes, its letters go back to their places.
    async fn take_hold(&mut self) -> Result<(), BrokerError> {
        let most = waiting(&self.channel).await?.min(MOST.into());
        // It is also what is said of a queue that does not answer; this is not.
        if most == 0 && !self.is_waiting().await? {
            return Ok(());
        }
        let most = u16::try_from(most).unwrap_or(MOST).max(1);
        let (qos, consume) = (BasicQosOptions::default(), BasicConsumeOptions::default());
        self.channel.basic_qos(most, qos).await.map_err(broken)?;
        let consumer =
            self.channel.basic_consume(DEAD.into(), "".into(), consume, FieldTable::default()).await;
        let mut consumer = consumer.map_err(broken)?;
        let mut last = Instant::now();
        while self.held.len() < most.into() {
            match timeout(QUIET, consumer.next()).await {
                Ok(Some(delivery)) => {
                    let Delivery { properties, data, delivery_tag: tag, .. } = delivery.map_err(broken)?;
                    self.held.push(Held { letter: Letter::read(&properties, &data), tag, answered: false });
                    last = Instant::now();
                }
                Ok(None) => return Err(BrokerError::Unreachable("it takes the letters back".to_owned())),
                // There were fewer than it was said.
                Err(_) if waiting(&self.channel).await? == 0 => break,
                Err(_) if last.elapsed() > PATIENCE => return Err(BrokerError::Withheld(DEAD.to_owned())),
                Err(_) => {}
            }
        }
        let tag = consumer.tag().clone();
        self.channel.basic_cancel(tag, BasicCancelOptions::default()).await.map_err(broken)?;
        self.behind = waiting(&self.channel).await?;
        Ok(())
    }

    /// Whether there is one more letter, for certain. Behind the answer, the queue has done all that was said before.
    async fn is_waiting(&self) -> Result<bool, BrokerError> {
        let got = self.channel.basic_get(DEAD.into(), BasicGetOptions { no_ack: false }).await;
        let Some(got) = got.map_err(broken)? else { return Ok(false) };
        let back = BasicNackOptions { requeue: true, ..BasicNackOptions::default() };
        got.delivery.acker.nack(back).await.map_err(broken)
    }

    /// The letters, in their order. The place of each is its number for the methods below.
    pub fn letters(&self) -> impl ExactSizeIterator<Item = &Letter> {
        self.held.iter().map(|held| &held.letter)
    }

    /// The one at that place.
    #[must_use]
    pub fn letter(&self, place: usize) -> Option<&Letter> {
        self.held.get(place).map(|held| &held.letter)
    }

    /// How many wait behind those that are held.
    #[must_use]
    pub const fn behind(&self) -> u32 {
        self.behind
    }

    /// Gives letters back to the workers as messages of their priorities, and says of each how that went. One is taken
    /// out when RabbitMQ has confirmed its message; if this process dies in between, both are there, which does no harm:
    /// a job is done once. When RabbitMQ has not taken one, no more are sent, and those are not spoken of.
    ///
    /// # Errors
    /// [`BrokerError`] if the connection broke: what was given back may be there still.
    pub async fn requeue(
        &mut self,
        places: impl IntoIterator<Item = usize>,
    ) -> Result<Vec<(usize, Result<(), RequeueError>)>, BrokerError> {
        let (mut said, mut under_way, mut confirmed) = (Vec::new(), VecDeque::new(), Vec::new());
        let mut places = places.into_iter();
        let mut refused = false;
        loop {
            while !refused && under_way.len() < UNDER_WAY {
                let Some(place) = places.next() else { break };
                under_way.push_back((place, self.send(place).await));
            }
            if confirmed.len() >= UNDER_WAY || under_way.is_empty() {
                self.discard(confirmed.drain(..)).await?;
            }
            let Some((place, sent)) = under_way.pop_front() else { return Ok(said) };
            let done = match sent {
                Ok(Some(sent)) => sent.confirmed().await.map_err(RequeueError::from),
                Ok(None) => Ok(()),
                Err(why) => Err(why),
            };
            match &done {
                Ok(()) => {
                    failpoint::reach("rabbit.letter_requeued");
                    confirmed.push(place);
                }
                Err(RequeueError::Broker(_)) => refused = true,
                Err(RequeueError::NotAJob(_)) => {}
            }
            said.push((place, done));
        }
    }

    async fn send(&self, place: usize) -> Result<Option<Sent>, RequeueError> {
        let Some(held) = self.held.get(place).filter(|held| !held.answered) else { return Ok(None) };
        let job = held.letter.job()?;
        let properties = lasting().with_message_id(job.id.to_string().into());
        let body = job.to_json();
        let message =
            Outgoing { exchange: JOBS, key: job.priority.as_str(), body: &body, properties, mandatory: true };
        Ok(Some(Sent::send(&self.channel, message).await?))
    }

    /// Takes letters out for good.
    ///
    /// # Errors
    /// [`BrokerError`]; they may be there still.
    pub async fn discard(&mut self, places: impl IntoIterator<Item = usize>) -> Result<(), BrokerError> {
        let mut answers = Vec::new();
        for place in places {
            if let Some(held) = self.held.get_mut(place).filter(|held| !held.answered) {
                held.answered = true;
                answers.push(place);
            }
        }
        // One answer stands for all letters before it that are answered as well.
        let first = self.held.iter().take_while(|held| held.answered).count();
        let (together, alone): (Vec<_>, Vec<_>) = answers.into_iter().partition(|place| *place < first);
        let answers = together.into_iter().max().map(|place| (place, true));
        let answers: Vec<_> =
            answers.into_iter().chain(alone.into_iter().map(|place| (place, false))).collect();
        for few in answers.chunks(ANSWERS) {
            for (place, multiple) in few {
                let Some(held) = self.held.get(*place) else { continue };
                let options = BasicAckOptions { multiple: *multiple };
                self.channel.basic_ack(held.tag, options).await.map_err(broken)?;
            }
            self.is_waiting().await?;
        }
        Ok(())
    }

    /// Puts back in order what was not answered, and returns when it is there.
    ///
    /// # Errors
    /// [`BrokerError`] if the connection broke: what was answered may be there still.
    pub async fn close(self) -> Result<(), BrokerError> {
        let back = self.held.iter().filter(|held| !held.answered).count();
        // With the channel its letters go back, in their order: if they are sent back, even all at once, RabbitMQ 3.10
        // puts them into another. Behind the answer, all that was said before has been heard.
        self.channel.close(200, "OK".into()).await.map_err(broken)?;
        let channel = self.connection.create_channel().await.map_err(broken)?;
        let until = Instant::now() + RETURN;
        while (waiting(&channel).await? as usize) < back && Instant::now() < until {
            sleep(LOOK).await;
        }
        self.connection.close(200, "OK".into()).await.map_err(broken)
    }
}

/// How many letters wait that nobody holds.
async fn waiting(channel: &Channel) -> Result<u32, BrokerError> {
    let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    let queue = channel.queue_declare(DEAD.into(), options, FieldTable::default()).await.map_err(broken)?;
    Ok(queue.message_count())
}

pub(super) fn broken(error: lapin::Error) -> BrokerError {
    if is(&error, AMQPSoftError::NOTFOUND) {
        return BrokerError::Unroutable(DEAD.to_owned());
    }
    BrokerError::Unreachable(error.to_string())
}

pub(super) fn is(error: &lapin::Error, this: AMQPSoftError) -> bool {
    matches!(error.kind(), ErrorKind::ProtocolError(said) if *said.kind() == AMQPErrorKind::Soft(this))
}
