use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::queue::QueueError;
use crate::queue::rabbit::BrokerError;
use crate::reveal::RevealError;
use crate::store::StoreError;

/// Why a request was not done (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// What kind of problem it is: `about:blank`, the status says it all.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    /// The status in words.
    #[schema(example = "Forbidden")]
    title: String,
    /// The HTTP status.
    #[schema(example = 403)]
    status: u16,
    /// What is wrong, and what to do.
    #[schema(example = "the token lacks the scope `operate`")]
    detail: String,
}

impl Problem {
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
        }
    }

    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, detail)
    }

    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// What the status has said beside it.
    pub fn hints(&self, headers: &mut HeaderMap) {
        if self.status() == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"turnlock\""));
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (self.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        self.hints(headers);
        response
    }
}

/// What went wrong inside is said in Turnlock's own log; whoever asked learns that it was not its fault.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::NoJob(_) | StoreError::NoAccount(_) | StoreError::NoAttempt(_) => {
                Self::not_found(error.to_string())
            }
            StoreError::OtherJob { .. }
            | StoreError::OtherWish { .. }
            | StoreError::Owed(_)
            | StoreError::NotRequeued { .. } => Self::new(StatusCode::CONFLICT, error.to_string()),
            StoreError::Unfit(_) => Self::bad_request("the request holds what no text of the database can"),
            _ => {
                tracing::error!(%error, "a request could not be answered");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "the database does not answer; try again later")
            }
        }
    }
}

impl From<RevealError> for Problem {
    fn from(error: RevealError) -> Self {
        match error {
            RevealError::NoAccount(_) | RevealError::Nothing { .. } => Self::not_found(error.to_string()),
            RevealError::Later(_) => Self::new(StatusCode::CONFLICT, error.to_string()),
            RevealError::Vault(_) | RevealError::Totp(_) => {
                tracing::error!(%error, "the vault could not be asked");
                let what = "the vault does not answer; `turnlock doctor` says more";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, what)
            }
        }
    }
}

impl From<QueueError> for Problem {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::Store(error) => error.into(),
            QueueError::Message(error) => Self::bad_request(error.to_string()),
            QueueError::Broker(error @ BrokerError::Unconfirmed(_)) => {
                tracing::error!(%error, "it is not known whether what a request asked for was done");
                let what = "the queue did not say whether it has it, and may have it: before you send it once more, look \
                            whether it was done, or send the same Idempotency-Key";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, what)
            }
            QueueError::Broker(error) => {
                tracing::error!(%error, "a request could not be answered");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "the queue does not answer; try again later")
            }
        }
    }
}
