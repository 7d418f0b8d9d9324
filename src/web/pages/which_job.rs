use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};

use super::{Answer, Frame, render};
use crate::store::IdEnd;
use crate::web::guard::Caller;
use crate::web::problem::Problem;
use crate::web::rows::Time;
use crate::web::site::Site;

/// So many are shown that may be meant.
const MOST: usize = 50;

/// A job that may be meant.
struct Meant {
    id: String,
    what: String,
    submitted: Time,
}

#[derive(Template)]
#[template(path = "web/which_job.html")]
struct Page {
    frame: Frame,
    name: String,
    jobs: Vec<Meant>,
}

/// Leads from the end of a job's id, as logs show it, to the job; of several says which there are.
pub async fn page(site: &Site, caller: &Caller, name: &str) -> Answer {
    let ids = match IdEnd::new(name) {
        Some(end) => site.store.jobs_ending(&end).await?,
        None => Vec::new(),
    };
    let view = site.view(caller);
    let mut jobs = Vec::new();
    for id in ids {
        match view.job(id).await {
            Ok(row) => jobs.push(row),
            // It is another's.
            Err(problem) if problem.status() == StatusCode::NOT_FOUND => {}
            Err(problem) => return Err(problem.into()),
        }
    }
    match &jobs[..] {
        [] => Err(Problem::not_found(format!(
            "`{name}` is neither the id of a job nor the end of a late one's: write the whole id, as `turnlock submit` shows it"
        ))
        .into()),
        [only] => Ok(Redirect::to(&format!("/jobs/{}", only.job.id)).into_response()),
        several => {
            let meant = several.iter().take(MOST).map(|row| Meant {
                id: row.job.id.to_string(),
                what: format!("{} of {}", row.job.kind, row.job.account),
                submitted: Time(row.job.submitted_at),
            });
            let page = Page {
                frame: Frame::new("Which job?", "jobs", caller),
                name: name.to_owned(),
                jobs: meant.collect(),
            };
            Ok((StatusCode::MULTIPLE_CHOICES, render(&page)).into_response())
        }
    }
}
