//! A person gives what a job waits for, by a page or the API.

use axum::http::StatusCode;
use uuid::Uuid;

use super::guard::Caller;
use super::problem::Problem;
use super::site::Site;
use crate::answer::{Answer, NotGiven, asked, give};
use crate::store::QuestionRow;

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
    answer: &Answer,
) -> Result<QuestionRow, Problem> {
    let view = site.view(caller);
    let row = view.job(job).await?;
    view.may_do("job.answer", job, &row.job.account, row.job.kind).await?;
    let question = asked(site.store.as_ref(), job, question).await?;
    give(site.store.as_ref(), &caller.name, &question, answer).await?;
    Ok(question)
}

impl From<NotGiven> for Problem {
    fn from(why: NotGiven) -> Self {
        match why {
            NotGiven::Refused(why) => Self::new(StatusCode::CONFLICT, why),
            NotGiven::Unfit(why) => Self::bad_request(why),
            NotGiven::Store(error) => error.into(),
        }
    }
}
