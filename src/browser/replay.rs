//! Showing pages that were kept, at their own addresses, without the app and without a network: the browser asks, and
//! Turnlock answers.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::connection::{Connection, SessionId};
use super::error::PageError;
use super::page::Page;
use super::protocol::{EnableFetch, FailRequest, FulfillRequest, Header};

const CALL: Duration = Duration::from_secs(20);

/// The documents that are shown, by their whole addresses. Whatever else a page asks for it does not get.
#[derive(Debug, Clone, Default)]
pub struct Replay {
    documents: HashMap<String, (u16, String)>,
}

/// `Fetch.requestPaused`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestPaused {
    pub request_id: String,
    pub request: Request,
    pub resource_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    pub url: String,
    pub method: String,
    /// May hold secrets.
    pub post_data: Option<String>,
    /// There is one, shown or not.
    #[serde(default)]
    pub has_post_data: bool,
}

/// Has the requests of a session asked about; sent at once.
pub(super) fn begin(connection: &Connection, session: &SessionId) {
    // It is ordered before whatever the session does next, and a session that is gone asks for nothing.
    tokio::spawn(connection.call(session, &EnableFetch { handle_auth_requests: false }, CALL));
}

impl Replay {
    /// Shows this document at that address.
    pub fn insert(&mut self, url: String, status: u16, html: String) {
        self.documents.insert(url, (status, html));
    }

    /// Answers what a page asks for.
    pub(super) fn answer(&self, connection: &Connection, session: &SessionId, paused: RequestPaused) {
        let RequestPaused { request_id, request: Request { url, method, .. }, resource_type } = paused;
        let document =
            (resource_type == "Document" && method == "GET").then(|| self.documents.get(&url)).flatten();
        let Some((status, html)) = document else {
            let fail = FailRequest { request_id, error_reason: "BlockedByClient" };
            tokio::spawn(connection.call(session, &fail, CALL));
            return;
        };
        let header = |name, value| Header { name, value };
        let fulfill = FulfillRequest {
            request_id,
            response_code: if *status == 0 { 200 } else { *status },
            response_headers: vec![
                header("Content-Type", "text/html; charset=utf-8"),
                header(
                    "Content-Security-Policy",
                    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src *; base-uri 'none'",
                ),
            ],
            body: STANDARD.encode(html),
        };
        tokio::spawn(connection.call(session, &fulfill, CALL));
    }
}

impl Page {
    /// From now on shows these documents, and nothing of the network.
    ///
    /// # Errors
    /// If the browser is gone.
    pub async fn replay(&self, replay: Replay) -> Result<(), PageError> {
        self.state.replay(replay);
        let enabled =
            self.connection.call(&self.session, &EnableFetch { handle_auth_requests: false }, CALL).await;
        enabled.map(|_| ()).map_err(|error| self.failure(error))
    }
}
