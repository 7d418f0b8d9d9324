//! Jobs that wait for their app while RabbitMQ brings them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use turnlock::job::{Code, Job, Kind, Verdict};
use turnlock::queue::Queue;
use turnlock::queue::rabbit::{self, RabbitQueue};
use turnlock::store::{AppLimits, JobState};
use turnlock::worker::{Attempt, Performed, Performer, StepSink, Stop, Worker, WorkerConfig};

use crate::harness::PATIENCE;
use crate::harness::postgres::server;
use crate::harness::rabbit::Broker;

/// Does nothing for a moment, at `acme` two at a time.
#[derive(Default)]
struct Limited {
    busy: AtomicU32,
    most: AtomicU32,
}

#[async_trait]
impl Performer for Limited {
    async fn perform(&self, attempt: &Attempt, _steps: StepSink, _stop: Stop) -> Performed {
        if attempt.job.account.app() == "acme" {
            self.most.fetch_max(self.busy.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(10)).await;
            self.busy.fetch_sub(1, Ordering::SeqCst);
        }
        Performed::new(Verdict::new(Code::LoggedIn, ""))
    }

    fn limits(&self, app: &str) -> AppLimits {
        AppLimits { concurrent: (app == "acme").then_some(2), beginnings: None }
    }
}

/// Each message comes, is answered, and its job is called up in its turn: none waits in the retry ladder.
#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_a_limited_app_wait_in_the_database_and_are_called_up_in_their_turn() {
    let broker = Broker::start().await;
    let url = broker.url();
    let store = turnlock::store::open(&server().database().await).await.unwrap();
    let performer = Arc::new(Limited::default());
    let worker = || {
        let how = WorkerConfig { slots: 6, ..WorkerConfig::default() };
        let queue = RabbitQueue::consume(&url.as_str().into(), &how.id, how.slots, store.clone());
        let worker = Worker::new(store.clone(), Arc::new(queue), performer.clone(), how);
        tokio::spawn(async move { worker.run(std::future::pending()).await })
    };
    let producer = RabbitQueue::publish_only(&url.as_str().into(), store.clone());
    let mut jobs = Vec::new();
    for nth in 0..100 {
        let account = if nth % 10 == 9 { format!("free/a{nth}") } else { format!("acme/a{nth}") };
        let job = Job::new(Kind::VerifyLogin, account.parse().unwrap());
        producer.submit(&job, None).await.unwrap();
        jobs.push(job);
    }
    let workers = [worker(), worker()];
    for job in &jobs {
        let ended = tokio::time::timeout(PATIENCE, producer.ended(job.id)).await;
        let row = ended.expect("no job is left behind").unwrap();
        assert_eq!((row.state, row.attempts), (JobState::Finished, 1));
    }
    for worker in workers {
        worker.abort();
    }
    let most = performer.most.load(Ordering::SeqCst);
    assert!((1..=2).contains(&most), "{most} at once");
    let queues = rabbit::look(&url.as_str().into()).await.unwrap();
    let ladder: u32 =
        queues.iter().filter(|queue| queue.name.contains("retry")).map(|queue| queue.messages).sum();
    assert_eq!(ladder, 0);
}
