//! Worker processes on one PostgreSQL database: what one leaves the other takes up, and what the server forgets for a
//! while is not lost.
#![cfg(feature = "failpoints")]

use std::time::Duration;

use acme::{Acme, NewUser, Options, TotpShape};
use secrecy::SecretString;
use tokio::time::{Instant, sleep};
use turnlock::job::{AccountRef, Code, Job, Kind, Outcome};
use turnlock::queue::{EmbeddedQueue, Queue};
use turnlock::store::{JobState, LogQuery};
use turnlock::vault::{NewAccount, Vault};

use crate::harness::home::Home;
use crate::harness::postgres::{Server, server};
use crate::harness::rig::{FIRST_PASSWORD, Plan, opens};
use crate::harness::{PATIENCE, SOON};

struct Scene {
    app: Acme,
    home: Home,
    vault: Vault,
    jobs: Vec<Job>,
}

impl Scene {
    /// Accounts in a new database on this server, each with a job.
    async fn set(server: &Server, accounts: usize) -> Self {
        let totp = TotpShape { period: 6, ..TotpShape::default() };
        let app = Acme::start(Options { totp, ..Options::default() }).await.unwrap();
        let plan = Plan::changed("acme", &[("lockout:", "timeouts: { step: 8s }\nlockout:")]);
        let mut home = Home::new(&app, &plan.playbook);
        home.keep_rows_in(server.database().await);
        let vault = home.vault().await;
        let mut jobs = Vec::new();
        for nth in 0..accounts {
            let account: AccountRef = format!("acme/user{nth}").parse().unwrap();
            app.add_user(NewUser::new(account.name(), FIRST_PASSWORD)).unwrap();
            let new = NewAccount {
                account: account.clone(),
                username: account.name().to_owned(),
                address: None,
                number: None,
                password: Some(SecretString::from(FIRST_PASSWORD)),
                totp: None,
            };
            vault.add_account(&new).await.unwrap();
            let job = Job::new(Kind::ChangePassword, account);
            vault.store().submit(&job, None).await.unwrap();
            jobs.push(job);
        }
        Self { app, home, vault, jobs }
    }

    /// So many jobs have ended.
    async fn ended(&self) -> usize {
        let mut ended = 0;
        for job in &self.jobs {
            ended += usize::from(self.vault.store().job(job.id).await.unwrap().unwrap().has_ended());
        }
        ended
    }

    async fn wait_until(&self, what: &str, enough: impl AsyncFn() -> bool) {
        let until = Instant::now() + PATIENCE;
        while !enough().await {
            assert!(Instant::now() < until, "{what} never was:\n{}", self.home.words());
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Every job has ended once and well, and every account opens.
    async fn all_is_well(&self) {
        let store = self.vault.store();
        let queue = EmbeddedQueue::new(store.clone());
        for job in &self.jobs {
            let ended = tokio::time::timeout(PATIENCE, queue.ended(job.id)).await;
            let row = ended.unwrap_or_else(|_| panic!("no end of {}:\n{}", job.account, self.home.words()));
            let row = row.unwrap();
            assert_eq!((row.state, row.code), (JobState::Finished, Some(Code::PasswordChanged)), "{row:?}");
            let attempts = store.log(&LogQuery { job: Some(job.id), ..LogQuery::default() }).await.unwrap();
            let ends = attempts.iter().filter_map(|attempt| attempt.verdict.as_ref());
            assert_eq!(ends.clone().count(), attempts.len(), "each attempt has ended");
            assert_eq!(ends.filter(|end| end.outcome == Outcome::Succeeded).count(), 1, "{attempts:?}");
            opens(&self.vault, &self.app, &job.account).await.unwrap();
            assert_eq!(self.app.user(job.account.name()).unwrap().password_changes, 1, "{}", job.account);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_worker_was_at_another_does() {
    let mut scene = Scene::set(server(), 6).await;
    let address = |port| format!("smtp://127.0.0.1:{port}");
    let (one, two) = (address(scene.home.inbox_port()), address(scene.home.inbox_port()));
    let mut doomed = scene.home.worker(&[("TURNLOCK_INBOX_URL", &one), ("TURNLOCK_SLOTS", "2")]);
    let mut other = scene.home.worker(&[("TURNLOCK_INBOX_URL", &two), ("TURNLOCK_SLOTS", "1")]);
    let store = scene.vault.store().clone();
    let pid = format!(":{}:", doomed.id().unwrap());
    // It has begun an attempt, and has not ended it.
    scene
        .wait_until("the worker in the middle of a job", async || {
            let log = store.log(&LogQuery { limit: 200, ..LogQuery::default() }).await.unwrap();
            log.iter().any(|row| row.worker.as_str().contains(&pid) && row.verdict.is_none())
        })
        .await;
    doomed.kill().await.unwrap();
    scene.all_is_well().await;
    other.kill().await.unwrap();
    scene.home.no_browser_is_left().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_restarts_in_the_middle_loses_nothing() {
    let mut server = Server::start();
    let mut scene = Scene::set(&server, 4).await;
    let address = format!("smtp://127.0.0.1:{}", scene.home.inbox_port());
    let mut worker = scene.home.worker(&[("TURNLOCK_INBOX_URL", &address), ("TURNLOCK_SLOTS", "2")]);
    scene.wait_until("a job that has ended", async || scene.ended().await >= 1).await;
    for crash in [false, true] {
        if crash {
            server.kill()
        } else {
            server.stop()
        }
        sleep(SOON / 20).await;
        server.start_again();
        sleep(SOON / 10).await;
    }
    scene.all_is_well().await;
    worker.kill().await.unwrap();
    scene.home.no_browser_is_left().await.unwrap();
}

/// Two days ahead and two days behind: each worker's claims and leases hold all the same, jobs that are due are due
/// for both, and neither takes up what the other is at.
#[tokio::test(flavor = "multi_thread")]
async fn workers_whose_clocks_are_days_apart_get_along() {
    let mut scene = Scene::set(server(), 6).await;
    let library = std::fs::read_dir("/usr/lib").unwrap().flatten();
    let mut library = library.map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"));
    let library = library.find(|path| path.exists()).expect("scripts/install-test-deps installs libfaketime");
    let mut workers = Vec::new();
    for clock in ["+2d", "-2d"] {
        let address = format!("smtp://127.0.0.1:{}", scene.home.inbox_port());
        workers.push(scene.home.worker(&[
            ("LD_PRELOAD", library.to_str().unwrap()),
            ("FAKETIME", clock),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ("TURNLOCK_INBOX_URL", &address),
            ("TURNLOCK_SLOTS", "1"),
        ]));
    }
    scene.all_is_well().await;
    let store = scene.vault.store();
    let mut by = std::collections::BTreeSet::new();
    for job in &scene.jobs {
        assert_eq!(store.job(job.id).await.unwrap().unwrap().attempts, 1, "it was taken up once");
        let attempts = store.log(&LogQuery { job: Some(job.id), ..LogQuery::default() }).await.unwrap();
        by.extend(attempts.iter().map(|attempt| attempt.worker.to_string()));
    }
    assert_eq!(by.len(), 2, "both had something to do");
    for worker in &mut workers {
        worker.kill().await.unwrap();
    }
    scene.home.no_browser_is_left().await.unwrap();
}

/// The doctor changes nothing, and says what a database still lacks.
#[tokio::test]
async fn the_doctor_looks_at_a_server() {
    let app = Acme::start(Options::default()).await.unwrap();
    let mut home = Home::new(&app, &Plan::changed("acme", &[]).playbook);
    let url = server().database().await;
    home.keep_rows_in(url.replace("turnlock@", "turnlock:hunter2@"));
    let doctor = async |home: &Home| {
        let said = home.turnlock().arg("doctor").output().await.unwrap();
        let said =
            String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
        assert!(!said.contains("hunter2"), "{said}");
        said.split_whitespace()
            .filter(|word| word.chars().any(char::is_alphanumeric))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let said = doctor(&home).await;
    assert!(said.contains("its tables will be made on first use"), "{said}");
    let mut raw = <sqlx::PgConnection as sqlx::Connection>::connect(&url).await.unwrap();
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        .fetch_one(&mut raw)
        .await
        .unwrap();
    assert_eq!(tables, 0, "it has made none");
    home.vault().await;
    let said = doctor(&home).await;
    assert!(said.contains("0 accounts in postgres://turnlock@127.0.0.1"), "{said}");
    assert!(said.contains("0 jobs wait"), "{said}");
    home.keep_rows_in("postgres://turnlock:hunter2@127.0.0.1:1/turnlock".to_owned());
    let said = doctor(&home).await;
    assert!(said.contains("the database server cannot be reached"), "{said}");
}
