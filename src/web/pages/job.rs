use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Redirect, Response};
use futures::StreamExt as _;
use futures::stream::{iter, unfold};
use jiff::Timestamp;
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use super::question::Question;
use super::{Answer, Frame, render, which_job};
use crate::job::{Code, Outcome};
use crate::redact::redact;
use crate::store::{self, AttemptRow, JobRow, JobState, LogQuery, Step};
use crate::web::answer::open_question;
use crate::web::api::{cancel_job, requeue_job, retry_job};
use crate::web::asked::Path;
use crate::web::csrf::Posted;
use crate::web::events;
use crate::web::guard::{MayOperate, MayRead, MaySubmit};
use crate::web::job_id::Key;
use crate::web::problem::Problem;
use crate::web::rows::{Row, StepRow, Time};
use crate::web::site::Site;
use crate::web::watched::{Shown, Subject};
use crate::words::duration;

/// The most attempts that are shown of a job.
const ATTEMPTS: u32 = 100;

/// What viewers are told of a job that waits for nothing: an event without any data is none.
const NO_QUESTION: &str = "-";

/// An attempt with its steps.
struct Attempt {
    row: Row,
    parts: Vec<Part>,
    /// Behind which step the picture was taken; empty if nobody says so.
    pictured: String,
}

/// Steps with what they are for.
struct Part {
    heading: String,
    steps: Vec<StepRow>,
}

impl Attempt {
    fn of(site: &Site, row: &AttemptRow, steps: &[Step]) -> Self {
        // The line is for whoever has to mend it.
        let decisive = row.decisive(steps);
        let step = |step: &Step| {
            let quote = Some(step).filter(|step| decisive == Some(step));
            StepRow::of(step, quote.and_then(|step| site.quote(row, step)))
        };
        let part = |part: store::Part<'_>| Part {
            heading: part.heading.map(|heading| redact(heading).into_owned()).unwrap_or_default(),
            steps: part.steps.iter().map(step).collect(),
        };
        Self {
            row: Row::with_evidence(row, &site.artifacts),
            parts: Step::parts(steps).into_iter().map(part).collect(),
            pictured: Step::pictured(steps).map(|step| step.id.clone()).unwrap_or_default(),
        }
    }
}

/// What a job has come to.
#[derive(Template)]
#[template(path = "web/timeline.html")]
struct Timeline {
    state: &'static str,
    /// When its time comes, if it waits for that.
    due: Option<Time>,
    /// It may be requeued.
    waits: bool,
    /// It was told to end.
    cancelling: bool,
    attempts: Vec<Attempt>,
    /// How it ended, where no attempt says so.
    came: Option<(Outcome, Code)>,
    /// Where its attempts are, if not here.
    aside: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "web/job.html")]
struct Page {
    frame: Frame,
    id: String,
    account: String,
    priority: String,
    requested_by: String,
    reason: String,
    submitted: Time,
    ended: bool,
    /// The reconciliation that it called for, or the other way round.
    related: Vec<(String, &'static str)>,
    timeline: Timeline,
    /// What it waits for.
    question: Option<Question>,
    may_cancel: bool,
    may_requeue: bool,
    may_retry: bool,
    may_answer: bool,
    /// How long it waits for people, if it does.
    patience: Option<String>,
}

pub async fn page(
    MayRead(caller): MayRead,
    State(site): State<Arc<Site>>,
    Path(name): Path<String>,
) -> Answer {
    let Ok(id) = name.parse() else { return which_job::page(&site, &caller, &name).await };
    let row = site.view(&caller).job(id).await?;
    let timeline = timeline(&site, &row).await?;
    let related = related(&site, &row).await?;
    let job = &row.job;
    let frame = Frame::new(format!("{} of {}", job.kind, job.account), "jobs", &caller);
    let question = open_question(&site, id).await?;
    // A button that would be refused is none.
    let may_ask = site.view(&caller).may_ask(&job.account, job.kind).await.is_ok();
    let operates = frame.may_operate && !row.has_ended();
    let may_answer = operates && may_ask;
    Ok(render(&Page {
        question: question.map(|row| Question::on(&row, &frame, may_answer, false)),
        // Of an account that has gone, too.
        may_cancel: operates && (may_ask || !caller.only_shared),
        may_requeue: operates && may_ask,
        may_retry: frame.may_submit && may_ask && row.has_ended(),
        may_answer,
        patience: Some(job.wait_for_human).filter(|wait| !wait.is_zero()).map(duration),
        frame,
        id: id.to_string(),
        account: job.account.to_string(),
        priority: job.priority.to_string(),
        requested_by: job.requested_by.clone().unwrap_or_default(),
        reason: job.reason.clone().unwrap_or_default(),
        submitted: Time(job.submitted_at),
        ended: row.has_ended(),
        related,
        timeline,
    }))
}

async fn timeline(site: &Site, row: &JobRow) -> Result<Timeline, Problem> {
    let query = LogQuery { job: Some(row.job.id), limit: ATTEMPTS, ..LogQuery::default() };
    let mut attempts = Vec::new();
    for row in site.store.log(&query).await? {
        let steps = site.store.log_steps(row.id).await?;
        attempts.push(Attempt::of(site, &row, &steps));
    }
    let due = Some(row.not_before).filter(|at| row.state == JobState::Queued && *at > Timestamp::now());
    let waits = due.is_some() || is_lost(site, row).await?;
    Ok(Timeline {
        state: row.state.as_str(),
        due: due.map(Time),
        waits,
        cancelling: row.is_being_cancelled(),
        came: row.outcome.zip(row.code).filter(|_| attempts.is_empty()),
        aside: row.aside(attempts.len()),
        attempts,
    })
}

/// Whether the worker that has the job gives no sign of life any more.
async fn is_lost(site: &Site, row: &JobRow) -> Result<bool, Problem> {
    let Some(worker) = row.worker.as_ref().filter(|_| row.state == JobState::Running) else {
        return Ok(false);
    };
    let workers = site.store.workers().await?;
    Ok(workers.iter().any(|known| known.id == *worker && known.gone))
}

/// Other jobs that have to do with this one, and how.
async fn related(site: &Site, row: &JobRow) -> Result<Vec<(String, &'static str)>, Problem> {
    let mut related = Vec::new();
    let ledger = site.store.candidates(&row.job.account).await?;
    if let Some(cause) = row.job.cause {
        let of = ledger.iter().find(|candidate| candidate.id == cause).and_then(|candidate| candidate.job);
        related.extend(of.map(|job| (job.to_string(), "It finds out what became of")));
    }
    for candidate in ledger.iter().filter(|candidate| candidate.job == Some(row.job.id)) {
        let found = site.store.reconciliation_of(candidate.id).await?;
        related.extend(found.map(|row| (row.job.id.to_string(), "Reconciled by")));
    }
    Ok(related)
}

/// The timeline, anew whenever it has changed, until the job has ended.
pub async fn events(
    MayRead(caller): MayRead,
    State(site): State<Arc<Site>>,
    Path(id): Path<Uuid>,
) -> Result<Response, super::Failed> {
    site.view(&caller).job(id).await?;
    let until = Instant::now() + site.stream;
    let mut shown = site.watched.follow(Subject::Job(id), &site, move |site| look(site, id));
    shown.mark_changed();
    let stream = unfold((shown, false), move |(mut shown, ended)| async move {
        if ended {
            return None;
        }
        loop {
            timeout_at(until, shown.changed()).await.ok()?.ok()?;
            let Some(now) = shown.borrow_and_update().clone() else { continue };
            let question = Event::default().event("question").data(&*now.question);
            let timeline =
                Event::default().event(if now.ended { "ended" } else { "timeline" }).data(&*now.html);
            let both = [question, timeline].map(Ok::<_, Infallible>);
            return Some((iter(both), (shown, now.ended)));
        }
    });
    Ok(events::answer(&site, stream.flatten()))
}

/// The job's timeline as it is now; `None` if there is no such job.
async fn look(site: Arc<Site>, id: Uuid) -> Result<Option<Shown>, Problem> {
    let Some(row) = site.store.job(id).await? else { return Ok(None) };
    let html = timeline(&site, &row).await?.render().unwrap_or_default();
    let question = match open_question(&site, id).await? {
        Some(row) => Question::of(&row).render().unwrap_or_default(),
        None => NO_QUESTION.to_owned(),
    };
    Ok(Some(Shown { html: html.into(), question: question.into(), ended: row.has_ended() }))
}

/// Nothing but the proof that a page of the session sent it.
#[derive(Deserialize)]
pub struct Nothing {}

pub async fn cancel(
    MayOperate(caller): MayOperate,
    State(site): State<Arc<Site>>,
    Path(id): Path<Uuid>,
    Posted(Nothing {}): Posted<Nothing>,
) -> Answer {
    cancel_job(&site, &caller, id).await?;
    Ok(Redirect::to(&format!("/jobs/{id}")).into_response())
}

/// Not later, but as soon as can be.
pub async fn requeue(
    MayOperate(caller): MayOperate,
    State(site): State<Arc<Site>>,
    Path(id): Path<Uuid>,
    Posted(Nothing {}): Posted<Nothing>,
) -> Answer {
    match requeue_job(&site, &caller, id).await {
        Ok(_) => Ok(Redirect::to(&format!("/jobs/{id}")).into_response()),
        Err(problem) => Ok(super::problem(Some(&caller), &problem)),
    }
}

/// How the same is to be done once more.
#[derive(Deserialize)]
pub struct Again {
    /// Anything: it waits for a person, at least for a while.
    wait: Option<String>,
    /// What only this form has, so that it is done once, however often it is sent.
    once: Option<String>,
}

/// Whoever says that they have the code gets so long to give it.
const PATIENCE: Duration = Duration::from_secs(600);

/// The same once more, as a job of its own.
pub async fn retry(
    MaySubmit(caller): MaySubmit,
    State(site): State<Arc<Site>>,
    Path(id): Path<Uuid>,
    Posted(Again { wait, once }): Posted<Again>,
) -> Answer {
    let patience = if wait.is_some() { PATIENCE } else { Duration::ZERO };
    let key = once.as_deref().and_then(Key::new);
    let (job, _) = retry_job(&site, &caller, id, key, patience).await?;
    Ok(Redirect::to(&format!("/jobs/{job}")).into_response())
}
