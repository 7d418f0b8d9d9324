//! Tokens, sessions and the audit.

use super::*;

fn token(name: &str, hash: u8, expires_at: Option<Timestamp>) -> NewToken {
    NewToken {
        id: Uuid::now_v7(),
        name: name.to_owned(),
        hash: vec![hash; 32],
        scopes: vec![Scope::Read, Scope::Operate],
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
    let entry = |target: &str, detail: Option<&str>| NewAudit {
        who: "first".to_owned(),
        action: "job.cancel".to_owned(),
        target: target.to_owned(),
        detail: detail.map(str::to_owned),
    };
    let all = [entry("a", None), entry("b", Some("for a reason")), entry("c", None)];
    for new in &all {
        store.audit(new).await.unwrap();
    }
    let newest = store.audits(None, 2).await.unwrap();
    assert_eq!([&newest[0].audit, &newest[1].audit], [&all[2], &all[1]]);
    let older = store.audits(Some(newest[1].seq), 10).await.unwrap();
    assert_eq!(older.iter().map(|row| &row.audit).collect::<Vec<_>>(), [&all[0]]);
}
