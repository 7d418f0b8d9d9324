//! Text messages over HTTP: Twilio's, and signed JSON.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::StatusCode;
use secrecy::SecretString;
use turnlock::inbox::sms::{Receiver, SmsLimits, SmsOptions};

use super::*;

const NUMBER: &str = "+15005550006";
const PUBLIC: &str = "https://sms.example.com/hooks";
const SID: &str = "SM0123456789abcdef0123456789abcdef";
const TOKEN: &str = "the-auth-token";
const SECRET: &str = "a-shared-secret";

struct Provider {
    tray: Arc<Tray>,
    receiver: Receiving,
    http: reqwest::Client,
}

impl Provider {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut SmsOptions)) -> Self {
        let mut options = options();
        change(&mut options);
        let receiver = Receiver::bind(options).await.unwrap();
        let address = receiver.local_addr();
        let tray = Tray::new(&[NUMBER]);
        let receiver = Receiving::start(receiver, address, tray.clone());
        Self { tray, receiver, http: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.post(format!("http://{}{path}", self.receiver.address))
    }

    async fn twilio(&self, form: &[(&str, &str)], signature: &str) -> StatusCode {
        let request = self.post("/sms/twilio").form(form).header("X-Twilio-Signature", signature);
        request.send().await.unwrap().status()
    }

    async fn json(&self, body: &str, signature: &str) -> (StatusCode, String) {
        let request = self.post("/sms").body(body.to_owned()).header("X-Turnlock-Signature", signature);
        let answer = request.send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }
}

fn options() -> SmsOptions {
    SmsOptions {
        public_url: Some(PUBLIC.to_owned()),
        twilio_tokens: vec![SecretString::from(TOKEN)],
        secret: Some(SecretString::from(SECRET)),
        ..SmsOptions::new(Listen::Tcp(([127, 0, 0, 1], 0).into()))
    }
}

/// As Twilio describes it: the URL, and each field's name and value in the order of the names.
fn twilio_signature(url: &str, form: &[(&str, &str)], token: &str) -> String {
    let mut fields = form.to_vec();
    fields.sort_by_key(|(name, _)| *name);
    let signed = fields.iter().fold(url.to_owned(), |all, (name, value)| all + name + value);
    let mac = Hmac::<sha1::Sha1>::new_from_slice(token.as_bytes()).unwrap().chain_update(signed);
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

fn form<'a>(id: &'a str, to: &'a str, body: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("ToCountry", "US"),
        ("MessageSid", id),
        ("NumMedia", "0"),
        ("Body", body),
        ("To", to),
        ("From", "+14155550100"),
        ("FromCity", ""),
    ]
}

fn signed_at(time: i64, body: &str, secret: &str) -> String {
    let mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    let code = mac.chain_update(format!("{time}.{body}")).finalize().into_bytes();
    format!("t={time},v1={}", data_encoding::HEXLOWER.encode(&code))
}

fn signed(body: &str) -> String {
    signed_at(now(), body, SECRET)
}

fn now() -> i64 {
    Timestamp::now().as_second()
}

fn said(id: &str, to: &str) -> String {
    serde_json::json!({ "id": id, "to": to, "from": "ACME", "text": "Your code is 482915" }).to_string()
}

#[tokio::test]
async fn takes_what_twilio_sends() {
    let provider = Provider::new().await;
    let url = format!("{PUBLIC}/sms/twilio");
    let form = form(SID, NUMBER, "Your Acme code is 482 915 & holds for 10 minutes – ok?");
    let signature = twilio_signature(&url, &form, TOKEN);
    let request = provider.post("/sms/twilio").form(&form).header("X-Twilio-Signature", &signature);
    let answer = request.send().await.unwrap();
    assert_eq!(
        (answer.status(), answer.headers()["content-type"].to_str().unwrap()),
        (StatusCode::OK, "text/xml")
    );
    assert!(answer.text().await.unwrap().ends_with("<Response/>"));
    let arrival = provider.tray.next().await;
    assert_eq!((arrival.recipient.as_str(), arrival.sender.as_str()), (NUMBER, "+14155550100"));
    assert_eq!(arrival.key, Some(format!("twilio:{SID}")));
    assert_eq!((arrival.age, code_in(&arrival).as_deref()), (Duration::ZERO, Some("482915")));
    // Twilio did not hear the answer and sends it again.
    assert_eq!(provider.twilio(&form, &signature).await, StatusCode::OK);
    assert_eq!(provider.tray.waiting(), 0);
    // A query that Twilio was told belongs to the URL.
    let signature = twilio_signature(&format!("{url}?from=eu"), &form, TOKEN);
    let request = provider.post("/sms/twilio?from=eu").form(&form).header("X-Twilio-Signature", &signature);
    assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn takes_nothing_that_twilio_has_not_signed() {
    let retired = "an-older-token";
    let provider = Provider::with(|options| options.twilio_tokens.push(SecretString::from(retired))).await;
    let url = format!("{PUBLIC}/sms/twilio");
    let right = form(SID, NUMBER, "Your code is 482915");
    let altered = form(SID, NUMBER, "Your code is 666666");
    let more: Vec<_> = right.iter().copied().chain([("Body", "Your code is 666666")]).collect();
    let signature = twilio_signature(&url, &right, TOKEN);
    for (form, signature) in [
        (&altered, signature.as_str()),
        (&more, &signature),
        (&right, ""),
        (&right, "FAIL"),
        (&right, &twilio_signature(&url, &right, "not-the-token")),
        (&right, &twilio_signature("https://elsewhere.example/sms/twilio", &right, TOKEN)),
        (&right, &twilio_signature(&format!("{url}?x=1"), &right, TOKEN)),
    ] {
        assert_eq!(provider.twilio(form, signature).await, StatusCode::FORBIDDEN, "{signature}");
    }
    let request = provider.post("/sms/twilio").form(&right).send().await.unwrap();
    assert_eq!((request.status(), provider.tray.waiting()), (StatusCode::FORBIDDEN, 0));
    // While the tokens are changed either will do.
    assert_eq!(provider.twilio(&right, &twilio_signature(&url, &right, retired)).await, StatusCode::OK);
    assert_eq!(provider.twilio(&right, &signature).await, StatusCode::OK);
}

#[tokio::test]
async fn tells_twilio_what_is_wrong() {
    let provider = Provider::new().await;
    let sign = |form: &[(&str, &str)]| twilio_signature(&format!("{PUBLIC}/sms/twilio"), form, TOKEN);
    let unknown = form(SID, "+15005550009", "hi");
    assert_eq!(provider.twilio(&unknown, &sign(&unknown)).await, StatusCode::NOT_FOUND);
    let short = form(SID, "12345", "hi");
    assert_eq!(provider.twilio(&short, &sign(&short)).await, StatusCode::NOT_FOUND);
    let nameless = [("To", NUMBER), ("Body", "hi")];
    assert_eq!(provider.twilio(&nameless, &sign(&nameless)).await, StatusCode::BAD_REQUEST);
    // What is signed does not say where a name ends: one that was captured must not come as another.
    let (captured, run_together) =
        ([("MessageSid", SID), ("NumMedia", "0"), ("To", NUMBER)], format!("{SID}NumMedia0"));
    let another = [("MessageSid", run_together.as_str()), ("To", NUMBER)];
    assert_eq!(sign(&captured), sign(&another));
    assert_eq!(provider.twilio(&another, &sign(&captured)).await, StatusCode::BAD_REQUEST);
    provider.tray.close_for(&[NUMBER]);
    let known = form(SID, NUMBER, "hi");
    assert_eq!(provider.twilio(&known, &sign(&known)).await, StatusCode::SERVICE_UNAVAILABLE);
    provider.tray.close_for(&[]);
    assert_eq!(provider.twilio(&known, &sign(&known)).await, StatusCode::OK);
    assert_eq!(provider.tray.next().await.recipient, NUMBER);
}

#[tokio::test]
async fn takes_what_is_signed_with_the_secret() {
    let provider = Provider::new().await;
    let body = said("one", "+1 (500) 555-0006");
    let (status, answer) = provider.json(&body, &signed(&body)).await;
    assert_eq!((status, answer.as_str()), (StatusCode::OK, "taken in\n"));
    let arrival = provider.tray.next().await;
    assert_eq!((arrival.recipient.as_str(), arrival.sender.as_str()), (NUMBER, "ACME"));
    assert_eq!((arrival.key.as_deref(), code_in(&arrival).as_deref()), (Some("sms:one"), Some("482915")));
    let (status, answer) = provider.json(&body, &signed(&body)).await;
    assert_eq!((status, answer.as_str()), (StatusCode::OK, "taken in before\n"), "replayed, it does nothing");
    assert_eq!(provider.tray.waiting(), 0);
    let at = Timestamp::now() - SignedDuration::from_secs(90);
    let late =
        serde_json::json!({ "id": "two", "to": NUMBER, "from": "1234", "text": "hi", "at": at, "x": 1 });
    assert_eq!(provider.json(&late.to_string(), &signed(&late.to_string())).await.0, StatusCode::OK);
    let age = provider.tray.next().await.age.as_secs();
    assert!((90..120).contains(&age), "{age}");
}

#[tokio::test]
async fn takes_nothing_that_is_not_signed_about_now() {
    let provider = Provider::new().await;
    let body = said("one", NUMBER);
    let other = body.replace("482915", "666666");
    let right = signed(&body);
    let (time, code) = right.split_once(',').unwrap();
    for wrong in [
        String::new(),
        signed(&other),
        signed_at(now(), &body, "another-secret"),
        code.to_owned(),
        time.to_owned(),
        format!("t={},{code}", now() - 1),
        format!("{time},{time},{code}"),
        format!("{time},v1=zz"),
        format!("{time},v1="),
        right[..right.len() - 2].to_owned(),
    ] {
        assert_eq!(provider.json(&body, &wrong).await.0, StatusCode::FORBIDDEN, "{wrong}");
    }
    for off in [-301, 330] {
        let (status, why) = provider.json(&body, &signed_at(now() + off, &body, SECRET)).await;
        assert!(status == StatusCode::FORBIDDEN && why.contains("5 minutes"), "{off}: {status} {why}");
    }
    assert_eq!(provider.tray.waiting(), 0);
    let spaced = right.to_uppercase().replace("T=", "t=").replace(",V1=", ", v0=00, v1=");
    for late in [signed_at(now() - 290, &body, SECRET), spaced] {
        assert_eq!(provider.json(&body, &late).await.0, StatusCode::OK, "{late}");
    }
}

#[tokio::test]
async fn refuses_what_it_cannot_read_and_does_not_repeat_it() {
    let provider = Provider::new().await;
    for body in [
        "",
        "code 482915",
        "{\"id\": \"1\", \"to\": \"+15005550006\", \"text\": \"482915\"}",
        "{\"id\": \"\", \"to\": \"+15005550006\", \"from\": \"A\", \"text\": \"482915\"}",
        "{\"id\": \"1\", \"to\": \"+15005550006\", \"from\": \"A\", \"text\": \"482915\", \"at\": \"482915\"}",
    ] {
        let (status, why) = provider.json(body, &signed(body)).await;
        assert!(status == StatusCode::BAD_REQUEST && !why.contains("482915"), "{status} {why}");
    }
    let body = said("one", "+15005550009");
    assert_eq!(provider.json(&body, &signed(&body)).await.0, StatusCode::NOT_FOUND);
    provider.tray.close_for(&[NUMBER]);
    let body = said("one", NUMBER);
    assert_eq!(provider.json(&body, &signed(&body)).await.0, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_client_of_the_web_has_bounds() {
    let client = Some(ClientLimits { connections: 9, messages_per_minute: 3 });
    let limits = SmsLimits { body: 500, request: Duration::from_millis(300), client, ..SmsLimits::default() };
    let provider = Provider::with(|options| options.limits = limits).await;
    let body = said("one", NUMBER).replace("Your", &"x".repeat(500));
    assert_eq!(provider.json(&body, &signed(&body)).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    // A body that does not come, and a header that does not end.
    let mut raw = Raw::connect(provider.receiver.address).await;
    raw.say("POST /sms HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{").await;
    assert!(raw.rest().await.starts_with("HTTP/1.1 408"));
    let mut raw = Raw::connect(provider.receiver.address).await;
    raw.say("POST /sms HTTP/1.1\r\nHost:").await;
    raw.rest().await;
    let body = said("one", NUMBER);
    assert_eq!(provider.json(&body, &signed(&body)).await.0, StatusCode::OK);
    assert_eq!(provider.json(&body, &signed(&body)).await.0, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(provider.tray.waiting(), 1);
}

#[tokio::test]
async fn behind_a_proxy_each_of_its_clients_has_bounds() {
    let provider = Provider::with(|options| {
        options.behind_proxy = true;
        options.limits.client = Some(ClientLimits { connections: 1, messages_per_minute: 1 });
    })
    .await;
    let mut statuses = Vec::new();
    for (index, client) in ["192.0.2.1", "192.0.2.2", "192.0.2.3, 192.0.2.1"].iter().enumerate() {
        let body = said(&index.to_string(), NUMBER);
        let request = provider.post("/sms").header("X-Turnlock-Signature", signed(&body)).body(body);
        statuses.push(request.header("X-Forwarded-For", *client).send().await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [200, 200, 429], "what the client itself claims does not count");
}

#[tokio::test]
async fn serves_those_only_whose_secret_it_has() {
    let provider = Provider::with(|options| options.secret = None).await;
    let body = said("one", NUMBER);
    assert_eq!(provider.json(&body, &signed(&body)).await.0, StatusCode::NOT_FOUND);
    let provider = Provider::with(|options| options.twilio_tokens.clear()).await;
    assert_eq!(provider.twilio(&form(SID, NUMBER, "hi"), "x").await, StatusCode::NOT_FOUND);
    let get = provider.http.get(format!("http://{}/sms", provider.receiver.address)).send().await.unwrap();
    assert_eq!(get.status(), StatusCode::METHOD_NOT_ALLOWED);
    let nobody = SmsOptions { twilio_tokens: Vec::new(), secret: None, ..options() };
    assert!(Receiver::bind(nobody).await.unwrap_err().to_string().contains("nobody could send"));
    for url in [None, Some("sms.example.com"), Some("https://me:secret@sms.example.com")] {
        let nowhere = SmsOptions { public_url: url.map(ToOwned::to_owned), ..options() };
        let error = Receiver::bind(nowhere).await.unwrap_err().to_string();
        assert!(error.contains("/sms/twilio") && !error.contains("secret"), "{error}");
    }
    assert!(!format!("{:?}", options()).contains(TOKEN));
}

#[tokio::test]
async fn speaks_https_by_itself_and_ends_when_told() {
    let made = SelfSigned::new();
    let provider = Provider::with(|options| options.tls = Some(made.files())).await;
    let body = said("one", NUMBER);
    let stream = TcpStream::connect(provider.receiver.address).await.unwrap();
    let mut raw = Raw::over(made.connect(stream).await);
    let request = format!(
        "POST /sms HTTP/1.1\r\nHost: localhost\r\nX-Turnlock-Signature: {}\r\nContent-Length: {}\r\n\r\n{body}",
        signed(&body),
        body.len()
    );
    raw.say(&request).await;
    assert!(raw.read().await.starts_with("HTTP/1.1 200"));
    assert_eq!(provider.tray.next().await.recipient, NUMBER);
    provider.receiver.end().await;
    assert!(raw.rest().await.ends_with("taken in\n"), "a connection that waits is closed");
}
