use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Extension, Form, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::job::Nothing;
use super::{Answer, Frame, render};
use crate::audit::entry;
use crate::net::{Peer, forwarded};
use crate::store::{AuditOutcome, NewAudit};
use crate::web::asked::Query;
use crate::web::csrf::Posted;
use crate::web::guard::{COOKIE, session};
use crate::web::problem::Problem;
use crate::web::site::Site;
use crate::web::{Secret, hash};

/// How long a browser stays signed in.
const SESSION: SignedDuration = SignedDuration::from_hours(12);

#[derive(Template)]
#[template(path = "web/login.html")]
struct Page {
    frame: Frame,
    next: String,
    wrong: String,
}

#[derive(Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub struct SignIn {
    token: SecretString,
    #[serde(default)]
    next: String,
}

pub async fn page(Query(Next { next }): Query<Next>) -> Response {
    shown(next, "")
}

fn shown(next: String, wrong: &str) -> Response {
    render(&Page { frame: Frame::of_nobody("Sign in"), next: within(&next), wrong: wrong.to_owned() })
}

/// A page of this server, or the first: nobody is led elsewhere.
fn within(next: &str) -> String {
    let plain = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains(|c: char| c == '\\' || c.is_control());
    if plain { next.to_owned() } else { "/log".to_owned() }
}

/// Begins a session for who shows a good token.
pub async fn sign_in(
    State(site): State<Arc<Site>>,
    Extension(Peer(peer)): Extension<Peer>,
    headers: HeaderMap,
    form: Result<Form<SignIn>, FormRejection>,
) -> Answer {
    let Form(form) =
        form.map_err(|_| Problem::bad_request("the form is not as the page has it: load it again"))?;
    let client = if site.behind_proxy { forwarded(&headers).or(peer) } else { peer };
    if client.is_some_and(|client| !site.sign_ins.may_send(client)) {
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too many tries; wait a minute").into());
    }
    if is_of_another_site(&headers, site.behind_proxy) {
        // Else a page of somebody else's could have this browser act in somebody else's name.
        return Err(Problem::forbidden("sign in on this page, not from another site").into());
    }
    let now = Timestamp::now();
    let token = hash(form.token.expose_secret().trim());
    let Some(row) = site.store.token_by_hash(&token).await?.filter(|row| row.is_valid(now)) else {
        site.turned_away.note("sign-ins", client);
        let page = shown(form.next, "This token is not known, was revoked, or has expired.");
        return Ok((StatusCode::UNAUTHORIZED, page).into_response());
    };
    let failed = |_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the system gives no random numbers");
    let secret = Secret::new().map_err(failed)?;
    let until = now.saturating_add(SESSION).unwrap_or(now);
    site.store.add_session(&secret.hash(), row.token.id, until).await?;
    let audit = NewAudit {
        detail: client.map(|client| format!("from {client}")),
        ..entry(&row.token.name, "session.begin", &row.token.name)
    };
    site.store.audit(&audit, AuditOutcome::Done).await?;
    let mut response = Redirect::to(&within(&form.next)).into_response();
    set_cookie(&site, &mut response, secret.expose(), SESSION.as_secs());
    Ok(response)
}

/// What browsers say of where a form comes from.
fn is_of_another_site(headers: &HeaderMap, behind_proxy: bool) -> bool {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let elsewhere = said("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let origin = said("origin").and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    // A proxy may well ask by another name than browsers do.
    elsewhere || (!behind_proxy && origin.is_some() && origin != said("host"))
}

/// Ends the session.
pub async fn sign_out(
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    Posted(Nothing {}): Posted<Nothing>,
) -> Answer {
    if let Some(session) = session(&headers).map(hash) {
        let whose = site.store.session(&session).await?;
        site.store.end_session(&session).await?;
        if let Some(row) = whose {
            let audit = entry(&row.token.name, "session.end", &row.token.name);
            site.store.audit(&audit, AuditOutcome::Done).await?;
        }
    }
    let mut response = Redirect::to("/login").into_response();
    set_cookie(&site, &mut response, "", 0);
    Ok(response)
}

/// No script reads it, no other site sends it with a form.
fn set_cookie(site: &Site, response: &mut Response, value: &str, seconds: i64) {
    let secure = if site.secure { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    // Both are ASCII without control characters.
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
}
