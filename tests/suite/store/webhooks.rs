//! Messages to servers of others, and what they tell of.

use super::*;

fn message(endpoint: &str, body: &str) -> NewDelivery {
    let (endpoint, event) = (endpoint.to_owned(), "job.finished".to_owned());
    NewDelivery { id: Uuid::now_v7(), endpoint, event, body: body.to_owned() }
}

pub(super) async fn messages_are_written_once(store: &Arc<dyn Store>) {
    let from = store.webhook_cursor().await.unwrap();
    assert_eq!(from, store.log_cursor().await.unwrap(), "the first begins at the end");
    let account = add(store, "hooks/alice").await;
    let lease = store.acquire(&account, &WorkerId::new("w"), LONG).await.unwrap().unwrap();
    let began = beginning(&account, Uuid::now_v7());
    store.start_attempt(&began, Some(&lease.fence())).await.unwrap();
    store.release(&lease).await.unwrap();
    assert_eq!(store.webhook_cursor().await.unwrap(), from, "it moves when somebody moves it");
    let to = store.log_changes(from, 10).await.unwrap().last().unwrap().changed;

    let (a, b) = (message("hooks-a", "one"), message("hooks-b", "two"));
    assert!(store.put_deliveries((from, to), &[], &[a.clone(), b.clone()]).await.unwrap());
    assert_eq!(store.webhook_cursor().await.unwrap(), to);
    // Another process has read the same rows.
    let late = message("hooks-a", "one");
    assert!(!store.put_deliveries((from, to), &[], std::slice::from_ref(&late)).await.unwrap());
    let all = store.deliveries(10).await.unwrap();
    assert_eq!(all.iter().map(|row| &row.delivery).collect::<Vec<_>>(), [&a, &b]);
    assert!(all.iter().all(|row| (row.tries, &row.failure) == (0, &None) && row.due_at.is_some()));

    // Happenings are forgotten with the same commit, or nothing is done.
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
    let happenings = store.happenings(100).await.unwrap();
    let ours: Vec<_> = happenings.iter().filter(|one| one.data.contains("hooks/alice")).collect();
    assert_eq!(ours.len(), 1, "it begins to fail once");
    assert_eq!(ours[0].event, "canary.failed");
    assert!(ours[0].data.contains(r#""code":"page_not_as_described""#), "{}", ours[0].data);
    assert!(store.put_deliveries((to, to), &[ours[0].seq], &[]).await.unwrap());
    assert!(!store.put_deliveries((to, to), &[ours[0].seq], std::slice::from_ref(&late)).await.unwrap());
    assert_eq!(store.deliveries(10).await.unwrap().len(), 2);
    canary.verdict = Verdict::new(Code::LoggedIn, "");
    store.mark_canary(&canary).await.unwrap();
    store.keep_canaries("hooks", &[]).await.unwrap();
    for id in [a.id, b.id] {
        store.delivered(id).await.unwrap();
    }
    assert_eq!(store.delivery_depths().await.unwrap(), DeliveryDepths::default());
}

pub(super) async fn messages_are_one_process_s_at_a_time(store: &Arc<dyn Store>) {
    let at = store.webhook_cursor().await.unwrap();
    let all: Vec<_> = ["1", "2", "3"].map(|body| message("hooks-a", body)).to_vec();
    assert!(store.put_deliveries((at, at), &[], &all).await.unwrap());
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
    let at = store.webhook_cursor().await.unwrap();
    let (gone, dead, later) = (message("hooks-gone", "1"), message("hooks-a", "2"), message("hooks-a", "3"));
    let all = [gone.clone(), message("hooks-gone", "4"), dead.clone(), later.clone()];
    assert!(store.put_deliveries((at, at), &[], &all).await.unwrap());
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
