//! Where jobs wait while slots are taken.

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::sync::Semaphore;
use turnlock::job::Priority;

use super::*;

/// Performs as many jobs as it is let.
struct Gated {
    gate: Semaphore,
    begun: Semaphore,
}

impl Gated {
    fn new(permits: usize) -> Arc<Self> {
        Arc::new(Self { gate: Semaphore::new(permits), begun: Semaphore::new(0) })
    }
}

#[async_trait]
impl Performer for Gated {
    async fn perform(&self, _attempt: &Attempt, _steps: StepSink, _stop: Stop) -> Performed {
        self.begun.add_permits(1);
        self.gate.acquire().await.unwrap().forget();
        Performed::new(Verdict::new(Code::LoggedIn, ""))
    }
}

fn worker(fleet: &Fleet, slots: usize, performer: &Arc<Gated>) -> Worker {
    let how = WorkerConfig { slots, ..WorkerConfig::default() };
    let queue = RabbitQueue::consume(&fleet.broker.url().into(), &how.id, slots, fleet.store.clone());
    Worker::new(fleet.store.clone(), Arc::new(queue), Arc::clone(performer) as _, how)
}

fn job_of(priority: Priority, account: &str) -> Job {
    Job { priority, ..job(account) }
}

/// None waits at a busy worker, whatever its priority: an idle one gets it.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_busy_worker_cannot_take_goes_to_an_idle_one() {
    let fleet = Fleet::start(Duration::ZERO).await;
    let producer = fleet.producer();
    // It takes what comes first, and never ends.
    let busy = Gated::new(0);
    let stuck = worker(&fleet, 1, &busy);
    let stuck = tokio::spawn(async move { stuck.run(std::future::pending()).await });
    let jobs = [Priority::High, Priority::Normal, Priority::Low]
        .map(|priority| [1, 2, 3].map(|nth| job_of(priority, &format!("acme/{priority}{nth}"))));
    let jobs = jobs.concat();
    for job in &jobs {
        producer.submit(job, None).await.unwrap();
    }
    tokio::time::timeout(PATIENCE, busy.begun.acquire()).await.expect("one is taken").unwrap().forget();

    let idle = Gated::new(1000);
    let other = worker(&fleet, 1, &idle);
    let other = tokio::spawn(async move { other.run(std::future::pending()).await });
    // All but the one that the busy worker is at.
    let ended = jobs.iter().map(|job| fleet.ended(&producer, job)).collect::<FuturesUnordered<_>>();
    assert_eq!(ended.take(jobs.len() - 1).count().await, 8);
    assert_eq!(busy.begun.available_permits(), 0, "the busy one took one and no more");
    stuck.abort();
    other.abort();
}

/// One slot, three queues that never run empty: the urgent come first, and of the others some.
#[tokio::test(flavor = "multi_thread")]
async fn the_urgent_are_fetched_first_and_nobody_starves() {
    let fleet = Fleet::start(Duration::ZERO).await;
    let producer = fleet.producer();
    let mut jobs = Vec::new();
    for nth in 0..30 {
        for priority in Priority::ALL {
            jobs.push(job_of(priority, &format!("acme/{priority}{nth}")));
        }
    }
    // Declares the queues.
    rabbit::declare(&fleet.broker.url().into()).await.unwrap();
    for job in &jobs {
        producer.submit(job, None).await.unwrap();
    }
    let performer = Gated::new(33);
    let one = worker(&fleet, 1, &performer);
    let one = tokio::spawn(async move { one.run(std::future::pending()).await });
    let begun = tokio::time::timeout(PATIENCE, performer.begun.acquire_many(34)).await.expect("34 begin");
    begun.unwrap().forget();
    let mut share = [0; 3];
    for job in &jobs {
        share[job.priority as usize] += fleet.attempts(job).await;
    }
    let [high, normal, low] = share;
    assert_eq!(high + normal + low, 34);
    assert!(high >= 24 && normal >= 2 && low >= 2, "{share:?}");
    one.abort();
}
