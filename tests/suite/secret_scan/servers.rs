//! The files of the servers behind a fleet: PostgreSQL's, with its write-ahead log, and RabbitMQ's.

use acme::NewUser;
use turnlock::job::{Job, Kind};
use turnlock::queue::Queue;
use turnlock::queue::rabbit::RabbitQueue;

use super::{LOUD, PASSWORD, Scene};
use crate::harness::PATIENCE;
use crate::harness::postgres::Server;
use crate::harness::rabbit::Broker;
use crate::harness::rig::acme_playbook;

#[tokio::test(flavor = "multi_thread")]
async fn database_and_broker_keep_no_secret() {
    let mut database = tokio::task::spawn_blocking(Server::start).await.unwrap();
    let mut broker = Broker::start().await;
    turnlock::queue::rabbit::declare(&broker.url().into()).await.unwrap();
    let mut scene = Scene::on(&acme_playbook(), Some(database.database().await)).await;
    let alice = scene.account(NewUser::new("alice", PASSWORD), PASSWORD).await;
    let bob =
        scene.account(NewUser::new("bob", PASSWORD).email("bob@managed.test").code_login(), PASSWORD).await;
    let queue_url = broker.url();
    let mut worker = scene.home.worker(&[&LOUD[..], &[("TURNLOCK_QUEUE_URL", &queue_url)]].concat());
    let queue = RabbitQueue::publish_only(&broker.url().into(), scene.vault.store().clone());
    for (kind, account) in
        [(Kind::EnrolMfa, &alice), (Kind::ChangePassword, &alice), (Kind::VerifyLogin, &bob)]
    {
        let job = Job { evidence: true, ..Job::new(kind, account.clone()) };
        queue.submit(&job, None).await.unwrap();
        let row = tokio::time::timeout(PATIENCE, queue.ended(job.id)).await.expect("the job ends").unwrap();
        let outcome = row.outcome.map(|outcome| outcome.as_str());
        assert_eq!(outcome, Some("succeeded"), "{row:?} {}", scene.home.words());
    }
    worker.kill().await.unwrap();
    scene.search().await;
    let canaries = scene.canaries().await;
    // All that they hold back is written when they end.
    broker.stop().await;
    let database = tokio::task::spawn_blocking(move || {
        database.stop();
        database
    });
    let database = database.await.unwrap();
    for (folder, has) in [(database.folder(), "pg_wal"), (broker.folder(), "quorum")] {
        let files = canaries.assert_not_below(folder, &[]);
        let named = files.iter().any(|file| file.to_string_lossy().contains(has));
        assert!(named, "no {has} in {}: {files:?}", folder.display());
    }
    // That it is the folder where things are written: what is no secret stands there.
    let mut known = crate::harness::canary::Named::default();
    known.add("the account", "acme/alice");
    let known = known.ready();
    let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        known.assert_not_below(database.folder(), &[]);
    }));
    assert!(found.is_err(), "the account is not in the database's files");
}
