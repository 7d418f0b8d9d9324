//! Jobs: order, claims, endings, recovery.

use turnlock::job::Wanted;

use super::*;

pub(super) async fn jobs_in_order(store: &Arc<dyn Store>) {
    let worker = WorkerId::new("in-order");
    let mut job = job("order/a");
    job.requested_by = Some("a test".to_owned());
    job.evidence = true;
    job.trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().ok();
    assert_eq!(store.submit(&job, None).await.unwrap(), Submitted::New);
    assert_eq!(store.submit(&job, None).await.unwrap(), Submitted::Already);
    let other = Job { kind: Kind::ChangePassword, ..job.clone() };
    assert!(matches!(store.submit(&other, None).await, Err(StoreError::OtherJob { .. })));
    let asked_by_another = Job { requested_by: None, ..job.clone() };
    assert_eq!(store.submit(&asked_by_another, None).await.unwrap(), Submitted::Already);
    for (other, wished) in [
        (Job { priority: turnlock::job::Priority::High, ..job.clone() }, "priority"),
        (Job { reason: Some("another".to_owned()), ..job.clone() }, "reason"),
        (Job { evidence: false, ..job.clone() }, "evidence"),
        (Job { deadline: Duration::from_secs(77), ..job.clone() }, "deadline"),
        (Job { wait_for_human: Duration::from_secs(77), ..job.clone() }, "wait_for_human"),
    ] {
        let refused = store.submit(&other, None).await;
        assert!(matches!(refused, Err(StoreError::OtherWish { what, .. }) if what == wished), "{refused:?}");
    }
    let later = self::job("order/b");
    store.submit(&later, Some(Timestamp::now() + LONG)).await.unwrap();
    let second = self::job("order/c");
    store.submit(&second, None).await.unwrap();

    let claim = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    assert_eq!(claim.job.id, job.id);
    assert_eq!((claim.attempt, claim.tries), (1, 0));
    assert_eq!(claim.job.requested_by, job.requested_by);
    assert!(claim.job.evidence);
    assert_eq!((claim.job.trace, job.trace.is_some()), (job.trace, true));
    assert_eq!(claim.job.deadline, job.deadline);
    let attempt = start(store, &job.account, job.id).await;
    let (by, reason, fence) = (Some("[secret]"), Some("for [secret]"), claim.lease.fence());
    store.reword_job(job.id, by, reason, Some(&fence)).await.unwrap();
    let row = store.job(job.id).await.unwrap().unwrap().job;
    assert_eq!((row.requested_by.as_deref(), row.reason.as_deref()), (by, reason));
    assert_eq!(store.attempt(attempt).await.unwrap().unwrap().requested_by.as_deref(), by);
    let lost = Fence { token: fence.token + 1, ..fence };
    let refused = store.reword_job(job.id, None, None, Some(&lost)).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost(_))), "{refused:?}");
    // What was masked cannot be compared.
    assert_eq!(store.submit(&job, None).await.unwrap(), Submitted::Already);
    let next = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    assert_eq!(next.job.id, second.id);
    assert_eq!(store.claim_next(&worker, LONG).await.unwrap(), None, "the third is not due");
    assert_eq!(store.waiting_and_running().await.unwrap(), (1, 2));

    let Claiming::Claimed(third) = store.claim_job(later.id, &worker, LONG).await.unwrap() else { panic!() };
    assert_eq!(store.claim_job(later.id, &worker, LONG).await.unwrap(), Claiming::NotQueued);
    for claim in [claim, next, *third] {
        finish(store, &claim, Code::LoggedIn).await;
    }
    assert!(matches!(store.claim_job(Uuid::now_v7(), &worker, LONG).await, Err(StoreError::NoJob(_))));
}

pub(super) async fn one_account_one_job(store: &Arc<dyn Store>) {
    let worker = WorkerId::new("exclusive");
    let (first, second) = (job("exclusive/a"), job("exclusive/a"));
    store.submit(&first, None).await.unwrap();
    store.submit(&second, None).await.unwrap();
    let claim = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    assert_eq!(store.claim_next(&worker, LONG).await.unwrap(), None);
    assert_eq!(store.claim_job(second.id, &worker, LONG).await.unwrap(), Claiming::AccountBusy);
    finish(store, &claim, Code::LoggedIn).await;

    // A lease holds the account too, whoever has it.
    let lease = store.acquire(&second.account, &WorkerId::new("other"), LONG).await.unwrap().unwrap();
    assert_eq!(store.claim_next(&worker, LONG).await.unwrap(), None);
    store.release(&lease).await.unwrap();
    let claim = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    assert_eq!(claim.job.id, second.id);
    finish(store, &claim, Code::LoggedIn).await;
}

pub(super) async fn racing_claims(store: &Arc<dyn Store>) {
    for number in 0..20 {
        store.submit(&job(&format!("race/a{}", number % 4)), None).await.unwrap();
    }
    let racers = (0..10).map(|number| {
        let store = store.clone();
        tokio::spawn(async move {
            store.claim_next(&WorkerId::new(format!("racer-{number}")), LONG).await.unwrap()
        })
    });
    let claims: Vec<Claim> =
        futures::future::join_all(racers).await.into_iter().filter_map(|claim| claim.unwrap()).collect();
    let mut accounts: Vec<_> = claims.iter().map(|claim| claim.job.account.clone()).collect();
    accounts.sort();
    accounts.dedup();
    assert_eq!((claims.len(), accounts.len()), (4, 4), "a job for each account, and no more");

    let mut left = claims;
    let mut ended = 0;
    while let Some(claim) = left.pop() {
        finish(store, &claim, Code::LoggedIn).await;
        ended += 1;
        left.extend(store.claim_next(&claim.lease.worker, LONG).await.unwrap());
    }
    assert_eq!(ended, 20);
}

pub(super) async fn retries_and_endings(store: &Arc<dyn Store>) {
    let worker = WorkerId::new("retries");
    let job = job("retries/a");
    store.submit(&job, None).await.unwrap();
    let claim = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    assert!(!store.heartbeat(&claim, LONG).await.unwrap());
    let verdict = Verdict::new(Code::AppError, "500");
    requeue(store, &claim, &verdict, Timestamp::now(), true).await;
    let row = store.job(job.id).await.unwrap().unwrap();
    assert_eq!((row.state, row.attempts, row.tries), (JobState::Queued, 1, 1));
    assert_eq!((row.outcome, row.code), (Some(Outcome::RetryLater), Some(Code::AppError)));
    // The old claim is worth nothing now.
    claim_lost(store.heartbeat(&claim, LONG).await);
    claim_lost(end(store, &claim, verdict.clone(), Next::Ended).await);
    claim_lost(end(store, &claim, verdict.clone(), Next::Again { at: Timestamp::now(), counts: true }).await);
    claim_lost(store.put_back(&claim, Timestamp::now()).await);

    let again = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    assert_eq!((again.attempt, again.tries), (2, 1));
    assert!(again.token > claim.token);
    store.put_back(&again, Timestamp::now()).await.unwrap();
    let again = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    assert_eq!((again.attempt, again.tries), (2, 1), "a job that was put back was not begun");
    let stopped = Verdict::new(Code::WorkerStopped, "");
    requeue(store, &again, &stopped, Timestamp::now(), false).await;
    let again = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    assert_eq!((again.attempt, again.tries), (3, 1), "an interrupted attempt does not count");

    finish(store, &again, Code::LoggedIn).await;
    let row = store.job(job.id).await.unwrap().unwrap();
    assert!(row.has_ended() && row.finished_at.is_some() && row.worker.is_none());
    assert_eq!((row.state, row.outcome), (JobState::Finished, Some(Outcome::Succeeded)));
    claim_lost(store.heartbeat(&again, LONG).await);
    assert_eq!(store.claim_next(&worker, LONG).await.unwrap(), None);
}

pub(super) async fn cancelling(store: &Arc<dyn Store>) {
    let worker = WorkerId::new("cancelling");
    let (queued, running) = (job("cancel/a"), job("cancel/b"));
    store.submit(&queued, None).await.unwrap();
    assert_eq!(store.cancel(queued.id, &unwanted()).await.unwrap(), Cancelling::Cancelled);
    assert_eq!(store.cancel(queued.id, &unwanted()).await.unwrap(), Cancelling::Ended);
    assert_eq!(store.cancel_ahead(queued.id, &unwanted()).await.unwrap(), Cancelling::Ended);
    assert_eq!(store.job(queued.id).await.unwrap().unwrap().state, JobState::Cancelled);
    assert_eq!(store.claim_next(&worker, LONG).await.unwrap(), None);
    assert_eq!(logged(store, &queued).await, [unwanted()], "the log says so, once");

    store.submit(&running, None).await.unwrap();
    let claim = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    assert!(!store.job(running.id).await.unwrap().unwrap().is_being_cancelled());
    assert_eq!(store.cancel_ahead(running.id, &unwanted()).await.unwrap(), Cancelling::Asked);
    let row = store.job(running.id).await.unwrap().unwrap();
    assert!(row.is_being_cancelled());
    let why = NotRequeued::Cancelling;
    assert_eq!(row.once_more("me".to_owned(), true).unwrap_err(), turnlock::store::NotEnded::Performed(why));
    let refused = store.requeue(running.id).await.unwrap_err();
    assert!(matches!(refused, StoreError::NotRequeued { why: NotRequeued::Cancelling, .. }), "{refused}");
    assert!(store.heartbeat(&claim, LONG).await.unwrap(), "its worker hears of it");
    finish(store, &claim, Code::Cancelled).await;
    assert_eq!(store.job(running.id).await.unwrap().unwrap().state, JobState::Cancelled);
    let unknown = store.cancel(Uuid::now_v7(), &unwanted()).await;
    assert!(matches!(unknown, Err(StoreError::NoJob(_))));

    // One that waits for another try: its attempts stand in the log already.
    let again = self::job("cancel/c");
    store.submit(&again, None).await.unwrap();
    let claim = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    requeue(store, &claim, &Verdict::new(Code::AppError, ""), Timestamp::now(), true).await;
    assert_eq!(store.cancel(again.id, &unwanted()).await.unwrap(), Cancelling::Cancelled);
    let query = LogQuery { job: Some(again.id), limit: 1, ..LogQuery::default() };
    let row = store.log(&query).await.unwrap().remove(0);
    assert_eq!((row.number, row.verdict), (2, Some(unwanted())));
    assert!(row.ended_at.is_some() && row.user_action.is_some());
}

/// A job that is cancelled before it comes is cancelled when it comes; nobody begins it.
pub(super) async fn cancelling_ahead(store: &Arc<dyn Store>) {
    let worker = WorkerId::new("cancelling-ahead");
    let ahead = job("ahead/a");
    for _ in 0..2 {
        assert_eq!(store.cancel_ahead(ahead.id, &unwanted()).await.unwrap(), Cancelling::Noted);
    }
    let cursor = store.log_cursor().await.unwrap();
    let later = Timestamp::now() + SignedDuration::from_hours(1);
    assert_eq!(store.submit(&ahead, Some(later)).await.unwrap(), Submitted::New);
    assert_eq!(store.submit(&ahead, None).await.unwrap(), Submitted::Already);
    let row = store.job(ahead.id).await.unwrap().unwrap();
    assert_eq!((row.state, row.attempts, row.code), (JobState::Cancelled, 0, Some(Code::Cancelled)));
    assert!(row.finished_at.unwrap() < later, "it has ended now");
    assert_eq!(store.claim_job(ahead.id, &worker, LONG).await.unwrap(), Claiming::NotQueued);
    assert_eq!(store.claim_next(&worker, LONG).await.unwrap(), None);
    assert_eq!(store.cancel_ahead(ahead.id, &unwanted()).await.unwrap(), Cancelling::Ended);
    let verdicts = logged(store, &ahead).await;
    assert_eq!(verdicts.iter().map(|verdict| verdict.code).collect::<Vec<_>>(), [Code::Cancelled]);
    let followed = store.log_changes(cursor, 10).await.unwrap();
    assert!(followed.iter().any(|row| row.job == ahead.id), "who follows the log hears of it");

    // The same as a queue delivers it, among others.
    let (delivered, wanted) = (job("ahead/d"), job("ahead/d"));
    store.cancel_ahead(delivered.id, &unwanted()).await.unwrap();
    let batch = [&delivered, &wanted, &delivered].map(|job| Delivered { job: job.clone(), not_before: None });
    let takings = store.claim_delivered(&batch, &worker, LONG, LONG).await.unwrap();
    let [Taking::NotQueued, Taking::Claimed(claim), Taking::NotQueued] = &takings[..] else {
        panic!("{takings:?}")
    };
    assert_eq!(claim.job.id, wanted.id);
    finish(store, claim, Code::LoggedIn).await;
    let row = store.job(delivered.id).await.unwrap().unwrap();
    assert_eq!((row.state, row.attempts, row.code), (JobState::Cancelled, 0, Some(Code::Cancelled)));
    assert!(row.finished_at.is_some());
    assert_eq!(logged(store, &delivered).await.len(), 1);
    let offers = store.take_offers(1000, Duration::ZERO).await.unwrap();
    assert!(offers.iter().all(|row| row.job.id != delivered.id), "nobody is told of it any more");

    let (kept, forgotten) = (job("ahead/b"), job("ahead/c"));
    store.cancel_ahead(kept.id, &unwanted()).await.unwrap();
    store.forget_cancellations(LONG).await.unwrap();
    store.submit(&kept, None).await.unwrap();
    assert_eq!(store.job(kept.id).await.unwrap().unwrap().state, JobState::Cancelled);
    store.cancel_ahead(forgotten.id, &unwanted()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert!(store.forget_cancellations(Duration::ZERO).await.unwrap() >= 1);
    store.submit(&forgotten, None).await.unwrap();
    let claim = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    assert_eq!(claim.job.id, forgotten.id);
    finish(store, &claim, Code::LoggedIn).await;
}

/// Whoever comes first: a job is either cancelled when it is written down, or found and cancelled then.
pub(super) async fn racing_cancellations(store: &Arc<dyn Store>) {
    let jobs: Vec<Job> = (0..40).map(|nth| job(&format!("race/b{nth}"))).collect();
    let races = jobs.iter().map(|job| {
        let (submits, cancels, job, id) = (store.clone(), store.clone(), job.clone(), job.id);
        let submits = tokio::spawn(async move { submits.submit(&job, None).await.unwrap() });
        let cancels = tokio::spawn(async move { cancels.cancel_ahead(id, &unwanted()).await.unwrap() });
        async move { (submits.await.unwrap(), cancels.await.unwrap()) }
    });
    let came = futures::future::join_all(races).await;
    for (job, came) in jobs.iter().zip(came) {
        let row = store.job(job.id).await.unwrap().unwrap();
        assert_eq!(row.state, JobState::Cancelled, "{came:?}");
        assert_eq!(logged(store, job).await.len(), 1, "{came:?}");
    }
}

pub(super) fn unwanted() -> Verdict {
    Verdict::new(Code::Cancelled, "Nobody wants it any more.")
}

pub(super) async fn recovery(store: &Arc<dyn Store>) {
    let dead = WorkerId::new("dead");
    let is_dead = |worker: &WorkerId| worker.as_str() == "dead";
    let nobody = |_: &WorkerId| false;

    // A worker that died before its commit step.
    let before = add(store, "recovery/before").await;
    let (claim, attempt) = begin(store, &before, &dead).await;
    assert_eq!(store.recover(&nobody).await.unwrap(), Vec::<Uuid>::new());
    assert_eq!(store.recover(&is_dead).await.unwrap(), [claim.job.id]);
    ended_as(store, attempt, Outcome::Interrupted, Code::WorkerDied).await;
    assert_eq!(store.renew(&claim.lease, LONG).await.unwrap(), None);
    claim_lost(store.heartbeat(&claim, LONG).await);
    let row = store.job(claim.job.id).await.unwrap().unwrap();
    assert_eq!((row.state, row.tries), (JobState::Queued, 0));
    let again = store.claim_next(&WorkerId::new("alive"), LONG).await.unwrap().unwrap();
    finish(store, &again, Code::LoggedIn).await;
    assert_eq!(store.recover(&is_dead).await.unwrap(), Vec::<Uuid>::new());

    // One that died behind it.
    let behind = add(store, "recovery/behind").await;
    let (claim, attempt) = begin(store, &behind, &dead).await;
    let new = NewCandidate { job: Some(claim.job.id), ..candidate(&behind, CandidateKind::Password, 2) };
    store.propose(&new, None).await.unwrap();
    store.mark_submitted(new.id, None).await.unwrap();
    store.recover(&is_dead).await.unwrap();
    ended_as(store, attempt, Outcome::Unknown, Code::AnswerLost).await;
    let row = store.job(claim.job.id).await.unwrap().unwrap();
    assert_eq!((row.state, row.tries), (JobState::Queued, 1));
    for _ in 0..2 {
        let again = store.claim_next(&WorkerId::new("alive"), LONG).await.unwrap().unwrap();
        if again.job.kind == Kind::Reconcile {
            store.promote(new.id, None).await.unwrap();
        }
        finish(store, &again, Code::PasswordChanged).await;
    }

    // One that died when all was done but the note that the job has ended: it is not done twice.
    let done = add(store, "recovery/done").await;
    let (claim, attempt) = begin(store, &done, &dead).await;
    let verdict = Verdict::new(Code::PasswordChanged, "");
    store.end_attempt(attempt, &verdict, &Provenance::default(), None).await.unwrap();
    store.recover(&is_dead).await.unwrap();
    let row = store.job(claim.job.id).await.unwrap().unwrap();
    assert_eq!((row.state, row.code), (JobState::Finished, Some(Code::PasswordChanged)));

    // One that nobody can tell dead: its claim expires.
    let silent = add(store, "recovery/silent").await;
    let (claim, attempt) = begin(store, &silent, &WorkerId::new("elsewhere")).await;
    store.cancel(claim.job.id, &unwanted()).await.unwrap();
    store.heartbeat(&claim, Duration::ZERO).await.unwrap();
    assert_eq!(store.recover(&nobody).await.unwrap(), [claim.job.id]);
    ended_as(store, attempt, Outcome::Interrupted, Code::WorkerDied).await;
    let row = store.job(claim.job.id).await.unwrap().unwrap();
    assert_eq!(row.state, JobState::Cancelled, "somebody wanted it cancelled");

    // And one that had not begun: the log says how it ended all the same.
    let unbegun = job("recovery/unbegun");
    store.submit(&unbegun, None).await.unwrap();
    let Claiming::Claimed(_) = store.claim_job(unbegun.id, &dead, LONG).await.unwrap() else { panic!() };
    store.cancel(unbegun.id, &Verdict::new(Code::Cancelled, "")).await.unwrap();
    store.recover(&is_dead).await.unwrap();
    assert_eq!(store.job(unbegun.id).await.unwrap().unwrap().state, JobState::Cancelled);
    assert_eq!(logged(store, &unbegun).await[0].code, Code::Cancelled);

    // One over which every worker dies: it waits longer and longer, and no more than ten do.
    let deadly = job("recovery/deadly");
    store.submit(&deadly, None).await.unwrap();
    for death in 1..=10 {
        let Claiming::Claimed(_) = store.claim_job(deadly.id, &dead, LONG).await.unwrap() else { panic!() };
        let new = NewAttempt { number: death, ..beginning(&deadly.account, deadly.id) };
        store.start_attempt(&new, None).await.unwrap();
        store.recover(&is_dead).await.unwrap();
        let row = store.job(deadly.id).await.unwrap().unwrap();
        assert_eq!(row.state == JobState::Queued, death < 10);
        assert_eq!(
            row.not_before > Timestamp::now() + SignedDuration::from_secs(5),
            (4..10).contains(&death)
        );
    }
    let row = store.job(deadly.id).await.unwrap().unwrap();
    assert_eq!((row.state, row.code, row.tries), (JobState::Finished, Some(Code::WorkersDied), 1));
    assert_eq!(logged(store, &deadly).await[0].code, Code::WorkersDied, "newest first");
}

/// The urgent first, and who has waited long enough before them.
pub(super) async fn priorities(store: &Arc<dyn Store>) {
    let worker = WorkerId::new("priorities");
    let mut jobs = Vec::new();
    for (name, priority) in [
        ("low", Priority::Low),
        ("normal", Priority::Normal),
        ("high", Priority::High),
        ("old", Priority::Low),
    ] {
        let job = Job { priority, ..job(&format!("priorities/{name}")) };
        let long_ago = Timestamp::now() - SignedDuration::from_hours(1);
        store.submit(&job, (name == "old").then_some(long_ago)).await.unwrap();
        jobs.push(job.id);
    }
    for nth in [3, 2, 1, 0] {
        let claim = store.claim_next(&worker, LONG).await.unwrap().unwrap();
        assert_eq!(claim.job.id, jobs[nth]);
        finish(store, &claim, Code::LoggedIn).await;
    }
}

/// A queue outside of the database hears of each job that waits here, once.
/// A job that waits for its time is due when somebody says so; one that does not wait is left as it is.
pub(super) async fn requeueing(store: &Arc<dyn Store>) {
    let worker = WorkerId::new("requeueing");
    let later = Timestamp::now() + SignedDuration::from_hours(1);
    let (job, usual) = (job("requeue/a"), self::job("requeue/b"));
    let refused = async |id: Uuid| match store.requeue(id).await.unwrap_err() {
        StoreError::NotRequeued { id: refused, why } if refused == id => why,
        other => panic!("{other:?}"),
    };
    let unknown = store.requeue(Uuid::now_v7()).await;
    assert!(matches!(unknown, Err(StoreError::NoJob(_))));
    store.submit(&job, Some(later)).await.unwrap();
    store.submit(&usual, None).await.unwrap();
    assert_eq!(store.requeue(usual.id).await.unwrap(), Requeueing::Already);
    assert!(store.take_offers(1000, LONG).await.unwrap().iter().any(|row| row.job.id == job.id));
    store.offered(job.id, LONG).await.unwrap();
    assert_eq!(store.requeue(job.id).await.unwrap(), Requeueing::Due);
    let row = store.job(job.id).await.unwrap().unwrap();
    assert!(row.state == JobState::Queued && row.not_before < later - SignedDuration::from_mins(59));
    let offered = store.take_offers(1000, LONG).await.unwrap();
    assert!(
        offered.iter().any(|row| row.job.id == job.id),
        "a queue outside of the database hears of it anew"
    );
    // It takes its turn behind what was due before.
    let claim = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    assert_eq!(claim.job.id, usual.id);
    finish(store, &claim, Code::LoggedIn).await;
    assert_eq!(refused(usual.id).await, NotRequeued::Ended);
    let claim = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    assert_eq!((claim.job.id, refused(job.id).await), (job.id, NotRequeued::Runs));

    // It is tried again later; what it has tried already counts.
    requeue(store, &claim, &Verdict::new(Code::AppError, ""), later, true).await;
    assert_eq!(store.claim_next(&worker, LONG).await.unwrap(), None);
    assert_eq!(store.requeue(job.id).await.unwrap(), Requeueing::Due);
    let claim = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    assert_eq!((claim.job.id, claim.tries), (job.id, 1));

    // While it waits for a person it is not taken from its worker.
    let attempt = beginning(&job.account, job.id);
    store.start_attempt(&attempt, None).await.unwrap();
    let question = NewQuestion {
        id: Uuid::now_v7(),
        job: job.id,
        attempt: attempt.id,
        account: job.account.clone(),
        wanted: Wanted::Totp,
        step: "login.3".to_owned(),
        key: vec![1],
        refused: None,
        lasts: LONG,
    };
    store.ask(&question, None).await.unwrap();
    assert_eq!(refused(job.id).await, NotRequeued::Asks);
    store.close_question(question.id, QuestionState::Withdrawn).await.unwrap();
    let ending = Ending {
        attempt: attempt.id,
        verdict: Verdict::new(Code::AppError, ""),
        provenance: Provenance::default(),
        next: Next::Again { at: Timestamp::now(), counts: true },
    };
    store.end(&claim, &ending).await.unwrap();

    // Its worker is lost, and its claim has expired.
    let claim = store.claim_next(&worker, Duration::from_millis(1)).await.unwrap().unwrap();
    assert_eq!(claim.job.id, job.id);
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert_eq!(store.requeue(job.id).await.unwrap(), Requeueing::TakenUp);
    let claim = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    assert_eq!(claim.job.id, job.id);

    // Its app holds it back: to have it tried all the same is for whoever closes the breaker.
    store.hold_back(&claim).await.unwrap();
    assert_eq!(refused(job.id).await, NotRequeued::HeldBack);
    store.cancel(job.id, &unwanted()).await.unwrap();
    assert_eq!(refused(job.id).await, NotRequeued::Ended);
}

pub(super) async fn offers(store: &Arc<dyn Store>) {
    let worker = WorkerId::new("offers");
    let job = Job { priority: Priority::High, ..job("offers/a") };
    store.submit(&job, None).await.unwrap();
    let offered = async |hold| {
        let rows = store.take_offers(1000, hold).await.unwrap();
        rows.into_iter().find(|row| row.job.id == job.id)
    };
    assert_eq!(offered(Duration::ZERO).await.unwrap().job.priority, Priority::High);
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert!(offered(LONG).await.is_some(), "whoever took it has died over it");
    assert!(offered(LONG).await.is_none());
    store.offered(job.id, LONG).await.unwrap();
    let Claiming::Claimed(claim) = store.claim_job(job.id, &worker, LONG).await.unwrap() else { panic!() };
    assert!(offered(LONG).await.is_none(), "it runs");
    let later = Timestamp::now() + SignedDuration::from_mins(1);
    requeue(store, &claim, &Verdict::new(Code::AppError, ""), later, true).await;
    let row = offered(LONG).await.unwrap();
    assert!(row.not_before.duration_since(later).abs() < SignedDuration::from_secs(5), "{row:?}");
    store.cancel(job.id, &unwanted()).await.unwrap();
    assert!(offered(LONG).await.is_none());
}
