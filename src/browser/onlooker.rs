//! Looking at an app without changing anything there: what a click would send is held back by the browser, whatever the
//! words on the button were. So is what a page would send, by itself or not, once a rehearsal has typed a new credential.
//!
//! A page that is opened may send what it sends to everybody who comes by. From then on only what reads goes through, and what
//! the page has sent by itself before: many ask for their data by `POST`. What goes over a WebSocket is not seen here, nor what
//! a window sends, which a page can be kept from opening ([`super::Options::windows`]).

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tokio::sync::Notify;
use tokio::time::Instant;
use url::Url;

use super::connection::{Connection, SessionId};
use super::error::BrowserError;
use super::page::Page;
use super::protocol::{AddScript, ContinueRequest, ContinueWithAuth, EnableFetch, FailRequest};
use super::replay::RequestPaused;

/// Pages find no workers that outlive them or serve several of them: nobody sees what those send. Many browsers have none.
const NO_WORKERS: &str = "delete window.SharedWorker; delete Navigator.prototype.serviceWorker;";

const CALL: Duration = Duration::from_secs(20);

/// What a page may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sends {
    /// Whatever it likes.
    #[default]
    All,
    /// What reads, and what it has sent by itself before.
    Known,
    /// What it has sent or asked for by itself before, and what its scripts are made of.
    Nothing,
}

/// What a page was not let send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBack {
    /// `POST /path`. Paths may tell of the account.
    pub what: String,
    /// It would have brought another document: a form, most likely.
    pub form: bool,
    /// It told a secret, as far as that can be read: see [`Page::look_on`].
    pub tells: bool,
}

/// Whether a text tells a secret.
pub type Tells = fn(&str) -> bool;

/// What a page has sent, and what it was not let.
pub(super) struct Onlooker {
    inner: Mutex<Inner>,
    tells: Tells,
    /// Something was held back.
    held: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    sends: Sends,
    /// What the page sends by itself.
    known: HashSet<String>,
    /// What was held back.
    held: Vec<HeldBack>,
    /// A document was asked for that only a name and a password in the browser's own dialog would open.
    challenged: bool,
}

/// `Fetch.authRequired`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuthRequired {
    pub request_id: String,
    pub resource_type: String,
}

impl Onlooker {
    fn new(tells: Tells) -> Self {
        Self { inner: Mutex::default(), tells, held: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a request through, or not.
    pub(super) fn answer(&self, connection: &Connection, session: &SessionId, paused: RequestPaused) {
        let through = self.lets_through(&paused);
        let request_id = paused.request_id;
        if through {
            tokio::spawn(connection.call(session, &ContinueRequest { request_id }, CALL));
        } else {
            // The page stays as it is: anything else would show an error in its place.
            let fail = FailRequest { request_id, error_reason: "Aborted" };
            tokio::spawn(connection.call(session, &fail, CALL));
        }
    }

    /// Has nobody to ask for a name and a password: what the app answers then is shown.
    pub(super) fn decline(&self, connection: &Connection, session: &SessionId, asked: AuthRequired) {
        self.lock().challenged |= asked.resource_type == "Document";
        let auth_challenge_response = json!({ "response": "CancelAuth" });
        let decline = ContinueWithAuth { request_id: asked.request_id, auth_challenge_response };
        tokio::spawn(connection.call(session, &decline, CALL));
    }

    fn lets_through(&self, paused: &RequestPaused) -> bool {
        let (method, kind) = (paused.request.method.as_str(), paused.resource_type.as_str());
        let reads = matches!(method, "GET" | "HEAD" | "OPTIONS");
        let url = Url::parse(&paused.request.url).ok();
        let path = url.as_ref().map_or("", Url::path);
        let origin = url.as_ref().map(|url| url.origin().ascii_serialization()).unwrap_or_default();
        // GraphQL reads and writes at one address.
        let body = paused.request.post_data.as_deref();
        let writes = body.is_some_and(|body| body.contains("mutation"));
        let key = format!("{method} {origin}{path} {writes}");
        // A body that the browser does not show may be anything.
        let unseen = body.is_none() && paused.request.has_post_data;
        let mut inner = self.lock();
        let tells = inner.sends != Sends::All
            && (unseen || (self.tells)(&paused.request.url) || body.is_some_and(self.tells));
        let form = kind == "Document" && (!reads || tells);
        match inner.sends {
            Sends::All => {
                if !form && !writes {
                    inner.known.insert(key);
                }
                true
            }
            Sends::Known if reads && !tells => {
                inner.known.insert(key);
                true
            }
            Sends::Nothing if reads && !tells && matches!(kind, "Script" | "Stylesheet" | "Font") => true,
            Sends::Nothing if kind != "Document" && !tells && inner.known.contains(&key) => true,
            Sends::Known if !form && !tells && inner.known.contains(&key) => true,
            Sends::Known | Sends::Nothing => {
                // What tells how the app is used goes unsaid.
                if kind != "Ping" || tells {
                    inner.held.push(HeldBack { what: format!("{method} {path}"), form, tells });
                    self.held.notify_one();
                }
                false
            }
        }
    }
}

/// Has the requests of a session asked about, and keeps its documents from what would be asked for elsewhere. Sent at once; the
/// future awaits the answers.
pub(super) fn begin(
    connection: &Connection,
    session: &SessionId,
) -> impl Future<Output = Result<(), BrowserError>> + Send + use<> {
    let without = AddScript { source: NO_WORKERS, world_name: "", run_immediately: true };
    let without = connection.call(session, &without, CALL);
    let enabled = connection.call(session, &EnableFetch { handle_auth_requests: true }, CALL);
    async move {
        let (without, enabled) = futures::join!(without, enabled);
        without.and(enabled.map(drop))
    }
}

impl Page {
    /// From now on what the page sends can be held back, see [`Page::let_send`]: also what would go through, where it `tells` a
    /// secret.
    ///
    /// # Errors
    /// If the browser is gone.
    pub async fn look_on(&self, tells: Tells) -> Result<(), BrowserError> {
        self.state.look_on(Arc::new(Onlooker::new(tells)));
        begin(&self.connection, &self.session).await
    }

    /// What the page may send from now on, once [`Page::look_on`] was called. What was held back before is forgotten: it was
    /// another click's.
    pub fn let_send(&self, sends: Sends) {
        if let Some(onlooker) = self.state.onlooker() {
            let mut inner = onlooker.lock();
            inner.sends = sends;
            inner.held.clear();
        }
    }

    /// Whether a page was asked for since the last question that the browser itself would ask a name and a password for: HTTP
    /// authentication.
    #[must_use]
    pub fn was_challenged(&self) -> bool {
        self.state.onlooker().is_some_and(|onlooker| std::mem::take(&mut onlooker.lock().challenged))
    }

    /// What was held back since then, or since the last question.
    #[must_use]
    pub fn held_back(&self) -> Vec<HeldBack> {
        self.state.onlooker().map(|onlooker| std::mem::take(&mut onlooker.lock().held)).unwrap_or_default()
    }

    /// The same, once something was held back or the time is over: what a page sends takes its time.
    pub async fn held_back_within(&self, time: Duration) -> Vec<HeldBack> {
        let until = Instant::now() + time;
        let Some(onlooker) = self.state.onlooker() else { return Vec::new() };
        loop {
            let held = self.held_back();
            if !held.is_empty() || tokio::time::timeout_at(until, onlooker.held.notified()).await.is_err() {
                return held;
            }
        }
    }
}
