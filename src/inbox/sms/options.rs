//! How the receiver of text messages is set up.

use std::time::Duration;

use secrecy::SecretString;

use crate::net::{ClientLimits, Listen, TlsFiles};

/// How the receiver of text messages is set up. Prints no secret.
#[derive(Debug, Clone)]
pub struct SmsOptions {
    /// Where it listens.
    pub listen: Listen,
    /// What stands before `/sms/twilio` in the URL that Twilio is told, written as it is there: it signs that, and a proxy
    /// may change what comes. Needed with Twilio's tokens.
    pub public_url: Option<String>,
    /// Twilio's auth tokens, any of which may sign: more than one while they are changed. None: Twilio is not served.
    pub twilio_tokens: Vec<SecretString>,
    /// With what others sign. None: they are not served.
    pub secret: Option<SecretString>,
    /// Whether it speaks HTTPS by itself; otherwise a proxy does, or it is no further than this machine.
    pub tls: Option<TlsFiles>,
    /// Whether all comes by a proxy that names the client it speaks for, as the last in `X-Forwarded-For`.
    pub behind_proxy: bool,
    /// What a client may do.
    pub limits: SmsLimits,
}

impl SmsOptions {
    /// A receiver that serves nobody yet: give it tokens or a secret.
    #[must_use]
    pub fn new(listen: Listen) -> Self {
        Self {
            listen,
            public_url: None,
            twilio_tokens: Vec::new(),
            secret: None,
            tls: None,
            behind_proxy: false,
            limits: SmsLimits::default(),
        }
    }
}

/// Bounds of what a client may do.
#[derive(Debug, Clone, Copy)]
pub struct SmsLimits {
    /// Bytes of a request's body.
    pub body: usize,
    /// How long a request may take, from its first byte to the answer.
    pub request: Duration,
    /// How long a connection may last.
    pub connection: Duration,
    /// Connections at once, of all clients together.
    pub connections: usize,
    /// Of each client by itself.
    pub client: Option<ClientLimits>,
}

impl Default for SmsLimits {
    fn default() -> Self {
        Self {
            body: 64 * 1024,
            request: Duration::from_secs(10),
            connection: Duration::from_secs(300),
            connections: 256,
            client: Some(ClientLimits { connections: 64, messages_per_minute: 600 }),
        }
    }
}
