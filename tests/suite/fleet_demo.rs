//! The demo of a fleet and the servers that it stands on, as a person starts them; and that nothing of it stays.

use std::fs::Permissions;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::SOON;

/// What is started lies in here, temporary files and home.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // PostgreSQL runs as a user of its own when this is root, and has to come through.
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o711)).unwrap();
        std::fs::create_dir(folder.path().join("tmp")).unwrap();
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", self.path())
            .env("TMPDIR", self.path().join("tmp"))
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("TURNLOCK_BROWSER_SANDBOX", if rustix::process::geteuid().is_root() { "off" } else { "on" })
            .current_dir(self.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// No process names the place, as the servers and the browsers of it do, and no file lies about.
    fn nothing_is_left(&self) {
        let until = Instant::now() + SOON;
        loop {
            let name = self.path().to_str().unwrap();
            let lines = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
                let bytes = std::fs::read(entry.ok()?.path().join("cmdline")).ok()?;
                Some(String::from_utf8_lossy(&bytes).replace('\0', " "))
            });
            let mut left: Vec<_> = lines.filter(|line| line.contains(name)).collect();
            let files = std::fs::read_dir(self.path().join("tmp")).unwrap();
            left.extend(files.map(|entry| entry.unwrap().path().display().to_string()));
            if left.is_empty() {
                return;
            }
            assert!(Instant::now() < until, "left behind: {left:#?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

const SERVICES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/services");

#[test]
fn a_fleet_loses_a_worker_and_nothing_else() {
    let place = Place::new();
    let demo = place
        .command(SERVICES)
        .args(["--", env!("CARGO_BIN_EXE_turnlock"), "demo", "--fleet"])
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8(demo.stdout).unwrap(), String::from_utf8(demo.stderr).unwrap());
    assert_eq!(demo.status.code(), Some(0), "{out}\n{err}");
    assert!(!err.contains("ERROR"), "{err}");
    for promise in [
        "✓ 40 of 40 jobs succeeded",
        "✓ worker 1 was killed; another did what it was at: ",
        "✓ 20 of 20 accounts open by a fresh login",
        "✓ nothing is left of the workers",
    ] {
        assert!(out.contains(promise), "`{promise}` is not in:\n{out}");
    }
    let rows: Vec<_> = out.lines().filter(|line| line.starts_with("│ acme/user")).collect();
    assert_eq!(rows.len(), 40, "{out}");
    assert!(rows.iter().all(|row| row.contains("┆ succeeded ┆")), "{out}");
    assert!(rows.iter().any(|row| row.contains("┆ 1 → 2")), "a job went from worker to worker:\n{out}");
    assert!(rows.iter().all(|row| row.chars().count() <= 80), "the table fits a terminal:\n{out}");
    place.nothing_is_left();
}

#[test]
fn without_servers_of_its_own_a_fleet_is_refused() {
    let place = Place::new();
    let demo = place.command(env!("CARGO_BIN_EXE_turnlock")).args(["demo", "--fleet"]).output().unwrap();
    let err = String::from_utf8(demo.stderr).unwrap();
    assert_eq!(demo.status.code(), Some(2), "{err}");
    assert!(err.contains("a fleet needs a RabbitMQ and a PostgreSQL: `make fleet-demo` starts"), "{err}");
    place.nothing_is_left();
}

#[test]
fn servers_end_with_whoever_started_them_however_that_ended() {
    for signal in [Signal::TERM, Signal::KILL] {
        let place = Place::new();
        let mut services = place.command(SERVICES).args(["--only", "postgresql"]).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(services.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("TURNLOCK_DATABASE_URL=postgres://turnlock:"), "{line}");
        kill_process(Pid::from_child(&services), signal).unwrap();
        services.wait().unwrap();
        place.nothing_is_left();
    }
}
