use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::shapes::Job;
use crate::audit::{audited, audited_unless, entry, entry_of};
use crate::job::{Code, JobMessage, LARGEST, TraceParent, Verdict};
use crate::queue::QueueError;
use crate::store::{Cancelling, JobState, NewAudit, Requeueing, StoreError, Submitted};
use crate::web::answer::open_question;
use crate::web::asked::Path;
use crate::web::guard::{Caller, MayOperate, MayRead, MaySubmit};
use crate::web::job_id;
use crate::web::problem::Problem;
use crate::web::site::Site;

/// Who asks is said in so many characters at most, so that the token's name fits behind it.
const LONGEST_ASKER: usize = 300;

/// What is asked: the message that a queue takes too, without its id.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "it describes what JobMessage reads")]
pub struct Submission {
    kind: SubmissionKind,
    /// Of which account: `app/name`.
    #[schema(example = "acme/alice", pattern = "^[a-z0-9-]{1,64}/[A-Za-z0-9._@+-]{1,64}$")]
    account: String,
    /// Which jobs come first; `normal` unless it is said.
    priority: Option<SubmissionPriority>,
    /// Who asks, if not the token by itself.
    #[schema(max_length = 300, pattern = "^[^\\u0000]*$")]
    requested_by: Option<String>,
    /// Why, for the automation log.
    #[schema(max_length = 500, pattern = "^[^\\u0000]*$")]
    reason: Option<String>,
    /// Not before this time (RFC 3339), which is not more than ten years ahead.
    #[schema(format = DateTime, example = "2026-12-01T08:00:00Z")]
    not_before: Option<String>,
    /// How long one attempt may take, at most 20 minutes; 3 minutes unless it is said.
    #[schema(example = "90s", pattern = "^[1-9][0-9]{0,2}s$")]
    deadline: Option<String>,
    /// How long an attempt may wait for a person to give it a code that Turnlock cannot get by itself, at most 25 minutes
    /// together with the deadline; not at all unless it is said.
    #[schema(example = "10m", pattern = "^([1-9][0-9]{0,2}s|[1-9]m|1[0-9]m|2[0-2]m)$")]
    wait_for_human: Option<String>,
}

/// What is asked.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(dead_code, reason = "it describes what JobMessage reads")]
pub enum SubmissionKind {
    VerifyLogin,
    EnrolMfa,
    ChangePassword,
    SetContact,
    Reconcile,
}

/// Which jobs come first.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(dead_code, reason = "it describes what JobMessage reads")]
pub enum SubmissionPriority {
    High,
    Normal,
    Low,
}

/// Submit a job
///
/// The same request sent again, with the same `Idempotency-Key`, is the same job; one that asks for something else with that
/// key is refused: another kind, account, priority, reason, deadline, wait for a person or option. Who asks, and `not_before`, are not
/// compared. Needs the scope `submit`.
#[utoipa::path(
    post, path = "/api/v1/jobs", tag = "jobs", request_body = Submission,
    params(("traceparent" = Option<String>, Header, description = "the trace that the job belongs to, as W3C has it; one that is none is passed over"),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 200, pattern = "^[ -~]+$", description = "1 to 200 printable ASCII characters")),
    responses(
        (status = 201, description = "the job is queued", body = Job),
        (status = 200, description = "it was submitted before", body = Job),
        (status = 404, description = "there is no such account", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "the key was used for another job", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn submit(
    MaySubmit(caller): MaySubmit,
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let message = read(&caller, &headers, &body)?;
    let not_before = message.not_before;
    let mut job = message.into_job();
    job.trace = traced(&headers);
    site.view(&caller).may_do("job.submit", job.id, &job.account, job.kind).await?;
    // Not another submission, neither in the audit nor in the traces.
    if let Some(row) = site.store.job(job.id).await? {
        Submitted::again(&row.job, &job).map_err(|error| used_otherwise(&error))?;
        let location = [(header::LOCATION, format!("/api/v1/jobs/{}", job.id))];
        return Ok((StatusCode::OK, location, Json(Job::of(&row))).into_response());
    }
    let mut detail = format!("{} of {}", job.kind, job.account);
    if let Some(vault) = &site.reveal {
        let said = [job.requested_by.clone(), job.reason.clone()];
        job = vault.without_secrets(job).await?;
        // What is masked tells whoever has guessed that the guess was right: the owner is to see it.
        if said != [job.requested_by.clone(), job.reason.clone()] {
            detail.push_str("; what was said of it held a secret of the account");
        }
    }
    let entry = NewAudit {
        target: job.id.to_string(),
        detail: Some(detail),
        ..entry_of(&caller.name, "job.submit", &job.account)
    };
    let submission = site.tracer.submit(&mut job);
    let submitted = audited(site.store.as_ref(), entry, site.queue.submit(&job, not_before)).await;
    submission.ended(&submitted);
    let submitted = submitted.map_err(|error| match error {
        QueueError::Store(error @ (StoreError::OtherJob { .. } | StoreError::OtherWish { .. })) => {
            used_otherwise(&error)
        }
        error => error.into(),
    })?;
    let status = if submitted == Submitted::New { StatusCode::CREATED } else { StatusCode::OK };
    let location = [(header::LOCATION, format!("/api/v1/jobs/{}", job.id))];
    // The broker has it, and the database did not take its row: a worker writes that when it takes the message.
    let unseen = || {
        let what = format!("the job {} was submitted and is not to be seen yet: ask for it again", job.id);
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, what)
    };
    let row = site.store.job(job.id).await?.ok_or_else(unseen)?;
    Ok((status, location, Json(Job::of(&row))).into_response())
}

/// The job that the request asks for has the id of another.
fn used_otherwise(error: &StoreError) -> Problem {
    let what = match error {
        StoreError::OtherJob { kind, account, .. } => format!("{kind} of {account}"),
        StoreError::OtherWish { what, .. } => format!("a job with another `{what}`"),
        other => other.to_string(),
    };
    Problem::new(StatusCode::CONFLICT, format!("this Idempotency-Key was used for {what}"))
}

/// The key that the request carries, if it carries one.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<job_id::Key<'_>>, Problem> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    let key = job_id::Key::new(key.to_str().unwrap_or_default());
    key.map(Some)
        .ok_or_else(|| Problem::bad_request("Idempotency-Key has 1 to 200 printable ASCII characters"))
}

fn read(caller: &Caller, headers: &HeaderMap, body: &Bytes) -> Result<JobMessage, Problem> {
    if body.len() > LARGEST {
        return Err(Problem::bad_request(format!("a job has at most {LARGEST} bytes")));
    }
    let Ok(Value::Object(mut fields)) = serde_json::from_slice::<Value>(body) else {
        return Err(Problem::bad_request("the body is not a JSON object"));
    };
    if fields.contains_key("id") {
        return Err(Problem::bad_request("send the id as the header Idempotency-Key"));
    }
    let id = idempotency_key(headers)?.map_or_else(Uuid::now_v7, |key| job_id::of_key(&key, caller.token));
    fields.insert("id".to_owned(), id.to_string().into());
    let said = fields.get("requested_by").and_then(Value::as_str).unwrap_or_default();
    if said.chars().count() > LONGEST_ASKER {
        let why = format!("`requested_by` is longer than {LONGEST_ASKER} characters");
        return Err(Problem::bad_request(why));
    }
    // Whose token it is stands in the log, whatever the request says.
    let asks = match fields.get("requested_by").and_then(Value::as_str) {
        Some(said) => format!("{said} (token {})", caller.name),
        None => caller.name.clone(),
    };
    if !matches!(fields.get("requested_by"), Some(Value::String(_) | Value::Null) | None) {
        return Err(Problem::bad_request("`requested_by` is a text"));
    }
    fields.insert("requested_by".to_owned(), asks.into());
    // A field without a value is one that is not there.
    fields.retain(|_, value| !value.is_null());
    let bytes = serde_json::to_vec(&fields).unwrap_or_default();
    JobMessage::read(&bytes).map_err(|error| Problem::bad_request(error.to_string()))
}

/// Show a job
///
/// Needs the scope `read`.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}", tag = "jobs",
    params(("id" = Uuid, Path, description = "the job")),
    responses(
        (status = 200, body = Job),
        (status = 404, description = "there is no such job", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn get(
    MayRead(caller): MayRead,
    State(site): State<Arc<Site>>,
    Path(id): Path<Uuid>,
) -> Result<Json<Job>, Problem> {
    let row = site.view(&caller).job(id).await?;
    let question = open_question(&site, id).await?;
    let queued = row.state == JobState::Queued;
    let shut = if queued { site.store.shut_apps().await? } else { Vec::new() };
    let waits = row.waits(&shut, Timestamp::now());
    Ok(Json(Job::waiting(&row, waits, question.as_ref())))
}

/// What came of the wish to cancel a job.
#[derive(Serialize, ToSchema)]
pub struct Cancelled {
    job: Uuid,
    /// `cancelled`: it never begins; `asked`: its worker stops it at the next safe point; `ended`: it had ended before;
    /// `noted`: it is cancelled when it comes.
    #[schema(example = "cancelled")]
    came: &'static str,
}

/// Cancel a job
///
/// One that runs stops at its next safe point, never between a commit step and the proof of it. Needs the scope `operate`.
#[utoipa::path(
    post, path = "/api/v1/jobs/{id}/cancel", tag = "jobs",
    params(("id" = Uuid, Path, description = "the job")),
    responses(
        (status = 200, body = Cancelled),
        (status = 404, description = "there is no such job", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "it finds out what opens an account, and cannot be cancelled", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn cancel(
    MayOperate(caller): MayOperate,
    State(site): State<Arc<Site>>,
    Path(id): Path<Uuid>,
) -> Result<Json<Cancelled>, Problem> {
    let came = cancel_job(&site, &caller, id).await?;
    Ok(Json(Cancelled {
        job: id,
        came: match came {
            Cancelling::Cancelled => "cancelled",
            Cancelling::Asked => "asked",
            Cancelling::Ended => "ended",
            Cancelling::Noted => "noted",
        },
    }))
}

/// What came of the wish to have a job performed as soon as can be.
#[derive(Serialize, ToSchema)]
pub struct Requeued {
    job: Uuid,
    /// `due`: it waited for its time, which is now; `taken_up`: its worker was lost, and it is due again; `already`: it was
    /// due, and waits for a worker or for another job of its account.
    #[schema(example = "due")]
    came: &'static str,
}

/// Requeue a job
///
/// One that is to be tried again later, or was submitted for later, is due at once; one whose worker was lost is taken up. One
/// that runs, waits for a person, has ended or is held back by its app is refused. Needs the scope `operate`.
#[utoipa::path(
    post, path = "/api/v1/jobs/{id}/requeue", tag = "jobs",
    params(("id" = Uuid, Path, description = "the job")),
    responses(
        (status = 200, body = Requeued),
        (status = 404, description = "there is no such job", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "it does not wait for its time; the problem says what to do instead", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn requeue(
    MayOperate(caller): MayOperate,
    State(site): State<Arc<Site>>,
    Path(id): Path<Uuid>,
) -> Result<Json<Requeued>, Problem> {
    let came = requeue_job(&site, &caller, id).await?;
    Ok(Json(Requeued { job: id, came: came.as_str() }))
}

/// The trace that the request belongs to. What is none is passed over, as W3C wants it.
fn traced(headers: &HeaderMap) -> Option<TraceParent> {
    let mut all = headers.get_all("traceparent").iter();
    let only = all.next().filter(|_| all.next().is_none())?;
    only.to_str().ok()?.parse().ok()
}

/// Requeues the job in the caller's name.
pub async fn requeue_job(site: &Site, caller: &Caller, id: Uuid) -> Result<Requeueing, Problem> {
    let view = site.view(caller);
    let row = view.job(id).await?;
    view.may_do("job.requeue", id, &row.job.account, row.job.kind).await?;
    let entry = NewAudit { account: Some(row.job.account), ..entry(&caller.name, "job.requeue", id) };
    Ok(audited(site.store.as_ref(), entry, site.queue.requeue(id)).await?)
}

/// Cancels the job in the caller's name.
pub async fn cancel_job(site: &Site, caller: &Caller, id: Uuid) -> Result<Cancelling, Problem> {
    let why = Verdict::new(Code::Cancelled, format!("{} cancelled the job.", caller.name));
    if caller.only_shared {
        let view = site.view(caller);
        let row = view.job(id).await?;
        view.may_do("job.cancel", id, &row.job.account, row.job.kind).await?;
    }
    // With a broker in between, it may not be written down yet.
    let job = site.store.job(id).await?.map(|row| row.job);
    if let (Some(vault), Some(job)) = (&site.reveal, &job) {
        // Of what never begins no worker opens the account.
        vault.mask_words(job).await?;
    }
    let account = job.map(|job| job.account);
    let entry = NewAudit { account, ..entry(&caller.name, "job.cancel", id) };
    let cancelling = site.queue.cancel(id, &why);
    Ok(audited_unless(site.store.as_ref(), entry, cancelling, Cancelling::nothing).await?)
}
