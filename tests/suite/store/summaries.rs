//! What is to be seen of accounts, page by page.

use turnlock::store::AccountSummary;

use super::*;

async fn page(store: &Arc<dyn Store>, query: AccountQuery) -> Vec<AccountSummary> {
    store.summaries(&AccountQuery { app: Some("pages".to_owned()), ..query }).await.unwrap()
}

async fn of(store: &Arc<dyn Store>, account: &AccountRef) -> AccountSummary {
    let rows = page(store, AccountQuery::default()).await;
    rows.into_iter().find(|row| row.account.account == *account).unwrap()
}

async fn attempted(store: &Arc<dyn Store>, account: &AccountRef, kind: Kind, code: Code) {
    let new = NewAttempt { kind, ..beginning(account, Uuid::now_v7()) };
    store.start_attempt(&new, None).await.unwrap();
    store.end_attempt(new.id, &Verdict::new(code, ""), &Provenance::default(), None).await.unwrap();
}

pub(super) async fn accounts_by_page(store: &Arc<dyn Store>) {
    let names = ["pages/ann", "pages/ben", "pages/cat", "pages/dan", "pages/eve"];
    for name in names {
        add(store, name).await;
    }
    add(store, "elsewhere/ann").await;
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let rows =
            page(store, AccountQuery { limit: 2, after: after.take(), ..AccountQuery::default() }).await;
        seen.extend(rows.iter().map(|row| row.account.account.to_string()));
        let Some(last) = rows.last().filter(|_| rows.len() == 2) else { break };
        after = Some(last.account.account.clone());
    }
    assert_eq!(seen, names);
    let found = async |name: &str| {
        let query = AccountQuery { name: Some(name.to_owned()), ..AccountQuery::default() };
        page(store, query).await.into_iter().map(|row| row.account.account.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(
        (found("AN").await, found("%").await),
        (vec!["pages/ann".to_owned(), "pages/dan".to_owned()], vec![])
    );
}

pub(super) async fn what_is_known_of_an_account(store: &Arc<dyn Store>) {
    let account = add(store, "pages/fay").await;
    let fresh = of(store, &account).await;
    assert!(fresh.password_at.is_some() && !fresh.totp && !fresh.in_doubt && !fresh.refuted);
    assert_eq!((fresh.codes, fresh.shared, fresh.verified_at), (CodesLeft::None, 0, None));
    assert_eq!(fresh.password_job, None, "its owner gave it");

    // What a rehearsed recovery shows is no login; what a rehearsed change of the password shows is one.
    attempted(store, &account, Kind::Reconcile, Code::Rehearsed).await;
    assert_eq!(of(store, &account).await.verified_at, None);
    attempted(store, &account, Kind::ChangePassword, Code::Rehearsed).await;
    let first = of(store, &account).await.verified_at;
    assert!(first.is_some());
    attempted(store, &account, Kind::VerifyLogin, Code::BadCredentials).await;
    let refuted = of(store, &account).await;
    assert_eq!((refuted.refuted, refuted.verified_at), (true, first));
    attempted(store, &account, Kind::VerifyLogin, Code::AppUnreachable).await;
    assert!(of(store, &account).await.refuted, "what says nothing of them changes nothing");
    attempted(store, &account, Kind::VerifyLogin, Code::LoggedIn).await;
    assert!(!of(store, &account).await.refuted);

    let job = Uuid::now_v7();
    let password = NewCandidate { job: Some(job), ..candidate(&account, CandidateKind::Password, 2) };
    store.propose(&password, None).await.unwrap();
    assert!(!of(store, &account).await.in_doubt, "the app was not told of it");
    store.mark_submitted(password.id, None).await.unwrap();
    assert!(of(store, &account).await.in_doubt);
    store.promote(password.id, None).await.unwrap();
    let rotated = of(store, &account).await;
    assert_eq!((rotated.in_doubt, rotated.password_job), (false, Some(job)));

    let totp = candidate(&account, CandidateKind::Totp, 1);
    let codes = NewCandidate { codes: Some(8), ..candidate(&account, CandidateKind::RecoveryCodes, 1) };
    for new in [&totp, &codes] {
        store.propose(new, None).await.unwrap();
    }
    let pending = of(store, &account).await;
    assert_eq!((pending.totp, pending.codes), (false, CodesLeft::None), "neither is proved");
    for new in [&totp, &codes] {
        store.promote(new.id, None).await.unwrap();
    }
    let on = of(store, &account).await;
    assert_eq!((on.totp, on.codes), (true, CodesLeft::Counted(8)));
    let again = NewCandidate { codes: None, ..candidate(&account, CandidateKind::RecoveryCodes, 2) };
    store.propose(&again, None).await.unwrap();
    store.promote(again.id, None).await.unwrap();
    assert_eq!(of(store, &account).await.codes, CodesLeft::Uncounted);

    let token = NewToken {
        id: Uuid::now_v7(),
        name: "summaries".to_owned(),
        hash: vec![30; 32],
        scopes: vec![Scope::Read],
        only_shared: false,
        expires_at: None,
        created_by: None,
    };
    store.add_token(&token).await.unwrap();
    store.share(&account, "summaries", Role::Owner, "the test").await.unwrap();
    assert_eq!(of(store, &account).await.shared, 1);
    store.revoke_token("summaries").await.unwrap();
    assert_eq!(of(store, &account).await.shared, 0);
}

pub(super) async fn who_wants_a_human(store: &Arc<dyn Store>) {
    let before = store.wanting(None, 1).await.unwrap();
    let already =
        |code: Code| before.iter().find(|group| group.code == code).map_or(0, |group| group.accounts);
    let accounts = [add(store, "human/a").await, add(store, "human/b").await, add(store, "human/c").await];
    for account in &accounts {
        attempted(store, account, Kind::VerifyLogin, Code::OriginBlocked).await;
        attempted(store, account, Kind::VerifyLogin, Code::AccountLocked).await;
    }
    let of = async |code: Code, most: u32| {
        let groups = store.wanting(None, most).await.unwrap();
        let group = groups.into_iter().find(|group| group.code == code);
        group.map_or((0, Vec::new()), |group| {
            (group.accounts, group.newest.into_iter().map(|row| row.account).collect::<Vec<_>>())
        })
    };
    assert_eq!(of(Code::OriginBlocked, 10).await.0, already(Code::OriginBlocked), "others came after them");
    let (many, newest) = of(Code::AccountLocked, 2).await;
    assert_eq!(
        (many, newest),
        (already(Code::AccountLocked) + 3, vec![accounts[2].clone(), accounts[1].clone()])
    );
    // What is done about it counts, be it under way or done.
    start(store, &accounts[0], Uuid::now_v7()).await;
    attempted(store, &accounts[1], Kind::VerifyLogin, Code::LoggedIn).await;
    assert!(store.remove_account(&accounts[2]).await.unwrap());
    assert_eq!(of(Code::AccountLocked, 10).await.0, already(Code::AccountLocked));
    // Of one that was removed and added again, nothing is known.
    add(store, "human/c").await;
    assert_eq!(of(Code::AccountLocked, 10).await.0, already(Code::AccountLocked));

    // What was cancelled before it began came after it, too; and an attempt that ends late is not the newest any more.
    let account = add(store, "human/d").await;
    attempted(store, &account, Kind::VerifyLogin, Code::AccountLocked).await;
    assert_eq!(of(Code::AccountLocked, 10).await.0, already(Code::AccountLocked) + 1);
    let queued = Job::new(Kind::VerifyLogin, account.clone());
    let late = start(store, &account, Uuid::now_v7()).await;
    assert_eq!(of(Code::AccountLocked, 10).await.0, already(Code::AccountLocked));
    store.submit(&queued, None).await.unwrap();
    store.cancel(queued.id, &Verdict::new(Code::Cancelled, "")).await.unwrap();
    let locked = Verdict::new(Code::AccountLocked, "");
    store.end_attempt(late, &locked, &Provenance::default(), None).await.unwrap();
    assert_eq!(of(Code::AccountLocked, 10).await.0, already(Code::AccountLocked));
    attempted(store, &account, Kind::VerifyLogin, Code::AccountLocked).await;
    assert_eq!(of(Code::AccountLocked, 10).await.0, already(Code::AccountLocked) + 1);
    store.remove_account(&account).await.unwrap();
    assert_eq!(of(Code::AccountLocked, 10).await.0, already(Code::AccountLocked));
}

/// Whatever a job ends with: who has to act is shown, and nobody else.
pub(super) async fn what_calls_a_person(store: &Arc<dyn Store>) {
    let groups = async || store.wanting(None, 1000).await.unwrap();
    let wants = async |account: &AccountRef| {
        let all = groups().await;
        let found = all.into_iter().find(|group| group.newest.iter().any(|row| row.account == *account));
        found.map(|group| group.code)
    };
    for code in Code::ALL.iter().copied() {
        let account = add(store, &format!("calls/{code}")).await;
        let job = Job::new(Kind::VerifyLogin, account.clone());
        let verdict = Verdict::new(code, "");
        // As long as it is tried again by itself, it calls nobody; with its last try it may.
        let again = Next::Again { at: Timestamp::now(), counts: true };
        store.submit(&job, None).await.unwrap();
        let tries = match verdict.outcome {
            Outcome::RetryLater | Outcome::Unknown | Outcome::Interrupted => vec![again, Next::Ended],
            _ => vec![Next::Ended],
        };
        for next in tries {
            let worker = WorkerId::new("w");
            let Claiming::Claimed(claim) = store.claim_job(job.id, &worker, LONG).await.unwrap() else {
                panic!("{account} is free")
            };
            let attempt = NewAttempt { number: claim.attempt, ..beginning(&account, job.id) };
            store.start_attempt(&attempt, None).await.unwrap();
            assert_eq!(wants(&account).await, None, "{code} is tried");
            let ending = Ending {
                attempt: attempt.id,
                verdict: verdict.clone(),
                provenance: Provenance::default(),
                next,
            };
            store.end(&claim, &ending).await.unwrap();
            let called = next == Next::Ended && verdict.calls_a_person();
            assert_eq!(wants(&account).await, Some(code).filter(|_| called), "{code}, {next:?}");
        }
        attempted(store, &account, Kind::VerifyLogin, Code::LoggedIn).await;
        assert_eq!(wants(&account).await, None, "{code} was put right");
        store.remove_account(&account).await.unwrap();
    }
    // Who asked that it be cancelled has no use for what it ended with.
    let account = add(store, "calls/cancelled").await;
    let (claim, attempt) = begin(store, &account, &WorkerId::new("w")).await;
    store.cancel(claim.job.id, &Verdict::new(Code::Cancelled, "")).await.unwrap();
    let verdict = Verdict::new(Code::AppUnreachable, "");
    let ending = Ending { attempt, verdict, provenance: Provenance::default(), next: Next::Ended };
    store.end(&claim, &ending).await.unwrap();
    assert_eq!(wants(&account).await, None);
    // That an account is missing is what somebody has to see to, until there is something newer.
    let missing: AccountRef = "calls/missing".parse().unwrap();
    attempted(store, &missing, Kind::VerifyLogin, Code::UnknownAccount).await;
    assert_eq!(wants(&missing).await, Some(Code::UnknownAccount));
    attempted(store, &missing, Kind::VerifyLogin, Code::BadCredentials).await;
    assert_eq!(wants(&missing).await, None, "it has gone");
    attempted(store, &missing, Kind::VerifyLogin, Code::UnknownAccount).await;
    add(store, "calls/missing").await;
    attempted(store, &missing, Kind::VerifyLogin, Code::LoggedIn).await;
    assert_eq!(wants(&missing).await, None);
}
