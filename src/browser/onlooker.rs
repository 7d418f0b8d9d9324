//! Looking at an app without changing anything there: what a click would send is held back by the browser, whatever the
//! words on the button were.
//!
//! A page that is opened may send what it sends to everybody who comes by. From the first click on only what reads goes
//! through, and what the page has sent by itself before: many ask for their data by `POST`. What goes over a WebSocket is not
//! seen here, nor what a window sends, which a page can be kept from opening ([`super::Options::windows`]).

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::connection::{Connection, SessionId};
use super::error::{BrowserError, PageError};
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

/// What a page has sent, and what it was not let.
#[derive(Debug, Default)]
pub(super) struct Onlooker {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    sends: Sends,
    /// What the page sends by itself.
    known: HashSet<String>,
    /// What was held back, as `POST /path`.
    held: Vec<String>,
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
        let body = paused.request.post_data.as_deref().unwrap_or_default();
        let key = format!("{method} {origin}{path} {}", body.contains("mutation"));
        let mut inner = self.lock();
        let form = kind == "Document" && !reads;
        match inner.sends {
            Sends::All => {
                if !form {
                    inner.known.insert(key);
                }
                true
            }
            Sends::Known if reads => {
                inner.known.insert(key);
                true
            }
            Sends::Nothing if reads && matches!(kind, "Script" | "Stylesheet" | "Font") => true,
            Sends::Nothing if kind != "Document" && inner.known.contains(&key) => true,
            Sends::Known if !form && inner.known.contains(&key) => true,
            Sends::Known | Sends::Nothing => {
                // What tells how the app is used goes unsaid.
                if kind != "Ping" {
                    inner.held.push(format!("{method} {path}"));
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
    /// From now on what the page sends can be held back, see [`Page::let_send`].
    ///
    /// # Errors
    /// If the browser is gone.
    pub async fn look_on(&self) -> Result<(), PageError> {
        self.state.look_on(Arc::default());
        begin(&self.connection, &self.session).await.map_err(|error| self.failure(error))
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

    /// What was held back since then, as `POST /path`. Paths may tell of the account.
    #[must_use]
    pub fn held_back(&self) -> Vec<String> {
        self.state.onlooker().map(|onlooker| std::mem::take(&mut onlooker.lock().held)).unwrap_or_default()
    }
}
