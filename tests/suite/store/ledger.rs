//! The ledger and its state machine.

use super::*;

pub(super) async fn the_ledger(store: &Arc<dyn Store>) {
    use CandidateState::{Current, Pending, Previous, Rejected};
    let owner = add(store, "ledger/owner").await;
    let first = store.candidates(&owner).await.unwrap()[0].clone();
    assert_eq!((first.state, first.version, first.job), (Current, 1, None));

    // pending, submitted, current; and what was current is previous.
    let second = candidate(&owner, CandidateKind::Password, 2);
    store.propose(&second, None).await.unwrap();
    assert_eq!(states(store, &owner).await, [Pending, Current]);
    let refused = store.propose(&candidate(&owner, CandidateKind::Password, 3), None).await;
    assert!(matches!(refused, Err(StoreError::PendingExists { candidate, .. }) if candidate == second.id));
    store.mark_submitted(second.id, None).await.unwrap();
    let noted = store.candidate(second.id).await.unwrap().unwrap().submitted_at;
    assert!(noted.is_some());
    store.mark_submitted(second.id, None).await.unwrap();
    assert!(store.candidate(second.id).await.unwrap().unwrap().submitted_at >= noted, "the last time counts");
    store.promote(second.id, None).await.unwrap();
    store.promote(second.id, None).await.unwrap();
    assert_eq!(states(store, &owner).await, [Current, Previous]);

    // Another kind does not get in the way.
    let totp = candidate(&owner, CandidateKind::Totp, 1);
    store.propose(&totp, None).await.unwrap();
    store.promote(totp.id, None).await.unwrap();
    assert_eq!(states(store, &owner).await, [Current, Current, Previous]);

    // pending, rejected: that is the end.
    let third = candidate(&owner, CandidateKind::Password, 3);
    store.propose(&third, None).await.unwrap();
    store.reject(third.id, &never(), None).await.unwrap();
    let row = store.candidate(third.id).await.unwrap().unwrap();
    assert_eq!((row.state, row.reason), (Rejected, Some(never().to_string())));
    assert!(row.decided_at.is_some());
    for (id, from) in [(third.id, Rejected), (second.id, Current), (first.id, Previous)] {
        illegal(store.reject(id, &never(), None).await, id, from);
        illegal(store.mark_submitted(id, None).await, id, from);
    }
    illegal(store.promote(third.id, None).await, third.id, Rejected);

    // It was proved again that the first one opens the account.
    store.promote(first.id, None).await.unwrap();
    assert_eq!(states(store, &owner).await, [Rejected, Current, Previous, Current]);

    let nobody = candidate(&account("ledger/nobody"), CandidateKind::Password, 1);
    assert!(matches!(store.propose(&nobody, None).await, Err(StoreError::NoAccount(_))));
    assert!(matches!(store.promote(nobody.id, None).await, Err(StoreError::NoCandidate(_))));
    let taken = candidate(&owner, CandidateKind::Password, 3);
    let refused = store.propose(&taken, None).await;
    assert!(matches!(refused, Err(StoreError::VersionTaken { version: 3, .. })));
}

pub(super) async fn racing_proposals(store: &Arc<dyn Store>) {
    let owner = add(store, "ledger/raced").await;
    let tries = (2..12).map(|version| {
        let (store, new) = (store.clone(), candidate(&owner, CandidateKind::Password, version));
        tokio::spawn(async move { store.propose(&new, None).await })
    });
    let results = futures::future::join_all(tries).await;
    let done = results.into_iter().filter(|result| result.as_ref().unwrap().is_ok()).count();
    assert_eq!(done, 1, "exactly one may be pending");
}

/// As in a branch of a `select!` that waits for another write: the first must not hold everybody's turn.
pub(super) async fn a_write_that_nobody_polls(store: &Arc<dyn Store>) {
    let new = new_try("unpolled/a");
    for _ in 0..3 {
        let first = store.begin_try(&new, None, None);
        tokio::pin!(first);
        assert!(futures::poll!(first.as_mut()).is_pending());
        store.begin_try(&new, None, None).await.unwrap();
    }
}

/// What the database allows is what the state machine says, for every state and transition.
pub(super) async fn the_machine(store: &Arc<dyn Store>) {
    let all = CandidateState::ALL.iter().flat_map(|state| [(*state, false), (*state, true)]);
    for (nth, (state, submitted)) in all.enumerate() {
        // To retire and to forget happen to others with it.
        for transition in [Transition::Submit, Transition::Promote, Transition::Reject] {
            let owner = add(store, &format!("machine/a{nth}-{transition}")).await;
            let new = candidate(&owner, CandidateKind::Password, 2);
            store.propose(&new, None).await.unwrap();
            if submitted {
                store.mark_submitted(new.id, None).await.unwrap();
            }
            let later = candidate(&owner, CandidateKind::Password, 3);
            match state {
                CandidateState::Pending => {}
                CandidateState::Rejected => store.reject(new.id, &never(), None).await.unwrap(),
                CandidateState::Current => store.promote(new.id, None).await.unwrap(),
                CandidateState::Previous => {
                    store.promote(new.id, None).await.unwrap();
                    store.propose(&later, None).await.unwrap();
                    store.promote(later.id, None).await.unwrap();
                }
            }
            let done = match transition {
                Transition::Submit => store.mark_submitted(new.id, None).await,
                Transition::Promote => store.promote(new.id, None).await,
                Transition::Reject => store.reject(new.id, &never(), None).await,
                Transition::Retire | Transition::Forget => unreachable!(),
            };
            let is = store.candidate(new.id).await.unwrap().unwrap();
            match transition.from(state, submitted) {
                Ok(to) => {
                    done.unwrap();
                    assert_eq!(is.state, to, "{transition} of {state}");
                }
                Err(_) => {
                    illegal(done, new.id, state);
                    assert_eq!(is.state, state);
                }
            }
            store.remove_account(&owner).await.unwrap();
        }
    }
}

pub(super) async fn retention(store: &Arc<dyn Store>) {
    let owner = add(store, "retention/a").await;
    let busy = add(store, "retention/busy").await;
    for owner in [&owner, &busy] {
        let second = candidate(owner, CandidateKind::Password, 2);
        store.propose(&second, None).await.unwrap();
        store.promote(second.id, None).await.unwrap();
        let third = candidate(owner, CandidateKind::Password, 3);
        store.propose(&third, None).await.unwrap();
        store.mark_submitted(third.id, None).await.unwrap();
        store.reject(third.id, &never(), None).await.unwrap();
    }
    store.propose(&candidate(&busy, CandidateKind::Password, 4), None).await.unwrap();
    store.forget(Timestamp::now() + LONG).await.unwrap();
    assert_eq!(store.forget(Timestamp::now() + LONG).await.unwrap(), 0, "once");
    let rows = store.candidates(&owner).await.unwrap();
    let kept: Vec<_> = rows.iter().map(|row| (row.state, row.sealed.is_empty())).collect();
    use CandidateState::{Current, Previous, Rejected};
    assert_eq!(kept, [(Rejected, true), (Current, false), (Previous, true)], "rows stay, secrets go");
    for row in &rows {
        if row.state != Current {
            illegal(store.promote(row.id, None).await, row.id, row.state);
        }
    }
    let rows = store.candidates(&busy).await.unwrap();
    assert!(rows.iter().all(|row| !row.sealed.is_empty()), "what is in doubt may need its past");
}

/// Whoever leaves a candidate in doubt, a reconciliation follows, once, and comes before the account's other jobs.
pub(super) async fn reconciliations(store: &Arc<dyn Store>) {
    let worker = WorkerId::new("reconciler");
    let owner = add(store, "doubt/a").await;
    let (claim, attempt) = begin(store, &owner, &worker).await;
    let new = NewCandidate { job: Some(claim.job.id), ..candidate(&owner, CandidateKind::Password, 2) };
    store.propose(&new, None).await.unwrap();
    store.mark_submitted(new.id, None).await.unwrap();
    assert_eq!(store.open_reconciliation(&owner).await.unwrap(), None, "its worker is still at it");
    let verdict = Verdict::new(Code::AnswerLost, "");
    store.end_attempt(attempt, &verdict, &Provenance::default(), None).await.unwrap();
    requeue(store, &claim, &verdict, Timestamp::now(), true).await;

    let owed = store.open_reconciliation(&owner).await.unwrap().unwrap();
    assert_eq!((owed.job.kind, owed.job.cause), (Kind::Reconcile, Some(new.id)));
    let other = job("doubt/a");
    store.submit(&other, None).await.unwrap();
    assert_eq!(store.claim_job(other.id, &worker, LONG).await.unwrap(), Claiming::AccountBusy);
    let first = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    assert_eq!(first.job.id, owed.job.id);
    assert_eq!(store.claim_next(&worker, LONG).await.unwrap(), None, "the others wait");
    finish(store, &first, Code::CredentialUncertain).await;
    assert_eq!(store.open_reconciliation(&owner).await.unwrap(), None, "a candidate causes one");
    assert_eq!(store.reconciliation_of(new.id).await.unwrap().unwrap().job.id, owed.job.id);
    let next = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    assert_eq!(next.job.id, claim.job.id);
    finish(store, &next, Code::CredentialUncertain).await;
    let last = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    finish(store, &last, Code::LoggedIn).await;
}
