//! What the canaries of apps show.

use super::*;

fn trial(name: &str, flow: &str, code: Code, second: i64) -> NewCanary {
    NewCanary {
        account: account(name),
        flow: flow.to_owned(),
        job: Uuid::now_v7(),
        tried_at: Timestamp::from_second(second).unwrap(),
        verdict: Verdict::new(code, "as the test says"),
        playbook_hash: Some("5eed".to_owned()),
    }
}

pub(super) async fn marks_of_apps(store: &Arc<dyn Store>) {
    let first = trial("marks/canary", "login", Code::LoggedIn, 100);
    let (row, before) = store.mark_canary(&first).await.unwrap();
    assert_eq!((row.is_well(), row.failing_since, before), (true, None, None));
    store.mark_canary(&trial("marked/canary", "login", Code::LoggedIn, 100)).await.unwrap();

    // It fails from the first failure on, whatever comes after it.
    let mut failing = None;
    for second in [200, 300] {
        let new = trial("marks/canary", "login", Code::PageNotAsDescribed, second);
        let (row, before) = store.mark_canary(&new).await.unwrap();
        assert_eq!(row.failing_since, Some(Timestamp::from_second(200).unwrap()));
        assert_eq!(before.unwrap().is_well(), second == 200);
        assert_eq!(row.last, new);
        failing = Some(row);
    }
    store.mark_canary(&trial("marks/other", "change_password", Code::Rehearsed, 300)).await.unwrap();
    let rows = store.canaries(Some("marks")).await.unwrap();
    assert_eq!(rows.iter().map(|row| &*row.last.flow).collect::<Vec<_>>(), ["change_password", "login"]);
    assert_eq!(rows.last(), failing.as_ref(), "it is kept as it was said");

    let (row, _) = store.mark_canary(&trial("marks/canary", "login", Code::LoggedIn, 400)).await.unwrap();
    assert_eq!(row.failing_since, None);
    store.keep_canaries("marks", &["login"]).await.unwrap();
    let all: Vec<_> = store.canaries(None).await.unwrap();
    let all: Vec<_> = all.iter().map(|row| (row.last.account.app(), &*row.last.flow)).collect();
    assert_eq!(all, [("marked", "login"), ("marks", "login")], "those of other apps stay");
    for app in ["marks", "marked"] {
        store.keep_canaries(app, &[]).await.unwrap();
    }
}
