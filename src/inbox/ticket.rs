//! A job's open request: what it asks for, and how it waits for the message that has it.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use super::desk::{Inbox, LOOK, QUIET, RequestRefused};
use super::extract::{Ambiguous, ExtractHints};
use super::links::{AmbiguousLink, LinkHints, MailedLink};
use super::message::Message;
use super::received::Received;
use super::sender::Senders;
use crate::job::AccountRef;
use crate::store::{Fence, NewRequest, Requested, StoreError, folded};

/// A request outlasts its deadline by this, for the answer that comes at the last moment.
const SLACK: Duration = Duration::from_secs(5);

/// What a job asks for. Open the request as soon as it is known what the app was asked to send.
#[derive(Debug, Clone)]
pub struct Request<S> {
    /// The job.
    pub job: Uuid,
    /// The account.
    pub account: AccountRef,
    /// By which the job holds the account, if it does: one that has lost it gets no code.
    pub fence: Option<Fence>,
    /// The account's managed address or number.
    pub address: String,
    /// When the app was asked, as this process's clock goes. Nothing that came before counts.
    pub asked_at: Instant,
    /// Nothing that was sent before counts either, by the sender's own clock: of several codes the last is the one.
    pub sent_after: Option<Timestamp>,
    /// From whom it has to be.
    pub senders: Senders,
    /// What is known of what is asked for.
    pub hints: S,
}

/// A job asks for a code.
pub type CodeRequest = Request<ExtractHints>;
/// A job asks for a link.
pub type LinkRequest = Request<LinkHints>;

/// A job's open request.
pub struct Ticket<S> {
    inbox: Inbox,
    request: Request<S>,
    /// The row that is open for it, if there is one.
    row: Option<Uuid>,
    news: watch::Receiver<u64>,
    /// Messages that had nothing of what is asked for.
    without: HashSet<Uuid>,
    /// A message had this many that could be it.
    doubtful: Option<usize>,
    /// Why a message did not count that had come.
    objection: Option<String>,
}

/// An open request for a code.
pub type CodeTicket = Ticket<ExtractHints>;
/// An open request for a link.
pub type LinkTicket = Ticket<LinkHints>;

/// What a message has that answers a request.
#[derive(Debug)]
pub struct Answer<T> {
    /// The code, or the link.
    pub found: T,
    /// The request that it answered: by which it is told that the app did not take it.
    pub request: Uuid,
    /// When the message was sent, by the sender's clock.
    pub sent_at: Option<Timestamp>,
}

/// Why there is no code.
#[derive(Debug, thiserror::Error)]
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
    /// Messages came, but not from whom they have to be.
    #[error("a message came for {address}, but it does not count: {objection}")]
    Objected {
        /// The address.
        address: String,
        /// Why not.
        objection: String,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
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
#[derive(Debug, thiserror::Error)]
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
    /// Messages came, but not from whom they have to be.
    #[error("a message came for {address}, but it does not count: {objection}")]
    Objected {
        /// The address.
        address: String,
        /// Why not.
        objection: String,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
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
    Objected(String),
    Doubtful(usize),
    Store(StoreError),
}

impl CodeTicket {
    /// The next code: of a message to exactly this address that came after the app was asked, from whom it has to be.
    /// The message is taken. When several wait, the one that was sent last is, since an app that sends again voids what
    /// it sent before. Asked again, it opens a request anew.
    ///
    /// # Errors
    /// When the deadline passes without one.
    pub async fn next_code(&mut self, deadline: Instant) -> Result<Answer<SecretString>, CodeNotReceived> {
        let read = |message: &Message, hints: &ExtractHints| match message.code(hints) {
            Ok(found) => Ok(found.map(|found| found.code)),
            Err(ambiguous) => Err(ambiguous.candidates),
        };
        let address = self.request.address.clone();
        self.next(deadline, read).await.map_err(|missed| match missed {
            Missed::Nothing => CodeNotReceived::Nothing { address },
            Missed::Without(messages) => CodeNotReceived::NoCode { address, messages },
            Missed::Objected(objection) => CodeNotReceived::Objected { address, objection },
            Missed::Doubtful(candidates) => {
                CodeNotReceived::Ambiguous { address, ambiguous: Ambiguous { candidates } }
            }
            Missed::Store(error) => CodeNotReceived::Store(error),
        })
    }
}

impl LinkTicket {
    /// The next link to the app, of a message as [`CodeTicket::next_code`] takes one.
    ///
    /// # Errors
    /// When the deadline passes without one.
    pub async fn next_link(&mut self, deadline: Instant) -> Result<Answer<MailedLink>, LinkNotReceived> {
        let read =
            |message: &Message, hints: &LinkHints| message.link(hints).map_err(|ambiguous| ambiguous.links);
        let address = self.request.address.clone();
        self.next(deadline, read).await.map_err(|missed| match missed {
            Missed::Nothing => LinkNotReceived::Nothing { address },
            Missed::Without(messages) => LinkNotReceived::NoLink { address, messages },
            Missed::Objected(objection) => LinkNotReceived::Objected { address, objection },
            Missed::Doubtful(links) => {
                LinkNotReceived::Ambiguous { address, ambiguous: AmbiguousLink { links } }
            }
            Missed::Store(error) => LinkNotReceived::Store(error),
        })
    }
}

impl<S> Ticket<S> {
    pub(super) fn new(inbox: Inbox, request: Request<S>) -> Self {
        let news = inbox.store.message_news();
        Self { inbox, request, row: None, news, without: HashSet::new(), doubtful: None, objection: None }
    }

    /// Opens a row for the request, which stands until a little after the deadline.
    pub(super) async fn open(&mut self, deadline: Instant) -> Result<(), RequestRefused> {
        let now = Instant::now();
        let id = Uuid::now_v7();
        let new = NewRequest {
            id,
            job: self.request.job,
            account: self.request.account.clone(),
            address: folded(&self.request.address),
            senders: self.request.senders.to_string(),
            // Stored times are whole milliseconds, told down.
            age: now.saturating_duration_since(self.request.asked_at) + Duration::from_millis(1),
            lasts: deadline.saturating_duration_since(now) + SLACK,
            quiet: QUIET,
        };
        match self.inbox.store.open_request(&new, self.request.fence.as_ref()).await? {
            Requested::Open => {
                self.row = Some(id);
                Ok(())
            }
            Requested::InUse { job } => {
                Err(RequestRefused::AddressInUse { address: self.request.address.clone(), job })
            }
            Requested::Unsettled { job } => {
                Err(RequestRefused::Unsettled { address: self.request.address.clone(), job })
            }
        }
    }

    /// Ends the request of which it is known that no message is under way for it: one that was never sent, or that
    /// another request waits for from now on.
    pub async fn settle(mut self) {
        let Some(row) = self.row.take() else { return };
        // Else the address is kept quiet for a while.
        if let Err(error) = self.inbox.store.settle_request(row).await {
            tracing::debug!(%error, "a request could not be settled");
        }
    }

    /// Waits for a message in which `read` finds what is asked for; where several could be it, it says how many.
    async fn next<T>(
        &mut self,
        deadline: Instant,
        read: impl Fn(&Message, &S) -> Result<Option<T>, usize>,
    ) -> Result<Answer<T>, Missed> {
        let row = match self.row {
            Some(row) => row,
            None => {
                self.open(deadline).await.map_err(|refused| match refused {
                    RequestRefused::Store(error) => Missed::Store(error),
                    RequestRefused::AddressInUse { .. } | RequestRefused::Unsettled { .. } => {
                        Missed::Objected(refused.to_string())
                    }
                })?;
                self.row.ok_or(Missed::Nothing)?
            }
        };
        loop {
            // What comes between the look and the wait is not missed.
            self.news.mark_unchanged();
            match self.look(row, &read).await {
                Ok(Some(answer)) => {
                    self.row = None;
                    self.without.clear();
                    (self.doubtful, self.objection) = (None, None);
                    return Ok(answer);
                }
                Ok(None) => {}
                Err(error) if Instant::now() >= deadline => return Err(Missed::Store(error)),
                Err(error) => tracing::debug!(%error, "the inbox could not be looked at"),
            }
            if Instant::now() >= deadline {
                return Err(self.missed());
            }
            let _ = timeout_at(deadline.min(Instant::now() + LOOK), self.news.changed()).await;
        }
    }

    /// Takes the message that answers the request, if one has come.
    async fn look<T>(
        &mut self,
        row: Uuid,
        read: &impl Fn(&Message, &S) -> Result<Option<T>, usize>,
    ) -> Result<Option<Answer<T>>, StoreError> {
        let rows = self.inbox.store.messages_for(row).await?;
        let mut waiting: Vec<(Uuid, i64, Received)> = rows
            .iter()
            .filter(|row| !self.without.contains(&row.id))
            .filter_map(|row| Some((row.id, row.seq, self.inbox.read(row)?)))
            .collect();
        // The one that was sent last, if all say when; else the one that came last.
        if waiting.iter().all(|(_, _, received)| received.sent_at.is_some()) {
            waiting.sort_by_key(|(_, seq, received)| Reverse((received.sent_at, *seq)));
        }
        for (id, _, Received { message, sender, sent_at }) in waiting {
            if self.request.sent_after.is_some_and(|after| sent_at.is_some_and(|at| at < after)) {
                self.without.insert(id);
                continue;
            }
            if let Some(objection) = self.request.senders.object(&sender) {
                self.objection = Some(objection);
                self.without.insert(id);
                continue;
            }
            match read(&message, &self.request.hints) {
                Ok(Some(found)) => {
                    if self.inbox.store.claim_message(row, id).await? {
                        return Ok(Some(Answer { found, request: row, sent_at }));
                    }
                }
                Ok(None) => {
                    self.without.insert(id);
                }
                Err(several) => {
                    self.doubtful = Some(several);
                    self.without.insert(id);
                }
            }
        }
        Ok(None)
    }

    fn missed(&mut self) -> Missed {
        match (self.doubtful, self.objection.take()) {
            (Some(several), _) => Missed::Doubtful(several),
            (None, Some(objection)) => Missed::Objected(objection),
            (None, None) if !self.without.is_empty() => Missed::Without(self.without.len()),
            (None, None) => Missed::Nothing,
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
        let (Some(row), Ok(runtime)) = (self.row, tokio::runtime::Handle::try_current()) else { return };
        let store = self.inbox.store.clone();
        // Where this comes too late, the account's next request closes it, or its time is over.
        runtime.spawn(async move {
            if let Err(error) = store.close_request(row).await {
                tracing::debug!(%error, "a request could not be closed");
            }
        });
    }
}
