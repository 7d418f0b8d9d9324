//! The queue of a fleet, on a real RabbitMQ.

mod events;
mod faults;
mod limits;
mod producers;
mod slots;
mod submitted;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use lapin::options::{BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::AMQPValue;
use lapin::{BasicProperties, Connection, ConnectionProperties};
use turnlock::job::{Code, Job, JobMessage, Kind, Priority, Verdict};
use turnlock::queue::Queue;
use turnlock::queue::rabbit::{self, RabbitQueue, topology};
use turnlock::store::{JobRow, JobState, LogQuery, Store};
use turnlock::worker::{Attempt, Performed, Performer, StepSink, Stop, Worker, WorkerConfig};

use crate::harness::rabbit::Broker;
use crate::harness::{PATIENCE, SOON};

/// Does nothing to any app, as long as it is told.
struct Idle {
    takes: Duration,
    performed: AtomicU32,
}

#[async_trait]
impl Performer for Idle {
    async fn perform(&self, _attempt: &Attempt, _steps: StepSink, _stop: Stop) -> Performed {
        self.performed.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(self.takes).await;
        Performed::new(Verdict::new(Code::LoggedIn, ""))
    }
}

struct Fleet {
    broker: Broker,
    store: Arc<dyn Store>,
    _folder: Option<tempfile::TempDir>,
    idle: Arc<Idle>,
}

impl Fleet {
    async fn start(takes: Duration) -> Self {
        Self::on_broker(Broker::start().await, takes).await
    }

    /// With that broker.
    async fn on_broker(broker: Broker, takes: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("turnlock.db").display());
        Self { _folder: Some(folder), ..Self::of(broker, &url, takes).await }
    }

    /// With that database.
    async fn on(url: &str, takes: Duration) -> Self {
        Self::of(Broker::start().await, url, takes).await
    }

    async fn of(broker: Broker, url: &str, takes: Duration) -> Self {
        let store = turnlock::store::open(url).await.unwrap();
        Self { broker, store, _folder: None, idle: Arc::new(Idle { takes, performed: AtomicU32::new(0) }) }
    }

    fn producer(&self) -> RabbitQueue {
        RabbitQueue::publish_only(&self.broker.url().into(), self.store.clone())
    }

    fn worker(&self, url: String) -> Worker {
        let how = WorkerConfig::default();
        let queue = RabbitQueue::consume(&url.into(), &how.id, how.slots, self.store.clone());
        Worker::new(self.store.clone(), Arc::new(queue), self.idle.clone(), how)
    }

    async fn ended(&self, queue: &RabbitQueue, job: &Job) -> JobRow {
        tokio::time::timeout(PATIENCE, queue.ended(job.id)).await.expect("the job ends").unwrap()
    }

    async fn attempts(&self, job: &Job) -> usize {
        self.store.log(&LogQuery { job: Some(job.id), ..LogQuery::default() }).await.unwrap().len()
    }

    async fn messages(&self, name: &str) -> u32 {
        let found = rabbit::look(&self.broker.url().into()).await.unwrap();
        found.iter().find(|queue| queue.name == name).unwrap().messages
    }
}

fn job(account: &str) -> Job {
    Job::new(Kind::VerifyLogin, account.parse().unwrap())
}

/// Publishes as any producer would.
async fn publish(url: &str, key: &str, body: &[u8]) {
    let connection = Connection::connect(url, ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let confirm =
        channel.basic_publish(topology::JOBS.into(), key.into(), options, body, BasicProperties::default());
    assert!(confirm.await.unwrap().await.unwrap().is_ack());
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_any_producer_are_done_once_and_others_are_laid_aside() {
    let fleet = Fleet::start(Duration::ZERO).await;
    rabbit::declare(&fleet.broker.url().into()).await.unwrap();
    let (one, two) = (fleet.worker(fleet.broker.url()), fleet.worker(fleet.broker.url()));
    let producer = fleet.producer();
    let work = async {
        tokio::select! {
            ended = one.run(std::future::pending()) => panic!("{ended:?}"),
            ended = two.run(std::future::pending()) => panic!("{ended:?}"),
            () = std::future::pending() => {}
        }
    };
    let test = async {
        let mut jobs: Vec<Job> = (0..20).map(|nth| job(&format!("acme/user{nth}"))).collect();
        jobs[3].priority = Priority::High;
        jobs[4].priority = Priority::Low;
        for job in &jobs {
            producer.submit(job, None).await.unwrap();
        }
        // The same again, by hand and to another queue.
        publish(&fleet.broker.url(), "low", &JobMessage::of(&jobs[0], None).to_json()).await;
        let secret = r#"{"id":"0197e2a4-0000-7000-8000-000000000001","kind":"verify_login","account":"a/b","password":"hunter2"}"#;
        publish(&fleet.broker.url(), "high", secret.as_bytes()).await;
        publish(&fleet.broker.url(), "normal", b"no job at all").await;
        for job in &jobs {
            let row = fleet.ended(&producer, job).await;
            assert_eq!((row.state, row.code), (JobState::Finished, Some(Code::LoggedIn)));
        }
        let until = tokio::time::Instant::now() + SOON;
        while fleet.messages(topology::DEAD).await < 2 {
            assert!(tokio::time::Instant::now() < until, "what is no job is laid aside");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        for job in &jobs {
            assert_eq!(fleet.attempts(job).await, 1);
        }
    };
    tokio::select! {
        () = work => {}
        () = test => {}
    }
    assert_eq!(fleet.idle.performed.load(Ordering::Relaxed), 20, "each once");
    let connection = Connection::connect(&fleet.broker.url(), ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let mut reasons = Vec::new();
    for _ in 0..2 {
        let dead = channel.basic_get(topology::DEAD.into(), BasicGetOptions { no_ack: true }).await.unwrap();
        let dead = dead.unwrap().delivery;
        let headers = dead.properties.headers().clone().unwrap();
        let Some(AMQPValue::LongString(reason)) = headers.inner().get("x-turnlock-reason") else { panic!() };
        assert!(!reason.to_string().contains("hunter2"));
        assert!(!String::from_utf8_lossy(&dead.data).contains("hunter2"));
        reasons.push(reason.to_string());
    }
    let reasons = reasons.join("\n");
    assert!(
        reasons.contains("`password` looks like a secret") && reasons.contains("not a JSON object"),
        "{reasons}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_goes_along_in_the_header_and_into_the_database() {
    let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let fleet = Fleet::start(Duration::ZERO).await;
    let producer = fleet.producer();
    let traced = Job { trace: text.parse().ok(), ..job("acme/traced") };
    producer.submit(&traced, None).await.unwrap();
    let connection = Connection::connect(&fleet.broker.url(), ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let queue = topology::queues().find(|queue| queue.ends_with("normal")).unwrap();
    let sent = channel.basic_get(queue.into(), BasicGetOptions { no_ack: true }).await.unwrap();
    let sent = sent.unwrap().delivery;
    let headers = sent.properties.headers().clone().unwrap();
    let Some(AMQPValue::LongString(header)) = headers.inner().get("traceparent") else {
        panic!("{headers:?}")
    };
    assert_eq!(header.to_string(), text);
    assert!(!String::from_utf8_lossy(&sent.data).contains("4bf92f"), "it is no part of the job");

    // As any producer may send it.
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let properties = BasicProperties::default().with_headers(headers);
    channel
        .basic_publish(topology::JOBS.into(), "normal".into(), options, &sent.data, properties)
        .await
        .unwrap();
    let worker = fleet.worker(fleet.broker.url());
    let mut events = worker.events();
    let run = async { worker.run(std::future::pending()).await };
    tokio::select! {
        ended = run => panic!("{ended:?}"),
        row = fleet.ended(&producer, &traced) => assert_eq!(row.job.trace, traced.trace),
    }
    let begun = async {
        loop {
            if let turnlock::worker::Event::AttemptStarted { job, .. } = events.recv().await.unwrap() {
                return job.trace;
            }
        }
    };
    assert_eq!(tokio::time::timeout(SOON, begun).await.unwrap(), traced.trace);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_goes_in_mid_job_and_comes_back_loses_nothing() {
    let mut fleet = Fleet::start(Duration::from_secs(3)).await;
    let url = fleet.broker.url();
    let worker = fleet.worker(url);
    let producer = fleet.producer();
    let mut events = worker.events();
    let running = tokio::spawn({
        let worker = worker.clone();
        async move { worker.run(std::future::pending()).await }
    });
    let jobs = ["acme/a", "acme/b", "acme/c"].map(job);
    for job in &jobs {
        producer.submit(job, None).await.unwrap();
    }
    while !matches!(events.recv().await.unwrap(), turnlock::worker::Event::AttemptStarted { .. }) {}
    fleet.broker.stop().await;
    fleet.broker.start_again().await;
    for job in &jobs {
        let row = fleet.ended(&producer, job).await;
        assert_eq!((row.state, fleet.attempts(job).await), (JobState::Finished, 1));
    }
    let late = job("acme/d");
    producer.submit(&late, None).await.unwrap();
    fleet.ended(&producer, &late).await;
    assert_eq!(fleet.idle.performed.load(Ordering::Relaxed), 4);
    running.abort();
}

/// A worker is killed at each point between the delivery and its acknowledgement, and another takes over.
#[cfg(feature = "failpoints")]
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_anywhere_changes_a_password_once() {
    use acme::{Acme, NewUser, Options};
    use turnlock::job::{AccountRef, Outcome};
    use turnlock::queue::EmbeddedQueue;
    use turnlock::vault::NewAccount;

    use crate::harness::home::Home;
    use crate::harness::rig::{FIRST_PASSWORD, acme_playbook, assert_opens};

    const POINTS: [&str; 10] = [
        "rabbit.received",
        "rabbit.written",
        "worker.claimed",
        "worker.begun",
        "change_password.4.submitted",
        "change_password.4.performed",
        "rabbit.committed",
        "rabbit.announced",
        "rabbit.acknowledged",
        "worker.finished",
    ];
    let broker = Broker::start().await;
    let app = Acme::start(Options::default()).await.unwrap();
    let home = Home::new(&app, &acme_playbook());
    let vault = home.vault().await;
    let url = broker.url();
    let queue = EmbeddedQueue::new(vault.store().clone());
    let mut listener = events::Listener::start(&url).await;
    for point in POINTS {
        let name = point.replace(['.', '_'], "-");
        let account: AccountRef = format!("acme/{name}").parse().unwrap();
        app.add_user(NewUser::new(&name, FIRST_PASSWORD)).unwrap();
        let new = NewAccount {
            account: account.clone(),
            username: name.clone(),
            address: None,
            number: None,
            password: Some(FIRST_PASSWORD.into()),
            totp: None,
        };
        vault.add_account(&new).await.unwrap();
        let mut worker = home.worker(&[("TURNLOCK_QUEUE_URL", &url), ("TURNLOCK_FAILPOINT", point)]);
        let job = uuid::Uuid::now_v7();
        let submitted = home
            .turnlock()
            .args(["submit", "change_password", "--account", &account.to_string(), "--id", &job.to_string()])
            .env("TURNLOCK_QUEUE_URL", &url)
            .output()
            .await
            .unwrap();
        assert!(submitted.status.success(), "{submitted:?}");
        let killed = tokio::time::timeout(PATIENCE, worker.wait()).await;
        assert!(killed.is_ok(), "{point} was not reached:\n{}", home.words());

        let mut next = home.worker(&[("TURNLOCK_QUEUE_URL", &url)]);
        let ended = async {
            while vault.store().job(job).await.unwrap().is_none() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            queue.ended(job).await.unwrap()
        };
        let row = tokio::time::timeout(PATIENCE, ended).await;
        let row = row.unwrap_or_else(|_| panic!("{point}: the job came to no end:\n{}", home.words()));
        assert_eq!(row.outcome, Some(Outcome::Succeeded), "{point}: {}", home.words());
        assert_eq!(app.user(&name).unwrap().password_changes, 1, "{point}");
        assert_opens(&vault, &app, &account).await;
        let query = LogQuery { job: Some(job), ..LogQuery::default() };
        let attempts = vault.store().log(&query).await.unwrap();
        let finished = attempts.iter().filter_map(|row| row.verdict.as_ref());
        assert_eq!(finished.filter(|verdict| verdict.outcome == Outcome::Succeeded).count(), 1, "{point}");
        // It has answered the delivery as well: nothing is left for anybody.
        let until = tokio::time::Instant::now() + SOON;
        listener.until(|heard| heard.end_of(&job).is_some()).await;
        while rabbit::look(&url.as_str().into()).await.unwrap().iter().any(|queue| queue.messages > 0) {
            assert!(tokio::time::Instant::now() < until, "{point}: a message is left");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        stop(&next);
        next.wait().await.unwrap();
    }
    home.no_browser_is_left().await.unwrap();
}

#[cfg(feature = "failpoints")]
fn stop(worker: &tokio::process::Child) {
    let pid = rustix::process::Pid::from_raw(worker.id().unwrap().cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
}
