//! Where messages wait for the job that asked for them.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use uuid::Uuid;

use super::message::Message;
use super::ticket::{Request, Ticket};

/// Bounds of what the inbox keeps.
#[derive(Debug, Clone, Copy)]
pub struct InboxLimits {
    /// Messages for one address; the oldest goes first.
    pub per_address: usize,
    /// Messages in all.
    pub messages: usize,
    /// Bytes in all.
    pub bytes: usize,
    /// How long a message is kept.
    pub retention: SignedDuration,
}

impl Default for InboxLimits {
    fn default() -> Self {
        Self {
            per_address: 20,
            messages: 1000,
            bytes: 32 * 1024 * 1024,
            retention: SignedDuration::from_mins(15),
        }
    }
}

/// Why a request was not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestRefused {
    /// One address, one request: else codes could cross.
    #[error("{address} has an open request already, of job {job}: let that job end first")]
    AddressInUse {
        /// The address.
        address: String,
        /// Whose request it is.
        job: Uuid,
    },
}

/// The messages of all managed addresses, and the requests that wait for codes and links in them. Clones share it.
#[derive(Clone, Default)]
pub struct Inbox {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    limits: InboxLimits,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By address, oldest first.
    messages: HashMap<String, VecDeque<Message>>,
    requests: HashMap<String, Waiting>,
}

struct Waiting {
    job: Uuid,
    arrival: Arc<Notify>,
}

impl Inbox {
    /// An empty inbox.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty inbox with other bounds.
    #[must_use]
    pub fn with_limits(limits: InboxLimits) -> Self {
        let state = Mutex::default();
        Self { shared: Arc::new(Shared { limits, state }) }
    }

    /// Takes in a message for the address of its envelope, and wakes whoever waits for it.
    pub fn deliver(&self, message: Message) {
        let address = folded(&message.recipient);
        let limits = self.shared.limits;
        let mut state = self.lock();
        state.forget_before(Timestamp::now(), limits.retention);
        let waiting = state.messages.entry(address.clone()).or_default();
        waiting.push_back(message);
        while waiting.len() > limits.per_address {
            waiting.pop_front();
        }
        state.shrink(limits.messages, limits.bytes);
        if let Some(request) = state.requests.get(&address) {
            request.arrival.notify_one();
        }
    }

    /// Opens a request. It is closed when the ticket is dropped.
    ///
    /// # Errors
    /// When the address has an open request already.
    pub fn request<S>(&self, request: Request<S>) -> Result<Ticket<S>, RequestRefused> {
        let address = folded(&request.address);
        let mut state = self.lock();
        if let Some(open) = state.requests.get(&address) {
            return Err(RequestRefused::AddressInUse { address: request.address, job: open.job });
        }
        let arrival = Arc::new(Notify::new());
        let waiting = Waiting { job: request.job, arrival: Arc::clone(&arrival) };
        state.requests.insert(address.clone(), waiting);
        drop(state);
        Ok(Ticket { inbox: self.clone(), request, address, arrival, without: 0, doubtful: None })
    }

    /// How many messages wait, for whatever address.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.lock().messages.values().map(VecDeque::len).sum()
    }

    /// Takes out all that waits for an address.
    pub(super) fn take(&self, address: &str) -> VecDeque<Message> {
        self.lock().messages.remove(address).unwrap_or_default()
    }

    /// Closes the request of an address.
    pub(super) fn close(&self, address: &str) {
        self.lock().requests.remove(address);
    }

    /// What holds the lock never panics half-way through a change, so that the state is sound in any case.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").field("waiting", &self.waiting()).finish_non_exhaustive()
    }
}

impl State {
    fn forget_before(&mut self, now: Timestamp, retention: SignedDuration) {
        for messages in self.messages.values_mut() {
            messages.retain(|message| now.duration_since(message.received_at) <= retention);
        }
        self.messages.retain(|_, messages| !messages.is_empty());
    }

    fn shrink(&mut self, most: usize, bytes: usize) {
        loop {
            let all = || self.messages.values().flatten();
            if all().count() <= most && all().map(Message::size).sum::<usize>() <= bytes {
                return;
            }
            let oldest =
                self.messages.iter().min_by_key(|(_, messages)| messages.front().map(|m| m.received_at));
            let Some(address) = oldest.map(|(address, _)| address.clone()) else { return };
            if let Some(messages) = self.messages.get_mut(&address) {
                messages.pop_front();
                if messages.is_empty() {
                    self.messages.remove(&address);
                }
            }
        }
    }
}

/// Apps change the case of addresses freely; nothing else of an address is folded.
fn folded(address: &str) -> String {
    address.trim().to_lowercase()
}
