use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde::Deserialize;
use url::form_urlencoded;

use super::{Answer, Frame, render};
use crate::job::AccountRef;
use crate::store::{AccountQuery, AccountSummary, CodesLeft};
use crate::web::asked::Asked;
use crate::web::guard::MayRead;
use crate::web::milestones::{Milestone, mfa};
use crate::web::problem::Problem;
use crate::web::rows::Time;
use crate::web::site::Site;

/// So many are shown at once.
const PAGE: u32 = 100;

/// Which accounts are wanted, as the page's address says it.
#[derive(Deserialize, Default)]
pub struct Wanted {
    #[serde(default)]
    app: String,
    /// A part of the name or the user name.
    #[serde(default)]
    name: String,
    /// Accounts behind this one.
    #[serde(default)]
    after: String,
}

impl Wanted {
    fn query(&self) -> Result<AccountQuery, Problem> {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let after = given(&self.after)
            .map(|after| after.parse().map_err(|_| Problem::bad_request(format!("`{after}` is no account"))));
        Ok(AccountQuery {
            app: given(&self.app),
            name: given(&self.name),
            after: after.transpose()?,
            limit: PAGE,
            ..AccountQuery::default()
        })
    }

    /// The address of the page behind this account.
    fn behind(&self, account: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("app", &*self.app), ("name", &*self.name), ("after", account)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        format!("/accounts?{}", query.finish())
    }
}

/// An account, as pages show it.
pub struct Account {
    pub name: String,
    pub username: String,
    pub address: String,
    pub mfa: String,
    pub codes: String,
    /// Days.
    pub password_age: Option<i64>,
    pub verified: Option<Time>,
    /// In doubt: which password opens it is being found out.
    pub in_doubt: bool,
    pub reached: Vec<&'static str>,
    pub missing: Vec<&'static str>,
    /// Its own page.
    pub href: String,
}

impl Account {
    pub fn of(row: AccountSummary, now: Timestamp) -> Self {
        let (reached, missing): (Vec<_>, Vec<_>) =
            Milestone::ALL.into_iter().partition(|milestone| milestone.is_reached(&row, now));
        let titles = |of: Vec<Milestone>| of.into_iter().map(Milestone::title).collect();
        Self {
            mfa: mfa(&row),
            codes: match row.codes {
                CodesLeft::None => "none".to_owned(),
                CodesLeft::Counted(codes) => codes.to_string(),
                CodesLeft::Uncounted => "some".to_owned(),
            },
            password_age: row.password_at.map(|since| now.duration_since(since).as_hours() / 24),
            verified: row.verified_at.map(Time),
            in_doubt: row.in_doubt,
            reached: titles(reached),
            missing: titles(missing),
            href: address_of(&row.account.account),
            name: row.account.account.to_string(),
            username: row.account.username,
            address: row.account.address.or(row.account.number).unwrap_or_default(),
        }
    }
}

/// The address of an account's own page; of one that can have none, of those that are called like it.
pub fn address_of(account: &AccountRef) -> String {
    if !account.can_have_a_page() {
        return format!("/accounts?app={}&name={}", account.app(), account.name());
    }
    let name: String = form_urlencoded::byte_serialize(account.name().as_bytes()).collect();
    format!("/accounts/{}/{name}", account.app())
}

#[derive(Template)]
#[template(path = "web/accounts.html")]
struct Page {
    frame: Frame,
    app: String,
    name: String,
    /// Why it is no question.
    wrong: String,
    accounts: Vec<Account>,
    /// The address of the next page.
    more: Option<String>,
}

pub async fn page(MayRead(caller): MayRead, State(site): State<Arc<Site>>, asked: Asked<Wanted>) -> Answer {
    let (rows, wrong) = match asked.read(Wanted::query) {
        Ok(query) => (site.view(&caller).accounts(query).await?, String::new()),
        // What was meant stands in the form, to be mended there.
        Err(why) => (Vec::new(), why),
    };
    let wanted = asked.asked;
    let now = Timestamp::now();
    let full = rows.len() >= PAGE as usize;
    let accounts: Vec<_> = rows.into_iter().map(|row| Account::of(row, now)).collect();
    let more = accounts.last().filter(|_| full).map(|account| wanted.behind(&account.name));
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let page = render(&Page {
        frame: Frame::new("Accounts", "accounts", &caller),
        app: wanted.app,
        name: wanted.name,
        accounts,
        more,
        wrong,
    });
    Ok((status, page).into_response())
}
