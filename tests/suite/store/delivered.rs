//! Jobs that a queue outside of the database delivers, and the news of their ends.

use super::*;

fn delivered(job: &Job) -> Delivered {
    Delivered { job: job.clone(), not_before: None }
}

pub(super) async fn jobs_that_are_delivered(store: &Arc<dyn Store>) {
    let worker = WorkerId::new("delivered");
    let take = async |jobs: &[Delivered]| store.claim_delivered(jobs, &worker, LONG, LONG).await.unwrap();
    let [mut first, second, other] = ["delivered/a", "delivered/a", "delivered/b"].map(job);
    first.trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00".parse().ok();
    let later = Delivered {
        not_before: Some(Timestamp::now() + SignedDuration::from_mins(9)),
        ..delivered(&job("delivered/c"))
    };
    let batch = [delivered(&first), delivered(&second), delivered(&other), later.clone(), delivered(&other)];
    let takings = take(&batch).await;
    let [
        Taking::Claimed(claim),
        Taking::AccountBusy(busy),
        Taking::Claimed(claim_of_other),
        Taking::NotDue(not_due),
        Taking::NotQueued,
    ] = &takings[..]
    else {
        panic!("{takings:?}")
    };
    assert_eq!((claim.job.id, busy.job.id, not_due.job.id), (first.id, second.id, later.job.id));
    assert_eq!((claim.attempt, claim.tries, &claim.lease.worker), (1, 0, &worker));
    assert_eq!((claim.job.trace, first.trace.is_some()), (first.trace, true));
    assert_eq!(claim_of_other.job.trace, None);
    assert_eq!(not_due.job.deadline, later.job.deadline);
    assert_eq!(store.acquire(&first.account, &worker, LONG).await.unwrap(), None, "the account is held too");
    let offered = store.take_offers(1000, LONG).await.unwrap();
    assert!(offered.iter().all(|row| row.job.id != second.id), "its message is known");

    // One that was submitted with its message out is known, and claimed by the message.
    let (told, then) = (job("delivered/t"), Timestamp::now() + SignedDuration::from_mins(9));
    let at = [None, Some(then)].map(|at| (if at.is_some() { job("delivered/u") } else { told.clone() }, at));
    for (job, not_before) in &at {
        assert_eq!(store.submit_told(job, *not_before, LONG).await.unwrap(), Submitted::New);
        assert_eq!(store.submit_told(job, *not_before, LONG).await.unwrap(), Submitted::Already);
        let other = Job { account: account("delivered/z"), ..job.clone() };
        let refused = store.submit_told(&other, None, LONG).await;
        assert!(matches!(refused, Err(StoreError::OtherJob { .. })), "{refused:?}");
    }
    let offered = store.take_offers(1000, LONG).await.unwrap();
    assert!(
        offered.iter().all(|row| at.iter().all(|(job, _)| row.job.id != job.id)),
        "their messages are out"
    );
    let takings = take(&at.clone().map(|(job, _)| delivered(&job))).await;
    let [Taking::Claimed(claim_of_told), Taking::NotDue(_)] = &takings[..] else { panic!("{takings:?}") };
    finish(store, claim_of_told, Code::LoggedIn).await;
    store.cancel(at[1].0.id, &jobs::unwanted()).await.unwrap();

    // Again, as after a lost connection: nothing is done twice.
    assert!(matches!(take(&[delivered(&first)]).await[..], [Taking::NotQueued]));
    let stolen = Job { account: account("delivered/z"), ..first.clone() };
    let refused = take(&[delivered(&stolen), delivered(&second)]).await;
    assert!(
        matches!(&refused[..], [Taking::Refused(StoreError::OtherJob { .. }), Taking::AccountBusy(_)]),
        "{refused:?}"
    );

    // An account that is free again goes to one of those that wait, and the rest of a batch is not held up.
    finish(store, claim, Code::LoggedIn).await;
    let third = job("delivered/a");
    let takings = take(&[delivered(&first), delivered(&third), delivered(&second)]).await;
    let claimed: Vec<&Claim> = takings
        .iter()
        .filter_map(|taking| if let Taking::Claimed(claim) = taking { Some(&**claim) } else { None })
        .collect();
    assert_eq!(claimed.len(), 1, "{takings:?}");
    assert!(claimed[0].job.id == second.id || claimed[0].job.id == third.id);
    for claim in [claimed[0], claim_of_other] {
        finish(store, claim, Code::LoggedIn).await;
    }
    for left in [&second, &third, &later.job] {
        if !store.job(left.id).await.unwrap().unwrap().has_ended() {
            store.cancel(left.id, &jobs::unwanted()).await.unwrap();
        }
    }
}

pub(super) async fn ends_that_are_announced(store: &Arc<dyn Store>) {
    let worker = WorkerId::new("announced");
    let take = async || {
        let rows = store.take_announcements(1000, Duration::ZERO).await.unwrap();
        rows.into_iter().map(|row| row.job.id).collect::<Vec<_>>()
    };
    let jobs: [Job; 4] = ["a", "b", "c", "d"].map(|name| job(&format!("announced/{name}")));
    let begin = async |job: &Job| {
        store.submit(job, None).await.unwrap();
        match store.claim_job(job.id, &worker, LONG).await.unwrap() {
            Claiming::Claimed(claim) => claim,
            other => panic!("{other:?}"),
        }
    };
    finish(store, &*begin(&jobs[0]).await, Code::LoggedIn).await;
    assert!(take().await.is_empty(), "nobody wants to hear of it");

    store.announce_ends();
    let claim = begin(&jobs[1]).await;
    requeue(store, &claim, &Verdict::new(Code::AppError, ""), Timestamp::now(), true).await;
    assert!(take().await.is_empty(), "it has not ended");
    store.cancel(jobs[1].id, &jobs::unwanted()).await.unwrap();
    assert_eq!(take().await, [jobs[1].id]);
    store.announced(&[jobs[1].id]).await.unwrap();
    assert!(take().await.is_empty());

    // Whoever ends a job announces it at once; should it die over that, somebody else does.
    finish(store, &*begin(&jobs[2]).await, Code::LoggedIn).await;
    assert!(take().await.is_empty(), "its worker is at it");
    store.announce_later(&[jobs[2].id]).await.unwrap();
    assert_eq!(take().await, [jobs[2].id]);

    // What is known only when a dead worker's job is taken up.
    let claim = begin(&jobs[3]).await;
    store.cancel(jobs[3].id, &jobs::unwanted()).await.unwrap();
    assert!(take().await == [jobs[2].id]);
    store.recover(&|id| *id == claim.lease.worker).await.unwrap();
    let mut both = take().await;
    both.sort();
    assert_eq!(both, [jobs[2].id, jobs[3].id]);
    store.announced(&both).await.unwrap();

    // Jobs that were cancelled before they came.
    let ahead = ["e", "f"].map(|name| job(&format!("announced/{name}")));
    for job in &ahead {
        store.cancel_ahead(job.id, &jobs::unwanted()).await.unwrap();
    }
    assert!(take().await.is_empty(), "they have not come");
    store.submit(&ahead[0], None).await.unwrap();
    store.claim_delivered(&[delivered(&ahead[1])], &worker, LONG, LONG).await.unwrap();
    let mut both = take().await;
    both.sort();
    assert_eq!(both, ahead.each_ref().map(|job| job.id));
    store.announced(&both).await.unwrap();
}
