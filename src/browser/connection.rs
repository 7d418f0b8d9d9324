//! One connection to one browser: calls in flight, and events handed to the session they belong to.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::{mpsc, oneshot};
use zeroize::Zeroizing;

use super::error::BrowserError;
use super::pipe::{Pipe, PipeReader, PipeWriter};
use super::protocol::Command;

/// No call waits longer than this for its answer, whatever its caller's deadline.
const LONGEST_CALL: Duration = Duration::from_secs(660);

/// The id of a CDP session; the empty one is the browser's own.
pub(super) type SessionId = Arc<str>;

/// Takes the events of a session, in the order in which the browser sent them and before any answer that
/// came after them is given to its caller. Must not block.
pub(super) trait EventSink: Send + Sync {
    /// An event; `params` stay JSON, so that one that a newer browser words differently costs nothing.
    fn event(&self, session: &SessionId, method: &str, params: &RawValue);
    /// The session is gone, and no event follows.
    fn detached(&self, session: &SessionId);
}

/// A handle on the connection; cheap to clone.
#[derive(Clone)]
pub(super) struct Connection {
    shared: Arc<Shared>,
}

struct Shared {
    next_id: AtomicU64,
    /// Commands may hold a secret on its way into the page, so they are wiped once written.
    outbox: mpsc::UnboundedSender<Zeroizing<Vec<u8>>>,
    calls: Mutex<HashMap<u64, Call>>,
    sinks: Mutex<HashMap<SessionId, Arc<dyn EventSink>>>,
    shut: AtomicBool,
}

struct Call {
    session: SessionId,
    reply: oneshot::Sender<Reply>,
}

type Reply = Result<Box<RawValue>, BrowserError>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Incoming<'a> {
    id: Option<u64>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    error: Option<ProtocolError>,
    method: Option<&'a str>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    session_id: Option<&'a str>,
}

#[derive(Deserialize)]
struct ProtocolError {
    message: String,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // The maps stay whole whatever panicked while they were held: each change is one call.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Connection {
    /// Starts the two tasks that read and write.
    pub fn start(pipe: Pipe) -> Self {
        let (outbox, messages) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            next_id: AtomicU64::new(1),
            outbox,
            calls: Mutex::default(),
            sinks: Mutex::default(),
            shut: AtomicBool::new(false),
        });
        tokio::spawn(write_all(pipe.writer, messages));
        tokio::spawn(read_all(pipe.reader, Arc::clone(&shared)));
        Self { shared }
    }

    /// Hands this session's events to `sink`.
    pub fn listen(&self, session: SessionId, sink: Arc<dyn EventSink>) {
        lock(&self.shared.sinks).insert(session, sink);
    }

    /// Rejects the calls in flight of a session that will not answer them.
    pub fn reject_calls(&self, session: &SessionId) {
        self.shared.reject_calls(session);
    }

    /// Whether the browser is gone.
    pub fn is_closed(&self) -> bool {
        self.shared.shut.load(Ordering::Acquire)
    }

    /// Sends a command at once and gives the future of its answer, so that several can be under way in order.
    pub fn call<C: Command>(
        &self,
        session: &SessionId,
        command: &C,
        within: Duration,
    ) -> impl Future<Output = Result<C::Answer, BrowserError>> + Send + use<C> {
        let sent = self.send(session, command);
        let shared = Arc::clone(&self.shared);
        async move {
            let (id, answer) = sent?;
            let answer = match tokio::time::timeout(within.min(LONGEST_CALL), answer).await {
                Err(_) => {
                    lock(&shared.calls).remove(&id);
                    return Err(BrowserError::NoAnswer { method: C::METHOD, after: within });
                }
                Ok(Err(_)) => return Err(BrowserError::Gone),
                Ok(Ok(answer)) => answer?,
            };
            serde_json::from_str(answer.get())
                .map_err(|error| BrowserError::Protocol { method: C::METHOD, message: error.to_string() })
        }
    }

    fn send<C: Command>(
        &self,
        session: &SessionId,
        command: &C,
    ) -> Result<(u64, oneshot::Receiver<Reply>), BrowserError> {
        #[derive(serde::Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Outgoing<'a, P> {
            id: u64,
            method: &'static str,
            params: &'a P,
            #[serde(skip_serializing_if = "str::is_empty")]
            session_id: &'a str,
        }
        let id = self.shared.next_id.fetch_add(1, Ordering::Relaxed);
        let message = Outgoing { id, method: C::METHOD, params: command, session_id: session };
        // Room for all that is commonly sent: a vector that grows leaves its old bytes behind unwiped.
        let mut bytes = Zeroizing::new(Vec::with_capacity(8 * 1024));
        serde_json::to_writer(&mut *bytes, &message)
            .map_err(|error| BrowserError::Protocol { method: C::METHOD, message: error.to_string() })?;
        bytes.push(0);
        let (reply, answer) = oneshot::channel();
        lock(&self.shared.calls).insert(id, Call { session: Arc::clone(session), reply });
        // Checked after the call was noted: either the closing task sees the call, or this sees the closing.
        if self.is_closed() || self.shared.outbox.send(bytes).is_err() {
            lock(&self.shared.calls).remove(&id);
            return Err(BrowserError::Gone);
        }
        Ok((id, answer))
    }
}

async fn write_all(mut writer: PipeWriter, mut messages: mpsc::UnboundedReceiver<Zeroizing<Vec<u8>>>) {
    while let Some(message) = messages.recv().await {
        if writer.send(&message).await.is_err() {
            return;
        }
    }
}

async fn read_all(mut reader: PipeReader, shared: Arc<Shared>) {
    let mut buffer = Vec::new();
    while let Ok(Some(message)) = reader.next(&mut buffer).await {
        match serde_json::from_slice::<Incoming<'_>>(message) {
            Ok(incoming) => shared.take(&incoming),
            Err(error) => tracing::warn!(%error, "the browser sent something that is no CDP message"),
        }
    }
    shared.close();
}

impl Shared {
    fn take(&self, incoming: &Incoming<'_>) {
        if let Some(id) = incoming.id {
            let Some(call) = lock(&self.calls).remove(&id) else { return };
            let answer = match (&incoming.error, incoming.result) {
                (Some(error), _) => Err(BrowserError::Refused { message: error.message.clone() }),
                (None, Some(result)) => Ok(result.to_owned()),
                (None, None) => Ok(RawValue::NULL.to_owned()),
            };
            // The caller may have given up meanwhile.
            let _ = call.reply.send(answer);
            return;
        }
        let (Some(method), Some(params)) = (incoming.method, incoming.params) else { return };
        if method == "Target.detachedFromTarget" {
            self.detach(params);
        }
        let session: SessionId = incoming.session_id.unwrap_or_default().into();
        let sink = lock(&self.sinks).get(&session).cloned();
        if let Some(sink) = sink {
            sink.event(&session, method, params);
        }
    }

    /// Rejects the calls in flight of a session that went away.
    fn detach(&self, params: &RawValue) {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Detached<'a> {
            session_id: &'a str,
        }
        let Ok(Detached { session_id }) = serde_json::from_str(params.get()) else { return };
        let sink = lock(&self.sinks).remove(session_id);
        self.reject_calls(session_id);
        if let Some(sink) = sink {
            sink.detached(&session_id.into());
        }
    }

    fn reject_calls(&self, session_id: &str) {
        let mut calls = lock(&self.calls);
        let gone: Vec<u64> =
            calls.iter().filter(|(_, call)| &*call.session == session_id).map(|(id, _)| *id).collect();
        let gone: Vec<Call> = gone.iter().filter_map(|id| calls.remove(id)).collect();
        drop(calls);
        for call in gone {
            let _ = call.reply.send(Err(BrowserError::SessionGone));
        }
    }

    fn close(&self) {
        self.shut.store(true, Ordering::Release);
        lock(&self.calls).clear();
        for (session, sink) in lock(&self.sinks).drain() {
            sink.detached(&session);
        }
    }
}
