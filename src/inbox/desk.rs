//! Where messages lie until the job that asked for them takes them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use super::received::{self, Received};
use super::source::{Arrival, Desk, DeskClosed, MailboxMark, Taken};
use super::ticket::{Request, Ticket};
use crate::store::{MessageRow, NewMessage, Store, StoreError, folded};
use crate::vault::MessageSeal;

/// How soon a message that another process took in is noticed where the store hears no news of that, and an address that
/// is free again.
pub(super) const LOOK: Duration = Duration::from_millis(200);

/// For so long a message may be under way to a number that accounts share before the next of them has one sent there.
pub(super) const QUIET: Duration = Duration::from_secs(3 * 60);

/// Why a request was not opened.
#[derive(Debug, thiserror::Error)]
pub enum RequestRefused {
    /// One address, one request: else codes could cross.
    #[error("{address} has an open request already, of job {job}: let that job end first")]
    AddressInUse {
        /// The address.
        address: String,
        /// Whose request it is.
        job: Uuid,
    },
    /// A message for another account may still come.
    #[error(
        "what job {job} of another account had the app send to {address} may still come, until {} minutes after that job's request: nobody could tell whose it is",
        QUIET.as_secs() / 60
    )]
    Unsettled {
        /// The address.
        address: String,
        /// The job that had it sent.
        job: Uuid,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RequestRefused {
    /// Whether it passes.
    fn passes(&self) -> bool {
        matches!(self, Self::AddressInUse { .. } | Self::Unsettled { .. })
    }
}

/// The messages of all managed addresses, sealed in the database, and the requests that wait for codes and links in them.
/// Cheap to clone.
#[derive(Clone)]
pub struct Inbox {
    pub(super) store: Arc<dyn Store>,
    seal: MessageSeal,
}

impl Inbox {
    /// The inbox in a database, with what its messages are sealed with.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, seal: MessageSeal) -> Self {
        Self { store, seal }
    }

    /// Opens a request. It is closed when the ticket is dropped. Several accounts may share a number: then the
    /// others' requests are waited for, until the deadline.
    ///
    /// # Errors
    /// When the address has an open request of another job at the deadline, or may still get a message of another
    /// account's, or the database fails.
    pub async fn request<S>(
        &self,
        request: Request<S>,
        deadline: Instant,
    ) -> Result<Ticket<S>, RequestRefused> {
        let mut news = self.store.message_news();
        let mut ticket = Ticket::new(self.clone(), request);
        loop {
            news.mark_unchanged();
            match ticket.open(deadline).await {
                Err(refused) if !refused.passes() || Instant::now() >= deadline => return Err(refused),
                Err(_) => {
                    let _ = timeout_at(deadline.min(Instant::now() + LOOK), news.changed()).await;
                }
                Ok(()) => return Ok(ticket),
            }
        }
    }

    /// Reads a message that lies in the inbox; `None` for one that was altered, or sealed with another key.
    #[must_use]
    pub fn read(&self, row: &MessageRow) -> Option<Received> {
        let says = self.seal.open(row.id, &row.address, &row.sealed);
        let received = says.and_then(|says| Received::read(row, &says));
        if received.is_none() {
            tracing::warn!(message = %row.id, "a message in the inbox does not open: it was changed, or sealed with another key");
        }
        received
    }
}

#[async_trait]
impl Desk for Inbox {
    async fn manages(&self, address: &str) -> Result<bool, DeskClosed> {
        let account = self.store.account_by_address(address).await;
        account.map(|account| account.is_some()).map_err(closed)
    }

    async fn deliver(&self, arrival: Arrival) -> Result<Taken, DeskClosed> {
        let began = Instant::now();
        if !self.manages(&arrival.recipient).await? {
            return Ok(Taken::NotManaged);
        }
        let (id, address) = (Uuid::now_v7(), folded(&arrival.recipient));
        let sealed = self.seal.seal(id, &address, &arrival.to_bytes()).map_err(closed)?;
        let mark = received::mark(&arrival);
        let new = NewMessage { id, address, mark, age: arrival.age + began.elapsed(), sealed };
        match self.store.add_message(&new).await {
            Ok(true) => Ok(Taken::New),
            Ok(false) => Ok(Taken::Already),
            Err(error) => Err(closed(error)),
        }
    }

    async fn mark(&self, mailbox: &str, mark: &MailboxMark) -> Result<(), DeskClosed> {
        self.store.mark_mailbox(mailbox, mark).await.map_err(closed)
    }

    async fn marked(&self, mailbox: &str) -> Result<Option<MailboxMark>, DeskClosed> {
        self.store.mailbox_mark(mailbox).await.map_err(closed)
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inbox")
    }
}

fn closed(error: impl fmt::Display) -> DeskClosed {
    DeskClosed(error.to_string())
}
