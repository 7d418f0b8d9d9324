use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use tokio::io::AsyncReadExt as _;
use uuid::Uuid;

use super::Answer;
use crate::evidence::{self, is_within};
use crate::redact::redact;
use crate::web::asked::Path;
use crate::web::guard::MayRead;
use crate::web::problem::Problem;
use crate::web::rows::FILES;
use crate::web::site::Site;

/// A file of evidence of an attempt: one of those that there may be, in the folder that the log names, if that lies where
/// evidence lies.
pub async fn file(
    MayRead(caller): MayRead,
    State(site): State<Arc<Site>>,
    Path((attempt, name)): Path<(Uuid, String)>,
) -> Answer {
    let nothing = || Problem::not_found("there is no such evidence; it may have been removed");
    let (name, kind) = FILES.into_iter().find(|(known, _)| *known == name).ok_or_else(nothing)?;
    let row = site.view(&caller).attempt(attempt).await.map_err(|_| nothing())?;
    let folder = row.provenance.evidence.ok_or_else(nothing)?;
    if !is_within(&folder, &site.artifacts) {
        return Err(nothing().into());
    }
    let mut file = tokio::fs::File::from_std(evidence::open(&folder, name).map_err(|_| nothing())?);
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).await.map_err(|_| nothing())?;
    let sandbox = (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox");
    let response: Response = match kind.starts_with("text/") {
        true => {
            let text = redact(&String::from_utf8_lossy(&bytes)).into_owned();
            ([(header::CONTENT_TYPE, kind), sandbox], text).into_response()
        }
        false => ([(header::CONTENT_TYPE, kind), sandbox], bytes).into_response(),
    };
    Ok(response)
}
