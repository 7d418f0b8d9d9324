use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::shapes::Question;
use crate::answer::Answer as Said;
use crate::job::Decision;
use crate::web::answer::answer_job;
use crate::web::asked::Path;
use crate::web::guard::{MayOperate, MayRead};
use crate::web::problem::Problem;
use crate::web::site::Site;

/// What a body is.
const SHAPE: &str =
    "the body is not as it should be: {\"code\": \"…\"} or {\"decision\": \"go_on\"}, and maybe \"question\"";

/// The most questions of an answer.
const MOST: u32 = 500;

/// What jobs ask people for now, the oldest first.
#[derive(Serialize, ToSchema)]
pub struct Questions {
    questions: Vec<Question>,
}

/// List what jobs ask people for
///
/// Jobs that wait for a person now. Needs the scope `read`.
#[utoipa::path(
    get, path = "/api/v1/questions", tag = "jobs",
    responses(
        (status = 200, body = Questions),
    ),
)]
pub async fn list(
    MayRead(caller): MayRead,
    State(site): State<Arc<Site>>,
) -> Result<Json<Questions>, Problem> {
    let rows = site.view(&caller).open_questions(MOST).await?;
    Ok(Json(Questions { questions: rows.iter().map(Question::of).collect() }))
}

/// The code that a job waits for, or the decision.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Answer {
    Code(GivenCode),
    Decision(GivenDecision),
}

/// The code that a job waits for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenCode {
    /// As the app shows or sends it; spaces do not count.
    #[schema(value_type = String, min_length = 1, max_length = 64, pattern = "^[0-9A-Za-z-]{1,64}$", example = "123456")]
    code: SecretString,
    /// The question that it answers; the job's open one unless it is said.
    question: Option<Uuid>,
}

/// What is to become of a job that waits for a `decision`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenDecision {
    /// `go_on`, since what the app asked of a person is done, or `give_up`.
    #[schema(pattern = "^(go_on|give_up)$", example = "go_on")]
    decision: String,
    /// The question that it answers; the job's open one unless it is said.
    question: Option<Uuid>,
}

/// What was answered.
#[derive(Serialize, ToSchema)]
pub struct Answered {
    job: Uuid,
    question: Uuid,
    #[schema(example = "email_code")]
    wanted: String,
}

/// Give a job the code that it waits for, or the decision
///
/// Either `code` or `decision`. The job goes on with it in the same browser session. A code is taken once, and never kept in the clear. Needs the scope
/// `operate`.
#[utoipa::path(
    post, path = "/api/v1/jobs/{id}/answer", tag = "jobs", request_body = Answer,
    params(("id" = Uuid, Path, description = "the job")),
    responses(
        (status = 200, body = Answered),
        (status = 404, description = "there is no such job", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "it asks for nothing now: it never did, was answered, or it is too late", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn answer(
    MayOperate(caller): MayOperate,
    State(site): State<Arc<Site>>,
    Path(id): Path<Uuid>,
    body: Bytes,
) -> Result<Json<Answered>, Problem> {
    // What they do not see is not there, whatever is sent to it.
    site.view(&caller).job(id).await?;
    // Serde's own words may show what the body holds.
    let answer: Answer = serde_json::from_slice(&body).map_err(|_| Problem::bad_request(SHAPE))?;
    let (said, question) = match answer {
        Answer::Code(given) => (Said::Code(given.code), given.question),
        Answer::Decision(given) => {
            let decision = given.decision.parse::<Decision>();
            let decision = decision.map_err(|error| Problem::bad_request(error.to_string()))?;
            (Said::Decision(decision), given.question)
        }
    };
    let row = answer_job(&site, &caller, id, question, &said).await?;
    Ok(Json(Answered { job: id, question: row.id, wanted: row.wanted.to_string() }))
}
