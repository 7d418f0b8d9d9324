//! Leases and the fences that they give.

use super::*;

pub(super) async fn leases(store: &Arc<dyn Store>) {
    let held = account("leases/held");
    let (one, two) = (WorkerId::new("one"), WorkerId::new("two"));
    let first = store.acquire(&held, &one, LONG).await.unwrap().unwrap();
    assert_eq!(store.acquire(&held, &two, LONG).await.unwrap(), None);
    assert_eq!(store.acquire(&held, &one, LONG).await.unwrap(), None, "not even its holder gets it twice");
    assert!(store.renew(&first, LONG).await.unwrap().unwrap().expires_at >= first.expires_at);

    store.release(&first).await.unwrap();
    assert_eq!(store.renew(&first, LONG).await.unwrap(), None);
    // Taken over when it has expired.
    let second = store.acquire(&held, &two, Duration::ZERO).await.unwrap().unwrap();
    let third = store.acquire(&held, &one, LONG).await.unwrap().unwrap();
    assert!(first.token < second.token && second.token < third.token);
    assert_eq!(store.renew(&second, LONG).await.unwrap(), None);
    store.release(&second).await.unwrap();
    assert_eq!(store.acquire(&held, &two, LONG).await.unwrap(), None, "an old lease releases nothing");
}

pub(super) async fn fences(store: &Arc<dyn Store>) {
    let owner = add(store, "fences/owner").await;
    let other = add(store, "fences/other").await;
    let stale = store.acquire(&owner, &WorkerId::new("paused"), Duration::ZERO).await.unwrap().unwrap();
    let fresh = store.acquire(&owner, &WorkerId::new("next"), LONG).await.unwrap().unwrap();
    let new = candidate(&owner, CandidateKind::Password, 2);
    let lost = |result: Result<(), StoreError>| assert!(matches!(result, Err(StoreError::LeaseLost(_))));

    lost(store.propose(&new, Some(&stale.fence())).await);
    store.propose(&new, Some(&fresh.fence())).await.unwrap();
    lost(store.mark_submitted(new.id, Some(&stale.fence())).await);
    lost(store.promote(new.id, Some(&stale.fence())).await);
    lost(store.reject(new.id, &never(), Some(&stale.fence())).await);
    let elsewhere = candidate(&other, CandidateKind::Password, 2);
    lost(store.propose(&elsewhere, Some(&fresh.fence())).await);
    let tried = NewTry { account: owner.clone(), ..new_try("fences/owner") };
    lost(store.begin_try(&tried, None, Some(&stale.fence())).await.map(drop));
    let Begun::Try(id) = store.begin_try(&tried, None, Some(&fresh.fence())).await.unwrap() else { panic!() };
    lost(store.end_try(id, TryResult::SignedIn, true, Some(&stale.fence())).await);
    assert_eq!(store.spent_since(&owner, Timestamp::UNIX_EPOCH).await.unwrap().count, 1);
    lost(store.claim_totp_step(&owner, new.id, 1, Some(&stale.fence())).await.map(drop));
    let beginning = beginning(&owner, Uuid::now_v7());
    lost(store.start_attempt(&beginning, Some(&stale.fence())).await);
    let attempt = start(store, &owner, Uuid::now_v7()).await;
    let verdict = Verdict::new(Code::LoggedIn, "");
    lost(store.end_attempt(attempt, &verdict, &Provenance::default(), Some(&stale.fence())).await.map(drop));
    store.promote(new.id, Some(&fresh.fence())).await.unwrap();
    store.release(&fresh).await.unwrap();
    lost(store.propose(&candidate(&owner, CandidateKind::Password, 3), Some(&fresh.fence())).await);
}

/// A worker that was paused past its lease writes nothing, also when nobody else has come meanwhile.
pub(super) async fn an_expired_lease(store: &Arc<dyn Store>) {
    let owner = add(store, "fences/expired").await;
    let lease = store.acquire(&owner, &WorkerId::new("paused"), Duration::ZERO).await.unwrap().unwrap();
    let refused = store.propose(&candidate(&owner, CandidateKind::Password, 2), Some(&lease.fence())).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost(_))), "{refused:?}");
    assert_eq!(store.renew(&lease, LONG).await.unwrap(), None);
}
