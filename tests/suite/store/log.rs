//! The automation log.

use super::*;

pub(super) async fn the_log(store: &Arc<dyn Store>) {
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
    assert_eq!(count(LogQuery { outcomes: vec![Outcome::Rejected], ..all.clone() }).await, 1);
    assert_eq!(count(LogQuery { outcomes: vec![Outcome::Succeeded], ..all.clone() }).await, 0);
    assert_eq!(count(LogQuery { outcomes: Outcome::FAILED.to_vec(), ..all.clone() }).await, 1);
    assert_eq!(count(LogQuery { job: Some(newest_first[0].job), ..all.clone() }).await, 1);
    assert_eq!(count(LogQuery { since: Some(Timestamp::now() + LONG), ..all.clone() }).await, 0);
    assert_eq!(count(LogQuery { app: Some("log2".to_owned()), ..all.clone() }).await, 0);
    let kind = newest_first[0].kind;
    let others = Kind::ALL.into_iter().filter(|each| *each != kind);
    assert_eq!(count(LogQuery { kind: Some(kind), ..all.clone() }).await, 5);
    for other in others {
        assert_eq!(count(LogQuery { kind: Some(other), ..all.clone() }).await, 0);
    }
    assert_eq!(count(LogQuery { code: Some(Code::BadCredentials), ..all.clone() }).await, 1);
    assert_eq!(count(LogQuery { code: Some(Code::Captcha), ..all.clone() }).await, 0);
    assert_eq!(count(LogQuery { until: Some(Timestamp::now() + LONG), ..all.clone() }).await, 5);
    let first = newest_first.iter().map(|row| row.started_at).min().unwrap();
    assert_eq!(count(LogQuery { until: Some(first), ..all.clone() }).await, 0);
    // Of what began long before, later rows are not in the way.
    assert_eq!(
        count(LogQuery { until: Some(Timestamp::now() - turnlock::store::SKEW * 3), ..all.clone() }).await,
        0
    );
    assert_eq!(count(LogQuery { until: Some(Timestamp::MAX), ..all.clone() }).await, 5);
    // The same is asked of rows that come later.
    for query in [
        LogQuery { code: Some(Code::Captcha), ..all.clone() },
        LogQuery { kind: Some(Kind::Reconcile), ..all.clone() },
        LogQuery { until: Some(first), ..all.clone() },
        LogQuery { requested_by: Some("nobody".to_owned()), ..all.clone() },
    ] {
        assert_eq!(
            store.log(&query).await.unwrap().len(),
            newest_first.iter().filter(|row| query.wants(row)).count()
        );
    }

    // Whoever follows sees each beginning and each end, once.
    let changes = store.log_changes(cursor, 100).await.unwrap();
    assert_eq!(changes.len(), 5);
    assert_eq!(changes.last().unwrap().id, attempt, "it ended last");
    let cursor = changes.last().unwrap().changed;
    assert_eq!(store.log_cursor().await.unwrap(), cursor);
    assert_eq!(store.log_changes(cursor, 100).await.unwrap(), []);
    store.end_attempt(ids[1], &verdict, &Provenance::default(), None).await.unwrap();
    assert_eq!(store.log_changes(cursor, 100).await.unwrap()[0].id, ids[1]);

    // Several outcomes are one log, newest first and page by page; one that is named twice counts once.
    for (id, code) in [(ids[2], Code::Captcha), (ids[3], Code::LoggedIn)] {
        let verdict = Verdict::new(code, "");
        store.end_attempt(id, &verdict, &Provenance::default(), None).await.unwrap();
    }
    let needs_human = Verdict::new(Code::Captcha, "").outcome;
    let failed = LogQuery {
        account: Some(owner),
        outcomes: vec![needs_human, Outcome::Rejected, Outcome::Rejected, Outcome::Unknown],
        ..LogQuery::default()
    };
    let mut wanted: Vec<_> = newest_first.iter().filter(|row| ids[..3].contains(&row.id)).collect();
    let seen = |rows: Vec<AttemptRow>| rows.iter().map(|row| row.id).collect::<Vec<_>>();
    let ids = |rows: &[&AttemptRow]| rows.iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(seen(store.log(&failed).await.unwrap()), ids(&wanted));
    let rest = wanted.split_off(2);
    let page = LogQuery { limit: 2, ..failed };
    assert_eq!(seen(store.log(&page).await.unwrap()), ids(&wanted));
    let next = LogQuery { before: Some(wanted[1].seq), ..page };
    assert_eq!(seen(store.log(&next).await.unwrap()), ids(&rest));

    // Who asked for the job stands with its attempts, from their beginning.
    let asked = Job {
        requested_by: Some("quarterly".to_owned()),
        ..Job::new(Kind::VerifyLogin, account("log/asked"))
    };
    store.submit(&asked, None).await.unwrap();
    let of_asker = LogQuery { requested_by: Some("quarterly".to_owned()), ..LogQuery::default() };
    assert_eq!(count(of_asker.clone()).await, 0);
    let attempt_asked = start(store, &asked.account, asked.id).await;
    assert_eq!(store.log(&of_asker).await.unwrap()[0].id, attempt_asked);
    let ended = store.end_attempt(attempt_asked, &verdict, &Provenance::default(), None).await.unwrap();
    assert_eq!(ended.requested_by.as_deref(), Some("quarterly"));
    assert_eq!(store.log(&of_asker).await.unwrap(), [ended]);
    store.cancel(asked.id, &Verdict::new(Code::Cancelled, "")).await.unwrap();
}
