use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::Breaker;
use crate::web::guard::MayReadAll;
use crate::web::problem::Problem;
use crate::web::site::Site;

/// An app.
#[derive(Serialize, ToSchema)]
pub struct App {
    #[schema(example = "acme")]
    app: String,
    running: u32,
    waiting: u64,
    /// `closed`, `open` or `probing`
    #[schema(example = "closed")]
    breaker: &'static str,
    /// Attempts in a row that failed.
    failures: u32,
    /// The flows in which its canary fails; null if it has none.
    canary_fails: Option<Vec<String>>,
}

/// List apps
///
/// Needs the scope `read`, and a token that is good for all accounts.
#[utoipa::path(
    get, path = "/api/v1/apps", tag = "fleet",
    responses(
        (status = 200, body = Vec<App>),
        (status = 401, description = "no good token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "the token lacks the scope", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn apps(_may: MayReadAll, State(site): State<Arc<Site>>) -> Result<Json<Vec<App>>, Problem> {
    let canaries = site.store.canaries(None).await?;
    let rows = site.store.apps().await?.into_iter().map(|row| {
        let mut of = canaries.iter().filter(|canary| canary.last.account.app() == row.app).peekable();
        let canary_fails = of
            .peek()
            .is_some()
            .then(|| of.filter(|canary| !canary.is_well()).map(|canary| canary.last.flow.clone()).collect());
        App {
            running: row.running,
            waiting: row.waiting,
            breaker: match row.breaker {
                Breaker::Closed => "closed",
                Breaker::Open { probing: true, .. } => "probing",
                Breaker::Open { .. } => "open",
            },
            failures: row.failures,
            canary_fails,
            app: row.app,
        }
    });
    Ok(Json(rows.collect()))
}

/// A worker.
#[derive(Serialize, ToSchema)]
pub struct Worker {
    worker: String,
    version: String,
    slots: u32,
    busy: u32,
    /// `working` or `draining`
    #[schema(example = "working")]
    duty: &'static str,
    /// Nothing was heard of it for too long.
    gone: bool,
    started_at: String,
    beat_at: String,
}

/// List workers
///
/// Needs the scope `read`, and a token that is good for all accounts.
#[utoipa::path(
    get, path = "/api/v1/workers", tag = "fleet",
    responses(
        (status = 200, body = Vec<Worker>),
        (status = 401, description = "no good token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "the token lacks the scope", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn workers(_may: MayReadAll, State(site): State<Arc<Site>>) -> Result<Json<Vec<Worker>>, Problem> {
    let rows = site.store.workers().await?.into_iter().map(|row| Worker {
        worker: row.id.to_string(),
        version: row.version,
        slots: row.slots,
        busy: row.busy,
        duty: row.duty.as_str(),
        gone: row.gone,
        started_at: row.started_at.to_string(),
        beat_at: row.beat_at.to_string(),
    });
    Ok(Json(rows.collect()))
}
