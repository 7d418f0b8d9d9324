//! Worker processes that start before their servers do.

use acme::{Acme, Options};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Child;
use tokio::time::{Instant, sleep, timeout};

use super::*;
use crate::harness::PATIENCE;
use crate::harness::home::Home;
use crate::harness::postgres::Server;
use crate::harness::rabbit::Broker;
use crate::harness::rig::Plan;

const NO_DATABASE: &str = "the database cannot be opened; it is tried again until it works";
const NO_BROKER: &str = "no connection to RabbitMQ; it is tried again until it works";

async fn says(home: &Home, words: &str, times: usize) {
    let until = Instant::now() + PATIENCE;
    while home.words().matches(words).count() < times {
        assert!(Instant::now() < until, "`{words}` was not said {times} times:\n{}", home.words());
        sleep(Duration::from_millis(20)).await;
    }
}

async fn ends(mut worker: Child, code: i32) {
    let ended = timeout(PATIENCE, worker.wait()).await.expect("the worker ends").unwrap();
    assert_eq!(ended.code(), Some(code));
}

async fn told_to_end(worker: Child) {
    let pid = Pid::from_raw(worker.id().unwrap().cast_signed()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    ends(worker, 0).await;
}

async fn home_on(database: String) -> (Acme, Home) {
    let app = Acme::start(Options::default()).await.unwrap();
    let plan = Plan::changed("acme", &[]);
    let mut home = Home::new(&app, &plan.playbook);
    home.keep_rows_in(database);
    (app, home)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_waits_for_a_database_that_is_not_there_yet() {
    let mut server = Server::start();
    let (_app, home) = home_on(server.database().await).await;
    server.stop();

    // Others say at once what is wrong, and one that waits can be told to end.
    let log = home.turnlock().arg("log").output().await.unwrap();
    assert_eq!(log.status.code(), Some(3), "{log:?}");
    let worker = home.worker(&[]);
    says(&home, NO_DATABASE, 1).await;
    told_to_end(worker).await;

    let worker = home.worker(&[]);
    says(&home, NO_DATABASE, 2).await;
    server.start_again();
    says(&home, "ready for jobs", 1).await;
    told_to_end(worker).await;
    assert_eq!(home.words().matches(NO_DATABASE).count(), 2, "told once: {}", home.words());

    // No waiting makes a database of that name.
    let worker = home.worker(&[("TURNLOCK_DATABASE_URL", &server.url("nowhere"))]);
    ends(worker, 3).await;
    assert!(home.words().contains("the database server refuses"), "{}", home.words());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_waits_for_a_broker_that_is_not_there_yet() {
    let mut broker = Broker::start().await;
    broker.stop().await;
    let folder = tempfile::tempdir().unwrap();
    let (_app, home) = home_on(format!("sqlite:{}", folder.path().join("turnlock.db").display())).await;
    let url = broker.url();
    let worker = home.worker(&[("TURNLOCK_QUEUE_URL", &url)]);
    says(&home, NO_BROKER, 1).await;
    broker.start_again().await;
    says(&home, "ready for jobs", 1).await;
    told_to_end(worker).await;
    assert_eq!(home.words().matches(NO_BROKER).count(), 1, "told once: {}", home.words());

    broker.stop().await;
    let worker = home.worker(&[("TURNLOCK_QUEUE_URL", &url)]);
    says(&home, NO_BROKER, 2).await;
    told_to_end(worker).await;
    home.no_browser_is_left().await.unwrap();
}
