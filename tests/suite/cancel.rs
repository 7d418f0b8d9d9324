//! `turnlock cancel`: jobs that wait, that run, and that no worker has seen yet.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use lapin::BasicProperties;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::sync::Notify;
use turnlock::job::{AccountRef, Code, JobMessage, Kind, Outcome, RetryPolicy};
use turnlock::store::{AccountEntry, CandidateKind, JobState, LogQuery, NewCandidate, WorkerId};
use turnlock::worker::{Attempt, Event, Performed, Performer, StepSink, Stop, Worker, WorkerConfig};
use uuid::Uuid;

use crate::harness::PATIENCE;
use crate::harness::fleet::{Counts, Fleet, job, publish};
use crate::harness::postgres::server;

/// Lets a worker work until these jobs have ended, and says how.
async fn end(fleet: &Fleet, worker: &Worker, jobs: &[Uuid]) -> Vec<(JobState, u32, Option<Code>)> {
    let queue = fleet.producer();
    let ends = jobs.iter().map(|id| async {
        let row = queue.ended(*id).await.unwrap();
        (row.state, row.attempts, row.code)
    });
    tokio::select! {
        ended = worker.run(std::future::pending()) => panic!("{ended:?}"),
        ends = tokio::time::timeout(PATIENCE, futures::future::join_all(ends)) => ends.expect("they end"),
    }
}

const NEVER_BEGUN: (JobState, u32, Option<Code>) = (JobState::Cancelled, 0, Some(Code::Cancelled));

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_but_a_message_is_cancelled_when_a_worker_sees_it() {
    for database in [None, Some(server().database().await)] {
        let fleet = Fleet::start_on(database).await;
        let (unwanted, wanted) = (job("acme/alice"), job("acme/alice"));
        fleet.producer().submit(&wanted, None).await.unwrap();
        let (_connection, channel) = fleet.channel().await;
        let body = JobMessage::of(&unwanted, None).to_json();
        publish(&channel, "turnlock.jobs", "normal", &body, BasicProperties::default()).await;
        let id = unwanted.id.to_string();
        for _ in 0..2 {
            fleet.turnlock(&["cancel", &id]).await.ends(0).says("noted: no worker has seen it yet");
        }
        let mut waits = fleet.command(&["cancel", &id, "--wait"]).spawn().unwrap();
        let mut said = BufReader::new(waits.stdout.take().unwrap()).lines();
        assert!(said.next_line().await.unwrap().unwrap().contains("noted"));
        let performer = Counts::ending(Code::LoggedIn);
        let worker = fleet.worker(performer.clone(), WorkerConfig::default());
        let ends = end(&fleet, &worker, &[unwanted.id, wanted.id]).await;
        assert_eq!(ends, [NEVER_BEGUN, (JobState::Finished, 1, Some(Code::LoggedIn))]);
        assert_eq!(performer.performed(), 1);
        let waited = said.next_line().await.unwrap().unwrap();
        assert!(waited.contains("cancelled: it has come, and never begins"), "{waited}");
        assert!(waits.wait().await.unwrap().success());
        fleet.turnlock(&["cancel", &id]).await.ends(0).says("was cancelled before");
        fleet.turnlock(&["log", "--job", &id]).await.ends(0).says("cancelled before a worker had seen it");
        fleet.wait_for_messages("turnlock.jobs.normal", 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_waits_in_the_ladder_is_cancelled() {
    let fleet = Fleet::start().await;
    let (later, again) = (job("acme/later"), job("acme/again"));
    let producer = fleet.producer();
    let performer = Counts::ending(Code::AppError);
    let worker = fleet.worker(performer.clone(), WorkerConfig::default());
    let mut events = worker.events();
    producer.submit(&again, None).await.unwrap();
    let work = async {
        tokio::select! {
            ended = worker.run(std::future::pending()) => panic!("{ended:?}"),
            ended = async {
                loop {
                    if let Event::AttemptEnded { again_at, .. } = events.recv().await.unwrap() {
                        return again_at;
                    }
                }
            } => assert!(ended.is_some(), "it is tried again"),
        }
    };
    tokio::time::timeout(PATIENCE, work).await.unwrap();
    // Whether its message is out already or the next worker's to send.
    fleet
        .turnlock(&["cancel", &again.id.to_string()])
        .await
        .ends(0)
        .says("cancelled: no attempt of it was under way");
    let logged = fleet.turnlock(&["log", "--job", &again.id.to_string()]).await.ends(0);
    logged.says("cancelled before its next try");
    let soon = Timestamp::now() + SignedDuration::from_secs(5);
    producer.submit(&later, Some(soon)).await.unwrap();
    assert!(fleet.messages("turnlock.retry.10s").await >= 1);
    fleet.turnlock(&["cancel", &later.id.to_string()]).await.ends(0).says("no attempt of it was under way");
    let ends = end(&fleet, &worker, &[later.id, again.id]).await;
    assert_eq!(ends, [NEVER_BEGUN, (JobState::Cancelled, 1, Some(Code::Cancelled))]);
    let idle = async {
        for queue in ["turnlock.retry.10s", "turnlock.jobs.normal"] {
            fleet.wait_for_messages(queue, 0).await;
        }
    };
    tokio::select! {
        ended = worker.run(std::future::pending()) => panic!("{ended:?}"),
        () = idle => {}
    }
    assert_eq!(performer.performed(), 1);
    assert_eq!(fleet.store.job(again.id).await.unwrap().unwrap().attempts, 1);
}

/// Its time is ten minutes away; somebody wants it tried now.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_to_be_tried_again_later_is_requeued() {
    for fleet in [Fleet::start().await, Fleet::embedded().await] {
        let again = job("acme/again");
        let performer = Counts::ending(Code::AppError);
        let later = Duration::from_secs(600);
        let retry = RetryPolicy { attempts: 2, first_wait: later, longest_wait: later };
        let worker = fleet.worker(performer.clone(), WorkerConfig { retry, ..WorkerConfig::default() });
        let mut events = worker.events();
        fleet.producer().submit(&again, None).await.unwrap();
        let work = async {
            loop {
                if let Event::AttemptEnded { again_at, .. } = events.recv().await.unwrap() {
                    return again_at;
                }
            }
        };
        tokio::select! {
            ended = worker.run(std::future::pending()) => panic!("{ended:?}"),
            ended = tokio::time::timeout(PATIENCE, work) => assert!(ended.unwrap().is_some(), "it is tried again"),
        }
        let id = again.id.to_string();
        fleet.turnlock(&["job", "requeue", &id]).await.ends(0).says("it waited for its time, and is due now");
        let said = fleet.turnlock(&["job", "requeue", &id, "--json"]).await.ends(0).json();
        assert_eq!((&said[0]["job"], &said[0]["came"]), (&again.id.to_string().into(), &"already".into()));
        let ends = end(&fleet, &worker, &[again.id]).await;
        assert_eq!(ends, [(JobState::Finished, 2, Some(Code::AppError))]);
        assert_eq!(performer.performed(), 2);
        let unknown = Uuid::now_v7().to_string();
        let said = fleet.turnlock(&["job", "requeue", &id, &unknown]).await.ends(1);
        said.complains("is not requeued: it has ended; submit it once more");
        let audit = fleet.turnlock(&["audit"]).await.ends(0);
        audit.says("job.requeue").says("refused");
    }
}

/// Stops when it is asked to and let.
#[derive(Default)]
struct Reluctant {
    begun: Notify,
    may_stop: Notify,
}

#[async_trait]
impl Performer for Reluctant {
    async fn perform(&self, _attempt: &Attempt, _steps: StepSink, stop: Stop) -> Performed {
        self.begun.notify_one();
        let reason = stop.wait().await;
        self.may_stop.notified().await;
        Performed::new(reason.verdict())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_runs_stops_and_one_that_has_ended_stays_so() {
    for fleet in [Fleet::start().await, Fleet::embedded().await] {
        let performer = Arc::new(Reluctant::default());
        let quick = WorkerConfig { beat: Duration::from_millis(50), ..WorkerConfig::default() };
        let worker = fleet.worker(performer.clone(), quick);
        let job = job("acme/alice");
        fleet.producer().submit(&job, None).await.unwrap();
        let test = async {
            performer.begun.notified().await;
            let id = job.id.to_string();
            let mut cancel = fleet.command(&["cancel", &id, "--wait"]);
            let mut cancel = cancel.stdout(Stdio::piped()).spawn().unwrap();
            let mut said = BufReader::new(cancel.stdout.take().unwrap()).lines();
            let asked = said.next_line().await.unwrap().unwrap();
            assert!(asked.contains("runs: it stops at its next safe point"), "{asked}");
            performer.may_stop.notify_one();
            let stopped = said.next_line().await.unwrap().unwrap();
            assert!(stopped.contains("cancelled: it has stopped"), "{stopped}");
            assert_eq!(cancel.wait().await.unwrap().code(), Some(0));
            let row = fleet.store.job(job.id).await.unwrap().unwrap();
            assert_eq!((row.state, row.outcome), (JobState::Cancelled, Some(Outcome::Interrupted)));
            fleet.turnlock(&["cancel", &id[28..]]).await.ends(0).says("was cancelled before");
        };
        tokio::select! {
            ended = worker.run(std::future::pending()) => panic!("{ended:?}"),
            () = test => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_several_jobs_is_answered() {
    let fleet = Fleet::embedded().await;
    let (queued, ended) = (job("acme/alice"), job("acme/bob"));
    let producer = fleet.producer();
    producer.submit(&ended, None).await.unwrap();
    let worker = fleet.worker(Counts::ending(Code::LoggedIn), WorkerConfig::default());
    end(&fleet, &worker, &[ended.id]).await;
    producer.submit(&queued, None).await.unwrap();
    let unknown = Uuid::now_v7();
    let ids = [ended.id, unknown, queued.id].map(|id| id.to_string());
    let said = fleet.turnlock(&["cancel", &ids[0], &ids[1], "zzzz", &ids[2]]).await.ends(2);
    let said = said.complains(&format!("there is no job {unknown}")).complains("`zzzz` is the id of no job");
    let said =
        said.says(&format!("{}  verify_login of acme/bob  had ended before: succeeded (logged_in)", ids[0]));
    said.says(&format!("{}  verify_login of acme/alice  cancelled: no attempt of it was under way", ids[2]));
    fleet.turnlock(&["log", "--job", &ids[2]]).await.ends(0).says("interrupted");
    let ended = ["log", "--json", "--outcome", "rejected,unknown", "--outcome", "interrupted"];
    fleet.turnlock(&ended).await.ends(0).says(&ids[2]);
    let failed = fleet.turnlock(&["log", "--json", "--failed"]).await.ends(0);
    assert!(!failed.out.contains(&ids[2]), "it was cancelled: {}", failed.out);
    let json = fleet.turnlock(&["cancel", &ids[0], "--json", "--wait"]).await.ends(1).json();
    assert_eq!((&json[0]["came"], &json[0]["code"]), (&"ended".into(), &"logged_in".into()), "{json:?}");
    fleet.turnlock(&["cancel"]).await.ends(2);
}

#[tokio::test]
async fn what_turnlock_owes_an_account_is_not_cancelled() {
    let fleet = Fleet::embedded().await;
    let account: AccountRef = "acme/alice".parse().unwrap();
    let entry =
        AccountEntry { account: account.clone(), username: "alice".to_owned(), address: None, number: None };
    let candidate = NewCandidate {
        id: Uuid::now_v7(),
        account: account.clone(),
        kind: CandidateKind::Password,
        version: 1,
        sealed: vec![1; 60],
        job: None,
        codes: None,
    };
    fleet.store.put_account(&entry, std::slice::from_ref(&candidate)).await.unwrap();
    let pending = NewCandidate { id: Uuid::now_v7(), version: 2, ..candidate };
    fleet.store.propose(&pending, None).await.unwrap();
    fleet.store.mark_submitted(pending.id, None).await.unwrap();
    let [owed] = fleet.store.recover(&|_: &WorkerId| false).await.unwrap()[..] else { panic!("one is owed") };
    assert_eq!(fleet.store.job(owed).await.unwrap().unwrap().job.kind, Kind::Reconcile);
    let said = fleet.turnlock(&["cancel", &owed.to_string()]).await.ends(2);
    said.complains("cannot be cancelled: it is a reconciliation that Turnlock owes");
    let log = fleet.store.log(&LogQuery { job: Some(owed), ..LogQuery::default() }).await.unwrap();
    assert!(log.is_empty() && !fleet.store.job(owed).await.unwrap().unwrap().has_ended());
}
