use serde::Deserialize;
use url::form_urlencoded;
use uuid::Uuid;

use crate::job::{AccountRef, Outcome};
use crate::store::{AttemptRow, LogQuery};
use crate::web::problem::Problem;

/// Rows of a page.
const PAGE: u32 = 50;

/// What of the log is wanted, as a page's address says it: a filter that is worth keeping is a bookmark.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Filter {
    #[serde(default)]
    pub app: String,
    #[serde(default)]
    pub account: String,
    /// An outcome, or `failed` for all that somebody may want to look into.
    #[serde(default)]
    pub outcome: String,
    #[serde(default)]
    pub job: String,
    #[serde(default)]
    pub before: String,
}

impl Filter {
    /// The question for the store.
    pub fn query(&self) -> Result<LogQuery, Problem> {
        let wrong = |what: &str, text: &str| Problem::bad_request(format!("`{text}` is no {what}"));
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(LogQuery {
            job: given(&self.job)
                .map(|job| job.parse::<Uuid>().map_err(|_| wrong("job's id", &job)))
                .transpose()?,
            app: given(&self.app),
            account: given(&self.account)
                .map(|account| account.parse::<AccountRef>().map_err(|_| wrong("account", &account)))
                .transpose()?,
            outcomes: match given(&self.outcome).as_deref() {
                None => Vec::new(),
                Some("failed") => Outcome::FAILED.to_vec(),
                Some(name) => vec![name.parse().map_err(|_| wrong("outcome", name))?],
            },
            limit: PAGE,
            before: given(&self.before)
                .map(|before| before.parse().map_err(|_| wrong("place in the log", &before)))
                .transpose()?,
            ..LogQuery::default()
        })
    }

    /// Whether there may be more behind so many rows.
    pub fn is_full(rows: usize) -> bool {
        rows >= PAGE as usize
    }

    /// The address of the page behind this row.
    pub fn older(&self, seq: i64) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in
            [("app", &self.app), ("account", &self.account), ("outcome", &self.outcome), ("job", &self.job)]
        {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.append_pair("before", &seq.to_string());
        format!("/log?{}", query.finish())
    }
}

/// Whether the row is asked for.
pub fn wants(query: &LogQuery, row: &AttemptRow) -> bool {
    let outcome = row.verdict.as_ref().map(|verdict| verdict.outcome);
    query.job.is_none_or(|job| row.job == job)
        && query.app.as_deref().is_none_or(|app| row.account.app() == app)
        && query.account.as_ref().is_none_or(|account| row.account == *account)
        && (query.outcomes.is_empty() || outcome.is_some_and(|outcome| query.outcomes.contains(&outcome)))
}
