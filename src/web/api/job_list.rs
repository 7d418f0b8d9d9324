use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::given;
use super::shapes::Job;
use crate::store::JobQuery;
use crate::web::asked::Query;
use crate::web::guard::MayRead;
use crate::web::problem::Problem;
use crate::web::site::Site;

/// The most jobs of an answer.
const MOST: u32 = 500;

/// Which jobs are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// In this state.
    #[param(pattern = "^(queued|running|finished|cancelled)$")]
    state: Option<String>,
    /// Of accounts of this app.
    app: Option<String>,
    /// Of this account, `app/name`.
    #[param(pattern = "^[a-z0-9-]{1,64}/[A-Za-z0-9._@+-]{1,64}$")]
    account: Option<String>,
    /// Of this kind.
    #[param(pattern = "^(verify_login|enrol_mfa|change_password|set_contact|reconcile)$")]
    kind: Option<String>,
    /// That they asked for.
    requested_by: Option<String>,
    /// Whose last attempt ended with this outcome, or one of several with commas between them; `failed` is all but those that
    /// succeeded or were interrupted.
    #[param(
        pattern = "^(failed|succeeded|rejected|retry_later|needs_human|interrupted|unknown)(,(failed|succeeded|rejected|retry_later|needs_human|interrupted|unknown))*$"
    )]
    outcome: Option<String>,
    /// Whose last attempt ended with this code.
    code: Option<String>,
    /// Only those before this place: the next page.
    before: Option<i64>,
    /// At most so many, 1 to 500; 50 unless it is said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

impl Wanted {
    fn query(self) -> Result<JobQuery, Problem> {
        Ok(JobQuery {
            state: given::state(self.state)?,
            app: self.app,
            account: given::read("account", self.account, given::ACCOUNT)?,
            kind: given::kind(self.kind)?,
            requested_by: self.requested_by,
            outcomes: super::outcomes(self.outcome.as_deref())?,
            code: given::code(self.code)?,
            limit: given::limit(self.limit, MOST)?,
            before: self.before,
            shared_with: None,
        })
    }
}

/// Jobs, those that were submitted last first.
#[derive(Serialize, ToSchema)]
pub struct Jobs {
    jobs: Vec<Job>,
    /// What `before` is for the next page; null if there is none. A page may hold fewer than were asked for, even none, and
    /// have a next one: where several conditions are given, only so many jobs are looked at for a page.
    next: Option<i64>,
}

/// List jobs
///
/// Those that have not begun included, newest first, in pages that do not shift. One that a broker has is listed when a worker
/// has taken it down. Needs the scope `read`.
#[utoipa::path(
    get, path = "/api/v1/jobs", tag = "jobs", params(Wanted),
    responses(
        (status = 200, body = Jobs),
    ),
)]
pub async fn list(
    MayRead(caller): MayRead,
    State(site): State<Arc<Site>>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Jobs>, Problem> {
    let query = wanted.query()?;
    let view = site.view(&caller);
    let page = view.job_page(&query).await?;
    let standing = view.standing(&page.rows).await?;
    let jobs = page.rows.iter().map(|row| Job::waiting(row, standing.waits(row), standing.asks(row)));
    Ok(Json(Jobs { jobs: jobs.collect(), next: page.next }))
}
