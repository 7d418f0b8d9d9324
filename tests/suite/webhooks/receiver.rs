//! Servers that are told.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use sha2::Sha256;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use turnlock::net::{Clients, Door, Hall, Http, Listen, Tls};
use turnlock::webhook::Endpoint;

use crate::harness::SOON;
use crate::suite::inbox::wire::SelfSigned;

pub fn endpoint(url: &str, secret: &SecretString) -> Endpoint {
    let url = url.split('&').filter(|part| !part.starts_with("secret_file=")).collect::<Vec<_>>().join("&");
    Endpoint::parse_all(&[url.into()], Some(secret)).unwrap().remove(0)
}

/// What a receiver got.
pub struct Got {
    pub path: String,
    headers: HeaderMap,
    pub text: String,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub fn id(&self) -> &str {
        self.header("webhook-id")
    }

    pub fn body(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub fn is_signed_by(&self, secret: &SecretString) -> bool {
        let key = STANDARD.decode(secret.expose_secret().strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        let sent = self.header("webhook-timestamp");
        mac.update(format!("{}.{sent}.{}", self.id(), self.text).as_bytes());
        let right = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        let late = Timestamp::now().as_second() - sent.parse::<i64>().unwrap();
        self.header("webhook-signature") == right && late < 300
    }
}

/// A receiver that answers in this order, and 204 after that.
pub struct Receiver {
    pub address: SocketAddr,
    pub got: mpsc::UnboundedReceiver<Got>,
    serving: JoinHandle<()>,
    _stop: watch::Sender<bool>,
}

type Told = (mpsc::UnboundedSender<Got>, Arc<Mutex<VecDeque<u16>>>);

impl Receiver {
    pub async fn start(answers: impl IntoIterator<Item = u16>) -> Self {
        Self::start_with(answers.into_iter().collect(), None).await
    }

    pub async fn start_tls(made: &SelfSigned) -> Self {
        Self::start_with(VecDeque::new(), Some(Arc::new(Tls::load(made.files(), &[]).unwrap()))).await
    }

    async fn start_with(answers: VecDeque<u16>, tls: Option<Arc<Tls>>) -> Self {
        let (tell, got) = mpsc::unbounded_channel();
        let told: Told = (tell, Arc::new(Mutex::new(answers)));
        let router = Router::new().fallback(take).with_state(told);
        let door = Door::bind(Listen::Tcp(([127, 0, 0, 1], 0).into()), "the test").await.unwrap();
        let address = door.local_addr().unwrap();
        let listener = door.open().await.unwrap();
        let (stop, stopped) = watch::channel(false);
        let http = Http { router, tls, head: SOON, connection: SOON * 10, stop: stopped.clone() };
        let serving = tokio::spawn(async move {
            let clients = Arc::new(Clients::new(None));
            let hall = Hall { connections: 100, clients: &clients, no_room: b"" };
            hall.serve(listener, stopped, |stream, from, guest| {
                let http = http.clone();
                async move {
                    http.attend(stream, from).await;
                    drop(guest);
                }
            })
            .await;
        });
        Self { address, got, serving, _stop: stop }
    }

    pub fn url(&self, settings: &str) -> String {
        format!("http://{}/#name=receiver&{settings}", self.address).trim_end_matches('&').to_owned()
    }

    pub async fn next(&mut self) -> Got {
        timeout(SOON, self.got.recv()).await.expect("a message comes").unwrap()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn take(
    State((tell, answers)): State<Told>,
    uri: axum::http::Uri,
    headers: HeaderMap,
    text: String,
) -> impl IntoResponse {
    let status = answers.lock().unwrap().pop_front().unwrap_or(204);
    let _ = tell.send(Got { path: uri.path().to_owned(), headers, text });
    (StatusCode::from_u16(status).unwrap(), [("location", "/elsewhere")])
}

/// The receiver that `docs/webhooks.md` shows.
pub struct Python {
    pub address: SocketAddr,
    lines: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
    _child: Child,
}

impl Python {
    pub async fn start(secret: &SecretString) -> Self {
        let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/webhooks.md")).unwrap();
        let code = docs.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let mut child = Command::new("python3")
            .args(["-c", code])
            .env("WEBHOOK_SECRET", secret.expose_secret())
            .env("PORT", address.port().to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("this test needs python3");
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let listens = async {
            while TcpStream::connect(address).await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        timeout(SOON, listens).await.expect("it listens");
        Self { address, lines, _child: child }
    }

    /// The type of the next message that it has taken, and all of it.
    pub async fn next(&mut self) -> (String, Value) {
        let line = timeout(SOON, self.lines.next_line()).await.expect("a message comes").unwrap().unwrap();
        let (kind, body) = line.split_once(' ').unwrap();
        (kind.to_owned(), serde_json::from_str(body).unwrap())
    }
}
