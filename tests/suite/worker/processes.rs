//! Worker processes that are told to end, to pause and to go on: by signals, and from elsewhere.

use std::process::Stdio;

use acme::{Acme, Hold, NewUser, Options, When};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Child;
use tokio::time::{Instant, sleep, timeout};
use turnlock::queue::rabbit::RabbitQueue;

use super::*;
use crate::harness::PATIENCE;
use crate::harness::home::Home;
use crate::harness::postgres::server;
use crate::harness::rabbit::Broker;
use crate::harness::rig::{FIRST_PASSWORD, Plan, opens};

struct Scene {
    app: Acme,
    home: Home,
    vault: Vault,
    queue: Arc<dyn Queue>,
    broker: Option<Broker>,
}

impl Scene {
    /// With the database's own queue.
    async fn embedded() -> Self {
        Self::set(None, None).await
    }

    async fn with_broker() -> Self {
        Self::set(None, Some(Broker::start().await)).await
    }

    async fn on_postgres() -> Self {
        Self::set(Some(server().database().await), None).await
    }

    async fn set(database: Option<String>, broker: Option<Broker>) -> Self {
        let app = Acme::start(Options::default()).await.unwrap();
        // A page that is held is waited for.
        let plan = Plan::changed("acme", &[("lockout:", "timeouts: { step: 60s }\nlockout:")]);
        let mut home = Home::new(&app, &plan.playbook);
        if let Some(url) = database {
            home.keep_rows_in(url);
        }
        let vault = home.vault().await;
        let store = vault.store().clone();
        let queue: Arc<dyn Queue> = match &broker {
            None => Arc::new(EmbeddedQueue::new(store)),
            Some(broker) => Arc::new(RabbitQueue::publish_only(&broker.url().into(), store)),
        };
        Self { app, home, vault, queue, broker }
    }

    /// A job for an account of its own.
    async fn submit(&self, name: &str) -> Job {
        let account: AccountRef = format!("acme/{name}").parse().unwrap();
        self.app.add_user(NewUser::new(name, FIRST_PASSWORD)).unwrap();
        let new = NewAccount {
            account: account.clone(),
            username: name.to_owned(),
            address: None,
            number: None,
            password: Some(FIRST_PASSWORD.into()),
            totp: None,
        };
        self.vault.add_account(&new).await.unwrap();
        let job = Job::new(Kind::ChangePassword, account);
        self.queue.submit(&job, None).await.unwrap();
        job
    }

    /// Holds what jobs open before their commit step.
    fn hold(&self) -> Hold {
        self.app.hold("GET /account/password", When::Before)
    }

    fn worker(&self, extra: &[(&str, &str)]) -> Child {
        let mut environment = extra.to_vec();
        let url = self.broker.as_ref().map(Broker::url);
        environment.extend(url.as_deref().map(|url| ("TURNLOCK_QUEUE_URL", url)));
        self.home.worker(&environment)
    }

    async fn job(&self, job: &Job) -> Option<JobRow> {
        self.vault.store().job(job.id).await.unwrap()
    }

    /// It has not been begun, as far as anybody knows.
    async fn is_untouched(&self, job: &Job) {
        if let Some(row) = self.job(job).await {
            assert_eq!((row.state, row.attempts), (JobState::Queued, 0), "{}", self.home.words());
        }
    }

    /// It has ended well, and the password was changed once.
    async fn changed_once(&self, job: &Job) -> JobRow {
        let ended = timeout(PATIENCE, self.queue.ended(job.id)).await;
        let row = ended.unwrap_or_else(|_| panic!("no end of {}:\n{}", job.account, self.home.words()));
        let row = row.unwrap();
        assert_eq!((row.state, row.code), (JobState::Finished, Some(Code::PasswordChanged)), "{row:?}");
        assert_eq!(self.app.user(job.account.name()).unwrap().password_changes, 1);
        opens(&self.vault, &self.app, &job.account).await.unwrap();
        row
    }

    async fn until(&self, what: &str, enough: impl AsyncFn() -> bool) {
        let until = Instant::now() + PATIENCE;
        while !enough().await {
            assert!(Instant::now() < until, "{what} never was:\n{}", self.home.words());
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn hears(&self, words: &str) {
        self.until(words, async || self.home.words().contains(words)).await;
    }

    /// What the binary says to these arguments.
    async fn call(&self, arguments: &[&str]) -> String {
        let said = timeout(PATIENCE, self.home.turnlock().args(arguments).output()).await;
        let said = said.unwrap_or_else(|_| panic!("{arguments:?} never returned:\n{}", self.home.words()));
        let said = said.unwrap();
        let err = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(said.status.success(), "{arguments:?}: {err}");
        String::from_utf8(said.stdout).unwrap()
    }

    /// The state of each worker, by its own word or the lack of it.
    async fn states(&self) -> Vec<String> {
        let listed = self.call(&["worker", "list", "--json"]).await;
        let state = |line: &str| {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            row["state"].as_str().unwrap().to_owned()
        };
        listed.lines().map(state).collect()
    }

    /// Nothing is left of any browser.
    async fn nothing_is_left(&self) {
        self.home.no_browser_is_left().await.unwrap();
        assert_eq!(self.home.profiles(), Vec::<PathBuf>::new());
    }
}

fn signal(worker: &Child, signal: Signal) {
    let pid = Pid::from_raw(worker.id().unwrap().cast_signed()).unwrap();
    kill_process(pid, signal).unwrap();
}

/// The code that it ends with.
async fn ended(mut worker: Child) -> Option<i32> {
    timeout(PATIENCE, worker.wait()).await.expect("the worker ends").unwrap().code()
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_end_a_worker_ends_what_it_is_at() {
    ends_what_it_is_at(Scene::embedded().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_end_a_worker_ends_what_it_is_at_and_gives_back_what_the_broker_brought() {
    ends_what_it_is_at(Scene::with_broker().await).await;
}

async fn ends_what_it_is_at(scene: Scene) {
    let hold = scene.hold();
    let running = scene.submit("running").await;
    let worker = scene.worker(&[("TURNLOCK_SLOTS", "1")]);
    hold.arrived().await;
    let waiting = scene.submit("waiting").await;
    signal(&worker, Signal::TERM);
    scene.hears("no more jobs are taken").await;
    hold.release();
    assert_eq!(ended(worker).await, Some(0), "{}", scene.home.words());
    let row = scene.changed_once(&running).await;
    assert_eq!((row.attempts, row.tries), (1, 1));
    scene.is_untouched(&waiting).await;
    assert_eq!(scene.states().await, Vec::<String>::new(), "it has left the list");
    scene.nothing_is_left().await;

    let next = scene.worker(&[]);
    assert_eq!(scene.changed_once(&waiting).await.attempts, 1);
    signal(&next, Signal::INT);
    assert_eq!(ended(next).await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_grace_is_over_a_job_goes_back_unspent() {
    goes_back_unspent(Scene::embedded().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_grace_is_over_a_job_goes_back_unspent_by_the_broker() {
    goes_back_unspent(Scene::with_broker().await).await;
}

async fn goes_back_unspent(scene: Scene) {
    let hold = scene.hold();
    let job = scene.submit("alice").await;
    let worker = scene.worker(&[("TURNLOCK_GRACE_PERIOD", "0s")]);
    hold.arrived().await;
    signal(&worker, Signal::TERM);
    assert_eq!(ended(worker).await, Some(0), "{}", scene.home.words());
    let row = scene.job(&job).await.unwrap();
    assert_eq!((row.state, row.attempts, row.tries), (JobState::Queued, 1, 0), "{}", scene.home.words());
    assert_eq!((row.outcome, row.code), (Some(Outcome::Interrupted), Some(Code::WorkerStopped)));
    scene.nothing_is_left().await;

    hold.release();
    another_does_it(&scene, &job).await;
}

/// The job was begun once and cost no try; the next worker does it.
async fn another_does_it(scene: &Scene, job: &Job) {
    let next = scene.worker(&[]);
    let row = scene.changed_once(job).await;
    assert_eq!((row.attempts, row.tries), (2, 1));
    signal(&next, Signal::TERM);
    assert_eq!(ended(next).await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn told_twice_a_worker_ends_at_once() {
    ends_at_once(Scene::embedded().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn told_twice_a_worker_ends_at_once_with_a_broker() {
    ends_at_once(Scene::with_broker().await).await;
}

async fn ends_at_once(scene: Scene) {
    let hold = scene.hold();
    let job = scene.submit("alice").await;
    let worker = scene.worker(&[("TURNLOCK_GRACE_PERIOD", "1h")]);
    hold.arrived().await;
    signal(&worker, Signal::TERM);
    scene.hears("no more jobs are taken").await;
    signal(&worker, Signal::TERM);
    assert_eq!(ended(worker).await, Some(3));
    scene.nothing_is_left().await;
    assert_eq!(scene.states().await, ["gone"], "that it ended is known on its machine");

    hold.release();
    another_does_it(&scene, &job).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_pauses_and_goes_on_by_signals() {
    pauses(Scene::embedded().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_pauses_and_goes_on_by_signals_with_a_broker() {
    pauses(Scene::with_broker().await).await;
}

async fn pauses(scene: Scene) {
    let hold = scene.hold();
    let running = scene.submit("running").await;
    let worker = scene.worker(&[("TURNLOCK_SLOTS", "2")]);
    hold.arrived().await;
    signal(&worker, Signal::TSTP);
    scene.hears("takes no more jobs").await;
    let waiting = scene.submit("waiting").await;
    scene.until("a worker that says that it drains", async || scene.states().await == ["draining"]).await;
    hold.release();
    // It was not suspended: what it was at goes on.
    scene.changed_once(&running).await;
    scene.is_untouched(&waiting).await;

    signal(&worker, Signal::CONT);
    assert_eq!(scene.changed_once(&waiting).await.attempts, 1);
    scene.until("a worker that says that it works", async || scene.states().await == ["working"]).await;
    // One that pauses ends as any other does.
    signal(&worker, Signal::TSTP);
    scene.hears("takes jobs again").await;
    signal(&worker, Signal::TERM);
    assert_eq!(ended(worker).await, Some(0));
    scene.nothing_is_left().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_are_drained_from_elsewhere() {
    drained_from_elsewhere(Scene::embedded().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_are_drained_from_elsewhere_on_postgres() {
    drained_from_elsewhere(Scene::on_postgres().await).await;
}

async fn drained_from_elsewhere(scene: Scene) {
    let hold = scene.hold();
    let running = scene.submit("running").await;
    let worker = scene.worker(&[("TURNLOCK_SLOTS", "2")]);
    hold.arrived().await;
    let table = scene.call(&["worker", "list"]).await;
    assert!(table.contains("1/2") && table.contains("working"), "{table}");

    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let pid = worker.id().unwrap().to_string();
    let place = format!("{}:{pid}", host.trim());
    let mut drain = scene.home.turnlock();
    let drain = drain.args(["worker", "drain", &place, "--wait"]).stdout(Stdio::piped()).spawn().unwrap();
    scene.hears("takes no more jobs").await;
    let waiting = scene.submit("waiting").await;
    hold.release();
    let drained = timeout(PATIENCE, drain.wait_with_output()).await.expect("it is drained").unwrap();
    let said = String::from_utf8(drained.stdout).unwrap();
    assert!(drained.status.success() && said.contains(&place) && said.contains("is drained"), "{said}");
    // When that was said nothing ran there, and what came meanwhile was left alone.
    scene.changed_once(&running).await;
    scene.is_untouched(&waiting).await;
    assert_eq!(scene.states().await, ["draining"]);

    scene.call(&["worker", "resume", "--all", "--wait"]).await;
    scene.changed_once(&waiting).await;
    // A signal on its machine is a word as good as any.
    scene.call(&["worker", "drain", &end_of_id(&scene).await]).await;
    scene.until("a drain that is heeded", async || scene.states().await == ["draining"]).await;
    signal(&worker, Signal::CONT);
    scene.until("a worker that goes on", async || scene.states().await == ["working"]).await;
    let nobody = scene.home.turnlock().args(["worker", "drain", "nobody"]).output().await.unwrap();
    assert_eq!(nobody.status.code(), Some(2));
    let rows = scene.vault.store().audits(&turnlock::store::AuditQuery::default()).await.unwrap();
    let told = rows.iter().rev().map(|row| format!("{} {}", row.audit.action, row.outcome));
    let told: Vec<_> = told.filter(|row| row.starts_with("worker.")).collect();
    assert_eq!(told, ["worker.drain done", "worker.resume done", "worker.drain done"]);
    signal(&worker, Signal::TERM);
    assert_eq!(ended(worker).await, Some(0));
}

/// The end of the only worker's id, as the table shows it.
async fn end_of_id(scene: &Scene) -> String {
    let rows = scene.vault.store().workers().await.unwrap();
    rows[0].id.as_str().rsplit(':').next().unwrap().to_owned()
}
