//! Pages that are recorded: those of the flows that the app answers by mail and text message too.

use std::path::{Path, PathBuf};

use acme::NewUser;
use turnlock::pages::Pages;

use super::{PASSWORD, Scene, number};
use crate::harness::rig::acme_playbook;

/// Set, the pages are kept as those that are shipped: `make acme-pages`.
const KEEP: &str = "TURNLOCK_KEEP_PAGES";

impl Scene {
    /// The acceptance run with three accounts, as which the app knows them by this prefix; what came of it.
    async fn acceptance(&mut self, of: &str) -> Vec<(String, String)> {
        let at = |name: &str| format!("{name}@managed.test");
        let [app, mail, text] = ["", "-mail", "-text"].map(|end| format!("{of}{end}"));
        // Where the app sends to is what the run sets for the first of them.
        self.account(NewUser::new(&*app, PASSWORD), PASSWORD).await;
        self.account(NewUser::new(&*mail, PASSWORD).email(at(&mail)), PASSWORD).await;
        let to = number(self.accounts.len());
        self.account(NewUser::new(&*text, PASSWORD).number(to), PASSWORD).await;
        std::fs::write(self.home.path().join("sms-secret"), "of nobody's").unwrap();
        let mut arguments = vec!["playbook", "test", "acme.yaml", "--record", "--json"];
        // Here messages come in by another process; this one has the ways all the same.
        arguments.extend(["--inbox-url", "smtp://127.0.0.1:0"]);
        arguments.extend(["--inbox-url", "sms://127.0.0.1:0?secret_file=sms-secret"]);
        let accounts = [app, mail, text].map(|name| format!("acme/{name}"));
        accounts.iter().for_each(|account| arguments.extend(["--account", account]));
        let before = self.said.len();
        assert!(self.turnlock(&arguments).await, "{}", self.words());
        let said = String::from_utf8_lossy(&self.said[before..]).into_owned();
        let report: serde_json::Value =
            serde_json::Deserializer::from_str(&said).into_iter().next().unwrap().unwrap();
        assert_eq!(
            report["further_accounts"][0]["account_ends"],
            "its password is what it was; MFA is on, by mailed codes"
        );
        assert_eq!(
            report["further_accounts"][1]["account_ends"],
            "its password is what it was; MFA is on, by text messages"
        );
        let rows = report["results"].as_array().unwrap().iter();
        let word = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap().to_owned();
        rows.map(|row| (word(row, "what"), word(row, "result"))).collect()
    }
}

/// Everything that the bundled playbook has is tried, and no password, secret, code or link of it is on a recorded page.
#[tokio::test(flavor = "multi_thread")]
async fn pages_of_an_acceptance_run_with_mail_and_text_messages() {
    let mut scene = Scene::set(&acme_playbook()).await;
    let proved = |what: &str| (what.to_owned(), "proved".to_owned());
    let expected = [
        proved("a login"),
        proved("a logout"),
        proved("the address set"),
        proved("MFA on"),
        proved("recovery codes read"),
        proved("a login with MFA"),
        proved("the password changed"),
        proved("a login with the new password"),
        proved("a forgotten password set anew"),
        ("the password changed back".to_owned(), "the app does not take it again".to_owned()),
        ("a login with the old password".to_owned(), "not tried".to_owned()),
        proved("MFA on by mailed codes"),
        proved("MFA on by text messages"),
    ];
    // Recovered by a link, and by a code; and with the password asked for once more.
    for (of, switched) in [("alice", false), ("bob", true)] {
        scene.app.switch(|switches| (switches.reset_by_code, switches.reauth) = (switched, switched));
        assert_eq!(scene.acceptance(of).await, expected, "{of}");
    }
    let folder = scene.home.path().join("pages/acme");
    let files = scene.search().await;
    assert!(files.iter().filter(|file| file.starts_with(&folder)).count() > 20, "{files:?}");
    let names = scene.named.names();
    for name in
        ["a password", "a TOTP secret", "a recovery code", "a code that was sent", "the token of a link"]
    {
        assert!(names.contains(name), "{names:?}");
    }

    let shipped = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("playbooks/pages/acme");
    if std::env::var_os(KEEP).is_some() {
        keep(&folder, &shipped);
    }
    // What is shipped is what can be had: every step of the one is in the other, in each state.
    assert_eq!(steps(&shipped), steps(&folder), "record them anew: `make acme-pages`");
}

/// What was seen of each step.
fn steps(folder: &Path) -> Vec<String> {
    let pages = Pages::load(folder).unwrap();
    let state =
        |state: &Option<String>| state.as_ref().map(|state| format!(" ({state})")).unwrap_or_default();
    pages.index.steps.iter().map(|step| format!("{}{}", step.step, state(&step.state))).collect()
}

fn keep(folder: &Path, shipped: &Path) {
    std::fs::remove_dir_all(shipped).unwrap();
    std::fs::create_dir(shipped).unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, shipped.join(path.file_name().unwrap())).unwrap();
    }
}
