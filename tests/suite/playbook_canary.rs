//! `turnlock playbook canary`, with the real binary, a real browser and the bundled app: it changes nothing, and an app
//! that has changed is marked before a real job meets the change.

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use turnlock::inbox::Content;
use turnlock::job::AccountRef;
use turnlock::store::CandidateState;
use turnlock::vault::{NewAccount, Vault};

use crate::harness::desk::{Receiving, Tray};
use crate::harness::home::Home;
use crate::harness::rig::{FIRST_PASSWORD, acme_playbook};

const OPS: &str = "ops@people.example";

struct Canary {
    app: acme::Acme,
    home: Home,
    vault: Vault,
    account: AccountRef,
    notices: String,
}

impl Canary {
    /// An app with an account that is there for trials, and a mail server for notices.
    async fn with(mail_server: &Receiving) -> Self {
        let app = acme::Acme::start(acme::Options::default()).await.unwrap();
        app.add_user(acme::NewUser::new("canary", FIRST_PASSWORD)).unwrap();
        // It does not answer a step at once, and a test that waits for what never comes need not be slow.
        let playbook = acme_playbook().replace("lockout:", "timeouts: { step: 1s }\nlockout:");
        let home = Home::new(&app, &playbook);
        let vault = home.vault().await;
        let account: AccountRef = "acme/canary".parse().unwrap();
        let new = NewAccount {
            account: account.clone(),
            username: "canary".to_owned(),
            address: None,
            number: None,
            password: Some(SecretString::from(FIRST_PASSWORD)),
            totp: None,
        };
        vault.add_account(&new).await.unwrap();
        Self { app, home, vault, account, notices: format!("smtp://{}", mail_server.address) }
    }

    fn edit(&self, from: &str, to: &str) {
        let path = self.home.path().join("acme.yaml");
        let playbook = std::fs::read_to_string(&path).unwrap();
        assert!(playbook.contains(from), "{from}");
        std::fs::write(path, playbook.replace(from, to)).unwrap();
    }

    async fn turnlock(&self, arguments: &[&str]) -> (i32, String) {
        let mut command = self.home.turnlock();
        command.args(arguments).env("TURNLOCK_NOTICE_URL", &self.notices);
        command.env("TURNLOCK_NOTICE_FROM", "turnlock@people.example").env("TURNLOCK_NOTICE_TO", OPS);
        let done = command.output().await.unwrap();
        let (out, err) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
        assert!(!out.contains(FIRST_PASSWORD) && !err.contains(FIRST_PASSWORD));
        (done.status.code().unwrap(), out + &err)
    }

    /// A round: how it ends, and each flow with its code.
    async fn round(&self) -> (i32, Vec<(String, String)>) {
        let (code, out) = self.turnlock(&["playbook", "canary", "acme/canary", "--json"]).await;
        let lines = out.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let text = |line: &Value, key: &str| line[key].as_str().unwrap().to_owned();
        (code, lines.map(|line| (text(&line, "flow"), text(&line, "code"))).collect())
    }

    async fn changed_nothing(&self) {
        assert!(self.app.verify_password("canary", FIRST_PASSWORD));
        assert!(!self.app.user("canary").unwrap().mfa_on);
        let held = self.vault.credentials(&self.account).await.unwrap();
        assert_eq!(held.password.unwrap().secret.expose_secret(), FIRST_PASSWORD);
    }
}

fn said(round: &[(String, String)], flow: &str) -> String {
    round.iter().find(|(name, _)| name == flow).map(|(_, code)| code.clone()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_app_is_marked_until_it_works_again() {
    let tray = Tray::new(&[OPS]);
    let mail_server = Receiving::mail_to(tray.clone()).await;
    let canary = Canary::with(&mail_server).await;

    let (code, round) = canary.round().await;
    assert_eq!((code, &*said(&round, "login")), (0, "logged_in"), "{round:?}");
    assert_eq!(round[0].0, "login", "the login comes first");
    for flow in ["change_password", "enrol_mfa"] {
        assert_eq!(said(&round, flow), "rehearsed", "{round:?}");
    }
    assert_eq!(said(&round, "set_contact"), "", "it has no commit step: it cannot be rehearsed");
    assert_eq!(said(&round, "recover"), "", "nothing can be sent to this account");
    canary.changed_nothing().await;
    let (_, listed) = canary.turnlock(&["app", "list"]).await;
    assert!(listed.contains("well at 20"), "{listed}");
    let (_, log) = canary.turnlock(&["log"]).await;
    assert!(!log.contains("its canary fails"), "{log}");
    assert_eq!(tray.waiting(), 0, "nothing is told of what goes well");

    // The page where the password is changed is not what the playbook says.
    canary.edit("name: Change password }", "name: Change it }");
    let (code, round) = canary.round().await;
    assert_eq!((code, &*said(&round, "login")), (1, "logged_in"), "{round:?}");
    assert_eq!(said(&round, "change_password"), "page_not_as_described", "{round:?}");
    assert_eq!(said(&round, "enrol_mfa"), "rehearsed", "the other flows are tried all the same");
    canary.changed_nothing().await;
    let (_, listed) = canary.turnlock(&["app", "list"]).await;
    assert!(listed.contains("change_password fails since 20"), "{listed}");
    for filter in [&["log"][..], &["log", "--app", "acme"], &["log", "--account", "acme/alice"]] {
        let (_, log) = canary.turnlock(filter).await;
        assert!(log.contains("! acme: its canary fails in change_password since 20"), "{log}");
    }
    let (_, log) = canary.turnlock(&["log", "--app", "other"]).await;
    assert!(!log.contains("its canary"), "{log}");
    let Content::DirectMail(raw) = tray.next().await.content else { panic!("a mail") };
    let mail = String::from_utf8(raw).unwrap().replace("\r\n ", " ");
    assert!(mail.contains("the canary of acme fails in change_password: page_not_as_described"), "{mail}");

    // Told once, as long as it stays so.
    let since = canary.vault.store().canaries(Some("acme")).await.unwrap();
    let since = since.iter().find_map(|row| row.failing_since).unwrap();
    assert_eq!(canary.round().await.0, 1);
    assert_eq!(tray.waiting(), 0);
    let rows = canary.vault.store().canaries(Some("acme")).await.unwrap();
    assert_eq!(rows.iter().find_map(|row| row.failing_since), Some(since), "since when stays what it was");
    assert!(rows.iter().any(|row| row.last.tried_at > since));

    canary.edit("name: Change it }", "name: Change password }");
    assert_eq!(canary.round().await.0, 0);
    let (_, log) = canary.turnlock(&["log"]).await;
    assert!(!log.contains("its canary"), "{log}");
    canary.changed_nothing().await;
    // What the failed trials had made up was given up by the logins that came after them.
    let ledger = canary.vault.store().candidates(&canary.account).await.unwrap();
    assert!(ledger.iter().all(|row| row.state != CandidateState::Pending));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_else_is_tried_where_the_login_fails() {
    let tray = Tray::new(&[OPS]);
    let mail_server = Receiving::mail_to(tray.clone()).await;
    let canary = Canary::with(&mail_server).await;
    canary.edit("label: Password }, with: password", "label: Passphrase }, with: password");
    let (code, round) = canary.round().await;
    assert_eq!((code, round.len()), (1, 1), "{round:?}");
    assert_eq!(said(&round, "login"), "page_not_as_described");

    // Who does not know the account is told so before anything begins.
    let (code, out) = canary.turnlock(&["playbook", "canary", "acme/nobody"]).await;
    assert!(code == 2 && out.contains("acme/nobody"), "{out}");
    let (code, out) = canary.turnlock(&["playbook", "canary", "other/canary"]).await;
    assert!(code == 2 && out.contains("there is no playbook for the app `other`"), "{out}");

    // Of a playbook that somebody is writing it is told, and the other apps are tried.
    let books = canary.home.path().join("books");
    std::fs::create_dir(&books).unwrap();
    std::fs::copy(canary.home.path().join("acme.yaml"), books.join("acme.yaml")).unwrap();
    std::fs::write(books.join("draft.yaml"), "app: draft\nflows: { login: [ { opn: / } ] }\n").unwrap();
    let books = ["--playbooks", books.to_str().unwrap()];
    let both = ["playbook", "canary", "draft/canary", "acme/canary"];
    let (code, out) = canary.turnlock(&[&both[..], &books].concat()).await;
    assert!(code == 1 && out.contains("draft/canary cannot be tried") && out.contains("opn"), "{out}");
    assert!(out.contains("page_not_as_described"), "{out}");
    let (code, out) = canary.turnlock(&[&both[..3], &books].concat()).await;
    assert!(code == 4 && out.contains("opn"), "{out}");
    canary.changed_nothing().await;
}
