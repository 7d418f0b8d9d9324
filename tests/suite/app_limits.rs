//! An app's limits and its breaker, with worker processes, real browsers, and every store and queue.
#![cfg(feature = "failpoints")]

use std::time::Duration;

use acme::{Acme, Event, NewUser, Options, When};
use sqlx::{AssertSqlSafe, Connection, Executor};
use tokio::process::Child;
use tokio::time::{Instant, sleep};
use turnlock::job::{AccountRef, Code, Job, Kind};
use turnlock::queue::rabbit::RabbitQueue;
use turnlock::queue::{EmbeddedQueue, Queue};
use turnlock::store::{AppRow, Breaker, JobRow, LogQuery, Store};
use turnlock::vault::{NewAccount, Vault};

use crate::harness::PATIENCE;
use crate::harness::home::Home;
use crate::harness::postgres::server;
use crate::harness::rabbit::Broker;
use crate::harness::rig::{FIRST_PASSWORD, Plan};

/// Where rows are kept and jobs come from.
#[derive(Clone, Copy, PartialEq)]
enum Size {
    Embedded,
    Postgres,
    Rabbit,
}

struct Scene {
    app: Acme,
    home: Home,
    vault: Vault,
    database: String,
    queue: Option<(Broker, String)>,
}

impl Scene {
    /// The app, with these limits.
    async fn set(size: Size, limits: &str) -> Self {
        let app = Acme::start(Options::default()).await.unwrap();
        let plan = Plan::changed("acme", &[("lockout:", &format!("{limits}\nlockout:"))]);
        let mut home = Home::new(&app, &plan.playbook);
        let mut database = format!("sqlite:{}", home.path().join("turnlock.db").display());
        if size == Size::Postgres {
            database = server().database().await;
            home.keep_rows_in(database.clone());
        }
        let queue = match size {
            Size::Rabbit => {
                let broker = Broker::start().await;
                let url = broker.url();
                Some((broker, url))
            }
            _ => None,
        };
        let vault = home.vault().await;
        Self { app, home, vault, database, queue }
    }

    fn store(&self) -> &dyn Store {
        self.vault.store().as_ref()
    }

    async fn account(&self, name: &str) -> AccountRef {
        self.app.add_user(NewUser::new(name, FIRST_PASSWORD)).unwrap();
        let account: AccountRef = format!("acme/{name}").parse().unwrap();
        let new = NewAccount {
            account: account.clone(),
            username: name.to_owned(),
            address: None,
            number: None,
            password: Some(FIRST_PASSWORD.into()),
            totp: None,
        };
        self.vault.add_account(&new).await.unwrap();
        account
    }

    /// Jobs, each of a new account.
    async fn jobs(&self, kind: Kind, number: usize) -> Vec<Job> {
        let store = self.vault.store().clone();
        let queue: Box<dyn Queue> = match &self.queue {
            Some((_, url)) => Box::new(RabbitQueue::publish_only(&url.as_str().into(), store)),
            None => Box::new(EmbeddedQueue::new(store)),
        };
        let mut jobs = Vec::new();
        for nth in 0..number {
            let account = self.account(&format!("user{nth}")).await;
            let job = Job::new(kind, account);
            queue.submit(&job, None).await.unwrap();
            jobs.push(job);
        }
        jobs
    }

    fn environment<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let queue = self.queue.iter().map(|(_, url)| ("TURNLOCK_QUEUE_URL", url.as_str()));
        queue.chain(more.iter().copied()).collect()
    }

    /// A worker of two slots with an inbox of its own.
    fn worker(&self, more: &[(&str, &str)]) -> Child {
        let inbox = format!("smtp://{}", free_address());
        let mut all = vec![("TURNLOCK_INBOX_URL", inbox.as_str()), ("TURNLOCK_SLOTS", "2")];
        all.extend(more);
        self.home.worker(&self.environment(&all))
    }

    async fn turnlock(&self, arguments: &[&str]) -> String {
        let mut command = self.home.turnlock();
        let done = command.args(arguments).envs(self.environment(&[])).output().await.unwrap();
        String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr)
    }

    /// What `turnlock app list` says of the app.
    async fn listed(&self) -> serde_json::Value {
        serde_json::from_str(&self.turnlock(&["app", "list", "--json"]).await).unwrap()
    }

    async fn app(&self) -> AppRow {
        let apps = self.store().apps().await.unwrap();
        apps.into_iter().find(|row| row.app == "acme").unwrap_or_default()
    }

    async fn row(&self, job: &Job) -> Option<JobRow> {
        self.store().job(job.id).await.unwrap()
    }

    async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        let until = Instant::now() + PATIENCE;
        while !holds().await {
            assert!(Instant::now() < until, "{what} never was:\n{}", self.home.words());
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn all_ended(&self, jobs: &[Job], code: Code) {
        for job in jobs {
            self.until("an end", async || self.row(job).await.is_some_and(|row| row.has_ended())).await;
            assert_eq!(self.row(job).await.unwrap().code, Some(code), "{}", self.home.words());
        }
    }

    async fn execute(&self, sql: &'static str) {
        if self.database.starts_with("sqlite") {
            let mut raw = sqlx::SqliteConnection::connect(&self.database).await.unwrap();
            raw.execute(AssertSqlSafe(sql)).await.unwrap();
        } else {
            let mut raw = sqlx::PgConnection::connect(&self.database).await.unwrap();
            raw.execute(AssertSqlSafe(sql)).await.unwrap();
        }
    }
}

/// Where nobody listens.
fn free_address() -> std::net::SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// The app sees one person after the other, however many slots there are; and the place of a worker that is killed
/// while it has it comes back.
async fn one_at_a_time(size: Size) {
    let scene = Scene::set(size, "limits: { concurrent: 1 }").await;
    let hold = scene.app.hold("POST /account/password", When::Before);
    let jobs = scene.jobs(Kind::ChangePassword, 6).await;
    let mut doomed = scene.worker(&[]);
    tokio::time::timeout(PATIENCE, hold.arrived()).await.expect("an attempt comes to its commit step");
    let mut other = scene.worker(&[]);
    let mut events = scene.app.events();
    scene.until("the others wait", async || scene.app().await.running == 1).await;
    doomed.kill().await.unwrap();
    tokio::time::timeout(PATIENCE, hold.empty()).await.expect("its browser ends with it");
    hold.release();
    let mut third = scene.worker(&[]);
    scene.all_ended(&jobs, Code::PasswordChanged).await;
    let mut seen: Vec<String> = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let Event::LoginOk { user } | Event::PasswordChanged { user } = event {
            seen.push(user);
        }
    }
    seen.dedup();
    let mut users = seen.clone();
    users.sort();
    users.dedup();
    // The job that was killed goes on when its reconciliation has ended, perhaps behind others.
    assert!(seen.len() <= users.len() + 1, "the app saw several at once: {seen:?}");
    assert_eq!(users.len(), 6);
    for job in &jobs {
        assert_eq!(scene.app.user(job.account.name()).unwrap().password_changes, 1);
    }
    for worker in [&mut other, &mut third] {
        worker.kill().await.unwrap();
    }
    scene.home.no_browser_is_left().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_sees_one_at_a_time_from_workers_on_a_file() {
    one_at_a_time(Size::Embedded).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_sees_one_at_a_time_from_workers_on_a_server() {
    one_at_a_time(Size::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_sees_one_at_a_time_from_workers_behind_a_broker() {
    one_at_a_time(Size::Rabbit).await;
}

/// So many begin; the rest when their minute is over, which this test makes short.
async fn two_a_minute(size: Size) {
    let scene = Scene::set(size, "limits: { per_minute: 2 }").await;
    let jobs = scene.jobs(Kind::VerifyLogin, 3).await;
    let mut workers = [scene.worker(&[]), scene.worker(&[])];
    let ended = async || {
        let mut ended = 0;
        for job in &jobs {
            ended += usize::from(scene.row(job).await.is_some_and(|row| row.has_ended()));
        }
        ended
    };
    scene.until("two jobs that have ended", async || ended().await == 2).await;
    // However long the rest of this takes.
    let hour =
        "UPDATE app_beginnings SET at = at + 3600000; UPDATE app_gates SET full_until = full_until + 3600000";
    scene.execute(hour).await;
    // With a broker the third may be on its way still.
    scene.until("the third waits", async || scene.app().await.waiting == 1).await;
    let app = scene.listed().await;
    let found = [&app["begun"], &app["per_minute"], &app["waiting"], &app["running"]];
    assert_eq!(found, [2, 2, 1, 0].map(serde_json::Value::from).each_ref());
    let log = scene.store().log(&LogQuery::default()).await.unwrap();
    assert_eq!(log.len(), 2, "no attempt was spent on waiting");
    scene.execute("UPDATE app_beginnings SET at = at - 3700000; UPDATE app_gates SET full_until = 0").await;
    scene.all_ended(&jobs, Code::LoggedIn).await;
    for worker in &mut workers {
        worker.kill().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_begin_in_a_minute_from_workers_on_a_server() {
    two_a_minute(Size::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_begin_in_a_minute_from_workers_behind_a_broker() {
    two_a_minute(Size::Rabbit).await;
}

/// The breaker opens, tells so, outlasts its workers, and closes by a person's job or word.
async fn a_breaker(size: Size) {
    let scene = Scene::set(size, "").await;
    let playbook = Plan::changed(
        "acme",
        &[("label: Username", "label: Nobody has this"), ("lockout:", "timeouts: { step: 1s }\nlockout:")],
    );
    let wrong = scene.home.path().join("wrong.yaml");
    std::fs::write(&wrong, playbook.playbook).unwrap();
    let jobs = scene.jobs(Kind::VerifyLogin, 12).await;
    let wrong = [("TURNLOCK_PLAYBOOKS", wrong.to_str().unwrap())];
    let mut workers = [scene.worker(&wrong), scene.worker(&wrong)];
    scene.until("an open breaker", async || scene.app().await.breaker != Breaker::Closed).await;
    let app = scene.listed().await;
    assert_eq!(app["breaker"], "open");
    assert_eq!((&app["failures"], &app["code"]), (&5.into(), &"page_not_as_described".into()));
    assert!(app["probe_at"].as_str().unwrap() > app["open_since"].as_str().unwrap(), "{app}");
    scene.until("nothing under way", async || scene.app().await.running == 0).await;
    let table = scene.turnlock(&["app", "list"]).await;
    assert!(table.contains("5 failures in a row, the last page_not_as_described"), "{table}");
    let attempts = async || scene.store().log(&LogQuery { limit: 200, ..LogQuery::default() }).await.unwrap();
    let told = attempts().await.into_iter().filter_map(|row| row.verdict).map(|verdict| verdict.message);
    assert_eq!(told.filter(|message| message.contains("its breaker is open")).count(), 1);
    assert!(scene.home.words().contains("the breaker of an app is open"));
    for worker in &mut workers {
        worker.kill().await.unwrap();
    }
    // Three more may have begun before the fifth had failed.
    let before = attempts().await.len();
    assert!((5..=8).contains(&before), "{before} attempts by a wrong playbook");

    // Others, whose playbook is mended, find it open.
    let mut workers = [scene.worker(&[]), scene.worker(&[])];
    scene.until("workers", async || scene.home.words().matches("ready for jobs").count() == 4).await;
    assert_eq!(attempts().await.len(), before, "its jobs wait");
    // What a person runs goes through, though it is not time for a probe, and the others behind it.
    let said = scene.turnlock(&["run", "verify_login", "--account", "acme/user0"]).await;
    assert!(said.contains("its breaker is closed, and its jobs go on"), "{said}");
    let mut done = 0;
    for job in &jobs {
        scene.until("an end", async || scene.row(job).await.is_some_and(|row| row.has_ended())).await;
        let row = scene.row(job).await.unwrap();
        assert_eq!(row.attempts, 1, "no try is spent on waiting");
        done += usize::from(row.code == Some(Code::LoggedIn));
    }
    assert_eq!(done, jobs.len() - before);
    let said = scene.turnlock(&["app", "reset", "acme"]).await;
    assert!(said.contains("the breaker of acme was closed"), "{said}");
    let said = scene.turnlock(&["app", "reset", "amce"]).await;
    assert!(said.contains("no playbook for the app `amce`"), "{said}");
    for worker in &mut workers {
        worker.kill().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breaker_opens_for_all_workers_on_a_file() {
    a_breaker(Size::Embedded).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breaker_opens_for_all_workers_behind_a_broker() {
    a_breaker(Size::Rabbit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_playbook_holds_up_the_jobs_of_its_own_app_alone() {
    let scene = Scene::set(Size::Embedded, "").await;
    let playbooks = scene.home.path().join("playbooks");
    std::fs::create_dir(&playbooks).unwrap();
    std::fs::rename(scene.home.path().join("acme.yaml"), playbooks.join("acme.yaml")).unwrap();
    std::fs::write(playbooks.join("draft.yaml"), "app: other\nflows: { login: [ { opn: / } ] }\n").unwrap();
    let new = NewAccount {
        account: "other/bob".parse().unwrap(),
        username: "bob".to_owned(),
        address: None,
        number: None,
        password: Some(FIRST_PASSWORD.into()),
        totp: None,
    };
    scene.vault.add_account(&new).await.unwrap();
    let other = Job::new(Kind::VerifyLogin, new.account);
    EmbeddedQueue::new(scene.vault.store().clone()).submit(&other, None).await.unwrap();
    let jobs = scene.jobs(Kind::VerifyLogin, 1).await;
    let mut worker = scene.worker(&[("TURNLOCK_PLAYBOOKS", playbooks.to_str().unwrap())]);
    for (job, code) in [(&jobs[0], Code::LoggedIn), (&other, Code::UnknownApp)] {
        scene.until("an end", async || scene.row(job).await.is_some_and(|row| row.has_ended())).await;
        assert_eq!(scene.row(job).await.unwrap().code, Some(code));
    }
    let rows = scene.store().log(&LogQuery { job: Some(other.id), ..LogQuery::default() }).await.unwrap();
    let message = &rows[0].verdict.as_ref().unwrap().message;
    assert!(message.contains("playbook check") && message.contains("draft.yaml"), "{message}");
    let said = scene.home.words();
    assert!(said.contains("draft.yaml cannot be used") && said.contains("opn"), "{said}");
    worker.kill().await.unwrap();
}
