//! The workers' signs of life, and what is wanted of them.

use super::*;

fn beat(worker: &str) -> Beat {
    Beat {
        worker: WorkerId::new(worker),
        version: "1.2.3".to_owned(),
        slots: 4,
        duty: Duty::Working,
        overrules: false,
        hold: LONG,
        browser_memory: Some(5 << 30),
    }
}

async fn row(store: &Arc<dyn Store>, worker: &str) -> WorkerRow {
    let rows = store.workers().await.unwrap();
    rows.into_iter().find(|row| row.id.as_str() == worker).unwrap()
}

pub(super) async fn signs_of_life(store: &Arc<dyn Store>) {
    assert_eq!(store.workers().await.unwrap(), []);
    for worker in ["one", "two"] {
        assert_eq!(store.worker_beat(&beat(worker)).await.unwrap(), Duty::Working);
    }
    let first = row(store, "one").await;
    let expected = ("1.2.3", 4, 0, Duty::Working, Duty::Working, false);
    let found = (first.version.as_str(), first.slots, first.busy, first.duty, first.wanted, first.gone);
    assert_eq!(found, expected);
    assert_eq!((first.since, first.beat_at), (first.started_at, first.started_at));
    // One that is just being started does not know.
    store.worker_beat(&Beat { browser_memory: None, ..beat("two") }).await.unwrap();
    assert_eq!(row(store, "two").await.browser_memory, Some(5 << 30));
    let ago = Timestamp::now().duration_since(first.started_at).abs();
    assert!(ago < SignedDuration::from_mins(1), "as the wall clock shows it: {ago}");

    let account = add(store, "fleet/busy").await;
    let (claim, _) = begin(store, &account, &WorkerId::new("one")).await;
    assert_eq!((row(store, "one").await.busy, row(store, "two").await.busy), (1, 0));
    finish(store, &claim, Code::LoggedIn).await;
    assert_eq!(row(store, "one").await.busy, 0);

    // Nothing else comes of another beat, which holds for no time.
    store.worker_beat(&Beat { hold: Duration::ZERO, ..beat("one") }).await.unwrap();
    let silent = row(store, "one").await;
    assert!(silent.gone && silent.beat_at > silent.started_at);
    assert_eq!(silent.since, silent.started_at);
    assert_eq!(store.forget_workers(LONG).await.unwrap(), 0);
    assert_eq!(store.forget_workers(Duration::ZERO).await.unwrap(), 1);
    store.worker_left(&WorkerId::new("two")).await.unwrap();
    assert_eq!(store.workers().await.unwrap(), []);
}

pub(super) async fn what_is_wanted(store: &Arc<dyn Store>) {
    let worker = WorkerId::new("one");
    assert!(!store.want_of_worker(&worker, Duty::Draining).await.unwrap(), "there is none");
    store.worker_beat(&beat("one")).await.unwrap();
    assert!(store.want_of_worker(&worker, Duty::Draining).await.unwrap());
    let asked = row(store, "one").await;
    assert_eq!((asked.duty, asked.wanted), (Duty::Working, Duty::Draining));
    assert_eq!(store.worker_beat(&beat("one")).await.unwrap(), Duty::Draining);
    // The store tells times by the millisecond, and is quicker than that.
    let at = asked.since + SignedDuration::from_millis(2);
    while Timestamp::now() <= at {
        tokio::task::yield_now().await;
    }
    let drains = Beat { duty: Duty::Draining, ..beat("one") };
    assert_eq!(store.worker_beat(&drains).await.unwrap(), Duty::Draining);
    let heeded = row(store, "one").await;
    assert_eq!((heeded.duty, heeded.wanted), (Duty::Draining, Duty::Draining));
    assert!(heeded.since > heeded.started_at && asked.since == asked.started_at);

    // What was said where it runs counts more than what was wanted before, and less than what is wanted after.
    let told = Beat { overrules: true, ..beat("one") };
    assert_eq!(store.worker_beat(&told).await.unwrap(), Duty::Working);
    assert_eq!(row(store, "one").await.wanted, Duty::Working);
    assert!(store.want_of_worker(&worker, Duty::Draining).await.unwrap());
    assert_eq!(store.worker_beat(&beat("one")).await.unwrap(), Duty::Draining);
    store.worker_left(&worker).await.unwrap();

    // One that was forgotten while it drained goes on so.
    assert_eq!(store.worker_beat(&drains).await.unwrap(), Duty::Draining);
    store.worker_left(&worker).await.unwrap();
}

/// A worker that the schema has outgrown under its hands.
pub(super) async fn a_newer_schema(store: &Arc<dyn Store>) {
    match store.worker_beat(&beat("old")).await {
        Err(error @ StoreError::TooNew { found: 99, .. }) => assert!(error.lasts()),
        other => panic!("{other:?}"),
    }
}
