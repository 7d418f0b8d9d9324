use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::jobs::idempotency_key;
use super::shapes::Job;
use crate::audit::{audited_unless, entry_of, refused};
use crate::job::LONGEST_ATTEMPT;
use crate::store::{NewAudit, StoreError, Submitted};
use crate::web::answer::open_question;
use crate::web::asked::Path;
use crate::web::guard::{Caller, MaySubmit};
use crate::web::job_id;
use crate::web::problem::Problem;
use crate::web::site::Site;

/// As the audit calls it.
const RETRY: &str = "job.retry";

/// Submit an ended job once more
///
/// The same wish, in your name, as a job of its own: the answer is that one. The same request sent again, with the same
/// `Idempotency-Key`, is the same job. Needs the scope `submit`.
#[utoipa::path(
    post, path = "/api/v1/jobs/{id}/retry", tag = "jobs",
    params(("id" = Uuid, Path, description = "the job that has ended"),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 200, pattern = "^[ -~]+$", description = "1 to 200 printable ASCII characters")),
    responses(
        (status = 201, description = "the job is queued", body = Job),
        (status = 200, description = "it was submitted before", body = Job),
        (status = 404, description = "there is no such job", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "it has not ended; the problem says what to do instead", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn retry(
    MaySubmit(caller): MaySubmit,
    State(site): State<Arc<Site>>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let key = idempotency_key(&headers)?;
    let (job, submitted) = retry_job(&site, &caller, id, key, Duration::ZERO).await?;
    let row = site.store.job(job).await?.ok_or(StoreError::NoJob(job))?;
    let status = if submitted == Submitted::New { StatusCode::CREATED } else { StatusCode::OK };
    let shown = Job::of(&row);
    let location = [(header::LOCATION, format!("/api/v1/jobs/{}", shown.id()))];
    Ok((status, location, Json(shown)).into_response())
}

/// Submits the job once more in the caller's name: with the same key it is done once. It waits for people at least so long, as
/// far as an attempt may.
pub async fn retry_job(
    site: &Site,
    caller: &Caller,
    id: Uuid,
    key: Option<job_id::Key<'_>>,
    patience: Duration,
) -> Result<(Uuid, Submitted), Problem> {
    let view = site.view(caller);
    let by_id = key.map(|key| job_id::of_retry(&key, id, caller.token));
    if let Some(known) = by_id
        && site.store.job(known).await?.is_some()
    {
        view.job(known).await?;
        return Ok((known, Submitted::Already));
    }
    let row = view.job(id).await?;
    view.may_do(RETRY, id, &row.job.account, row.job.kind).await?;
    let asks = open_question(site, id).await?.is_some();
    let mut job = match row.once_more(caller.name.clone(), asks) {
        Ok(job) => job,
        Err(error) => {
            let entry =
                NewAudit { target: id.to_string(), ..entry_of(&caller.name, RETRY, &row.job.account) };
            refused(site.store.as_ref(), entry, &error.to_string()).await?;
            return Err(Problem::new(StatusCode::CONFLICT, error.to_string()));
        }
    };
    job.id = by_id.unwrap_or(job.id);
    let longest = Duration::try_from(LONGEST_ATTEMPT).unwrap_or_default();
    job.wait_for_human = job.wait_for_human.max(patience.min(longest.saturating_sub(job.deadline)));
    let entry = NewAudit {
        target: id.to_string(),
        detail: Some(format!("as {}", job.id)),
        ..entry_of(&caller.name, RETRY, &job.account)
    };
    let submission = site.tracer.submit(&mut job);
    // The same may have come a moment ago.
    let again = |came: &Submitted| (*came == Submitted::Already).then_some("it was submitted before");
    let submitted = audited_unless(site.store.as_ref(), entry, site.queue.submit(&job, None), again).await;
    submission.ended(&submitted);
    Ok((job.id, submitted?))
}
