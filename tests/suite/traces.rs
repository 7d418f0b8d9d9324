//! Traces: all that is done for a job is one trace, from whoever asked for it to the code in the inbox; no secret is in it.
//! And the lines of the log beside it, as JSON.
#![cfg(feature = "failpoints")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use acme::{Acme, NewUser, Options};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::post;
use rustix::process::{Pid, Signal, kill_process};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::Child;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use turnlock::job::AccountRef;
use turnlock::vault::NewAccount;

use crate::harness::canary::Named;
use crate::harness::home::Home;
use crate::harness::rig::{FIRST_PASSWORD, Plan};
use crate::harness::{PATIENCE, SOON};

const ADDRESS: &str = "carol@managed.test";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";
const TOKEN: &str = "a-token-of-the-collector";

#[tokio::test(flavor = "multi_thread")]
async fn a_job_s_trace_holds_all_that_was_done_and_no_secret() {
    let collector = Collector::start().await;
    let scene = Scene::start().await;
    let endpoint = format!("http://{}", collector.address);
    let headers = format!("authorization=Bearer%20{TOKEN}");
    let exports = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint), ("OTEL_EXPORTER_OTLP_HEADERS", &*headers)];
    let json = [("TURNLOCK_LOG_FORMAT", "json"), ("TURNLOCK_LOG", "debug")];
    let mut worker = scene.home.worker(&[&exports[..], &json].concat());
    let (mut server, url, token) = scene.serve(&exports).await;

    // By the API, as part of a trace of the caller's.
    let sent = reqwest::Client::new()
        .post(format!("{url}/api/v1/jobs"))
        .bearer_auth(&token)
        .header("traceparent", format!("00-{TRACE}-{CALLER}-01"))
        .json_body(&json!({ "kind": "verify_login", "account": "acme/carol" }));
    let answer = sent.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 201);
    let job: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    let job = job["id"].as_str().unwrap().to_owned();
    let attempt = collector.until("the attempt", |span| span.name() == "attempt verify_login").await;
    let spans = collector.spans();
    let ours: Vec<_> = spans.iter().filter(|span| span.0["traceId"] == TRACE).collect();
    assert_eq!(ours.len(), spans.len(), "all of it is one trace");
    let one = |name: &str| {
        let found: Vec<_> = ours.iter().filter(|span| span.name() == name).collect();
        assert_eq!(found.len(), 1, "{name}: {ours:#?}");
        found[0]
    };
    let submit = one("submit verify_login");
    assert_eq!((submit.parent(), &submit.0["kind"]), (CALLER, &4.into()));
    let wait = one("wait in the queue");
    assert_eq!((wait.parent(), attempt.parent()), (submit.id(), submit.id()));
    assert_eq!(attempt.attributes()["turnlock.code"], "logged_in");
    assert!([submit, wait, &attempt].iter().all(|span| span.attributes()["turnlock.job"] == *job));
    let steps: Vec<_> = ours.iter().filter(|span| span.parent() == attempt.id()).collect();
    assert_eq!(steps.len() + 3, ours.len());
    for does in ["open", "fill", "click", "expect"] {
        assert!(
            steps.iter().any(|span| span.attributes()["turnlock.step.does"] == does),
            "{does}: {steps:#?}"
        );
    }
    let inbox: Vec<_> = steps.iter().filter(|span| span.name().starts_with("inbox login.")).collect();
    assert_eq!(inbox.len(), 1, "{steps:#?}");
    assert_eq!(inbox[0].attributes()["turnlock.inbox.awaits"], "mailed code");
    let ids: BTreeSet<_> = ours.iter().map(|span| span.id()).collect();
    assert_eq!(ids.len(), ours.len(), "each has an id of its own");
    assert!(ours.iter().all(|span| span.nanos("startTimeUnixNano") <= span.nanos("endTimeUnixNano")));

    // By the command line, with no trace before: the job's own id is the trace's.
    let mut submit = scene.home.turnlock();
    submit.args(["submit", "verify_login", "--account", "acme/carol", "--json"]).envs(exports);
    let submitted = submit.output().await.unwrap();
    let line: Value = serde_json::from_slice(&submitted.stdout).unwrap();
    let trace = line["job"].as_str().unwrap().replace('-', "");
    let again = |span: &Span| span.0["traceId"] == *trace;
    let attempt =
        collector.until("the second attempt", |span| again(span) && span.name().starts_with("attempt")).await;
    let submit =
        collector.until("its submission", |span| again(span) && span.name().starts_with("submit")).await;
    assert_eq!((attempt.parent(), submit.parent()), (submit.id(), ""));

    for process in [&mut worker, &mut server] {
        ends(process).await;
    }
    let mut secrets = Named::default();
    secrets.add("the first password", FIRST_PASSWORD);
    secrets.add("the collector's token", TOKEN);
    let secrets = secrets.ready();
    secrets.assert_not_in("the traces", &collector.bytes());
    secrets.assert_not_in("the worker's log", scene.home.words().as_bytes());
    assert!(collector.headers().iter().all(|headers| headers["authorization"] == format!("Bearer {TOKEN}")));

    lines_say_what_they_are_about(&scene.home.words(), &job);
}

/// Each line of the worker's log is an object; what is said of an attempt says of which, and of which step.
fn lines_say_what_they_are_about(words: &str, job: &str) {
    let lines: Vec<Value> = words
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect();
    assert!(lines.iter().all(|line| {
        ["timestamp", "level", "target", "message"].iter().all(|field| line[field].is_string())
    }));
    let inside: Vec<_> =
        lines.iter().filter(|line| line["job"] == job && line["attempt"].is_string()).collect();
    assert!(inside.len() > 3, "{words}");
    for line in &inside {
        assert_eq!((&line["account"], &line["app"]), (&"acme/carol".into(), &"acme".into()), "{line}");
    }
    let steps: BTreeSet<_> = inside.iter().filter_map(|line| line["step"].as_str()).collect();
    assert!(steps.contains("login.1") && steps.len() > 3, "{steps:?}");
    assert!(!words.contains(FIRST_PASSWORD) && !words.contains(TOKEN));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_holds_up_nothing() {
    let scene = Scene::start().await;
    // Nobody answers there, though somebody listens.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let exports = [("TURNLOCK_OTLP_ENDPOINT", &*endpoint)];
    let submitted = scene
        .home
        .turnlock()
        .args(["submit", "verify_login", "--account", "acme/carol"])
        .envs(exports)
        .output();
    let submitted = timeout(SOON, submitted).await.unwrap().unwrap();
    assert!(submitted.status.success());
    let mut worker = scene.home.worker(&exports);
    let vault = scene.home.vault().await;
    let ended = async {
        while vault.store().waiting_and_running().await.unwrap() != (0, 0) {
            sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, ended).await.unwrap();
    ends(&mut worker).await;
}

// Helpers.

async fn ends(process: &mut Child) {
    let pid = Pid::from_raw(i32::try_from(process.id().unwrap()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert!(timeout(SOON, process.wait()).await.unwrap().unwrap().success());
}

/// The bundled app, an account whose login asks for a mailed code, and a home of Turnlock's.
struct Scene {
    _app: Acme,
    home: Home,
}

impl Scene {
    async fn start() -> Self {
        let app = Acme::start(Options::default()).await.unwrap();
        app.add_user(NewUser::new("carol", FIRST_PASSWORD).email(ADDRESS).code_login()).unwrap();
        let mut home = Home::new(&app, &Plan::changed("acme", &[]).playbook);
        home.inbox_port();
        home.listen_for_mail(&app);
        let account: AccountRef = "acme/carol".parse().unwrap();
        let new = NewAccount {
            account,
            username: "carol".to_owned(),
            address: Some(ADDRESS.to_owned()),
            number: None,
            password: Some(SecretString::from(FIRST_PASSWORD)),
            totp: None,
        };
        home.vault().await.add_account(&new).await.unwrap();
        Self { _app: app, home }
    }

    /// A server, where it listens, and a token for it.
    async fn serve(&self, environment: &[(&str, &str)]) -> (Child, String, String) {
        let made = self.home.turnlock().args(["token", "create", "t", "--scope", "read,submit"]).output();
        let token = String::from_utf8(made.await.unwrap().stdout).unwrap().trim().to_owned();
        let mut command = self.home.turnlock();
        command.args(["serve", "--listen", "127.0.0.1:0"]).envs(environment.iter().copied());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = async {
            loop {
                let line = lines.next_line().await.unwrap().expect("it listens");
                if let Some((_, url)) = line.split_once("listening on ") {
                    return url.trim().to_owned();
                }
            }
        };
        let url = timeout(SOON, url).await.unwrap();
        // What it says is read on, so that it is never held up.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        (child, url, token)
    }
}

/// A request with a JSON body.
trait JsonBody {
    fn json_body(self, body: &Value) -> Self;
}

impl JsonBody for reqwest::RequestBuilder {
    fn json_body(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }
}

/// A span as it was sent.
#[derive(Debug, Clone)]
struct Span(Value);

impl Span {
    fn name(&self) -> &str {
        self.0["name"].as_str().unwrap()
    }

    fn id(&self) -> &str {
        self.0["spanId"].as_str().unwrap()
    }

    fn parent(&self) -> &str {
        self.0["parentSpanId"].as_str().unwrap_or_default()
    }

    fn nanos(&self, field: &str) -> u128 {
        self.0[field].as_str().unwrap().parse().unwrap()
    }

    fn attributes(&self) -> BTreeMap<String, String> {
        let all = self.0["attributes"].as_array().unwrap();
        let one = |pair: &Value| {
            let value = &pair["value"];
            let text = value["stringValue"].as_str().or(value["intValue"].as_str()).unwrap();
            (pair["key"].as_str().unwrap().to_owned(), text.to_owned())
        };
        all.iter().map(one).collect()
    }
}

type Posts = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// Takes spans as a collector does.
struct Collector {
    address: SocketAddr,
    posts: Posts,
    serving: JoinHandle<()>,
}

impl Collector {
    async fn start() -> Self {
        let posts = Posts::default();
        let router = Router::new().route("/v1/traces", post(Self::take)).with_state(posts.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, posts, serving }
    }

    async fn take(State(posts): State<Posts>, uri: Uri, headers: HeaderMap, body: Bytes) -> StatusCode {
        assert_eq!(
            (uri.path(), &headers["content-type"]),
            ("/v1/traces", &"application/json".parse().unwrap())
        );
        posts.lock().unwrap().push((headers, body));
        StatusCode::OK
    }

    fn spans(&self) -> Vec<Span> {
        let posts = self.posts.lock().unwrap();
        let all = posts.iter().flat_map(|(_, body)| {
            let request: Value = serde_json::from_slice(body).unwrap();
            let of = &request["resourceSpans"][0];
            assert_eq!(of["resource"]["attributes"][0]["value"]["stringValue"], "turnlock");
            of["scopeSpans"][0]["spans"].as_array().unwrap().clone()
        });
        all.map(Span).collect()
    }

    fn bytes(&self) -> Vec<u8> {
        self.posts.lock().unwrap().iter().flat_map(|(_, body)| body.to_vec()).collect()
    }

    fn headers(&self) -> Vec<HeaderMap> {
        self.posts.lock().unwrap().iter().map(|(headers, _)| headers.clone()).collect()
    }

    async fn until(&self, what: &str, is_it: impl Fn(&Span) -> bool) -> Span {
        let found = async {
            loop {
                if let Some(span) = self.spans().into_iter().find(&is_it) {
                    return span;
                }
                sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("{what} is missing in {:#?}", self.spans()))
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
