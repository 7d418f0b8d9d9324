//! What is to be seen of all jobs at a glance.

use super::*;

pub(super) async fn at_a_glance(store: &Arc<dyn Store>) {
    let before = store.depths().await.unwrap();
    let counts = async || {
        let now = store.depths().await.unwrap();
        [
            now.due - before.due,
            now.later - before.later,
            now.held_back - before.held_back,
            now.running - before.running,
        ]
    };
    let (late, early) = (job("glance/late"), job("glance/early"));
    let now = Timestamp::now();
    store.submit(&late, Some(now + LONG)).await.unwrap();
    assert_eq!(counts().await, [0, 1, 0, 0]);
    // Due for longer than any other.
    let long_ago = now - SignedDuration::from_hours(10_000);
    store.submit(&early, Some(long_ago)).await.unwrap();
    assert_eq!(counts().await, [1, 1, 0, 0]);
    let oldest = store.depths().await.unwrap().oldest.unwrap();
    assert_eq!(oldest.job.id, early.id);
    assert!(oldest.not_before.duration_since(long_ago).abs() < SignedDuration::from_mins(1));

    let Claiming::Claimed(claim) = store.claim_job(early.id, &WorkerId::new("w"), LONG).await.unwrap() else {
        panic!("it can be claimed")
    };
    assert_eq!(counts().await, [0, 1, 0, 1]);
    assert_ne!(store.depths().await.unwrap().oldest.map(|row| row.job.id), Some(early.id));
    store.hold_back(&claim).await.unwrap();
    assert_eq!(counts().await, [0, 1, 1, 0]);

    let found = async |attempt: Uuid| {
        let all = store.under_way(10_000).await.unwrap();
        all.into_iter().find(|one| one.attempt.id == attempt)
    };
    let attempt = start(store, &early.account, early.id).await;
    let begun = found(attempt).await.unwrap();
    assert_eq!((begun.attempt, begun.step), (store.attempt(attempt).await.unwrap().unwrap(), None));
    let step = |seq, result: Option<StepResult>| Step {
        seq,
        id: format!("login.{seq}"),
        summary: "click button Sign in".to_owned(),
        started_at: Timestamp::from_millisecond(now.as_millisecond()).unwrap(),
        duration: result.map(|_| Duration::from_millis(7)),
        result,
        detail: result.map(|_| "as expected".to_owned()),
    };
    for last in [step(1, Some(StepResult::Ok)), step(2, None)] {
        store.write_steps(attempt, std::slice::from_ref(&last), None).await.unwrap();
        assert_eq!(found(attempt).await.unwrap().step, Some(last));
    }
    assert_eq!(store.under_way(0).await.unwrap(), []);

    let rejected = async |since| {
        let all = store.ended_since(since).await.unwrap();
        all.iter().find(|(outcome, _)| *outcome == Outcome::Rejected).map_or(0, |(_, many)| *many)
    };
    let hour = SignedDuration::from_hours(1);
    let already = rejected(now - hour).await;
    let verdict = Verdict::new(Code::BadCredentials, "");
    store.end_attempt(attempt, &verdict, &Provenance::default(), None).await.unwrap();
    assert_eq!(found(attempt).await, None);
    let apps = ["glance".to_owned(), "no-such-app".to_owned()];
    let lately = store.lately(&apps, 10).await.unwrap();
    assert_eq!(lately.len(), 1, "{lately:?}");
    let (app, outcome) = (lately[0].app.as_str(), lately[0].outcome);
    assert_eq!((app, outcome, lately[0].playbook_hash.as_deref()), ("glance", Outcome::Rejected, None));
    assert_eq!(store.lately(&apps, 0).await.unwrap(), []);
    assert_eq!(store.lately(&[], 10).await.unwrap(), []);
    assert_eq!(rejected(now - hour).await, already + 1);
    assert_eq!(store.ended_since(now + hour).await.unwrap(), []);

    let why = Verdict::new(Code::Cancelled, "");
    for job in [late, early] {
        assert_eq!(store.cancel(job.id, &why).await.unwrap(), Cancelling::Cancelled);
    }
    assert_eq!(counts().await, [0, 0, 0, 0]);
}
