//! Webhooks: what happens is told, signed, as often as it takes and once; what cannot be delivered is laid aside.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

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
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use turnlock::job::{BreakerPolicy, Code, Job, Kind, RetryPolicy, Verdict};
use turnlock::net::{Clients, Door, Hall, Http, Listen, Tls};
use turnlock::queue::{EmbeddedQueue, Queue};
use turnlock::redact;
use turnlock::store::{DeliveryRow, Ending, NewAttempt, Next, Provenance, SqliteStore, Store, WorkerId};
use turnlock::webhook::{Courier, Delivering, Endpoint, Key, Pace};
use turnlock::worker::{Attempt, Performed, Performer, StepSink, Stop, Worker, WorkerConfig};

use super::inbox::wire::SelfSigned;
use crate::harness::SOON;

const PASSWORD: &str = "a-password-of-the-webhooks";

#[tokio::test]
async fn the_receiver_of_the_documentation_takes_what_a_worker_has_told() {
    redact::register(&PASSWORD.into());
    let secret = Key::generate().unwrap();
    let mut receiver = Python::start(&secret).await;
    let site = Site::new().await;
    let events = "attempt.ended,job.finished,job.needs_human";
    let url = format!("http://{}/hook#events={events}", receiver.address);
    let _delivering = site.courier(&url, &secret, Pace::default());
    site.begun().await;
    let worker = site.worker(|attempt| match attempt.number {
        1 => Verdict::new(Code::AppUnreachable, "the page did not come"),
        _ => Verdict::new(Code::Captcha, format!("a CAPTCHA beside {PASSWORD}")),
    });
    let job = site.run(&worker, "acme/alice").await;
    let mut told = Vec::new();
    for _ in 0..4 {
        told.push(receiver.next().await);
    }
    told.sort_by(|(one, _), (other, _)| one.cmp(other));
    let types: Vec<_> = told.iter().map(|(kind, _)| &**kind).collect();
    assert_eq!(types, ["attempt.ended", "attempt.ended", "job.finished", "job.needs_human"]);
    for (_, body) in &told {
        assert!(!body.to_string().contains(PASSWORD), "{body}");
        assert_eq!(body["data"]["job"], job.id.to_string());
    }
    let human = &told[3].1["data"];
    assert_eq!((&human["code"], &human["number"]), (&"captcha".into(), &2.into()));
    assert_eq!(human["message"], "a CAPTCHA beside [secret]");
    assert_eq!(human["user_action"], Code::Captcha.user_action());
    site.nothing_waits().await;

    // One that knows another secret is refused, and so is a message that was kept.
    let message = turnlock::webhook::test_message(&endpoint(&url, &secret));
    let stranger = endpoint(&url, &Key::generate().unwrap()).deliver(&message).await;
    assert_eq!(stranger.failure(), "it answered 401 Unauthorized");
    let kept = Key::read_all(&secret).unwrap().remove(0);
    for (ago, status) in [(0, 204), (200, 204), (400, 401)] {
        let at = Timestamp::from_second(Timestamp::now().as_second() - ago).unwrap();
        let sent = reqwest::Client::new()
            .post(format!("http://{}/", receiver.address))
            .header("webhook-id", message.id.to_string())
            .header("webhook-timestamp", at.as_second())
            .header("webhook-signature", kept.sign(message.id, at, &message.body))
            .body(message.body.clone());
        let answer = sent.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{ago} s ago");
    }
}

#[tokio::test]
async fn what_calls_for_a_person_is_told_unless_it_is_said_otherwise() {
    let (secret, site) = (Key::generate().unwrap(), Site::new().await);
    let mut receiver = Receiver::start([]).await;
    let _delivering = site.courier(&receiver.url(""), &secret, Pace::default());
    site.begun().await;
    let worker = site.worker(|_| Verdict::new(Code::AppError, "the app said 502"));
    site.run(&worker, "acme/bob").await;
    // Not that an attempt merely failed; but that the job has used up its tries, and nothing goes on by itself.
    let mut got = [receiver.next().await, receiver.next().await];
    got.sort_by_key(|got| got.body()["type"].to_string());
    let [got, human] = got;
    assert_eq!(
        (&human.body()["type"], &human.body()["data"]["code"]),
        (&"job.needs_human".into(), &"app_error".into())
    );
    let body = got.body();
    assert_eq!(body["type"], "breaker.opened");
    assert_eq!((&body["data"]["app"], &body["data"]["failures"]), (&"acme".into(), &2.into()));
    assert_eq!(body["data"]["code"], "app_error");
    assert!(body["data"]["probe_at"].as_str().unwrap().parse::<Timestamp>().unwrap() > Timestamp::now());
    assert!(got.is_signed_by(&secret));
    site.nothing_waits().await;
    assert!(receiver.got.try_recv().is_err());
}

#[tokio::test]
async fn what_an_app_refuses_calls_for_a_person_too() {
    let (secret, site) = (Key::generate().unwrap(), Site::new().await);
    let mut receiver = Receiver::start([]).await;
    let _delivering = site.courier(&receiver.url("events=job.needs_human"), &secret, Pace::default());
    site.begun().await;
    let worker = site.worker(|attempt| match attempt.job.account.name() {
        "bob" => Verdict::new(Code::LoggedIn, "as it should be"),
        _ => Verdict::new(Code::BadCredentials, "the app refused the password"),
    });
    site.run(&worker, "acme/bob").await;
    let job = site.run(&worker, "acme/alice").await;
    let body = receiver.next().await.body();
    assert_eq!(
        (&body["data"]["code"], &body["data"]["outcome"]),
        (&"bad_credentials".into(), &"rejected".into())
    );
    assert_eq!(body["data"]["job"], job.id.to_string());
    site.nothing_waits().await;
    assert!(receiver.got.try_recv().is_err());
}

/// Its first attempt is not its end, though nobody has looked before it was cancelled.
#[tokio::test]
async fn a_job_that_is_cancelled_before_its_next_try_has_finished_once() {
    let (secret, site) = (Key::generate().unwrap(), Site::new().await);
    let mut receiver = Receiver::start([]).await;
    site.begun().await;
    let job = Job::new(Kind::VerifyLogin, "acme/alice".parse().unwrap());
    site.store.submit(&job, None).await.unwrap();
    let worker = WorkerId::new("w");
    let claim = site.store.claim_next(&worker, SOON).await.unwrap().unwrap();
    let now = Timestamp::now();
    let attempt = NewAttempt {
        id: uuid::Uuid::now_v7(),
        job: job.id,
        kind: job.kind,
        account: job.account.clone(),
        number: 1,
        worker,
        queued_at: now,
        started_at: now,
    };
    site.store.start_attempt(&attempt, None).await.unwrap();
    let ending = Ending {
        attempt: attempt.id,
        verdict: Verdict::new(Code::AppUnreachable, "the page did not come"),
        provenance: Provenance::default(),
        next: Next::Again { at: now + 10 * SOON, counts: true },
    };
    site.store.end(&claim, &ending).await.unwrap();
    site.store.cancel(job.id, &Verdict::new(Code::Cancelled, "not wanted any more")).await.unwrap();
    let _delivering = site.courier(&receiver.url("events=job.finished"), &secret, Pace::default());
    assert_eq!(receiver.next().await.body()["data"]["code"], "cancelled");
    site.nothing_waits().await;
    assert!(receiver.got.try_recv().is_err());
}

/// Who is named as the first is told of nothing that happened before.
#[tokio::test]
async fn what_happened_before_anybody_was_to_be_told_is_told_to_nobody() {
    let site = Site::new().await;
    let worker = site.worker(|_| Verdict::new(Code::AppError, "the app said 502"));
    site.run(&worker, "acme/bob").await;
    assert_eq!(site.store.happenings(9).await.unwrap().len(), 1, "its breaker has opened");
    site.begun().await;
    assert!(site.store.happenings(9).await.unwrap().is_empty());
}

#[tokio::test]
async fn it_is_tried_again_with_the_same_id_and_then_laid_aside() {
    let (secret, site) = (Key::generate().unwrap(), Site::new().await);
    let mut receiver = Receiver::start([503, 302, 500, 410]).await;
    let pace = Pace { first_wait: Duration::from_millis(20), tries: 3, ..Pace::default() };
    let delivering = site.courier(&receiver.url("events=job.finished"), &secret, pace);
    site.begun().await;
    let worker = site.worker(|_| Verdict::new(Code::LoggedIn, "as it should be"));
    site.run(&worker, "acme/alice").await;
    let tries = [receiver.next().await, receiver.next().await, receiver.next().await];
    assert!(tries.iter().all(|got| got.id() == tries[0].id() && got.is_signed_by(&secret)));
    assert_eq!(tries[1].path, "/", "what it points to is not followed");
    let dead = site.laid_aside().await;
    assert_eq!((dead.tries, dead.failure.as_deref()), (3, Some("it answered 500 Internal Server Error")));
    assert_eq!(dead.delivery.id.to_string(), tries[0].id());

    // It wants no more, says the receiver, and that is that; until somebody wants it nevertheless.
    site.store.retry_deliveries(None).await.unwrap();
    receiver.next().await;
    let dead = site.laid_aside().await;
    assert_eq!((dead.tries, dead.failure.as_deref()), (1, Some("it answered 410 Gone")));
    // By another process.
    drop(delivering);
    site.store.retry_deliveries(Some(dead.delivery.id)).await.unwrap();
    let _delivering = site.courier(&receiver.url("events=job.finished"), &secret, pace);
    assert_eq!(receiver.next().await.id(), tries[0].id());
    site.nothing_waits().await;
}

#[tokio::test]
async fn of_many_who_deliver_each_message_is_one_s_and_a_slow_server_holds_up_no_other() {
    let (secret, site) = (Key::generate().unwrap(), Site::new().await);
    // A server that never answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_url = format!("http://{}/#name=silent&events=job.finished", silent.local_addr().unwrap());
    let mut receiver = Receiver::start([]).await;
    let endpoints = [endpoint(&silent_url, &secret), endpoint(&receiver.url("events=job.finished"), &secret)];
    let _all: Vec<_> = (0..4).map(|_| site.courier_of(endpoints.to_vec(), Pace::default())).collect();
    site.begun().await;
    let worker = site.worker(|_| Verdict::new(Code::LoggedIn, "as it should be"));
    let mut jobs = Vec::new();
    for name in ["a", "b", "c", "d", "e", "f"] {
        jobs.push(site.run(&worker, &format!("acme/{name}")).await.id.to_string());
    }
    let mut told = Vec::new();
    for _ in &jobs {
        told.push(receiver.next().await.body()["data"]["job"].as_str().unwrap().to_owned());
    }
    told.sort();
    jobs.sort();
    assert_eq!(told, jobs);
    let rows = site.store.deliveries(100).await.unwrap();
    assert!(rows.iter().filter(|row| row.delivery.endpoint == "silent").count() == 6, "{rows:?}");
    assert!(receiver.got.try_recv().is_err());
}

#[tokio::test]
async fn a_certificate_has_to_be_trusted() {
    let (secret, made) = (Key::generate().unwrap(), SelfSigned::new());
    let mut receiver = Receiver::start_tls(&made).await;
    let port = receiver.address.port();
    let url = format!("https://localhost:{port}/#events=job.finished");
    let trusting = format!("{url}&ca_file={}", made.files().certificate.display());
    for (url, why) in [
        (url, Some("no TLS with localhost: ")),
        (trusting.replace("localhost", "127.0.0.1"), Some("no TLS with 127.0.0.1: ")),
        (trusting, None),
    ] {
        let endpoint = endpoint(&url, &secret);
        let tried = endpoint.deliver(&turnlock::webhook::test_message(&endpoint)).await;
        assert_eq!(tried.is_delivered(), why.is_none(), "{}", tried.failure());
        match why {
            Some(why) => assert!(tried.failure().starts_with(why), "{}", tried.failure()),
            None => assert!(receiver.next().await.is_signed_by(&secret)),
        }
    }
}

#[tokio::test]
async fn the_command_tries_lists_and_repeats_and_shows_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let turnlock = async |arguments: &[&str], more: &[(&str, &str)]| -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_turnlock"));
        command.args(arguments).env_clear().env("HOME", folder.path()).envs(more.iter().copied());
        command.current_dir(folder.path()).stdin(Stdio::null()).output().await.unwrap()
    };
    let said = |output: &Output| {
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    };
    let made = turnlock(&["webhook", "secret"], &[]).await;
    let file = folder.path().join("ops.whsec");
    std::fs::write(&file, &made.stdout).unwrap();
    let secret = SecretString::from(String::from_utf8(made.stdout).unwrap().trim().to_owned());
    let mut receiver = Receiver::start([204, 401, 302]).await;
    let url = format!("http://{}/T0K3N#name=ops&secret_file={}", receiver.address, file.display());
    std::fs::write(folder.path().join("turnlock.toml"), format!("webhook_url = [\"{url}\"]\n")).unwrap();

    let fine = turnlock(&["webhook", "test"], &[]).await;
    assert!(fine.status.success(), "{}", said(&fine));
    assert!(said(&fine).starts_with("ops took the message in "), "{}", said(&fine));
    let got = receiver.next().await;
    assert!(got.is_signed_by(&secret));
    assert_eq!((got.body()["type"].as_str(), &*got.path), (Some("webhook.test"), "/T0K3N"));
    let refused = turnlock(&["webhook", "test", "ops"], &[]).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("ops did not take the message: it answered 401 Unauthorized"));
    assert!(said(&refused).contains("It refuses the signature"), "{}", said(&refused));
    let elsewhere = turnlock(&["webhook", "test", "--json"], &[]).await;
    let line: Value = serde_json::from_slice(&elsewhere.stdout).unwrap();
    assert_eq!((&line["delivered"], &line["status"]), (&false.into(), &302.into()));
    let unknown = turnlock(&["webhook", "test", "opps"], &[]).await;
    assert!(said(&unknown).contains("no server is called opps: there are ops"), "{}", said(&unknown));

    let store = turnlock::store::open(&database(&folder)).await.unwrap();
    let at = store.webhook_cursor().await.unwrap();
    let message = turnlock::webhook::test_message(&endpoint(&url, &secret));
    assert!(store.put_deliveries((at, at), &[], std::slice::from_ref(&message)).await.unwrap());
    store.not_delivered(message.id, "it answered 503 Service Unavailable", None).await.unwrap();
    let id = message.id.to_string();
    let list = turnlock(&["webhook", "list"], &[]).await;
    for word in ["ops", "webhook.test", "laid aside", "it answered 503", "turnlock webhook retry --dead"] {
        assert!(said(&list).contains(word), "{word} is missing in {}", said(&list));
    }
    assert_eq!(said(&turnlock(&["webhook", "retry", "--dead"], &[]).await), "1 message is due at once\n");
    let waits = turnlock(&["webhook", "list", "--json"], &[]).await;
    let line: Value = serde_json::from_slice(&waits.stdout).unwrap();
    assert_eq!((&line["id"], &line["state"]), (&id.clone().into(), &"waiting".into()));
    assert_eq!(said(&turnlock(&["webhook", "drop", &id], &[]).await), "1 message is forgotten\n");
    assert_eq!(turnlock(&["webhook", "retry", &id], &[]).await.status.code(), Some(2));

    // The secret in a variable is as good, and a bad one is not repeated.
    let url = format!("http://{}/T0K3N", receiver.address);
    let by_variable = [("TURNLOCK_WEBHOOK_URL", &*url), ("TURNLOCK_WEBHOOK_SECRET", secret.expose_secret())];
    receiver.next().await;
    receiver.next().await;
    let fine = turnlock(&["webhook", "test"], &by_variable).await;
    assert!(fine.status.success() && receiver.next().await.is_signed_by(&secret), "{}", said(&fine));
    let bad = [("TURNLOCK_WEBHOOK_URL", &*url), ("TURNLOCK_WEBHOOK_SECRET", "hunter2")];
    let bad = turnlock(&["webhook", "test"], &bad).await;
    assert_eq!(bad.status.code(), Some(3));
    for output in [&fine, &refused, &elsewhere, &list, &waits, &bad] {
        let said = said(output);
        let shown = [secret.expose_secret(), "hunter2", "T0K3N"].into_iter().find(|one| said.contains(one));
        assert_eq!(shown, None, "{said}");
    }
}

/// What the log says is told, also if whoever wrote it died at once: by any process that delivers.
#[cfg(feature = "failpoints")]
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_over_the_end_of_a_job_leaves_nothing_untold() {
    use acme::{Acme, NewUser, Options};
    use turnlock::vault::NewAccount;

    use crate::harness::PATIENCE;
    use crate::harness::home::Home;
    use crate::harness::rig::{FIRST_PASSWORD, acme_playbook};

    let secret = Key::generate().unwrap();
    let mut receiver = Receiver::start([]).await;
    let app = Acme::start(Options::default()).await.unwrap();
    app.add_user(NewUser::new("alice", FIRST_PASSWORD)).unwrap();
    let home = Home::new(&app, &acme_playbook());
    let vault = home.vault().await;
    let new = NewAccount {
        account: "acme/alice".parse().unwrap(),
        username: "alice".to_owned(),
        address: None,
        number: None,
        password: Some(FIRST_PASSWORD.into()),
        totp: None,
    };
    vault.add_account(&new).await.unwrap();
    let url = receiver.url("events=job.finished");
    let told = [("TURNLOCK_WEBHOOK_URL", &*url), ("TURNLOCK_WEBHOOK_SECRET", secret.expose_secret())];
    // The mark stands where nothing has happened yet.
    vault.store().webhook_cursor().await.unwrap();
    let dies = [&told[..], &[("TURNLOCK_FAILPOINT", "worker.finished")]].concat();
    let mut worker = home.worker(&dies);
    let job = Job::new(Kind::ChangePassword, new.account.clone());
    EmbeddedQueue::new(vault.store().clone()).submit(&job, None).await.unwrap();
    timeout(PATIENCE, worker.wait()).await.expect("it dies over the end of the job").unwrap();
    let mut server = home.turnlock();
    let mut server = server.args(["serve", "--listen", "127.0.0.1:0"]).envs(told).spawn().unwrap();
    let got = receiver.next().await;
    let body = got.body();
    assert!(got.is_signed_by(&secret));
    assert_eq!(body["data"]["job"], job.id.to_string());
    assert_eq!((&body["type"], &body["data"]["code"]), (&"job.finished".into(), &"password_changed".into()));
    assert!(!got.text.contains(FIRST_PASSWORD));
    server.kill().await.unwrap();
    assert!(receiver.got.try_recv().is_err(), "once");
}

// Helpers.

fn database(folder: &tempfile::TempDir) -> String {
    format!("sqlite:{}", folder.path().join(".local/share/turnlock/turnlock.db").display())
}

fn endpoint(url: &str, secret: &SecretString) -> Endpoint {
    let url = url.split('&').filter(|part| !part.starts_with("secret_file=")).collect::<Vec<_>>().join("&");
    Endpoint::parse_all(&[url.into()], Some(secret)).unwrap().remove(0)
}

/// What a receiver got.
struct Got {
    path: String,
    headers: HeaderMap,
    text: String,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    fn id(&self) -> &str {
        self.header("webhook-id")
    }

    fn body(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    fn is_signed_by(&self, secret: &SecretString) -> bool {
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
struct Receiver {
    address: SocketAddr,
    got: mpsc::UnboundedReceiver<Got>,
    serving: JoinHandle<()>,
    _stop: watch::Sender<bool>,
}

type Told = (mpsc::UnboundedSender<Got>, Arc<Mutex<VecDeque<u16>>>);

impl Receiver {
    async fn start(answers: impl IntoIterator<Item = u16>) -> Self {
        Self::start_with(answers.into_iter().collect(), None).await
    }

    async fn start_tls(made: &SelfSigned) -> Self {
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

    fn url(&self, settings: &str) -> String {
        format!("http://{}/#name=receiver&{settings}", self.address).trim_end_matches('&').to_owned()
    }

    async fn next(&mut self) -> Got {
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
struct Python {
    address: SocketAddr,
    lines: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
    _child: Child,
}

impl Python {
    async fn start(secret: &SecretString) -> Self {
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
    async fn next(&mut self) -> (String, Value) {
        let line = timeout(SOON, self.lines.next_line()).await.expect("a message comes").unwrap().unwrap();
        let (kind, body) = line.split_once(' ').unwrap();
        (kind.to_owned(), serde_json::from_str(body).unwrap())
    }
}

struct Site {
    _folder: tempfile::TempDir,
    store: Arc<dyn Store>,
    queue: Arc<dyn Queue>,
}

impl Site {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open(folder.path().join("turnlock.db")).await.unwrap());
        let queue = Arc::new(EmbeddedQueue::new(store.clone()));
        Self { _folder: folder, store, queue }
    }

    fn courier(&self, url: &str, secret: &SecretString, pace: Pace) -> Delivering {
        self.courier_of(vec![endpoint(url, secret)], pace)
    }

    fn courier_of(&self, endpoints: Vec<Endpoint>, pace: Pace) -> Delivering {
        Courier { store: self.store.clone(), endpoints, pace }.start()
    }

    /// From now on what happens is told.
    async fn begun(&self) {
        self.store.webhook_cursor().await.unwrap();
    }

    /// A job has two tries, and a breaker of its apps opens after two failures.
    fn worker(&self, ends: impl Fn(&Attempt) -> Verdict + Send + Sync + 'static) -> Worker {
        let wait = Duration::from_secs(600);
        let config = WorkerConfig {
            retry: RetryPolicy { attempts: 2, first_wait: Duration::ZERO, longest_wait: Duration::ZERO },
            breaker: BreakerPolicy { failures: 2, first_wait: wait, longest_wait: wait },
            ..WorkerConfig::default()
        };
        Worker::new(self.store.clone(), self.queue.clone(), Arc::new(Ends(Box::new(ends))), config)
    }

    /// Has the worker do one job.
    async fn run(&self, worker: &Worker, account: &str) -> Job {
        let job = Job::new(Kind::VerifyLogin, account.parse().unwrap());
        self.queue.submit(&job, None).await.unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let ended = async {
            timeout(SOON, self.queue.ended(job.id)).await.unwrap().unwrap();
            stop.send(()).unwrap();
        };
        let (done, ()) = tokio::join!(worker.run(async { stopped.await.unwrap() }), ended);
        done.unwrap();
        job
    }

    /// The one message that is tried no more.
    async fn laid_aside(&self) -> DeliveryRow {
        let found = async {
            loop {
                let rows = self.store.deliveries(10).await.unwrap();
                if let Some(dead) = rows.into_iter().find(|row| row.due_at.is_none()) {
                    return dead;
                }
                tokio::task::yield_now().await;
            }
        };
        timeout(SOON, found).await.expect("a message is laid aside")
    }

    async fn nothing_waits(&self) {
        let gone = async {
            while !self.store.deliveries(1).await.unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        timeout(SOON, gone).await.expect("all is delivered");
    }
}

/// A performer whose attempts end as a function says.
struct Ends(Box<dyn Fn(&Attempt) -> Verdict + Send + Sync>);

#[async_trait::async_trait]
impl Performer for Ends {
    async fn perform(&self, attempt: &Attempt, _: StepSink, _: Stop) -> Performed {
        Performed::new((self.0)(attempt))
    }
}
