use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use jiff::Timestamp;
use serde::Deserialize;

use super::{Answer, Frame, render};
use crate::job::{Code, Kind, Outcome};
use crate::store::{CandidateKind, CandidateState, LogQuery};
use crate::web::asked::Query;
use crate::web::guard::MayRead;
use crate::web::rows::Time;
use crate::web::site::Site;

/// So many are shown at once.
const PAGE: usize = 100;

#[derive(Deserialize, Default)]
pub struct Wanted {
    #[serde(default)]
    app: String,
    /// Accounts behind this name.
    #[serde(default)]
    after: String,
}

struct Account {
    name: String,
    username: String,
    address: String,
    mfa: String,
    /// Days.
    password_age: Option<i64>,
    verified: Option<Time>,
    /// In doubt: which password opens it is being found out.
    in_doubt: bool,
}

#[derive(Template)]
#[template(path = "web/accounts.html")]
struct Page {
    frame: Frame,
    app: String,
    accounts: Vec<Account>,
    /// The last name, if there are more behind it.
    more: Option<String>,
}

pub async fn page(
    MayRead(caller): MayRead,
    State(site): State<Arc<Site>>,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let app = Some(wanted.app.trim()).filter(|app| !app.is_empty());
    let all = site.store.accounts(app).await?;
    let mut behind = all.iter().filter(|row| row.account.to_string() > wanted.after);
    let mut accounts = Vec::new();
    for row in behind.by_ref().take(PAGE) {
        let ledger = site.store.candidates(&row.account).await?;
        let current =
            |kind| ledger.iter().rfind(move |c| c.kind == kind && c.state == CandidateState::Current);
        let query = LogQuery {
            account: Some(row.account.clone()),
            outcomes: vec![Outcome::Succeeded],
            limit: 5,
            ..LogQuery::default()
        };
        let proves = |code: Option<Code>| code != Some(Code::Rehearsed);
        let verified = site.store.log(&query).await?.into_iter().find(|row| {
            row.kind != Kind::Reconcile || proves(row.verdict.as_ref().map(|verdict| verdict.code))
        });
        let age = current(CandidateKind::Password)
            .and_then(|c| Timestamp::now().since(c.created_at).ok())
            .map(|age| i64::from(age.get_hours()) / 24);
        accounts.push(Account {
            name: row.account.to_string(),
            username: row.username.clone(),
            address: row.address.clone().or(row.number.clone()).unwrap_or_default(),
            mfa: match (current(CandidateKind::Totp), &row.mfa_note) {
                (Some(_), _) => "on, by TOTP".to_owned(),
                (None, Some(note)) => note.clone(),
                (None, None) => "not known to be on".to_owned(),
            },
            password_age: age,
            verified: verified.and_then(|row| row.ended_at).map(Time),
            in_doubt: ledger.iter().any(|c| c.state == CandidateState::Pending && c.submitted_at.is_some()),
        });
    }
    let more = behind.next().and(accounts.last()).map(|account| account.name.clone());
    Ok(render(&Page { frame: Frame::new("Accounts", "accounts", &caller), app: wanted.app, accounts, more }))
}
