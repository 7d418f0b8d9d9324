//! Who asks, and whether they may.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use tokio::time::timeout;
use url::form_urlencoded;
use uuid::Uuid;

use super::problem::Problem;
use super::site::Site;
use super::{csrf, hash, pages};
use crate::net::{Peer, forwarded};
use crate::store::{NewToken, Scope, StoreError, TokenRow};

/// How long a request may take until its answer begins.
const REQUEST: Duration = Duration::from_secs(30);

/// The session's cookie.
pub const COOKIE: &str = "turnlock_session";

/// Who asks.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The token's name.
    pub name: String,
    /// The token.
    pub token: Uuid,
    scopes: Vec<Scope>,
    /// Whether they see nothing but accounts that are shared with them.
    pub only_shared: bool,
    /// What the forms of this session hold; `None` where there is no session, but a token with each request.
    pub csrf: Option<String>,
}

impl Caller {
    /// Whether they may do such things.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    fn of(row: TokenRow, csrf: Option<String>) -> Self {
        let NewToken { id, name, scopes, only_shared, .. } = row.token;
        Self { name, token: id, scopes, only_shared, csrf }
    }
}

/// Lets in who shows a token that is good, or the session of one. Everything else behind this asks nobody.
pub async fn known(State(site): State<Arc<Site>>, mut request: Request, next: Next) -> Response {
    let of_api = is_of_the_api(request.uri().path());
    match identify(&site, request.headers(), of_api).await {
        Ok(Some(caller)) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Ok(None) if of_api => {
            if bearer(request.headers()).is_some() {
                site.turned_away.note("tokens", client(&site, &request));
            }
            Problem::unauthorized("send a token that is good, as `Authorization: Bearer …`").into_response()
        }
        Ok(None) => {
            // What a form was to do is not done by loading its address.
            let wanted = request.uri().path_and_query().filter(|_| request.method() == Method::GET);
            let wanted = wanted.map_or("/", |wanted| wanted.as_str());
            let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", wanted).finish();
            Redirect::to(&format!("/login?{query}")).into_response()
        }
        Err(error) => pages::problem_at(request.uri().path(), None, &error.into()),
    }
}

/// Whether programs ask for it, and not a person with a browser.
pub fn is_of_the_api(path: &str) -> bool {
    path.starts_with("/api/") || path == "/metrics"
}

/// What is there takes other methods.
pub async fn wrong_method(uri: Uri) -> Response {
    let why = "what is at this address is not for this method; the header Allow names those that it is for";
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, why);
    pages::problem_at(uri.path(), None, &problem)
}

/// A session is for pages only, so that no other site can have a browser use the API with it.
async fn identify(site: &Site, headers: &HeaderMap, of_api: bool) -> Result<Option<Caller>, StoreError> {
    let now = Timestamp::now();
    if let Some(token) = bearer(headers) {
        let found = site.store.token_by_hash(&hash(token)).await?.filter(|row| row.is_valid(now));
        if let Some(row) = &found {
            site.note_use(row).await;
        }
        return Ok(found.map(|row| Caller::of(row, None)));
    }
    let Some(session) = session(headers).filter(|_| !of_api) else { return Ok(None) };
    let found = site.store.session(&hash(session)).await?.filter(|row| row.is_valid(now));
    if let Some(row) = &found {
        site.note_use(row).await;
    }
    Ok(found.map(|row| Caller::of(row, Some(csrf::of_session(session)))))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The session that the browser shows.
pub fn session(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// Where a request comes from, as far as that is known.
fn client(site: &Site, request: &Request) -> Option<IpAddr> {
    let peer = request.extensions().get::<Peer>().and_then(|Peer(peer)| *peer);
    if site.behind_proxy { forwarded(request.headers()).or(peer) } else { peer }
}

/// Not more than a client may ask.
pub async fn within_bounds(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let client = client(&site, &request);
    let path = request.uri().path().to_owned();
    let refused = |status, why| pages::problem_at(&path, None, &Problem::new(status, why));
    match client {
        Some(client) if !site.clients.may_send(client) => {
            refused(StatusCode::TOO_MANY_REQUESTS, "too many requests; wait a moment")
        }
        // The answer may take as long as it likes, as events do; what comes in may not.
        _ => match timeout(REQUEST, next.run(request)).await {
            Ok(response) => response,
            // It may be the database or the broker that took so long.
            Err(_) => refused(
                StatusCode::SERVICE_UNAVAILABLE,
                "the request took longer than 30 s, and was given up: what it asked for may have been done or not",
            ),
        },
    }
}

/// A handler that takes one of these is only reached by callers with its scope; where it is about the whole fleet, only by
/// those whose tokens are good for all accounts.
macro_rules! may {
    ($(#[doc = $doc:literal])+ $name:ident, $scope:expr, $of:expr) => {
        $(#[doc = $doc])+
        pub struct $name(pub Caller);

        impl FromRequestParts<Arc<Site>> for $name {
            type Rejection = Response;

            async fn from_request_parts(parts: &mut Parts, _: &Arc<Site>) -> Result<Self, Response> {
                allowed(parts, $scope, $of).map(Self).map_err(|refused| *refused)
            }
        }
    };
}

may!(
    /// Who may read what has to do with accounts that they see.
    MayRead,
    Scope::Read,
    Of::Accounts
);
may!(
    /// Who may read what tells of all accounts together.
    MayReadAll,
    Scope::Read,
    Of::Fleet
);
may!(
    /// Who may submit jobs, and have codes shown, of accounts that they see.
    MaySubmit,
    Scope::Submit,
    Of::Accounts
);
may!(
    /// Who may cancel jobs of accounts that they see, and read their part of the audit.
    MayOperate,
    Scope::Operate,
    Of::Accounts
);
may!(
    /// Who may close breakers.
    MayOperateAll,
    Scope::Operate,
    Of::Fleet
);
may!(
    /// Who may have passwords shown of accounts that they own.
    MayReveal,
    Scope::Reveal,
    Of::Accounts
);

/// What a handler is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    /// Single accounts, and the handler looks whose they are.
    Accounts,
    /// All of them together.
    Fleet,
}

fn allowed(parts: &Parts, scope: Scope, of: Of) -> Result<Caller, Box<Response>> {
    let path = parts.uri.path();
    let Some(caller) = parts.extensions.get::<Caller>() else {
        return Err(Box::new(pages::problem_at(path, None, &Problem::unauthorized("nobody is known here"))));
    };
    let problem = if !caller.may(scope) {
        Problem::forbidden(format!("the token `{}` lacks the scope `{scope}`", caller.name))
    } else if of == Of::Fleet && caller.only_shared {
        Problem::forbidden(format!(
            "the token `{}` is good for accounts that are shared with it only, and this is about all of them",
            caller.name
        ))
    } else {
        return Ok(caller.clone());
    };
    Err(Box::new(pages::problem_at(path, Some(caller), &problem)))
}
