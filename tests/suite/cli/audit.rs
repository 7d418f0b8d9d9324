//! Whatever is changed or shown at the shell stands in the audit.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;

use serde_json::Value;

use super::*;

impl Home {
    /// The audit, the oldest row first.
    fn audit(&self, more: &[&str]) -> Vec<Value> {
        let said = self.call(&[&["audit", "--json", "--limit", "1000"], more].concat()).ends(0).out;
        let mut rows: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        rows.reverse();
        rows
    }
}

/// What was done, to what, and what came of it.
fn told(rows: &[Value]) -> Vec<String> {
    let of = |row: &Value| {
        ["action", "target", "outcome"].map(|name| row[name].as_str().unwrap().to_owned()).join(" ")
    };
    rows.iter().map(of).collect()
}

#[test]
fn what_is_done_at_the_shell_stands_in_the_audit() {
    let home = with_alice();
    let id = "0197e2a4-7c1e-7aaa-8000-0123456789ab";
    let csv = format!("account,password\nacme/bob,{PASSWORD}\n");
    home.call_with(&["account", "import"], &csv, &[]).ends(0);
    home.call_with(&["account", "add", "acme/alice", "--password-file", "-"], "Another-Pass-9", &[]).ends(0);
    let shown = home.call(&["account", "reveal", "acme/alice"]).ends(0);
    assert_eq!(shown.out, "Another-Pass-9\n");
    home.call(&["account", "reveal", "acme/eve"]).ends(2).complains("there is no account acme/eve");
    home.call(&["submit", "verify-login", "--account", "acme/alice", "--id", id]).ends(0);
    home.call(&["submit", "enrol-mfa", "--account", "acme/alice", "--id", id]).ends(2);
    home.call(&["cancel", id]).ends(0);
    home.call(&["app", "reset", "acme"]).ends(0);
    let token = home.call(&["token", "create", "bob", "--scope", "read,submit", "--only-shared"]).ends(0).out;
    home.call(&["token", "create", "bob"]).ends(2).complains("choose another name");
    home.call(&["account", "share", "acme/alice", "--with", "bob", "--role", "collaborator"]).ends(0);
    home.call(&["account", "share", "acme/alice", "--with", "eve", "--role", "owner"])
        .ends(2)
        .complains("no token `eve`");
    home.call(&["account", "share", "acme/alice", "--with", "bob", "--role", "king"]).ends(2);
    let known = home.call(&["account", "show", "acme/alice"]).ends(0).out;
    assert!(known.contains("shared    with bob as collaborator"), "{known}");
    assert!(home.call(&["token", "list"]).ends(0).out.contains("shared ones"));
    home.call(&["account", "unshare", "acme/alice", "--with", "bob"]).ends(0);
    home.call(&["account", "unshare", "acme/alice", "--with", "bob"])
        .ends(2)
        .complains("is not shared with `bob`");
    home.call(&["token", "revoke", "bob"]).ends(0);
    home.call(&["token", "revoke", "bob"]).ends(2);
    home.call(&["account", "remove", "acme/bob", "--yes"]).ends(0);
    home.call(&["cancel", id]).ends(0);
    home.call(&["webhook", "drop", "--dead"]).ends(0);
    home.call(&["webhook", "retry", id]).ends(2).complains("no message");

    let rows = home.audit(&[]);
    let job = |what: &str, came: &str| format!("{what} {id} {came}");
    assert_eq!(
        told(&rows),
        [
            "account.add acme/alice done",
            "account.import acme/bob done",
            "account.change acme/alice done",
            "account.reveal acme/alice done",
            "account.reveal acme/eve refused",
            &job("job.submit", "done"),
            &job("job.submit", "refused"),
            &job("job.cancel", "done"),
            "app.reset acme done",
            "token.create bob done",
            "token.create bob refused",
            "account.share acme/alice done",
            "account.share acme/alice refused",
            "account.unshare acme/alice done",
            "account.unshare acme/alice refused",
            "token.revoke bob done",
            "token.revoke bob refused",
            "account.remove acme/bob done",
            // It had ended, and there was nothing to drop nor to retry.
            &job("job.cancel", "refused"),
            "webhook.drop all that were laid aside refused",
            &job("webhook.retry", "refused"),
        ]
    );
    // By the name that the system knows, whatever the environment says.
    let user = std::process::Command::new("id").arg("-un").output().unwrap().stdout;
    let who = format!("shell:{}", String::from_utf8(user).unwrap().trim());
    assert!(rows.iter().all(|row| row["who"] == who), "{rows:?}");
    home.call_with(&["app", "reset", "acme"], "", &[("USER", "somebody-else")]).ends(0);
    assert_eq!(home.audit(&["--who", "somebody-else"]), Vec::<Value>::new());
    assert_eq!(rows[0]["detail"], "password, TOTP secret, address");

    let words = format!("{rows:?}");
    for secret in [PASSWORD, "Another-Pass-9", "JBSWY3DP", token.trim()] {
        assert!(!words.contains(secret), "{words}");
    }
    // What has to do with an account, be it a job of it, or its removal.
    let of_alice = told(&home.audit(&["--account", "acme/alice"]));
    assert!(of_alice.contains(&job("job.cancel", "done")) && of_alice.len() == 11, "{of_alice:?}");
    assert_eq!(told(&home.audit(&["--account", "acme/bob"])).len(), 2);
}

#[test]
fn a_code_that_is_printed_stands_in_the_audit() {
    let home = with_alice();
    let code = home.call(&["account", "code", "acme/alice"]).ends(0).out;
    let rows = home.audit(&[]);
    // The current one may have been about to expire.
    assert_eq!(told(&rows).last().unwrap(), "account.code acme/alice done");
    assert!(!format!("{rows:?}").contains(code.trim()));
}

#[test]
fn the_audit_is_a_table_for_people_and_goes_on_by_pages() {
    let home = Home::new();
    assert_eq!(home.call(&["audit"]).ends(0).out, "nothing was changed or shown\n");
    for app in ["one", "two", "three"] {
        home.call(&["token", "create", app]).ends(0);
    }
    let first = home.call(&["audit", "--limit", "2"]).ends(0).out;
    assert!(first.contains("three") && first.contains("two") && !first.contains(" one "), "{first}");
    let before = first.lines().last().unwrap().strip_prefix("older ones: ").unwrap().to_owned();
    let next: Vec<_> = ["audit", "--limit", "2"].into_iter().chain(before.split(' ')).collect();
    let next = home.call(&next).ends(0).out;
    assert!(next.contains(" one ") && !next.contains("two") && !next.contains("older"), "{next}");
}

/// The server, with the key: what it shows it shows to whoever asked, and writes nowhere, how much it is to tell.
#[test]
fn a_server_with_the_key_shows_a_password_and_logs_none() {
    let home = with_alice();
    let token = home.call(&["token", "create", "me", "--scope", "reveal,submit"]).ends(0).out;
    home.call(&["account", "share", "acme/alice", "--with", "me", "--role", "owner"]).ends(0);
    for (flags, status) in [(&["-vvv"] as &[&str], " 501 "), (&["-vvv", "--with-vault"], " 200 ")] {
        let mut serving = Command::new(env!("CARGO_BIN_EXE_turnlock"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(flags)
            .env_clear()
            .env("HOME", home.path())
            .current_dir(home.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(serving.stderr.take().unwrap());
        let mut told = String::new();
        let address = loop {
            let mut line = String::new();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "{told}");
            told += &line;
            if let Some((_, address)) = line.split_once("listening on http://") {
                break address.trim().to_owned();
            }
        };
        let mut answers = String::new();
        // One that is no good is told of at once, and not with each request.
        for (what, token) in
            [("reveal", "no-good"), ("totp", "no-good"), ("reveal", &token), ("totp", &token)]
        {
            let mut stream = TcpStream::connect(&address).unwrap();
            let request = format!(
                "POST /api/v1/accounts/acme/alice/{what} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\
                 Content-Length: 0\r\nConnection: close\r\n\r\n",
                token.trim()
            );
            stream.write_all(request.as_bytes()).unwrap();
            stream.read_to_string(&mut answers).unwrap();
        }
        assert_eq!(answers.matches(" 401 ").count(), 2, "{answers}");
        let pid = rustix::process::Pid::from_child(&serving);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        log.read_to_string(&mut told).unwrap();
        assert!(serving.wait().unwrap().success(), "{told}");
        assert!(answers.contains(status), "{answers}");
        assert_eq!(answers.contains(PASSWORD), status == " 200 ", "{answers}");
        assert_eq!(told.matches("refused: the token is not known").count(), 1, "{told}");
        for secret in [PASSWORD, "JBSWY3DP", token.trim(), "no-good"] {
            assert!(!told.contains(secret), "{told}");
        }
    }
}
