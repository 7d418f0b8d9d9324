//! Where messages come from, and to whom they are handed over.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use zeroize::Zeroizing;

pub use crate::store::MailboxMark;

/// The kinds of content, in what is sealed.
const MAIL: u8 = b'v';
const DIRECT_MAIL: u8 = b'm';
const TEXT: u8 = b't';

/// A message that has come for one managed address or number. Prints nothing of what it says.
#[derive(Clone)]
pub struct Arrival {
    /// The managed address or number that it came for: of a mail the envelope's, not what its `To:` claims.
    pub recipient: String,
    /// Who handed it over: the envelope's sender, the number that sent it. Empty where nobody says.
    pub sender: String,
    /// What it says.
    pub content: Content,
    /// By what its source knows it. What is handed over again under the same key counts as the same message.
    pub key: Option<String>,
    /// How long ago the server that took it in did so.
    pub age: Duration,
}

/// What a message says, as it came.
#[derive(Clone)]
pub enum Content {
    /// A mail that a mail server of one's own took in, as it came over the wire: what that server found out about its
    /// sender stands in it.
    Mail(Vec<u8>),
    /// A mail that came straight from whoever connects: all that stands in it is that one's word.
    DirectMail(Vec<u8>),
    /// A plain text, such as an SMS.
    Text(String),
}

impl Arrival {
    /// All of it that is sealed: who handed it over, and what it says.
    pub(super) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let (kind, says) = match &self.content {
            Content::Mail(raw) => (MAIL, raw.as_slice()),
            Content::DirectMail(raw) => (DIRECT_MAIL, raw.as_slice()),
            Content::Text(text) => (TEXT, text.as_bytes()),
        };
        let sender = &self.sender[..self.sender.floor_char_boundary(usize::from(u16::MAX))];
        let length = u16::try_from(sender.len()).unwrap_or(u16::MAX).to_be_bytes();
        Zeroizing::new([&[kind], length.as_slice(), sender.as_bytes(), says].concat())
    }
}

impl Content {
    /// The sender and the content in what [`Arrival::to_bytes`] gave; `None` if it is something else.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<(String, Self)> {
        let (kind, rest) = bytes.split_first()?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (sender, says) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let sender = String::from_utf8(sender.to_vec()).ok()?;
        let content = match *kind {
            MAIL => Self::Mail(says.to_vec()),
            DIRECT_MAIL => Self::DirectMail(says.to_vec()),
            TEXT => Self::Text(String::from_utf8(says.to_vec()).ok()?),
            _ => return None,
        };
        Some((sender, content))
    }
}

impl fmt::Debug for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrival")
            .field("recipient", &self.recipient)
            .field("sender", &self.sender)
            .field("key", &self.key)
            .field("age", &self.age)
            .finish_non_exhaustive()
    }
}

/// What the inbox did with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It was taken in.
    New,
    /// It was taken in before, by another way or by the same.
    Already,
    /// Nobody manages the address that it came for.
    NotManaged,
}

/// The inbox cannot take in a message, or look up an address, now.
#[derive(Debug, thiserror::Error)]
#[error("the inbox cannot take in mail now: {0}")]
pub struct DeskClosed(pub String);

/// Where sources hand over what has come.
#[async_trait]
pub trait Desk: Send + Sync {
    /// Whether somebody manages that address or number; the accounts may change at any time.
    async fn manages(&self, address: &str) -> Result<bool, DeskClosed>;

    /// Takes in a message. When this returns it is durable, so that its sender may forget it.
    async fn deliver(&self, arrival: Arrival) -> Result<Taken, DeskClosed>;

    /// Notes how far a mailbox was seen through, for whoever watches it next. A desk may forget that: then what is found
    /// counts as older than it may be.
    async fn mark(&self, _mailbox: &str, _mark: &MailboxMark) -> Result<(), DeskClosed> {
        Ok(())
    }

    /// What was noted last.
    async fn marked(&self, _mailbox: &str) -> Result<Option<MailboxMark>, DeskClosed> {
        Ok(None)
    }
}

/// What brings messages: a mailbox that is watched, a server to which they are sent.
#[async_trait]
pub trait Source: Send + Sync {
    /// What it is and where, without anything secret: `IMAP mailbox INBOX of otp@mail.example`.
    fn describe(&self) -> String;

    /// Whether one process is enough for all workers on a database, as for a mailbox: then one at a time runs it.
    fn runs_alone(&self) -> bool;

    /// Hands over what comes, until told to stop. What waiting may mend, it waits for.
    ///
    /// # Errors
    /// What no waiting mends: a password that is refused, an address that cannot be listened on.
    async fn run(&self, desk: Arc<dyn Desk>, stop: watch::Receiver<bool>) -> Result<(), SourceFailed>;
}

/// A source ended by itself; says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{source_name}: {reason}")]
pub struct SourceFailed {
    /// As [`Source::describe`].
    pub source_name: String,
    /// What happened, and what to do.
    pub reason: String,
}
