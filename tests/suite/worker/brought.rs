//! What a broker has brought to a worker that takes no more jobs.

use lapin::types::AMQPValue;
use lapin::{Connection, ConnectionProperties};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use turnlock::job::Priority;
use turnlock::queue::rabbit::{self, RabbitQueue, topology};
use turnlock::store::Duty;

use super::*;
use crate::harness::PATIENCE;
use crate::harness::rabbit::Broker;

struct Fleet {
    broker: Broker,
    site: Site,
    producer: RabbitQueue,
}

/// A worker at work, whose jobs of normal priority wait until they may end; others end at once.
struct Held {
    worker: Worker,
    may_end: watch::Sender<bool>,
    run: JoinHandle<Result<(), WorkerError>>,
}

impl Fleet {
    async fn start() -> Self {
        let (broker, site) = (Broker::start().await, Site::new().await);
        rabbit::declare(&broker.url().into()).await.unwrap();
        let producer = RabbitQueue::publish_only(&broker.url().into(), site.store.clone());
        Self { broker, site, producer }
    }

    fn worker(&self, slots: usize) -> Held {
        let may_end = watch::Sender::new(false);
        let gate = may_end.subscribe();
        let acts = move |attempt: Attempt, _, _| {
            let mut gate = gate.clone();
            async move {
                if attempt.job.priority == Priority::Normal {
                    gate.wait_for(|open| *open).await.unwrap();
                }
                ended(Code::LoggedIn)
            }
        };
        let how = WorkerConfig { slots, ..config() };
        let queue = RabbitQueue::consume(&self.broker.url().into(), &how.id, slots, self.site.store.clone());
        let performer = Arc::new(Acts(Box::new(boxed(acts))));
        let worker = Worker::new(self.site.store.clone(), Arc::new(queue), performer, how);
        let run = tokio::spawn({
            let worker = worker.clone();
            async move { worker.run(std::future::pending()).await }
        });
        Held { worker, may_end, run }
    }

    async fn submit(&self, account: &str, priority: Priority) -> Job {
        let job = Job { priority, ..job(account) };
        self.producer.submit(&job, None).await.unwrap();
        job
    }

    /// So many messages wait at the broker, and have been brought to nobody.
    async fn until_wait(&self, priority: Priority, count: u32) {
        self.until(&format!("{count} messages that wait"), async || {
            self.messages(topology::queue_of(priority)).await == count
        })
        .await;
    }

    async fn messages(&self, name: &str) -> u32 {
        let found = rabbit::look(&self.broker.url().into()).await.unwrap();
        found.iter().find(|queue| queue.name == name).unwrap().messages
    }

    async fn until(&self, what: &str, enough: impl AsyncFn() -> bool) {
        let until = Instant::now() + PATIENCE;
        while !enough().await {
            assert!(Instant::now() < until, "{what} never were");
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn until_runs(&self, job: &Job) {
        let running = async || {
            let row = self.site.store.job(job.id).await.unwrap();
            row.is_some_and(|row| row.state == JobState::Running)
        };
        self.until("a job that runs", running).await;
    }

    /// Who did the job, at the first attempt.
    async fn done_by(&self, job: &Job) -> turnlock::store::WorkerId {
        timeout(PATIENCE, self.producer.ended(job.id)).await.expect("the job ends").unwrap();
        let [attempt] = &self.site.attempts(job.id).await[..] else { panic!("exactly one attempt") };
        assert_eq!(attempt.verdict.as_ref().unwrap().code, Code::LoggedIn);
        attempt.worker.clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_drains_leaves_what_comes_to_others() {
    let fleet = Fleet::start().await;
    let one = fleet.worker(1);
    let running = fleet.submit("acme/running", Priority::Normal).await;
    fleet.until_runs(&running).await;
    let brought = fleet.submit("acme/brought", Priority::Low).await;
    let two = fleet.worker(1);
    one.worker.assign(Duty::Draining);
    assert_eq!(fleet.done_by(&brought).await, *two.worker.id(), "while the first is at another still");
    assert_eq!(fleet.site.job(running.id).await.state, JobState::Running);
    one.may_end.send_replace(true);
    assert_eq!(fleet.done_by(&running).await, *one.worker.id());

    // What comes now comes to the second only, and to the first again when that goes on.
    two.may_end.send_replace(true);
    let late = fleet.submit("acme/late", Priority::Normal).await;
    assert_eq!(fleet.done_by(&late).await, *two.worker.id());
    two.worker.assign(Duty::Draining);
    one.worker.assign(Duty::Working);
    let later = fleet.submit("acme/later", Priority::Normal).await;
    assert_eq!(fleet.done_by(&later).await, *one.worker.id());
    one.run.abort();
    two.run.abort();
}

/// The broker lays a message aside that comes back too often, as from workers that die over it.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_given_back_ever_again_is_not_laid_aside() {
    let fleet = Fleet::start().await;
    // Nobody takes what is brought here.
    let url = fleet.broker.url().into();
    let id = turnlock::store::WorkerId::new("nobody");
    let idle = RabbitQueue::consume(&url, &id, 1, fleet.site.store.clone());
    let brought = fleet.submit("acme/brought", Priority::Low).await;
    let mut counts = Vec::new();
    for _ in 0..25 {
        fleet.until_wait(Priority::Low, 0).await;
        idle.pause().await;
        fleet.until_wait(Priority::Low, 1).await;
        counts.push(times_back(&fleet.broker).await);
        idle.resume().await;
    }
    idle.close().await;
    assert!(counts.iter().any(|count| *count > 5), "the broker counts: {counts:?}");
    assert_eq!(fleet.messages(topology::DEAD).await, 0, "{counts:?}");
    let running = fleet.submit("acme/running", Priority::Normal).await;
    let worker = fleet.worker(1);
    worker.may_end.send_replace(true);
    for job in [&running, &brought] {
        assert_eq!(fleet.done_by(job).await, *worker.worker.id());
    }
    worker.run.abort();
}

/// How often the message that waits with low priority has come back, with this look.
async fn times_back(broker: &Broker) -> i64 {
    let connection = Connection::connect(&broker.url(), ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let queue = topology::queue_of(Priority::Low);
    let options = lapin::options::BasicGetOptions::default();
    let message = channel.basic_get(queue.into(), options).await.unwrap().expect("it waits").delivery;
    // It comes back when this connection ends.
    let headers = message.properties.headers().clone();
    match headers.and_then(|headers| headers.inner().get("x-delivery-count").cloned()) {
        Some(AMQPValue::LongLongInt(count)) => count,
        other => panic!("{other:?}"),
    }
}
