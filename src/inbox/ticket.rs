//! A job's open request: what it asks for, and how it waits for the message that has it.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use secrecy::SecretString;
use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;

use super::desk::Inbox;
use super::extract::{Ambiguous, ExtractHints};
use super::links::{AmbiguousLink, LinkHints, MailedLink};
use super::message::Message;

/// What a job asks for. Open the request before the click that makes the app send it.
#[derive(Debug, Clone)]
pub struct Request<S> {
    /// The job.
    pub job: Uuid,
    /// The account's managed address.
    pub address: String,
    /// Nothing that came before counts.
    pub asked_at: Timestamp,
    /// What is known of what is asked for.
    pub hints: S,
}

/// A job asks for a code.
pub type CodeRequest = Request<ExtractHints>;
/// A job asks for a link.
pub type LinkRequest = Request<LinkHints>;

/// A job's open request.
pub struct Ticket<S> {
    pub(super) inbox: Inbox,
    pub(super) request: Request<S>,
    /// As the inbox files it.
    pub(super) address: String,
    pub(super) arrival: Arc<Notify>,
    /// Messages that had nothing of what is asked for.
    pub(super) without: usize,
    /// A message had this many that could be it.
    pub(super) doubtful: Option<usize>,
}

/// An open request for a code.
pub type CodeTicket = Ticket<ExtractHints>;
/// An open request for a link.
pub type LinkTicket = Ticket<LinkHints>;

/// Why there is no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeNotReceived {
    /// No message came in time.
    #[error(
        "no message came for {address} in time: check that the app sends to this address and that its mail reaches the inbox"
    )]
    Nothing {
        /// The address.
        address: String,
    },
    /// Messages came, but none with a code.
    #[error("{messages} messages came for {address}, none with a code")]
    NoCode {
        /// The address.
        address: String,
        /// How many came.
        messages: usize,
    },
    /// A message came in which several texts could be the code.
    #[error("a message came for {address}, but {ambiguous}: a person has to look at the app's mail")]
    Ambiguous {
        /// The address.
        address: String,
        /// How many.
        ambiguous: Ambiguous,
    },
}

/// Why there is no link.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkNotReceived {
    /// No message came in time.
    #[error(
        "no message came for {address} in time: check that the app sends to this address and that its mail reaches the inbox"
    )]
    Nothing {
        /// The address.
        address: String,
    },
    /// Messages came, but none with a link that may be followed.
    #[error(
        "{messages} messages came for {address}, none with a link that was made for this account and leads to a \
         declared origin: declare where the app's mails lead under `origins`, or name the link with \
         `open: {{ email_link: {{ containing: … }} }}`"
    )]
    NoLink {
        /// The address.
        address: String,
        /// How many came.
        messages: usize,
    },
    /// A message came in which several links could be the one.
    #[error(
        "a message came for {address}, but {ambiguous}: say which with `open: {{ email_link: {{ containing: … }} }}`"
    )]
    Ambiguous {
        /// The address.
        address: String,
        /// How many.
        ambiguous: AmbiguousLink,
    },
}

/// What came instead of what was asked for.
enum Missed {
    Nothing,
    Without(usize),
    Doubtful(usize),
}

impl CodeTicket {
    /// The next code: of a message to exactly this address that came after the job asked. The message is
    /// consumed. When several wait, the newest is taken and the older ones are dropped, since an app that
    /// sends again voids what it sent before. Asked again, it waits for a message that came later.
    ///
    /// # Errors
    /// When the deadline passes without one.
    pub async fn next_code(&mut self, deadline: Instant) -> Result<SecretString, CodeNotReceived> {
        let read = |message: &Message, hints: &ExtractHints| match message.code(hints) {
            Ok(found) => Ok(found.map(|found| found.code)),
            Err(ambiguous) => Err(ambiguous.candidates),
        };
        let address = self.request.address.clone();
        self.next(deadline, read).await.map_err(|missed| match missed {
            Missed::Nothing => CodeNotReceived::Nothing { address },
            Missed::Without(messages) => CodeNotReceived::NoCode { address, messages },
            Missed::Doubtful(candidates) => {
                CodeNotReceived::Ambiguous { address, ambiguous: Ambiguous { candidates } }
            }
        })
    }
}

impl LinkTicket {
    /// The next link to the app, of a message as [`CodeTicket::next_code`] takes one.
    ///
    /// # Errors
    /// When the deadline passes without one.
    pub async fn next_link(&mut self, deadline: Instant) -> Result<MailedLink, LinkNotReceived> {
        let read =
            |message: &Message, hints: &LinkHints| message.link(hints).map_err(|ambiguous| ambiguous.links);
        let address = self.request.address.clone();
        self.next(deadline, read).await.map_err(|missed| match missed {
            Missed::Nothing => LinkNotReceived::Nothing { address },
            Missed::Without(messages) => LinkNotReceived::NoLink { address, messages },
            Missed::Doubtful(links) => {
                LinkNotReceived::Ambiguous { address, ambiguous: AmbiguousLink { links } }
            }
        })
    }
}

impl<S> Ticket<S> {
    /// Waits for a message in which `read` finds what is asked for; where several could be it, it says how many.
    async fn next<T>(
        &mut self,
        deadline: Instant,
        read: impl Fn(&Message, &S) -> Result<Option<T>, usize>,
    ) -> Result<T, Missed> {
        let arrival = Arc::clone(&self.arrival);
        loop {
            // `notify_one` leaves a permit, so that what arrives between the look and the wait is not missed.
            if let Some(found) = self.look(&read) {
                self.without = 0;
                self.doubtful = None;
                return Ok(found);
            }
            if tokio::time::timeout_at(deadline, arrival.notified()).await.is_err() {
                return self.look(&read).ok_or_else(|| self.missed());
            }
        }
    }

    /// Consumes what has come so far.
    fn look<T>(&mut self, read: &impl Fn(&Message, &S) -> Result<Option<T>, usize>) -> Option<T> {
        let mut messages = self.inbox.take(&self.address);
        while let Some(message) = messages.pop_back() {
            if message.received_at < self.request.asked_at {
                continue;
            }
            match read(&message, &self.request.hints) {
                Ok(Some(found)) => return Some(found),
                Ok(None) => self.without += 1,
                Err(several) => self.doubtful = Some(several),
            }
        }
        None
    }

    fn missed(&self) -> Missed {
        match self.doubtful {
            Some(several) => Missed::Doubtful(several),
            None if self.without > 0 => Missed::Without(self.without),
            None => Missed::Nothing,
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for Ticket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("request", &self.request).finish_non_exhaustive()
    }
}

impl<S> Drop for Ticket<S> {
    fn drop(&mut self) {
        self.inbox.close(&self.address);
    }
}
