//! What no waiting mends ends a worker, with the words that tell a person what to do.

use lapin::options::{QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties};
use sqlx::Connection as _;
use tokio::time::timeout;
use turnlock::queue::QueueError;
use turnlock::queue::rabbit::{self, BrokerError, RabbitQueue};
use turnlock::store::StoreError;

use super::*;
use crate::harness::PATIENCE;
use crate::harness::rabbit::Broker;

#[tokio::test]
async fn a_worker_that_finds_a_newer_schema_ends_what_it_is_at_and_goes() {
    let site = Site::new().await;
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let acts = {
        let (begun, go_on) = (begun.clone(), go_on.clone());
        move |_, _, _| {
            let (begun, go_on) = (begun.clone(), go_on.clone());
            async move {
                begun.notify_one();
                go_on.notified().await;
                ended(Code::LoggedIn)
            }
        }
    };
    let worker = site.worker_with(WorkerConfig { beat: Duration::from_millis(20), ..config() }, acts);
    let (running, waiting) = (job("acme/alice"), job("acme/alice"));
    site.queue.submit(&running, None).await.unwrap();
    site.queue.submit(&waiting, None).await.unwrap();
    let (result, ()) = tokio::join!(worker.run(std::future::pending()), async {
        begun.notified().await;
        let mut raw =
            sqlx::SqliteConnection::connect(&format!("sqlite:{}", site.database().display())).await.unwrap();
        sqlx::query("PRAGMA user_version = 99").execute(&mut raw).await.unwrap();
        let says_that_it_ends = async || {
            let rows = site.store.workers().await.unwrap();
            rows[0].duty == turnlock::store::Duty::Draining
        };
        while !says_that_it_ends().await {
            tokio::task::yield_now().await;
        }
        go_on.notify_one();
    });
    assert!(matches!(result, Err(WorkerError::Store(StoreError::TooNew { found: 99, .. }))), "{result:?}");
    assert_eq!(site.job(running.id).await.code, Some(Code::LoggedIn));
    assert_eq!(site.job(waiting.id).await.attempts, 0);
}

const HIGH: &str = "turnlock.jobs.high";

/// Somebody else has a queue of that name, which is another kind of queue.
async fn take_the_name(broker: &Broker) {
    loop {
        let connection = Connection::connect(&broker.url(), ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        channel.queue_delete(HIGH.into(), QueueDeleteOptions::default()).await.unwrap();
        let (options, arguments) = (QueueDeclareOptions::durable(), FieldTable::default());
        // A worker may have been faster.
        if channel.queue_declare(HIGH.into(), options, arguments).await.is_ok() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_broker_has_otherwise_is_named_in_its_words() {
    let (broker, site) = (Broker::start().await, Site::new().await);
    let named = |error: &BrokerError| {
        let said = error.to_string();
        assert!(matches!(error, BrokerError::Declaration(_)), "{error:?}");
        assert!(said.contains("PRECONDITION_FAILED") && said.contains(HIGH), "{said}");
    };

    // A worker is at work when it happens.
    let how = config();
    let queue = RabbitQueue::consume(&broker.url().into(), &how.id, how.slots, site.store.clone());
    queue.connected().await.unwrap();
    let performer = Arc::new(Acts(Box::new(boxed(|_, _, _| async { ended(Code::LoggedIn) }))));
    let worker = Worker::new(site.store.clone(), Arc::new(queue), performer, how);
    let run = tokio::spawn(async move { worker.run(std::future::pending()).await });
    take_the_name(&broker).await;
    match timeout(PATIENCE, run).await.expect("the worker ends").unwrap() {
        Err(WorkerError::Queue(QueueError::Broker(error))) => named(&error),
        other => panic!("{other:?}"),
    }

    // And when it has happened before.
    let queue = RabbitQueue::consume(&broker.url().into(), &config().id, 1, site.store.clone());
    named(&queue.connected().await.unwrap_err());
    named(&rabbit::declare(&broker.url().into()).await.unwrap_err());
    match queue.submit(&job("acme/alice"), None).await {
        Err(QueueError::Broker(error)) => named(&error),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_let_in_is_told_so() {
    let (broker, site) = (Broker::start().await, Site::new().await);
    let mut stranger = url::Url::parse(&broker.url()).unwrap();
    stranger.set_password(Some("hunter2")).unwrap();
    for (url, words) in [
        (stranger.to_string(), "ACCESS_REFUSED"),
        (broker.url().replace("%2f", "nowhere"), "vhost nowhere not found"),
    ] {
        let queue = RabbitQueue::consume(&url.into(), &config().id, 1, site.store.clone());
        let refused = queue.connected().await.unwrap_err();
        let said = refused.to_string();
        assert!(matches!(refused, BrokerError::Access(_)) && said.contains(words), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}
