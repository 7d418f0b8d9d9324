use utoipa::openapi::path::Operation;
use utoipa::openapi::{Content, OpenApi, Ref, Response, ResponseBuilder};

use crate::web::whole::BODY;

/// What every operation may answer, unless it says more of it by itself.
const USUAL: [(u16, &str); 5] = [
    (400, "the request is not as it should be; the problem says what of it"),
    (401, "no good token"),
    (403, "the token lacks the scope, or is good for accounts that are shared with it only"),
    (429, "too many requests; `Retry-After` says how long to wait"),
    (
        503,
        "database or queue are away, or it took longer than 30 s, and it may have been done or not; without a body where there are \
         too many connections",
    ),
];

/// Has the document name the answers that do not depend on what is asked.
pub fn add_usual(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        let (get, post) = (item.get.as_mut(), item.post.as_mut());
        if let Some(operation) = get {
            add(operation, &USUAL);
        }
        if let Some(operation) = post {
            add(operation, &USUAL);
            let larger = format!("the body did not come whole, or is larger than {BODY} bytes");
            add(operation, &[(413, &larger)]);
        }
    }
}

fn add(operation: &mut Operation, answers: &[(u16, &str)]) {
    for (status, words) in answers {
        let answers = &mut operation.responses.responses;
        answers.entry(status.to_string()).or_insert_with(|| problem(words).into());
    }
}

fn problem(words: &str) -> Response {
    let problem = Content::new(Some(Ref::from_schema_name("Problem")));
    ResponseBuilder::new().description(words).content("application/problem+json", problem).build()
}
