use tokio::time::Instant;
use turnlock::store::{MailboxMark, MessageRow, NewMessage, NewRequest, Requested};

use super::*;

const ALICE: &str = "alice@messages.test";

fn message(address: &str, mark: Option<&str>, age: Duration) -> NewMessage {
    let mark = mark.map(str::to_owned);
    NewMessage { id: Uuid::now_v7(), address: address.to_owned(), mark, age, sealed: vec![7; 100] }
}

fn asks(account: &str, address: &str, age: Duration) -> NewRequest {
    NewRequest {
        id: Uuid::now_v7(),
        job: Uuid::now_v7(),
        account: self::account(account),
        address: address.to_owned(),
        senders: String::new(),
        age,
        lasts: LONG,
        quiet: LONG,
    }
}

fn ids(rows: &[MessageRow]) -> Vec<Uuid> {
    rows.iter().map(|row| row.id).collect()
}

/// A message answers one request, of its address, that is no younger.
pub async fn one_message_one_request(store: &Arc<dyn Store>) {
    let early = message(ALICE, None, Duration::from_secs(60));
    let other = message("bob@messages.test", None, Duration::ZERO);
    let [first, second] =
        [Duration::from_secs(20), Duration::from_secs(10)].map(|age| message(ALICE, None, age));
    for new in [&early, &other, &first, &second] {
        assert!(store.add_message(new).await.unwrap());
    }
    assert!(!store.is_awaited().await.unwrap());
    let request = asks("messages/alice", ALICE, Duration::from_secs(30));
    assert_eq!(store.open_request(&request, None).await.unwrap(), Requested::Open);
    assert!(store.is_awaited().await.unwrap());
    let rows = store.messages_for(request.id).await.unwrap();
    assert_eq!(ids(&rows), [second.id, first.id], "the newest first, none from before");
    assert_eq!(rows[0].sealed, second.sealed);
    for stranger in [early.id, other.id, Uuid::now_v7()] {
        assert!(!store.claim_message(request.id, stranger).await.unwrap());
    }
    assert!(store.claim_message(request.id, second.id).await.unwrap());
    assert!(!store.claim_message(request.id, first.id).await.unwrap(), "a request takes one message");
    assert!(store.messages_for(request.id).await.unwrap().is_empty());
    store.refuse_message(request.id).await.unwrap();

    // The next request of the account closes that one; what was taken answers no other.
    let next = NewRequest { id: Uuid::now_v7(), ..request.clone() };
    assert_eq!(store.open_request(&next, None).await.unwrap(), Requested::Open);
    assert_eq!(ids(&store.messages_for(next.id).await.unwrap()), [first.id]);
    assert!(!store.claim_message(next.id, second.id).await.unwrap());
    store.close_request(next.id).await.unwrap();
    assert!(!store.claim_message(next.id, first.id).await.unwrap(), "it is closed");

    let seen = store.messages_after(0, 1000).await.unwrap();
    let taken = seen.iter().find(|row| row.id == second.id).unwrap();
    assert_eq!((taken.job, taken.refused), (Some(request.job), true));
    let newest = store.newest_message().await.unwrap();
    assert!(store.messages_after(newest, 10).await.unwrap().is_empty());
}

pub async fn one_address_one_request(store: &Arc<dyn Store>) {
    let shared = "+15550199";
    let alice = asks("messages/one", shared, Duration::ZERO);
    let bob = asks("messages/two", shared, Duration::ZERO);
    assert_eq!(store.open_request(&alice, None).await.unwrap(), Requested::Open);
    assert_eq!(store.open_request(&bob, None).await.unwrap(), Requested::InUse { job: alice.job });
    store.settle_request(alice.id).await.unwrap();
    assert_eq!(store.open_request(&bob, None).await.unwrap(), Requested::Open);
    // One whose time is over is no more.
    let brief = NewRequest { lasts: Duration::ZERO, ..asks("messages/two", shared, Duration::ZERO) };
    assert_eq!(store.open_request(&brief, None).await.unwrap(), Requested::Open);
    assert!(store.messages_for(brief.id).await.unwrap().is_empty());
    store.settle_request(bob.id).await.unwrap();
    store.settle_request(brief.id).await.unwrap();
    let again = NewRequest { id: Uuid::now_v7(), ..alice };
    assert_eq!(store.open_request(&again, None).await.unwrap(), Requested::Open);
    store.settle_request(again.id).await.unwrap();

    // Of many that ask at once, one gets it.
    let askers = (0..8).map(|n| {
        let (store, request) = (store.clone(), asks(&format!("messages/racer{n}"), shared, Duration::ZERO));
        tokio::spawn(async move { store.open_request(&request, None).await.unwrap() })
    });
    let won = futures::future::join_all(askers).await;
    let open = won.into_iter().filter(|asked| matches!(asked, Ok(Requested::Open))).count();
    assert_eq!(open, 1);
}

/// What was sent for one account may come when its job has given up: it must not answer another account's.
pub async fn a_shared_address_is_quiet_first(store: &Arc<dyn Store>) {
    let shared = "+15550188";
    let alice = asks("messages/quiet1", shared, Duration::ZERO);
    let bob = || asks("messages/quiet2", shared, Duration::ZERO);
    store.open_request(&alice, None).await.unwrap();
    store.close_request(alice.id).await.unwrap();
    assert_eq!(store.open_request(&bob(), None).await.unwrap(), Requested::Unsettled { job: alice.job });
    let patient = NewRequest { quiet: Duration::ZERO, ..bob() };
    assert_eq!(store.open_request(&patient, None).await.unwrap(), Requested::Open, "long enough ago");
    store.settle_request(patient.id).await.unwrap();

    // Nor one that was cut off, from when it would have ended; and its own account's next job is not kept waiting.
    let brief = NewRequest { lasts: Duration::ZERO, ..asks("messages/quiet1", shared, Duration::ZERO) };
    assert_eq!(store.open_request(&brief, None).await.unwrap(), Requested::Open);
    assert_eq!(store.open_request(&bob(), None).await.unwrap(), Requested::Unsettled { job: brief.job });
    let next = asks("messages/quiet1", shared, Duration::ZERO);
    assert_eq!(store.open_request(&next, None).await.unwrap(), Requested::Open);

    // The next job's answer says nothing of what the earlier ones had sent.
    let came = message(shared, None, Duration::ZERO);
    store.add_message(&came).await.unwrap();
    assert!(store.claim_message(next.id, came.id).await.unwrap());
    assert!(matches!(store.open_request(&bob(), None).await.unwrap(), Requested::Unsettled { .. }));
    for over in [alice.id, brief.id] {
        store.settle_request(over).await.unwrap();
    }
    assert_eq!(
        store.open_request(&bob(), None).await.unwrap(),
        Requested::Open,
        "what was answered is settled"
    );
}

/// Several processes may take the same message in, and several jobs may want it.
pub async fn racing_for_a_message(store: &Arc<dyn Store>) {
    let address = "racing@messages.test";
    let copies = (0..8).map(|_| {
        let (store, new) = (store.clone(), message(address, Some("mail:1"), Duration::ZERO));
        tokio::spawn(async move { store.add_message(&new).await.unwrap() })
    });
    let copies = futures::future::join_all(copies).await;
    assert_eq!(copies.into_iter().filter(|new| *new.as_ref().unwrap()).count(), 1);
    assert!(store.add_message(&message("else@messages.test", Some("mail:1"), Duration::ZERO)).await.unwrap());

    let request = asks("messages/racing", address, Duration::from_secs(1));
    store.open_request(&request, None).await.unwrap();
    let rows = store.messages_for(request.id).await.unwrap();
    let claims = (0..8).map(|_| {
        let (store, request, message) = (store.clone(), request.id, rows[0].id);
        tokio::spawn(async move { store.claim_message(request, message).await.unwrap() })
    });
    let claims = futures::future::join_all(claims).await;
    assert_eq!(claims.into_iter().filter(|won| *won.as_ref().unwrap()).count(), 1);
}

pub async fn old_messages(store: &Arc<dyn Store>) {
    let address = "old@messages.test";
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    let [old, new] = [hours(2), Duration::ZERO].map(|age| message(address, None, age));
    for message in [&old, &new] {
        store.add_message(message).await.unwrap();
    }
    assert!(store.forget_messages(hours(1)).await.unwrap() >= 1);
    let left: Vec<Uuid> = ids(&store.messages_after(0, 1000).await.unwrap());
    assert!(!left.contains(&old.id) && left.contains(&new.id));
    // One that is sent again after it was removed is known still.
    let again = |age| message(address, Some("sms:again"), age);
    assert!(store.add_message(&again(hours(2))).await.unwrap());
    store.forget_messages(hours(1)).await.unwrap();
    assert!(!store.add_message(&again(Duration::ZERO)).await.unwrap());
    // Who floods an address pushes out nothing but what came for it.
    for _ in 0..60 {
        store.add_message(&message(address, None, Duration::ZERO)).await.unwrap();
    }
    let rows = store.messages_after(0, 1000).await.unwrap();
    assert_eq!(rows.iter().filter(|row| row.address == address).count(), 50);
    assert!(rows.iter().any(|row| row.address == ALICE));
}

pub async fn news_of_messages(store: &Arc<dyn Store>) {
    let mut news = store.message_news();
    news.mark_unchanged();
    store.add_message(&message("news@messages.test", None, Duration::ZERO)).await.unwrap();
    tokio::time::timeout(LONG, news.changed()).await.unwrap().unwrap();
}

pub async fn marks_of_mailboxes(store: &Arc<dyn Store>) {
    assert_eq!(store.mailbox_mark("INBOX").await.unwrap(), None);
    let shown = ["2026-11-29T10:00:00.25Z", "2026-11-29T10:00:00.5Z"].map(|at| at.parse().unwrap());
    let first =
        MailboxMark { validity: u32::MAX, next: 7, looked: Instant::now(), shown: Some(shown.into()) };
    let second = MailboxMark { next: 8, shown: None, ..first };
    for mark in [first, second] {
        store.mark_mailbox("INBOX", &mark).await.unwrap();
        let noted = store.mailbox_mark("INBOX").await.unwrap().unwrap();
        assert!(noted.looked < mark.looked, "what comes between the two may have come before the look");
        assert!(mark.looked - noted.looked < LONG);
        assert_eq!(MailboxMark { looked: mark.looked, ..noted }, mark);
    }
    assert_eq!(store.mailbox_mark("Codes").await.unwrap(), None);
}

pub async fn turns_at_a_source(store: &Arc<dyn Store>) {
    let (one, two) = (WorkerId::new("one"), WorkerId::new("two"));
    let hold = async |who: &WorkerId, ttl| store.hold_source("imap", who, ttl).await.unwrap();
    assert!(hold(&one, LONG).await && hold(&one, LONG).await);
    assert!(!hold(&two, LONG).await);
    store.release_source("imap", &two).await.unwrap();
    assert!(!hold(&two, LONG).await);
    store.release_source("imap", &one).await.unwrap();
    assert!(hold(&two, Duration::ZERO).await);
    assert!(hold(&one, LONG).await, "the other's turn is over");
}
