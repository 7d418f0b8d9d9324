//! `/api/v1`: the same for programs, as JSON.

mod accounts;
mod answers;
mod attempts;
mod audit;
mod fleet;
mod given;
mod health;
mod job_list;
mod jobs;
mod queries;
mod questions;
mod retry;
mod shapes;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::metrics;
use super::problem::Problem;
use super::site::Site;
use crate::job::{Outcome, Outcomes, UnknownOutcome};

pub use accounts::{named, show_code, show_password};
pub use jobs::{cancel_job, requeue_job};
pub use retry::retry_job;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Turnlock",
        description = "Submit jobs, follow how they go, and see how apps, accounts and workers are. No answer holds a secret, but for those that are asked for one.",
        version = "1",
        license(name = "MIT"),
    ),
    modifiers(&Bearer),
    security(("token" = [])),
)]
struct Document;

/// Tokens are sent with each request.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        document.components.get_or_insert_default().add_security_scheme("token", scheme);
    }
}

/// The outcomes that a query names; none are all.
fn outcomes(named: Option<&str>) -> Result<Vec<Outcome>, Problem> {
    let wrong = |error: UnknownOutcome| {
        Problem::bad_request(format!("`outcome`: {error}; several with commas between them, or failed"))
    };
    named.map_or(Ok(Vec::new()), |named| named.parse::<Outcomes>().map(|all| all.0).map_err(wrong))
}

fn documented() -> OpenApiRouter<Arc<Site>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(jobs::submit, job_list::list))
        .routes(routes!(jobs::get))
        .routes(routes!(jobs::cancel))
        .routes(routes!(jobs::requeue))
        .routes(routes!(retry::retry))
        .routes(routes!(questions::answer))
        .routes(routes!(questions::list))
        .routes(routes!(attempts::list))
        .routes(routes!(attempts::get))
        .routes(routes!(attempts::events))
        .routes(routes!(accounts::list))
        .routes(routes!(accounts::reveal))
        .routes(routes!(accounts::totp))
        .routes(routes!(audit::list))
        .routes(routes!(fleet::apps))
        .routes(routes!(fleet::workers))
        .routes(routes!(health::health))
}

/// What callers who are known may ask.
pub fn routes() -> Router<Arc<Site>> {
    let (router, document) = documented().split_for_parts();
    let known = Arc::new(queries::Known::of(&document));
    router
        .route_layer(from_fn_with_state(known, queries::refuse_strange))
        .route("/metrics", get(metrics::page))
}

/// What anybody may: how the server is, and what the API looks like.
pub fn open_routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/api/v1/openapi.json", get(async || axum::Json(openapi())))
}

/// The OpenAPI document.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = documented().split_for_parts().1;
    answers::add_usual(&mut document);
    document
}
