use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use url::form_urlencoded;

use super::{Answer, Frame, render};
use crate::redact::redact;
use crate::store::{AuditQuery, AuditRow};
use crate::web::asked::Asked;
use crate::web::guard::MayOperate;
use crate::web::problem::Problem;
use crate::web::rows::Time;
use crate::web::site::Site;

/// Rows of a page.
const PAGE: u32 = 100;

/// What of the audit is wanted, as the page's address says it.
#[derive(Deserialize)]
pub struct Wanted {
    #[serde(default)]
    who: String,
    #[serde(default)]
    account: String,
    before: Option<i64>,
}

impl Wanted {
    fn query(&self) -> Result<AuditQuery, Problem> {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let account = given(&self.account).map(|account| {
            account.parse().map_err(|_| Problem::bad_request(format!("`{account}` is no account")))
        });
        Ok(AuditQuery {
            who: given(&self.who),
            account: account.transpose()?,
            before: self.before,
            limit: PAGE,
            ..AuditQuery::default()
        })
    }

    /// The address of the page behind this row.
    fn older(&self, seq: i64) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("who", &self.who), ("account", &self.account)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.append_pair("before", &seq.to_string());
        format!("/audit?{}", query.finish())
    }
}

/// Something that was changed or shown.
struct Entry {
    at: Time,
    who: String,
    action: String,
    target: String,
    account: String,
    outcome: &'static str,
    detail: String,
}

impl Entry {
    fn of(row: AuditRow) -> Self {
        let account = row.audit.account.map(|account| account.to_string()).unwrap_or_default();
        Self {
            at: Time(row.at),
            who: row.audit.who,
            action: row.audit.action,
            // Said once where both are the same.
            target: Some(row.audit.target).filter(|target| *target != account).unwrap_or_default(),
            account,
            outcome: row.outcome.as_str(),
            detail: row.audit.detail.map(|detail| redact(&detail).into_owned()).unwrap_or_default(),
        }
    }
}

#[derive(Template)]
#[template(path = "web/audit.html")]
struct Page {
    frame: Frame,
    who: String,
    account: String,
    /// Why it is no question.
    wrong: String,
    entries: Vec<Entry>,
    /// The address of the next page.
    older: Option<String>,
}

pub async fn page(
    MayOperate(caller): MayOperate,
    State(site): State<Arc<Site>>,
    asked: Asked<Wanted>,
) -> Answer {
    let (rows, wrong) = match asked.read(Wanted::query) {
        Ok(query) => (site.view(&caller).audits(query).await?, String::new()),
        // What was meant stands in the form, to be mended there.
        Err(why) => (Vec::new(), why),
    };
    let wanted = asked.asked;
    let older = rows.last().filter(|_| rows.len() >= PAGE as usize).map(|row| wanted.older(row.seq));
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let page = render(&Page {
        frame: Frame::new("Audit", "audit", &caller),
        who: wanted.who,
        account: wanted.account,
        entries: rows.into_iter().map(Entry::of).collect(),
        older,
        wrong,
    });
    Ok((status, page).into_response())
}
