use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::jobs::idempotency_key;
use super::shapes::Job;
use crate::audit::{audited, entry_of, refused};
use crate::job::{self, LONGEST_ATTEMPT};
use crate::store::{NewAudit, StoreError};
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
        (status = 400, description = "the request is not as it should be", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "no good token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "the token lacks the scope", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "there is no such job", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "it has not ended; the problem says what to do instead", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "too many requests", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "database or queue are away", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn retry(
    MaySubmit(caller): MaySubmit,
    State(site): State<Arc<Site>>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let key = idempotency_key(&headers)?;
    let wanted = key.map(|key| job_id::of_retry(&key, id, caller.token));
    let known = match wanted {
        Some(wanted) => site.store.job(wanted).await?,
        None => None,
    };
    let (status, shown) = match known {
        Some(row) => {
            site.view(&caller).job(row.job.id).await?;
            (StatusCode::OK, Job::of(&row))
        }
        None => {
            let job = retry_job(&site, &caller, id, wanted, Duration::ZERO).await?;
            let row = site.store.job(job.id).await?.ok_or(StoreError::NoJob(job.id))?;
            (StatusCode::CREATED, Job::of(&row))
        }
    };
    let location = [(header::LOCATION, format!("/api/v1/jobs/{}", shown.id()))];
    Ok((status, location, Json(shown)).into_response())
}

/// Submits the job once more in the caller's name, by this id, if one is given. It waits for people at least so long, as far as
/// an attempt may.
pub async fn retry_job(
    site: &Site,
    caller: &Caller,
    id: Uuid,
    by_id: Option<Uuid>,
    patience: Duration,
) -> Result<job::Job, Problem> {
    let view = site.view(caller);
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
    let submitted = audited(site.store.as_ref(), entry, site.queue.submit(&job, None)).await;
    submission.ended(&submitted);
    submitted?;
    Ok(job)
}
