//! The automation log on PostgreSQL: its months.

use jiff::ToSpan as _;
use jiff::tz::TimeZone;
use sqlx::{AssertSqlSafe, PgConnection};

use super::*;
use crate::harness::postgres::server;

pub(super) fn months_ago(months: i32) -> Timestamp {
    Timestamp::now().to_zoned(TimeZone::UTC).checked_sub(months.months()).unwrap().timestamp()
}

/// The table of that month.
fn table(of: &str, at: Timestamp) -> String {
    format!("automation_{of}_{}", at.strftime("%Y_%m"))
}

async fn start_at(store: &Arc<dyn Store>, at: Timestamp) -> Uuid {
    let id = Uuid::now_v7();
    let new = NewAttempt {
        id,
        job: Uuid::now_v7(),
        kind: Kind::VerifyLogin,
        account: account("months/a"),
        number: 1,
        worker: WorkerId::new("w"),
        queued_at: at,
        started_at: at,
    };
    store.start_attempt(&new, None).await.unwrap();
    let step = Step {
        seq: 1,
        id: "login.1".to_owned(),
        summary: "open /".to_owned(),
        started_at: at,
        duration: None,
        result: None,
        detail: None,
    };
    store.write_steps(id, &[step], None).await.unwrap();
    id
}

async fn end(store: &Arc<dyn Store>, attempt: Uuid) {
    let verdict = Verdict::new(Code::LoggedIn, "");
    store.end_attempt(attempt, &verdict, &Provenance::default(), None).await.unwrap();
}

pub(super) async fn count(on: &mut PgConnection, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(on).await.unwrap()
}

#[tokio::test]
async fn months_come_and_are_put_aside() {
    let url = server().database().await;
    let store = turnlock::store::open(&url).await.unwrap();
    let mut raw = PgConnection::connect(&url).await.unwrap();
    for ahead in 0..=2 {
        assert_eq!(count(&mut raw, &table("log", months_ago(-ahead))).await, 0, "made ahead");
    }

    // An attempt of a month that nobody has made room for: there is room when it has begun.
    let (old, open, late) = (months_ago(14), months_ago(13), months_ago(1));
    let oldest = start_at(&store, old).await;
    end(&store, oldest).await;
    let open = (start_at(&store, open).await, open);
    let newest = start_at(&store, late).await;
    end(&store, newest).await;
    assert_eq!(count(&mut raw, &table("log", old)).await, 1);
    assert_eq!(count(&mut raw, &table("step", old)).await, 1);
    assert_eq!(count(&mut raw, "automation_log_rest").await, 0);

    // What had ended before then is put aside, by the month, and its tables stay. What is open stays.
    assert_eq!(store.tend_log(None).await.unwrap(), Vec::<String>::new());
    assert_eq!(store.tend_log(Some(months_ago(15))).await.unwrap(), Vec::<String>::new());
    let human = NewAttempt { started_at: old, ..beginning(&add(&store, "months/old").await, Uuid::now_v7()) };
    store.start_attempt(&human, None).await.unwrap();
    let captcha = Verdict::new(Code::Captcha, "");
    store.end_attempt(human.id, &captcha, &Provenance::default(), None).await.unwrap();
    assert_eq!(store.wanting(None, 1).await.unwrap()[0].newest[0].id, human.id);
    let job = Job::new(Kind::VerifyLogin, add(&store, "months/done").await);
    store.submit(&job, None).await.unwrap();
    let claim = store.claim_next(&WorkerId::new("w"), LONG).await.unwrap().unwrap();
    let of_job = NewAttempt { started_at: old, ..beginning(&job.account, job.id) };
    store.start_attempt(&of_job, None).await.unwrap();
    let (verdict, provenance) = (Verdict::new(Code::BadCredentials, ""), Provenance::default());
    let ending = Ending { attempt: of_job.id, verdict, provenance, next: Next::Ended };
    store.end(&claim, &ending).await.unwrap();
    let aside = store.tend_log(Some(months_ago(6))).await.unwrap();
    let (row, listed) = (store.job(job.id).await.unwrap().unwrap(), logged(&store, &job).await.len());
    assert_eq!((listed, row.code), (0, Some(Code::BadCredentials)), "how it ended is known still");
    assert!(row.aside(listed).unwrap().contains("log_retention") && row.aside(1).is_none());
    assert_eq!(store.wanting(None, 1).await.unwrap(), [], "what was put aside wants nobody");
    assert_eq!(aside, [table("log", old), table("step", old)]);
    assert_eq!(store.attempt(oldest).await.unwrap(), None);
    assert_eq!(store.log_steps(oldest).await.unwrap(), []);
    assert_eq!(count(&mut raw, &table("log", old)).await, 3, "not lost");
    let seen: Vec<Uuid> = store.log(&LogQuery::default()).await.unwrap().iter().map(|row| row.id).collect();
    assert_eq!(seen, [newest, open.0]);
    end(&store, open.0).await;
    assert_eq!(store.tend_log(Some(months_ago(6))).await.unwrap().len(), 2, "it has ended by now");

    // Of a month that was put aside: better in the rest than not at all.
    let straggler = start_at(&store, old).await;
    end(&store, straggler).await;
    assert_eq!(count(&mut raw, "automation_log_rest").await, 1);
    assert!(store.attempt(straggler).await.unwrap().unwrap().verdict.is_some());
    assert_eq!(store.log_steps(straggler).await.unwrap().len(), 1);
}

/// What had gone to the rest because a month was missing goes to its month when that is made, and is guarded there.
#[tokio::test]
async fn strays_go_to_their_month() {
    let url = server().database().await;
    let store = turnlock::store::open(&url).await.unwrap();
    let mut raw = PgConnection::connect(&url).await.unwrap();
    let at = months_ago(3);
    raw.execute(AssertSqlSafe(format!(
        "INSERT INTO attempts_under_way (changed, id, job, kind, app, account, attempt, worker, queued_at, started_at)
         SELECT turnlock_next_change(), id, gen_random_uuid(), 'verify_login', 'months', 'months/a', 1, 'w', 0, {0}
         FROM unnest(ARRAY[gen_random_uuid(), gen_random_uuid()]) AS id;
         INSERT INTO automation_step (attempt, began_at, seq, step, summary, started_at)
         SELECT id, started_at, 1, 'login.1', '', 0 FROM attempts_under_way;
         INSERT INTO automation_log (changed, id, job, kind, app, account, attempt, worker, queued_at, started_at,
                                     ended_at, duration_ms, outcome, code, message)
         SELECT turnlock_next_change(), id, job, kind, app, account, attempt, worker, queued_at, started_at,
                started_at, 0, 'succeeded', 'logged_in', '' FROM attempts_under_way;
         DELETE FROM attempts_under_way",
        at.as_millisecond()
    )))
    .await
    .unwrap();
    assert_eq!(count(&mut raw, "automation_log_rest").await, 2);
    let attempt = start_at(&store, at).await;
    for (part, rows) in [("log", 2), ("step", 3)] {
        assert_eq!(count(&mut raw, &table(part, at)).await, rows);
        assert_eq!(count(&mut raw, &format!("automation_{part}_rest")).await, 0);
    }
    assert_eq!(store.log(&LogQuery::default()).await.unwrap().len(), 3);
    end(&store, attempt).await;
    for sql in [
        "DELETE FROM automation_log",
        "UPDATE automation_log SET message = ''",
        "DELETE FROM automation_step",
    ] {
        assert!(raw.execute(sql).await.is_err(), "{sql}");
    }
    // The rest is still there for others, and guarded too.
    raw.execute(
        "INSERT INTO automation_log (changed, id, job, kind, app, account, attempt, worker, queued_at, started_at,
                                     ended_at, duration_ms, outcome, code, message)
         VALUES (turnlock_next_change(), gen_random_uuid(), gen_random_uuid(), 'verify_login', 'x', 'x/a', 1, 'w', 0, 0,
                 0, 0, 'succeeded', 'logged_in', '')",
    )
    .await
    .unwrap();
    assert_eq!(count(&mut raw, "automation_log_rest").await, 1);
    assert!(raw.execute("DELETE FROM automation_log_rest").await.is_err());
}

/// What was under way when the tables were brought up to date goes on.
#[tokio::test]
async fn attempts_under_way_outlast_an_update() {
    let url = server().database().await;
    let mut raw = PgConnection::connect(&url).await.unwrap();
    let mut old = std::fs::read_dir("migrations/postgres")
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect::<Vec<_>>();
    old.sort();
    for file in &old[..6] {
        raw.execute(AssertSqlSafe(std::fs::read_to_string(file).unwrap())).await.unwrap();
    }
    let [open, ended, wanting] = [Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7()];
    raw.execute(AssertSqlSafe(format!(
        "CREATE TABLE turnlock_schema (version bigint NOT NULL); INSERT INTO turnlock_schema VALUES (6);
         SELECT turnlock_make_month(turnlock_now());
         INSERT INTO automation_log (changed, id, job, kind, app, account, attempt, worker, queued_at, started_at)
         SELECT turnlock_next_change(), id, gen_random_uuid(), 'verify_login', 'months', 'months/a', 1, 'w', 0,
                turnlock_now() FROM unnest(ARRAY['{open}', '{ended}']::uuid[]) AS id;
         INSERT INTO accounts (account, app, username, created_at, updated_at) VALUES ('months/b', 'months', 'b', 0, 0);
         INSERT INTO automation_log (changed, id, job, kind, app, account, attempt, worker, queued_at, started_at)
         VALUES (turnlock_next_change(), '{wanting}', gen_random_uuid(), 'verify_login', 'months', 'months/b', 1, 'w', 0,
                 turnlock_now());
         UPDATE automation_log SET outcome = 'succeeded', code = 'logged_in', message = '', ended_at = turnlock_now(),
                                   duration_ms = 0 WHERE id = '{ended}';
         UPDATE automation_log SET outcome = 'needs_human', code = 'captcha', message = '', ended_at = turnlock_now(),
                                   duration_ms = 0 WHERE id = '{wanting}';
         INSERT INTO accounts (account, app, username, created_at, updated_at)
         SELECT 'months/' || name, 'months', name, 0, 0 FROM unnest(ARRAY['c', 'd', 'e']) AS name;
         INSERT INTO automation_log (changed, id, job, kind, app, account, attempt, worker, queued_at, started_at, ended_at,
                                     duration_ms, outcome, code, message)
         SELECT turnlock_next_change(), gen_random_uuid(), job::uuid, 'verify_login', 'months', 'months/' || name, 1, 'w', 0,
                turnlock_now(), turnlock_now(), 0, outcome, code, ''
         FROM (VALUES ('c', '{wanting}', 'rejected', 'bad_credentials'), ('d', '{open}', 'retry_later', 'app_error'),
                      ('e', '{ended}', 'retry_later', 'app_error'), ('gone', '{wanting}', 'rejected', 'unknown_account'),
                      ('away', '{wanting}', 'rejected', 'bad_credentials')) AS v (name, job, outcome, code);
         INSERT INTO jobs (id, kind, account, priority, evidence, deadline_ms, submitted_at, not_before, rank, state,
                           outcome, code)
         SELECT id::uuid, 'verify_login', 'months/x', 'normal', false, 0, 0, 0, 0, state, 'retry_later', 'app_error'
         FROM (VALUES ('{open}', 'finished'), ('{ended}', 'queued')) AS v (id, state)"
    )))
    .await
    .unwrap();
    let store = turnlock::store::open(&url).await.unwrap();
    let rows = store.log(&LogQuery::default()).await.unwrap();
    let seen = rows.iter().map(|row| (row.id, row.verdict.is_some())).collect::<Vec<_>>();
    assert!(seen.ends_with(&[(wanting, true), (ended, true), (open, false)]), "{seen:?}");
    // Whatever a person has to act on: what was refused, what has used up its tries, and not what is tried again.
    let groups = store.wanting(None, 10).await.unwrap();
    let mut wants: Vec<_> = groups.iter().map(|group| (group.newest[0].account.name(), group.code)).collect();
    wants.sort_by_key(|(name, _)| *name);
    assert_eq!(
        wants,
        [
            ("b", Code::Captcha),
            ("c", Code::BadCredentials),
            ("d", Code::AppError),
            ("gone", Code::UnknownAccount)
        ]
    );
    end(&store, open).await;
    assert!(store.attempt(open).await.unwrap().unwrap().verdict.is_some());
    assert_eq!(count(&mut raw, "automation_log").await, 8);
}

/// A worker need not own the tables. Where it may make none, attempts go to the months that there are, or to the rest.
#[tokio::test]
async fn a_user_who_may_make_no_tables_can_work() {
    let server = server();
    let url = server.database().await;
    turnlock::store::open(&url).await.unwrap();
    let mut raw = PgConnection::connect(&url).await.unwrap();
    raw.execute(
        "CREATE ROLE worker LOGIN;
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO worker;
         GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO worker;",
    )
    .await
    .unwrap();
    let url = url.replace("turnlock@", "worker@");
    let found = turnlock::store::PostgresStore::look(&url).await.unwrap();
    assert!(found.made && !found.may_make && found.durable, "{found:?}");
    let store = turnlock::store::open(&url).await.unwrap();
    let owner = add(&store, "rights/a").await;
    let (claim, attempt) = begin(&store, &owner, &WorkerId::new("w")).await;
    let lease = claim.lease.clone();
    let new = candidate(&owner, CandidateKind::Password, 2);
    store.propose(&new, Some(&lease.fence())).await.unwrap();
    store.promote(new.id, Some(&lease.fence())).await.unwrap();
    end(&store, attempt).await;
    finish(&store, &claim, Code::PasswordChanged).await;
    let old = start_at(&store, months_ago(30)).await;
    end(&store, old).await;
    assert_eq!(count(&mut raw, "automation_log_rest").await, 1);
}
