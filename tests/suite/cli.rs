//! The command line, with the real binary: what it says, and what it says to its caller.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// A home of its own, so that nothing of this machine's user is read or written.
struct Home(tempfile::TempDir);

/// How a call ended.
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn call(&self, arguments: &[&str]) -> Said {
        self.call_with(arguments, "", &[])
    }

    fn call_with(&self, arguments: &[&str], input: &str, variables: &[(&str, &str)]) -> Said {
        let mut child = Command::new(env!("CARGO_BIN_EXE_turnlock"))
            .args(arguments)
            .env_clear()
            .env("HOME", self.path())
            .env("PATH", std::env::var_os("PATH").unwrap())
            .envs(variables.iter().copied())
            .current_dir(self.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that reads no input may be gone before it is written.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let done = child.wait_with_output().unwrap();
        Said {
            code: done.status.code().expect("it ended by itself"),
            out: String::from_utf8(done.stdout).unwrap(),
            err: String::from_utf8(done.stderr).unwrap(),
        }
    }
}

impl Said {
    #[track_caller]
    fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.out, self.err);
        self
    }

    #[track_caller]
    fn complains(self, about: &str) -> Self {
        assert!(self.err.contains(about), "`{about}` is not in: {}", self.err);
        self
    }
}

#[test]
fn help_reads_well() {
    let help = Home::new().call(&["--help"]).ends(0).out;
    for part in [
        "Usage: turnlock",
        "password",
        "Settings (each also as TURNLOCK_… and in turnlock.toml)",
        "--origin",
        "Exit codes:",
    ] {
        assert!(help.contains(part), "`{part}` is not in:\n{help}");
    }
    let short = Home::new().call(&["-h"]).ends(0).out;
    assert!(!short.contains("--database-url"), "the short help is long:\n{short}");
}

#[test]
fn bad_usage_ends_with_2() {
    let home = Home::new();
    home.call(&[]).ends(2);
    home.call(&["fly"]).ends(2).complains("unrecognized subcommand");
    home.call(&["password", "generate"]).ends(2).complains("--rules");
    home.call(&["password", "generate", "--rules", "minlength: 9; maxlength: 3"]).ends(2);
}

#[test]
fn passwords_follow_their_rules() {
    let rules = "minlength: 14; maxlength: 14; required: digit; required: upper; allowed: lower";
    let said = Home::new().call(&["password", "generate", "--rules", rules, "--count", "20"]).ends(0);
    let passwords: Vec<_> = said.out.lines().collect();
    assert_eq!(passwords.len(), 20);
    for password in passwords {
        assert_eq!(password.len(), 14, "{password}");
        assert!(
            password.contains(|c: char| c.is_ascii_digit())
                && password.contains(|c: char| c.is_ascii_uppercase())
        );
    }
}

#[test]
fn a_bad_log_level_ends_with_3() {
    let said = Home::new().call_with(
        &["password", "generate", "--rules", "minlength: 9"],
        "",
        &[("TURNLOCK_LOG", "turnlock=loud")],
    );
    said.ends(3).complains("is not a log level");
}

const GOOD: &str = "app: good
title: Good
origins:
  app: http://127.0.0.1:9
flows:
  login:
    - open: /login
    - fill: { into: { label: Username }, with: username }
    - fill: { into: { label: Password }, with: password }
    - click: { role: button, name: Sign in }
    - expect:
        signed_in: { text: Welcome }
        bad_credentials: { text: Wrong }
";

#[test]
fn an_invalid_playbook_ends_with_4_and_says_where() {
    let home = Home::new();
    std::fs::create_dir(home.path().join("playbooks")).unwrap();
    std::fs::write(home.path().join("playbooks/good.yaml"), GOOD).unwrap();
    home.call(&["playbook", "check"]).ends(0);
    let listed = home.call(&["playbook", "list"]).ends(0).out;
    assert!(listed.contains("http://127.0.0.1:9"), "{listed}");
    let moved = home.call(&["playbook", "list", "--origin", "good.app=http://127.0.0.1:7"]).ends(0).out;
    assert!(moved.contains("http://127.0.0.1:7"), "{moved}");

    std::fs::write(home.path().join("bad.yaml"), GOOD.replace("label: Username", "lable: Username")).unwrap();
    let bad = home.call(&["playbook", "check", "bad.yaml", "playbooks"]).ends(4).complains("bad.yaml:8:");
    assert!(bad.err.contains("lable"), "{}", bad.err);
    assert!(bad.out.contains("good.yaml: fine"), "a good one beside it is still told of: {}", bad.out);
    home.call(&["playbook", "list", "--playbooks", "bad.yaml"]).ends(4).complains("bad.yaml:8:");
}

#[test]
fn a_missing_playbook_ends_with_3() {
    let home = Home::new();
    home.call(&["playbook", "check", "none.yaml"]).ends(3).complains("none.yaml");
    home.call(&["playbook", "list"]).ends(3).complains("--playbooks");
}

#[test]
fn a_bad_configuration_ends_with_3_and_names_the_place() {
    let home = Home::new();
    std::fs::write(home.path().join("turnlock.toml"), "slots = 2\nplaybook = \"x\"\n").unwrap();
    home.call(&["playbook", "list"])
        .ends(3)
        .complains("turnlock.toml:2: there is no setting `playbook`; did you mean `playbooks`?");
    home.call(&["playbook", "list", "--config", "none.toml"]).ends(3).complains("none.toml");
    std::fs::remove_file(home.path().join("turnlock.toml")).unwrap();
    home.call(&["playbook", "list", "--slots", "0"]).ends(3).complains("--slots is `0`");
    home.call_with(&["playbook", "list"], "", &[("TURNLOCK_QUEUE_URL", "amqp://me:hunter2@mq")])
        .ends(3)
        .complains("TURNLOCK_QUEUE_URL is `amqp://…`");
    home.call_with(&["playbook", "list"], "", &[("TURNLOCK_SLOT", "2")])
        .complains("did you mean TURNLOCK_SLOTS?");
}
