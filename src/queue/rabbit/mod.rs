//! RabbitMQ: brings jobs to the workers of a fleet.

mod arrivals;
mod calling;
mod dead;
mod error;
mod events;
mod headers;
mod held;
mod inspect;
mod letter;
mod line;
mod link;
mod masked;
mod offers;
mod queue;
mod slots;
mod taking;
pub mod topology;
mod turn;

pub use dead::{DeadLetters, MOST, RequeueError};
pub use error::BrokerError;
pub use inspect::{QueueState, declare, look};
pub use letter::{Letter, NotRequeueable, Why};
pub use queue::RabbitQueue;
