use std::time::Duration;

use lapin::Connection;
use lapin::options::QueueDeclareOptions;
use lapin::protocol::AMQPSoftError;
use lapin::types::{AMQPValue, FieldTable};
use tokio::time::{Instant, sleep};

use super::dead::{broken, is};
use super::error::BrokerError;
use crate::failpoint;

/// Who has this queue, which goes with the connection, is the one who looks: all letters are there for them.
const TURN: &str = "turnlock.dead.turn";
/// How long somebody waits for their turn, and how often they look whether it has come.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(100);

/// One at a time, so that whoever looks sees all that is there.
pub(super) async fn wait_for_turn(connection: &Connection) -> Result<(), BrokerError> {
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
