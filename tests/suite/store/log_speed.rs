//! How fast the questions are that people ask of the automation log on PostgreSQL.

use std::time::Instant;

use jiff::SignedDuration;
use sqlx::{AssertSqlSafe, PgConnection};

use super::months::months_ago;
use super::*;
use crate::harness::postgres::{Server, server};

/// The questions that people ask, each with the most rows that its first page can have.
fn questions() -> Vec<(&'static str, LogQuery)> {
    let day = Some(Timestamp::now() - SignedDuration::from_hours(24));
    let all = LogQuery::default;
    let app = || Some("app7".to_owned());
    let asker = || Some("asker10".to_owned());
    let verify = Some(Kind::VerifyLogin);
    let unknown = || vec![Outcome::Unknown];
    let rejected = || vec![Outcome::Rejected];
    let needs_human = || vec![Outcome::NeedsHuman];
    let failed = || Outcome::FAILED.to_vec();
    vec![
        ("newest first", all()),
        ("a later page", LogQuery { before: Some(1000), ..all() }),
        ("by account", LogQuery { account: Some(account("app7/user107")), ..all() }),
        ("by app", LogQuery { app: app(), ..all() }),
        ("by an app that was given up", LogQuery { app: Some("app13".to_owned()), ..all() }),
        (
            "by an app that was given up, and outcome",
            LogQuery { app: Some("app13".to_owned()), outcomes: failed(), ..all() },
        ),
        (
            "by an app that was given up, and who asked for most",
            LogQuery { app: Some("app13".to_owned()), requested_by: Some("rotation".to_owned()), ..all() },
        ),
        (
            "by app, a later page, until half a year ago",
            LogQuery { app: app(), before: Some(1000), until: Some(months_ago(2)), ..all() },
        ),
        ("by app and outcome", LogQuery { app: app(), outcomes: rejected(), ..all() }),
        ("by outcome", LogQuery { outcomes: needs_human(), ..all() }),
        ("rejected in the last day", LogQuery { outcomes: rejected(), since: day, ..all() }),
        ("needs a human in the last day", LogQuery { outcomes: needs_human(), since: day, ..all() }),
        ("failed", LogQuery { outcomes: failed(), ..all() }),
        ("failed, a later page", LogQuery { outcomes: failed(), before: Some(1000), ..all() }),
        ("failed in the last day", LogQuery { outcomes: failed(), since: day, ..all() }),
        (
            "of an app, failed in the last day",
            LogQuery { app: app(), outcomes: failed(), since: day, ..all() },
        ),
        (
            "of an app, rejected in the last day",
            LogQuery { app: app(), outcomes: rejected(), since: day, ..all() },
        ),
        ("the last day", LogQuery { since: day, ..all() }),
        ("by code", LogQuery { code: Some(Code::Captcha), ..all() }),
        ("by a kind that is rare", LogQuery { kind: Some(Kind::Reconcile), ..all() }),
        ("by a kind that is not", LogQuery { kind: Some(Kind::VerifyLogin), ..all() }),
        ("by who asked", LogQuery { requested_by: Some("asker7".to_owned()), ..all() }),
        ("by who asks for most", LogQuery { requested_by: Some("rotation".to_owned()), ..all() }),
        ("until half a year ago", LogQuery { until: Some(months_ago(6)), ..all() }),
        ("by job", LogQuery { job: Some(Uuid::nil()), ..all() }),
        ("until half a year ago, of an app", LogQuery { app: app(), until: Some(months_ago(6)), ..all() }),
        ("until before there was anything", LogQuery { until: Some(months_ago(30)), ..all() }),
        ("since tomorrow", LogQuery { since: Some(Timestamp::now() + LONG * 150), ..all() }),
        ("a kind until half a year ago", LogQuery { kind: verify, until: Some(months_ago(6)), ..all() }),
        // Nothing has all of it.
        ("of an app, by code", LogQuery { app: app(), code: Some(Code::Captcha), ..all() }),
        ("of an app, by a frequent code", LogQuery { app: app(), code: Some(Code::LoggedIn), ..all() }),
        (
            "by a kind and an outcome that no attempt has",
            LogQuery { kind: verify, outcomes: unknown(), ..all() },
        ),
        ("of an app and who asked for none of it", LogQuery { app: app(), requested_by: asker(), ..all() }),
        (
            "by who asks for most, and an outcome",
            LogQuery { requested_by: Some("rotation".to_owned()), outcomes: rejected(), ..all() },
        ),
        (
            "by who asks for most, and a code that no attempt has",
            LogQuery { requested_by: Some("rotation".to_owned()), code: Some(Code::Captcha), ..all() },
        ),
        (
            "frequent, and at odds",
            LogQuery { code: Some(Code::LoggedIn), requested_by: asker(), app: app(), ..all() },
        ),
        (
            "failed, of an app, who asked for none of it",
            LogQuery { app: app(), outcomes: failed(), requested_by: asker(), ..all() },
        ),
        (
            "well, of an app, by a code that is not so",
            LogQuery { app: app(), outcomes: vec![Outcome::Succeeded], code: Some(Code::Captcha), ..all() },
        ),
        (
            "everything at once",
            LogQuery {
                app: app(),
                outcomes: vec![Outcome::Succeeded, Outcome::RetryLater],
                kind: verify,
                code: Some(Code::LoggedIn),
                requested_by: asker(),
                since: Some(months_ago(8)),
                until: Some(months_ago(2)),
                ..all()
            },
        ),
        (
            "of an account, and another app",
            LogQuery { account: Some(account("app7/user107")), app: asker(), ..all() },
        ),
        ("of few accounts", LogQuery { shared_with: Some(FEW), ..all() }),
        ("of few accounts, a later page", LogQuery { shared_with: Some(FEW), before: Some(1000), ..all() }),
        ("of few accounts, by outcome", LogQuery { shared_with: Some(FEW), outcomes: rejected(), ..all() }),
        ("of few accounts, what none has", LogQuery { shared_with: Some(FEW), outcomes: unknown(), ..all() }),
        (
            "of few accounts, one of them",
            LogQuery { shared_with: Some(FEW), account: Some(account("app1/user1")), ..all() },
        ),
        ("of many accounts", LogQuery { shared_with: Some(MANY), ..all() }),
        ("of many accounts, by outcome", LogQuery { shared_with: Some(MANY), outcomes: failed(), ..all() }),
        (
            "of many accounts, what none has",
            LogQuery { shared_with: Some(MANY), requested_by: asker(), code: Some(Code::Captcha), ..all() },
        ),
        ("of no accounts", LogQuery { shared_with: Some(Uuid::nil()), ..all() }),
    ]
}

/// A token with which three accounts are shared, and one with which a thousand are.
const FEW: Uuid = Uuid::from_u128(3);
const MANY: Uuid = Uuid::from_u128(1000);

/// Fills the log evenly over a year: 20 apps, of which one was given up half a year ago, 5000 accounts, nine of ten attempts
/// succeeded.
async fn fill(on: &mut PgConnection, rows: i64) {
    on.execute(
        "INSERT INTO accounts (account, app, username, created_at, updated_at)
         SELECT 'app' || n % 20 || '/user' || n, 'app' || n % 20, 'user' || n, 0, 0 FROM generate_series(0, 4999) AS n",
    )
    .await
    .unwrap();
    on.execute(AssertSqlSafe(format!(
        "INSERT INTO tokens (id, name, hash, scopes, created_at)
         SELECT id, id::text, decode(md5(id::text), 'hex'), 'read', 0 FROM unnest(ARRAY['{FEW}', '{MANY}']::uuid[]) AS id;
         INSERT INTO shares (token, account, role, created_at, created_by)
         SELECT '{FEW}'::uuid, account, 'owner', 0, 'the test' FROM accounts WHERE account IN ('app1/user1', 'app2/user2', 'app3/user3')
         UNION ALL SELECT '{MANY}'::uuid, account, 'owner', 0, 'the test' FROM accounts WHERE app = 'app0' OR app = 'app1' OR app = 'app2' OR app = 'app3';
         ANALYZE shares"
    )))
    .await
    .unwrap();
    for month in 0..12 {
        let at = months_ago(month).as_millisecond();
        sqlx::query("SELECT turnlock_make_month($1)").bind(at).execute(&mut *on).await.unwrap();
    }
    // All in one, as a bulk load is.
    on.execute(AssertSqlSafe(format!(
        "INSERT INTO automation_log (changed, id, job, kind, app, account, attempt, outcome, code, message, worker,
                                     queued_at, started_at, ended_at, duration_ms, requested_by)
         SELECT n, gen_random_uuid(), CASE n WHEN {rows} THEN '{nil}' ELSE gen_random_uuid() END, 'verify_login',
                'app' || app, 'app' || app || '/user' || n % 5000, 1,
                CASE WHEN luck < 90 THEN 'succeeded' WHEN luck < 95 THEN 'retry_later'
                     WHEN luck < 98 THEN 'rejected' ELSE 'needs_human' END,
                'logged_in', 'A login in a fresh context succeeded.', 'host:4711:99:boot:1:nonce',
                at, at, at + 800, 800, CASE n % 10 WHEN 0 THEN 'asker' || n % 1000 ELSE 'rotation' END
         FROM (SELECT n, CASE WHEN n % 20 = 13 AND n > {rows} / 2 THEN 12 ELSE n % 20 END AS app, (hashint8(n) & 65535) % 100 AS luck, turnlock_now() - ({rows} - n) * (334 * 86400000::bigint) / {rows} AS at
               FROM generate_series(1, {rows}::bigint) AS n) AS made;
         SELECT setval('automation_log_changed', {rows});",
        nil = Uuid::nil()
    )))
    .await
    .unwrap();
    on.execute("ANALYZE automation_log; ANALYZE accounts; ANALYZE wanting").await.unwrap();
}

/// The most rows that a part of these plans had to do with.
pub(super) fn looked_at(plans: &str) -> u64 {
    let number = |text: &str| -> u64 {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap()
    };
    let of_line = |line: &str| {
        if let Some((_, removed)) = line.split_once("Rows Removed by Filter: ") {
            return number(removed);
        }
        let Some((_, actual)) = line.split_once("(actual ") else { return 0 };
        let part = |name: &str| actual.split_once(name).map_or(0, |(_, text)| number(text));
        part("rows=") * part("loops=")
    };
    plans.lines().map(of_line).max().unwrap_or(0)
}

#[tokio::test]
async fn every_question_has_its_index() {
    let server = server();
    let url = server.database().await;
    turnlock::store::open(&url).await.unwrap();
    let mut raw = PgConnection::connect(&url).await.unwrap();
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
    // A plan that was made when there was nothing yet does for what comes.
    for (_, query) in questions() {
        store.log_page(&query).await.unwrap();
    }
    fill(&mut raw, 60_000).await;
    let mut seen = server.log().len();
    let mut plan = || {
        let log = server.log();
        let new = log[seen..].to_owned();
        seen = log.len();
        new
    };
    plan();
    let indexed = |what: &str, plan: &str| {
        assert!(plan.contains("automation_log"), "{what}: no plan in {plan}");
        // What is empty, or nearly so, needs no index.
        let cost = |line: &str| -> f64 {
            let (_, cost) = line.split_once("(cost=0.00..").unwrap();
            cost.split(' ').next().unwrap().parse().unwrap()
        };
        let full: Vec<_> = plan
            .lines()
            .filter(|line| line.contains("Seq Scan on automation_") && cost(line) > 20.0)
            .collect();
        assert!(plan.contains("Index") && full.is_empty(), "{what}: {full:?}\n{plan}");
    };
    for (what, query) in questions() {
        let page = store.log_page(&query).await.unwrap();
        let seen = plan();
        indexed(what, &seen);
        // However little of it there is, no more is looked at than the bound says: of an app that has 3,000 rows here a
        // planner may well sort all of them.
        let most = looked_at(&seen);
        assert!(most <= 3_100, "{what}: {most} rows\n{seen}");
        if page.cut_short {
            // What was not looked at is another page's: none is left out.
            let all = store.log(&LogQuery { limit: 100_000, before: None, ..query.clone() }).await.unwrap();
            let all: Vec<_> = all
                .into_iter()
                .map(|row| row.seq)
                .filter(|seq| query.before.is_none_or(|at| *seq < at))
                .collect();
            let found: Vec<_> = page.rows.iter().map(|row| row.seq).collect();
            assert!(all.starts_with(&found), "{what}");
            let next = page.next.unwrap_or(0);
            assert!(all[found.len()..].iter().all(|seq| *seq < next), "{what}: none is left out");
        }
        plan();
    }
    plan();
    let id = store.log(&LogQuery::default()).await.unwrap()[0].id;
    plan();
    store.attempt(id).await.unwrap().unwrap();
    indexed("by id", &plan());
    store.log_changes(50_000, 100).await.unwrap();
    indexed("what changed", &plan());
    store.log_cursor().await.unwrap();
    indexed("the cursor", &plan());
    let wanting = store.wanting(None, 50).await.unwrap();
    assert!(!wanting.is_empty() && wanting.iter().all(|group| group.accounts >= group.newest.len() as u64));
    let plan = plan();
    indexed("who wants a human", &plan);
    for table in ["on accounts", "on attempts_under_way"] {
        assert!(!plan.contains(table), "it costs what it shows: {plan}");
    }
}

/// Prints how long the first page of each question takes with five million rows. Takes minutes:
/// `cargo nextest run --features failpoints --run-ignored only -E 'test(five_million)' --no-capture`
#[tokio::test]
#[ignore = "takes minutes and 5 GB of disk"]
async fn first_pages_of_five_million_rows() {
    let server = Server::start();
    let url = server.database().await;
    let store = turnlock::store::open(&url).await.unwrap();
    let mut raw = PgConnection::connect(&url).await.unwrap();
    raw.execute("ALTER SYSTEM SET max_wal_size = '4GB'").await.unwrap();
    raw.execute("SELECT pg_reload_conf()").await.unwrap();
    let began = Instant::now();
    fill(&mut raw, 5_000_000).await;
    println!("filled in {} s", began.elapsed().as_secs());
    raw.execute("VACUUM automation_log").await.unwrap();
    raw.execute("CHECKPOINT").await.unwrap();
    let mut slow = Vec::new();
    for (what, query) in questions() {
        let query = LogQuery { before: query.before.map(|_| 2_500_000), ..query };
        let mut times = Vec::new();
        for _ in 0..21 {
            let began = Instant::now();
            let rows = store.log_page(&query).await.unwrap().rows.len();
            times.push((began.elapsed().as_secs_f64() * 1000.0, rows));
        }
        let first = times[0];
        times.sort_by(|one, other| one.0.total_cmp(&other.0));
        let (best, median, worst) = (times[0].0, times[10].0, times[20].0);
        println!(
            "{what:40} {:3} rows  first {:7.2} ms  best {best:6.2} ms  median {median:6.2} ms  worst {worst:6.2} ms",
            first.1, first.0
        );
        if median > 20.0 {
            slow.push(what);
        }
    }
    let mut times = Vec::new();
    for _ in 0..21 {
        let began = Instant::now();
        store.wanting(None, 50).await.unwrap();
        times.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    println!(
        "who wants a human: best {:.2} ms  median {:.2} ms  worst {:.2} ms",
        times[0], times[10], times[20]
    );
    assert!(slow.is_empty(), "over 20 ms: {slow:?}");
}
