use std::time::Duration;

use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use super::error::BrokerError;
use super::topology;

/// How long a broker may take to answer somebody who looks.
const PATIENCE: Duration = Duration::from_secs(10);

/// A queue as the broker has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueState {
    /// Its name.
    pub name: &'static str,
    /// Messages that wait in it.
    pub messages: u32,
    /// Consumers that take from it.
    pub consumers: u32,
}

impl QueueState {
    /// How many messages wait in each, on one line.
    #[must_use]
    pub fn in_words(all: &[Self]) -> String {
        let short = |state: &Self| state.name.trim_start_matches("turnlock.").replace('.', " ");
        let parts: Vec<_> = all.iter().map(|state| format!("{} {}", short(state), state.messages)).collect();
        parts.join(", ")
    }
}

/// Makes what is missing.
///
/// # Errors
/// [`BrokerError`] when there is no broker, or it refuses.
pub async fn declare(url: &SecretString) -> Result<(), BrokerError> {
    let connection = connect(url, "turnlock queue").await?;
    let channel = connection.create_channel().await.map_err(refused)?;
    topology::declare(&channel).await.map_err(|error| BrokerError::declaring(&error))
}

/// The queues that are there, and how many messages wait in each. Changes nothing.
///
/// # Errors
/// [`BrokerError`] when there is no broker, or it refuses.
pub async fn look(url: &SecretString) -> Result<Vec<QueueState>, BrokerError> {
    count(&connect(url, "turnlock queue").await?).await
}

/// The same, for one who is connected.
pub(super) async fn count(connection: &Connection) -> Result<Vec<QueueState>, BrokerError> {
    let mut found = Vec::new();
    let mut channel = connection.create_channel().await.map_err(refused)?;
    for name in topology::queues() {
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        match channel.queue_declare(name.into(), options, FieldTable::default()).await {
            Ok(queue) => found.push(QueueState {
                name,
                messages: queue.message_count(),
                consumers: queue.consumer_count(),
            }),
            // A queue that is missing costs the channel; where the connection is lost, there is no other one.
            Err(_) => channel = connection.create_channel().await.map_err(refused)?,
        }
    }
    Ok(found)
}

/// A connection for somebody who looks, by the name that RabbitMQ shows.
pub(super) async fn connect(url: &SecretString, name: &str) -> Result<Connection, BrokerError> {
    let properties = ConnectionProperties::default().with_connection_name(name.into());
    match timeout(PATIENCE, Connection::connect(url.expose_secret(), properties)).await {
        Ok(connected) => connected.map_err(refused),
        Err(_) => Err(BrokerError::Unreachable(format!("it did not answer within {} s", PATIENCE.as_secs()))),
    }
}

fn refused(error: lapin::Error) -> BrokerError {
    BrokerError::connecting(&error)
}
