//! Against requests that another site has a signed-in browser send.
//!
//! Each page of a session holds a value in its forms that only this session's pages can know. It is made from the
//! session's secret, so that nothing more has to be kept.

use axum::extract::{Form, FromRequest, Request};
use axum::http::Method;
use axum::response::Response;
use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::guard::Caller;
use super::pages;
use super::problem::Problem;

/// What the forms of a session's pages hold.
pub fn of_session(session: &str) -> String {
    BASE64URL_NOPAD.encode(&Sha256::digest(format!("turnlock csrf {session}").as_bytes()))
}

/// A form that a page of this session sent, and no other site.
pub struct Posted<T>(pub T);

#[derive(Deserialize)]
struct WithCsrf<T> {
    #[serde(default)]
    csrf: String,
    #[serde(flatten)]
    form: T,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Posted<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        debug_assert_eq!(request.method(), Method::POST, "only a POST changes anything");
        let caller = request.extensions().get::<Caller>().cloned();
        let refused = |problem| pages::problem(caller.as_ref(), &problem);
        let Ok(Form(posted)) = Form::<WithCsrf<T>>::from_request(request, state).await else {
            return Err(refused(Problem::bad_request(
                "the form is not as this page has it: go back, load the page again, and send it once more",
            )));
        };
        let expected = caller.as_ref().and_then(|caller| caller.csrf.as_deref());
        match expected {
            Some(expected) if same(expected.as_bytes(), posted.csrf.as_bytes()) => Ok(Self(posted.form)),
            _ => Err(refused(Problem::forbidden(
                "this form was not sent from a page of this session, so nothing was done: go back, load the page again, and send \
                 it once more",
            ))),
        }
    }
}

/// Whether both are the same, in a time that does not tell where they differ.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}
