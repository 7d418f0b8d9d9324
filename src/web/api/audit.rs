use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::given;
use crate::redact::redact;
use crate::store::{AuditQuery, AuditRow};
use crate::web::asked::Query;
use crate::web::guard::MayOperate;
use crate::web::problem::Problem;
use crate::web::site::Site;

/// The most rows of an answer.
const MOST: u32 = 500;

/// Which rows are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Of whoever is called so: a token's name, or `shell:` and a user's.
    who: Option<String>,
    /// Of this account, `app/name`.
    #[param(pattern = "^[a-z0-9-]{1,64}/[A-Za-z0-9._@+-]{1,64}$")]
    account: Option<String>,
    /// Only those before this place: the next page.
    before: Option<i64>,
    /// At most so many, 1 to 500; 50 unless it is said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Something that was changed or shown.
#[derive(Serialize, ToSchema)]
pub struct Entry {
    /// The place in the audit: the cursor of `before`.
    seq: i64,
    at: String,
    /// A token's name, or `shell:` and a user's.
    who: String,
    #[schema(example = "job.cancel")]
    action: String,
    target: String,
    /// Whose affair it is, if it is one account's.
    account: Option<String>,
    /// `done`, `refused`, or `asked`: nobody could say what came of it.
    #[schema(example = "done")]
    outcome: &'static str,
    detail: Option<String>,
}

/// Rows of the audit, the newest first.
#[derive(Serialize, ToSchema)]
pub struct Entries {
    entries: Vec<Entry>,
    /// What `before` is for the next page; null if there is none.
    next: Option<i64>,
}

impl Entry {
    fn of(row: AuditRow) -> Self {
        Self {
            seq: row.seq,
            at: row.at.to_string(),
            who: row.audit.who,
            action: row.audit.action,
            target: row.audit.target,
            account: row.audit.account.map(|account| account.to_string()),
            outcome: row.outcome.as_str(),
            detail: row.audit.detail.map(|detail| redact(&detail).into_owned()),
        }
    }
}

/// Read the audit
///
/// Every change and everything that was shown, newest first, in pages that do not shift. Needs the scope `operate`; with a
/// token that is good for shared accounts only, the rows of those that its holder owns.
#[utoipa::path(
    get, path = "/api/v1/audit", tag = "audit", params(Wanted),
    responses(
        (status = 200, body = Entries),
    ),
)]
pub async fn list(
    MayOperate(caller): MayOperate,
    State(site): State<Arc<Site>>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Entries>, Problem> {
    let limit = given::limit(wanted.limit, MOST)?;
    let account = given::read("account", wanted.account, given::ACCOUNT)?;
    let query =
        AuditQuery { who: wanted.who, account, before: wanted.before, limit, ..AuditQuery::default() };
    let rows = site.view(&caller).audits(query).await?;
    let next = rows.last().filter(|_| rows.len() >= limit as usize).map(|row| row.seq);
    Ok(Json(Entries { entries: rows.into_iter().map(Entry::of).collect(), next }))
}
