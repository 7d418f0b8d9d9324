use std::time::Duration;

use lapin::options::{
    BasicAckOptions, BasicGetOptions, BasicNackOptions, ConfirmSelectOptions, QueueDeclareOptions,
};
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Acker, Channel, Connection, ErrorKind};
use secrecy::SecretString;
use tokio::time::{Instant, sleep};

use super::error::BrokerError;
use super::inspect::connect;
use super::letter::{Letter, NotRequeueable};
use super::link::{self, Outgoing};
use super::queue::lasting;
use super::topology::{DEAD, JOBS};
use crate::failpoint;

/// So many letters are looked at, the first in the queue.
pub const MOST: usize = 10_000;
/// Who has this queue, which goes with the connection, is the one who looks: all letters are there for them.
const TURN: &str = "turnlock.dead.turn";
/// How long somebody waits for their turn, and how often they look whether it has come.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(100);

/// The dead letters, held by one who looks at them. Each goes back to its place unless it is answered, when this is
/// closed, or when the process dies (then in an order of RabbitMQ's).
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
    /// Until it is answered.
    acker: Option<Acker>,
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
    async fn take_hold(&mut self) -> Result<(), BrokerError> {
        let mut most = MOST;
        while self.held.len() < most {
            let got = self.channel.basic_get(DEAD.into(), BasicGetOptions { no_ack: false }).await;
            let Some(got) = got.map_err(broken)? else {
                self.behind = 0;
                break;
            };
            if self.held.is_empty() {
                most = most.min(usize::try_from(got.message_count).unwrap_or(MOST) + 1);
            }
            self.behind = got.message_count;
            let letter = Letter::read(&got.delivery.properties, &got.delivery.data);
            self.held.push(Held { letter, acker: Some(got.delivery.acker) });
        }
        Ok(())
    }

    /// The letters, in their order. The place of each is its number for the methods below.
    pub fn letters(&self) -> impl ExactSizeIterator<Item = &Letter> {
        self.held.iter().map(|held| &held.letter)
    }

    /// How many wait behind those that are held.
    #[must_use]
    pub const fn behind(&self) -> u32 {
        self.behind
    }

    /// Gives a letter back to the workers as a message of its priority. It is taken out when RabbitMQ has confirmed
    /// that; if this process dies in between, both are there, which does no harm: a job is done once.
    ///
    /// # Errors
    /// [`RequeueError`]; the letter stays where it is.
    pub async fn requeue(&mut self, place: usize) -> Result<(), RequeueError> {
        let Some(held) = self.held.get_mut(place).filter(|held| held.acker.is_some()) else { return Ok(()) };
        let job = held.letter.job()?;
        let properties = lasting().with_message_id(job.id.to_string().into());
        let body = job.to_json();
        let message =
            Outgoing { exchange: JOBS, key: job.priority.as_str(), body: &body, properties, mandatory: true };
        link::publish(&self.channel, message).await?;
        failpoint::reach("rabbit.letter_requeued");
        Ok(take_out(held).await?)
    }

    /// Takes a letter out for good.
    ///
    /// # Errors
    /// [`BrokerError`]; it may be there still.
    pub async fn discard(&mut self, place: usize) -> Result<(), BrokerError> {
        match self.held.get_mut(place) {
            Some(held) => take_out(held).await,
            None => Ok(()),
        }
    }

    /// Puts back in order what was not answered, and returns when RabbitMQ has heard all.
    ///
    /// # Errors
    /// [`BrokerError`] if the connection broke: what was answered may be there still.
    pub async fn close(self) -> Result<(), BrokerError> {
        for acker in self.held.into_iter().filter_map(|held| held.acker) {
            acker
                .nack(BasicNackOptions { requeue: true, ..BasicNackOptions::default() })
                .await
                .map_err(broken)?;
        }
        // Behind its answer, all that was said before has been heard.
        self.channel.close(200, "OK".into()).await.map_err(broken)?;
        self.connection.close(200, "OK".into()).await.map_err(broken)
    }
}

async fn take_out(held: &mut Held) -> Result<(), BrokerError> {
    let Some(acker) = held.acker.take() else { return Ok(()) };
    match acker.ack(BasicAckOptions::default()).await.map_err(broken)? {
        true => Ok(()),
        false => Err(BrokerError::Unreachable("it broke before the letter was taken out".to_owned())),
    }
}

/// One at a time, so that whoever looks sees all that is there.
async fn wait_for_turn(connection: &Connection) -> Result<(), BrokerError> {
    let until = Instant::now() + PATIENCE;
    let mut waited = false;
    loop {
        // One that is refused costs the channel.
        let channel = connection.create_channel().await.map_err(broken)?;
        let options = QueueDeclareOptions { exclusive: true, ..QueueDeclareOptions::default() };
        let mut arguments = FieldTable::default();
        arguments.insert("x-queue-type".into(), AMQPValue::LongString("classic".into()));
        match channel.queue_declare(TURN.into(), options, arguments).await {
            Ok(_) => {
                if waited {
                    // What was held by one who has died comes back at about the same time.
                    sleep(LOOK).await;
                }
                return Ok(());
            }
            Err(error) if !is(&error, AMQPSoftError::RESOURCELOCKED) => {
                return Err(BrokerError::Declaration(error.to_string()));
            }
            Err(_) if Instant::now() > until => return Err(BrokerError::NotYourTurn),
            Err(_) => {
                failpoint::reach("rabbit.letters_not_free");
                waited = true;
                sleep(LOOK).await;
            }
        }
    }
}

fn broken(error: lapin::Error) -> BrokerError {
    if is(&error, AMQPSoftError::NOTFOUND) {
        return BrokerError::Unroutable(DEAD.to_owned());
    }
    BrokerError::Unreachable(error.to_string())
}

fn is(error: &lapin::Error, this: AMQPSoftError) -> bool {
    matches!(error.kind(), ErrorKind::ProtocolError(said) if *said.kind() == AMQPErrorKind::Soft(this))
}
