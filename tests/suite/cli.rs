//! The command line, with the real binary: what it says, and what it says to its caller.

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

#[test]
fn an_account_is_added_shown_changed_and_removed() {
    let home = with_alice();
    let shown = home.call(&["account", "show", "acme/alice"]).ends(0).out;
    for part in ["alice@example.test", "alice@codes.test", "password", "totp", "current", "its owner"] {
        assert!(shown.contains(part), "`{part}` is not in:\n{shown}");
    }
    // What is not named stays; a password that is replaced is kept as the previous one.
    home.call_with(&["account", "add", "acme/alice", "--password-file", "-"], "Another-Pass-9", &[]).ends(0);
    let shown = home.call(&["account", "show", "acme/alice", "--json"]).ends(0).out;
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["username"], "alice@example.test");
    let states: Vec<_> = shown["credentials"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["kind"] == "password")
        .map(|row| row["state"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(states, ["current", "previous"]);

    home.call(&["account", "remove", "acme/alice"]).ends(2).complains("--yes");
    home.call(&["account", "remove", "acme/alice", "--yes"]).ends(0);
    home.call(&["account", "show", "acme/alice"]).ends(2).complains("there is no account acme/alice");
    home.call(&["account", "remove", "acme/alice", "--yes"]).ends(2);
}

#[test]
fn no_command_shows_a_secret() {
    let home = with_alice();
    for arguments in [
        &["account", "show", "acme/alice"] as &[&str],
        &["account", "show", "acme/alice", "--json"],
        &["account", "list", "--json", "-vvv"],
        &["log", "--json"],
        &["submit", "verify-login", "--account", "acme/alice", "--json", "-vvv"],
    ] {
        let said = home.call(arguments).ends(0);
        for secret in [PASSWORD, "JBSWY3DP"] {
            assert!(
                !said.out.contains(secret) && !said.err.contains(secret),
                "{arguments:?}: {}{}",
                said.out,
                said.err
            );
        }
    }
    for file in ["turnlock.db", "turnlock.db-wal"] {
        let path = home.path().join(".local/share/turnlock").join(file);
        let bytes = std::fs::read(path).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(PASSWORD) && !text.contains("JBSWY3DP"), "{file} holds a secret in the clear");
    }
}

#[test]
fn a_secret_is_never_taken_from_an_argument() {
    let home = Home::new();
    let equals = format!("--password={PASSWORD}");
    for arguments in [&["--password", PASSWORD] as &[&str], &[&equals], &["--totp", PASSWORD], &[PASSWORD]] {
        let call = [&["account", "add", "acme/alice"], arguments].concat();
        let said = home.call(&call).ends(2).complains("not read from the command line");
        assert!(!said.err.contains(PASSWORD), "{}", said.err);
    }
    home.call(&["account", "add", "acme/alice"]).ends(2).complains("--password-file");
    home.call(&["account", "add", "acme/alice", "--password-file", "-", "--totp-file", "-"])
        .ends(2)
        .complains("one secret");
    home.call(&["account", "add", "acme/alice", "--password-file", "-"]).ends(2).complains("is empty");
    home.call(&["account", "add", "alice", "--password-file", "-"]).ends(2).complains("app/name");
}

#[test]
fn what_an_account_gives_to_a_parameter_is_held_to_its_playbook() {
    let home = Home::new();
    std::fs::create_dir(home.path().join("playbooks")).unwrap();
    let playbook = "app: shop\ntitle: Shop\nextends: django-allauth\nparams:\n  tenant: { description: The customer, example: acme }\n\
                    origins: { app: \"https://${tenant}.shop.example\" }\n";
    std::fs::write(home.path().join("playbooks/shop.yaml"), playbook).unwrap();
    home.call(&["playbook", "check"]).ends(0);
    assert!(home.call(&["playbook", "list"]).ends(0).out.contains("family django-allauth"));
    let add = |more: &[&str]| {
        let call = [&["account", "add", "shop/alice", "--password-file", "-"], more].concat();
        home.call_with(&call, PASSWORD, &[])
    };
    add(&["--param", "tenant=evil.example/"]).ends(2).complains("not of the form");
    add(&["--param", "tennant=acme"]).ends(2).complains("it has tenant");
    add(&["--param", "tenant"]).ends(2).complains("NAME=VALUE");
    home.call(&["account", "show", "shop/alice"]).ends(2);
    add(&[]).ends(2).complains("no value for `tenant`");
    home.call(&["account", "show", "shop/alice"]).ends(2);
    let csv = "account,password\nshop/alice,Pass-Word-1\n";
    home.call_with(&["account", "import"], csv, &[]).ends(2).complains("shop/alice: ").complains("`tenant`");
    add(&["--param", "tenant=globex"]).ends(0);
    // What the playbook asks for no more is no hindrance, and goes.
    let shop = home.path().join("playbooks/shop.yaml");
    std::fs::write(&shop, playbook.replace("tenant", "customer")).unwrap();
    add(&[]).ends(0).complains("no value for `customer`");
    add(&["--param", "customer=globex"]).ends(0);
    assert!(!home.call(&["account", "show", "shop/alice"]).ends(0).out.contains("tenant"));
    std::fs::write(&shop, playbook).unwrap();
    add(&["--param", "tenant=globex"]).ends(0);
    // What it gives, it keeps.
    add(&[]).ends(0);
    home.call_with(&["account", "import"], csv, &[]).ends(0);
    assert!(home.call(&["account", "show", "shop/alice"]).ends(0).out.contains("tenant=globex"));
}

/// A family is checked by itself, where it stands.
#[test]
fn a_family_beside_the_playbooks_is_one_that_they_extend() {
    let home = Home::new();
    std::fs::create_dir_all(home.path().join("playbooks/families")).unwrap();
    let flow = GOOD.split_once("flows:").unwrap().1;
    std::fs::write(home.path().join("playbooks/families/mine.yaml"), format!("flows:{flow}")).unwrap();
    let playbook = "app: shop\ntitle: Shop\nextends: mine\norigins: { app: https://shop.example }\n";
    std::fs::write(home.path().join("playbooks/shop.yaml"), playbook).unwrap();
    home.call(&["playbook", "check", "playbooks", "playbooks/families/mine.yaml"]).ends(0);
    std::fs::write(home.path().join("playbooks/families/mine.yaml"), "flows:\n  login:\n    - fil: x\n")
        .unwrap();
    for file in ["playbooks/shop.yaml", "playbooks/families/mine.yaml"] {
        home.call(&["playbook", "check", file]).ends(4).complains("families/mine.yaml:3:7");
    }
}

#[test]
fn a_code_is_given_once() {
    let home = with_alice();
    let first = home.call(&["account", "code", "acme/alice"]).ends(0).complains("good for");
    assert!(
        first.out.trim().len() == 6 && first.out.trim().chars().all(|c| c.is_ascii_digit()),
        "{}",
        first.out
    );
    home.call_with(&["account", "add", "acme/bob", "--password-file", "-"], PASSWORD, &[]).ends(0);
    home.call(&["account", "code", "acme/bob"]).ends(2).complains("no TOTP secret");
    home.call(&["account", "code", "acme/eve"]).ends(2).complains("there is no account");
}

#[test]
fn accounts_are_imported_all_or_none() {
    let home = Home::new();
    let good = "account,username,password\nacme/a,a,Pass-Word-1\nacme/b,b,Pass-Word-2\n";
    let bad = format!("{good}acme/,c,Pass-Word-3\nacme/d,d,\n");
    let said =
        home.call_with(&["account", "import"], &bad, &[]).ends(2).complains("line 4:").complains("line 5:");
    assert!(!said.err.contains("Pass-Word"), "{}", said.err);
    assert!(home.call(&["account", "list", "--json"]).ends(0).out.is_empty());
    home.call_with(&["account", "import", "-"], good, &[]).ends(0);
    assert_eq!(home.call(&["account", "list", "--json"]).ends(0).out.lines().count(), 2);
}

#[test]
fn an_app_without_a_playbook_is_noticed_before_anything_is_changed() {
    let home = with_alice();
    std::fs::create_dir(home.path().join("playbooks")).unwrap();
    std::fs::write(home.path().join("playbooks/good.yaml"), GOOD).unwrap();
    let about = "there is no playbook for the app `nope`: the apps are good";
    let added =
        home.call_with(&["account", "add", "nope/carol", "--password-file", "-"], PASSWORD, &[]).ends(0);
    assert_eq!(
        added.err,
        "note: no playbook describes `nope` yet: `turnlock playbook new URL --app nope` drafts one\n"
    );
    // Nor is one of use that cannot be read.
    std::fs::write(home.path().join("playbooks/bad.yaml"), b"app: bad\ntitle: Caf\xe9\n").unwrap();
    home.call_with(&["account", "add", "bad/carol", "--password-file", "-", "--param", "a=b"], PASSWORD, &[])
        .ends(0)
        .complains(
            "note: the playbook of `bad` cannot be used, so what the account gives to its parameters is not",
        );
    home.call(&["playbook", "check", "playbooks/bad.yaml"])
        .ends(3)
        .complains("not UTF-8 from line 2 on, and seems to be Windows-1252")
        .complains("iconv -f WINDOWS-1252 -t UTF-8 playbooks/bad.yaml");
    let wide: Vec<u8> = "\u{feff}app: bad\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(home.path().join("playbooks/bad.yaml"), wide).unwrap();
    home.call(&["playbook", "check", "playbooks/bad.yaml"])
        .ends(3)
        .complains("seems to be UTF-16. Save it as UTF-8");
    std::fs::remove_file(home.path().join("playbooks/bad.yaml")).unwrap();
    home.call(&["submit", "verify_login", "--account", "nope/carol"]).ends(2).complains(about);
    home.call(&["run", "verify_login", "--account", "nope/carol"]).ends(2).complains(about);
    assert_eq!(home.call(&["log"]).ends(0).out, "no attempts\n");
    // Without any playbook here the worker may have them elsewhere.
    std::fs::remove_dir_all(home.path().join("playbooks")).unwrap();
    home.call(&["submit", "verify_login", "--account", "nope/carol"]).ends(0);
}

#[test]
fn what_is_no_mail_address_is_refused() {
    let home = Home::new();
    for bad in ["nonsense", "@codes.test", "alice@", "al ice@codes.test", "<alice@codes.test>", "a@b@c"] {
        home.call_with(
            &["account", "add", "acme/alice", "--address", bad, "--password-file", "-"],
            PASSWORD,
            &[],
        )
        .ends(2)
        .complains("local@domain");
    }
    let csv = "account,password,address\nacme/a,Pass-Word-1,nonsense\n";
    home.call_with(&["account", "import"], csv, &[]).ends(2).complains("line 2:").complains("local@domain");
    assert!(home.call(&["account", "list", "--json"]).ends(0).out.is_empty());
}

#[test]
fn an_account_that_is_imported_twice_is_told_by_its_lines() {
    let home = Home::new();
    let csv = "account,password\nacme/a,Pass-Word-1\nacme/b,Pass-Word-2\nacme/a,Pass-Word-3\n";
    home.call_with(&["account", "import"], csv, &[])
        .ends(2)
        .complains("line 4: acme/a stands in line 2 already");
    assert!(home.call(&["account", "list", "--json"]).ends(0).out.is_empty());
}

#[test]
fn a_job_is_submitted_once_under_one_id() {
    let home = with_alice();
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    let submit = ["submit", "verify-login", "--account", "acme/alice", "--id", id, "--json"];
    for new in [true, false] {
        let line: serde_json::Value = serde_json::from_str(&home.call(&submit).ends(0).out).unwrap();
        assert_eq!((line["job"].as_str(), line["new"].as_bool()), (Some(id), Some(new)));
    }
    home.call(&["submit", "enrol-mfa", "--account", "acme/alice", "--id", id])
        .ends(2)
        .complains("submitted before");
    home.call(&["submit", "fly", "--account", "acme/alice"]).ends(2).complains("is not a kind of job");
    home.call(&["submit", "verify-login", "--account", "acme/eve"])
        .ends(2)
        .complains("there is no account acme/eve");
    home.call(&["log", "--job", id]).ends(2).complains("no attempt");
    home.call(&["log", "--failed", "--outcome", "rejected"]).ends(2).complains("cannot be used with");
    home.call(&["log", "--outcome", "rejected,lost"]).ends(2).complains("lost");
    home.call(&["log", "--since", "yesterday"]).ends(2).complains("is not a time");
    // It waits; whoever is at the shell asked for it, whatever the environment says.
    let list = |filter: &[&str]| home.call(&[&["job", "list"], filter].concat()).ends(0).out;
    let line: serde_json::Value = serde_json::from_str(&list(&["--state", "queued", "--json"])).unwrap();
    assert_eq!((line["job"].as_str(), line["waits"].as_str()), (Some(id), Some("due")));
    let asker = line["requested_by"].as_str().unwrap();
    assert!(asker.starts_with("shell:"), "{line}");
    let shown = list(&["--requested-by", asker, "--app", "acme"]);
    assert!(
        shown.contains("a8057") && shown.contains("due since") && shown.contains("acme/alice"),
        "{shown}"
    );
    assert_eq!(list(&["--failed"]), "no jobs\n");
    home.call(&["job", "list", "--state", "lost"]).ends(2).complains("is no state of a job");
    home.call(&["job", "retry", "b302099a8057"]).ends(1).complains("has not ended");
    home.call(&["cancel", id]).ends(0);
    let line: serde_json::Value =
        serde_json::from_str(&home.call(&["job", "retry", id, "--json"]).ends(0).out).unwrap();
    assert_eq!(line["retry_of"].as_str(), Some(id));
    let audit = home.call(&["audit"]).ends(0).out;
    assert!(audit.contains("job.retry"), "{audit}");
    let listed = list(&["--json"]);
    assert!(listed.lines().count() == 2 && listed.contains(line["job"].as_str().unwrap()), "{listed}");
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
