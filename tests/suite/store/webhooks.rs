//! Messages to servers of others, and what they tell of.

use super::*;

fn message(endpoint: &str, body: &str) -> NewDelivery {
    let (endpoint, event) = (endpoint.to_owned(), "job.finished".to_owned());
    NewDelivery { id: Uuid::now_v7(), endpoint, event, body: body.to_owned() }
}

fn subscription(endpoint: &str, event: &str) -> Subscription {
    Subscription { endpoint: endpoint.to_owned(), event: event.to_owned() }
}

pub(super) async fn messages_are_written_once(store: &Arc<dyn Store>) {
    let (a, b) = (subscription("hooks-a", "job.finished"), subscription("hooks-b", "job.finished"));
    let both = [a.clone(), b.clone()];
    let from = store.webhook_cursors(&both).await.unwrap()[0];
    assert_eq!(from, store.log_cursor().await.unwrap(), "the first begins at the end");
    let account = add(store, "hooks/alice").await;
    let lease = store.acquire(&account, &WorkerId::new("w"), LONG).await.unwrap().unwrap();
    let began = beginning(&account, Uuid::now_v7());
    store.start_attempt(&began, Some(&lease.fence())).await.unwrap();
    store.release(&lease).await.unwrap();
    assert_eq!(store.webhook_cursors(&both).await.unwrap(), [from; 2], "it moves when somebody moves it");
    let to = store.log_changes(from, 10).await.unwrap().last().unwrap().changed;
    assert_eq!(store.webhook_cursors(&[subscription("hooks-c", "job.finished")]).await.unwrap(), [to]);

    // A process that knows of one server only moves that one's; another's stays where it is.
    let (one, two) = (message("hooks-a", "one"), message("hooks-b", "two"));
    let of_a = std::slice::from_ref(&a);
    assert!(store.put_deliveries(of_a, (from, to), &[], std::slice::from_ref(&one)).await.unwrap());
    assert_eq!(store.webhook_cursors(&both).await.unwrap(), [to, from]);
    // Another process has read the same rows.
    let late = message("hooks-a", "one");
    assert!(!store.put_deliveries(&both, (from, to), &[], std::slice::from_ref(&late)).await.unwrap());
    assert!(store.put_deliveries(&[b], (from, to), &[], std::slice::from_ref(&two)).await.unwrap());
    assert_eq!(store.webhook_cursors(&both).await.unwrap(), [to; 2]);
    let all = store.deliveries(10).await.unwrap();
    assert_eq!(all.iter().map(|row| &row.delivery).collect::<Vec<_>>(), [&one, &two]);
    assert!(all.iter().all(|row| (row.tries, &row.failure) == (0, &None) && row.due_at.is_some()));

    // Happenings are noted as told with the same commit, or nothing is done.
    let told = ["hooks-a", "hooks-b"].map(|endpoint| subscription(endpoint, "canary.failed"));
    let at = store.webhook_cursors(&told).await.unwrap()[0];
    let mut canary = NewCanary {
        account: account.clone(),
        flow: "login".to_owned(),
        job: Uuid::now_v7(),
        tried_at: Timestamp::now(),
        verdict: Verdict::new(Code::PageNotAsDescribed, "as the test says"),
        playbook_hash: None,
    };
    for _ in 0..2 {
        store.mark_canary(&canary).await.unwrap();
    }
    let happenings = store.happenings(&told, 100).await.unwrap();
    let ours: Vec<_> = happenings.iter().filter(|one| one.data.contains("hooks/alice")).collect();
    assert_eq!(ours.len(), 2, "it begins to fail once, and is told to each");
    assert_eq!((&*ours[0].event, &*ours[0].endpoint), ("canary.failed", "hooks-a"));
    assert!(ours[0].data.contains(r#""code":"page_not_as_described""#), "{}", ours[0].data);
    let first = std::slice::from_ref(ours[0]);
    assert!(store.put_deliveries(&told[..1], (at, at), first, &[]).await.unwrap());
    assert!(!store.put_deliveries(&told[..1], (at, at), first, std::slice::from_ref(&late)).await.unwrap());
    let left = store.happenings(&told, 100).await.unwrap();
    assert_eq!(left.iter().map(|one| &*one.endpoint).collect::<Vec<_>>(), ["hooks-b"]);
    // Who comes later is told of nothing that happened before.
    let later = [subscription("hooks-d", "canary.failed")];
    store.webhook_cursors(&later).await.unwrap();
    assert_eq!(store.happenings(&later, 100).await.unwrap(), []);
    assert_eq!(store.deliveries(10).await.unwrap().len(), 2);
    canary.verdict = Verdict::new(Code::LoggedIn, "");
    store.mark_canary(&canary).await.unwrap();
    store.keep_canaries("hooks", &[]).await.unwrap();
    for id in [one.id, two.id] {
        store.delivered(id).await.unwrap();
    }
    assert_eq!(store.delivery_depths().await.unwrap(), DeliveryDepths::default());
}

pub(super) async fn messages_are_one_process_s_at_a_time(store: &Arc<dyn Store>) {
    let all: Vec<_> = ["1", "2", "3"].map(|body| message("hooks-a", body)).to_vec();
    assert!(store.put_deliveries(&[], (0, 0), &[], &all).await.unwrap());
    let names = ["hooks-a".to_owned()];
    let none = store.take_deliveries(&["hooks-b".to_owned()], 10, LONG).await.unwrap();
    assert_eq!(none, [], "each takes those of its own servers");
    let (two, one) =
        tokio::join!(store.take_deliveries(&names, 2, LONG), store.take_deliveries(&names, 2, LONG));
    let mut taken: Vec<_> =
        two.unwrap().into_iter().chain(one.unwrap()).map(|row| row.delivery.body).collect();
    taken.sort();
    assert_eq!(taken, ["1", "2", "3"]);
    assert_eq!(store.take_deliveries(&names, 10, LONG).await.unwrap(), []);

    store.delivered(all[0].id).await.unwrap();
    store.not_delivered(all[1].id, "it answered 503", Some(Duration::ZERO)).await.unwrap();
    store.not_delivered(all[2].id, "it answered 410", None).await.unwrap();
    let depths = store.delivery_depths().await.unwrap();
    assert_eq!((depths.waiting, depths.dead), (1, 1));
    let again = store.take_deliveries(&names, 10, LONG).await.unwrap();
    assert_eq!(again.len(), 1);
    assert_eq!(
        (&again[0].delivery, again[0].tries, again[0].failure.as_deref()),
        (&all[1], 1, Some("it answered 503"))
    );
    assert!(again[0].tried_at.is_some());

    // What was laid aside is tried anew, from the first wait on.
    assert_eq!(store.retry_deliveries(None).await.unwrap(), 1);
    let again = store.take_deliveries(&names, 10, LONG).await.unwrap();
    assert_eq!((again[0].delivery.id, again[0].tries), (all[2].id, 0));
    assert_eq!(store.retry_deliveries(Some(all[1].id)).await.unwrap(), 1);
    assert_eq!(store.retry_deliveries(Some(all[0].id)).await.unwrap(), 0);
    for id in [all[1].id, all[2].id] {
        assert_eq!(store.drop_deliveries(Some(id)).await.unwrap(), 1);
    }
    assert_eq!(store.drop_deliveries(None).await.unwrap(), 0);
}

/// Its server was taken out of the settings: what is due to it is laid aside some day, and what is tried is not.
pub(super) async fn messages_that_nobody_delivers(store: &Arc<dyn Store>) {
    let (gone, dead, later) = (message("hooks-gone", "1"), message("hooks-a", "2"), message("hooks-a", "3"));
    let all = [gone.clone(), message("hooks-gone", "4"), dead.clone(), later.clone()];
    assert!(store.put_deliveries(&[], (0, 0), &[], &all).await.unwrap());
    store.not_delivered(dead.id, "it answered 410", None).await.unwrap();
    store.not_delivered(later.id, "it answered 503", Some(LONG)).await.unwrap();
    assert_eq!(store.lay_aside_deliveries(LONG).await.unwrap(), []);
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert_eq!(store.lay_aside_deliveries(Duration::ZERO).await.unwrap(), [("hooks-gone".to_owned(), 2)]);
    let rows = store.deliveries(10).await.unwrap();
    let waits = |id: Uuid| rows.iter().find(|row| row.delivery.id == id).unwrap().due_at.is_some();
    assert_eq!((rows.len(), waits(gone.id), waits(dead.id), waits(later.id)), (4, false, false, true));
    let why = rows.iter().find(|row| row.delivery.id == gone.id).unwrap().failure.clone().unwrap();
    assert!(why.contains("nobody has delivered to its server"), "{why}");
    // Once somebody delivers there again, none is lost.
    assert_eq!(store.retry_deliveries(Some(gone.id)).await.unwrap(), 1);
    for row in rows {
        assert_eq!(store.drop_deliveries(Some(row.delivery.id)).await.unwrap(), 1);
    }
}
