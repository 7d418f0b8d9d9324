//! Tokens, sessions and the audit.

use super::*;

fn token(name: &str, hash: u8, expires_at: Option<Timestamp>) -> NewToken {
    NewToken {
        id: Uuid::now_v7(),
        name: name.to_owned(),
        hash: vec![hash; 32],
        scopes: vec![Scope::Read, Scope::Operate],
        only_shared: false,
        expires_at,
        created_by: Some("the test".to_owned()),
    }
}

pub(super) async fn tokens_and_sessions(store: &Arc<dyn Store>) {
    let now = Timestamp::from_millisecond(Timestamp::now().as_millisecond()).unwrap();
    let (day, before) = (jiff::SignedDuration::from_hours(24), Timestamp::UNIX_EPOCH);
    let (first, brief) = (token("first", 1, None), token("brief", 2, Some(now + day)));
    for new in [&first, &brief] {
        store.add_token(new).await.unwrap();
    }
    let taken = store.add_token(&token("first", 3, None)).await.unwrap_err();
    assert!(matches!(taken, StoreError::NameTaken(name) if name == "first"));

    let row = store.token_by_hash(&[2; 32]).await.unwrap().unwrap();
    assert_eq!((&row.token, row.last_used_at, row.revoked_at), (&brief, None, None));
    assert!(row.is_valid(now) && !row.is_valid(now + day));
    assert_eq!(store.token_by_hash(&[3; 32]).await.unwrap(), None);
    store.token_used(first.id).await.unwrap();
    let names: Vec<_> = store.tokens().await.unwrap();
    assert_eq!(names.iter().map(|row| &*row.token.name).collect::<Vec<_>>(), ["first", "brief"]);
    assert!(names[0].last_used_at.is_some() && names[1].last_used_at.is_none());

    store.add_session(&[10; 32], first.id, now + day).await.unwrap();
    store.add_session(&[11; 32], brief.id, now + day).await.unwrap();
    store.add_session(&[12; 32], brief.id, before).await.unwrap();
    let of = async |hash: u8| store.session(&[hash; 32]).await.unwrap().map(|row| row.token.name);
    assert_eq!((of(10).await.as_deref(), of(11).await.as_deref()), (Some("first"), Some("brief")));
    assert_eq!(of(12).await.or(of(13).await), None, "one is over, the other never was");
    store.end_session(&[10; 32]).await.unwrap();
    assert_eq!(of(10).await, None);
    // To revoke a token ends its sessions.
    assert!(store.revoke_token("brief").await.unwrap());
    assert!(!store.revoke_token("brief").await.unwrap() && !store.revoke_token("nobody").await.unwrap());
    assert_eq!(of(11).await, None);
    assert!(!store.token_by_hash(&[2; 32]).await.unwrap().unwrap().is_valid(now));
}

pub(super) async fn the_audit(store: &Arc<dyn Store>) {
    let (alice, bob) = (add(store, "audit/alice").await, add(store, "audit/bob").await);
    let entry = |target: &str, who: &str, account: Option<&AccountRef>, detail: Option<&str>| NewAudit {
        who: who.to_owned(),
        action: "job.cancel".to_owned(),
        target: target.to_owned(),
        account: account.cloned(),
        detail: detail.map(str::to_owned),
    };
    let all = [
        entry("a", "first", Some(&alice), None),
        entry("b", "first", Some(&bob), Some("for a reason")),
        entry("c", "shell:root", Some(&alice), None),
    ];
    let mut seqs = Vec::new();
    for new in &all {
        seqs.push(store.audit(new, AuditOutcome::Asked).await.unwrap());
    }
    let asked = async |query: AuditQuery| store.audits(&query).await.unwrap();
    let two = AuditQuery { limit: 2, ..AuditQuery::default() };
    let newest = asked(two.clone()).await;
    assert_eq!([&newest[0].audit, &newest[1].audit], [&all[2], &all[1]]);
    let older = asked(AuditQuery { before: Some(newest[1].seq), limit: 1, ..two }).await;
    assert_eq!(older.iter().map(|row| &row.audit).collect::<Vec<_>>(), [&all[0]]);
    let targets = async |query: AuditQuery| {
        asked(query).await.into_iter().map(|row| row.audit.target).collect::<Vec<_>>()
    };
    let of_alice = AuditQuery { account: Some(alice.clone()), ..AuditQuery::default() };
    assert_eq!(targets(of_alice.clone()).await, ["c", "a"]);
    let by = |who: &str| AuditQuery { who: Some(who.to_owned()), ..of_alice.clone() };
    assert_eq!(
        (targets(by("shell:root")).await, targets(by("nobody")).await),
        (vec!["c".to_owned()], vec![])
    );

    // It is settled once, and no one changes it after that.
    store.settle_audit(seqs[0], AuditOutcome::Done, None).await.unwrap();
    store.settle_audit(seqs[1], AuditOutcome::Refused, Some("for a reason: no")).await.unwrap();
    store.settle_audit(seqs[0], AuditOutcome::Refused, Some("after all")).await.unwrap();
    let rows = asked(AuditQuery::default()).await;
    let row = |seq: i64| rows.iter().find(|row| row.seq == seq).unwrap();
    assert_eq!((row(seqs[0]).outcome, &row(seqs[0]).audit.detail), (AuditOutcome::Done, &None));
    assert_eq!(row(seqs[1]).outcome, AuditOutcome::Refused);
    assert_eq!(row(seqs[1]).audit.detail.as_deref(), Some("for a reason: no"));
    assert_eq!(row(seqs[2]).outcome, AuditOutcome::Asked);
    // The rows outlast the account.
    assert!(store.remove_account(&alice).await.unwrap());
    assert_eq!(targets(of_alice).await, ["c", "a"]);
}

pub(super) async fn shares(store: &Arc<dyn Store>) {
    let (mine, other) = (add(store, "shares/mine").await, add(store, "shares/other").await);
    let (ann, ben) = (token("ann", 20, None), token("ben", 21, Some(Timestamp::UNIX_EPOCH)));
    let only = NewToken { only_shared: true, ..ann };
    for new in [&only, &ben] {
        store.add_token(new).await.unwrap();
    }
    assert!(store.token_by_hash(&[20; 32]).await.unwrap().unwrap().token.only_shared);
    let role = async |account| store.role(account, only.id).await.unwrap();
    assert_eq!(role(&mine).await, None);
    store.share(&mine, "ann", Role::Collaborator, "the test").await.unwrap();
    store.share(&mine, "ann", Role::Owner, "the test").await.unwrap();
    store.share(&mine, "ben", Role::Collaborator, "the test").await.unwrap();
    assert_eq!((role(&mine).await, role(&other).await), (Some(Role::Owner), None));
    let with = store.shared_with(&mine).await.unwrap();
    let with: Vec<_> = with.iter().map(|share| (&*share.name, share.role, &*share.created_by)).collect();
    assert_eq!(with, [("ann", Role::Owner, "the test")], "ben's token has expired");
    let of = store.shares_of(only.id).await.unwrap();
    assert_eq!(of.iter().map(|share| &share.account).collect::<Vec<_>>(), [&mine]);

    let nobody = store.share(&mine, "nobody", Role::Owner, "the test").await;
    assert!(matches!(nobody, Err(StoreError::NoToken(name)) if name == "nobody"));
    let nothing = store.share(&account("shares/nothing"), "ann", Role::Owner, "the test").await;
    assert!(matches!(nothing, Err(StoreError::NoAccount(_))));

    // What is read with such a token has to do with its accounts only.
    let mut attempts = Vec::new();
    for account in [&mine, &other] {
        let attempt = start(store, account, Uuid::now_v7()).await;
        let verdict = Verdict::new(Code::Captcha, "prove that you are a person");
        store.end_attempt(attempt, &verdict, &Provenance::default(), None).await.unwrap();
        let audit = NewAudit {
            who: "x".to_owned(),
            action: "x".to_owned(),
            target: "x".to_owned(),
            account: Some(account.clone()),
            detail: None,
        };
        store.audit(&audit, AuditOutcome::Done).await.unwrap();
        attempts.push(attempt);
    }
    let log = LogQuery { shared_with: Some(only.id), ..LogQuery::default() };
    let seen = async |query: &LogQuery| {
        store.log(query).await.unwrap().into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(seen(&log).await, [attempts[0]]);
    assert_eq!(seen(&LogQuery { outcomes: Outcome::FAILED.to_vec(), ..log.clone() }).await, [attempts[0]]);
    let wanting = store.wanting(Some(only.id), 10).await.unwrap();
    assert_eq!(wanting.iter().map(|group| group.accounts).collect::<Vec<_>>(), [1]);
    let query = AccountQuery { shared_with: Some(only.id), ..AccountQuery::default() };
    let names = async || {
        let rows = store.summaries(&query).await.unwrap();
        rows.into_iter().map(|row| row.account.account).collect::<Vec<_>>()
    };
    assert_eq!(names().await, std::slice::from_ref(&mine));
    let owned = AuditQuery { owned_by: Some(only.id), ..AuditQuery::default() };
    let audited = async || store.audits(&owned).await.unwrap().len();
    assert_eq!(audited().await, 1);
    store.share(&mine, "ann", Role::Collaborator, "the test").await.unwrap();
    assert_eq!(audited().await, 0, "the audit is for owners");

    assert!(store.unshare(&mine, "ann").await.unwrap());
    assert!(!store.unshare(&mine, "ann").await.unwrap());
    assert_eq!((role(&mine).await, seen(&log).await, names().await), (None, vec![], vec![]));
    // An account that is added again is another one.
    store.share(&mine, "ann", Role::Owner, "the test").await.unwrap();
    assert!(store.remove_account(&mine).await.unwrap());
    add(store, "shares/mine").await;
    assert_eq!(role(&mine).await, None);
    assert!(store.revoke_token("ann").await.unwrap());
    assert!(matches!(store.share(&mine, "ann", Role::Owner, "x").await, Err(StoreError::NoToken(_))));
}
