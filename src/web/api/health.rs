use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use tokio::time::timeout;

use crate::web::site::Site;

/// A database that takes longer is none that pages can be served from.
const PATIENCE: Duration = Duration::from_secs(2);

/// The process serves.
pub async fn alive() -> &'static str {
    "alive\n"
}

/// And it can answer: the database does.
pub async fn ready(State(site): State<Arc<Site>>) -> (StatusCode, &'static str) {
    match timeout(PATIENCE, site.store.now()).await {
        Ok(Ok(_)) => (StatusCode::OK, "ready\n"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    }
}
