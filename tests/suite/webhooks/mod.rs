//! Webhooks: what happens is told, signed, as often as it takes and once; what cannot be delivered is laid aside.

mod delivery;
mod receiver;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::timeout;
use turnlock::job::{BreakerPolicy, Code, Job, Kind, RetryPolicy, Verdict, Wanted};
use turnlock::queue::{EmbeddedQueue, Queue};
use turnlock::redact;
use turnlock::store::{
    Claim, DeliveryRow, Ending, NewAttempt, NewQuestion, Next, Provenance, SqliteStore, Store, Subscription,
    WorkerId,
};
use turnlock::webhook::{Courier, Delivering, Endpoint, Event, Key, Pace};
use turnlock::worker::{Attempt, Performed, Performer, StepSink, Stop, Worker, WorkerConfig};
use uuid::Uuid;

use self::receiver::{Python, Receiver, endpoint};
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

/// With its page open, and not for long: that a job waits is told at once, to whom it may wait for.
#[tokio::test]
async fn a_job_that_waits_for_a_person_is_told_while_it_waits() {
    let (secret, site) = (Key::generate().unwrap(), Site::new().await);
    let mut receiver = Receiver::start([]).await;
    let _delivering = site.courier(&receiver.url(""), &secret, Pace::default());
    site.begun().await;
    let job = Job::new(Kind::VerifyLogin, "acme/alice".parse().unwrap());
    let (_, attempt) = site.begin(&job).await;
    let question = NewQuestion {
        id: Uuid::now_v7(),
        job: job.id,
        attempt,
        account: job.account.clone(),
        wanted: Wanted::EmailCode,
        step: "login.5".to_owned(),
        key: vec![7; 32],
        refused: Some(format!("\"Wrong code {PASSWORD}\"")),
        lasts: Duration::from_secs(600),
    };
    site.store.ask(&question, None).await.unwrap();
    let got = receiver.next().await;
    let body = got.body();
    assert_eq!(body["type"], "job.asks_human");
    let data = &body["data"];
    for (name, value) in [
        ("job", job.id.to_string()),
        ("attempt", attempt.to_string()),
        ("question", question.id.to_string()),
        ("kind", "verify_login".to_owned()),
        ("app", "acme".to_owned()),
        ("account", "acme/alice".to_owned()),
        ("wanted", "email_code".to_owned()),
    ] {
        assert_eq!(data[name], value, "{body}");
    }
    let at = |time: &Value| time.as_str().unwrap().parse::<Timestamp>().unwrap();
    assert!(at(&data["until"]) > at(&body["timestamp"]), "{body}");
    assert!(data["user_action"].as_str().unwrap().contains("turnlock job answer"), "{body}");
    assert!(!got.text.contains(PASSWORD) && got.is_signed_by(&secret), "{body}");
}

/// While workers are begun anew with other settings, some know of a server and of events that others do not know yet.
#[tokio::test]
async fn what_a_process_does_not_know_of_yet_is_told_by_one_that_does() {
    let (secret, site) = (Key::generate().unwrap(), Site::new().await);
    let (mut known, mut new) = (Receiver::start([]).await, Receiver::start([]).await);
    let known_url = known.url("events=job.finished");
    let more = [
        endpoint(&known_url.replace("job.finished", "job.finished,job.finished,attempt.ended"), &secret),
        endpoint(
            &new.url("events=job.finished,breaker.opened").replace("name=receiver", "name=new"),
            &secret,
        ),
    ];
    let _old = site.courier(&known_url, &secret, Pace::default());
    let newer = site.courier_of(more.to_vec(), Pace::default());
    site.begun().await;
    // The newer process ends, and what happens then is seen by the older one alone.
    drop(newer);
    let worker = site.worker(|_| Verdict::new(Code::AppError, "the app said 502"));
    let job = site.run(&worker, "acme/alice").await.id.to_string();
    let mut told = vec![known.next().await.body()];
    let _newer = site.courier_of(more.to_vec(), Pace::default());
    for _ in 0..2 {
        told.push(known.next().await.body());
    }
    for _ in 0..2 {
        told.push(new.next().await.body());
    }
    let mut types: Vec<_> = told.iter().map(|body| body["type"].as_str().unwrap()).collect();
    types.sort_unstable();
    assert_eq!(types, ["attempt.ended", "attempt.ended", "breaker.opened", "job.finished", "job.finished"]);
    assert!(told.iter().all(|body| body["data"]["job"] == *job), "{told:#?}");
    site.nothing_waits().await;
    assert!(known.got.try_recv().is_err() && new.got.try_recv().is_err(), "each once");
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
    let (claim, attempt) = site.begin(&job).await;
    let ending = Ending {
        attempt,
        verdict: Verdict::new(Code::AppUnreachable, "the page did not come"),
        provenance: Provenance::default(),
        next: Next::Again { at: Timestamp::now() + 10 * SOON, counts: true },
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
    let ops = subscriptions("ops");
    assert_eq!(site.store.happenings(&ops, 9).await.unwrap().len(), 1, "its breaker has opened");
    site.store.webhook_cursors(&ops).await.unwrap();
    assert!(site.store.happenings(&ops, 9).await.unwrap().is_empty());
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
    vault.store().webhook_cursors(&subscriptions("receiver")).await.unwrap();
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

/// Whatever there is to tell.
fn subscriptions(endpoint: &str) -> Vec<Subscription> {
    let of = |event: Event| Subscription { endpoint: endpoint.to_owned(), event: event.to_string() };
    Event::ALL.map(of).to_vec()
}

struct Site {
    _folder: tempfile::TempDir,
    store: Arc<dyn Store>,
    queue: Arc<dyn Queue>,
    /// The servers that are told.
    told: Mutex<Vec<String>>,
}

impl Site {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open(folder.path().join("turnlock.db")).await.unwrap());
        let queue = Arc::new(EmbeddedQueue::new(store.clone()));
        Self { _folder: folder, store, queue, told: Mutex::default() }
    }

    fn courier(&self, url: &str, secret: &SecretString, pace: Pace) -> Delivering {
        self.courier_of(vec![endpoint(url, secret)], pace)
    }

    fn courier_of(&self, endpoints: Vec<Endpoint>, pace: Pace) -> Delivering {
        let names = endpoints.iter().map(|endpoint| endpoint.name().to_owned());
        self.told.lock().unwrap().extend(names);
        Courier { store: self.store.clone(), endpoints, pace }.start()
    }

    /// From now on what happens is told.
    async fn begun(&self) {
        let mut names = self.told.lock().unwrap().clone();
        names.push("receiver".to_owned());
        for name in names {
            self.store.webhook_cursors(&subscriptions(&name)).await.unwrap();
        }
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

    /// Begins the job, as a worker of nobody's.
    async fn begin(&self, job: &Job) -> (Claim, Uuid) {
        self.store.submit(job, None).await.unwrap();
        let worker = WorkerId::new("w");
        let claim = self.store.claim_next(&worker, SOON).await.unwrap().unwrap();
        let now = Timestamp::now();
        let attempt = NewAttempt {
            id: Uuid::now_v7(),
            job: job.id,
            kind: job.kind,
            account: job.account.clone(),
            number: 1,
            worker,
            queued_at: now,
            started_at: now,
        };
        self.store.start_attempt(&attempt, None).await.unwrap();
        (claim, attempt.id)
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
