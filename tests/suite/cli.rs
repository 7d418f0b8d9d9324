//! The command line, with the real binary: what it says, and what it says to its caller.

mod accounts;
mod audit;

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
fn codes_are_read_from_texts_and_mails() {
    let home = Home::new();
    let read = |message: &str, flags: &[&str]| {
        home.call_with(&[&["inbox", "extract"], flags].concat(), message, &[])
    };
    assert_eq!(read("Your code is 482 915.", &[]).ends(0).out, "482915\n");
    let mail = "Subject: Sign in\nContent-Type: text/html\n\n<p>Your code:</p><h1>482915</h1>\n";
    assert_eq!(read(mail, &["--maxlength", "6"]).ends(0).out, "482915\n");
    assert_eq!(read("The word: falcon", &["--pattern", "word: (.*)"]).ends(0).out, "falcon\n");
    let none = read("Order 771332 has shipped.", &[]).ends(1);
    assert_eq!(none.out, "");
    none.complains("no code");
    let bound = "482915 is your code.\n\n@evil.example #482915";
    read(bound, &["--host", "app.example"]).ends(1).complains("evil.example");
    read("Your code is 111111. Your code is 222222.", &[]).ends(5).complains("2 different");
    read("x", &["--pattern", "("]).ends(2).complains("the pattern cannot be read");
    let explained = read("Order 771332 shipped. PIN: 4821", &["--explain"]).ends(0);
    assert_eq!(explained.out, "4821\n");
    explained.complains("“pin” stands before it").complains("“order” says that it is something else");
    let json = read("PIN: 4821", &["--json", "--explain"]).ends(0).out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((json["code"].as_str(), json["ambiguous"].as_bool()), (Some("4821"), Some(false)));
    assert_eq!(json["candidates"][0]["taken"], true);
    let link = "Reset your password: https://app.example/reset/Ab12Cd34Ef56";
    let found = read(link, &["--link", "--host", "app.example"]).ends(0);
    assert_eq!(found.out, "https://app.example/reset/Ab12Cd34Ef56\n");
    read(link, &["--link", "--host", "other.example"]).ends(1);
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

const TOTP: &str = "otpauth://totp/Acme:alice?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Acme";
const PASSWORD: &str = "Correct-Horse-7-Battery";

/// A home with the account `acme/alice`.
fn with_alice() -> Home {
    let home = Home::new();
    std::fs::write(home.path().join("totp"), TOTP).unwrap();
    let said = home
        .call_with(
            &[
                "account",
                "add",
                "acme/alice",
                "--username",
                "alice@example.test",
                "--address",
                "alice@codes.test",
                "--password-file",
                "-",
                "--totp-file",
                "totp",
            ],
            &format!("{PASSWORD}\n"),
            &[],
        )
        .ends(0)
        .complains("made a new master key");
    assert_eq!(said.out, "added acme/alice\n");
    home
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
    let explained = home.call(&["playbook", "explain", "p0402"]).ends(0).out;
    assert!(explained.starts_with("### P0402 unknown-step"), "{explained}");
    assert!(home.call(&["playbook", "explain"]).ends(0).out.contains("unknown-step"));
    home.call(&["playbook", "explain", "P9999"]).ends(2).complains("no code `P9999`");
    let explained = home.call(&["playbook", "explain", "p701"]).ends(0).out;
    assert!(explained.starts_with("### P0701 unmatched"), "{explained}");
    home.call(&["playbook", "explain", "unmached"]).ends(2).complains("did you mean P0701 (unmatched)?");
}

#[test]
fn a_playbook_that_cannot_be_used_is_told_of_and_the_others_are_used() {
    let home = with_alice();
    std::fs::create_dir(home.path().join("playbooks")).unwrap();
    let write =
        |name: &str, text: &str| std::fs::write(home.path().join("playbooks").join(name), text).unwrap();
    write("good.yaml", GOOD);
    write(
        "draft.yaml",
        &GOOD.replace("app: good", "app: other # mine").replace("label: Username", "lable: Username"),
    );
    let listed = home.call(&["playbook", "list"]).ends(4).complains("draft.yaml:8:");
    assert!(listed.out.contains("http://127.0.0.1:9"), "{}", listed.out);
    let run = ["run", "verify_login", "--account", "other/carol"];
    home.call(&run)
        .ends(4)
        .complains("the playbook of the app `other` cannot be used")
        .complains("draft.yaml:8:");
    let found = home.call(&["doctor", "playbooks"]);
    assert!(found.out.contains("1 fine: good; 1 cannot be used"), "{}{}", found.out, found.err);
    // Of an app that has a sound one, that one is used.
    write("draft.yaml", &GOOD.replace("label: Username", "lable: Username"));
    home.call(&["run", "verify_login", "--account", "nope/carol"]).ends(2).complains("the apps are good");
    // Which of two is meant, nobody can say.
    write("draft.yaml", GOOD);
    write("third.yaml", &GOOD.replace("app: good", "app: third"));
    let twice = "playbooks/good.yaml both describe the app `good`: keep one of them";
    let listed = home.call(&["playbook", "list"]).ends(4).complains(twice);
    assert!(listed.out.contains("third") && !listed.out.contains("draft"), "{}", listed.out);
    home.call(&["run", "verify_login", "--account", "good/carol"]).ends(4).complains(twice);
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
    home.call_with(&["playbook", "list"], "", &[("TURNLOCK_QUEUE_URL", "ampq://me:hunter2@mq")])
        .ends(3)
        .complains("TURNLOCK_QUEUE_URL is `ampq://…`");
    home.call_with(&["playbook", "list"], "", &[("TURNLOCK_SLOT", "2")])
        .complains("did you mean TURNLOCK_SLOTS?");
}

#[test]
fn a_wrong_or_lost_key_changes_nothing() {
    let home = with_alice();
    let key = home.path().join(".local/share/turnlock/master.key");
    let right = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    let add = ["account", "add", "acme/alice", "--password-file", "-"];
    home.call_with(&add, "New-Pass-1", &[]).ends(3).complains("no master key");
    assert!(!key.exists(), "a new key would open nothing");

    let other = with_alice();
    std::fs::copy(other.path().join(".local/share/turnlock/master.key"), &key).unwrap();
    home.call_with(&add, "New-Pass-1", &[]).ends(3).complains("wrong key").complains("master.key: ");

    std::fs::write(&key, right).unwrap();
    home.call(&["account", "code", "acme/alice"]).ends(0);
}

#[test]
fn an_unreadable_database_ends_with_3() {
    let home = Home::new();
    std::fs::write(home.path().join("text"), "this is no database, as everyone can see").unwrap();
    home.call(&["log", "--database-url", "sqlite:text"]).ends(3).complains("is not a SQLite database");
    home.call(&["log", "--database-url", "sqlite:text/x.db"]).ends(3);
    home.call(&["log", "--database-url", "mysql://me:hunter2@db/x"]).ends(3).complains("mysql://…");
    let nobody = "postgres://me:hunter2@127.0.0.1:1/x";
    home.call(&["log", "--database-url", nobody]).ends(3).complains("the database server cannot be reached");
    let kept = ["log", "--database-url", "sqlite:x.db", "--log-retention", "90d"];
    home.call(&kept)
        .ends(3)
        .complains("--log-retention is `90d`: months of the log can be put aside in PostgreSQL only");
}

#[test]
fn the_doctor_starts_the_browser_and_finds_what_is_broken() {
    let home = Home::new();
    std::fs::create_dir(home.path().join("playbooks")).unwrap();
    std::fs::write(home.path().join("playbooks/good.yaml"), GOOD).unwrap();
    let free = ["doctor", "--browser-sandbox", "off", "--inbox-url", "smtp://127.0.0.1:0"];
    let well = home.call(&free).ends(0).out;
    assert!(well.contains("Chrom") && !well.contains("broken"), "{well}");
    assert!(!home.path().join(".local/share/turnlock").exists(), "the doctor changed something");

    std::fs::create_dir_all(home.path().join(".local/share/turnlock")).unwrap();
    std::fs::write(home.path().join(".local/share/turnlock/turnlock.db"), "no database at all, but text")
        .unwrap();
    // A part alone is looked at alone.
    let alone = home.call(&["doctor", "inbox", "--inbox-url", "smtp://127.0.0.1:0"]).ends(0).out;
    assert!(alone.contains("is free for") && !alone.contains("database"), "{alone}");

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = format!("smtp://{}", listener.local_addr().unwrap());
    let greeter = std::thread::spawn(move || listener.accept().unwrap().0.write_all(b"HTTP/1.1 400 no\r\n"));
    let broken =
        home.call(&["doctor", "--browser", "/bin/false", "--browser-sandbox", "off", "--inbox-url", &taken]);
    greeter.join().unwrap().unwrap();
    let broken = broken.ends(3).out;
    for part in ["browser", "database", "inbox"] {
        let line = broken.lines().find(|line| line.contains(part)).unwrap();
        assert!(line.contains("broken"), "{part}: {broken}");
    }
}

#[test]
fn the_schema_is_printed_as_it_is_committed() {
    let printed = Home::new().call(&["playbook", "schema"]).ends(0).out;
    let committed =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/playbook.json")).unwrap();
    assert_eq!(printed, committed);
}

#[test]
fn the_schema_of_a_job_is_printed_as_it_is_committed() {
    let printed = Home::new().call(&["queue", "schema"]).ends(0).out;
    let committed =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/job.json")).unwrap();
    assert_eq!(printed, committed);
}

#[test]
fn the_schema_of_an_event_is_printed_as_it_is_committed() {
    let printed = Home::new().call(&["queue", "schema", "--events"]).ends(0).out;
    let committed =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/event.json")).unwrap();
    assert_eq!(printed, committed);
}

#[test]
fn a_queue_that_is_not_there_ends_with_3() {
    let home = Home::new();
    let plan = home.call(&["queue", "declare", "--print"]).ends(0).out;
    assert!(plan.contains("queue     turnlock.jobs.high  x-queue-type=quorum"), "{plan}");
    let nobody = ["--queue-url", "amqp://me:hunter2@127.0.0.1:1/%2f"];
    for command in [["queue", "status"], ["queue", "declare"]] {
        let said = home.call(&[&command[..], &nobody].concat()).ends(3);
        said.complains("there is no connection to RabbitMQ");
    }
    home.call(&["queue", "status"]).ends(2).complains("--queue-url");
}

#[test]
fn the_readme_is_right() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let block = |kind: &str| readme.split(kind).nth(1).unwrap().split("```").next().unwrap();
    let home = Home::new();
    std::fs::write(home.path().join("shown.yaml"), block("```yaml\n")).unwrap();
    std::fs::write(home.path().join("turnlock.toml"), block("```toml\n")).unwrap();
    home.call(&["playbook", "check", "shown.yaml"]).ends(0);
    let help = home.call(&["--help"]).ends(0).out;
    for command in ["demo", "worker", "run", "submit", "log", "account", "playbook", "password", "doctor"] {
        assert!(help.contains(&format!("\n  {command} ")), "`{command}` is not in:\n{help}");
    }
}
