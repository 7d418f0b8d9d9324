//! How a mail receiver is set up.

use std::net::SocketAddr;

use super::SmtpLimits;
use crate::net::{Listen, TlsFiles};

/// How a mail receiver is set up.
#[derive(Debug, Clone)]
pub struct SmtpOptions {
    /// Where it listens.
    pub listen: Listen,
    /// What is spoken there.
    pub protocol: Protocol,
    /// Whether all mail comes by a mail server of one's own, so that what it wrote into it may be believed.
    pub behind_server: bool,
    /// Whether mail may come encrypted.
    pub tls: Option<StartTls>,
    /// What a client may do.
    pub limits: SmtpLimits,
}

/// What is spoken with those who bring mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// With anybody (RFC 5321).
    Smtp,
    /// With a mail server of one's own, that wants to know of each recipient what became of the mail (RFC 2033).
    Lmtp,
}

impl Protocol {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Smtp => "SMTP",
            Self::Lmtp => "LMTP",
        }
    }
}

/// Encryption, as the client asks for it (RFC 3207).
#[derive(Debug, Clone)]
pub struct StartTls {
    /// What the receiver shows for itself.
    pub files: TlsFiles,
    /// Take no mail without it. Not for a server that anybody may send to: some cannot.
    pub required: bool,
}

impl SmtpOptions {
    /// A receiver for mail from anybody, without encryption.
    #[must_use]
    pub fn smtp(listen: SocketAddr) -> Self {
        Self {
            listen: Listen::Tcp(listen),
            protocol: Protocol::Smtp,
            behind_server: false,
            tls: None,
            limits: SmtpLimits::default(),
        }
    }

    /// A receiver for a mail server of one's own, such as Postfix.
    #[must_use]
    pub fn lmtp(listen: Listen) -> Self {
        Self {
            listen,
            protocol: Protocol::Lmtp,
            behind_server: true,
            tls: None,
            limits: SmtpLimits::own_server(),
        }
    }
}
