//! The gates of apps: limits and breakers.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::Barrier;

use super::jobs::unwanted;
use super::*;
use crate::harness::SOON;

const NO_LIMITS: AppLimits = AppLimits { concurrent: None, beginnings: None };

/// So many jobs of an app, each of an account of its own.
async fn submitted(store: &Arc<dyn Store>, app: &str, jobs: usize) -> Vec<Job> {
    let jobs: Vec<Job> = (0..jobs).map(|nth| job(&format!("{app}/a{nth}"))).collect();
    for job in &jobs {
        store.submit(job, None).await.unwrap();
    }
    jobs
}

async fn claimed(store: &Arc<dyn Store>, job: &Job) -> Claim {
    let Claiming::Claimed(claim) = store.claim_job(job.id, &WorkerId::new("w"), LONG).await.unwrap() else {
        panic!("{} is free", job.account)
    };
    *claim
}

async fn next(store: &Arc<dyn Store>) -> Option<Claim> {
    store.claim_next(&WorkerId::new("w"), LONG).await.unwrap()
}

/// The next claim, when it is time for one.
async fn awaited(store: &Arc<dyn Store>) -> Claim {
    let until = tokio::time::Instant::now() + SOON;
    loop {
        if let Some(claim) = next(store).await {
            return claim;
        }
        assert!(tokio::time::Instant::now() < until, "there is nothing to claim");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn refused(entry: Entry) -> Refusal {
    match entry {
        Entry::Refused(refusal) => refusal,
        entered @ Entry::Entered { .. } => panic!("{entered:?}"),
    }
}

async fn enter(store: &Arc<dyn Store>, claim: &Claim, limits: &AppLimits) -> Entry {
    store.enter(claim, limits, Visit::Queued).await.unwrap()
}

async fn app(store: &Arc<dyn Store>, name: &str) -> AppRow {
    store.apps().await.unwrap().into_iter().find(|row| row.app == name).expect("the app is listed")
}

pub(super) async fn places(store: &Arc<dyn Store>) {
    let two = AppLimits { concurrent: Some(2), beginnings: None };
    let jobs = submitted(store, "places", 4).await;
    let mut claims = Vec::new();
    for job in &jobs {
        let claim = claimed(store, job).await;
        assert_eq!(claim.gate, AppGate::Absent, "nobody has told of limits yet");
        claims.push(claim);
    }
    let entered = Entry::Entered { troubled: false };
    assert_eq!(enter(store, &claims[0], &two).await, entered);
    assert_eq!(enter(store, &claims[1], &two).await, entered);
    assert_eq!(enter(store, &claims[0], &two).await, entered, "nobody enters twice");
    for claim in &claims[2..] {
        let refusal = refused(enter(store, claim, &two).await);
        assert_eq!((refusal.why, refusal.until), (Why::Full { places: 2 }, None));
    }
    // Those who are turned away keep their turn, whoever comes back first.
    store.hold_back(&claims[3]).await.unwrap();
    store.hold_back(&claims[2]).await.unwrap();
    claim_lost(store.hold_back(&claims[2]).await);
    let row = store.job(jobs[2].id).await.unwrap().unwrap();
    assert_eq!((row.state, row.attempts, row.tries, row.code), (JobState::Queued, 0, 0, None));
    let here = app(store, "places").await;
    assert_eq!((here.limits, here.running, here.waiting), (two, 2, 2));

    // Others are not held up.
    assert!(next(store).await.is_none());
    let other = submitted(store, "elsewhere", 1).await;
    let claim = next(store).await.unwrap();
    assert_eq!((claim.job.id, claim.gate), (other[0].id, AppGate::Absent));
    finish(store, &claim, Code::LoggedIn).await;

    // An end gives the place back, and so does being put back.
    finish(store, &claims[0], Code::LoggedIn).await;
    let third = next(store).await.unwrap();
    assert_eq!((third.job.id, third.gate, third.attempt), (jobs[2].id, AppGate::Open, 1));
    assert!(next(store).await.is_none(), "one that is about to enter has its place already");
    assert_eq!(enter(store, &third, &two).await, entered);
    let later = Timestamp::now() + SignedDuration::from_hours(1);
    requeue(store, &third, &Verdict::new(Code::AppError, ""), later, true).await;
    // And a worker's death.
    let dead = WorkerId::new("dead");
    let fourth = store.claim_next(&dead, LONG).await.unwrap().unwrap();
    assert_eq!(fourth.job.id, jobs[3].id);
    assert_eq!(enter(store, &fourth, &two).await, entered);
    let fifth = submitted(store, "places", 1).await.remove(0);
    let stranded = claimed(store, &fifth).await;
    assert_eq!(stranded.gate, AppGate::Shut);
    refused(enter(store, &stranded, &two).await);
    assert_eq!(store.recover(&|id| *id == dead).await.unwrap(), [jobs[3].id]);
    assert_eq!(enter(store, &stranded, &two).await, entered);

    // Limits may change, and may go.
    let fourth = claimed(store, &jobs[3]).await;
    refused(enter(store, &fourth, &two).await);
    let three = AppLimits { concurrent: Some(3), ..two };
    assert_eq!(enter(store, &fourth, &three).await, entered);
    let third = claimed(store, &jobs[2]).await;
    assert_eq!(enter(store, &third, &NO_LIMITS).await, entered);
    // Not for a worker that still knows of them.
    store.hold_back(&third).await.unwrap();
    let third = claimed(store, &jobs[2]).await;
    refused(enter(store, &third, &three).await);
    assert_eq!(enter(store, &third, &NO_LIMITS).await, entered);
    for claim in [&claims[1], &stranded, &fourth, &third] {
        finish(store, claim, Code::LoggedIn).await;
    }
    assert!(store.apps().await.unwrap().iter().all(|row| row.app != "places"), "nothing is left");
}

pub(super) async fn the_window(store: &Arc<dyn Store>) {
    let window = Duration::from_millis(400);
    let limit = Limit { most: 3, window };
    let limits = AppLimits { concurrent: None, beginnings: Some(limit) };
    let jobs = submitted(store, "window", 7).await;
    let began = store.now().await.unwrap();
    let mut times = Vec::new();
    let first = claimed(store, &jobs[0]).await;
    enter(store, &first, &limits).await;
    finish(store, &first, Code::LoggedIn).await;
    times.push(began);
    for nth in 1..jobs.len() {
        let before = store.now().await.unwrap();
        // The claim itself passes over an app whose window is full.
        let claim = awaited(store).await;
        assert_eq!(claim.job.id, jobs[nth].id, "in their order");
        assert_eq!(enter(store, &claim, &limits).await, Entry::Entered { troubled: false });
        let entered = store.now().await.unwrap();
        if nth >= 3 {
            let since = entered.duration_since(times[nth - 3]);
            assert!(since >= SignedDuration::try_from(window).unwrap(), "{nth}: a fourth within {since}");
        }
        times.push(before);
        // It counts though it has ended.
        finish(store, &claim, Code::LoggedIn).await;
    }
    let late = submitted(store, "window", 1).await.remove(0);
    let claim = claimed(store, &late).await;
    // On a slow machine the window may have gone by.
    if let Entry::Refused(refusal) = store.enter(&claim, &limits, Visit::ByHand).await.unwrap() {
        assert_eq!(refusal.why, Why::TooSoon(limit));
        assert!(refusal.until.unwrap() <= Timestamp::now() + window);
    }
    finish(store, &claim, Code::LoggedIn).await;
    let last = submitted(store, "window", 1).await.remove(0);
    let claim = claimed(store, &last).await;
    enter(store, &claim, &NO_LIMITS).await;
    finish(store, &claim, Code::LoggedIn).await;
}

pub(super) async fn the_breaker(store: &Arc<dyn Store>) {
    let policy = BreakerPolicy {
        failures: 3,
        first_wait: Duration::from_millis(300),
        longest_wait: Duration::from_millis(300),
    };
    let never = BreakerPolicy { first_wait: LONG, longest_wait: LONG, ..policy };
    let jobs = submitted(store, "breaker", 6).await;
    // Those that begin before it opens.
    let early = claimed(store, &jobs[5]).await;
    for (nth, code) in
        [Code::PageNotAsDescribed, Code::AppUnreachable, Code::AppError].into_iter().enumerate()
    {
        let claim = claimed(store, &jobs[nth]).await;
        assert_eq!(claim.gate == AppGate::Absent, nth == 0);
        assert_eq!(enter(store, &claim, &NO_LIMITS).await, Entry::Entered { troubled: nth > 0 });
        let left = store.leave(&claim, code, &policy).await.unwrap();
        assert_eq!(matches!(left, Left::Opened { failures: 3, .. }), nth == 2, "{left:?}");
        finish(store, &claim, code).await;
    }
    assert!(matches!(app(store, "breaker").await.breaker, Breaker::Open { probing: false, .. }));
    assert_eq!(store.leave(&early, Code::LoggedIn, &policy).await.unwrap(), Left::Unmoved);
    finish(store, &early, Code::LoggedIn).await;

    // One probe, when it is time.
    let probe = awaited(store).await;
    assert_eq!((probe.job.id, probe.gate), (jobs[3].id, AppGate::Open));
    assert_eq!(enter(store, &probe, &NO_LIMITS).await, Entry::Entered { troubled: true });
    assert!(next(store).await.is_none(), "one at a time");
    let other = claimed(store, &jobs[4]).await;
    assert_eq!(other.gate, AppGate::Shut);
    let refusal = refused(store.enter(&other, &NO_LIMITS, Visit::ByHand).await.unwrap());
    let Why::Broken { failures: 3, code: Some(Code::AppError), probing: true, .. } = refusal.why else {
        panic!("{refusal:?}")
    };
    store.hold_back(&other).await.unwrap();
    let here = app(store, "breaker").await;
    assert!(matches!(here.breaker, Breaker::Open { probing: true, .. }), "{here:?}");
    // It fails: the others wait on; a person does not.
    assert!(matches!(store.leave(&probe, Code::AppError, &never).await.unwrap(), Left::StaysOpen { .. }));
    store.put_back(&probe, Timestamp::now()).await.unwrap();
    assert!(next(store).await.is_none());
    let other = claimed(store, &jobs[4]).await;
    let refusal = refused(enter(store, &other, &NO_LIMITS).await);
    assert!(refusal.until.unwrap() > Timestamp::now(), "{refusal}");
    let entry = store.enter(&other, &NO_LIMITS, Visit::ByHand).await.unwrap();
    assert_eq!(entry, Entry::Entered { troubled: true });
    // A probe that dies, or ends for a reason of its own, is none.
    store.recover(&|id| id.as_str() == "w").await.unwrap();
    let other = claimed(store, &jobs[4]).await;
    store.enter(&other, &NO_LIMITS, Visit::ByHand).await.unwrap();
    assert_eq!(store.leave(&other, Code::WorkerStopped, &never).await.unwrap(), Left::Unmoved);
    store.enter(&other, &NO_LIMITS, Visit::ByHand).await.unwrap();
    assert_eq!(store.leave(&other, Code::BadCredentials, &never).await.unwrap(), Left::Closed);
    finish(store, &other, Code::BadCredentials).await;
    let last = next(store).await.unwrap();
    assert_eq!((last.job.id, last.gate), (jobs[3].id, AppGate::Absent), "it is forgotten");

    // A person may close it.
    assert!(!store.reset_app("breaker").await.unwrap());
    for _ in 0..3 {
        store.leave(&last, Code::AppError, &never).await.unwrap();
    }
    assert!(matches!(app(store, "breaker").await.breaker, Breaker::Open { .. }));
    assert!(store.reset_app("breaker").await.unwrap());
    assert_eq!(app(store, "breaker").await.breaker, Breaker::Closed);
    finish(store, &last, Code::LoggedIn).await;
}

/// What a queue outside of the database has to know.
pub(super) async fn held_back_and_called_up(store: &Arc<dyn Store>) {
    let one = AppLimits { concurrent: Some(1), beginnings: None };
    let jobs = submitted(store, "held", 5).await;
    let first = claimed(store, &jobs[0]).await;
    enter(store, &first, &one).await;
    for job in &jobs[1..4] {
        let claim = claimed(store, job).await;
        assert_eq!(claim.gate, AppGate::Shut);
        if *job == jobs[3] {
            assert_eq!(
                store.cancel(job.id, &Verdict::new(Code::Cancelled, "")).await.unwrap(),
                Cancelling::Asked
            );
        }
        store.hold_back(&claim).await.unwrap();
    }
    assert_eq!(store.job(jobs[3].id).await.unwrap().unwrap().state, JobState::Cancelled);
    assert_eq!(logged(store, &jobs[3]).await[0].code, Code::Cancelled, "the log says so");
    let offered = async || {
        let offers = store.take_offers(100, LONG).await.unwrap();
        offers
            .into_iter()
            .map(|row| row.job.id)
            .filter(|id| jobs.iter().any(|job| job.id == *id))
            .collect::<Vec<_>>()
    };
    assert_eq!(offered().await, [jobs[4].id], "nobody is told of those that were held back");
    assert_eq!(store.call_up(100).await.unwrap(), 0);
    finish(store, &first, Code::LoggedIn).await;
    // There is room, but others have waited longer.
    let late = Delivered { job: jobs[4].clone(), not_before: None };
    let late = store.claim_delivered(&[late], &WorkerId::new("w"), LONG, LONG).await.unwrap().remove(0);
    let Taking::Claimed(late) = late else { panic!("{late:?}") };
    assert_eq!(late.gate, AppGate::Shut);
    store.hold_back(&late).await.unwrap();
    assert_eq!(store.call_up(100).await.unwrap(), 1);
    assert_eq!(store.call_up(100).await.unwrap(), 0, "it has the place");
    assert_eq!(offered().await, [jobs[1].id]);
    let second = claimed(store, &jobs[1]).await;
    assert_eq!(second.gate, AppGate::Open);
    assert_eq!(enter(store, &second, &one).await, Entry::Entered { troubled: false });
    finish(store, &second, Code::LoggedIn).await;
    // Without limits all may go.
    let third = claimed(store, &jobs[2]).await;
    enter(store, &third, &NO_LIMITS).await;
    store.hold_back(&third).await.unwrap();
    assert_eq!(store.call_up(1).await.unwrap(), 1);
    assert_eq!(store.call_up(100).await.unwrap(), 1);
    assert_eq!(offered().await.len(), 2);
    for job in [&jobs[2], &jobs[4]] {
        let claim = claimed(store, job).await;
        finish(store, &claim, Code::LoggedIn).await;
    }
}

/// Many workers at once never have more in an app than it allows, and leave no job.
pub(super) async fn racing_enters(stores: [Arc<dyn Store>; 2]) {
    let limits = AppLimits { concurrent: Some(3), beginnings: None };
    // All stand before the gate, and come in at the same moment.
    let mut before = Vec::new();
    for job in &submitted(&stores[0], "crowd", 20).await {
        before.push(claimed(&stores[0], job).await);
    }
    let entering = before.iter().cloned().enumerate().map(|(number, claim)| {
        let store = stores[number % 2].clone();
        tokio::spawn(async move { store.enter(&claim, &limits, Visit::Queued).await.unwrap() })
    });
    let entries = futures::future::join_all(entering).await;
    assert_eq!(entries.iter().filter(|entry| matches!(entry, Ok(Entry::Entered { .. }))).count(), 3);
    for claim in &before {
        finish(&stores[0], claim, Code::LoggedIn).await;
    }

    let jobs = submitted(&stores[0], "raced", 60).await;
    let [inside, most, entered, done] = [(); 4].map(|()| Arc::new(AtomicU32::new(0)));
    // The first three go on only together: so three are inside at once.
    let together = Arc::new(Barrier::new(3));
    let workers = (0..12).map(|number| {
        let store = stores[number % 2].clone();
        let (inside, most, entered) = (inside.clone(), most.clone(), entered.clone());
        let (done, together) = (done.clone(), together.clone());
        tokio::spawn(async move {
            let worker = WorkerId::new(format!("racer{number}"));
            while done.load(Ordering::SeqCst) < 60 {
                let Some(claim) = store.claim_next(&worker, LONG).await.unwrap() else {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                    continue;
                };
                match store.enter(&claim, &limits, Visit::Queued).await.unwrap() {
                    Entry::Refused(_) => store.hold_back(&claim).await.unwrap(),
                    Entry::Entered { .. } => {
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        if entered.fetch_add(1, Ordering::SeqCst) < 3 {
                            together.wait().await;
                        }
                        tokio::task::yield_now().await;
                        inside.fetch_sub(1, Ordering::SeqCst);
                        finish(&store, &claim, Code::LoggedIn).await;
                        done.fetch_add(1, Ordering::SeqCst);
                    }
                }
            }
        })
    });
    let all = tokio::time::timeout(SOON * 3, futures::future::join_all(workers)).await;
    all.expect("no job is left behind").into_iter().for_each(Result::unwrap);
    assert_eq!(most.load(Ordering::SeqCst), 3, "as many as may, and no more");
    for job in &jobs {
        let row = stores[1].job(job.id).await.unwrap().unwrap();
        assert_eq!((row.state, row.attempts), (JobState::Finished, 1));
    }
    for app in ["crowd", "raced"] {
        let last = submitted(&stores[0], app, 1).await.remove(0);
        let claim = claimed(&stores[0], &last).await;
        enter(&stores[0], &claim, &NO_LIMITS).await;
        finish(&stores[0], &claim, Code::LoggedIn).await;
    }
}

/// Where no queue outside of the database brings the jobs, those of an app whose breaker is open are passed over: they wait for
/// room in their app like those that were put back for it.
pub(super) async fn passed_over(store: &Arc<dyn Store>) {
    let before = store.depths().await.unwrap();
    let counts = async || {
        let now = store.depths().await.unwrap();
        [now.due - before.due, now.later - before.later, now.held_back - before.held_back]
    };
    let ours = async || {
        let oldest = store.depths().await.unwrap().oldest;
        oldest.filter(|row| row.job.account.app() == "passed-over").map(|row| row.job.id)
    };
    let now = Timestamp::now();
    let [fails, waits, later] = ["a", "b", "c"].map(|name| job(&format!("passed-over/{name}")));
    let long_ago = now - SignedDuration::from_hours(20_000);
    store.submit(&fails, Some(long_ago)).await.unwrap();
    store.submit(&waits, Some(long_ago)).await.unwrap();
    store.submit(&later, Some(now + LONG)).await.unwrap();
    let claim = claimed(store, &fails).await;
    let how = async |id: Uuid| {
        let shut = store.shut_apps().await.unwrap();
        store.job(id).await.unwrap().unwrap().waits(&shut, Timestamp::now())
    };
    assert_eq!((counts().await, ours().await), ([1, 1, 0], Some(waits.id)));
    assert_eq!((how(waits.id).await, how(fails.id).await), (Some(Waits::Due), None));

    enter(store, &claim, &NO_LIMITS).await;
    let policy = BreakerPolicy { failures: 1, first_wait: LONG, longest_wait: LONG };
    assert!(matches!(store.leave(&claim, Code::AppError, &policy).await.unwrap(), Left::Opened { .. }));
    finish(store, &claim, Code::AppError).await;
    assert!(store.shut_apps().await.unwrap().contains(&"passed-over".to_owned()));
    assert_eq!((counts().await, ours().await), ([0, 1, 1], None));
    assert_eq!((how(waits.id).await, how(later.id).await), (Some(Waits::HeldBack), Some(Waits::Later)));
    let refused = store.requeue(waits.id).await.unwrap_err();
    assert!(matches!(refused, StoreError::NotRequeued { why: NotRequeued::HeldBack, .. }), "{refused}");
    // What waits for its time may be made due, and is held back then.
    assert_eq!(store.requeue(later.id).await.unwrap(), Requeueing::Due);
    assert_eq!(counts().await, [0, 0, 2]);

    assert!(store.reset_app("passed-over").await.unwrap());
    assert_eq!((counts().await, ours().await), ([2, 0, 0], Some(waits.id)));
    assert_eq!(store.requeue(waits.id).await.unwrap(), Requeueing::Already);
    for job in [waits, later] {
        store.cancel(job.id, &unwanted()).await.unwrap();
    }
}
