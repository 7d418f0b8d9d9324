//! What else can go wrong in the middle of a job: a worker that is paused, a database that is locked, full or gone, a
//! clock that is set, two jobs at once.
#![cfg(feature = "failpoints")]

use std::path::Path;
use std::process::Command;

use acme::{Acme, Event, NewUser, Options, TotpShape, When};
use futures::future::join_all;
use rustix::process::{Pid, Signal, kill_process};
use secrecy::SecretString;
use sqlx::{Connection, Executor, SqliteConnection};
use tokio::process::Child;
use turnlock::job::{AccountRef, Code, Job, Kind, Outcome};
use turnlock::queue::{EmbeddedQueue, Queue};
use turnlock::store::{AttemptRow, JobRow, JobState, LogQuery};
use turnlock::vault::{NewAccount, Vault};
use turnlock::worker::StopReason;

use crate::harness::home::Home;
use crate::harness::rig::{FIRST_PASSWORD, Plan, Rig, assert_ended, opens};
use crate::harness::{PATIENCE, SOON};

/// A port of its own, so that two workers can be on one machine.
const PORT: (&str, &str) = ("TURNLOCK_INBOX_URL", "smtp://127.0.0.1:0");

struct Scene {
    app: Acme,
    home: Home,
    vault: Vault,
    account: AccountRef,
}

impl Scene {
    async fn set(folder: Option<&Path>) -> Self {
        // Codes that last 6 s, so that nobody waits half a minute for the next.
        let totp = TotpShape { period: 6, ..TotpShape::default() };
        let app = Acme::start(Options { totp, ..Options::default() }).await.unwrap();
        let plan = Plan::changed("acme", &[("lockout:", "timeouts: { step: 8s }\nlockout:")]);
        let home = match folder {
            Some(folder) => Home::within(folder, &app, &plan.playbook),
            None => Home::new(&app, &plan.playbook),
        };
        let vault = home.vault().await;
        let account: AccountRef = "acme/alice".parse().unwrap();
        app.add_user(NewUser::new("alice", FIRST_PASSWORD)).unwrap();
        let new = NewAccount {
            account: account.clone(),
            username: "alice".to_owned(),
            address: None,
            number: None,
            password: Some(SecretString::from(FIRST_PASSWORD)),
            totp: None,
        };
        vault.add_account(&new).await.unwrap();
        Self { app, home, vault, account }
    }

    async fn submit(&self) -> Job {
        self.submit_a(Kind::ChangePassword).await
    }

    async fn submit_a(&self, kind: Kind) -> Job {
        let job = Job::new(kind, self.account.clone());
        self.vault.store().submit(&job, None).await.unwrap();
        job
    }

    async fn ended(&self, job: &Job) -> JobRow {
        let queue = EmbeddedQueue::new(self.vault.store().clone());
        match tokio::time::timeout(PATIENCE, queue.ended(job.id)).await {
            Ok(row) => row.unwrap(),
            Err(_) => panic!("the job came to no end:\n{}", self.home.words()),
        }
    }

    async fn attempts(&self) -> Vec<AttemptRow> {
        let query = LogQuery { limit: 100, ..LogQuery::default() };
        self.vault.store().log(&query).await.unwrap()
    }

    /// Stops a worker, but not in the middle of a write: all others would wait for that.
    async fn pause(&self, worker: &Child) {
        loop {
            signal(worker, Signal::STOP);
            if self.can_be_written().await {
                return;
            }
            signal(worker, Signal::CONT);
        }
    }

    /// A job whose worker is stopped at this point. Where that fell in the middle of a write of another of its tasks,
    /// for which all others would wait, it is done again from the start.
    async fn stopped_at(point: &str) -> (Self, Job, Child) {
        loop {
            let scene = Self::set(None).await;
            let job = scene.submit().await;
            let mut paused = scene.home.worker(&[PORT, ("TURNLOCK_FAILPOINT", point)]);
            stopped(&paused).await;
            if scene.can_be_written().await {
                return (scene, job, paused);
            }
            paused.kill().await.unwrap();
        }
    }

    async fn can_be_written(&self) -> bool {
        let mut other = self.raw(std::time::Duration::from_millis(200)).await;
        let free = other.execute("BEGIN IMMEDIATE").await.is_ok();
        if free {
            other.execute("ROLLBACK").await.unwrap();
        }
        free
    }

    async fn raw(&self, patience: std::time::Duration) -> SqliteConnection {
        let options =
            sqlx::sqlite::SqliteConnectOptions::new().filename(self.home.path().join("turnlock.db"));
        SqliteConnection::connect_with(&options.busy_timeout(patience)).await.unwrap()
    }

    /// Waits until a worker has said this.
    async fn hears(&self, words: &str) {
        let until = tokio::time::Instant::now() + PATIENCE;
        while !self.home.words().contains(words) {
            assert!(tokio::time::Instant::now() < until, "nobody said {words:?}:\n{}", self.home.words());
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }

    async fn changed_once(&self, job: &Job) {
        let row = self.ended(job).await;
        assert_eq!((row.outcome, row.code), (Some(Outcome::Succeeded), Some(Code::PasswordChanged)));
        assert_eq!(self.app.user("alice").unwrap().password_changes, 1);
        opens(&self.vault, &self.app, &self.account).await.unwrap();
    }
}

/// Waits until a process is stopped.
async fn stopped(worker: &Child) {
    let stat = format!("/proc/{}/stat", worker.id().unwrap());
    let until = tokio::time::Instant::now() + PATIENCE;
    while !std::fs::read_to_string(&stat).unwrap().contains(") T ") {
        assert!(tokio::time::Instant::now() < until, "the worker was never stopped");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

fn signal(worker: &Child, signal: Signal) {
    let pid = Pid::from_raw(worker.id().unwrap().cast_signed()).unwrap();
    kill_process(pid, signal).unwrap();
}

async fn held(events: &mut tokio::sync::broadcast::Receiver<Event>) {
    let held = async { while !matches!(events.recv().await.unwrap(), Event::RequestHeld { .. }) {} };
    tokio::time::timeout(SOON, held).await.expect("the request reached the app");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_was_paused_past_its_lease_writes_nothing() {
    let scene = Scene::set(None).await;
    let mut events = scene.app.events();
    let hold = scene.app.hold("POST /account/password", When::Before);
    let job = scene.submit().await;
    let mut paused = scene.home.worker(&[PORT]);
    held(&mut events).await;
    scene.pause(&paused).await;
    drop(hold);

    // Nobody can tell that it does not live, so the next one waits for the lease to expire.
    let mut next = scene.home.worker(&[PORT]);
    scene.changed_once(&job).await;
    let ledger = scene.vault.store().candidates(&scene.account).await.unwrap();
    let attempts = scene.attempts().await;

    signal(&paused, Signal::CONT);
    // It notices, and says that it was overtaken.
    scene.hears("lease").await;
    signal(&paused, Signal::TERM);
    paused.wait().await.unwrap();
    assert_eq!(scene.vault.store().candidates(&scene.account).await.unwrap(), ledger);
    assert_eq!(scene.attempts().await, attempts);
    opens(&scene.vault, &scene.app, &scene.account).await.unwrap();
    signal(&next, Signal::TERM);
    next.wait().await.unwrap();
}

/// It was paused when it had written down that it submits, and had not. By the time it goes on, the candidate is
/// rejected, by proof.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_was_paused_past_its_lease_submits_nothing() {
    let (scene, job, mut paused) = Scene::stopped_at("pause:change_password.4.submitted").await;
    let candidate =
        scene.vault.credentials(&scene.account).await.unwrap().pending_password.unwrap().candidate;
    scene.vault.store().cancel(job.id, &StopReason::Cancelled.verdict()).await.unwrap();
    let mut next = scene.home.worker(&[PORT]);
    assert_eq!(scene.ended(&job).await.outcome, Some(Outcome::Interrupted));
    let owed = scene.vault.store().reconciliation_of(candidate).await.unwrap().unwrap();
    assert_eq!(scene.ended(&owed.job).await.code, Some(Code::Reconciled));

    signal(&paused, Signal::CONT);
    scene.hears("lease").await;
    signal(&paused, Signal::TERM);
    paused.wait().await.unwrap();
    assert_eq!(scene.app.user("alice").unwrap().password_changes, 0, "it changed what others had settled");
    opens(&scene.vault, &scene.app, &scene.account).await.unwrap();
    signal(&next, Signal::TERM);
    next.wait().await.unwrap();
}

/// It was paused when it had taken the job and had not begun yet. By the time it goes on, the job has ended.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_was_paused_past_its_claim_performs_nothing() {
    let (scene, job, mut paused) = Scene::stopped_at("pause:worker.claimed").await;
    let mut next = scene.home.worker(&[PORT]);
    scene.changed_once(&job).await;
    signal(&next, Signal::TERM);
    next.wait().await.unwrap();
    let attempts = scene.attempts().await;

    signal(&paused, Signal::CONT);
    scene.hears("the lease on").await;
    signal(&paused, Signal::TERM);
    paused.wait().await.unwrap();
    scene.changed_once(&job).await;
    assert_eq!(scene.attempts().await, attempts);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_locked_in_mid_job_costs_nothing() {
    let scene = Scene::set(None).await;
    let mut events = scene.app.events();
    let hold = scene.app.hold("POST /account/password", When::After);
    let job = scene.submit().await;
    let mut worker = scene.home.worker(&[]);
    held(&mut events).await;
    let mut other = scene.raw(SOON).await;
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    drop(hold);
    scene.hears("is locked by another process").await;
    other.execute("ROLLBACK").await.unwrap();
    scene.changed_once(&job).await;
    signal(&worker, Signal::TERM);
    worker.wait().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_gone_in_mid_job_is_not_written_elsewhere() {
    let scene = Scene::set(None).await;
    let mut events = scene.app.events();
    let hold = scene.app.hold("GET /account/password", When::Before);
    let job = scene.submit().await;
    let mut worker = scene.home.worker(&[]);
    held(&mut events).await;
    let away = scene.home.path().join("away");
    std::fs::create_dir(&away).unwrap();
    let names = ["turnlock.db", "turnlock.db-wal", "turnlock.db-shm"];
    for name in names {
        std::fs::rename(scene.home.path().join(name), away.join(name)).unwrap();
    }
    drop(hold);
    scene.hears("was moved, removed or replaced").await;
    assert_eq!(
        scene.app.user("alice").unwrap().password_changes,
        0,
        "the app was told of what nobody has written down"
    );
    for name in names {
        std::fs::rename(away.join(name), scene.home.path().join(name)).unwrap();
    }
    scene.changed_once(&job).await;
    signal(&worker, Signal::TERM);
    worker.wait().await.unwrap();
}

/// A file system that holds the database and little more.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Self {
        assert!(rustix::process::geteuid().is_root(), "this test mounts a small file system: run it as root");
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(folder.path());
        assert!(mount.status().unwrap().success());
        Self(folder)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_in_mid_job_loses_nothing() {
    let disk = SmallDisk::mount();
    let scene = Scene::set(Some(disk.0.path())).await;
    let mut events = scene.app.events();
    let hold = scene.app.hold("POST /account/password", When::After);
    let job = scene.submit().await;
    let mut worker = scene.home.worker(&[]);
    held(&mut events).await;
    let filler = disk.0.path().join("filler");
    let mut zeros = std::io::repeat(0);
    let full = std::io::copy(&mut zeros, &mut std::fs::File::create(&filler).unwrap()).unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    drop(hold);
    scene.hears("(or the quota) is full").await;
    std::fs::remove_file(&filler).unwrap();
    scene.changed_once(&job).await;
    signal(&worker, Signal::TERM);
    worker.wait().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_jobs_for_one_account_at_once_come_one_after_the_other() {
    let scene = Scene::set(None).await;
    let jobs = join_all([scene.submit(), scene.submit()]).await;
    let workers: Vec<Child> = (0..2).map(|_| scene.home.worker(&[PORT])).collect();
    for job in &jobs {
        assert_eq!(scene.ended(job).await.code, Some(Code::PasswordChanged));
    }
    assert_eq!(scene.app.user("alice").unwrap().password_changes, 2);
    opens(&scene.vault, &scene.app, &scene.account).await.unwrap();
    let mut attempts = scene.attempts().await;
    attempts.sort_by_key(|row| row.started_at);
    for pair in attempts.windows(2) {
        assert!(pair[0].ended_at.unwrap() <= pair[1].started_at, "{pair:?}");
    }
    for mut worker in workers {
        signal(&worker, Signal::TERM);
        worker.wait().await.unwrap();
    }
}

/// The clock was an hour ahead when codes were used, and is right again.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_makes_no_login_wait() {
    let totp = TotpShape { period: 6, ..TotpShape::default() };
    let app = Options { totp, ..Options::default() };
    let rig = Rig::planned(vec![Plan { app, ..Plan::default() }]).await;
    let alice = rig.account("alice").await;
    assert_ended(&rig.run(Kind::EnrolMfa, &alice).await, Outcome::Succeeded, Code::MfaEnabled);
    let secret = rig.credentials(&alice).await.totp.unwrap().candidate;
    let ahead = u64::try_from(jiff::Timestamp::now().as_second() + 3600).unwrap() / 6;
    for step in ahead..ahead + 3 {
        assert!(rig.vault.claim_totp_step(&alice, secret, step).await.unwrap());
    }
    let row = rig.run(Kind::VerifyLogin, &alice).await;
    assert_ended(&row, Outcome::Succeeded, Code::LoggedIn);
}

/// The wall clock of one process, which can be set.
struct WallClock(tempfile::NamedTempFile);

impl WallClock {
    fn new() -> Self {
        let clock = Self(tempfile::NamedTempFile::new().unwrap());
        clock.set_ahead(0);
        clock
    }

    fn set_ahead(&self, hours: u8) {
        std::fs::write(self.0.path(), format!("+{hours}h\n")).unwrap();
    }

    fn worker(&self, home: &Home) -> Child {
        let library = std::fs::read_dir("/usr/lib").unwrap().flatten();
        let mut library = library.map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"));
        let library =
            library.find(|path| path.exists()).expect("scripts/install-test-deps installs libfaketime");
        home.worker(&[
            ("LD_PRELOAD", library.to_str().unwrap()),
            ("FAKETIME_TIMESTAMP_FILE", self.0.path().to_str().unwrap()),
            ("FAKETIME_NO_CACHE", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ])
    }
}

/// The wall clock is stepped by another hour before each login: no code is right, and every window of time seems to be
/// over.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_stepped_while_a_worker_runs_locks_nobody_out() {
    const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DP";
    let scene = Scene::set(None).await;
    scene.app.add_user(NewUser::new("alice", FIRST_PASSWORD).totp(SECRET)).unwrap();
    let totp = NewAccount {
        account: scene.account.clone(),
        username: "alice".to_owned(),
        address: None,
        number: None,
        password: None,
        totp: Some(format!("otpauth://totp/Acme:alice?secret={SECRET}&period=6").into()),
    };
    scene.vault.add_account(&totp).await.unwrap();
    let clock = WallClock::new();
    let mut worker = clock.worker(&scene.home);
    let job = scene.submit_a(Kind::VerifyLogin).await;
    assert_eq!(scene.ended(&job).await.code, Some(Code::LoggedIn));

    let most = 4; // one below the playbook's lockout
    for hours in 1..=most {
        clock.set_ahead(hours);
        let job = scene.submit_a(Kind::VerifyLogin).await;
        assert_eq!(scene.ended(&job).await.code, Some(Code::CodeRefused), "{hours}");
    }
    clock.set_ahead(most + 1);
    let held_back = scene.submit_a(Kind::VerifyLogin).await;
    scene.hears("budget_exhausted").await;
    clock.set_ahead(0);
    let row = scene.vault.store().job(held_back.id).await.unwrap().unwrap();
    let user = scene.app.user("alice").unwrap();
    assert_eq!((row.state, row.code), (JobState::Queued, Some(Code::BudgetExhausted)));
    assert_eq!((user.failed_attempts, user.locked), (u32::from(most), false));
    let left = row.not_before.duration_since(jiff::Timestamp::now());
    assert!(left <= jiff::SignedDuration::from_mins(15), "it waits for the clock that was wrong: {left}");
    signal(&worker, Signal::TERM);
    worker.wait().await.unwrap();
}
