//! Accounts: they come, are read and are removed.

use super::*;

pub(super) async fn accounts(store: &Arc<dyn Store>) {
    let alice = add(store, "shop/alice").await;
    let bob = account("shop/bob");
    let found = store.account(&alice).await.unwrap().unwrap();
    assert_eq!(found.username, "alice");
    assert_eq!(store.account(&bob).await.unwrap(), None);

    let with = |address: &str| AccountEntry {
        account: alice.clone(),
        username: "alice2".to_owned(),
        address: Some(address.to_owned()),
        number: None,
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
    store.put_account(&with("Ä@accounts.example"), &[]).await.unwrap();
    for same in ["ä@accounts.example", "Ä@Accounts.example", "ä@accounts.example."] {
        let thief = AccountEntry { account: bob.clone(), ..with(same) };
        let refused = store.put_account(&thief, &[]).await;
        assert!(matches!(refused, Err(StoreError::AddressTaken { .. })), "{same}");
        assert_eq!(store.account_by_address(same).await.unwrap().unwrap().account, alice, "{same}");
    }

    store.note_mfa(&alice, Some("on, by TOTP")).await.unwrap();
    assert_eq!(store.account(&alice).await.unwrap().unwrap().mfa_note.as_deref(), Some("on, by TOTP"));
    assert!(matches!(store.note_mfa(&bob, None).await, Err(StoreError::NoAccount(_))));

    let given = |tenant: &str| [("tenant".to_owned(), tenant.to_owned())].into();
    assert!(store.account(&alice).await.unwrap().unwrap().params.is_empty());
    for tenant in ["acme", "glo\"bex"] {
        assert!(store.put_params(&alice, &given(tenant)).await.unwrap());
        assert_eq!(store.account(&alice).await.unwrap().unwrap().params, given(tenant));
    }
    store.put_account(&without, &[]).await.unwrap();
    assert_eq!(store.account(&alice).await.unwrap().unwrap().params, given("glo\"bex"), "they stay");
    assert!(!store.put_params(&bob, &given("acme")).await.unwrap());

    add(store, "other/alice").await;
    let names = |list: Vec<turnlock::store::Account>| {
        list.iter().map(|account| account.account.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(store.accounts(Some("shop")).await.unwrap()), ["shop/alice"]);
    assert_eq!(names(store.accounts(None).await.unwrap()), ["other/alice", "shop/alice"]);
}

pub(super) async fn removal(store: &Arc<dyn Store>) {
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
    let ended = store.job(waiting.id).await.unwrap().unwrap();
    assert_eq!(ended.state, JobState::Cancelled);
    // Its end stands in the log like every other.
    let log = store.log(&LogQuery { job: Some(waiting.id), ..LogQuery::default() }).await.unwrap();
    let [row] = &log[..] else { panic!("{log:?}") };
    assert_eq!(row.verdict.as_ref().unwrap().code, Code::Cancelled);
    assert!(store.attempt(attempt).await.unwrap().is_some(), "the log stays");
}

// What only the SQLite store can get wrong.
