use lapin::ErrorKind;

/// What can go wrong between Turnlock and its broker. No URL is shown: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokerError {
    /// There is no connection, and none came within the time that is waited for one.
    #[error("there is no connection to RabbitMQ: {0}. Check that it runs and that the queue's URL is right")]
    Unreachable(String),
    /// The broker does not let this user in.
    #[error(
        "RabbitMQ refuses access: {0}. Check user, password and virtual host in the queue's URL, and that the user may configure, write and read `turnlock.*`"
    )]
    Access(String),
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
    /// The broker has something of the name that is declared otherwise.
    #[error(
        "RabbitMQ refuses what Turnlock declares: {0}. Something of this name is there and declared otherwise: remove it once it is empty, or move it to another virtual host; `turnlock queue declare --print` shows what is wanted"
    )]
    Declaration(String),
    /// Somebody else holds the dead letters.
    #[error("somebody else is at the dead letters: try again when they are done")]
    NotYourTurn,
    /// Messages wait in the queue, and none comes.
    #[error(
        "RabbitMQ has messages in {0} and delivers none of them: the queue may have lost too many of its members, or another consumer takes them"
    )]
    Withheld(String),
}

impl BrokerError {
    /// Whether no waiting mends it.
    #[must_use]
    pub const fn lasts(&self) -> bool {
        matches!(self, Self::Access(_) | Self::Declaration(_))
    }

    /// What stood in the way of a connection or of its use.
    pub(super) fn connecting(error: &lapin::Error) -> Self {
        match said(error) {
            // Too many connections at the moment, or a virtual host that is only just being started.
            Some((530, words)) if words.contains("limit") || words.contains("is down") => {
                Self::Unreachable(words)
            }
            // Access refused, or not allowed, as a virtual host is that is not there.
            Some((403 | 530, words)) => Self::Access(words),
            _ => Self::Unreachable(error.to_string()),
        }
    }

    /// The same while exchanges and queues are declared.
    pub(super) fn declaring(error: &lapin::Error) -> Self {
        match said(error) {
            // Locked by somebody else, or there and otherwise.
            Some((405 | 406, words)) => Self::Declaration(words),
            _ => Self::connecting(error),
        }
    }
}

/// The broker's own words and their number, see <https://www.rabbitmq.com/amqp-0-9-1-reference#constants>.
fn said(error: &lapin::Error) -> Option<(u16, String)> {
    match error.kind() {
        ErrorKind::ProtocolError(said) => Some((said.get_id(), said.get_message().to_string())),
        _ => None,
    }
}
