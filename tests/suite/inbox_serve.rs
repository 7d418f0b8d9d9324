//! `turnlock inbox serve` and `watch`: messages that one process takes in reach the job of another.
#![cfg(feature = "failpoints")]

use std::process::Stdio;

use acme::{Acme, NewUser, Options};
use rustix::process::{Pid, Signal, kill_process};
use secrecy::SecretString;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::time::timeout;
use turnlock::job::{AccountRef, Kind};
use turnlock::vault::NewAccount;
use uuid::Uuid;

use crate::harness::SOON;
use crate::harness::home::Home;
use crate::harness::rig::{FIRST_PASSWORD, Plan};

const ADDRESS: &str = "carol@managed.test";

/// The bundled app, an account whose login asks for a mailed code, and a home of Turnlock's.
async fn start() -> (Acme, Home, AccountRef) {
    let app = Acme::start(Options::default()).await.unwrap();
    app.add_user(NewUser::new("carol", FIRST_PASSWORD).email(ADDRESS).code_login()).unwrap();
    let mut home = Home::new(&app, &Plan::changed("acme", &[]).playbook);
    home.listen_for_mail(&app);
    let account: AccountRef = "acme/carol".parse().unwrap();
    let new = NewAccount {
        account: account.clone(),
        username: "carol".to_owned(),
        address: Some(ADDRESS.to_owned()),
        number: None,
        password: Some(SecretString::from(FIRST_PASSWORD)),
        totp: None,
    };
    home.vault().await.add_account(&new).await.unwrap();
    (app, home, account)
}

async fn line<R: tokio::io::AsyncRead + Unpin>(lines: &mut Lines<BufReader<R>>, with: &str) -> String {
    let found = async {
        loop {
            let line = lines.next_line().await.unwrap().unwrap_or_else(|| panic!("no line with {with}"));
            if line.contains(with) {
                return line;
            }
        }
    };
    timeout(SOON, found).await.unwrap_or_else(|_| panic!("no line with {with} in time"))
}

fn said(child: &mut Child) -> Lines<BufReader<ChildStderr>> {
    BufReader::new(child.stderr.take().unwrap()).lines()
}

fn shown(child: &mut Child) -> Lines<BufReader<ChildStdout>> {
    BufReader::new(child.stdout.take().unwrap()).lines()
}

async fn serve(mut command: Command) -> (Child, Lines<BufReader<ChildStderr>>) {
    let mut serving = command.args(["inbox", "serve"]).spawn().unwrap();
    let mut words = said(&mut serving);
    line(&mut words, "receives messages").await;
    (serving, words)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_one_process_takes_in_reaches_the_job_of_another() {
    let (_app, home, account) = start().await;
    let (mut serving, _words) = serve(home.turnlock()).await;
    let mut watching = home.turnlock().args(["inbox", "watch"]).stderr(Stdio::null()).spawn().unwrap();
    let mut watched = shown(&mut watching);

    let job = Uuid::now_v7();
    let ran = home.run(Kind::VerifyLogin, &account, job, &[], &[]).await;
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let taken = line(&mut watched, "taken").await;
    assert!(taken.contains(ADDRESS) && taken.contains(&job.to_string()), "{taken}");
    assert!(taken.contains("a code, ••••••"), "{taken}");

    let all = home.turnlock().args(["inbox", "watch", "--once", "--json"]).output().await.unwrap();
    let row: serde_json::Value = serde_json::from_slice(&all.stdout).unwrap();
    assert_eq!((row["state"].as_str(), row["job"].as_str()), (Some("taken"), Some(&*job.to_string())));

    let pid = Pid::from_raw(i32::try_from(serving.id().unwrap()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert!(timeout(SOON, serving.wait()).await.unwrap().unwrap().success());
}

#[tokio::test]
async fn what_cannot_be_received_from_is_said() {
    let (_app, home, _) = start().await;
    for (url, words) in [
        ("smtp://mail.example:25", "name the address to listen on, not a host"),
        ("smtp://127.0.0.1:0?tls=required", "tls=required needs tls_certificate=FILE"),
        ("imaps://mail.example", "names no user"),
        ("sms://127.0.0.1:0?secret=hunter2", "it takes public_url=URL"),
    ] {
        let mut command = home.turnlock();
        let done = command.args(["inbox", "serve"]).env("TURNLOCK_INBOX_URL", url).output().await.unwrap();
        let error = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(3), "{url}: {error}");
        assert!(error.contains(words) && !error.contains("hunter2"), "{url}: {error}");
    }
}
