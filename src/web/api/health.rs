use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::web::guard::MayRead;
use crate::web::problem::Problem;
use crate::web::site::Site;

/// A database that takes longer is none that pages can be served from.
const PATIENCE: Duration = Duration::from_secs(2);

/// The process serves.
pub async fn alive() -> &'static str {
    "alive\n"
}

/// And it can answer: the database does.
pub async fn ready(State(site): State<Arc<Site>>) -> (StatusCode, &'static str) {
    match is_ready(&site).await {
        true => (StatusCode::OK, "ready\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    }
}

async fn is_ready(site: &Site) -> bool {
    matches!(timeout(PATIENCE, site.store.now()).await, Ok(Ok(_)))
}

/// How the server is.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ready`: it serves, and its database answers.
    #[schema(example = "ready")]
    status: &'static str,
    /// Of the program.
    #[schema(example = "0.1.0")]
    version: &'static str,
}

/// How the server is
///
/// It serves, and its database answers; else the answer is 503. Probes without a token ask `/healthz` and `/readyz`. Needs the
/// scope `read`.
#[utoipa::path(
    get, path = "/api/v1/health", tag = "fleet",
    responses(
        (status = 200, body = Health),
    ),
)]
pub async fn health(_may: MayRead, State(site): State<Arc<Site>>) -> Result<Json<Health>, Problem> {
    match is_ready(&site).await {
        true => Ok(Json(Health { status: "ready", version: env!("CARGO_PKG_VERSION") })),
        false => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the database does not answer")),
    }
}
