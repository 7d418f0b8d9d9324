//! A person gives what a job waits for. It is sealed here for the worker that waits, which alone can open it.

use axum::http::StatusCode;
use uuid::Uuid;

use super::guard::Caller;
use super::problem::Problem;
use super::site::Site;
use crate::credential::GivenCode;
use crate::store::{NewAudit, QuestionRow};

/// What job `job` asks for now, if it asks for anything.
pub async fn open_question(site: &Site, job: Uuid) -> Result<Option<QuestionRow>, Problem> {
    let last = site.store.question_of(job).await?;
    Ok(last.filter(|row| row.refusal().is_none()))
}

/// Answers what the job asks for in the caller's name; `question` is the one that they were shown, if they say so.
pub async fn answer_job(
    site: &Site,
    caller: &Caller,
    job: Uuid,
    question: Option<Uuid>,
    code: &str,
) -> Result<QuestionRow, Problem> {
    let conflict = |why: String| Problem::new(StatusCode::CONFLICT, why);
    if site.store.job(job).await?.is_none() {
        return Err(Problem::not_found(format!("there is no job {job}")));
    }
    let row = match question {
        // Of another job, it is no question of this one.
        Some(id) => site.store.question(id).await?.filter(|row| row.job == job),
        None => site.store.question_of(job).await?,
    };
    let row = row.ok_or_else(|| conflict("the job asks for nothing".to_owned()))?;
    if let Some(why) = row.refusal() {
        return Err(conflict(why));
    }
    let code = GivenCode::read(code).map_err(|error| Problem::bad_request(error.to_string()))?;
    let sealed = code.seal(row.id, &row.key).map_err(|error| conflict(error.to_string()))?;
    // First, for whoever asks may go away in the middle.
    let audit = NewAudit {
        who: caller.name.clone(),
        action: "job.answer".to_owned(),
        target: job.to_string(),
        detail: Some(format!("{}, question {}", row.wanted, row.id)),
    };
    site.store.audit(&audit).await?;
    if !site.store.answer(row.id, &sealed, &caller.name).await? {
        let now = site.store.question(row.id).await?;
        let why = now.and_then(|row| row.refusal());
        return Err(conflict(why.unwrap_or_else(|| "the job asks for nothing".to_owned())));
    }
    Ok(row)
}
