//! RabbitMQ: brings jobs to the workers of a fleet.

mod arrivals;
mod error;
mod events;
mod inspect;
mod link;
mod masked;
mod queue;
pub mod topology;

pub use error::BrokerError;
pub use inspect::{QueueState, declare, look};
pub use queue::RabbitQueue;
