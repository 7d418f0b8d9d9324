//! `turnlock job answer`: a code from the terminal or standard input, and never from the arguments.
#![cfg(feature = "failpoints")]

use std::process::Stdio;

use acme::{Acme, NewUser, Options};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Child;
use turnlock::job::AccountRef;
use turnlock::store::{QuestionRow, QuestionState};
use turnlock::vault::{NewAccount, Vault};
use uuid::Uuid;

use crate::harness::PATIENCE;
use crate::harness::fleet::{Said, said};
use crate::harness::home::Home;
use crate::harness::rig::{FIRST_PASSWORD, acme_playbook};
use crate::harness::terminal::OnTerminal;

struct Desk {
    app: Acme,
    home: Home,
    vault: Vault,
}

impl Desk {
    async fn start() -> Self {
        let app = Acme::start(Options::default()).await.unwrap();
        let home = Home::new(&app, &acme_playbook());
        let vault = home.vault().await;
        Self { app, home, vault }
    }

    /// `turnlock run` of a login that wants a code which the vault does not have, and what it asks.
    async fn waits(&self, name: &str) -> (Child, QuestionRow) {
        self.waits_with(name, &[]).await
    }

    async fn waits_with(&self, name: &str, environment: &[(&str, &str)]) -> (Child, QuestionRow) {
        self.app
            .add_user(NewUser::new(name, FIRST_PASSWORD).totp("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"))
            .unwrap();
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
        let id = Uuid::now_v7();
        let (account, job) = (account.to_string(), id.to_string());
        let mut command = self.home.turnlock();
        command.args(["run", "verify_login", "--account", &account, "--id", &job, "--wait-for-human", "2m"]);
        let running = command.envs(environment.iter().copied()).spawn().unwrap();
        let asked = async {
            loop {
                let row = self.vault.store().question_of(id).await.unwrap();
                if let Some(row) = row.filter(|row| row.state == QuestionState::Open) {
                    return row;
                }
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        };
        (running, tokio::time::timeout(PATIENCE, asked).await.unwrap())
    }

    /// How many of its wrong attempts the account has spent.
    async fn spent(&self, account: &AccountRef) -> u32 {
        self.vault.store().spent_since(account, jiff::Timestamp::UNIX_EPOCH).await.unwrap().count
    }

    async fn says(&self, arguments: &[&str], input: &str) -> Said {
        let mut command = self.home.turnlock();
        let mut child = command.args(arguments).stdin(Stdio::piped()).spawn().unwrap();
        // One that refuses what it was given reads nothing.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes()).await;
        said(child.wait_with_output().await.unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_comes_from_standard_input_and_is_taken_once() {
    let desk = Desk::start().await;
    let (running, question) = desk.waits("alice").await;
    let job = question.job.to_string();
    let shown = desk.says(&["job", "show", &job], "").await.ends(0).out;
    assert!(shown.contains("waits for  a code of the account's authenticator app, until"), "{shown}");
    let shown = desk.says(&["job", "show", &job, "--json"], "").await.ends(0).json().remove(0);
    assert_eq!(shown["waits_for"]["wanted"], "totp");
    let log = desk.says(&["log"], "").await.ends(0).out;
    assert!(log.contains("turnlock job answer "), "{log}");
    let top = desk.says(&["top"], "").await.ends(0).out;
    let hour = question.until.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M").to_string();
    let told = format!("! acme/alice waits for a code of the account's authenticator app until {hour}:");
    assert!(top.contains(&told), "{top}");
    let listed = desk.says(&["job", "list"], "").await.ends(0).out;
    assert!(listed.contains("for a person until") && listed.contains(&hour), "{listed}");
    let listed = desk.says(&["job", "list", "--json"], "").await.ends(0).json().remove(0);
    assert_eq!(listed["waits_for"], shown["waits_for"]);
    assert_eq!(listed["waits_for"]["until"], question.until.to_string());

    let code = desk.app.totp_code("alice").unwrap();
    for command in ["retry", "requeue"] {
        let refused = desk.says(&["job", command, &job], "").await.ends(1);
        refused.complains("it waits for a person; give it what it asks for (`turnlock job answer`");
    }
    let refused = desk.says(&["job", "answer", &job, &code], "").await.ends(2);
    assert!(!refused.err.contains(&code), "{}", refused.err);
    refused.complains("Codes are not read from the command line");
    desk.says(&["job", "answer", &job], "\n").await.ends(2);
    desk.says(&["job", "answer", &job, "--go-on"], "").await.ends(2).complains("and no decision");
    let code = desk.app.totp_code("alice").unwrap();
    let given = desk.says(&["job", "answer", &job], &format!("{code}\n")).await.ends(0);
    assert!(!format!("{}{}", given.out, given.err).contains(&code));
    assert!(
        given.err.contains("acme/alice asks for a code of the account's authenticator app"),
        "{}",
        given.err
    );
    let ran = said(running.wait_with_output().await.unwrap()).ends(0);
    assert!(ran.out.contains("succeeded (logged_in)"), "{}", ran.out);
    assert!(ran.err.contains("waits for a code of the account's authenticator app"), "{}", ran.err);
    desk.says(&["job", "answer", &job], "123456").await.ends(1).complains("has given it already");
    let other = Uuid::now_v7().to_string();
    desk.says(&["job", "answer", &other], "123456").await.ends(1).complains("asks for nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gives_a_code_to_a_worker_that_has_died_is_told() {
    let desk = Desk::start().await;
    let (mut running, question) = desk.waits("carol").await;
    running.kill().await.unwrap();
    assert_eq!(desk.spent(&question.account).await, 0, "the app had all that it wanted so far");
    let code = desk.app.totp_code("carol").unwrap();
    let job = question.job.to_string();
    let given = desk.says(&["job", "answer", &job], &format!("{code}\n")).await.ends(1);
    assert!(!given.out.contains("the job goes on") && !given.err.contains(&code), "{given:?}");
    given.complains("which has not taken it within 5 s");
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_are_told_that_a_code_was_not_taken() {
    let desk = Desk::start().await;
    let (mut running, question) = desk.waits("erin").await;
    running.kill().await.unwrap();
    let code = desk.app.totp_code("erin").unwrap();
    let job = question.job.to_string();
    let given = desk.says(&["job", "answer", &job, "--json"], &format!("{code}\n")).await.ends(1);
    assert_eq!(given.json()[0]["taken"], false);
}

/// What is sent off after the wait counts, until the app has said what of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_with_a_code_sent_off_has_spent_an_attempt() {
    let desk = Desk::start().await;
    let (running, question) = desk.waits_with("dora", &[("TURNLOCK_FAILPOINT", "login.6")]).await;
    assert_eq!(desk.spent(&question.account).await, 0);
    let code = desk.app.totp_code("dora").unwrap();
    desk.says(&["job", "answer", &question.job.to_string()], &format!("{code}\n")).await;
    let died = tokio::time::timeout(PATIENCE, running.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(died.status.code(), None, "{}", String::from_utf8_lossy(&died.stderr));
    assert_eq!(desk.spent(&question.account).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_typed_unseen_at_a_terminal() {
    let desk = Desk::start().await;
    let (running, question) = desk.waits("bob").await;
    let line = format!("{} job answer {}", env!("CARGO_BIN_EXE_turnlock"), question.job);
    let mut terminal = OnTerminal::start(&desk.home.turnlock(), &line, "xterm");
    terminal.shows("Enter the code: ").await;
    let code = desk.app.totp_code("bob").unwrap();
    terminal.press(&format!("{code}\n")).await;
    terminal.shows("given; the job goes on").await;
    assert!(!terminal.shown.contains(&code), "{}", terminal.shown);
    said(running.wait_with_output().await.unwrap()).ends(0);
}
