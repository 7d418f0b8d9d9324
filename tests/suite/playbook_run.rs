//! `turnlock playbook run`, with the real binary, a real browser and the bundled app.

mod forms;

use std::process::Stdio;

use secrecy::{ExposeSecret, SecretString};
use tokio::io::AsyncWriteExt;
use turnlock::job::{AccountRef, Code};
use turnlock::store::{AttemptRow, CandidateState, LogQuery, StepResult};
use turnlock::vault::{NewAccount, Vault};

use crate::harness::home::Home;
use crate::harness::rig::{FIRST_PASSWORD, acme_playbook};
use crate::harness::{Reply, Site};

struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Said {
    #[track_caller]
    fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.out, self.err);
        self
    }

    #[track_caller]
    fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.out.contains(part), "`{part}` is not in: {}\nstderr: {}", self.out, self.err);
        }
        self
    }
}

/// An app with alice, and a home that knows her.
struct Desk {
    app: acme::Acme,
    home: Home,
    vault: Vault,
    alice: AccountRef,
}

impl Desk {
    /// The playbook, with this change, lies where nobody has configured it.
    async fn with(changes: &[(&str, &str)]) -> Self {
        let totp = acme::TotpShape { period: 6, ..acme::TotpShape::default() };
        let app = acme::Acme::start(acme::Options { totp, ..acme::Options::default() }).await.unwrap();
        app.add_user(acme::NewUser::new("alice", FIRST_PASSWORD)).unwrap();
        let mut playbook = acme_playbook().replace("lockout:", "timeouts: { step: 1s }\nlockout:");
        for (from, to) in changes {
            assert!(playbook.contains(from), "{from}");
            playbook = playbook.replace(from, to);
        }
        // What is configured is no playbook at all: only the named file counts.
        let home = Home::new(&app, "nonsense");
        std::fs::write(home.path().join("mine.yaml"), playbook).unwrap();
        let vault = home.vault().await;
        let alice: AccountRef = "acme/alice".parse().unwrap();
        let new = NewAccount {
            account: alice.clone(),
            username: "alice".to_owned(),
            address: None,
            number: None,
            password: Some(SecretString::from(FIRST_PASSWORD)),
            totp: None,
        };
        vault.add_account(&new).await.unwrap();
        Self { app, home, vault, alice }
    }

    fn edit(&self, from: &str, to: &str) {
        let path = self.home.path().join("mine.yaml");
        let playbook = std::fs::read_to_string(&path).unwrap();
        assert!(playbook.contains(from), "{from}");
        std::fs::write(path, playbook.replace(from, to)).unwrap();
    }

    async fn run(&self, arguments: &[&str], input: &str, environment: &[(&str, &str)]) -> Said {
        let mut command = self.home.turnlock();
        command.args(["playbook", "run", "mine.yaml"]).args(arguments);
        command.envs(environment.iter().copied()).stdin(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).await.unwrap();
        drop(stdin);
        let done = child.wait_with_output().await.unwrap();
        let said = Said {
            code: done.status.code().unwrap(),
            out: String::from_utf8(done.stdout).unwrap(),
            err: String::from_utf8(done.stderr).unwrap(),
        };
        assert!(!said.out.contains(FIRST_PASSWORD) && !said.err.contains(FIRST_PASSWORD));
        said
    }

    async fn newest(&self) -> AttemptRow {
        let query = LogQuery { limit: 1, ..LogQuery::default() };
        self.vault.store().log(&query).await.unwrap().remove(0)
    }

    /// The ledger's candidates that are neither current nor decided.
    async fn pending(&self) -> usize {
        let ledger = self.vault.store().candidates(&self.alice).await.unwrap();
        ledger.iter().filter(|row| row.state == CandidateState::Pending).count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_watched_step_by_step() {
    let desk = Desk::with(&[]).await;
    let said = desk.run(&["login", "--account", "acme/alice", "--watch"], "", &[]).await.ends(0).says(&[
        "login.2  fill label \"Username\" with username",
        "mine.yaml:",
        "waits up to 1 s for label \"Username\" to be visible and editable",
        "found <input",
        "by label \"Username\"",
        "done in ",
        ": signed_in, found <button",
        "login of acme/alice: succeeded (logged_in)",
        "5 of the 12 steps of login were proved",
    ]);
    // Each step has its picture, which only its owner reads.
    let pictures: Vec<_> = said.out.split_whitespace().filter(|word| word.ends_with(".png")).collect();
    assert_eq!(pictures.len(), 5, "{}", said.out);
    for picture in pictures {
        assert!(std::fs::read(picture).unwrap().starts_with(b"\x89PNG"), "{picture}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_is_edited_and_the_login_goes_on() {
    let desk =
        Desk::with(&[("label: Password }, with: password", "label: Passphrase }, with: password")]).await;
    // The editor mends the file.
    let mend = "sed -i s/Passphrase/Password/";
    let commands = "? label=Password\n? { role: textbox }\n? role=buton\nr\ns\nx\np\ne\n";
    let said =
        desk.run(&["login", "--account", "acme/alice", "--watch"], commands, &[("EDITOR", mend)]).await;
    let said = said.ends(0).says(&[
        "failed after",
        "(what comes near: { label: Password }",
        "login.3> ? label=Password",
        "1 element matches",
        "textbox \"Password\"  <input",
        "outlined in ",
        "2 elements match; a step wants exactly one",
        "did you mean `button`?",
        "no: a step that types a secret cannot be skipped",
        "`x` means nothing here",
        "fine; going on from this step",
        "succeeded (logged_in)",
    ]);
    assert_eq!(said.out.matches("login.1  open /login").count(), 1, "nothing was done twice: {}", said.out);
    assert_eq!(said.out.matches("failed after").count(), 2, "it was retried once: {}", said.out);
    // The picture of the tried locator differs from the one without outlines.
    let pictures: Vec<_> = said.out.split_whitespace().filter(|word| word.ends_with(".png")).collect();
    let read = |part: &str| std::fs::read(pictures.iter().find(|path| path.contains(part)).unwrap()).unwrap();
    assert_ne!(read("tried"), read("login.3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_an_edited_file_is_said_and_the_prompt_stays() {
    let desk =
        Desk::with(&[("label: Password }, with: password", "label: Passphrase }, with: password")]).await;
    let said = desk
        .run(
            &["login", "--account", "acme/alice", "--watch"],
            "e\nq\n",
            &[("EDITOR", "sed -i s/Passphrase/Password/\\;s/click:/clik:/")],
        )
        .await
        .ends(1)
        .says(&["error[P0402]", "login.3> ", "needs_human (page_not_as_described)"]);
    assert!(!said.out.contains("going on"), "{}", said.out);

    // One that is sound, and cannot be followed here, is told so and no more.
    desk.edit("clik:", "click:");
    desk.edit("label: Password }, with: password", "label: Passphrase }, with: password");
    let other = [("EDITOR", "sed -i s/^app:.acme/app:\\ other/")];
    let said = desk.run(&["login", "--account", "acme/alice", "--watch"], "e\nq\n", &other).await;
    let said = said.ends(1).says(&["no: it describes the app other, and this run is about acme"]);
    assert!(!said.out.contains("going on"), "{}", said.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_input_ends_the_run() {
    let desk =
        Desk::with(&[("label: Password }, with: password", "label: Passphrase }, with: password")]).await;
    desk.run(&["login", "--account", "acme/alice", "--watch"], "r\n", &[])
        .await
        .ends(1)
        .says(&["The input has ended at step login.3, which has failed"]);
    // Nothing was sent off, so nothing counts.
    assert_eq!(
        desk.vault.store().spent_since(&desk.alice, jiff::Timestamp::UNIX_EPOCH).await.unwrap().count,
        0
    );
    desk.run(&["login", "--account", "acme/alice", "--watch", "--step"], "\nq\n", &[]).await.ends(1).says(&[
        "login.1> ",
        "login.2> ",
        "interrupted (cancelled)",
    ]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_changes_nothing_and_leaves_no_candidate_open() {
    let desk = Desk::with(&[]).await;
    desk.run(&["change_password", "--account", "acme/alice", "--rehearse"], "", &[]).await.ends(0).says(&[
        "change_password of acme/alice: succeeded (rehearsed)",
        "could be performed and was left out",
        "3 of the 5 steps of change_password were proved",
        "left out    mine.yaml:",
        "not proved  mine.yaml:",
    ]);
    assert!(desk.app.verify_password("alice", FIRST_PASSWORD));
    assert_eq!(desk.pending().await, 0);
    let held = desk.vault.credentials(&desk.alice).await.unwrap();
    assert_eq!(held.password.unwrap().secret.expose_secret(), FIRST_PASSWORD);
    let row = desk.newest().await;
    let steps = desk.vault.store().log_steps(row.id).await.unwrap();
    let commit = steps.iter().find(|step| step.id == "change_password.4").unwrap();
    assert_eq!(commit.result, Some(StepResult::Skipped));

    // A commit step that could not be performed is no success.
    desk.edit("name: Change password }", "name: Change it }");
    desk.run(&["change_password", "--account", "acme/alice", "--rehearse"], "", &[])
        .await
        .ends(1)
        .says(&["page_not_as_described", "change_password.4"]);
    assert!(desk.app.verify_password("alice", FIRST_PASSWORD));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_shows_before_the_commit_step_is_told() {
    // A hint that is always there would be taken for the app's refusal, right after it took the password.
    let desk = Desk::with(&[(
        "password_refused: { text: does not meet the rules }\n        bad_credentials",
        "password_refused: { label: New password }\n        bad_credentials",
    )])
    .await;
    desk.run(&["change_password", "--account", "acme/alice", "--rehearse"], "", &[]).await.ends(1).says(&[
        "needs_human (page_not_as_described)",
        "change_password.4",
        "`password_refused` shows already, before the commit step is performed: label \"New password\"",
    ]);
    assert!(desk.app.verify_password("alice", FIRST_PASSWORD));
}

/// A step before the commit step may do what that is for; then the rehearsal has proved that the playbook is wrong.
#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_that_would_change_the_app_is_no_success() {
    let desk = Desk::with(&[(
        "    - commit: { click: { role: button, name: Change password } }\n",
        "    - click: { role: button, name: Change password }\n    - commit: { click: { role: link, name: Back to your account } }\n",
    ), ("password_changed: { text: Your password was changed }\n        password_refused: { text: does not meet the rules }\n        bad_credentials", "password_changed: { text: \"Two-factor authentication: off\" }\n        password_refused: { text: does not meet the rules }\n        bad_credentials")])
    .await;
    desk.run(&["change_password", "--account", "acme/alice", "--rehearse"], "", &[]).await.ends(1).says(&[
        "needs_human (page_not_as_described)",
        "Step change_password.4 (mine.yaml:",
        "click role button \"Change password\": POST /account/password was on its way to the app before the commit step",
        "mark this step as `commit`",
        "Nothing was changed",
    ]);
    assert!(desk.app.verify_password("alice", FIRST_PASSWORD));
    assert_eq!(desk.pending().await, 0);
}

/// The form would be gone with the Enter, and so would be what the commit step clicks.
#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_names_the_step_that_sent_the_form() {
    let enter = "    - press: { key: Enter, in: { label: New password } }\n";
    let commit = "    - commit: { click: { role: button, name: Change password } }\n";
    let desk = Desk::with(&[(commit, &format!("{enter}{commit}"))]).await;
    let said = desk.run(&["change_password", "--account", "acme/alice", "--rehearse"], "", &[]).await;
    assert!(said.err.contains("warning[P0514]"), "{}", said.err);
    said.ends(1).says(&[
        "needs_human (page_not_as_described)",
        "Step change_password.4 (mine.yaml:",
        "press Enter in label \"New password\": POST /account/password was on its way",
        "mark this step as `commit`",
        "Nothing was changed",
    ]);
    assert!(desk.app.verify_password("alice", FIRST_PASSWORD));
    assert_eq!(desk.pending().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enrolment_is_rehearsed_and_left() {
    let desk = Desk::with(&[]).await;
    desk.run(&["enrol_mfa", "--account", "acme/alice", "--rehearse"], "", &[])
        .await
        .ends(0)
        .says(&["succeeded (rehearsed)", "left out    mine.yaml:"]);
    assert!(!desk.app.user("alice").unwrap().mfa_on);
    assert_eq!(desk.pending().await, 0);
    assert!(desk.vault.credentials(&desk.alice).await.unwrap().totp.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn flows_run_for_good_and_logout_too() {
    let desk = Desk::with(&[]).await;
    desk.run(&["logout", "--account", "acme/alice"], "", &[])
        .await
        .ends(0)
        .says(&["succeeded (logged_out)", "2 of the 2 steps of logout were proved"]);
    desk.run(&["change_password", "--account", "acme/alice"], "", &[])
        .await
        .ends(0)
        .says(&["succeeded (password_changed)", "5 of the 5 steps of change_password were proved"]);
    assert!(!desk.app.verify_password("alice", FIRST_PASSWORD));
    assert_eq!(desk.newest().await.verdict.unwrap().code, Code::PasswordChanged);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_commit_step_the_prompt_submits_nothing_twice() {
    let desk = Desk::with(&[("Your password was changed", "Never said")]).await;
    // The answer is not what the playbook says: neither a retry nor a skip makes it so, and Turnlock finds out.
    desk.run(&["change_password", "--account", "acme/alice", "--watch"], "s\nr\nq\n", &[])
        .await
        .ends(0)
        .says(&[
            "change_password.5> ",
            "no: an `expect` that says how the flow ends cannot be skipped",
            "succeeded (password_changed)",
            "An earlier attempt changed the password",
        ]);
    assert!(!desk.app.verify_password("alice", FIRST_PASSWORD));
    assert_eq!(desk.pending().await, 0);
    let held = desk.vault.credentials(&desk.alice).await.unwrap().password.unwrap();
    assert!(desk.app.verify_password("alice", held.secret.expose_secret()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_run_is_refused_before_anything_begins() {
    let desk = Desk::with(&[]).await;
    let refused = |said: Said, code: i32, part: &str| {
        let said = said.ends(code);
        assert!(said.err.contains(part), "{}", said.err);
    };
    let run = async |arguments: &[&str]| desk.run(arguments, "", &[]).await;
    refused(run(&["login", "--account", "other/alice"]).await, 2, "describes the app `acme`");
    refused(run(&["sing_in", "--account", "acme/alice"]).await, 2, "the flows are login");
    refused(run(&["set_contact", "--account", "acme/alice", "--rehearse"]).await, 2, "no commit step");
    refused(run(&["login", "--account", "acme/alice", "--headed"]).await, 3, "neither DISPLAY nor");
    let shell = [("DISPLAY", ":99"), ("TURNLOCK_BROWSER", "/usr/bin/chromium-headless-shell")];
    let said = desk.run(&["login", "--account", "acme/alice", "--headed"], "", &shell).await;
    refused(said, 3, "which shows no windows");
    refused(run(&["login", "--account", "acme/nobody"]).await, 2, "acme/nobody");
    desk.edit("click:", "clik:");
    refused(run(&["login", "--account", "acme/alice"]).await, 4, "error[P0402]");
    let rows = desk.vault.store().log(&LogQuery::default()).await.unwrap();
    assert!(rows.is_empty(), "nothing was begun");
}

/// A page may show a secret, and codes that look like words, long before the step that reads them: what is kept of it meanwhile
/// holds nothing of them.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_flow_will_read_is_covered_before_it_is_read() {
    const SECRET: &str = "jbsw y3dp ehpk 3pxp kvda qwrt";
    const CODES: [&str; 4] = ["haxcrepz", "migtdfwr", "hxpvbtkj", "xiaqwyit"];
    let list: String = CODES.iter().map(|code| format!("<li>{code}</li>")).collect();
    let shown = format!(
        "<h1>Two factors</h1><p>Secret key:<b id=key>{SECRET}</b>Account name: alice</p><ul id=codes>{list}</ul>\
         <button type=button>Sign out</button>"
    );
    let site = Site::new(move |request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", _) => Reply::Answer(303, vec![("location", "/mfa".into())], String::new()),
        (_, "/mfa") => Reply::html(shown.clone()),
        _ => Reply::html("<form method=post><label>Name <input name=n></label><label>Password <input name=p type=password></label><button>Go</button></form>"),
    })
    .await;
    let desk = Desk::with(&[]).await;
    let playbook = format!(
        "app: hard\ntitle: Hard\norigins: {{ app: {:?} }}\nmfa: {{ methods: [totp] }}\nflows:\n  login:\n    - open: /\n    - fill: {{ into: {{ label: Name }}, with: username }}\n    \
         - fill: {{ into: {{ label: Password }}, with: password }}\n    - click: {{ role: button, name: Go }}\n    - expect:\n        \
         signed_in: {{ role: button, name: Sign out }}\n  enrol_mfa:\n    - open: /mfa\n    - see: {{ role: heading, name: Two factors }}\n    \
         - read_secret: {{ text: {{ css: \"#key\" }} }}\n    - read_recovery_codes: {{ from: {{ css: \"#codes\" }}, count: 4 }}\n    \
         - commit: {{ click: {{ role: button, name: Sign out }} }}\n    - expect:\n        mfa_enabled: {{ text: It is on }}\n",
        site.url()
    );
    std::fs::write(desk.home.path().join("mine.yaml"), playbook).unwrap();
    let hard: AccountRef = "hard/alice".parse().unwrap();
    let new = NewAccount {
        account: hard,
        username: "alice".to_owned(),
        address: None,
        number: None,
        password: Some(SecretString::from(FIRST_PASSWORD)),
        totp: None,
    };
    desk.vault.add_account(&new).await.unwrap();
    let arguments = ["enrol_mfa", "--account", "hard/alice", "--rehearse", "--watch", "--step"];
    let said = desk.run(&arguments, &"\n".repeat(30), &[]).await.ends(0).says(&["succeeded (rehearsed)"]);
    let mut files = 0;
    let folded = |text: &str| text.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "");
    let mut texts =
        vec![("the terminal".to_owned(), said.out), ("the terminal's errors".to_owned(), said.err)];
    for folder in walk(desk.home.path()) {
        if folder.extension().is_some_and(|end| end == "txt") {
            files += 1;
            texts.push((folder.display().to_string(), std::fs::read_to_string(&folder).unwrap()));
        }
    }
    assert!(files >= 3, "{files}");
    for (place, text) in texts {
        for secret in CODES.iter().copied().chain([SECRET, &SECRET[..14]]) {
            assert!(!folded(&text).contains(&folded(secret)), "{place} holds {secret}: {text}");
        }
    }
}

/// Every file below a folder.
fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}
