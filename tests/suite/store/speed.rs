//! How fast jobs go through a PostgreSQL server. Nothing here asserts; it prints. Run one with
//! `cargo nextest run --features failpoints --run-ignored only -E 'test(speed::)' --no-capture`.

use std::time::Instant;

use sqlx::{AssertSqlSafe, PgConnection};

use super::*;
use crate::harness::postgres::Server;

/// Everything that a worker writes about a job but its steps: claim, attempt, outcome.
async fn work(store: Arc<dyn Store>, worker: WorkerId) -> u32 {
    let mut done = 0;
    loop {
        let Some(claim) = store.claim_next(&worker, LONG).await.unwrap() else {
            if store.waiting_and_running().await.unwrap() == (0, 0) {
                return done;
            }
            continue;
        };
        finish(&store, &claim, Code::LoggedIn).await;
        done += 1;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn jobs_through_the_database() {
    let server = Server::start();
    let url = server.database().await;
    let store = turnlock::store::open(&url).await.unwrap();
    for (jobs, accounts) in [(1000, 500), (5000, 2500)] {
        let began = Instant::now();
        let submitting = (0..16).map(|nth| {
            let store = store.clone();
            tokio::spawn(async move {
                for number in (nth..jobs).step_by(16) {
                    store.submit(&job(&format!("speed/a{}", number % accounts)), None).await.unwrap();
                }
            })
        });
        futures::future::join_all(submitting).await.into_iter().for_each(Result::unwrap);
        let submitted = began.elapsed().as_secs_f64();
        let began = Instant::now();
        let mut stores = Vec::new();
        for _ in 0..2 {
            stores.push(turnlock::store::open(&url).await.unwrap());
        }
        let workers = (0..16)
            .map(|nth| tokio::spawn(work(stores[nth % 2].clone(), WorkerId::new(format!("speed-{nth}")))));
        let done: u32 = futures::future::join_all(workers).await.into_iter().map(Result::unwrap).sum();
        let took = began.elapsed().as_secs_f64();
        println!(
            "{jobs} jobs: submitted at {:.0} a second, done at {:.0} a second",
            f64::from(jobs) / submitted,
            f64::from(done) / took
        );
    }
}

#[tokio::test]
#[ignore = "a measurement"]
async fn a_claim_from_a_long_queue() {
    let server = Server::start();
    for (jobs, accounts, due) in
        [(1000, 500, 0), (100_000, 50_000, 0), (100_000, 20, 0), (100_000, 50_000, 3_600_000)]
    {
        let url = server.database().await;
        let store = turnlock::store::open(&url).await.unwrap();
        let mut raw = PgConnection::connect(&url).await.unwrap();
        raw.execute(AssertSqlSafe(format!(
            "INSERT INTO jobs (id, kind, account, priority, rank, evidence, deadline_ms, submitted_at, state, not_before)
             SELECT gen_random_uuid(), 'verify_login', 'speed/a' || n % {accounts}, 'normal', turnlock_now() + {due},
                    false, 1000, 0, 'queued', turnlock_now() + {due}
             FROM generate_series(1, {jobs}) AS n;
             ANALYZE jobs"
        )))
        .await
        .unwrap();
        let worker = WorkerId::new("w");
        let mut times = Vec::new();
        // More than there are accounts in one case: the last of them find every account busy.
        for _ in 0..40 {
            let began = Instant::now();
            let claim = store.claim_next(&worker, LONG).await.unwrap();
            times.push((began.elapsed().as_secs_f64() * 1000.0, claim.is_some()));
        }
        let mean = |of: bool| {
            let times: Vec<f64> = times.iter().filter(|(_, got)| *got == of).map(|(time, _)| *time).collect();
            match times.len() {
                0 => "-".to_owned(),
                n => format!("{:.2} ms", times.iter().sum::<f64>() / n as f64),
            }
        };
        println!(
            "{jobs} jobs of {accounts} accounts, due in {due} ms: a claim takes {}, none to claim {}",
            mean(true),
            mean(false)
        );
    }
}

/// The first 99 of 100 jobs are of an app whose gate is shut; the rest of so many others.
#[tokio::test]
#[ignore = "a measurement"]
async fn a_claim_past_a_shut_app() {
    let server = Server::start();
    for others in [1, 10, 100] {
        for shut in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            for url in [format!("sqlite:{}", file(&folder).display()), server.database().await] {
                let store = turnlock::store::open(&url).await.unwrap();
                let app = |number: usize| match number {
                    ..99_000 => "shut".to_owned(),
                    _ => format!("app{}", number % others),
                };
                long_queue(&url, &folder, app).await;
                let claim = store.claim_next(&WorkerId::new("w"), LONG).await.unwrap().unwrap();
                let never = BreakerPolicy { failures: 1, first_wait: LONG, longest_wait: LONG };
                if shut {
                    store.leave(&claim, Code::AppError, &never).await.unwrap();
                }
                let mut took = Vec::new();
                for _ in 0..40 {
                    let began = Instant::now();
                    let claim = store.claim_next(&WorkerId::new("w"), LONG).await.unwrap().unwrap();
                    took.push(began.elapsed().as_secs_f64() * 1000.0);
                    assert_eq!(claim.job.account.app() == "shut", !shut);
                }
                took.sort_by(f64::total_cmp);
                let which = url.split(':').next().unwrap_or_default();
                println!("{which}, {others} others, shut: {shut}: a claim takes {:.2} ms", took[20]);
            }
        }
    }
}

/// 100,000 due jobs of as many accounts, in this order.
async fn long_queue(url: &str, folder: &tempfile::TempDir, app: impl Fn(usize) -> String) {
    let mut rows = String::new();
    for number in 0..100_000 {
        let comma = if number == 0 { "" } else { "," };
        let (id, app) = (Uuid::now_v7(), app(number));
        rows += &format!(
            "{comma}('{id}','verify_login','{app}/a{number}','normal',{number},false,1000,0,'queued',0)"
        );
    }
    let insert = format!(
        "INSERT INTO jobs (id, kind, account, priority, rank, evidence, deadline_ms, submitted_at, state, not_before)
         VALUES {rows}"
    );
    if url.starts_with("sqlite") {
        raw(&file(folder)).await.execute(AssertSqlSafe(insert)).await.unwrap();
    } else {
        let mut raw = PgConnection::connect(url).await.unwrap();
        raw.execute(AssertSqlSafe(insert)).await.unwrap();
        raw.execute("ANALYZE jobs").await.unwrap();
    }
}
