use std::str::FromStr;

use serde::Deserialize;
use url::form_urlencoded;

use crate::job::Outcomes;
use crate::store::{LogQuery, Since, Until};
use crate::web::asked::with_sign;
use crate::web::problem::Problem;

/// Rows of a page.
pub const PAGE: u32 = 50;
/// How what is asked for may be said.
const TIME: &str = "time: 30m, 2h, 3d (ago), 2026-05-31 and 2026-05-31T08:00:00Z are";
pub const ACCOUNT: &str = "account: it is written APP/NAME, as acme/alice";
pub const OUTCOME: &str = "outcome: failed, succeeded, rejected, retry_later, needs_human, interrupted and unknown are, and several \
                           with commas between them";

pub const KIND: &str = "kind of job: verify_login, enrol_mfa, change_password, set_contact and reconcile are";
pub const CODE: &str = "code of an outcome: the form lists them";

/// What of the log is wanted, as a page's address says it: a filter that is worth keeping is a bookmark.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Filter {
    #[serde(default)]
    pub app: String,
    #[serde(default)]
    pub account: String,
    /// An outcome, or several; `failed` for all that somebody may want to look into.
    #[serde(default)]
    pub outcome: String,
    #[serde(default)]
    pub kind: String,
    #[serde(default)]
    pub code: String,
    #[serde(default)]
    pub requested_by: String,
    /// As people say a time, `2h` for two hours ago: what is bookmarked so goes with the time. A date is UTC's; the page's script
    /// has the browser's written out, so that an address means the same to everyone.
    #[serde(default)]
    pub since: String,
    #[serde(default)]
    pub until: String,
    #[serde(default)]
    pub job: String,
    #[serde(default)]
    pub before: String,
}

impl Filter {
    /// The question for the store.
    pub fn query(&self) -> Result<LogQuery, Problem> {
        Ok(LogQuery {
            job: read(&self.job, "job's id")?,
            app: given(&self.app),
            account: read(&self.account, ACCOUNT)?,
            kind: read(&self.kind, KIND)?,
            requested_by: given(&self.requested_by),
            outcomes: read::<Outcomes>(&self.outcome, OUTCOME)?.unwrap_or_default().0,
            code: read(&self.code, CODE)?,
            since: read_by(&with_sign(&self.since), TIME, Since::in_utc)?.map(|since| since.0),
            until: read_by(&with_sign(&self.until), TIME, Until::in_utc)?.map(|until| until.0),
            limit: PAGE,
            before: read(&self.before, "place in the log")?,
            ..LogQuery::default()
        })
    }

    /// Whether more is asked for than the first line of the form shows.
    pub fn has_more(&self) -> bool {
        [&self.kind, &self.code, &self.requested_by, &self.since, &self.until]
            .into_iter()
            .any(|text| !text.is_empty())
    }

    /// The address of the page behind this place.
    pub fn older(&self, seq: i64) -> String {
        let asked = [
            ("app", &self.app),
            ("account", &self.account),
            ("outcome", &self.outcome),
            ("kind", &self.kind),
            ("code", &self.code),
            ("requested_by", &self.requested_by),
            ("since", &self.since),
            ("until", &self.until),
            ("job", &self.job),
        ];
        behind("/log", &asked, seq)
    }
}

/// The address of what is asked for, behind this place.
pub fn behind(page: &str, asked: &[(&str, &String)], place: i64) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(asked.iter().filter(|(_, value)| !value.is_empty()));
    query.append_pair("before", &place.to_string());
    format!("{page}?{}", query.finish())
}

pub fn given(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

pub fn read<T: FromStr>(text: &str, what: &str) -> Result<Option<T>, Problem> {
    read_by(text, what, T::from_str)
}

fn read_by<T, E>(text: &str, what: &str, read: impl Fn(&str) -> Result<T, E>) -> Result<Option<T>, Problem> {
    let wrong = |text: &str| Problem::bad_request(format!("`{text}` is no {what}"));
    given(text).map(|text| read(&text).map_err(|_| wrong(&text))).transpose()
}
