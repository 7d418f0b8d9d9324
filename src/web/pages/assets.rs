use crate::web::asked::Path;
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};

use super::nothing_there;

const STYLE: &str = include_str!("../assets/turnlock.css");
const SCRIPT: &str = include_str!("../assets/turnlock.js");

pub async fn file(Path(file): Path<String>, uri: Uri) -> Response {
    let (kind, text) = match &*file {
        "turnlock.css" => ("text/css; charset=utf-8", STYLE),
        "turnlock.js" => ("text/javascript; charset=utf-8", SCRIPT),
        _ => return nothing_there(uri).await,
    };
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text).into_response()
}
