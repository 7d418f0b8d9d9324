use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;
use uuid::Uuid;

use super::{Fence, StoreError, WorkerId};
use crate::job::AccountRef;

/// So many messages of an address lie in the inbox at most that nobody took.
pub(super) const MOST_UNTAKEN: i64 = 50;

/// By what a message is known that came is kept for so long, which is longer than the message itself.
pub(super) const MARKS_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// A message that has come for a managed address, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// A new id.
    pub id: Uuid,
    /// The managed address or number that it came for, as the inbox writes it.
    pub address: String,
    /// By what it is known: another with the same mark for the same address is the same message.
    pub mark: Option<String>,
    /// How long ago it came.
    pub age: Duration,
    /// What it says, sealed.
    pub sealed: Vec<u8>,
}

/// A message that lies in the inbox. Its time is told by the clock that requests are told by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRow {
    /// The place in the order in which messages were taken in.
    pub seq: i64,
    /// Its id.
    pub id: Uuid,
    /// The managed address or number that it came for.
    pub address: String,
    /// When it came.
    pub arrived_at: Timestamp,
    /// What it says, sealed.
    pub sealed: Vec<u8>,
    /// The job whose request it answered.
    pub job: Option<Uuid>,
    /// The app did not take the code that was in it.
    pub refused: bool,
}

/// A job asks for a code or a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRequest {
    /// A new id.
    pub id: Uuid,
    /// Whose request it is.
    pub job: Uuid,
    /// Of which account.
    pub account: AccountRef,
    /// The account's managed address or number.
    pub address: String,
    /// From whom it is expected, in words; empty if from anybody.
    pub senders: String,
    /// How long ago the app was asked to send it: nothing that came before counts.
    pub age: Duration,
    /// How long the request stands at most.
    pub lasts: Duration,
    /// For so long after another account's request has ended may its message still come, unless it is settled.
    pub quiet: Duration,
}

/// How far a mailbox was seen through. What has a higher number came after that look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailboxMark {
    /// Of this mailbox the numbers are, as long as it stays the same (UIDVALIDITY).
    pub validity: u32,
    /// No mail had this number (UID) or one above…
    pub next: u32,
    /// … when this look was begun. A mark that was stored tells it no later than it was.
    pub looked: Instant,
    /// What the mail server's clock showed then, if it is known: at least, and at most.
    pub shown: Option<(Timestamp, Timestamp)>,
}

impl MailboxMark {
    /// The mark of a row: what the server's clock showed, and since its look, in milliseconds when it was asked for.
    /// `None` where nothing can be told by it: the clock was set back, or the moment lies further back than ours are
    /// counted.
    pub(super) fn stored(
        validity: i64,
        next: i64,
        age: i64,
        shown: Option<(i64, i64)>,
        asked: Instant,
    ) -> Option<Self> {
        let age = Duration::from_millis(u64::try_from(age).ok()?.saturating_add(1));
        let moment = |at| Timestamp::from_millisecond(at).ok();
        Some(Self {
            validity: u32::try_from(validity).ok()?,
            next: u32::try_from(next).ok()?,
            looked: asked.checked_sub(age)?,
            shown: shown.and_then(|(least, most)| moment(least).zip(moment(most))),
        })
    }
}

/// What came of the wish to open a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requested {
    /// It is open.
    Open,
    /// Another job's request for the same address is open: else codes could cross.
    InUse {
        /// That job.
        job: Uuid,
    },
    /// What another account's job had sent to the address may still come, and nobody could tell whose it is.
    Unsettled {
        /// That job.
        job: Uuid,
    },
}

/// The messages of managed addresses, and the requests that they answer.
///
/// A message answers at most one request, and a request takes at most one message: both are said in one transaction.
/// Times are told by the store's own clock, so that those who write need not agree about theirs.
#[async_trait]
pub trait Messages {
    /// Takes in a message, durably. `false` if it was taken in before, in the last day. Of an address that is flooded
    /// the oldest that nobody took go.
    async fn add_message(&self, new: &NewMessage) -> Result<bool, StoreError>;

    /// Opens a request. Of one account's for one address the newest counts, and of its jobs the newest: earlier ones are
    /// closed. One whose time is over is no more.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] for one who no longer holds the account.
    async fn open_request(&self, new: &NewRequest, fence: Option<&Fence>) -> Result<Requested, StoreError>;

    /// Whether any request is open.
    async fn is_awaited(&self) -> Result<bool, StoreError>;

    /// The messages that may answer a request: to exactly its address, no older than it, taken by nobody. The newest
    /// first. None if it is closed or was answered.
    async fn messages_for(&self, request: Uuid) -> Result<Vec<MessageRow>, StoreError>;

    /// The message answers the request, from now on no other, and the request is closed. `false` if it does not: it was
    /// taken meanwhile, is too old, or the request is closed.
    async fn claim_message(&self, request: Uuid, message: Uuid) -> Result<bool, StoreError>;

    /// The app did not take the code in the message that answered the request.
    async fn refuse_message(&self, request: Uuid) -> Result<(), StoreError>;

    /// The request is over. What it was opened for may still come.
    async fn close_request(&self, request: Uuid) -> Result<(), StoreError>;

    /// The request is over, and no message is under way for it.
    async fn settle_request(&self, request: Uuid) -> Result<(), StoreError>;

    /// Messages that were taken in after the one of that place, the oldest first.
    async fn messages_after(&self, seq: i64, most: u32) -> Result<Vec<MessageRow>, StoreError>;

    /// The place of the newest message; 0 if there is none.
    async fn newest_message(&self) -> Result<i64, StoreError>;

    /// Removes messages that came longer ago than that, and requests that have been over for as long. Returns how many
    /// messages.
    async fn forget_messages(&self, age: Duration) -> Result<u64, StoreError>;

    /// Changes when messages may have come, or a request was opened or closed. Whoever waits must look now and then all the same: the news may be lost, and
    /// some stores hear none of other processes.
    fn message_news(&self) -> watch::Receiver<u64>;

    /// Takes or keeps the turn at a source that one process at a time brings messages from, for so long. `false` if
    /// another has it.
    async fn hold_source(&self, source: &str, holder: &WorkerId, ttl: Duration) -> Result<bool, StoreError>;

    /// Gives that turn up.
    async fn release_source(&self, source: &str, holder: &WorkerId) -> Result<(), StoreError>;

    /// Notes how far a mailbox was seen through.
    async fn mark_mailbox(&self, mailbox: &str, mark: &MailboxMark) -> Result<(), StoreError>;

    /// What was noted last, by whatever process.
    async fn mailbox_mark(&self, mailbox: &str) -> Result<Option<MailboxMark>, StoreError>;
}
