//! What is answered to whom.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Extension, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;
use tokio::time::timeout;

use super::signed::{Unsigned, check};
use super::twilio::{Form, signed_urls};
use super::{SmsLimits, SmsOptions};
use crate::inbox::number::e164;
use crate::inbox::source::{Arrival, Content, Desk, DeskClosed, Taken};
use crate::net::{Clients, Peer, forwarded};

const TWILIO_SIGNATURE: HeaderName = HeaderName::from_static("x-twilio-signature");
const SIGNATURE: HeaderName = HeaderName::from_static("x-turnlock-signature");

/// An answer to Twilio that has nothing sent back.
const NO_REPLY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>";
/// More than any provider's ids have.
const LONGEST_ID: usize = 200;

struct House {
    desk: Arc<dyn Desk>,
    clients: Arc<Clients>,
    limits: SmsLimits,
    behind_proxy: bool,
    twilio: String,
    tokens: Vec<SecretString>,
    secret: Option<SecretString>,
}

/// The routes of those who are served.
pub(super) fn router(options: &SmsOptions, desk: Arc<dyn Desk>, clients: Arc<Clients>) -> Router {
    let public = options.public_url.as_deref().unwrap_or_default();
    let house = Arc::new(House {
        desk,
        clients,
        limits: options.limits,
        behind_proxy: options.behind_proxy,
        twilio: format!("{}/sms/twilio", public.trim_end_matches('/')),
        tokens: options.twilio_tokens.clone(),
        secret: options.secret.clone(),
    });
    let mut router = Router::new();
    if !house.tokens.is_empty() {
        router = router.route("/sms/twilio", post(twilio));
    }
    if house.secret.is_some() {
        router = router.route("/sms", post(generic));
    }
    router
        .layer(DefaultBodyLimit::max(options.limits.body))
        .layer(from_fn_with_state(Arc::clone(&house), within_bounds))
        .with_state(house)
}

/// Not more than a client may ask, and not longer than it may take.
async fn within_bounds(
    State(house): State<Arc<House>>,
    Extension(Peer(peer)): Extension<Peer>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let forwarded = if house.behind_proxy { forwarded(request.headers()) } else { None };
    let client = forwarded.or(peer);
    if client.is_some_and(|client| !house.clients.may_send(client)) {
        return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "10")], "too many requests\n")
            .into_response();
    }
    match timeout(house.limits.request, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            (StatusCode::REQUEST_TIMEOUT, [(header::CONNECTION, "close")], "too slow\n").into_response()
        }
    }
}

async fn twilio(
    State(house): State<Arc<House>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = Form::parse(&body);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    let urls = signed_urls(&format!("{}{query}", house.twilio));
    if !form.is_signed(text(&headers, &TWILIO_SIGNATURE), &urls, &house.tokens) {
        tracing::warn!(
            url = urls[0],
            "a text message was refused: its signature is not Twilio's for this URL"
        );
        return refused(
            StatusCode::FORBIDDEN,
            "the signature does not fit: check the auth token and the public URL",
        );
    }
    let (Some(to), Some(id)) = (form.get("To"), form.id()) else {
        return refused(StatusCode::BAD_REQUEST, "To and MessageSid are needed, each once");
    };
    let key = format!("twilio:{id}");
    let from = form.get("From").unwrap_or_default();
    let words = form.get("Body").unwrap_or_default();
    match house.deliver(to, from, words, key, Duration::ZERO).await {
        Ok(Taken::New | Taken::Already) => ([(header::CONTENT_TYPE, "text/xml")], NO_REPLY).into_response(),
        Ok(Taken::NotManaged) => not_managed(),
        Err(error) => put_off(&error),
    }
}

/// A text message as a gateway of any kind sends it; what else it says is not read.
#[derive(Deserialize)]
struct Sms {
    id: String,
    to: String,
    from: String,
    text: String,
    at: Option<Timestamp>,
}

async fn generic(State(house): State<Arc<House>>, headers: HeaderMap, body: Bytes) -> Response {
    let now = Timestamp::now();
    let Some(secret) = &house.secret else { return StatusCode::NOT_FOUND.into_response() };
    match check(text(&headers, &SIGNATURE), &body, secret, now) {
        Ok(()) => {}
        Err(Unsigned::Wrong) => {
            tracing::warn!("a text message was refused: it is not signed with the secret");
            return refused(StatusCode::FORBIDDEN, "X-Turnlock-Signature is missing or wrong");
        }
        Err(Unsigned::Late) => {
            tracing::warn!("a text message was refused: it was signed more than 5 minutes from now");
            return refused(StatusCode::FORBIDDEN, "the time of the signature is more than 5 minutes off");
        }
    }
    // What is wrong with it is not said in its own words, for they may have the code in them.
    let sms: Sms = match serde_json::from_slice(&body) {
        Ok(sms) => sms,
        Err(_) => {
            return refused(
                StatusCode::BAD_REQUEST,
                "JSON with id, to, from and text is needed; at is a time",
            );
        }
    };
    if !is_id(&sms.id) {
        return refused(StatusCode::BAD_REQUEST, "id has 1 to 200 letters, none of them a control character");
    }
    let age = sms.at.and_then(|at| Duration::try_from(now.duration_since(at)).ok()).unwrap_or_default();
    match house.deliver(&sms.to, &sms.from, &sms.text, format!("sms:{}", sms.id), age).await {
        Ok(Taken::New) => "taken in\n".into_response(),
        Ok(Taken::Already) => "taken in before\n".into_response(),
        Ok(Taken::NotManaged) => not_managed(),
        Err(error) => put_off(&error),
    }
}

impl House {
    async fn deliver(
        &self,
        to: &str,
        from: &str,
        text: &str,
        key: String,
        age: Duration,
    ) -> Result<Taken, DeskClosed> {
        // What is no number is nobody's.
        let Some(recipient) = e164(to) else { return Ok(Taken::NotManaged) };
        // Apps send from names and short numbers, too.
        let sender = e164(from).unwrap_or_else(|| from.to_owned());
        let content = Content::Text(text.to_owned());
        let taken = self.desk.deliver(Arrival { recipient, sender, content, key: Some(key), age }).await?;
        tracing::debug!(?taken, "a text message came");
        Ok(taken)
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn is_id(id: &str) -> bool {
    (1..=LONGEST_ID).contains(&id.len()) && !id.chars().any(char::is_control)
}

fn refused(status: StatusCode, why: &'static str) -> Response {
    (status, format!("{why}\n")).into_response()
}

/// To come again is of no use before somebody has entered the number.
fn not_managed() -> Response {
    refused(StatusCode::NOT_FOUND, "nobody manages that number here")
}

fn put_off(error: &DeskClosed) -> Response {
    tracing::warn!(%error, "a text message was put off");
    let again = [(header::RETRY_AFTER, "5")];
    (StatusCode::SERVICE_UNAVAILABLE, again, "cannot take it in now, try again later\n").into_response()
}
