//! The demo, one job by hand, and a worker: the real binary, a real browser, the bundled app.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use acme::{Acme, NewUser, When};
use rustix::process::Signal;
use serde_json::Value;

/// A home of its own with a folder for temporary files, so that what is left behind is seen.
struct Home {
    folder: tempfile::TempDir,
    origin: String,
}

impl Home {
    fn new(origin: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("tmp")).unwrap();
        Self { folder, origin: format!("acme.app={origin}") }
    }

    fn temporary(&self) -> std::path::PathBuf {
        self.folder.path().join("tmp")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_turnlock"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("TMPDIR", self.temporary())
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("TURNLOCK_BROWSER_SANDBOX", if rustix::process::geteuid().is_root() { "off" } else { "on" })
            .env("TURNLOCK_PLAYBOOKS", concat!(env!("CARGO_MANIFEST_DIR"), "/playbooks/acme.yaml"))
            .env("TURNLOCK_INBOX_URL", "smtp://127.0.0.1:0")
            .env("TURNLOCK_ORIGINS", &self.origin)
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Its exit code, standard output and standard error.
    fn call(&self, arguments: &[&str], input: &str) -> (i32, String, String) {
        let mut child = self.command(arguments).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let done = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
    }

    fn add(&self, name: &str, password: &str) {
        let (code, _, err) = self.call(&["account", "add", name, "--password-file", "-"], password);
        assert_eq!(code, 0, "{err}");
    }

    #[track_caller]
    fn nothing_is_left(&self) {
        let left: Vec<_> =
            std::fs::read_dir(self.temporary()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(left.is_empty(), "left behind: {left:?}");
        let browsers = processes_naming(&self.temporary());
        assert!(browsers.is_empty(), "still run: {browsers:?}");
    }
}

/// Living processes whose command line names this folder, as that of a browser names its profile.
fn processes_naming(folder: &Path) -> Vec<String> {
    let name = folder.to_str().unwrap();
    let lines = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let bytes = std::fs::read(entry.ok()?.path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&bytes).replace('\0', " "))
    });
    lines.filter(|line| line.contains(name)).collect()
}

/// Reads what the child says until a line holds this text.
fn read_until(from: impl std::io::Read, text: &str) -> String {
    let mut said = String::new();
    for line in BufReader::new(from).lines() {
        let line = line.unwrap();
        said.push_str(&line);
        said.push('\n');
        if line.contains(text) {
            return said;
        }
    }
    panic!("`{text}` was never said:\n{said}");
}

fn interrupt(mut child: Child) -> ExitStatus {
    send(&child, Signal::INT);
    child.wait().unwrap()
}

fn send(child: &Child, signal: Signal) {
    rustix::process::kill_process(rustix::process::Pid::from_child(child), signal).unwrap();
}

#[test]
fn the_demo_does_the_whole_job_and_leaves_nothing_behind() {
    let home = Home::new("http://127.0.0.1:9");
    let (code, out, err) = home.call(&["demo"], "");
    assert_eq!(code, 0, "{out}\n{err}");
    let table = out.split("The automation log:").nth(1).unwrap();
    let codes = ["logged_in", "mfa_enabled", "logged_in", "password_changed", "logged_in", "logged_in"];
    // Each row has two lines: account and code are in the second.
    let rows: Vec<_> = table.lines().filter(|line| line.contains("acme/")).collect();
    assert_eq!(rows.len(), codes.len(), "{table}");
    assert!(rows.iter().zip(codes).all(|(row, code)| row.contains(code)), "{table}");
    assert_eq!(table.matches("┆ succeeded").count(), codes.len(), "{table}");
    assert!(
        out.contains("commit: ") && out.contains("wait for the mailed code"),
        "no steps are shown:\n{out}"
    );
    let evidence = home.folder.path().join(".local/share/turnlock/artifacts/demo");
    assert!(out.contains(evidence.to_str().unwrap()), "{out}");
    assert!(std::fs::read_dir(&evidence).unwrap().count() >= codes.len(), "there is no evidence");
    home.nothing_is_left();
}

#[test]
fn an_interrupted_demo_leaves_nothing_behind() {
    let home = Home::new("http://127.0.0.1:9");
    let mut child = home.command(&["demo"]).spawn().unwrap();
    // In the middle of the second job.
    read_until(child.stdout.take().unwrap(), "enrol_mfa.1");
    assert_eq!(interrupt(child).code(), Some(1));
    home.nothing_is_left();
}

#[test]
fn a_demo_that_is_kept_can_be_looked_at_until_ctrl_c() {
    let home = Home::new("http://127.0.0.1:9");
    let mut child = home.command(&["demo", "--keep"]).spawn().unwrap();
    let said = read_until(child.stdout.take().unwrap(), "turnlock account show");
    let set = said.lines().find_map(|line| line.trim().strip_prefix("export ")).unwrap();
    let variables: Vec<_> = set.split(' ').map(|pair| pair.split_once('=').unwrap()).collect();
    let shown = home.command(&["account", "show", "acme/alice"]).envs(variables).output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("recovery_codes") && shown.contains("on, by TOTP"), "{shown}");
    assert_eq!(interrupt(child).code(), Some(0));
    home.nothing_is_left();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_job_here_and_now() {
    let app = Acme::start(acme::Options::default()).await.unwrap();
    app.add_user(NewUser::new("alice", "First-Pass-2026")).unwrap();
    let home = Home::new(app.url());
    tokio::task::spawn_blocking(move || {
        home.add("acme/alice", "First-Pass-2026");
        let (code, out, err) = home.call(&["run", "verify-login", "--account", "acme/alice", "--json"], "");
        assert_eq!(code, 0, "{out}\n{err}");
        let row: Value = serde_json::from_str(&out).unwrap();
        assert_eq!((row["outcome"].as_str(), row["code"].as_str()), (Some("succeeded"), Some("logged_in")));
        assert!(err.contains("login.4"), "no steps are shown: {err}");

        home.add("acme/alice", "Wrong-Pass-2026");
        let (code, out, err) = home.call(&["run", "verify-login", "--account", "acme/alice"], "");
        assert_eq!(code, 1, "{out}\n{err}");
        assert!(out.contains("rejected (bad_credentials)") && out.contains("What to do:"), "{out}");
        let (_, audit, _) = home.call(&["audit", "--json", "--account", "acme/alice"], "");
        let runs = audit.lines().filter(|row| row.contains("\"job.run\"") && row.contains("\"done\""));
        assert_eq!(runs.count(), 2, "{audit}");
        let (_, table, _) = home.call(&["log"], "");
        for part in ["bad_credentials", "→ Correct the account's", "Evidence: /", "turnlock log --job"] {
            assert!(table.contains(part), "`{part}` is not in:\n{table}");
        }
        assert!(table.lines().all(|line| line.chars().count() <= 160), "too wide:\n{table}");
        let (_, log, _) = home.call(&["log", "--json", "--outcome", "rejected"], "");
        assert_eq!(log.lines().count(), 1, "a wrong password is not tried again: {log}");
        for text in [&out, &err, &log] {
            assert!(!text.contains("Wrong-Pass-2026"), "{text}");
        }
        home.nothing_is_left();
    })
    .await
    .unwrap();
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_told_to_stop_by_either_signal_leaves_nothing_behind() {
    let app = Acme::start(acme::Options::default()).await.unwrap();
    app.add_user(NewUser::new("alice", "First-Pass-2026")).unwrap();
    let home = Home::new(app.url());
    home.add("acme/alice", "First-Pass-2026");
    for signal in [Signal::TERM, Signal::INT] {
        let held = app.hold("/login", When::Before);
        let child = home.command(&["run", "verify_login", "--account", "acme/alice"]).spawn().unwrap();
        held.arrived().await;
        send(&child, signal);
        let done = child.wait_with_output().unwrap();
        let out = String::from_utf8(done.stdout).unwrap();
        assert_eq!(done.status.code(), Some(1), "{out}");
        assert!(out.contains("interrupted (cancelled)"), "{out}");
        home.nothing_is_left();
        drop(held);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_goes_on_when_nobody_reads_its_progress() {
    let app = Acme::start(acme::Options::default()).await.unwrap();
    app.add_user(NewUser::new("alice", "First-Pass-2026")).unwrap();
    let home = Home::new(app.url());
    home.add("acme/alice", "First-Pass-2026");
    let mut child = home.command(&["run", "change_password", "--account", "acme/alice"]).spawn().unwrap();
    drop(child.stderr.take());
    let done = child.wait_with_output().unwrap();
    let out = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.success() && out.contains("succeeded"), "{out}");
    assert_eq!(app.user("alice").unwrap().password_changes, 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_a_job_at_once_and_leaves_nothing_behind_but_its_candidate() {
    let app = Acme::start(acme::Options::default()).await.unwrap();
    app.add_user(NewUser::new("alice", "First-Pass-2026")).unwrap();
    let home = Home::new(app.url());
    home.add("acme/alice", "First-Pass-2026");
    let held = app.hold("POST /account/password", When::Before);
    let mut child = home.command(&["run", "change_password", "--account", "acme/alice"]).spawn().unwrap();
    held.arrived().await;
    send(&child, Signal::TERM);
    let err = child.stderr.take().unwrap();
    // The commit step is sent, so that one signal does not end the job.
    read_until(err, "stopping at the next safe point");
    send(&child, Signal::TERM);
    let done = child.wait_with_output().unwrap();
    let out = String::from_utf8(done.stdout).unwrap();
    assert_eq!(done.status.code(), Some(1), "{out}");
    home.nothing_is_left();
    let (_, shown, _) = home.call(&["account", "show", "acme/alice"], "");
    assert!(shown.contains("pending") && shown.contains("current"), "{shown}");
    held.release();
    let (code, out, err) = home.call(&["run", "reconcile", "--account", "acme/alice"], "");
    assert!(code == 0 && out.contains("reconciled"), "{out}{err}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_the_budget_holds_back_says_what_to_do_and_when() {
    let app = Acme::start(acme::Options::default()).await.unwrap();
    app.add_user(NewUser::new("alice", "First-Pass-2026")).unwrap();
    let home = Home::new(app.url());
    home.add("acme/alice", "Wrong-Pass-2026");
    let text = include_str!("../../playbooks/acme.yaml").replace("attempts: 5,", "attempts: 2,");
    std::fs::write(home.folder.path().join("strict.yaml"), text).unwrap();
    let run = ["run", "verify_login", "--account", "acme/alice", "--playbooks", "strict.yaml"];
    let (_, out, err) = home.call(&run, "");
    assert!(out.contains("(bad_credentials)"), "{out}{err}");
    let (code, out, err) = home.call(&run, "");
    assert!(code == 1 && out.contains("retry_later (budget_exhausted)"), "{out}{err}");
    assert!(out.contains("submit the job again after that time"), "{out}");
    assert!(out.contains("`run` makes no other try"), "{out}");
    // The time as people read it, with how far the clock is from UTC: no parts of a second.
    let time = out.split("not made before ").nth(1).unwrap().split(", so").next().unwrap();
    assert!(time.len() == "2026-11-21 23:18:51 +00:00".len() && !time.contains(['T', 'Z', '.']), "{time}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_does_what_is_submitted_until_it_is_told_to_stop() {
    let app = Acme::start(acme::Options::default()).await.unwrap();
    app.add_user(NewUser::new("alice", "First-Pass-2026")).unwrap();
    let home = Home::new(app.url());
    tokio::task::spawn_blocking(move || {
        home.add("acme/alice", "First-Pass-2026");
        let mut worker = home.command(&["worker"]).spawn().unwrap();
        read_until(worker.stderr.take().unwrap(), "ready for jobs");
        let (code, out, err) =
            home.call(&["submit", "verify-login", "--account", "acme/alice", "--wait"], "");
        assert_eq!(code, 0, "{out}\n{err}");
        let (code, out, _) = home.call(&["log", "--json"], "");
        let row: Value = serde_json::from_str(&out).unwrap();
        assert_eq!((code, row["number"].as_u64()), (0, Some(1)));
        let job = row["job"].as_str().unwrap();
        let (code, steps, _) = home.call(&["log", "--job", job.rsplit('-').next().unwrap()], "");
        assert!(code == 0 && steps.contains("login.1"), "{steps}");
        assert_eq!(interrupt(worker).code(), Some(0));
        home.nothing_is_left();
    })
    .await
    .unwrap();
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_job_runs_beside_a_worker_that_has_the_inbox_and_a_second_worker_says_what_to_do() {
    let app = Acme::start(acme::Options::default()).await.unwrap();
    app.add_user(NewUser::new("alice", "First-Pass-2026")).unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let inbox = format!("smtp://{}", taken.local_addr().unwrap());
    let home = Home::new(app.url());
    tokio::task::spawn_blocking(move || {
        home.add("acme/alice", "First-Pass-2026");
        let arguments = ["run", "verify-login", "--account", "acme/alice", "--inbox-url", &inbox];
        let (code, out, err) = home.call(&arguments, "");
        assert_eq!(code, 0, "{out}\n{err}");
        assert!(!err.contains("mailed code"), "most jobs await none: {err}");
        let (code, _, err) = home.call(&["worker", "--inbox-url", &inbox], "");
        assert_eq!(code, 3, "{err}");
        assert!(err.contains("choose another address with --inbox-url"), "{err}");
        home.nothing_is_left();
    })
    .await
    .unwrap();
    app.stop().await;
}
