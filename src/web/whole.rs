//! What was begun goes to its end, whoever hangs up.

use std::panic::resume_unwind;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::pages;
use super::problem::Problem;

/// A body is no larger, in bytes.
pub const BODY: usize = 64 * 1024;

/// A request that changes something is performed in a task of its own, once all of it is here: a caller that goes away in the
/// middle would else leave a change that is done and an audit that does not say so.
pub async fn to_its_end(request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY).await else {
        let why = format!("the body did not come whole, or is larger than {BODY} bytes");
        return pages::problem_at(head.uri.path(), None, &Problem::new(StatusCode::PAYLOAD_TOO_LARGE, why));
    };
    match tokio::spawn(next.run(Request::from_parts(head, Body::from(body)))).await {
        Ok(response) => response,
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // Only the end of the whole server ends it otherwise.
            Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        },
    }
}
