//! What only the PostgreSQL store can get wrong.

use std::time::Instant;

use sqlx::PgConnection;

use super::*;
use crate::harness::SOON;
use crate::harness::postgres::server;

#[tokio::test]
async fn postgres_conforms() {
    conform(turnlock::store::open(&server().database().await).await.unwrap()).await;
}

/// Two workers' stores on one database.
async fn two() -> [Arc<dyn Store>; 2] {
    let url = server().database().await;
    // At once: one makes the tables, the other finds them made.
    let (one, two) = tokio::join!(turnlock::store::open(&url), turnlock::store::open(&url));
    [one.unwrap(), two.unwrap()]
}

pub(super) async fn raw(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

#[tokio::test]
async fn racing_workers_share_jobs_and_do_each_once() {
    let stores = two().await;
    let submitting = (0..200).map(|number| {
        let store = stores[number % 2].clone();
        tokio::spawn(async move { store.submit(&job(&format!("race/a{}", number % 20)), None).await })
    });
    for submitted in futures::future::join_all(submitting).await {
        assert_eq!(submitted.unwrap().unwrap(), Submitted::New);
    }
    let at_work = Arc::new(std::sync::Mutex::new(std::collections::BTreeSet::new()));
    let workers = (0..12).map(|number| {
        let (store, at_work) = (stores[number % 2].clone(), at_work.clone());
        tokio::spawn(async move {
            let (worker, mut done, mut idle) = (WorkerId::new(format!("w{number}")), Vec::new(), 0);
            while idle < 20 {
                let Some(claim) = store.claim_next(&worker, LONG).await.unwrap() else {
                    idle += 1;
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                };
                idle = 0;
                let account = claim.job.account.clone();
                assert!(at_work.lock().unwrap().insert(account.clone()), "two at {account}");
                tokio::time::sleep(Duration::from_millis(2)).await;
                assert!(at_work.lock().unwrap().remove(&account));
                finish(&store, &claim, Code::LoggedIn).await;
                done.push(claim.job.id);
            }
            done
        })
    });
    let done: Vec<Vec<Uuid>> =
        futures::future::join_all(workers).await.into_iter().map(Result::unwrap).collect();
    let mut all = done.concat();
    all.sort();
    all.dedup();
    assert_eq!((all.len(), done.iter().map(Vec::len).sum::<usize>()), (200, 200), "each once");
    assert!(done.iter().filter(|done| !done.is_empty()).count() > 6, "the work is shared");
}

#[tokio::test]
async fn racing_submissions_of_one_id_are_one_job() {
    let stores = two().await;
    let job = job("race/one");
    let racers = (0..20).map(|number| {
        let (store, job) = (stores[number % 2].clone(), job.clone());
        tokio::spawn(async move { store.submit(&job, None).await.unwrap() })
    });
    let results = futures::future::join_all(racers).await;
    assert_eq!(results.iter().filter(|result| matches!(result, Ok(Submitted::New))).count(), 1);
    assert_eq!(stores[0].waiting_and_running().await.unwrap(), (1, 0));
}

#[tokio::test]
async fn racing_workers_share_the_places_in_an_app() {
    gates::racing_enters(two().await).await;
}

#[tokio::test]
async fn racing_workers_share_budget_ledger_and_leases() {
    let stores = two().await;
    let owner = add(&stores[0], "race/owner").await;
    let limit = Some(Limit { most: 3, window: LONG });
    let race = |number: usize| stores[number % 2].clone();

    let new = new_try("race/owner");
    let tries = (0..20).map(|number| {
        let (store, new) = (race(number), new.clone());
        tokio::spawn(async move { store.begin_try(&new, limit, None).await.unwrap() })
    });
    let begun = futures::future::join_all(tries).await;
    assert_eq!(begun.iter().filter(|begun| matches!(begun, Ok(Begun::Try(_)))).count(), 3);

    let leases = (0..20).map(|number| {
        let (store, owner) = (race(number), owner.clone());
        tokio::spawn(async move { store.acquire(&owner, &WorkerId::new("w"), LONG).await.unwrap() })
    });
    let held: Vec<_> =
        futures::future::join_all(leases).await.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(held.len(), 1);

    // Promotions of several proved candidates leave one current, whatever their order.
    let fence = held[0].fence();
    let old = stores[0].candidates(&owner).await.unwrap()[0].id;
    let new = candidate(&owner, CandidateKind::Password, 2);
    stores[0].propose(&new, Some(&fence)).await.unwrap();
    let promotions = (0..20).map(|number| {
        let (store, fence, id) = (race(number), fence.clone(), if number % 3 == 0 { old } else { new.id });
        tokio::spawn(async move { store.promote(id, Some(&fence)).await })
    });
    for promoted in futures::future::join_all(promotions).await {
        promoted.unwrap().unwrap();
    }
    let states = states(&stores[1], &owner).await;
    assert_eq!(states.iter().filter(|state| **state == CandidateState::Current).count(), 1, "{states:?}");

    // One address, two accounts.
    let takers = (0..10).map(|number| {
        let store = race(number);
        let entry = AccountEntry {
            account: account(&format!("race/taker{number}")),
            username: "taker".to_owned(),
            number: None,
            address: Some(if number % 2 == 0 { "Codes@x.test" } else { "codes@X.test" }.to_owned()),
        };
        tokio::spawn(async move { store.put_account(&entry, &[]).await })
    });
    let results = futures::future::join_all(takers).await;
    let taken = results.iter().filter(|result| matches!(result, Ok(Err(StoreError::AddressTaken { .. }))));
    assert_eq!(taken.count(), 9, "{results:?}");
}

#[tokio::test]
async fn whoever_recovers_first_takes_up_what_was_left() {
    let stores = two().await;
    let dead = WorkerId::new("dead");
    let mut left = Vec::new();
    for number in 0..5 {
        let owner = add(&stores[0], &format!("left/a{number}")).await;
        let (claim, _) = begin(&stores[0], &owner, &dead).await;
        let new = NewCandidate { job: Some(claim.job.id), ..candidate(&owner, CandidateKind::Password, 2) };
        stores[0].propose(&new, None).await.unwrap();
        stores[0].mark_submitted(new.id, None).await.unwrap();
        left.push((claim.job.id, new.id));
    }
    let recoveries = (0..8).map(|number| {
        let store = stores[number % 2].clone();
        tokio::spawn(async move { store.recover(&|worker| worker.as_str() == "dead").await.unwrap() })
    });
    let taken_up: Vec<Uuid> =
        futures::future::join_all(recoveries).await.into_iter().flat_map(Result::unwrap).collect();
    let mut distinct = taken_up.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!((taken_up.len(), distinct.len()), (10, 10), "each job once, and a reconciliation for each");
    for (job, candidate) in left {
        assert!(taken_up.contains(&job));
        let owed = stores[0].reconciliation_of(candidate).await.unwrap().unwrap();
        assert!(taken_up.contains(&owed.job.id));
    }
}

/// Numbers are drawn in one order and committed in another; a follower sees each row all the same.
#[tokio::test]
async fn whoever_follows_the_log_misses_nothing() {
    let url = server().database().await;
    let store = turnlock::store::open(&url).await.unwrap();
    let owner = account("follow/a");
    start(&store, &owner, Uuid::now_v7()).await;
    let cursor = store.log_cursor().await.unwrap();

    // One writer has drawn its number and is slow to commit.
    let mut slow = raw(&url).await;
    let mut slow = slow.begin().await.unwrap();
    slow.execute(
        "INSERT INTO attempts_under_way (changed, id, job, kind, app, account, attempt, worker, queued_at, started_at)
         VALUES (turnlock_next_change(), gen_random_uuid(), gen_random_uuid(), 'verify_login', 'follow', 'follow/a',
                 1, 'slow', 0, turnlock_now())",
    )
    .await
    .unwrap();
    let quick = start(&store, &owner, Uuid::now_v7()).await;
    assert_eq!(store.log_changes(cursor, 10).await.unwrap(), [], "not before the slow one");
    assert_eq!(store.log_cursor().await.unwrap(), cursor);
    slow.commit().await.unwrap();
    let seen = store.log_changes(cursor, 10).await.unwrap();
    assert_eq!(seen.len(), 2);
    assert_eq!((seen[0].worker.as_str(), seen[1].id), ("slow", quick));

    // Many writers, one follower.
    let cursor = seen[1].changed;
    let writing = tokio::spawn({
        let (store, owner) = (store.clone(), owner.clone());
        async move {
            let writers = (0..8).map(|_| {
                let (store, owner) = (store.clone(), owner.clone());
                tokio::spawn(async move {
                    for _ in 0..25 {
                        let attempt = start(&store, &owner, Uuid::now_v7()).await;
                        let verdict = Verdict::new(Code::LoggedIn, "");
                        store.end_attempt(attempt, &verdict, &Provenance::default(), None).await.unwrap();
                    }
                })
            });
            futures::future::join_all(writers).await.into_iter().for_each(Result::unwrap);
        }
    });
    let (mut at, mut ended) = (cursor, std::collections::BTreeSet::new());
    let until = Instant::now() + SOON;
    while ended.len() < 200 {
        assert!(Instant::now() < until, "{} of 200 ends were seen", ended.len());
        let finished = writing.is_finished();
        let page = store.log_changes(at, 7).await.unwrap();
        assert!(!(page.is_empty() && finished), "{} of 200 ends were seen", ended.len());
        for row in page {
            assert!(row.changed > at, "in order");
            at = row.changed;
            if row.verdict.is_some() {
                ended.insert(row.id);
            }
        }
    }
    writing.await.unwrap();
}

/// A claim waits for nobody, so whatever was refused must have let its account go when it says so.
#[tokio::test]
async fn what_was_refused_holds_nobody_up() {
    let [store, other] = two().await;
    let worker = WorkerId::new("w");
    let owner = add(&store, "refused/a").await;
    let jobs: Vec<Job> = (0..2).map(|_| job("refused/a")).collect();
    for job in &jobs {
        store.submit(job, None).await.unwrap();
    }
    let mut claim = store.claim_next(&worker, LONG).await.unwrap().unwrap();
    for _ in 0..50 {
        assert_eq!(store.claim_job(jobs[1].id, &worker, LONG).await.unwrap(), Claiming::AccountBusy);
        assert_eq!(store.claim_next(&worker, LONG).await.unwrap(), None);
        let stale = claim.clone();
        store.put_back(&claim, Timestamp::now()).await.unwrap();
        claim_lost(end(&store, &stale, Verdict::new(Code::LoggedIn, ""), Next::Ended).await);
        claim = other.claim_next(&worker, LONG).await.unwrap().unwrap();
        store.put_back(&claim, Timestamp::now()).await.unwrap();
        let refused = store.propose(&candidate(&owner, CandidateKind::Password, 1), None).await;
        assert!(matches!(refused, Err(StoreError::VersionTaken { .. })), "{refused:?}");
        claim = other.claim_next(&worker, LONG).await.unwrap().unwrap();
    }
}

/// What one process submits, ends or puts back, another hears of at once.
#[tokio::test]
async fn news_of_jobs_reach_other_processes() {
    let [here, there] = two().await;
    let heard = async || tokio::time::timeout(SOON, there.jobs_changed()).await.expect("no news came");
    let quiet = async || {
        while tokio::time::timeout(Duration::from_millis(300), there.jobs_changed()).await.is_ok() {}
    };
    // It hears something when it has begun to listen.
    heard().await;
    quiet().await;
    let (worker, job) = (WorkerId::new("w"), job("news/a"));
    here.submit(&job, None).await.unwrap();
    heard().await;
    quiet().await;
    let claim = here.claim_next(&worker, LONG).await.unwrap().unwrap();
    requeue(&here, &claim, &Verdict::new(Code::AppError, ""), Timestamp::now(), true).await;
    heard().await;
    quiet().await;
    let claim = here.claim_next(&worker, Duration::ZERO).await.unwrap().unwrap();
    assert_eq!(here.recover(&|_| false).await.unwrap(), [claim.job.id]);
    heard().await;
    quiet().await;
    let claim = here.claim_next(&worker, LONG).await.unwrap().unwrap();
    finish(&here, &claim, Code::LoggedIn).await;
    heard().await;
}

/// The promises hold for whoever opens the database, not only for this program.
#[tokio::test]
async fn the_database_itself_guards_ledger_and_log() {
    let url = server().database().await;
    let store = turnlock::store::open(&url).await.unwrap();
    let owner = add(&store, "acme/alice").await;
    let (claim, attempt) = begin(&store, &owner, &WorkerId::new("w")).await;
    let new = candidate(&owner, CandidateKind::Password, 2);
    store.propose(&new, None).await.unwrap();
    store.reject(new.id, &never(), None).await.unwrap();
    store
        .end_attempt(attempt, &Verdict::new(Code::LoggedIn, ""), &Provenance::default(), None)
        .await
        .unwrap();
    finish(&store, &claim, Code::LoggedIn).await;
    start(&store, &account("acme/carol"), Uuid::now_v7()).await;

    let mut vandal = raw(&url).await;
    vandal.execute("UPDATE accounts SET mfa_note = 'what is not guarded can be written'").await.unwrap();
    for sql in [
        "UPDATE candidates SET state = 'current' WHERE state = 'rejected'",
        "UPDATE candidates SET state = 'pending' WHERE state = 'current'",
        "UPDATE candidates SET state = 'rejected' WHERE state = 'current'",
        "UPDATE candidates SET sealed = '\\x00'",
        "UPDATE candidates SET sealed = ''",
        "UPDATE candidates SET account = 'acme/bob'",
        "DELETE FROM candidates",
        "TRUNCATE candidates CASCADE",
        "UPDATE automation_log SET message = 'all is well'",
        "UPDATE automation_log SET outcome = NULL",
        "UPDATE automation_log SET worker = 'me'",
        "INSERT INTO automation_log (changed, id, job, kind, app, account, attempt, worker, queued_at, started_at)
         SELECT 0, id, job, kind, app, account, attempt, worker, queued_at, started_at FROM automation_log",
        "UPDATE attempts_under_way SET worker = 'me'",
        "DELETE FROM attempts_under_way",
        "TRUNCATE attempts_under_way",
        "DELETE FROM automation_log",
        "TRUNCATE automation_log",
        "INSERT INTO automation_step (attempt, began_at, seq, step, summary, started_at)
         SELECT id, started_at, 1, 'login.1', '', 0 FROM automation_log",
        "INSERT INTO automation_step (attempt, began_at, seq, step, summary, started_at)
         VALUES (gen_random_uuid(), 0, 1, 'login.1', '', 0)",
    ] {
        assert!(vandal.execute(sql).await.is_err(), "{sql}");
    }
}

/// A job that somebody is writing down when it is cancelled is not missed: neither sees what the other has not committed.
#[tokio::test]
async fn a_job_that_is_being_written_down_is_cancelled_all_the_same() {
    let url = server().database().await;
    let store = turnlock::store::open(&url).await.unwrap();
    let job = job("ahead/writing");
    let mut writer = raw(&url).await;
    writer.execute("BEGIN").await.unwrap();
    sqlx::query(
        "INSERT INTO jobs (id, kind, account, priority, evidence, deadline_ms, submitted_at, state, not_before, rank)
         VALUES ($1, 'verify_login', 'ahead/writing', 'normal', false, 1000, 0, 'queued', 0, 0)",
    )
    .bind(job.id)
    .execute(&mut writer)
    .await
    .unwrap();
    let cancelling = tokio::spawn({
        let store = store.clone();
        async move { store.cancel_ahead(job.id, &Verdict::new(Code::Cancelled, "")).await.unwrap() }
    });
    // It has noted what it wants, and waits.
    let mut looker = raw(&url).await;
    let until = Instant::now() + SOON;
    loop {
        let noted: i64 =
            sqlx::query_scalar("SELECT count(*) FROM cancellations").fetch_one(&mut looker).await.unwrap();
        if noted == 1 {
            break;
        }
        assert!(Instant::now() < until && !cancelling.is_finished());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    writer.execute("COMMIT").await.unwrap();
    assert_eq!(cancelling.await.unwrap(), Cancelling::Cancelled);
    assert_eq!(store.job(job.id).await.unwrap().unwrap().state, JobState::Cancelled);
}

#[tokio::test]
async fn a_worker_notices_a_newer_schema() {
    let url = server().database().await;
    let store = turnlock::store::open(&url).await.unwrap();
    raw(&url).await.execute("UPDATE turnlock_schema SET version = 99").await.unwrap();
    fleet::a_newer_schema(&store).await;
}

/// News of workers come to the other process at once, and news of jobs are none.
#[tokio::test]
async fn what_is_wanted_of_a_worker_is_told_at_once() {
    let [here, there] = two().await;
    let beat = Beat {
        worker: WorkerId::new("told"),
        version: String::new(),
        slots: 1,
        duty: Duty::Working,
        overrules: false,
        hold: LONG,
        browser_memory: None,
    };
    here.worker_beat(&beat).await.unwrap();
    // That it listens is the first of the news.
    tokio::time::timeout(SOON, here.workers_changed()).await.unwrap();
    tokio::time::timeout(SOON, here.jobs_changed()).await.unwrap();
    // It woke the one that waited, and one that comes later.
    let _ = futures::poll!(here.workers_changed());
    there.submit(&job("told/a"), None).await.unwrap();
    tokio::time::timeout(SOON, here.jobs_changed()).await.unwrap();
    assert!(futures::poll!(here.workers_changed()).is_pending());
    there.want_of_worker(&beat.worker, Duty::Draining).await.unwrap();
    tokio::time::timeout(SOON, here.workers_changed()).await.unwrap();
    assert_eq!(here.worker_beat(&beat).await.unwrap(), Duty::Draining);
}
