//! What a request's address says, and what is answered where it says nothing that could be meant.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequestParts, Path as AxumPath, Query as AxumQuery};
use axum::http::Uri;
use axum::http::request::Parts;
use axum::response::Response;
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use super::guard::Caller;
use super::names::names_of;
use super::pages;
use super::problem::Problem;
use super::site::Site;
use crate::playbook::{listed, nearest};

const NOTHING: &str = "there is nothing at such an address";
const NO_ID: &str = "this is no id of a job: the whole of it is wanted here, as 0197e2a4-7c1e-7aaa-8000-0123456789ab; its \
                     end is enough at the command line, and in the address of its page";
/// What begins so goes on with the id of a job.
const JOBS: [&str; 2] = ["/jobs/", "/api/v1/jobs/"];

/// The parts of the path.
pub struct Path<T>(pub T);

/// The query.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<Site>> for Path<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Response> {
        match AxumPath::from_request_parts(parts, site).await {
            Ok(AxumPath(path)) => Ok(Self(path)),
            Err(PathRejection::FailedToDeserializePathParams(_)) => {
                let is_of_job = JOBS.iter().any(|jobs| parts.uri.path().starts_with(jobs));
                Err(refused(parts, &Problem::not_found(if is_of_job { NO_ID } else { NOTHING })))
            }
            Err(_) => Err(refused(parts, &Problem::bad_request("the address is not as it should be"))),
        }
    }
}

impl<T: DeserializeOwned> FromRequestParts<Arc<Site>> for Query<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Response> {
        match AxumQuery::from_request_parts(parts, site).await {
            Ok(AxumQuery(query)) => Ok(Self(query)),
            Err(QueryRejection::FailedToDeserializeQueryString(error)) => {
                // It names the field and what was expected of it.
                let why = format!("the query is not as it should be: {}", error.body_text());
                Err(refused(parts, &Problem::bad_request(why)))
            }
            Err(_) => Err(refused(parts, &Problem::bad_request("the query is not as it should be"))),
        }
    }
}

/// The query of a page with a form, in which what is wrong is mended.
pub struct Asked<T> {
    pub asked: T,
    /// What else stands in the address, and why that is no question.
    strange: Option<String>,
}

impl<T> Asked<T> {
    /// The question for the store; or why it is none, to be said above the form.
    pub fn read<Q>(&self, read: impl FnOnce(&T) -> Result<Q, Problem>) -> Result<Q, String> {
        match &self.strange {
            Some(why) => Err(why.clone()),
            None => read(&self.asked).map_err(|problem| problem.detail().to_owned()),
        }
    }
}

impl<T: DeserializeOwned> FromRequestParts<Arc<Site>> for Asked<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Response> {
        let Query(asked) = Query::from_request_parts(parts, site).await?;
        Ok(Self { asked, strange: strange(&parts.uri, names_of::<T>()) })
    }
}

/// A time with its offset's sign, where that came as it is: in a query, `+` means a space. Before an offset nothing else can
/// be meant: `2026-05-31T08:00:00 02:00`.
pub fn with_sign(time: &str) -> Cow<'_, str> {
    let is_offset =
        |text: &str| matches!(text.len(), 2 | 4 | 5) && text.bytes().all(|c| c.is_ascii_digit() || c == b':');
    match time.rsplit_once(' ') {
        Some((at, offset)) if at.contains(':') && is_offset(offset) => format!("{at}+{offset}").into(),
        _ => time.into(),
    }
}

/// Why the query is no question, if it has a parameter beside these.
pub fn strange<N: AsRef<str>>(uri: &Uri, known: &[N]) -> Option<String> {
    let known = || known.iter().map(AsRef::as_ref);
    let mut names = form_urlencoded::parse(uri.query()?.as_bytes()).map(|(name, _)| name);
    let name = names.find(|name| !known().any(|known| known == name))?;
    let hint = match (nearest(&name, known()), known().count()) {
        (_, 0) => "there are none here".to_owned(),
        (Some(meant), _) => format!("did you mean `{meant}`? There are {}", listed(known(), "and")),
        (None, 1) => format!("there is {}", listed(known(), "and")),
        (None, _) => format!("there are {}", listed(known(), "and")),
    };
    Some(format!("`{name}` is no parameter of this address: {hint}"))
}

fn refused(parts: &Parts, problem: &Problem) -> Response {
    pages::problem_at(parts.uri.path(), parts.extensions.get::<Caller>(), problem)
}
