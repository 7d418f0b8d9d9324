//! What people are asked for, and the sealed answers on their way.

use turnlock::job::Wanted;
use turnlock::store::{NewQuestion, QuestionState};

use super::*;

fn question(claim: &Claim, attempt: Uuid, lasts: Duration) -> NewQuestion {
    NewQuestion {
        id: Uuid::now_v7(),
        job: claim.job.id,
        attempt,
        account: claim.job.account.clone(),
        wanted: Wanted::SmsCode,
        step: "login.5".to_owned(),
        key: vec![7; 32],
        refused: None,
        lasts,
    }
}

pub(super) async fn asked_and_answered_once(store: &Arc<dyn Store>) {
    let account = add(store, "questions/alice").await;
    let worker = WorkerId::new("q");
    let (claim, attempt) = begin(store, &account, &worker).await;
    let new = NewQuestion { refused: Some("<p>".to_owned()), ..question(&claim, attempt, LONG) };
    store.ask(&new, Some(&claim.lease.fence())).await.unwrap();
    let row = store.question_of(claim.job.id).await.unwrap().unwrap();
    assert_eq!(
        (row.id, row.attempt, &row.account, row.wanted, &*row.step, &row.key, row.state, row.watched),
        (new.id, attempt, &account, Wanted::SmsCode, "login.5", &new.key, QuestionState::Open, false)
    );
    assert_eq!(row.refused, new.refused);
    assert!(row.once_more().unwrap().ends_with("and showed <p>"));
    let lasts = row.until.duration_since(row.asked_at);
    assert_eq!(Duration::try_from(lasts).unwrap(), LONG);
    assert_eq!(row.refusal(), None);
    // Others are told, by webhooks.
    let ops = Subscription { endpoint: "ops".to_owned(), event: "job.asks_human".to_owned() };
    let told = store.happenings(&[ops], 100).await.unwrap();
    let told = told.iter().find(|told| told.data.contains(&new.id.to_string())).unwrap();
    assert_eq!(told.event, "job.asks_human");
    let data: serde_json::Value = serde_json::from_str(&told.data).unwrap();
    assert_eq!((&data["wanted"], &data["kind"]), (&"sms_code".into(), &claim.job.kind.as_str().into()));
    let until: Timestamp = data["until"].as_str().unwrap().parse().unwrap();
    assert!(until > told.at && data.get("key").is_none(), "{data}");
    // It may become less, and never more.
    for (within, left) in [(LONG / 2, LONG / 2), (LONG, LONG / 2)] {
        store.shorten_question(new.id, within).await.unwrap();
        let lasts = store.question(new.id).await.unwrap().unwrap().until.duration_since(row.asked_at);
        let lasts = Duration::try_from(lasts).unwrap();
        assert!(lasts >= left && lasts < LONG, "{lasts:?}");
    }
    let open: Vec<_> = store.open_questions(None, 9).await.unwrap().iter().map(|row| row.id).collect();
    assert_eq!(open, [new.id]);
    // Those of accounts that are shared with somebody are theirs, however many others came before.
    assert!(store.open_questions(Some(Uuid::now_v7()), 9).await.unwrap().is_empty());

    // Somebody looks on.
    assert_eq!(store.watch_question(new.id, LONG).await.unwrap(), None);
    assert!(store.question(new.id).await.unwrap().unwrap().watched);
    store.show_picture(new.id, b"a picture").await.unwrap();
    assert_eq!(store.watch_question(new.id, LONG).await.unwrap().as_deref(), Some(&b"a picture"[..]));

    // Of many who answer at once one does.
    let answers = (0..5_u8).map(|nth| {
        let store = Arc::clone(store);
        tokio::spawn(async move { store.answer(new.id, &[nth], &format!("p{nth}")).await.unwrap() })
    });
    let taken = futures::future::join_all(answers).await;
    let taken: Vec<usize> = (0..5).filter(|nth| *taken[*nth].as_ref().unwrap()).collect();
    let [winner] = taken[..] else { panic!("{taken:?}") };
    let row = store.question(new.id).await.unwrap().unwrap();
    assert_eq!((row.state, row.answered_by), (QuestionState::Answered, Some(format!("p{winner}"))));
    assert!(store.open_questions(None, 9).await.unwrap().is_empty());

    // Its worker takes the answer, and nothing is left of it.
    let row = store.close_question(new.id, QuestionState::Answered).await.unwrap().unwrap();
    assert_eq!(row.answer, Some(vec![u8::try_from(winner).unwrap()]));
    let row = store.question(new.id).await.unwrap().unwrap();
    assert_eq!((row.state, row.answer.as_ref()), (QuestionState::Answered, None));
    assert!(row.refusal().unwrap().contains(&format!("p{winner} has given it already")));
    assert_eq!(store.watch_question(new.id, LONG).await.unwrap(), None, "no picture is kept");
    store.show_picture(new.id, b"late").await.unwrap();
    assert_eq!(store.watch_question(new.id, LONG).await.unwrap(), None);

    finish(store, &claim, Code::LoggedIn).await;
    assert!(matches!(
        store.ask(&question(&claim, attempt, LONG), None).await,
        Ok(()) | Err(StoreError::AttemptEnded(_))
    ));
}

pub(super) async fn nobody_waits_any_more(store: &Arc<dyn Store>) {
    let account = add(store, "questions/bob").await;
    let worker = WorkerId::new("q");
    let (claim, attempt) = begin(store, &account, &worker).await;
    let state = async |id| store.question(id).await.unwrap().unwrap().state;

    let late = question(&claim, attempt, Duration::ZERO);
    store.ask(&late, None).await.unwrap();
    assert_eq!(store.question(late.id).await.unwrap().unwrap().once_more(), None);
    assert_eq!(state(late.id).await, QuestionState::Expired);
    assert!(!store.answer(late.id, b"sealed", "p").await.unwrap());
    assert!(store.question(late.id).await.unwrap().unwrap().refusal().unwrap().contains("too late"));

    let withdrawn = question(&claim, attempt, LONG);
    store.ask(&withdrawn, None).await.unwrap();
    store.close_question(withdrawn.id, QuestionState::Withdrawn).await.unwrap();
    assert_eq!(state(withdrawn.id).await, QuestionState::Withdrawn);
    assert!(!store.answer(withdrawn.id, b"sealed", "p").await.unwrap());
    assert!(!store.answer(Uuid::now_v7(), b"sealed", "p").await.unwrap(), "there is no such question");

    // Its worker died, and another has taken up the job: nobody could open the answer.
    let orphaned = question(&claim, attempt, LONG);
    store.ask(&orphaned, None).await.unwrap();
    assert_eq!(state(orphaned.id).await, QuestionState::Open);
    store.show_picture(orphaned.id, b"a picture").await.unwrap();
    assert!(store.watch_question(orphaned.id, LONG).await.unwrap().is_some());
    store.recover(&|dead| *dead == worker).await.unwrap();
    assert_eq!(state(orphaned.id).await, QuestionState::Withdrawn);
    assert!(!store.answer(orphaned.id, b"sealed", "p").await.unwrap());
    assert_eq!(
        store.watch_question(orphaned.id, LONG).await.unwrap(),
        None,
        "what it showed is nobody's any more"
    );
    let mine = |rows: Vec<turnlock::store::QuestionRow>| rows.iter().any(|row| row.account == account);
    assert!(!mine(store.open_questions(None, 9).await.unwrap()));
    let refused = store.ask(&question(&claim, attempt, LONG), Some(&claim.lease.fence())).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost(_) | StoreError::AttemptEnded(_))), "{refused:?}");

    assert_eq!(store.forget_questions(LONG).await.unwrap(), 0);
    assert!(store.forget_questions(Duration::ZERO).await.unwrap() >= 1);
    assert_eq!(store.question(late.id).await.unwrap(), None);
    let again = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    finish(store, &again, Code::LoggedIn).await;
}

/// An answer would go to nobody where the job is about to be cancelled, or its worker has lost the account.
pub(super) async fn in_vain(store: &Arc<dyn Store>) {
    let (account, worker) = (add(store, "questions/dave").await, WorkerId::new("q"));
    let (claim, attempt) = begin(store, &account, &worker).await;
    let new = question(&claim, attempt, LONG);
    store.ask(&new, None).await.unwrap();
    let refused = async |state, why: &str| {
        let row = store.question(new.id).await.unwrap().unwrap();
        assert_eq!(row.state, state);
        assert!(row.refusal().unwrap().contains(why), "{row:?}");
        assert!(!store.answer(new.id, b"sealed", "p").await.unwrap());
        assert_eq!(store.watch_question(new.id, LONG).await.unwrap(), None);
        let open = store.open_questions(None, 99).await.unwrap();
        assert!(open.iter().all(|row| row.id != new.id));
    };
    // As of a worker that has died, or was paused.
    store.renew(&claim.lease, Duration::ZERO).await.unwrap();
    refused(QuestionState::Orphaned, "is gone").await;
    let why = Verdict::new(Code::Cancelled, "as the test says");
    assert_eq!(store.cancel(claim.job.id, &why).await.unwrap(), Cancelling::Asked);
    refused(QuestionState::Cancelled, "has cancelled the job").await;
    store.recover(&|dead| *dead == worker).await.unwrap();
    refused(QuestionState::Withdrawn, "has ended").await;
}

/// How long a job waits for people goes with it.
pub(super) async fn patience(store: &Arc<dyn Store>) {
    let account = add(store, "questions/carol").await;
    let wait_for_human = Duration::from_secs(600);
    let job = Job { wait_for_human, ..Job::new(Kind::VerifyLogin, account.clone()) };
    store.submit(&job, None).await.unwrap();
    assert_eq!(store.job(job.id).await.unwrap().unwrap().job.wait_for_human, wait_for_human);
    let claim = store.claim_next(&WorkerId::new("q"), LONG).await.unwrap().unwrap();
    assert_eq!(claim.job.wait_for_human, wait_for_human);
    finish(store, &claim, Code::LoggedIn).await;
    let job = Job { wait_for_human, ..Job::new(Kind::VerifyLogin, account) };
    let delivered = Delivered { job: job.clone(), not_before: None };
    let taken = store.claim_delivered(&[delivered], &WorkerId::new("q"), LONG, LONG).await.unwrap();
    let Some(Taking::Claimed(claim)) = taken.first() else { panic!("{taken:?}") };
    assert_eq!(claim.job.wait_for_human, wait_for_human);
    finish(store, claim, Code::LoggedIn).await;
}
