//! Where messages wait for the job that asked for them.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;

use super::extract::{Ambiguous, ExtractHints};
use super::message::Message;

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

/// What a job asks for. Open the request before the click that makes the app send the code.
#[derive(Debug, Clone)]
pub struct CodeRequest {
    /// The job.
    pub job: Uuid,
    /// The account's managed address.
    pub address: String,
    /// Nothing that came before counts.
    pub asked_at: Timestamp,
    /// What is known of the code.
    pub hints: ExtractHints,
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
    #[error("a message came for {address}, but {ambiguous}: say in the playbook what the code looks like")]
    Ambiguous {
        /// The address.
        address: String,
        /// How many.
        ambiguous: Ambiguous,
    },
}

/// The messages of all managed addresses, and the requests that wait for codes in them. Clones share it.
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
    pub fn request(&self, request: CodeRequest) -> Result<CodeTicket, RequestRefused> {
        let address = folded(&request.address);
        let mut state = self.lock();
        if let Some(open) = state.requests.get(&address) {
            return Err(RequestRefused::AddressInUse { address: request.address, job: open.job });
        }
        let arrival = Arc::new(Notify::new());
        let waiting = Waiting { job: request.job, arrival: Arc::clone(&arrival) };
        state.requests.insert(address.clone(), waiting);
        drop(state);
        Ok(CodeTicket { inbox: self.clone(), request, address, arrival, without_code: 0, ambiguous: None })
    }

    /// How many messages wait, for whatever address.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.lock().messages.values().map(VecDeque::len).sum()
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

/// A job's open request.
pub struct CodeTicket {
    inbox: Inbox,
    request: CodeRequest,
    address: String,
    arrival: Arc<Notify>,
    without_code: usize,
    ambiguous: Option<Ambiguous>,
}

impl CodeTicket {
    /// The next code: of a message to exactly this address that came after the job asked. The message is
    /// consumed. When several wait, the newest is taken and the older ones are dropped, since an app that
    /// sends again voids what it sent before. Asked again, it waits for a message that came later.
    ///
    /// # Errors
    /// When the deadline passes without one.
    pub async fn next_code(&mut self, deadline: Instant) -> Result<SecretString, CodeNotReceived> {
        let arrival = Arc::clone(&self.arrival);
        loop {
            // `notify_one` leaves a permit, so that what arrives between the look and the wait is not missed.
            if let Some(code) = self.look() {
                self.without_code = 0;
                self.ambiguous = None;
                return Ok(code);
            }
            if tokio::time::timeout_at(deadline, arrival.notified()).await.is_err() {
                return self.look().ok_or_else(|| self.explain());
            }
        }
    }

    /// Consumes what has come so far.
    fn look(&mut self) -> Option<SecretString> {
        let mut messages = self.inbox.lock().messages.remove(&self.address).unwrap_or_default();
        while let Some(message) = messages.pop_back() {
            if message.received_at < self.request.asked_at {
                continue;
            }
            match message.code(&self.request.hints) {
                Ok(Some(found)) => return Some(found.code),
                Ok(None) => self.without_code += 1,
                Err(ambiguous) => self.ambiguous = Some(ambiguous),
            }
        }
        None
    }

    fn explain(&self) -> CodeNotReceived {
        let address = self.request.address.clone();
        match self.ambiguous {
            Some(ambiguous) => CodeNotReceived::Ambiguous { address, ambiguous },
            None if self.without_code > 0 => CodeNotReceived::NoCode { address, messages: self.without_code },
            None => CodeNotReceived::Nothing { address },
        }
    }
}

impl fmt::Debug for CodeTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeTicket").field("request", &self.request).finish_non_exhaustive()
    }
}

impl Drop for CodeTicket {
    fn drop(&mut self) {
        self.inbox.lock().requests.remove(&self.address);
    }
}

/// Apps change the case of addresses freely; nothing else of an address is folded.
fn folded(address: &str) -> String {
    address.trim().to_lowercase()
}
