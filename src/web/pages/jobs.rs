use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;

use super::filter::{self, behind, given, read};
use super::{Answer, Frame, log, render};
use crate::job::{Code, Kind, Outcomes};
use crate::redact::redact;
use crate::store::{JobPage, JobQuery, JobRow, JobState, Waits};
use crate::web::asked::Asked;
use crate::web::guard::MayRead;
use crate::web::problem::Problem;
use crate::web::rows::Time;
use crate::web::site::Site;
use crate::web::standing::Standing;

/// Where a job may be in its life.
const STATES: [JobState; 4] = [JobState::Queued, JobState::Running, JobState::Finished, JobState::Cancelled];

/// Which jobs are wanted, as a page's address says it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Filter {
    state: String,
    app: String,
    account: String,
    /// Of its last attempt: an outcome, or several; `failed` for all that somebody may want to look into.
    outcome: String,
    kind: String,
    code: String,
    requested_by: String,
    before: String,
}

impl Filter {
    fn query(&self) -> Result<JobQuery, Problem> {
        Ok(JobQuery {
            state: read(&self.state, "state: queued, running, finished and cancelled are")?,
            app: given(&self.app),
            account: read(&self.account, filter::ACCOUNT)?,
            kind: read(&self.kind, filter::KIND)?,
            requested_by: given(&self.requested_by),
            outcomes: read::<Outcomes>(&self.outcome, filter::OUTCOME)?.unwrap_or_default().0,
            code: read(&self.code, filter::CODE)?,
            limit: filter::PAGE,
            before: read(&self.before, "place among the jobs")?,
            ..JobQuery::default()
        })
    }

    fn has_more(&self) -> bool {
        [&self.outcome, &self.kind, &self.code, &self.requested_by].into_iter().any(|text| !text.is_empty())
    }

    fn older(&self, place: i64) -> String {
        let asked = [
            ("state", &self.state),
            ("app", &self.app),
            ("account", &self.account),
            ("outcome", &self.outcome),
            ("kind", &self.kind),
            ("code", &self.code),
            ("requested_by", &self.requested_by),
        ];
        behind("/jobs", &asked, place)
    }
}

/// A job, in one line.
struct Line {
    id: String,
    kind: &'static str,
    account: String,
    requested_by: String,
    submitted: Time,
    /// How it has ended, or where it is in its life.
    stands: &'static str,
    /// Why it has ended so, or its last attempt, if there was one.
    code: &'static str,
    /// What it waits for, in words; with a time, if it is one of these.
    waits: String,
    due: Option<Time>,
}

impl Line {
    fn of(row: &JobRow, standing: &Standing) -> Self {
        let ended = row.outcome.filter(|_| row.has_ended());
        let (waits, due) = match (standing.waits(row), standing.asks(row)) {
            (Some(Waits::Due), _) => ("due since", Some(row.not_before)),
            (Some(Waits::Later), _) => ("for later:", Some(row.not_before)),
            (Some(Waits::HeldBack), _) => ("held back by the limits or the breaker of its app", None),
            (None, Some(_)) => ("waits for a person", None),
            (None, None) => ("", None),
        };
        Self {
            id: row.job.id.to_string(),
            kind: row.job.kind.as_str(),
            account: row.job.account.to_string(),
            requested_by: redact(row.job.requested_by.as_deref().unwrap_or_default()).into_owned(),
            submitted: Time(row.job.submitted_at),
            stands: ended.map_or(row.state.as_str(), |outcome| outcome.as_str()),
            code: row.code.map_or("", |code| code.as_str()),
            waits: waits.to_owned(),
            due: due.map(Time),
        }
    }
}

#[derive(Template)]
#[template(path = "web/jobs.html")]
struct Page {
    frame: Frame,
    filter: Filter,
    /// Why it is no question.
    wrong: String,
    rows: Vec<Line>,
    /// The address of the next page.
    older: Option<String>,
    states: [&'static str; 4],
    outcomes: [&'static str; 7],
    kinds: Vec<&'static str>,
    codes: Vec<&'static str>,
}

/// The jobs, those that have not begun included, the newest first.
pub async fn page(MayRead(caller): MayRead, State(site): State<Arc<Site>>, asked: Asked<Filter>) -> Answer {
    let view = site.view(&caller);
    let (found, wrong) = match asked.read(Filter::query) {
        Ok(query) => (view.job_page(&query).await?, String::new()),
        // What was meant stands in the form, to be mended there.
        Err(why) => (JobPage::default(), why),
    };
    let filter = asked.asked;
    let standing = view.standing(&found.rows).await?;
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let page = render(&Page {
        frame: Frame::new("Jobs", "jobs", &caller),
        rows: found.rows.iter().map(|row| Line::of(row, &standing)).collect(),
        older: found.next.map(|next| filter.older(next)),
        states: STATES.map(JobState::as_str),
        outcomes: log::OUTCOMES,
        kinds: Kind::ALL.iter().map(|kind| kind.as_str()).collect(),
        codes: Code::ALL.iter().map(|code| code.as_str()).collect(),
        wrong,
        filter,
    });
    Ok((status, page).into_response())
}
