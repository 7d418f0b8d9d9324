//! What every store must do, as one suite over `Arc<dyn Store>`; and what only the SQLite one can get wrong.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::{Connection, Executor, SqliteConnection};
use turnlock::job::{AccountRef, Code, Job, Kind, Outcome, Verdict};
use turnlock::store::{
    AccountEntry, AttemptRow, Begun, Cancelling, Candidate, CandidateKind, CandidateState, Claim, Claiming,
    Disproof, JobState, Limit, LogQuery, NewAttempt, NewCandidate, NewTry, Provenance, SqliteStore, Step,
    StepResult, Store, StoreError, Submitted, Transition, TryResult, WorkerId,
};
use uuid::Uuid;

const LONG: Duration = Duration::from_secs(600);

#[tokio::test]
async fn sqlite_conforms() {
    let folder = tempfile::tempdir().unwrap();
    conform(turnlock::store::open(&format!("sqlite:{}", file(&folder).display())).await.unwrap()).await;
}

/// Everything that holds for every store. Each part uses accounts of its own.
async fn conform(store: Arc<dyn Store>) {
    accounts(&store).await;
    the_ledger(&store).await;
    the_machine(&store).await;
    retention(&store).await;
    reconciliations(&store).await;
    racing_proposals(&store).await;
    a_write_that_nobody_polls(&store).await;
    totp_steps(&store).await;
    the_budget(&store).await;
    leases(&store).await;
    fences(&store).await;
    an_expired_lease(&store).await;
    jobs_in_order(&store).await;
    one_account_one_job(&store).await;
    racing_claims(&store).await;
    retries_and_endings(&store).await;
    cancelling(&store).await;
    recovery(&store).await;
    the_log(&store).await;
    removal(&store).await;
}

async fn accounts(store: &Arc<dyn Store>) {
    let alice = add(store, "shop/alice").await;
    let bob = account("shop/bob");
    let found = store.account(&alice).await.unwrap().unwrap();
    assert_eq!(found.username, "alice");
    assert_eq!(store.account(&bob).await.unwrap(), None);

    let with = |address: &str| AccountEntry {
        account: alice.clone(),
        username: "alice2".to_owned(),
        address: Some(address.to_owned()),
    };
    store.put_account(&with("Alice@example.test"), &[]).await.unwrap();
    let without = AccountEntry { address: None, ..with("") };
    store.put_account(&without, &[]).await.unwrap();
    let found = store.account_by_address("alice@EXAMPLE.test").await.unwrap().unwrap();
    assert_eq!((found.account.clone(), found.username.as_str()), (alice.clone(), "alice2"));
    assert_eq!(found.created_at, store.account(&alice).await.unwrap().unwrap().created_at);

    let thief = AccountEntry { account: bob.clone(), ..with("ALICE@example.test") };
    let refused = store.put_account(&thief, &[candidate(&bob, CandidateKind::Password, 1)]).await;
    assert!(matches!(refused, Err(StoreError::AddressTaken { owner, .. }) if owner == alice));
    assert_eq!(store.account(&bob).await.unwrap(), None, "nothing of it was written");

    store.note_mfa(&alice, Some("on, by TOTP")).await.unwrap();
    assert_eq!(store.account(&alice).await.unwrap().unwrap().mfa_note.as_deref(), Some("on, by TOTP"));
    assert!(matches!(store.note_mfa(&bob, None).await, Err(StoreError::NoAccount(_))));

    add(store, "other/alice").await;
    let names = |list: Vec<turnlock::store::Account>| {
        list.iter().map(|account| account.account.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(store.accounts(Some("shop")).await.unwrap()), ["shop/alice"]);
    assert_eq!(names(store.accounts(None).await.unwrap()), ["other/alice", "shop/alice"]);
}

async fn the_ledger(store: &Arc<dyn Store>) {
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

async fn racing_proposals(store: &Arc<dyn Store>) {
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
async fn a_write_that_nobody_polls(store: &Arc<dyn Store>) {
    let new = new_try("unpolled/a");
    for _ in 0..3 {
        let first = store.begin_try(&new, None, None);
        tokio::pin!(first);
        assert!(futures::poll!(first.as_mut()).is_pending());
        store.begin_try(&new, None, None).await.unwrap();
    }
}

async fn totp_steps(store: &Arc<dyn Store>) {
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

async fn the_budget(store: &Arc<dyn Store>) {
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
    end(first, TryResult::NotSent, false).await;
    assert_eq!(spent().await, 0);
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

fn new_try(name: &str) -> NewTry {
    NewTry { account: account(name), job: Uuid::now_v7(), flow: "login", password: None, totp: None }
}

fn never() -> Disproof {
    Disproof::NeverSubmitted { opened: "current password".to_owned() }
}

/// What the database allows is what the state machine says, for every state and transition.
async fn the_machine(store: &Arc<dyn Store>) {
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

async fn retention(store: &Arc<dyn Store>) {
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
async fn reconciliations(store: &Arc<dyn Store>) {
    let worker = WorkerId::new("reconciler");
    let owner = add(store, "doubt/a").await;
    let (claim, attempt) = begin(store, &owner, &worker).await;
    let new = NewCandidate { job: Some(claim.job.id), ..candidate(&owner, CandidateKind::Password, 2) };
    store.propose(&new, None).await.unwrap();
    store.mark_submitted(new.id, None).await.unwrap();
    assert_eq!(store.open_reconciliation(&owner).await.unwrap(), None, "its worker is still at it");
    let verdict = Verdict::new(Code::AnswerLost, "");
    store.end_attempt(attempt, &verdict, &Provenance::default(), None).await.unwrap();
    store.requeue(&claim, Timestamp::now(), true, Some(&verdict)).await.unwrap();

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

async fn leases(store: &Arc<dyn Store>) {
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

async fn fences(store: &Arc<dyn Store>) {
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
    let attempt = start(store, &owner, Uuid::now_v7()).await;
    let verdict = Verdict::new(Code::LoggedIn, "");
    lost(store.end_attempt(attempt, &verdict, &Provenance::default(), Some(&stale.fence())).await.map(drop));
    store.promote(new.id, Some(&fresh.fence())).await.unwrap();
    store.release(&fresh).await.unwrap();
    lost(store.propose(&candidate(&owner, CandidateKind::Password, 3), Some(&fresh.fence())).await);
}

/// A worker that was paused past its lease writes nothing, also when nobody else has come meanwhile.
async fn an_expired_lease(store: &Arc<dyn Store>) {
    let owner = add(store, "fences/expired").await;
    let lease = store.acquire(&owner, &WorkerId::new("paused"), Duration::ZERO).await.unwrap().unwrap();
    let refused = store.propose(&candidate(&owner, CandidateKind::Password, 2), Some(&lease.fence())).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost(_))), "{refused:?}");
    assert_eq!(store.renew(&lease, LONG).await.unwrap(), None);
}

async fn jobs_in_order(store: &Arc<dyn Store>) {
    let worker = WorkerId::new("in-order");
    let mut job = job("order/a");
    job.requested_by = Some("a test".to_owned());
    job.evidence = true;
    assert_eq!(store.submit(&job, None).await.unwrap(), Submitted::New);
    assert_eq!(store.submit(&job, None).await.unwrap(), Submitted::Already);
    let other = Job { kind: Kind::ChangePassword, ..job.clone() };
    assert!(matches!(store.submit(&other, None).await, Err(StoreError::OtherJob { .. })));
    let later = self::job("order/b");
    store.submit(&later, Some(Timestamp::now() + LONG)).await.unwrap();
    let second = self::job("order/c");
    store.submit(&second, None).await.unwrap();

    let claim = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    assert_eq!(claim.job.id, job.id);
    assert_eq!((claim.attempt, claim.tries), (1, 0));
    assert_eq!(claim.job.requested_by, job.requested_by);
    assert!(claim.job.evidence);
    assert_eq!(claim.job.deadline, job.deadline);
    let next = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    assert_eq!(next.job.id, second.id);
    assert_eq!(store.claim_next(&worker, LONG).await.unwrap(), None, "the third is not due");
    assert_eq!(store.waiting_and_running().await.unwrap(), (1, 2));

    let Claiming::Claimed(third) = store.claim_job(later.id, &worker, LONG).await.unwrap() else { panic!() };
    assert_eq!(store.claim_job(later.id, &worker, LONG).await.unwrap(), Claiming::NotQueued);
    for claim in [claim, next, *third] {
        finish(store, &claim, Code::LoggedIn).await;
    }
    assert!(matches!(store.claim_job(Uuid::now_v7(), &worker, LONG).await, Err(StoreError::NoJob(_))));
}

async fn one_account_one_job(store: &Arc<dyn Store>) {
    let worker = WorkerId::new("exclusive");
    let (first, second) = (job("exclusive/a"), job("exclusive/a"));
    store.submit(&first, None).await.unwrap();
    store.submit(&second, None).await.unwrap();
    let claim = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    assert_eq!(store.claim_next(&worker, LONG).await.unwrap(), None);
    assert_eq!(store.claim_job(second.id, &worker, LONG).await.unwrap(), Claiming::AccountBusy);
    finish(store, &claim, Code::LoggedIn).await;

    // A lease holds the account too, whoever has it.
    let lease = store.acquire(&second.account, &WorkerId::new("other"), LONG).await.unwrap().unwrap();
    assert_eq!(store.claim_next(&worker, LONG).await.unwrap(), None);
    store.release(&lease).await.unwrap();
    let claim = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    assert_eq!(claim.job.id, second.id);
    finish(store, &claim, Code::LoggedIn).await;
}

async fn racing_claims(store: &Arc<dyn Store>) {
    for number in 0..20 {
        store.submit(&job(&format!("race/a{}", number % 4)), None).await.unwrap();
    }
    let racers = (0..10).map(|number| {
        let store = store.clone();
        tokio::spawn(async move {
            store.claim_next(&WorkerId::new(format!("racer-{number}")), LONG).await.unwrap()
        })
    });
    let claims: Vec<Claim> =
        futures::future::join_all(racers).await.into_iter().filter_map(|claim| claim.unwrap()).collect();
    let mut accounts: Vec<_> = claims.iter().map(|claim| claim.job.account.clone()).collect();
    accounts.sort();
    accounts.dedup();
    assert_eq!((claims.len(), accounts.len()), (4, 4), "a job for each account, and no more");

    let mut left = claims;
    let mut ended = 0;
    while let Some(claim) = left.pop() {
        finish(store, &claim, Code::LoggedIn).await;
        ended += 1;
        left.extend(store.claim_next(&claim.worker, LONG).await.unwrap());
    }
    assert_eq!(ended, 20);
}

async fn retries_and_endings(store: &Arc<dyn Store>) {
    let worker = WorkerId::new("retries");
    let job = job("retries/a");
    store.submit(&job, None).await.unwrap();
    let claim = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    assert!(!store.heartbeat(&claim, LONG).await.unwrap());
    let verdict = Verdict::new(Code::AppError, "500");
    store.requeue(&claim, Timestamp::now(), true, Some(&verdict)).await.unwrap();
    let row = store.job(job.id).await.unwrap().unwrap();
    assert_eq!((row.state, row.attempts, row.tries), (JobState::Queued, 1, 1));
    assert_eq!((row.outcome, row.code), (Some(Outcome::RetryLater), Some(Code::AppError)));
    // The old claim is worth nothing now.
    claim_lost(store.heartbeat(&claim, LONG).await);
    claim_lost(store.finish(&claim, &verdict).await);
    claim_lost(store.requeue(&claim, Timestamp::now(), true, None).await);
    claim_lost(store.put_back(&claim, Timestamp::now()).await);

    let again = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    assert_eq!((again.attempt, again.tries), (2, 1));
    assert!(again.token > claim.token);
    store.put_back(&again, Timestamp::now()).await.unwrap();
    let again = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    assert_eq!((again.attempt, again.tries), (2, 1), "a job that was put back was not begun");
    store.requeue(&again, Timestamp::now(), false, None).await.unwrap();
    let again = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    assert_eq!((again.attempt, again.tries), (3, 1), "an interrupted attempt does not count");

    finish(store, &again, Code::LoggedIn).await;
    let row = store.job(job.id).await.unwrap().unwrap();
    assert!(row.has_ended() && row.finished_at.is_some() && row.worker.is_none());
    assert_eq!((row.state, row.outcome), (JobState::Finished, Some(Outcome::Succeeded)));
    claim_lost(store.heartbeat(&again, LONG).await);
    assert_eq!(store.claim_next(&worker, LONG).await.unwrap(), None);
}

async fn cancelling(store: &Arc<dyn Store>) {
    let worker = WorkerId::new("cancelling");
    let (queued, running) = (job("cancel/a"), job("cancel/b"));
    store.submit(&queued, None).await.unwrap();
    assert_eq!(store.cancel(queued.id).await.unwrap(), Cancelling::Cancelled);
    assert_eq!(store.cancel(queued.id).await.unwrap(), Cancelling::Ended);
    assert_eq!(store.job(queued.id).await.unwrap().unwrap().state, JobState::Cancelled);
    assert_eq!(store.claim_next(&worker, LONG).await.unwrap(), None);

    store.submit(&running, None).await.unwrap();
    let claim = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    assert_eq!(store.cancel(running.id).await.unwrap(), Cancelling::Asked);
    assert!(store.heartbeat(&claim, LONG).await.unwrap(), "its worker hears of it");
    finish(store, &claim, Code::Cancelled).await;
    assert_eq!(store.job(running.id).await.unwrap().unwrap().state, JobState::Cancelled);
    assert!(matches!(store.cancel(Uuid::now_v7()).await, Err(StoreError::NoJob(_))));
}

async fn recovery(store: &Arc<dyn Store>) {
    let dead = WorkerId::new("dead");
    let is_dead = |worker: &WorkerId| worker.as_str() == "dead";
    let nobody = |_: &WorkerId| false;

    // A worker that died before its commit step.
    let before = add(store, "recovery/before").await;
    let (claim, attempt) = begin(store, &before, &dead).await;
    let lease = store.acquire(&before, &dead, LONG).await.unwrap().unwrap();
    assert_eq!(store.recover(&nobody).await.unwrap(), Vec::<Uuid>::new());
    assert_eq!(store.recover(&is_dead).await.unwrap(), [claim.job.id]);
    ended_as(store, attempt, Outcome::Interrupted, Code::WorkerStopped).await;
    assert_eq!(store.renew(&lease, LONG).await.unwrap(), None);
    claim_lost(store.heartbeat(&claim, LONG).await);
    let row = store.job(claim.job.id).await.unwrap().unwrap();
    assert_eq!((row.state, row.tries), (JobState::Queued, 0));
    let again = store.claim_next(&WorkerId::new("alive"), LONG).await.unwrap().unwrap();
    finish(store, &again, Code::LoggedIn).await;
    assert_eq!(store.recover(&is_dead).await.unwrap(), Vec::<Uuid>::new());

    // One that died behind it.
    let behind = add(store, "recovery/behind").await;
    let (claim, attempt) = begin(store, &behind, &dead).await;
    let new = NewCandidate { job: Some(claim.job.id), ..candidate(&behind, CandidateKind::Password, 2) };
    store.propose(&new, None).await.unwrap();
    store.mark_submitted(new.id, None).await.unwrap();
    store.recover(&is_dead).await.unwrap();
    ended_as(store, attempt, Outcome::Unknown, Code::AnswerLost).await;
    let row = store.job(claim.job.id).await.unwrap().unwrap();
    assert_eq!((row.state, row.tries), (JobState::Queued, 1));
    for _ in 0..2 {
        let again = store.claim_next(&WorkerId::new("alive"), LONG).await.unwrap().unwrap();
        if again.job.kind == Kind::Reconcile {
            store.promote(new.id, None).await.unwrap();
        }
        finish(store, &again, Code::PasswordChanged).await;
    }

    // One that died when all was done but the note that the job has ended: it is not done twice.
    let done = add(store, "recovery/done").await;
    let (claim, attempt) = begin(store, &done, &dead).await;
    let verdict = Verdict::new(Code::PasswordChanged, "");
    store.end_attempt(attempt, &verdict, &Provenance::default(), None).await.unwrap();
    store.recover(&is_dead).await.unwrap();
    let row = store.job(claim.job.id).await.unwrap().unwrap();
    assert_eq!((row.state, row.code), (JobState::Finished, Some(Code::PasswordChanged)));

    // One that nobody can tell dead: its claim expires.
    let silent = add(store, "recovery/silent").await;
    let (claim, attempt) = begin(store, &silent, &WorkerId::new("elsewhere")).await;
    store.cancel(claim.job.id).await.unwrap();
    store.heartbeat(&claim, Duration::ZERO).await.unwrap();
    assert_eq!(store.recover(&nobody).await.unwrap(), [claim.job.id]);
    ended_as(store, attempt, Outcome::Interrupted, Code::WorkerStopped).await;
    let row = store.job(claim.job.id).await.unwrap().unwrap();
    assert_eq!(row.state, JobState::Cancelled, "somebody wanted it cancelled");
}

async fn the_log(store: &Arc<dyn Store>) {
    let cursor = store.log_cursor().await.unwrap();
    let owner = account("log/a");
    let ids: Vec<Uuid> =
        futures::future::join_all((0..5).map(|_| start(store, &owner, Uuid::now_v7()))).await;
    let attempt = ids[0];
    let now = Timestamp::now();
    let step = |seq, result: Option<StepResult>| Step {
        seq,
        id: format!("login.{seq}"),
        summary: "click button Sign in".to_owned(),
        started_at: Timestamp::from_millisecond(now.as_millisecond()).unwrap(),
        duration: result.is_some().then_some(Duration::from_millis(7)),
        result,
        detail: result.map(|_| "as expected".to_owned()),
    };
    store.write_steps(attempt, &[step(1, None)], None).await.unwrap();
    assert_eq!(store.log_steps(attempt).await.unwrap(), [step(1, None)]);
    let rest = [step(1, Some(StepResult::Ok)), step(2, None), step(2, Some(StepResult::Failed))];
    store.write_steps(attempt, &rest, None).await.unwrap();
    let written = [step(1, Some(StepResult::Ok)), step(2, Some(StepResult::Failed))];
    assert_eq!(store.log_steps(attempt).await.unwrap(), written);

    let with = Provenance {
        playbook: Some("acme".to_owned()),
        playbook_hash: Some("00ff".to_owned()),
        browser_version: Some("Chromium 1".to_owned()),
        evidence: Some(PathBuf::from("evidence/1")),
    };
    let verdict = Verdict::new(Code::BadCredentials, "the app said no");
    let row = store.end_attempt(attempt, &verdict, &with, None).await.unwrap();
    assert_eq!(row.verdict.as_ref(), Some(&verdict));
    assert_eq!(row.provenance, with);
    assert_eq!(row.user_action.as_deref(), Some(Code::BadCredentials.user_action()));
    assert!(row.ended_at.is_some() && row.duration.is_some());
    assert_eq!(store.attempt(attempt).await.unwrap(), Some(row.clone()));

    // Append-only: what has ended stays as it is.
    let ended = |result: StoreError| assert!(matches!(result, StoreError::AttemptEnded(id) if id == attempt));
    ended(store.end_attempt(attempt, &Verdict::new(Code::LoggedIn, ""), &with, None).await.unwrap_err());
    ended(store.write_steps(attempt, &[step(3, None)], None).await.unwrap_err());
    assert_eq!(store.attempt(attempt).await.unwrap(), Some(row));
    assert_eq!(store.log_steps(attempt).await.unwrap(), written);
    let missing = store.write_steps(Uuid::now_v7(), &[step(1, None)], None).await;
    assert!(matches!(missing, Err(StoreError::NoAttempt(_))));

    // Newest first, page by page.
    let query = LogQuery { account: Some(owner.clone()), limit: 2, ..LogQuery::default() };
    let mut pages = Vec::new();
    let mut before = None;
    loop {
        let page = store.log(&LogQuery { before, ..query.clone() }).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.seq);
        pages.push(page.iter().map(|row| row.id).collect::<Vec<_>>());
    }
    let mut newest_first: Vec<AttemptRow> = Vec::new();
    for id in &ids {
        newest_first.push(store.attempt(*id).await.unwrap().unwrap());
    }
    newest_first.sort_by_key(|row| std::cmp::Reverse(row.seq));
    assert_eq!(pages.concat(), newest_first.iter().map(|row| row.id).collect::<Vec<_>>());
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);

    // Each condition narrows.
    let count = async |query: LogQuery| store.log(&query).await.unwrap().len();
    let all = LogQuery { app: Some("log".to_owned()), ..LogQuery::default() };
    assert_eq!(count(all.clone()).await, 5);
    assert_eq!(count(LogQuery { outcome: Some(Outcome::Rejected), ..all.clone() }).await, 1);
    assert_eq!(count(LogQuery { outcome: Some(Outcome::Succeeded), ..all.clone() }).await, 0);
    assert_eq!(count(LogQuery { job: Some(newest_first[0].job), ..all.clone() }).await, 1);
    assert_eq!(count(LogQuery { since: Some(Timestamp::now() + LONG), ..all.clone() }).await, 0);
    assert_eq!(count(LogQuery { app: Some("log2".to_owned()), ..all }).await, 0);

    // Whoever follows sees each beginning and each end, once.
    let changes = store.log_changes(cursor, 100).await.unwrap();
    assert_eq!(changes.len(), 5);
    assert_eq!(changes.last().unwrap().id, attempt, "it ended last");
    let cursor = changes.last().unwrap().changed;
    assert_eq!(store.log_cursor().await.unwrap(), cursor);
    assert_eq!(store.log_changes(cursor, 100).await.unwrap(), []);
    store.end_attempt(ids[1], &verdict, &Provenance::default(), None).await.unwrap();
    assert_eq!(store.log_changes(cursor, 100).await.unwrap()[0].id, ids[1]);
}

async fn removal(store: &Arc<dyn Store>) {
    let owner = add(store, "removal/a").await;
    let (claim, attempt) = begin(store, &owner, &WorkerId::new("busy")).await;
    let waiting = Job { account: owner.clone(), ..job("removal/a") };
    store.submit(&waiting, None).await.unwrap();
    assert!(matches!(store.remove_account(&owner).await, Err(StoreError::AccountBusy(_))));
    finish(store, &claim, Code::LoggedIn).await;

    let totp = candidate(&owner, CandidateKind::Totp, 1);
    store.propose(&totp, None).await.unwrap();
    store.claim_totp_step(&owner, totp.id, 1, None).await.unwrap();
    assert!(store.remove_account(&owner).await.unwrap());
    assert!(!store.remove_account(&owner).await.unwrap());
    assert_eq!(store.account(&owner).await.unwrap(), None);
    assert_eq!(store.candidates(&owner).await.unwrap(), []);
    assert_eq!(store.job(waiting.id).await.unwrap().unwrap().state, JobState::Cancelled);
    assert!(store.attempt(attempt).await.unwrap().is_some(), "the log stays");
}

// What only the SQLite store can get wrong.

#[tokio::test]
async fn the_file_is_private_and_so_are_its_companions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/turnlock.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let store: Arc<dyn Store> = Arc::new(store);
    add(&store, "acme/alice").await;
    let mut seen = 0;
    for entry in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
        seen += 1;
    }
    assert!(seen >= 2, "the write-ahead log was looked at too");
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(file(&folder)).await.unwrap();
    let job = job("acme/alice");
    turnlock::store::Jobs::submit(&store, &job, None).await.unwrap();
    store.close().await;
    let again = open(&folder).await;
    assert_eq!(again.job(job.id).await.unwrap().unwrap().state, JobState::Queued);
}

#[tokio::test]
async fn two_that_start_at_once_do_not_get_in_each_others_way() {
    let folder = tempfile::tempdir().unwrap();
    let opened = (0..8).map(|_| {
        let path = file(&folder);
        tokio::spawn(async move { SqliteStore::open(path).await.map(|_| ()) })
    });
    for result in futures::future::join_all(opened).await {
        result.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = "dear diary, ".repeat(100);
    std::fs::write(file(&folder), &text).unwrap();
    let refused = SqliteStore::open(file(&folder)).await.err().unwrap();
    assert!(matches!(refused, StoreError::NotADatabase { .. }), "{refused}");
    assert_eq!(std::fs::read_to_string(file(&folder)).unwrap(), text);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was left beside it");
}

#[tokio::test]
async fn the_database_of_another_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut other = raw(&file(&folder)).await;
    other.execute("CREATE TABLE photos (id INTEGER)").await.unwrap();
    other.close().await.unwrap();
    let before = std::fs::read(file(&folder)).unwrap();
    let refused = SqliteStore::open(file(&folder)).await.err().unwrap();
    assert!(matches!(refused, StoreError::NotOurs { .. }), "{refused}");
    assert_eq!(std::fs::read(file(&folder)).unwrap(), before);
}

#[tokio::test]
async fn a_newer_database_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    SqliteStore::open(file(&folder)).await.unwrap().close().await;
    raw(&file(&folder)).await.execute("PRAGMA user_version = 4000").await.unwrap();
    let refused = SqliteStore::open(file(&folder)).await.err().unwrap();
    assert!(matches!(refused, StoreError::TooNew { found: 4000, .. }), "{refused}");
}

#[tokio::test]
async fn a_folder_and_a_wrong_url_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let refused = SqliteStore::open(folder.path()).await.err().unwrap();
    assert!(matches!(&refused, StoreError::CannotOpen { path, .. } if path == folder.path()), "{refused}");
    let refused = turnlock::store::open("mysql://root:hunter2@host/db").await.err().unwrap().to_string();
    assert!(refused.contains("mysql://") && !refused.contains("hunter2"), "{refused}");
    assert!(matches!(turnlock::store::open("sqlite:").await, Err(StoreError::BadUrl(_))));
}

#[tokio::test]
async fn a_writer_waits_for_another_process() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let mut other = raw(&file(&folder)).await;
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let waiting = {
        let store = store.clone();
        tokio::spawn(async move { store.submit(&job("acme/alice"), None).await })
    };
    // Readers are not held up meanwhile.
    assert_eq!(store.accounts(None).await.unwrap(), []);
    assert!(!waiting.is_finished());
    other.execute("COMMIT").await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap(), Submitted::New);
}

/// The promises hold for whoever opens the file, not only for this program.
#[tokio::test]
async fn the_database_itself_guards_ledger_and_log() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let owner = add(&store, "acme/alice").await;
    let (claim, attempt) = begin(&store, &owner, &WorkerId::new("w")).await;
    let new = candidate(&owner, CandidateKind::Password, 2);
    store.propose(&new, None).await.unwrap();
    store.reject(new.id, &never(), None).await.unwrap();
    store
        .end_attempt(attempt, &Verdict::new(Code::LoggedIn, ""), &Provenance::default(), None)
        .await
        .unwrap();
    finish(&store, &claim, Code::LoggedIn).await;

    let mut vandal = raw(&file(&folder)).await;
    vandal.execute("UPDATE accounts SET mfa_note = 'what is not guarded can be written'").await.unwrap();
    for sql in [
        "UPDATE candidates SET state = 'current' WHERE state = 'rejected'",
        "UPDATE candidates SET state = 'pending' WHERE state = 'current'",
        "UPDATE candidates SET state = 'rejected' WHERE state = 'current'",
        "UPDATE candidates SET sealed = x'00'",
        "UPDATE candidates SET account = 'acme/bob'",
        "DELETE FROM candidates",
        "UPDATE automation_log SET message = 'all is well'",
        "UPDATE automation_log SET outcome = NULL",
        "DELETE FROM automation_log",
        "INSERT INTO automation_step (attempt, seq, step, summary, started_at)
         SELECT id, 1, 'login.1', '', 0 FROM automation_log",
    ] {
        assert!(vandal.execute(sql).await.is_err(), "{sql}");
    }
}

// Helpers.

fn file(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("turnlock.db")
}

async fn open(folder: &tempfile::TempDir) -> Arc<dyn Store> {
    Arc::new(SqliteStore::open(file(folder)).await.unwrap())
}

async fn raw(path: &Path) -> SqliteConnection {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
    SqliteConnection::connect_with(&options).await.unwrap()
}

fn account(name: &str) -> AccountRef {
    name.parse().unwrap()
}

fn job(name: &str) -> Job {
    Job::new(Kind::VerifyLogin, account(name))
}

fn candidate(account: &AccountRef, kind: CandidateKind, version: u32) -> NewCandidate {
    let sealed = vec![u8::try_from(version).unwrap(); 60];
    NewCandidate { id: Uuid::now_v7(), account: account.clone(), kind, version, sealed, job: None }
}

/// Adds an account with a password.
async fn add(store: &Arc<dyn Store>, name: &str) -> AccountRef {
    let account = account(name);
    let entry = AccountEntry { account: account.clone(), username: account.name().to_owned(), address: None };
    store.put_account(&entry, &[candidate(&account, CandidateKind::Password, 1)]).await.unwrap();
    account
}

async fn states(store: &Arc<dyn Store>, account: &AccountRef) -> Vec<CandidateState> {
    store.candidates(account).await.unwrap().iter().map(|row: &Candidate| row.state).collect()
}

async fn start(store: &Arc<dyn Store>, account: &AccountRef, job: Uuid) -> Uuid {
    let id = Uuid::now_v7();
    let new = NewAttempt {
        id,
        job,
        kind: Kind::VerifyLogin,
        account: account.clone(),
        number: 1,
        worker: WorkerId::new("w"),
        queued_at: Timestamp::now(),
        started_at: Timestamp::now(),
    };
    store.start_attempt(&new).await.unwrap();
    id
}

/// A worker claims a job and begins its first attempt.
async fn begin(store: &Arc<dyn Store>, account: &AccountRef, worker: &WorkerId) -> (Claim, Uuid) {
    let job = Job::new(Kind::ChangePassword, account.clone());
    store.submit(&job, None).await.unwrap();
    let claim = store.claim_next(worker, LONG).await.unwrap().unwrap();
    assert_eq!(claim.job.id, job.id);
    let attempt = start(store, account, job.id).await;
    (claim, attempt)
}

async fn finish(store: &Arc<dyn Store>, claim: &Claim, code: Code) {
    store.finish(claim, &Verdict::new(code, "")).await.unwrap();
}

async fn ended_as(store: &Arc<dyn Store>, attempt: Uuid, outcome: Outcome, code: Code) {
    let verdict = store.attempt(attempt).await.unwrap().unwrap().verdict.unwrap();
    assert_eq!((verdict.outcome, verdict.code), (outcome, code));
}

fn claim_lost<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::ClaimLost(_))), "{result:?}");
}

fn illegal(result: Result<(), StoreError>, id: Uuid, from: CandidateState) {
    match result {
        Err(StoreError::IllegalTransition { candidate, from: was, .. }) => {
            assert_eq!((candidate, was), (id, from));
        }
        other => panic!("{other:?}"),
    }
}
