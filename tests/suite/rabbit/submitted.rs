//! What is submitted through Turnlock stands in the database as soon as the broker has it.

use jiff::{SignedDuration, Timestamp};
use turnlock::queue::QueueError;
use turnlock::store::{Cancelling, Requeueing, StoreError, Submitted};

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_known_before_a_worker_takes_its_message_and_done_once() {
    let fleet = Fleet::start(Duration::ZERO).await;
    let producer = fleet.producer();
    let first = Job {
        trace: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().ok(),
        requested_by: Some("somebody".to_owned()),
        ..job("acme/first")
    };
    assert_eq!(producer.submit(&first, None).await.unwrap(), Submitted::New);
    let row = fleet.store.job(first.id).await.unwrap().expect("it is known");
    assert_eq!((row.state, row.attempts, row.worker), (JobState::Queued, 0, None));
    assert_eq!((row.job.trace, &row.job.requested_by), (first.trace, &first.requested_by));
    assert_eq!(producer.submit(&first, None).await.unwrap(), Submitted::Already);
    let other = Job { account: "acme/other".parse().unwrap(), ..first.clone() };
    let refused = producer.submit(&other, None).await;
    assert!(matches!(refused, Err(QueueError::Store(StoreError::OtherJob { .. }))), "{refused:?}");

    // Many who submit the same at the same time.
    let same = job("acme/same");
    let at = |nth| Job { submitted_at: same.submitted_at + SignedDuration::from_millis(nth), ..same.clone() };
    let all: Vec<Job> = (0..8).map(at).collect();
    let came = futures::future::join_all(all.iter().map(|job| producer.submit(job, None))).await;
    let new = came.into_iter().filter(|came| *came.as_ref().unwrap() == Submitted::New).count();
    assert_eq!(new, 1, "one of them was the first");

    let after = |time| Some(Timestamp::now() + time);
    let [later, early, unwanted] = ["acme/later", "acme/early", "acme/unwanted"].map(job);
    producer.submit(&later, after(SignedDuration::from_secs(3))).await.unwrap();
    producer.submit(&early, after(SignedDuration::from_hours(1))).await.unwrap();
    producer.submit(&unwanted, None).await.unwrap();
    let why = Verdict::new(Code::Cancelled, "");
    assert_eq!(producer.cancel(unwanted.id, &why).await.unwrap(), Cancelling::Cancelled);
    assert_eq!(producer.requeue(early.id).await.unwrap(), Requeueing::Due);

    // Whoever submits dies before the job is written down here: the worker that gets the message does that.
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("elsewhere.db").display());
    let elsewhere = turnlock::store::open(&url).await.unwrap();
    let dies = RabbitQueue::publish_only(&fleet.broker.url().into(), elsewhere.clone());
    let orphan = Job { account: "acme/orphan".parse().unwrap(), id: uuid::Uuid::now_v7(), ..first.clone() };
    dies.submit(&orphan, None).await.unwrap();

    assert!(
        fleet.store.take_offers(100, Duration::ZERO).await.unwrap().iter().all(|row| row.job.id == early.id)
    );
    let worker = fleet.worker(fleet.broker.url());
    let ended = async {
        for job in [&first, &same, &later, &early, &orphan] {
            assert_eq!(fleet.ended(&producer, job).await.state, JobState::Finished);
            assert_eq!(fleet.attempts(job).await, 1);
        }
        let until = tokio::time::Instant::now() + SOON;
        while fleet.messages(topology::queue_of(Priority::Normal)).await > 0 {
            assert!(tokio::time::Instant::now() < until, "messages of known jobs are answered");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        ended = worker.run(std::future::pending()) => panic!("{ended:?}"),
        () = ended => {}
    }
    assert_eq!(fleet.idle.performed.load(Ordering::Relaxed), 5);
    let row = async |store: &Arc<dyn Store>, job: &Job| store.job(job.id).await.unwrap().unwrap();
    let (here, there) = (row(&fleet.store, &orphan).await, row(&elsewhere, &orphan).await);
    assert_eq!(here.job, there.job, "whoever writes it down, it is the same");
    let later_row = row(&fleet.store, &later).await;
    let query = LogQuery { job: Some(later.id), ..LogQuery::default() };
    let attempt = fleet.store.log(&query).await.unwrap().remove(0);
    assert!(attempt.started_at >= later_row.not_before, "not before its time");
    assert_eq!(row(&fleet.store, &unwanted).await.state, JobState::Cancelled);
    assert_eq!(fleet.messages(topology::DEAD).await, 0);
}
