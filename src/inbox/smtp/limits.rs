//! Bounds of what a client may do.

use std::time::Duration;

use crate::net::ClientLimits;

/// Bounds of what a client may do.
#[derive(Debug, Clone, Copy)]
pub struct SmtpLimits {
    /// Bytes of a message.
    pub message: usize,
    /// Recipients of a message.
    pub recipients: usize,
    /// Bytes of a command line.
    pub command_line: usize,
    /// Bytes of a line within a message.
    pub data_line: usize,
    /// Messages in one connection.
    pub messages: usize,
    /// Commands in one connection that are refused before it is closed.
    pub errors: usize,
    /// How long the client may be silent, or let a reply wait.
    pub idle: Duration,
    /// How long a connection may last.
    pub connection: Duration,
    /// Connections at once, of all clients together.
    pub connections: usize,
    /// Of each client by itself; none for a mail server of one's own, which hands over everybody's mail.
    pub client: Option<ClientLimits>,
}

impl Default for SmtpLimits {
    fn default() -> Self {
        Self {
            message: 1024 * 1024,
            recipients: 20,
            command_line: 4096,
            data_line: 64 * 1024,
            messages: 50,
            errors: 10,
            idle: Duration::from_secs(60),
            connection: Duration::from_secs(300),
            connections: 64,
            client: Some(ClientLimits { connections: 20, messages_per_minute: 300 }),
        }
    }
}

impl SmtpLimits {
    /// For a mail server of one's own, which has its own limits, keeps connections open and names many recipients.
    #[must_use]
    pub fn own_server() -> Self {
        Self {
            recipients: 1000,
            messages: 1000,
            errors: 1000,
            idle: Duration::from_secs(300),
            connection: Duration::from_secs(3600),
            client: None,
            ..Self::default()
        }
    }
}
