//! Notices by mail: whoever is named gets them, and learns what is to be done and no secret. A real worker, and the
//! built-in receiver as the mail server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mail_parser::MessageParser;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, oneshot};
use turnlock::inbox::smtp::{Receiver, SmtpOptions, StartTls};
use turnlock::inbox::{Arrival, Content};
use turnlock::job::{BreakerPolicy, Code, Job, Kind, RetryPolicy, Verdict, Wanted};
use turnlock::notice::{MailServer, Notifier, Pace};
use turnlock::queue::{EmbeddedQueue, Queue};
use turnlock::redact;
use turnlock::store::{SqliteStore, Store};
use turnlock::worker::{Attempt, Event, Performed, Performer, StepSink, Stop, Worker, WorkerConfig};
use uuid::Uuid;

use super::inbox::wire::SelfSigned;
use crate::harness::SOON;
use crate::harness::desk::{Receiving, Tray};

const OPS: &str = "ops@people.example";
const BOSS: &str = "boss@people.example";
/// Known to the mail server, and not named.
const STRANGER: &str = "stranger@people.example";

const PASSWORD: &str = "a-password-of-the-notices";

#[tokio::test]
async fn the_people_named_learn_what_is_to_be_done_and_no_secret() {
    redact::register(&SecretString::from(PASSWORD));
    let (tray, server) = post_office().await;
    let site = Site::new().await;
    let worker = site.worker(|attempt| match attempt.job.account.name() {
        "alice" => Verdict::new(
            Code::Captcha,
            format!("a CAPTCHA\nJob: none, beside {PASSWORD} and A-PASSWORD OF THE NOTICES"),
        ),
        "carol" => Verdict::new(Code::BadCredentials, "the app refused the password"),
        _ => Verdict::new(Code::LoggedIn, "as it should be"),
    });
    let notifying = notifier(server.address).start(worker.events());
    site.run(&worker, "acme/bob").await;
    let job = site.run(&worker, "acme/alice").await;
    site.run(&worker, "acme/carol").await;
    notifying.end().await;

    let arrivals = [tray.next().await, tray.next().await];
    for arrival in [tray.next().await, tray.next().await] {
        let mail = Mail::of(&arrival);
        assert_eq!(mail.subject, "[turnlock] acme/carol needs a human: bad_credentials");
        assert!(mail.text.contains(Code::BadCredentials.user_action()), "{}", mail.text);
    }
    assert_eq!(arrivals.each_ref().map(|mail| &*mail.recipient), [OPS, BOSS]);
    assert_eq!(tray.waiting(), 0, "nobody else gets one, and nothing is said of what went well");
    for arrival in &arrivals {
        let mail = Mail::of(arrival);
        assert_eq!(mail.subject, "[turnlock] acme/alice needs a human: captcha");
        for said in [
            "account:     acme/alice\n",
            &format!("job:         {} (verify_login)\n", job.id),
            "outcome:     needs_human\n",
            "code:        captcha\n",
            "    a CAPTCHA\n    Job: none, beside [secret] and [secret]\n",
            &format!("    {}\n", Code::Captcha.user_action()),
            &format!("    turnlock log --job {}\n", job.id),
        ] {
            assert!(mail.text.contains(said), "{said:?} is missing in {}", mail.text);
        }
        assert!(!mail.raw.contains(PASSWORD) && !mail.text.to_lowercase().contains("a-password"));
        for head in ["Auto-Submitted: auto-generated\r\n", "Message-ID: <", "Date: "] {
            assert!(mail.raw.contains(head), "{head:?} is missing in {}", mail.raw);
        }
    }
}

#[tokio::test]
async fn an_open_breaker_is_told_once() {
    let (tray, server) = post_office().await;
    let site = Site::new().await;
    let worker = site.worker(|_| Verdict::new(Code::AppError, "the app said 502"));
    let _notifying = notifier(server.address).start(worker.events());
    let jobs = [job("acme/alice"), job("acme/bob"), job("acme/carol")];
    let (stop, stopped) = oneshot::channel::<()>();
    let told = async {
        for job in &jobs {
            site.queue.submit(job, None).await.unwrap();
        }
        let mail = Mail::of(&tray.next().await);
        assert_eq!(tray.next().await.recipient, BOSS);
        stop.send(()).unwrap();
        mail
    };
    let (done, mail) = tokio::join!(worker.run(async { stopped.await.unwrap() }), told);
    done.unwrap();
    assert_eq!(mail.subject, "[turnlock] the breaker of acme is open: app_error");
    for said in [
        "2 attempts at acme in a row",
        "    the app said 502\n",
        "turnlock app reset acme",
        "outcome:     retry_later",
    ] {
        assert!(mail.text.contains(said), "{said:?} is missing in {}", mail.text);
    }
    assert_eq!(tray.waiting(), 0);
}

#[tokio::test]
async fn each_job_that_waits_for_a_person_is_told_at_once() {
    let (tray, server) = post_office().await;
    let mut notifier = notifier(server.address);
    notifier.to.truncate(1);
    let events = broadcast::Sender::new(16);
    let _notifying = notifier.start(events.subscribe());
    for name in ["acme/alice", "acme/bob"] {
        let (job, account) = (Uuid::now_v7(), name.parse().unwrap());
        let until = "2026-12-01T08:10:00Z".parse().unwrap();
        let (question, attempt, wanted) = (Uuid::now_v7(), Uuid::now_v7(), Wanted::SmsCode);
        events.send(Event::Asked { question, attempt, job, account, wanted, until }).unwrap();
        let mail = Mail::of(&tray.next().await);
        assert_eq!(mail.subject, format!("[turnlock] {name} waits for you: sms_code"));
        for said in [
            "A job needs the code that the app has sent as a text message.",
            "until:       2026-12-01 08:10:00 UTC\n",
            &format!("    turnlock job answer {job}"),
        ] {
            assert!(mail.text.contains(said), "{said:?} is missing in {}", mail.text);
        }
    }
}

#[tokio::test]
async fn those_alike_are_told_with_the_next() {
    let (tray, server) = post_office().await;
    let captcha = needs_human(Code::Captcha).await;
    let locked = needs_human(Code::AccountLocked).await;
    let quiet = Duration::from_secs(2);
    let mut notifier = notifier(server.address);
    notifier.to.truncate(1);
    notifier.pace.quiet = quiet;
    let events = broadcast::Sender::new(16);
    let _notifying = notifier.start(events.subscribe());
    for event in [&captcha, &captcha, &captcha, &locked] {
        events.send(event.clone()).unwrap();
    }
    let first = [Mail::of(&tray.next().await), Mail::of(&tray.next().await)];
    assert!(first[0].subject.ends_with("captcha") && first[1].subject.ends_with("account_locked"));
    assert!(!first[0].text.contains("more since"), "{}", first[0].text);
    tokio::time::sleep(quiet).await;
    assert_eq!(tray.waiting(), 0);
    events.send(captcha).unwrap();
    let next = Mail::of(&tray.next().await);
    let last = next.text.trim_end();
    assert!(last.ends_with("2 more since the last notice of this app and code."), "{last}");
}

#[tokio::test]
async fn a_mail_server_that_is_away_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let events = broadcast::Sender::new(16);
    let _notifying = notifier(address).start(events.subscribe());
    events.send(needs_human(Code::Captcha).await).unwrap();
    // It hangs up at first, then nobody is there, then it works.
    drop(tokio::time::timeout(SOON, listener.accept()).await.unwrap().unwrap());
    drop(listener);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let tray = Tray::new(&[OPS, BOSS]);
    let receiver = Receiver::bind(SmtpOptions::smtp(address)).await.unwrap();
    let _server = Receiving::start(receiver, Some(address), tray.clone());
    assert_eq!([tray.next().await, tray.next().await].map(|mail| mail.recipient), [OPS, BOSS]);
}

#[tokio::test]
async fn one_address_that_is_refused_keeps_it_from_nobody_else() {
    let (tray, server) = post_office().await;
    tray.manage(&[BOSS]);
    let events = broadcast::Sender::new(16);
    let notifying = notifier(server.address).start(events.subscribe());
    events.send(needs_human(Code::Captcha).await).unwrap();
    notifying.end().await;
    assert_eq!((tray.next().await.recipient, tray.waiting()), (BOSS.to_owned(), 0));
}

#[tokio::test]
async fn what_leaves_the_machine_goes_by_tls_that_is_trusted() {
    let made = SelfSigned::new();
    let tray = Tray::new(&[OPS, BOSS]);
    let options = SmtpOptions::smtp(([127, 0, 0, 1], 0).into());
    let receiver = Receiver::bind(SmtpOptions {
        tls: Some(StartTls { files: made.files(), required: true }),
        ..options
    })
    .await
    .unwrap();
    let address = receiver.local_addr().unwrap();
    let _server = Receiving::start(receiver, Some(address), tray.clone());
    let url = format!("smtp://localhost:{}?starttls=required", address.port());
    let trusting = format!("{url}&ca_file={}", made.files().certificate.display());
    for (url, arrive) in [(url, 0), (trusting, 2)] {
        let mut notifier = notifier(address);
        notifier.server = MailServer::parse(&url.into()).unwrap();
        notifier.pace.tries = 1;
        let events = broadcast::Sender::new(16);
        let notifying = notifier.start(events.subscribe());
        events.send(needs_human(Code::Captcha).await).unwrap();
        notifying.end().await;
        assert_eq!(tray.waiting(), arrive);
    }
}

// Helpers.

/// A mail server that knows more people than are named.
async fn post_office() -> (Arc<Tray>, Receiving) {
    let tray = Tray::new(&[OPS, BOSS, STRANGER]);
    let server = Receiving::mail_to(tray.clone()).await;
    (tray, server)
}

fn notifier(address: SocketAddr) -> Notifier {
    Notifier {
        server: MailServer::parse(&format!("smtp://{address}").into()).unwrap(),
        from: "Turnlock <turnlock@people.example>".parse().unwrap(),
        to: [OPS, BOSS].map(|address| address.parse().unwrap()).to_vec(),
        pace: Pace { first_wait: Duration::from_millis(50), tries: 6, ..Pace::default() },
    }
}

/// What a worker tells when a job ends like this.
async fn needs_human(code: Code) -> Event {
    let site = Site::new().await;
    let worker = site.worker(move |_| Verdict::new(code, "as the test says"));
    let mut events = worker.events();
    site.run(&worker, "acme/alice").await;
    loop {
        let event = events.recv().await.unwrap();
        if matches!(event, Event::AttemptEnded { .. }) {
            return event;
        }
    }
}

struct Mail {
    raw: String,
    subject: String,
    text: String,
}

impl Mail {
    fn of(arrival: &Arrival) -> Self {
        let Content::DirectMail(raw) = &arrival.content else { panic!("a mail") };
        let mail = MessageParser::default().parse(&raw[..]).unwrap();
        Self {
            subject: mail.subject().unwrap().to_owned(),
            text: mail.body_text(0).unwrap().replace("\r\n", "\n"),
            raw: String::from_utf8_lossy(raw).into_owned(),
        }
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

    /// A breaker of its apps opens after two failures.
    fn worker(&self, ends: impl Fn(&Attempt) -> Verdict + Send + Sync + 'static) -> Worker {
        let wait = Duration::from_secs(600);
        let config = WorkerConfig {
            retry: RetryPolicy { attempts: 1, first_wait: Duration::ZERO, longest_wait: Duration::ZERO },
            breaker: BreakerPolicy { failures: 2, first_wait: wait, longest_wait: wait },
            ..WorkerConfig::default()
        };
        Worker::new(self.store.clone(), self.queue.clone(), Arc::new(Ends(Box::new(ends))), config)
    }

    /// Has the worker do one job.
    async fn run(&self, worker: &Worker, account: &str) -> Job {
        let job = job(account);
        self.queue.submit(&job, None).await.unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let ended = async {
            self.queue.ended(job.id).await.unwrap();
            stop.send(()).unwrap();
        };
        let (done, ()) = tokio::join!(worker.run(async { stopped.await.unwrap() }), ended);
        done.unwrap();
        job
    }
}

fn job(account: &str) -> Job {
    Job::new(Kind::VerifyLogin, account.parse().unwrap())
}

/// A performer whose attempts end as a function says.
struct Ends(Box<dyn Fn(&Attempt) -> Verdict + Send + Sync>);

#[async_trait::async_trait]
impl Performer for Ends {
    async fn perform(&self, attempt: &Attempt, _: StepSink, _: Stop) -> Performed {
        Performed::new((self.0)(attempt))
    }
}
