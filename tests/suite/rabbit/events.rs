//! What `turnlock.events` tells of jobs.

use std::collections::BTreeMap;

use futures::StreamExt as _;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use serde_json::Value;
use turnlock::job::{JobEvent, Wanted};
use turnlock::queue::EmbeddedQueue;
use turnlock::store::NewQuestion;

use super::*;

/// Somebody who wants to hear of all jobs, and misses nothing while the broker is away.
pub(super) struct Listener {
    url: String,
    queue: &'static str,
    pub heard: Vec<(String, Value)>,
}

impl Listener {
    pub async fn start(url: &str) -> Self {
        rabbit::declare(&url.to_owned().into()).await.unwrap();
        let queue = "listener";
        let connection = Connection::connect(url, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let (durable, none) = (QueueDeclareOptions::durable(), FieldTable::default());
        channel.queue_declare(queue.into(), durable, none.clone()).await.unwrap();
        let bound = channel.queue_bind(
            queue.into(),
            topology::EVENTS.into(),
            "job.#".into(),
            QueueBindOptions::default(),
            none,
        );
        bound.await.unwrap();
        Self { url: url.to_owned(), queue, heard: Vec::new() }
    }

    /// Listens until that has been heard.
    pub async fn until(&mut self, enough: impl Fn(&Self) -> bool) {
        let connection = Connection::connect(&self.url, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let (options, none) = (BasicConsumeOptions::default(), FieldTable::default());
        let mut consumer = channel.basic_consume(self.queue.into(), "".into(), options, none).await.unwrap();
        let listening = async {
            while !enough(self) {
                let delivery = consumer.next().await.unwrap().unwrap();
                let event = serde_json::from_slice(&delivery.data).unwrap();
                self.heard.push((delivery.routing_key.to_string(), event));
                delivery.ack(BasicAckOptions::default()).await.unwrap();
            }
        };
        let done = tokio::time::timeout(PATIENCE, listening).await;
        assert!(done.is_ok(), "what was to be heard was not among {:#?}", self.heard);
    }

    /// Listens until each of these jobs has ended, and looks at nothing else: for so many that a look at all that was
    /// heard would take long.
    pub async fn until_all(&mut self, jobs: &std::collections::HashSet<String>) {
        let connection = Connection::connect(&self.url, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let (options, none) =
            (BasicConsumeOptions { no_ack: true, ..Default::default() }, FieldTable::default());
        let mut consumer = channel.basic_consume(self.queue.into(), "".into(), options, none).await.unwrap();
        let mut left = jobs.clone();
        let mut last = tokio::time::Instant::now();
        while !left.is_empty() {
            let delivery = tokio::time::timeout(PATIENCE, consumer.next()).await;
            let delivery =
                delivery.unwrap_or_else(|_| panic!("{} ends were not told", left.len())).unwrap().unwrap();
            let event: Value = serde_json::from_slice(&delivery.data).unwrap();
            if event["type"] == "turnlock.job.finished" && left.remove(event["data"]["job"].as_str().unwrap())
            {
                last = tokio::time::Instant::now();
            }
            assert!(last.elapsed() < PATIENCE, "{} ends were not told", left.len());
        }
    }

    /// The events of a job, by key, with what each says.
    pub fn of(&self, job: &uuid::Uuid) -> Vec<(&str, &Value)> {
        let id = job.to_string();
        let its = self.heard.iter().filter(|(_, event)| event["data"]["job"] == id.as_str());
        its.map(|(key, event)| (key.as_str(), event)).collect()
    }

    /// How a job has ended, once that was heard. One end may come twice; two ends are one too many.
    pub fn end_of(&self, job: &uuid::Uuid) -> Option<&Value> {
        let ends: BTreeMap<&str, &Value> = self
            .of(job)
            .into_iter()
            .filter(|(_, event)| event["type"] == "turnlock.job.finished")
            .map(|(_, event)| (event["id"].as_str().unwrap(), event))
            .collect();
        assert!(ends.len() <= 1, "{ends:#?}");
        ends.into_values().next()
    }
}

/// Fails at first, and takes a step.
struct Stumbling(AtomicU32);

#[async_trait]
impl Performer for Stumbling {
    async fn perform(&self, attempt: &Attempt, steps: StepSink, _stop: Stop) -> Performed {
        steps.begin("login.1", "open /login").ok_with("what only the log says");
        let step = "login.3".to_owned();
        let (id, key, account) = (uuid::Uuid::now_v7(), b"a key".to_vec(), attempt.job.account.clone());
        let (job, attempt) = (attempt.job.id, attempt.id);
        let (wanted, refused) = (Wanted::SmsCode, None);
        steps.asked(&NewQuestion { id, job, attempt, account, wanted, step, key, refused, lasts: SOON });
        match self.0.fetch_add(1, Ordering::Relaxed) {
            0 => Performed {
                not_before: Some(jiff::Timestamp::now()),
                ..answer(Code::AppError, "it said 500")
            },
            _ => answer(Code::LoggedIn, ""),
        }
    }
}

fn answer(code: Code, message: &str) -> Performed {
    Performed::new(Verdict::new(code, message))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jobs_life_is_told_as_cloud_events() {
    let fleet = Fleet::start(Duration::ZERO).await;
    let mut listener = Listener::start(&fleet.broker.url()).await;
    let how = WorkerConfig::default();
    let queue = RabbitQueue::consume(&fleet.broker.url().into(), &how.id, how.slots, fleet.store.clone());
    let worker =
        Worker::new(fleet.store.clone(), Arc::new(queue), Arc::new(Stumbling(AtomicU32::new(0))), how);
    let producer = fleet.producer();
    let job = Job { reason: Some("quarterly".to_owned()), ..job("acme/alice") };
    producer.submit(&job, None).await.unwrap();
    // One that nobody ever begins is told of as well.
    let never = self::job("acme/bob");
    fleet.store.submit(&never, Some(jiff::Timestamp::now() + SOON)).await.unwrap();
    producer.cancel(never.id, &Verdict::new(Code::Cancelled, "")).await.unwrap();
    tokio::select! {
        ended = worker.run(std::future::pending()) => panic!("{ended:?}"),
        () = listener.until(|heard| heard.end_of(&job.id).is_some() && heard.end_of(&never.id).is_some()) => {}
    }

    let keys: Vec<&str> = listener.of(&job.id).iter().map(|(key, _)| *key).collect();
    let each = ["started", "step", "asks_human"];
    let all: Vec<_> = [&each[..], &["retrying"], &each, &["succeeded"]].concat();
    let all: Vec<_> = all.into_iter().map(|last| format!("job.verify_login.{last}")).collect();
    // The end is told on a way of its own, which may be faster.
    let sorted = |mut keys: Vec<&str>| {
        keys.sort_unstable();
        keys.join(" ")
    };
    assert_eq!(sorted(keys), sorted(all.iter().map(String::as_str).collect()));
    for (_, event) in &listener.heard {
        assert_eq!((&event["specversion"], &event["source"]), (&"1.0".into(), &"turnlock".into()));
        assert_eq!(event["datacontenttype"], "application/json");
        assert!(event["time"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
        for part in ["id", "type", "subject"] {
            assert!(event[part].is_string(), "{part} in {event:#}");
        }
    }
    let ids: std::collections::BTreeSet<_> =
        listener.heard.iter().map(|(_, event)| event["id"].as_str()).collect();
    assert_eq!(ids.len(), listener.heard.len(), "each has an id of its own");
    let end = &listener.end_of(&job.id).unwrap()["data"];
    assert_eq!((&end["outcome"], &end["code"]), (&"succeeded".into(), &"logged_in".into()));
    assert_eq!((&end["attempts"], &end["reason"]), (&2.into(), &"quarterly".into()));
    let retry = listener.of(&job.id).into_iter().find(|(key, _)| key.ends_with("retrying")).unwrap().1;
    assert_eq!(
        (&retry["data"]["code"], &retry["data"]["message"]),
        (&"app_error".into(), &"it said 500".into())
    );
    let asks = listener.of(&job.id).into_iter().find(|(key, _)| key.ends_with("asks_human")).unwrap().1;
    assert_eq!(
        (&asks["type"], &asks["data"]["wanted"]),
        (&"turnlock.job.asks_human".into(), &"sms_code".into())
    );
    let until: jiff::Timestamp = asks["data"]["until"].as_str().unwrap().parse().unwrap();
    assert!(until > asks["time"].as_str().unwrap().parse().unwrap(), "{asks:#}");
    let (key, end) = listener.of(&never.id)[0];
    assert_eq!((key, &end["data"]["code"]), ("job.verify_login.interrupted", &"cancelled".into()));
}

/// The broker is away when a job ends: its end is kept in the database, and told when the broker is back.
#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_cannot_be_told_is_told_later() {
    let mut fleet = Fleet::start(Duration::from_secs(2)).await;
    let mut listener = Listener::start(&fleet.broker.url()).await;
    let worker = fleet.worker(fleet.broker.url());
    let mut events = worker.events();
    let running = tokio::spawn({
        let worker = worker.clone();
        async move { worker.run(std::future::pending()).await }
    });
    let job = job("acme/alice");
    fleet.producer().submit(&job, None).await.unwrap();
    while !matches!(events.recv().await.unwrap(), turnlock::worker::Event::AttemptStarted { .. }) {}
    fleet.broker.stop().await;
    while !matches!(events.recv().await.unwrap(), turnlock::worker::Event::AttemptEnded { .. }) {}
    assert_eq!(fleet.store.job(job.id).await.unwrap().unwrap().state, JobState::Finished);
    fleet.broker.start_again().await;
    listener.until(|heard| heard.end_of(&job.id).is_some()).await;
    // And it is told by somebody else, where the job was run by hand.
    let by_hand = EmbeddedQueue::announced_by_others(fleet.store.clone());
    let other = self::job("acme/bob");
    let here =
        Worker::new(fleet.store.clone(), Arc::new(by_hand), fleet.idle.clone(), WorkerConfig::default());
    here.run_one(&other, std::future::pending()).await.unwrap();
    listener.until(|heard| heard.end_of(&other.id).is_some()).await;
    running.abort();
}

#[test]
fn no_event_has_room_for_a_secret() {
    let schema = serde_json::to_value(JobEvent::schema()).unwrap();
    let text = schema.to_string().to_ascii_lowercase();
    for word in ["password", "secret\"", "totp", "cookie"] {
        assert!(!text.contains(&format!("\"{word}")), "{word}");
    }
}
