use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::response::sse::Event;
use futures::StreamExt as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::given;
use super::shapes::Attempt;
use crate::store::{AttemptRow, LogQuery};
use crate::web::asked::{Path, Query, with_sign};
use crate::web::events;
use crate::web::guard::MayRead;
use crate::web::problem::Problem;
use crate::web::site::Site;

/// The most attempts of an answer.
const MOST: u32 = 500;

/// Which attempts are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Of accounts of this app.
    app: Option<String>,
    /// Of this account, `app/name`.
    #[param(pattern = "^[a-z0-9-]{1,64}/[A-Za-z0-9._@+-]{1,64}$")]
    account: Option<String>,
    /// Of this job.
    job: Option<Uuid>,
    /// With this outcome, or one of several with commas between them; `failed` is all but those that succeeded or were
    /// interrupted.
    #[param(
        pattern = "^(failed|succeeded|rejected|retry_later|needs_human|interrupted|unknown)(,(failed|succeeded|rejected|retry_later|needs_human|interrupted|unknown))*$"
    )]
    outcome: Option<String>,
    /// Of jobs of this kind.
    #[param(pattern = "^(verify_login|enrol_mfa|change_password|set_contact|reconcile)$")]
    kind: Option<String>,
    /// With this code.
    code: Option<String>,
    /// Of jobs that they asked for.
    requested_by: Option<String>,
    /// Begun then or later.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<String>,
    /// Begun before.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<String>,
    /// Only those before this place in the log: the next page.
    before: Option<i64>,
    /// At most so many, 1 to 500; 50 unless it is said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

impl Wanted {
    fn query(self) -> Result<LogQuery, Problem> {
        Ok(LogQuery {
            job: self.job,
            app: self.app,
            account: given::read("account", self.account, given::ACCOUNT)?,
            outcomes: super::outcomes(self.outcome.as_deref())?,
            kind: given::kind(self.kind)?,
            code: given::code(self.code)?,
            requested_by: self.requested_by,
            since: time("since", self.since)?,
            until: time("until", self.until)?,
            limit: given::limit(self.limit, MOST)?,
            before: self.before,
            ..LogQuery::default()
        })
    }
}

fn time(name: &str, text: Option<String>) -> Result<Option<Timestamp>, Problem> {
    let wrong = |text: &str| {
        Problem::bad_request(format!(
            "`{name}` is no time: `{text}`; write it as RFC 3339 has it, 2026-05-31T08:00:00Z"
        ))
    };
    text.map(|text| with_sign(&text).parse().map_err(|_| wrong(&text))).transpose()
}

/// Attempts, the newest first.
#[derive(Serialize, ToSchema)]
pub struct Attempts {
    attempts: Vec<Attempt>,
    /// What `before` is for the next page; null if there is none. A page may hold fewer than were asked for, even none, and
    /// have a next one: where several conditions are given, only so many attempts are looked at for a page.
    next: Option<i64>,
}

/// List attempts
///
/// The automation log, newest first, in pages that do not shift. Needs the scope `read`.
#[utoipa::path(
    get, path = "/api/v1/attempts", tag = "log", params(Wanted),
    responses(
        (status = 200, body = Attempts),
    ),
)]
pub async fn list(
    MayRead(caller): MayRead,
    State(site): State<Arc<Site>>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Attempts>, Problem> {
    let query = wanted.query()?;
    let page = site.view(&caller).log_page(&query).await?;
    Ok(Json(Attempts { attempts: page.rows.iter().map(Attempt::of).collect(), next: page.next }))
}

/// Show an attempt with its steps
///
/// Needs the scope `read`.
#[utoipa::path(
    get, path = "/api/v1/attempts/{id}", tag = "log",
    params(("id" = Uuid, Path, description = "the attempt")),
    responses(
        (status = 200, body = Attempt),
        (status = 404, description = "there is no such attempt", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn get(
    MayRead(caller): MayRead,
    State(site): State<Arc<Site>>,
    Path(id): Path<Uuid>,
) -> Result<Json<Attempt>, Problem> {
    let row = site.view(&caller).attempt(id).await?;
    let steps = site.store.log_steps(id).await?;
    Ok(Json(Attempt::with_steps(&row, &steps)))
}

/// Attempts as they begin and end
///
/// Server-sent events named `attempt`, each an attempt as JSON; `again` says that some were missed and the log is to be
/// read anew; `beat` comes every 4 s and says `well`, or `away` while the server cannot read its database. Needs the scope
/// `read`.
#[utoipa::path(
    get, path = "/api/v1/events", tag = "log", params(Followed),
    responses(
        (status = 200, description = "events, for as long as the connection lasts", content_type = "text/event-stream"),
    ),
)]
pub async fn events(
    MayRead(caller): MayRead,
    State(site): State<Arc<Site>>,
    Query(followed): Query<Followed>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let after = events::cursor(&headers, followed.after);
    let seen = site.view(&caller).seen().await?;
    let wants = move |row: &AttemptRow| {
        seen.has(&row.account)
            && followed.app.as_deref().is_none_or(|app| row.account.app() == app)
            && followed.job.is_none_or(|job| row.job == job)
    };
    let as_event = |row: &AttemptRow| {
        let json = serde_json::to_string(&Attempt::of(row)).unwrap_or_default();
        Event::default().event("attempt").id(row.changed.to_string()).data(json)
    };
    Ok(events::answer(&site, events::rows(&site, after, wants, as_event).await?.map(Ok)))
}

/// Which attempts are followed.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Followed {
    /// Of accounts of this app.
    app: Option<String>,
    /// Of this job.
    job: Option<Uuid>,
    /// First those that have changed since this event; `Last-Event-ID` says the same.
    after: Option<i64>,
}
