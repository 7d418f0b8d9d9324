//! What is deployed fits the binary: files that no compiler reads. `make check-deploy` looks at them with linters.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use turnlock::config::Key;
use turnlock::job::Code;
use turnlock::queue::rabbit::topology;
use turnlock::worker::WorkerConfig;

const DOCKERFILE: &str = include_str!("../../Dockerfile");
const COMPOSE: &str = include_str!("../../compose.yaml");
const WORKER: &str = include_str!("../../deploy/kubernetes/worker.yaml");
const SCALING: &str = include_str!("../../deploy/kubernetes/scaling.yaml");
const ALERTS: &str = include_str!("../../deploy/prometheus/alerts.yaml");
const BOARD: &str = include_str!("../../deploy/grafana/turnlock.json");
const SECCOMP: &str = include_str!("../../deploy/seccomp/chromium.json");

fn turnlock(home: &Path, arguments: &[&str]) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_turnlock"));
    command.args(arguments).env_clear().env("HOME", home).current_dir(home);
    command.output().unwrap()
}

/// The words behind a name, up to the end of each line: `image: turnlock` has `turnlock` behind `image:`.
fn behind<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    text.lines().filter_map(move |line| Some(line.split_once(name)?.1.trim()))
}

#[test]
fn settings_are_named_as_turnlock_knows_them() {
    let others =
        ["TURNLOCK_CONFIG", "TURNLOCK_LOG", "TURNLOCK_LOG_FORMAT", "TURNLOCK_USER"].map(str::to_owned);
    let known: Vec<String> = Key::ALL.iter().map(|key| key.variable()).chain(others).collect();
    for text in [DOCKERFILE, COMPOSE, WORKER] {
        let names = text.split(|c: char| !(c.is_ascii_uppercase() || c == '_'));
        for name in names.filter(|name| name.starts_with("TURNLOCK_")) {
            assert!(known.iter().any(|known| known == name), "{name} means nothing");
        }
    }
}

#[test]
fn health_checks_are_commands_that_the_binary_has() {
    let home = tempfile::tempdir().unwrap();
    let checks = [(DOCKERFILE, "CMD [\"turnlock\", "), (WORKER, "command: [turnlock, ")];
    let commands: Vec<&str> = checks.into_iter().flat_map(|(text, before)| behind(text, before)).collect();
    assert_eq!(commands.len(), 3, "{commands:?}");
    for command in commands {
        let words = command.split(']').next().unwrap().split(", ").map(|word| word.trim_matches('"'));
        let words: Vec<&str> = words.chain(["--inbox-url", "smtp://127.0.0.1:0"]).collect();
        let done = turnlock(home.path(), &words);
        assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

#[test]
fn what_never_reached_an_app_does_not_count_in_its_rate() {
    let codes = Code::ALL.iter().filter(|code| code.never_reached_the_app());
    let codes = codes.map(|code| code.as_str()).collect::<Vec<_>>().join("|");
    for (text, quote) in [(ALERTS, "\""), (BOARD, "\\\"")] {
        let all = format!("outcome!={quote}interrupted{quote}");
        let counted = format!("{all},code!~{quote}{codes}{quote}");
        assert!(text.contains(&counted), "{counted}");
        assert_eq!(text.matches(&all).count(), text.matches(&counted).count());
    }
}

#[test]
fn the_fleet_is_scaled_by_all_queues_of_jobs() {
    let named: Vec<&str> =
        behind(SCALING, "queueName: ").map(|rest| rest.split(',').next().unwrap()).collect();
    let jobs: Vec<&str> = topology::queues().filter(|name| name.starts_with("turnlock.jobs.")).collect();
    assert_eq!(named, jobs);
}

#[test]
fn workers_are_given_the_time_that_they_give_their_jobs() {
    let config = WorkerConfig::default();
    for (text, name) in [(COMPOSE, "stop_grace_period: "), (WORKER, "terminationGracePeriodSeconds: ")] {
        let seconds = behind(text, name).next().unwrap().trim_end_matches('s').parse().unwrap();
        assert!(Duration::from_secs(seconds) > config.drain + config.grace, "{name}");
    }
}

#[test]
fn the_filter_lets_the_sandbox_be_made_and_little_else() {
    let filter: Value = serde_json::from_str(SECCOMP).unwrap();
    assert_eq!(filter["defaultAction"], "SCMP_ACT_ERRNO");
    let groups = filter["syscalls"].as_array().unwrap();
    let names: Vec<&str> = groups
        .iter()
        .flat_map(|group| group["names"].as_array().unwrap())
        .map(|name| name.as_str().unwrap())
        .collect();
    let has = |name: &&str| names.contains(name);
    assert!(["clone", "clone3", "unshare", "chroot"].iter().all(has));
    let refused =
        ["mount", "setns", "ptrace", "bpf", "keyctl", "init_module", "kexec_load", "io_uring_setup"];
    assert!(!refused.iter().any(has), "{names:?}");
}

#[test]
fn secrets_are_made_once_and_fit_what_reads_them() {
    let folder = tempfile::tempdir().unwrap();
    let scripts = folder.path().join("scripts");
    std::fs::create_dir(&scripts).unwrap();
    std::fs::create_dir(folder.path().join("deploy")).unwrap();
    std::fs::write(folder.path().join(".env"), "OTHER=1\nTURNLOCK_USER=0:0\n").unwrap();
    let script = scripts.join("make-secrets");
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/make-secrets"), &script).unwrap();
    let made = Command::new(&script).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));

    let secrets = folder.path().join("deploy/compose/secrets");
    let about = |name: &str| std::fs::metadata(secrets.join(name)).unwrap();
    assert_eq!(about(".").permissions().mode() & 0o777, 0o700);
    let key = about("master.key");
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
    let user = format!("OTHER=1\nTURNLOCK_USER={}:{}\n", key.uid(), key.gid());
    assert!(key.uid() != 0, "the worker is not to be root");
    assert_eq!(std::fs::read_to_string(folder.path().join(".env")).unwrap(), user);

    let (config, key) = (secrets.join("turnlock.toml"), secrets.join("master.key"));
    let arguments = ["--config", config.to_str().unwrap(), "--master-key-file", key.to_str().unwrap()];
    let inbox = ["doctor", "configuration", "inbox", "--inbox-url", "smtp://127.0.0.1:0"];
    let read = turnlock(folder.path(), &[&inbox[..], &arguments].concat());
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let embedded = ["doctor", "key", "--database-url", "sqlite:x.db"];
    let opened = turnlock(folder.path(), &[&embedded[..], &arguments].concat());
    assert!(opened.status.success(), "{}", String::from_utf8_lossy(&opened.stdout));

    let before = std::fs::read(&config).unwrap();
    assert!(Command::new(&script).output().unwrap().status.success());
    assert_eq!(std::fs::read(&config).unwrap(), before, "what is there is kept");
}
