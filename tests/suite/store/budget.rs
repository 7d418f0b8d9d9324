//! TOTP steps and the budget of wrong attempts.

use super::*;

pub(super) async fn totp_steps(store: &Arc<dyn Store>) {
    let owner = add(store, "totp/owner").await;
    let other = add(store, "totp/other").await;
    let secret = candidate(&owner, CandidateKind::Totp, 1);
    store.propose(&secret, None).await.unwrap();
    let claim = |step| store.claim_totp_step(&owner, secret.id, step, None);
    assert!(claim(100).await.unwrap());
    assert!(!claim(100).await.unwrap(), "used already");
    assert!(claim(99).await.unwrap(), "the clock was set back: this one was not used yet");
    assert!(!claim(99).await.unwrap());
    assert!(claim(101).await.unwrap());
    let foreign = store.claim_totp_step(&other, secret.id, 200, None).await;
    assert!(matches!(foreign, Err(StoreError::NoCandidate(_))));

    let racers = (0..10).map(|_| {
        let (store, owner, id) = (store.clone(), owner.clone(), secret.id);
        tokio::spawn(async move { store.claim_totp_step(&owner, id, 500, None).await.unwrap() })
    });
    let won =
        futures::future::join_all(racers).await.into_iter().filter(|won| *won.as_ref().unwrap()).count();
    assert_eq!(won, 1, "a code is used once");
}

pub(super) async fn the_budget(store: &Arc<dyn Store>) {
    let new = new_try("budget/owner");
    let limit = Some(Limit { most: 2, window: LONG });
    let begin = async || match store.begin_try(&new, limit, None).await.unwrap() {
        Begun::Try(id) => Some(id),
        Begun::Exhausted(spent) => {
            assert_eq!(spent.count, 2);
            assert!(spent.oldest.is_some());
            None
        }
    };
    let end = async |id, result, forgiven| store.end_try(id, result, forgiven, None).await.unwrap();
    let spent = async || store.spent_since(&new.account, Timestamp::UNIX_EPOCH).await.unwrap().count;

    let first = begin().await.unwrap();
    assert_eq!(spent().await, 1, "a worker that dies now has spent it");
    // While the app waits for a person, nothing of it.
    for (counts, count) in [(false, 0), (true, 1), (false, 0)] {
        store.count_try(first, counts, None).await.unwrap();
        assert_eq!(spent().await, count);
    }
    end(first, TryResult::NotSent, false).await;
    assert_eq!(spent().await, 0);
    assert!(store.count_try(first, true, None).await.is_err(), "it has ended");
    for result in [TryResult::BadCredentials, TryResult::CodeRefused] {
        end(begin().await.unwrap(), result, false).await;
    }
    assert_eq!(begin().await, None, "the last one is never spent");
    let Begun::Try(beyond) = store.begin_try(&new, None, None).await.unwrap() else { panic!() };
    end(beyond, TryResult::SignedIn, false).await;
    assert_eq!(spent().await, 2, "a login alone clears nothing");
    end(beyond, TryResult::SignedIn, true).await;
    assert_eq!(spent().await, 0);

    let results: Vec<_> = store.tries(new.job).await.unwrap().into_iter().map(|tried| tried.result).collect();
    use TryResult::{BadCredentials, CodeRefused, NotSent, SignedIn};
    assert_eq!(results, [Some(NotSent), Some(BadCredentials), Some(CodeRefused), Some(SignedIn)]);

    // Several workers share it.
    let new = new_try("budget/raced");
    let racers = (0..10).map(|_| {
        let (store, new) = (store.clone(), new.clone());
        tokio::spawn(async move { store.begin_try(&new, limit, None).await.unwrap() })
    });
    let begun = futures::future::join_all(racers).await;
    assert_eq!(begun.iter().filter(|begun| matches!(begun, Ok(Begun::Try(_)))).count(), 2);
}
