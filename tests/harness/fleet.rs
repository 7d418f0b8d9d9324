//! A broker and a database, workers on them whose performer is the test's own, and the binary beside them.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use tokio::process::Command;
use turnlock::job::{Code, Job, Kind, Verdict};
use turnlock::queue::rabbit::{self, RabbitQueue};
use turnlock::queue::{EmbeddedQueue, Queue};
use turnlock::store::{self, Store};
use turnlock::worker::{Attempt, Performed, Performer, StepSink, Stop, Worker, WorkerConfig};

use super::rabbit::Broker;
use super::{PATIENCE, SOON};

pub struct Fleet {
    /// None, and the queue lies in the database.
    broker: Option<Broker>,
    pub database: String,
    pub store: Arc<dyn Store>,
    folder: tempfile::TempDir,
}

/// How a call of the binary ended.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    #[track_caller]
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }

    #[track_caller]
    pub fn complains(self, about: &str) -> Self {
        assert!(self.err.contains(about), "`{about}` is not in: {self:?}");
        self
    }

    #[track_caller]
    pub fn says(self, what: &str) -> Self {
        assert!(self.out.contains(what), "`{what}` is not in: {self:?}");
        self
    }

    /// The output as JSON, an object a line.
    pub fn json(&self) -> Vec<serde_json::Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Fleet {
    /// With a broker whose exchanges and queues are declared, and rows in a file.
    pub async fn start() -> Self {
        Self::start_on(None).await
    }

    /// The same, with rows in that database.
    pub async fn start_on(database: Option<String>) -> Self {
        let broker = Broker::start().await;
        rabbit::declare(&broker.url().into()).await.unwrap();
        Self::with(Some(broker), database).await
    }

    /// Without a broker.
    pub async fn embedded() -> Self {
        Self::with(None, None).await
    }

    async fn with(broker: Option<Broker>, database: Option<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = || format!("sqlite:{}", folder.path().join("turnlock.db").display());
        let database = database.unwrap_or_else(file);
        let store = store::open(&database).await.unwrap();
        Self { broker, database, store, folder }
    }

    fn url(&self) -> String {
        self.broker.as_ref().map_or_else(|| "embedded:".to_owned(), Broker::url)
    }

    /// One who only submits.
    pub fn producer(&self) -> Arc<dyn Queue> {
        match &self.broker {
            Some(broker) => Arc::new(RabbitQueue::publish_only(&broker.url().into(), self.store.clone())),
            None => Arc::new(EmbeddedQueue::new(self.store.clone())),
        }
    }

    pub fn worker(&self, performer: Arc<dyn Performer>, how: WorkerConfig) -> Worker {
        let queue: Arc<dyn Queue> = match &self.broker {
            Some(broker) => {
                let url = broker.url().into();
                Arc::new(RabbitQueue::consume(&url, &how.id, how.slots, self.store.clone()))
            }
            None => Arc::new(EmbeddedQueue::new(self.store.clone())),
        };
        Worker::new(self.store.clone(), queue, performer, how)
    }

    /// The binary, with nothing else around it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_turnlock"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("TURNLOCK_DATABASE_URL", &self.database)
            .env("TURNLOCK_QUEUE_URL", self.url())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    pub async fn turnlock(&self, arguments: &[&str]) -> Said {
        said(self.command(arguments).output().await.unwrap())
    }

    /// A channel of somebody else's, as any producer has one; the connection is to be kept.
    pub async fn channel(&self) -> (Connection, Channel) {
        let connection = Connection::connect(&self.url(), ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        (connection, channel)
    }

    /// No queue of such a name takes more messages than that, by a policy of its administrator's.
    pub async fn limit(&self, queues: &str, most: u32) {
        self.broker.as_ref().unwrap().limit(queues, most).await;
    }

    /// How many messages wait in a queue.
    pub async fn messages(&self, name: &str) -> u32 {
        let found = rabbit::look(&self.url().into()).await.unwrap();
        found.iter().find(|queue| queue.name == name).map_or(0, |queue| queue.messages)
    }

    /// Waits until so many messages wait in a queue.
    pub async fn wait_for_messages(&self, name: &str, count: u32) {
        until(&format!("{count} messages in {name}"), async || self.messages(name).await == count).await;
    }
}

pub fn said(output: std::process::Output) -> Said {
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Waits until something is so.
pub async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let end = tokio::time::Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(tokio::time::Instant::now() < end, "never were there {what}");
        tokio::time::sleep(SOON / 400).await;
    }
}

pub async fn publish(channel: &Channel, exchange: &str, key: &str, body: &[u8], properties: BasicProperties) {
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let confirm = channel.basic_publish(exchange.into(), key.into(), options, body, properties).await;
    assert!(confirm.unwrap().await.unwrap().is_ack());
}

pub fn job(account: &str) -> Job {
    Job::new(Kind::VerifyLogin, account.parse().unwrap())
}

/// Does nothing to any app, and counts. With a code that stands for a stop it waits until it is asked to.
pub struct Counts {
    pub ends_with: Code,
    pub performed: AtomicU32,
}

impl Counts {
    pub fn ending(code: Code) -> Arc<Self> {
        Arc::new(Self { ends_with: code, performed: AtomicU32::new(0) })
    }

    pub fn performed(&self) -> u32 {
        self.performed.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Performer for Counts {
    async fn perform(&self, _attempt: &Attempt, _steps: StepSink, stop: Stop) -> Performed {
        self.performed.fetch_add(1, Ordering::SeqCst);
        match self.ends_with {
            Code::Cancelled => Performed::new(stop.wait().await.verdict()),
            code => Performed::new(Verdict::new(code, "as the test says")),
        }
    }
}
