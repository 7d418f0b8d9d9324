//! What goes wrong between workers, broker and database.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use sqlx::{Connection as _, Executor as _};
use turnlock::queue::QueueError;
use turnlock::queue::rabbit::{BrokerError, DeadLetters};
use turnlock::store::{Duty, WorkerId};
use turnlock::worker::Event;

use super::events::Listener;
use super::*;
use crate::harness::postgres::Server;
use crate::harness::proxy::Proxy;

fn run(worker: &Worker) -> tokio::task::JoinHandle<()> {
    let worker = worker.clone();
    tokio::spawn(async move { worker.run(std::future::pending()).await.unwrap() })
}

/// The connection is cut while a job runs, again and again: it ends once, is announced, and others follow.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_cut_in_mid_job_costs_nothing() {
    let fleet = Fleet::start(Duration::from_secs(1)).await;
    let mut listener = Listener::start(&fleet.broker.url()).await;
    let proxy = Proxy::to(fleet.broker.port()).await;
    let url = fleet.broker.url().replace(&fleet.broker.port().to_string(), &proxy.port().to_string());
    let worker = fleet.worker(url);
    let mut events = worker.events();
    let running = run(&worker);
    let producer = fleet.producer();
    for turn in 0..3 {
        let job = job(&format!("acme/user{turn}"));
        producer.submit(&job, None).await.unwrap();
        while !matches!(events.recv().await.unwrap(), Event::AttemptStarted { .. }) {}
        proxy.cut().await;
        while !matches!(events.recv().await.unwrap(), Event::AttemptEnded { .. }) {}
        proxy.mend();
        listener.until(|heard| heard.end_of(&job.id).is_some()).await;
        assert_eq!(fleet.attempts(&job).await, 1);
    }
    assert_eq!(fleet.idle.performed.load(Ordering::Relaxed), 3);
    running.abort();
}

/// The same message comes to several workers at once, by every queue.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_message_to_many_workers_is_one_job() {
    let fleet = Fleet::start(Duration::from_millis(5)).await;
    let mut listener = Listener::start(&fleet.broker.url()).await;
    let workers = [(); 3].map(|()| fleet.worker(fleet.broker.url()));
    let running: Vec<_> = workers.iter().map(run).collect();
    let jobs: Vec<Job> = (0..30).map(|nth| job(&format!("acme/user{nth}"))).collect();
    let url = fleet.broker.url();
    let keys = ["high", "normal", "low", "normal"];
    let copies = keys.iter().flat_map(|key| jobs.iter().map(move |job| (key, job)));
    stream::iter(copies)
        .for_each_concurrent(8, |(key, job)| {
            let url = url.clone();
            async move { publish(&url, key, &JobMessage::of(job, None).to_json()).await }
        })
        .await;
    listener.until(|heard| jobs.iter().all(|job| heard.end_of(&job.id).is_some())).await;
    let until = tokio::time::Instant::now() + SOON;
    for key in ["high", "normal", "low"] {
        while fleet.messages(&format!("turnlock.jobs.{key}")).await > 0 {
            assert!(tokio::time::Instant::now() < until, "every copy is answered");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    assert_eq!(fleet.idle.performed.load(Ordering::Relaxed), 30, "each once");
    for task in running {
        task.abort();
    }
}

/// A queue that is full takes no more, the producer hears of it, and what was taken is done.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_and_loses_nothing() {
    let fleet = Fleet::start(Duration::ZERO).await;
    let mut listener = Listener::start(&fleet.broker.url()).await;
    fleet.broker.limit("^turnlock.jobs.normal$", 5).await;
    let producer = fleet.producer();
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    // A quorum queue counts a little late.
    while refused.is_empty() {
        assert!(taken.len() < 500, "it takes whatever comes");
        let job = job(&format!("acme/user{}", taken.len()));
        match producer.submit(&job, None).await {
            Ok(_) => taken.push(job),
            Err(QueueError::Broker(BrokerError::Refused(which))) => {
                assert!(which.contains("normal"), "{which}");
                refused.push(job);
            }
            Err(other) => panic!("{other}"),
        }
    }
    let running = run(&fleet.worker(fleet.broker.url()));
    listener.until(|heard| taken.iter().all(|job| heard.end_of(&job.id).is_some())).await;
    for job in &refused {
        assert!(fleet.store.job(job.id).await.unwrap().is_none(), "what was refused was not half taken");
        producer.submit(job, None).await.unwrap();
        listener.until(|heard| heard.end_of(&job.id).is_some()).await;
    }
    running.abort();
}

/// What waits in the database for a full queue keeps nothing from the others, and is offered when there is room, also if
/// the limit goes altogether.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_holds_up_no_other() {
    let fleet = Fleet::start(Duration::ZERO).await;
    let producer = fleet.producer();
    rabbit::declare(&fleet.broker.url().into()).await.unwrap();
    fleet.broker.limit("^turnlock.jobs.normal$", 1).await;
    let mut taken = 0;
    while producer.submit(&job(&format!("acme/user{taken}")), None).await.is_ok() {
        taken += 1;
        assert!(taken < 500, "it takes whatever comes");
    }
    let urgent = Job { priority: Priority::High, ..job("acme/urgent") };
    for job in [job("acme/first"), urgent, job("acme/second")] {
        fleet.store.submit(&job, None).await.unwrap();
    }
    // It only offers.
    let worker = fleet.worker(fleet.broker.url());
    worker.assign(Duty::Draining);
    let running = run(&worker);
    let until = async |priority: Priority, count: u32| {
        let until = tokio::time::Instant::now() + PATIENCE;
        let name = topology::queue_of(priority);
        while fleet.messages(name).await != count {
            assert!(tokio::time::Instant::now() < until, "{count} never were in {name}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    until(Priority::High, 1).await;
    fleet.broker.lift_limit().await;
    until(Priority::Normal, taken + 2).await;
    running.abort();
}

/// What the database cannot hold is laid aside, and keeps nothing from the jobs that came with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_the_database_refuses_holds_up_no_other() {
    let server = Server::start();
    let database = server.database().await;
    let fleet = Fleet::on(&database, Duration::ZERO).await;
    let mut raw = sqlx::PgConnection::connect(&database).await.unwrap();
    raw.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'not that one' USING ERRCODE = 'data_exception'; END $$;
         CREATE TRIGGER refused BEFORE INSERT ON jobs FOR EACH ROW WHEN (NEW.account = 'acme/unfit')
         EXECUTE FUNCTION refuse()",
    )
    .await
    .unwrap();
    let producer = fleet.producer();
    let good: Vec<Job> = (0..6).map(|nth| job(&format!("acme/user{nth}"))).collect();
    let (before, behind) = good.split_at(3);
    for job in before.iter().chain(&[job("acme/unfit")]).chain(behind) {
        producer.submit(job, None).await.unwrap();
    }
    let running = run(&fleet.worker(fleet.broker.url()));
    for job in &good {
        fleet.ended(&producer, job).await;
    }
    let until = tokio::time::Instant::now() + PATIENCE;
    while fleet.messages(topology::DEAD).await == 0 {
        assert!(tokio::time::Instant::now() < until, "it is laid aside");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let letters = DeadLetters::open(&fleet.broker.url().into()).await.unwrap();
    let reasons: Vec<String> = letters.letters().map(|letter| format!("{:?}", letter.why)).collect();
    assert!(reasons.len() == 1 && reasons[0].contains("not that one"), "{reasons:?}");
    letters.close().await.unwrap();
    running.abort();
}

/// Ten thousand jobs through broker and database, by two workers of which one dies in the middle and one comes anew,
/// while the connection is cut and the database's server is restarted: each is done, ends once, and is announced.
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_jobs_each_end_once() {
    const JOBS: usize = 10_000;
    let mut server = Server::start();
    let database = server.database().await;
    let fleet = Fleet::on(&database, Duration::ZERO).await;
    let mut listener = Listener::start(&fleet.broker.url()).await;
    let proxy = Proxy::to(fleet.broker.port()).await;
    let url = fleet.broker.url().replace(&fleet.broker.port().to_string(), &proxy.port().to_string());
    let worker = async |name: &str| {
        let store = turnlock::store::open(&database).await.unwrap();
        let how = WorkerConfig {
            id: WorkerId::new(name),
            slots: 64,
            hold: Duration::from_secs(5),
            beat: Duration::from_secs(1),
            ..WorkerConfig::default()
        };
        let queue = RabbitQueue::consume(&url.clone().into(), &how.id, how.slots, store.clone());
        run(&Worker::new(store, Arc::new(queue), fleet.idle.clone(), how)).abort_handle()
    };
    let dying = worker("dying").await;
    let staying = worker("staying").await;

    let jobs: Vec<Job> = (0..JOBS).map(|nth| job(&format!("acme/user{}", nth % 2000))).collect();
    let producer = fleet.producer();
    let done = |part: usize| {
        let idle = fleet.idle.clone();
        async move {
            let until = tokio::time::Instant::now() + PATIENCE;
            while (idle.performed.load(Ordering::Relaxed) as usize) < part {
                assert!(tokio::time::Instant::now() < until, "no more than {part} were done");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    };
    let submitting = async {
        let submitted = stream::iter(&jobs).map(|job| producer.submit(job, None)).buffer_unordered(64);
        submitted.try_for_each(|_| async { Ok(()) }).await.unwrap();
    };
    let faults = async {
        done(JOBS / 5).await;
        dying.abort();
        done(2 * JOBS / 5).await;
        proxy.cut().await;
        proxy.mend();
        done(3 * JOBS / 5).await;
        server.stop();
        server.start_again();
        worker("coming").await
    };
    let ((), coming) = tokio::join!(submitting, faults);
    let ids: std::collections::HashSet<String> = jobs.iter().map(|job| job.id.to_string()).collect();
    listener.until_all(&ids).await;

    let mut succeeded = 0;
    for job in &jobs {
        let row = fleet.store.job(job.id).await.unwrap().unwrap();
        assert_eq!((row.state, row.code), (JobState::Finished, Some(Code::LoggedIn)), "{row:?}");
        let log = fleet.store.log(&LogQuery { job: Some(job.id), ..LogQuery::default() }).await.unwrap();
        let ends = log.iter().filter_map(|row| row.verdict.as_ref()).filter(|one| one.code == Code::LoggedIn);
        succeeded += ends.count();
    }
    assert_eq!(succeeded, JOBS, "one finished outcome each");
    for task in [staying, coming] {
        task.abort();
    }
}
