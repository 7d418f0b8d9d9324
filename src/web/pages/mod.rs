//! The pages, for people.

mod account;
mod accounts;
mod apps;
mod assets;
mod audit;
mod evidence;
mod filter;
mod fleet;
mod job;
mod jobs;
mod live;
mod log;
mod needs_you;
mod question;
mod sign_in;
mod which_job;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::http::{StatusCode, Uri};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use uuid::Uuid;

use super::guard::{Caller, is_of_the_api};
use super::problem::Problem;
use super::site::Site;

/// What stands around every page.
pub struct Frame {
    pub title: String,
    /// Which of the pages this is, as its address has it.
    pub here: &'static str,
    pub who: String,
    pub csrf: String,
    pub may_operate: bool,
    pub may_submit: bool,
    /// The pages that they may open: address and name.
    pub pages: Vec<(&'static str, &'static str)>,
}

impl Frame {
    fn new(title: impl Into<String>, here: &'static str, caller: &Caller) -> Self {
        use crate::store::Scope;
        // Forms are for browsers that were signed in; a token that reads a page sends none.
        let signed_in = caller.csrf.is_some();
        Self {
            title: title.into(),
            here,
            who: caller.name.clone(),
            csrf: caller.csrf.clone().unwrap_or_default(),
            may_operate: signed_in && caller.may(Scope::Operate),
            may_submit: signed_in && caller.may(Scope::Submit),
            pages: pages(caller),
        }
    }

    /// What a form has that does something new each time: sent twice, as by two presses in a hurry, it is one wish. One for each.
    fn once(&self) -> Uuid {
        Uuid::now_v7()
    }

    /// For whoever is not known.
    fn of_nobody(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            here: "",
            who: String::new(),
            csrf: String::new(),
            may_operate: false,
            may_submit: false,
            pages: Vec::new(),
        }
    }
}

/// The pages that lie open to this caller, as address and name.
fn pages(caller: &Caller) -> Vec<(&'static str, &'static str)> {
    use crate::store::Scope::{Operate, Read};
    let all = [
        (Read, false, "log", "Log"),
        (Read, false, "jobs", "Jobs"),
        (Read, false, "needs-you", "Needs you"),
        (Read, true, "apps", "Apps"),
        (Read, false, "accounts", "Accounts"),
        (Read, true, "fleet", "Fleet"),
        (Operate, false, "audit", "Audit"),
    ];
    let open = all
        .into_iter()
        .filter(|(scope, of_fleet, ..)| caller.may(*scope) && !(*of_fleet && caller.only_shared));
    open.map(|(_, _, here, name)| (here, name)).collect()
}

/// Pages for those who are known.
pub fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/", get(|| async { Redirect::to("/log") }))
        .route("/log", get(log::page))
        .route("/log/events", get(log::events))
        .route("/jobs", get(jobs::page))
        .route("/jobs/{job}", get(job::page))
        .route("/jobs/{job}/events", get(job::events))
        .route("/jobs/{job}/cancel", post(job::cancel))
        .route("/jobs/{job}/requeue", post(job::requeue))
        .route("/jobs/{job}/retry", post(job::retry))
        .route("/jobs/{job}/answer", post(question::answer))
        .route("/jobs/{job}/view", get(question::view))
        .route("/attempts/{attempt}/{file}", get(evidence::file))
        .route("/needs-you", get(needs_you::page))
        .route("/needs-you/events", get(needs_you::events))
        .route("/apps", get(apps::page))
        .route("/apps/events", get(apps::events))
        .route("/apps/{app}/reset", post(apps::reset))
        .route("/accounts", get(accounts::page))
        .route("/accounts/{app}/{name}", get(account::page))
        .route("/accounts/{app}/{name}/login", post(account::login))
        .route("/accounts/{app}/{name}/reveal", post(account::reveal))
        .route("/accounts/{app}/{name}/totp", post(account::totp))
        .route("/fleet", get(fleet::page))
        .route("/fleet/events", get(fleet::events))
        .route("/audit", get(audit::page))
        .route("/logout", post(sign_in::sign_out))
        .method_not_allowed_fallback(another_way)
}

/// Pages for anybody.
pub fn open_routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/login", get(sign_in::page).post(sign_in::sign_in))
        .route("/static/{file}", get(assets::file))
}

#[derive(Template)]
#[template(path = "web/problem.html")]
struct ProblemPage {
    frame: Frame,
    status: StatusCode,
    detail: String,
}

/// The problem as a page.
pub fn problem(caller: Option<&Caller>, problem: &Problem) -> Response {
    let status = problem.status();
    let title = status.canonical_reason().unwrap_or("Error");
    let frame = caller.map_or_else(|| Frame::of_nobody(title), |caller| Frame::new(title, "", caller));
    let page = ProblemPage { frame, status, detail: problem.detail().to_owned() };
    let mut response = (status, render(&page)).into_response();
    problem.hints(response.headers_mut());
    response
}

/// The same where programs may have asked, who are answered as they understand it.
pub fn problem_at(path: &str, caller: Option<&Caller>, what: &Problem) -> Response {
    if is_of_the_api(path) { what.clone().into_response() } else { problem(caller, what) }
}

pub async fn nothing_there(uri: Uri) -> Response {
    problem_at(uri.path(), None, &Problem::not_found("there is nothing at this address"))
}

/// As when somebody loads the address of a form anew.
async fn another_way() -> Response {
    let why = "this address takes what a button of a page sends, and shows nothing: go back to the page";
    problem(None, &Problem::new(StatusCode::METHOD_NOT_ALLOWED, why))
}

fn render(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A page, or what went wrong.
type Answer = Result<Response, Failed>;

/// A page that could not be made; shown as one.
pub struct Failed(Option<Caller>, Problem);

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        problem(self.0.as_ref(), &self.1)
    }
}

impl<E: Into<Problem>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(None, error.into())
    }
}
