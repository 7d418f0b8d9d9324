//! Jobs, page by page.

use std::time::Instant;

use sqlx::{AssertSqlSafe, PgConnection};
use turnlock::store::{IdEnd, JobRow};

use super::jobs::unwanted;
use super::log_speed::looked_at;
use super::*;
use crate::harness::postgres::{Server, server};

/// The ids of the jobs that the query asks for, those of this test alone.
async fn listed(store: &Arc<dyn Store>, query: &JobQuery) -> Vec<Uuid> {
    let rows = store.job_list(&JobQuery { limit: 10_000, ..query.clone() }).await.unwrap();
    rows.iter().filter(|row| row.job.account.app().starts_with("listed")).map(|row| row.job.id).collect()
}

pub(super) async fn jobs_by_page(store: &Arc<dyn Store>) {
    let named = |name: &str| Job { requested_by: Some("lister".to_owned()), ..job(name) };
    let [first, second, third] = ["listed/a", "listed/b", "listed-too/a"].map(named);
    let fourth = Job { kind: Kind::Reconcile, requested_by: None, ..job("listed/a") };
    for job in [&first, &second, &third] {
        add(store, &job.account.to_string()).await;
    }
    for job in [&first, &second, &third, &fourth] {
        store.submit(job, None).await.unwrap();
    }
    let Claiming::Claimed(claim) = store.claim_job(first.id, &WorkerId::new("w"), LONG).await.unwrap() else {
        panic!("it can be claimed")
    };
    finish(store, &claim, Code::Captcha).await;
    store.cancel(second.id, &unwanted()).await.unwrap();
    let Claiming::Claimed(claim) = store.claim_job(third.id, &WorkerId::new("w"), LONG).await.unwrap() else {
        panic!("it can be claimed")
    };
    let all = JobQuery::default;
    let [one, two, three, four] = [first.id, second.id, third.id, fourth.id];
    let of = |state| JobQuery { state: Some(state), ..all() };
    let account = |name: &str| JobQuery { account: Some(super::account(name)), ..all() };
    for (query, wanted) in [
        (all(), vec![four, three, two, one]),
        (of(JobState::Queued), vec![four]),
        (of(JobState::Running), vec![three]),
        (of(JobState::Cancelled), vec![two]),
        (of(JobState::Finished), vec![one]),
        (JobQuery { app: Some("listed".to_owned()), ..all() }, vec![four, two, one]),
        (account("listed/a"), vec![four, one]),
        (JobQuery { kind: Some(Kind::Reconcile), ..all() }, vec![four]),
        (JobQuery { kind: Some(Kind::VerifyLogin), ..account("listed/a") }, vec![one]),
        (JobQuery { requested_by: Some("lister".to_owned()), ..all() }, vec![three, two, one]),
        (JobQuery { outcomes: Outcome::FAILED.to_vec(), ..all() }, vec![one]),
        (JobQuery { outcomes: vec![Outcome::Interrupted, Outcome::Succeeded], ..all() }, vec![two]),
        (JobQuery { code: Some(Code::Captcha), ..all() }, vec![one]),
        (JobQuery { code: Some(Code::Captcha), ..of(JobState::Queued) }, vec![]),
        (JobQuery { app: Some("listed".to_owned()), ..of(JobState::Finished) }, vec![one]),
    ] {
        assert_eq!(listed(store, &query).await, wanted, "{query:?}");
    }
    // Pages do not shift, and none is left out between them.
    let by_app = JobQuery { app: Some("listed".to_owned()), limit: 2, ..all() };
    let page = store.job_page(&by_app).await.unwrap();
    assert_eq!(page.rows.iter().map(|row| row.job.id).collect::<Vec<_>>(), [four, two]);
    let late = named("listed/c");
    store.submit(&late, None).await.unwrap();
    let page = store.job_page(&JobQuery { before: page.next, ..by_app.clone() }).await.unwrap();
    assert_eq!((page.rows.len(), page.rows[0].job.id, page.next), (1, one, None));
    // What is listed is the job as it is known by its id.
    assert_eq!(page.rows[0].job, store.job(one).await.unwrap().unwrap().job);
    // Of accounts that are shared with a token.
    let token = NewToken {
        id: Uuid::now_v7(),
        name: "lister".to_owned(),
        hash: [7; 32].to_vec(),
        scopes: vec![Scope::Read],
        only_shared: true,
        expires_at: None,
        created_by: None,
    };
    store.add_token(&token).await.unwrap();
    let shared = JobQuery { shared_with: Some(token.id), ..all() };
    assert!(listed(store, &shared).await.is_empty());
    store.share(&first.account, "lister", Role::Owner, "the test").await.unwrap();
    assert_eq!(listed(store, &shared).await, [four, one]);
    let finished = JobQuery { state: Some(JobState::Finished), ..shared.clone() };
    assert_eq!(listed(store, &finished).await, [one]);
    let others = JobQuery { account: Some(second.account.clone()), ..shared };
    assert!(listed(store, &others).await.is_empty());
    finish(store, &claim, Code::LoggedIn).await;
    for id in [four, late.id] {
        store.cancel(id, &unwanted()).await.unwrap();
    }
    // The wish of one that has ended, once more; not of one that has not.
    let row = store.job(one).await.unwrap().unwrap();
    let again = row.once_more("somebody".to_owned(), false).unwrap();
    assert_eq!((again.kind, &again.account, again.deadline), (first.kind, &first.account, first.deadline));
    assert_eq!(again.requested_by.as_deref(), Some("somebody"));
    assert_ne!(again.id, one);
    // The reason goes along, however often that is, and does not grow.
    let of = |reason: &str| JobRow {
        job: Job { reason: Some(reason.to_owned()), ..row.job.clone() },
        ..row.clone()
    };
    let reason = |row: JobRow| row.once_more(String::new(), false).unwrap().reason.unwrap();
    assert_eq!(reason(of("quarterly: now")), format!("once more, after {one}: quarterly: now"));
    assert_eq!(reason(of(&reason(of("quarterly: now")))), format!("once more, after {one}: quarterly: now"));
    assert_eq!(reason(of(&again.reason.clone().unwrap())), again.reason.clone().unwrap());
    assert_eq!(reason(of(&"x".repeat(500))).chars().count(), 500);
    // The end of an id, as logs show it, is known of late jobs.
    let end = |id: Uuid| IdEnd::new(&id.to_string()[28..].to_uppercase()).unwrap();
    assert_eq!(store.jobs_ending(&end(one)).await.unwrap(), [one]);
    assert!(store.jobs_ending(&end(again.id)).await.unwrap().is_empty());
    store.submit(&again, None).await.unwrap();
    assert!(store.job(again.id).await.unwrap().unwrap().once_more(String::new(), false).is_err());
    store.cancel(again.id, &unwanted()).await.unwrap();
}

/// A token with which three accounts are shared.
const FEW: Uuid = Uuid::from_u128(3);

/// So many jobs of 20 apps and 5,000 accounts: the oldest of one app, nine of ten succeeded, a hundred wait, ten run.
async fn fill(on: &mut PgConnection, jobs: i64) {
    on.execute(AssertSqlSafe(format!(
        "INSERT INTO accounts (account, app, username, created_at, updated_at)
         SELECT 'app' || n % 20 || '/user' || n, 'app' || n % 20, 'user' || n, 0, 0 FROM generate_series(0, 4999) AS n;
         INSERT INTO tokens (id, name, hash, scopes, created_at) VALUES ('{FEW}', 'few', '\\x03', 'read', 0);
         INSERT INTO shares (token, account, role, created_at, created_by)
         SELECT '{FEW}'::uuid, account, 'owner', 0, 'the test' FROM accounts
         WHERE account IN ('app1/user1', 'app2/user2', 'app3/user3');
         INSERT INTO jobs (id, kind, account, priority, requested_by, evidence, deadline_ms, submitted_at, state, not_before,
                           rank, outcome, code, attempts, wait_for_human_ms)
         SELECT gen_random_uuid(), CASE n % 1000 WHEN 0 THEN 'reconcile' ELSE 'verify_login' END,
                CASE WHEN n < {jobs} / 20 THEN 'gone/user' || n % 100 ELSE 'app' || n % 20 || '/user' || n % 5000 END,
                'normal', CASE n % 10 WHEN 0 THEN 'asker' || n % 1000 ELSE 'rotation' END, false, 180000, 0,
                CASE WHEN n > {jobs} - 10 THEN 'running' WHEN n > {jobs} - 110 THEN 'queued' ELSE 'finished' END, 0, 0,
                CASE WHEN n > {jobs} - 110 THEN NULL WHEN n % 10 < 9 THEN 'succeeded' ELSE 'needs_human' END,
                CASE WHEN n > {jobs} - 110 THEN NULL WHEN n % 10 < 9 THEN 'logged_in' ELSE 'captcha' END, 1, 0
         FROM generate_series(1, {jobs}::bigint) AS n;
         ANALYZE jobs; ANALYZE shares"
    )))
    .await
    .unwrap();
}

fn questions() -> Vec<(&'static str, JobQuery)> {
    let all = JobQuery::default;
    let app = || Some("app7".to_owned());
    let of = |state| JobQuery { state: Some(state), ..all() };
    vec![
        ("newest first", all()),
        ("a later page", JobQuery { before: Some(1000), ..all() }),
        ("what waits", of(JobState::Queued)),
        ("what waits of an app", JobQuery { app: app(), ..of(JobState::Queued) }),
        ("what runs", of(JobState::Running)),
        ("what was cancelled", of(JobState::Cancelled)),
        ("what has finished", of(JobState::Finished)),
        ("by account", JobQuery { account: Some(account("app7/user107")), ..all() }),
        ("by app", JobQuery { app: app(), ..all() }),
        ("by an app that was given up", JobQuery { app: Some("gone".to_owned()), ..all() }),
        ("by app and outcome", JobQuery { app: app(), outcomes: Outcome::FAILED.to_vec(), ..all() }),
        ("failed", JobQuery { outcomes: Outcome::FAILED.to_vec(), ..all() }),
        ("succeeded", JobQuery { outcomes: vec![Outcome::Succeeded], ..all() }),
        ("by code", JobQuery { code: Some(Code::Captcha), ..all() }),
        ("by a code that no job has", JobQuery { code: Some(Code::AccountLocked), ..all() }),
        ("by a frequent code", JobQuery { code: Some(Code::LoggedIn), ..all() }),
        ("by a kind that is rare", JobQuery { kind: Some(Kind::Reconcile), ..all() }),
        ("by who asked", JobQuery { requested_by: Some("asker10".to_owned()), ..all() }),
        ("by who asked for nothing", JobQuery { requested_by: Some("nobody".to_owned()), ..all() }),
        (
            "at odds",
            JobQuery { app: app(), code: Some(Code::LoggedIn), outcomes: vec![Outcome::Unknown], ..all() },
        ),
        ("of few accounts", JobQuery { shared_with: Some(FEW), ..all() }),
        ("of few accounts, what waits", JobQuery { shared_with: Some(FEW), ..of(JobState::Queued) }),
        ("of no accounts", JobQuery { shared_with: Some(Uuid::nil()), ..all() }),
    ]
}

#[tokio::test]
async fn every_question_of_jobs_has_its_index() {
    let server = server();
    let url = server.database().await;
    turnlock::store::open(&url).await.unwrap();
    let mut raw = PgConnection::connect(&url).await.unwrap();
    fill(&mut raw, 60_000).await;
    // The server writes down how it performs what the store really asks.
    let name = url.rsplit_once('/').unwrap().1;
    for setting in [
        "session_preload_libraries = 'auto_explain'",
        "auto_explain.log_min_duration = 0",
        "auto_explain.log_analyze = on",
        "log_min_messages = 'log'",
    ] {
        raw.execute(AssertSqlSafe(format!("ALTER DATABASE {name} SET {setting}"))).await.unwrap();
    }
    let store = turnlock::store::open(&url).await.unwrap();
    let mut seen = server.log().len();
    for (what, query) in questions() {
        store.job_page(&query).await.unwrap();
        let log = server.log();
        let plan = &log[seen..];
        assert!(plan.contains("Index") && !plan.contains("Seq Scan on jobs"), "{what}: {plan}");
        // Of 3,000 jobs of an app here, or of 6,000 that did not succeed, a planner may well sort all: but never of all.
        let most = looked_at(plan);
        assert!(most <= 6_100, "{what}: {most} rows\n{plan}");
        seen = server.log().len();
    }
}

/// Prints how long the first page of each question takes with two million jobs:
/// `cargo nextest run --features failpoints --run-ignored only -E 'test(two_million_jobs)' --no-capture`
#[tokio::test]
#[ignore = "a measurement"]
async fn first_pages_of_two_million_jobs() {
    let server = Server::start();
    let url = server.database().await;
    let store = turnlock::store::open(&url).await.unwrap();
    let mut raw = PgConnection::connect(&url).await.unwrap();
    raw.execute("ALTER SYSTEM SET max_wal_size = '4GB'").await.unwrap();
    raw.execute("SELECT pg_reload_conf()").await.unwrap();
    fill(&mut raw, 2_000_000).await;
    raw.execute("VACUUM jobs").await.unwrap();
    for (what, query) in questions() {
        let mut times = Vec::new();
        for _ in 0..21 {
            let began = Instant::now();
            store.job_page(&query).await.unwrap();
            times.push(began.elapsed().as_secs_f64() * 1000.0);
        }
        times.sort_by(f64::total_cmp);
        println!("{what}: {:.1} ms, at worst {:.1} ms", times[10], times[20]);
    }
}
