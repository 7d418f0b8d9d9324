use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect};
use secrecy::SecretString;
use serde::Deserialize;
use std::time::Duration;
use uuid::Uuid;

use super::{Answer, Frame};
use crate::answer::Answer as Said;
use crate::job::{Kind, UnknownDecision, Wanted};
use crate::redact::redact;
use crate::store::QuestionRow;
use crate::web::answer::answer_job;
use crate::web::asked::{Path, Query};
use crate::web::csrf::Posted;
use crate::web::guard::{MayOperate, MayRead};
use crate::web::problem::Problem;
use crate::web::rows::Time;
use crate::web::site::Site;
use crate::web::view::{May, View};

/// Who looks on does so for this long, unless they ask again.
const LOOKS_ON: Duration = Duration::from_secs(5);

/// What a job waits for, and the form that takes it.
#[derive(Template)]
#[template(path = "web/question.html")]
pub struct Question {
    id: String,
    job: String,
    account: String,
    words: &'static str,
    /// It asks for no code, but whether to go on.
    decision: bool,
    step: String,
    /// Why it is asked once more; empty at the first.
    again: String,
    until: Time,
    /// What the form holds for this session; empty where the page's script puts it in.
    csrf: String,
    /// The caller may answer.
    may_answer: bool,
    /// Among others, with less of each.
    brief: bool,
}

impl Question {
    /// As all viewers of a job are sent it: the page's script knows whether its reader may answer.
    pub fn of(row: &QuestionRow) -> Self {
        Self {
            id: row.id.to_string(),
            job: row.job.to_string(),
            account: row.account.to_string(),
            words: row.wanted.words(),
            decision: row.wanted == Wanted::Decision,
            step: row.step.clone(),
            again: row.once_more().map(|why| redact(&why).into_owned()).unwrap_or_default(),
            until: Time(row.until),
            csrf: String::new(),
            may_answer: true,
            brief: false,
        }
    }

    /// On this page.
    pub fn on(row: &QuestionRow, frame: &Frame, may_answer: bool, brief: bool) -> Self {
        Self { csrf: frame.csrf.clone(), may_answer, brief, ..Self::of(row) }
    }
}

/// Whether the caller's role takes that they answer, whatever their scopes.
pub async fn may_answer(view: &View<'_>, may: &May, row: &QuestionRow) -> Result<bool, Problem> {
    let answers = |kind| may.ask(&row.account, kind);
    // What kind of job it is matters to those only who may not have every kind done.
    if Kind::ALL.iter().all(|kind| answers(*kind)) {
        return Ok(true);
    }
    Ok(answers(view.job(row.job).await?.job.kind))
}

/// What the form sends.
#[derive(Deserialize)]
pub struct Given {
    question: Uuid,
    #[serde(default)]
    code: SecretString,
    /// Which of the two buttons it was, where a decision was asked for.
    decision: Option<String>,
}

pub async fn answer(
    MayOperate(caller): MayOperate,
    State(site): State<Arc<Site>>,
    Path(job): Path<Uuid>,
    Posted(given): Posted<Given>,
) -> Answer {
    let answer = match given.decision.as_deref().map(str::parse) {
        None => Ok(Said::Code(given.code)),
        Some(decision) => decision.map(Said::Decision),
    };
    let given = match answer {
        Ok(answer) => answer_job(&site, &caller, job, Some(given.question), &answer).await,
        Err(error) => Err(Problem::bad_request(UnknownDecision::to_string(&error))),
    };
    match given {
        Ok(_) => Ok(Redirect::to(&format!("/jobs/{job}")).into_response()),
        Err(problem) => Ok(super::problem(Some(&caller), &problem)),
    }
}

/// Whose picture is wanted.
#[derive(Deserialize)]
pub struct Of {
    question: Uuid,
}

/// The page that the job waits in, as it was a moment ago, with its secrets covered. Its worker takes pictures as long as
/// somebody asks for them.
pub async fn view(
    MayRead(caller): MayRead,
    State(site): State<Arc<Site>>,
    Path(job): Path<Uuid>,
    Query(Of { question }): Query<Of>,
) -> Answer {
    site.view(&caller).job(job).await?;
    let known = site.store.question(question).await?.filter(|row| row.job == job);
    known.ok_or_else(|| Problem::not_found("the job does not ask that"))?;
    // There is none yet, or none any more: who asks each second is told so in no error's form.
    let Some(png) = site.store.watch_question(question, LOOKS_ON).await? else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let sandbox = (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox");
    Ok(([(header::CONTENT_TYPE, "image/png"), sandbox], png).into_response())
}
