use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::given;
use crate::job::AccountRef;
use crate::reveal::{Reveal, RevealError, ShownCode, ShownPassword};
use crate::store::{AccountQuery, AccountSummary, CodesLeft, Role};
use crate::web::asked::{Path, Query};
use crate::web::guard::{Caller, MayRead, MayReveal, MaySubmit};
use crate::web::milestones::{Milestone, mfa};
use crate::web::problem::Problem;
use crate::web::site::Site;

/// The most accounts of an answer.
const MOST: u32 = 500;

/// Which accounts are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Of this app.
    app: Option<String>,
    /// With this text in the name or the user name, in whatever case.
    name: Option<String>,
    /// Only those behind this account: the next page.
    #[param(pattern = "^[a-z0-9-]{1,64}/[A-Za-z0-9._@+-]{1,64}$")]
    after: Option<String>,
    /// At most so many, 1 to 500; 50 unless it is said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// An account; what opens it is shown to those who ask for that, and may.
#[derive(Serialize, ToSchema)]
pub struct Account {
    #[schema(example = "acme/alice")]
    account: String,
    username: String,
    /// The managed address.
    address: Option<String>,
    /// The number for text messages.
    number: Option<String>,
    created_at: String,
    updated_at: String,
    /// What is known of its MFA, in words.
    #[schema(example = "on, by TOTP")]
    mfa: String,
    /// Recovery codes that the vault holds; null if it holds some that were never counted.
    recovery_codes: Option<u32>,
    /// Since when its password is the current one; null if there is none.
    password_since: Option<String>,
    /// When an attempt proved its credentials, if one of its 50 newest did.
    verified_at: Option<String>,
    /// It is being found out which credential opens it.
    in_doubt: bool,
    /// What it has come to, of `credentials_right`, `managed_address`, `mfa_on`, `shared` and `rotating`.
    milestones: Vec<&'static str>,
}

/// Accounts, by name.
#[derive(Serialize, ToSchema)]
pub struct Accounts {
    accounts: Vec<Account>,
    /// What `after` is for the next page; null if there is none.
    next: Option<String>,
}

/// List accounts
///
/// By name, in pages. Needs the scope `read`.
#[utoipa::path(
    get, path = "/api/v1/accounts", tag = "accounts", params(Wanted),
    responses(
        (status = 200, body = Accounts),
    ),
)]
pub async fn list(
    MayRead(caller): MayRead,
    State(site): State<Arc<Site>>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Accounts>, Problem> {
    let limit = given::limit(wanted.limit, MOST)?;
    let after = given::read("after", wanted.after, given::ACCOUNT)?;
    let query = AccountQuery { app: wanted.app, name: wanted.name, after, limit, ..AccountQuery::default() };
    let rows = site.view(&caller).accounts(query).await?;
    let next =
        rows.last().filter(|_| rows.len() >= limit as usize).map(|row| row.account.account.to_string());
    let now = Timestamp::now();
    Ok(Json(Accounts { accounts: rows.into_iter().map(|row| Account::of(row, now)).collect(), next }))
}

impl Account {
    fn of(row: AccountSummary, now: Timestamp) -> Self {
        let reached = Milestone::ALL.into_iter().filter(|milestone| milestone.is_reached(&row, now));
        Self {
            mfa: mfa(&row),
            recovery_codes: match row.codes {
                CodesLeft::None => Some(0),
                CodesLeft::Counted(codes) => Some(codes),
                CodesLeft::Uncounted => None,
            },
            password_since: row.password_at.map(|at| at.to_string()),
            verified_at: row.verified_at.map(|at| at.to_string()),
            in_doubt: row.in_doubt,
            milestones: reached.map(Milestone::as_str).collect(),
            account: row.account.account.to_string(),
            username: row.account.username,
            address: row.account.address,
            number: row.account.number,
            created_at: row.account.created_at.to_string(),
            updated_at: row.account.updated_at.to_string(),
        }
    }
}

/// A password, shown.
#[derive(Serialize, ToSchema)]
pub struct Password {
    #[schema(example = "acme/alice")]
    account: String,
    username: String,
    password: String,
    /// Since when it is the current one.
    since: String,
    /// Another one may open the account by now: it is being found out.
    in_doubt: bool,
}

/// Show a password
///
/// To owners of the account. That it was asked for is in the audit before it is answered. Needs the scope `reveal`, the
/// role `owner`, and a server with a vault.
#[utoipa::path(
    post, path = "/api/v1/accounts/{app}/{name}/reveal", tag = "accounts",
    params(
        ("app" = String, Path, description = "the app", example = "acme"),
        ("name" = String, Path, description = "the account's name in it", example = "alice"),
    ),
    responses(
        (status = 200, body = Password),
        (status = 403, description = "the token lacks the scope, or its holder does not own the account", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "there is no such account, or the vault holds no password of it", body = Problem, content_type = "application/problem+json"),
        (status = 501, description = "this server opens no vault", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn reveal(
    MayReveal(caller): MayReveal,
    State(site): State<Arc<Site>>,
    Path((app, name)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (account, shown) = show_password(&site, &caller, &app, &name).await?;
    Ok(secret(&Password {
        account: account.to_string(),
        username: shown.username,
        password: shown.password.expose_secret().to_owned(),
        since: shown.since.to_string(),
        in_doubt: shown.in_doubt,
    }))
}

/// A TOTP code, shown.
#[derive(Serialize, ToSchema)]
pub struct TotpCode {
    #[schema(example = "acme/alice")]
    account: String,
    #[schema(example = "123456")]
    code: String,
    /// For how many seconds it is good.
    seconds: u64,
}

/// Show the current TOTP code
///
/// To owners and collaborators of the account. A code is good for one login, so one that a job has used is not shown, and
/// one that is shown is used by no job; `Retry-After` says when the next comes. Needs the scope `submit`, a role, and a
/// server with a vault.
#[utoipa::path(
    post, path = "/api/v1/accounts/{app}/{name}/totp", tag = "accounts",
    params(
        ("app" = String, Path, description = "the app", example = "acme"),
        ("name" = String, Path, description = "the account's name in it", example = "alice"),
    ),
    responses(
        (status = 200, body = TotpCode),
        (status = 403, description = "the token lacks the scope, or the account is not shared with its holder", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "there is no such account, or the vault holds no TOTP secret of it", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "the current code was used or is about to expire; try again after `Retry-After`", body = Problem, content_type = "application/problem+json"),
        (status = 501, description = "this server opens no vault", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn totp(
    MaySubmit(caller): MaySubmit,
    State(site): State<Arc<Site>>,
    Path((app, name)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (account, shown) = match show_code(&site, &caller, &app, &name).await? {
        Ok(shown) => shown,
        Err(seconds) => {
            let mut response = Problem::from(RevealError::Later(seconds)).into_response();
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
            return Ok(response);
        }
    };
    Ok(secret(&TotpCode {
        account: account.to_string(),
        code: shown.digits.expose_secret().to_owned(),
        seconds: shown.seconds,
    }))
}

/// Shows the password to the caller, if it may see that.
pub async fn show_password(
    site: &Site,
    caller: &Caller,
    app: &str,
    name: &str,
) -> Result<(AccountRef, ShownPassword), Problem> {
    let account = named(app, name)?;
    site.view(caller).may_see(&account, "account.reveal", Role::may_see_password).await?;
    let shown = opened(site)?.password(&account, &caller.name).await;
    shown.map(|shown| (account, shown)).map_err(Problem::from)
}

/// Shows the current code to the caller, if it may see that; or in how many seconds there is one.
pub async fn show_code(
    site: &Site,
    caller: &Caller,
    app: &str,
    name: &str,
) -> Result<Result<(AccountRef, ShownCode), u64>, Problem> {
    let account = named(app, name)?;
    site.view(caller).may_see(&account, "account.code", |_| true).await?;
    match opened(site)?.code(&account, &caller.name).await {
        Ok(shown) => Ok(Ok((account, shown))),
        Err(RevealError::Later(seconds)) => Ok(Err(seconds)),
        Err(error) => Err(error.into()),
    }
}

/// The account that an address names.
pub fn named(app: &str, name: &str) -> Result<AccountRef, Problem> {
    format!("{app}/{name}").parse().map_err(|_| Problem::not_found("there is no account of such a name"))
}

fn opened(site: &Site) -> Result<&Reveal, Problem> {
    site.reveal.as_ref().ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_IMPLEMENTED,
            "this server opens no vault, so it shows neither passwords nor codes: start it with `turnlock serve --with-vault`",
        )
    })
}

/// Nothing between here and whoever asked keeps it.
fn secret(shown: &impl Serialize) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(shown)).into_response()
}
