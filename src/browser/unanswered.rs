//! What a page has asked its server since the last act and has no answer to yet: until then, what it shows may be there in
//! passing, as a *Sign out* that is drawn before it is known whether the password is right.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::events::Request;
use super::page::Page;

/// What a page is given to draw what it was answered.
const DRAWN: Duration = Duration::from_millis(150);

/// The requests that the document which was acted on has sent by scripts since then.
#[derive(Debug, Default)]
pub(super) struct Unanswered {
    /// Something was done, and no other document has come since.
    acted: bool,
    requests: HashSet<String>,
}

impl Unanswered {
    /// Something is done to the page.
    pub fn act(&mut self) {
        self.requests.clear();
        self.acted = true;
    }

    /// The page has another document: the server has answered what was done to the last one.
    pub fn replaced(&mut self) {
        *self = Self::default();
    }

    pub fn sent(&mut self, request: Request) {
        if self.acted && matches!(request.kind.as_deref(), Some("XHR" | "Fetch")) {
            self.requests.insert(request.request_id);
        }
    }

    /// Whether it matters what is sent.
    pub fn is_acted(&self) -> bool {
        self.acted
    }

    /// Whether something has no answer.
    pub fn is_awaited(&self) -> bool {
        !self.requests.is_empty()
    }

    /// The answer is there, or none will come; `None` if nobody asked for it.
    pub fn answered(&mut self, request: &str) -> Option<()> {
        self.requests.remove(request).then_some(())
    }

    pub fn requests(&self) -> &HashSet<String> {
        &self.requests
    }
}

/// Whether an answer of this type never ends: a page that listens waits for nothing.
pub(super) fn goes_on(mime_type: &str) -> bool {
    mime_type == "text/event-stream"
}

impl Page {
    /// Waits until the server has answered what the page has asked for by scripts since the last click, key or text, or until
    /// that time is up. `true` if there was something to wait for: the page may show something else now.
    ///
    /// A document that came in answer to what was done is an answer itself, and what is asked for later is not awaited: a page
    /// may ask for news for ever.
    pub async fn hear_answers(&self, within: Duration) -> bool {
        let asked = self.state.unanswered();
        if asked.is_empty() {
            return false;
        }
        let deadline = Instant::now() + within;
        let mut changes = self.state.subscribe();
        loop {
            changes.mark_unchanged();
            if self.state.unanswered().is_disjoint(&asked) || self.require_alive().is_err() {
                break;
            }
            if timeout_at(deadline, changes.changed()).await.is_err() {
                return true;
            }
        }
        tokio::time::sleep(DRAWN).await;
        true
    }
}
