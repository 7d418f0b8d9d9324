/// What can go wrong between Turnlock and its broker. No URL is shown: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokerError {
    /// There is no connection, and none came within the time that is waited for one.
    #[error("there is no connection to RabbitMQ: {0}. Check that it runs and that the queue's URL is right")]
    Unreachable(String),
    /// The broker refuses the message, as a queue does that is full.
    #[error(
        "RabbitMQ does not take the message for {0}: its queue is full, or has lost too many of its members"
    )]
    Refused(String),
    /// No queue is bound for the message.
    #[error("RabbitMQ has no queue for {0}: `turnlock queue declare` makes those that are missing")]
    Unroutable(String),
    /// The connection broke before the broker confirmed: it may or may not have the message.
    #[error("the connection to RabbitMQ broke before it confirmed the message for {0}")]
    Unconfirmed(String),
    /// The broker has something of the name that is declared otherwise, or the user may not declare it.
    #[error("RabbitMQ refuses what Turnlock declares: {0}")]
    Declaration(String),
    /// Somebody else holds the dead letters.
    #[error("somebody else is at the dead letters: try again when they are done")]
    NotYourTurn,
}
