use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::shapes::millis;
use crate::store::Breaker;
use crate::web::apps;
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
    /// Of the last attempts, at most 200 and those that were interrupted aside, so many ended.
    attempts: usize,
    /// So many of them succeeded.
    succeeded: usize,
    /// By kind of job, how long half of those that succeeded took at most, in milliseconds.
    median_ms: BTreeMap<&'static str, u64>,
    /// The SHA-256 of the playbook's text that the last attempt was made with.
    playbook_hash: Option<String>,
    /// Since when it is that one, as far back as the last attempts reach.
    playbook_since: Option<String>,
}

/// List apps
///
/// Those for which this server has a playbook, and those that have jobs, trouble or a canary. Needs the scope `read`, and a token that is good for all accounts.
#[utoipa::path(
    get, path = "/api/v1/apps", tag = "fleet",
    responses(
        (status = 200, body = Vec<App>),
    ),
)]
pub async fn apps(_may: MayReadAll, State(site): State<Arc<Site>>) -> Result<Json<Vec<App>>, Problem> {
    let rows = apps::all(&site).await?.into_iter().map(|apps::App { row, canaries, record }| {
        let failing = canaries.iter().filter(|canary| !canary.is_well());
        let failing = failing.map(|canary| canary.last.flow.clone()).collect();
        let canary_fails = (!canaries.is_empty()).then_some(failing);
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
            attempts: record.ended,
            succeeded: record.succeeded,
            median_ms: record.medians.into_iter().map(|(kind, median)| (kind, millis(median))).collect(),
            playbook_hash: record.playbook.as_ref().map(|(hash, _)| hash.clone()),
            playbook_since: record.playbook.map(|(_, since)| since.to_string()),
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
    ),
)]
pub async fn workers(_may: MayReadAll, State(site): State<Arc<Site>>) -> Result<Json<Vec<Worker>>, Problem> {
    let rows = site.workers().await?.into_iter().map(|row| Worker {
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
