use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::accounts::{Account, address_of};
use super::job::Nothing;
use super::{Answer, Frame, render};
use crate::audit::{audited, entry_of};
use crate::job::{Job, Kind};
use crate::store::{NewAudit, Role, Scope};
use crate::web::api::{named, show_code, show_password};
use crate::web::asked::Path;
use crate::web::csrf::Posted;
use crate::web::guard::{MayRead, MayReveal, MaySubmit};
use crate::web::job_id::{self, Key};
use crate::web::rows::Time;
use crate::web::site::Site;

#[derive(Template)]
#[template(path = "web/account.html")]
struct Page {
    frame: Frame,
    account: Account,
    /// What the reader is to the account; empty if nothing.
    role: &'static str,
    /// With whom it is shared, and as what; for those who manage it.
    shared: Vec<(String, &'static str)>,
    may_login: bool,
    may_totp: bool,
    may_reveal: bool,
}

pub async fn page(
    MayRead(caller): MayRead,
    State(site): State<Arc<Site>>,
    Path((app, name)): Path<(String, String)>,
) -> Answer {
    let known = named(&app, &name)?;
    let view = site.view(&caller);
    let summary = view.account(&known).await?;
    let role = view.role(&known).await?;
    let manages = !caller.only_shared || role == Some(Role::Owner);
    let shares = if manages { site.store.shared_with(&known).await? } else { Vec::new() };
    let frame = Frame::new(known.to_string(), "accounts", &caller);
    let totp = summary.totp;
    let shows = caller.csrf.is_some() && site.reveal.is_some();
    Ok(render(&Page {
        account: Account::of(summary, Timestamp::now()),
        role: role.map_or("", Role::as_str),
        shared: shares.into_iter().map(|share| (share.name, share.role.as_str())).collect(),
        may_login: frame.may_submit,
        may_totp: shows && totp && role.is_some() && caller.may(Scope::Submit),
        may_reveal: shows && role.is_some_and(Role::may_see_password) && caller.may(Scope::Reveal),
        frame,
    }))
}

/// What only this form has, so that it is done once, however often it is sent.
#[derive(Deserialize)]
pub struct Once {
    once: Option<String>,
}

/// Has a login tried.
pub async fn login(
    MaySubmit(caller): MaySubmit,
    State(site): State<Arc<Site>>,
    Path((app, name)): Path<(String, String)>,
    Posted(Once { once }): Posted<Once>,
) -> Answer {
    let account = named(&app, &name)?;
    let mut job =
        Job { requested_by: Some(caller.name.clone()), ..Job::new(Kind::VerifyLogin, account.clone()) };
    if let Some(key) = once.as_deref().and_then(Key::new) {
        job.id = job_id::of_key(&key, caller.token);
    }
    site.view(&caller).may_do("job.submit", job.id, &account, job.kind).await?;
    let page = Redirect::to(&format!("/jobs/{}", job.id)).into_response();
    if site.store.job(job.id).await?.is_some() {
        return Ok(page);
    }
    let entry = NewAudit {
        target: job.id.to_string(),
        detail: Some(format!("{} of {account}", job.kind)),
        ..entry_of(&caller.name, "job.submit", &account)
    };
    audited(site.store.as_ref(), entry, site.queue.submit(&job, None)).await?;
    Ok(page)
}

#[derive(Template)]
#[template(path = "web/secret.html")]
struct Shown {
    frame: Frame,
    /// The account's page.
    back: String,
    account: String,
    username: String,
    secret: String,
    /// Since when a password is the current one.
    since: Option<Time>,
    in_doubt: bool,
    /// For how many seconds a code is good.
    seconds: u64,
}

/// Shows the password, this once.
pub async fn reveal(
    MayReveal(caller): MayReveal,
    State(site): State<Arc<Site>>,
    Path((app, name)): Path<(String, String)>,
    Posted(Nothing {}): Posted<Nothing>,
) -> Answer {
    let (account, shown) = show_password(&site, &caller, &app, &name).await?;
    Ok(render(&Shown {
        frame: Frame::new("Password", "accounts", &caller),
        back: address_of(&account),
        account: account.to_string(),
        username: shown.username,
        secret: shown.password.expose_secret().to_owned(),
        since: Some(Time(shown.since)),
        in_doubt: shown.in_doubt,
        seconds: 0,
    }))
}

/// Shows the current TOTP code, this once.
pub async fn totp(
    MaySubmit(caller): MaySubmit,
    State(site): State<Arc<Site>>,
    Path((app, name)): Path<(String, String)>,
    Posted(Nothing {}): Posted<Nothing>,
) -> Answer {
    let (account, secret, seconds) = match show_code(&site, &caller, &app, &name).await? {
        Ok((account, shown)) => (account, shown.digits.expose_secret().to_owned(), shown.seconds),
        Err(seconds) => (named(&app, &name)?, String::new(), seconds),
    };
    Ok(render(&Shown {
        frame: Frame::new("TOTP code", "accounts", &caller),
        back: address_of(&account),
        account: account.to_string(),
        username: String::new(),
        secret,
        since: None,
        in_doubt: false,
        seconds,
    }))
}
