//! What the parameters of a query say; and what is answered where that cannot be meant.

use std::str::FromStr;

use crate::job::{Code, Kind};
use crate::playbook::{listed, nearest};
use crate::store::JobState;
use crate::web::problem::Problem;

/// Rows of an answer, unless it is said how many.
const USUAL: u32 = 50;

/// How an account is written.
pub const ACCOUNT: &str = "it is written APP/NAME, as acme/alice";

/// So many rows are wanted.
pub fn limit(given: Option<u32>, most: u32) -> Result<u32, Problem> {
    let limit = given.unwrap_or(USUAL);
    let wrong = || Problem::bad_request(format!("`limit` is {limit}: it may be 1 to {most}"));
    if (1..=most).contains(&limit) { Ok(limit) } else { Err(wrong()) }
}

/// What it says, if it is there; `right` says what it may be.
pub fn read<T: FromStr>(name: &str, given: Option<String>, right: &str) -> Result<Option<T>, Problem> {
    let wrong = |text: &str| Problem::bad_request(format!("`{name}` is `{text}`: {right}"));
    given.map(|text| text.parse().map_err(|_| wrong(&text))).transpose()
}

/// The same of a state of jobs.
pub fn state(given: Option<String>) -> Result<Option<JobState>, Problem> {
    let all = [JobState::Queued, JobState::Running, JobState::Finished, JobState::Cancelled];
    read("state", given, &format!("it may be {}", listed(all.map(JobState::as_str), "or")))
}

/// The same of a kind of jobs.
pub fn kind(given: Option<String>) -> Result<Option<Kind>, Problem> {
    read("kind", given, &format!("it may be {}", listed(Kind::ALL.map(|kind| kind.as_str()), "or")))
}

/// The same of a code, of which there are too many to name.
pub fn code(given: Option<String>) -> Result<Option<Code>, Problem> {
    let all = || Code::ALL.iter().map(|code| code.as_str());
    let meant = given.as_deref().and_then(|text| nearest(text, all()));
    let right = match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "no attempt ends with that; `page_not_as_described` is one of the codes".to_owned(),
    };
    read("code", given, &right)
}
