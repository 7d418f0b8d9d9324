//! Forms that are sent when nobody would think so, and forms that are not.

use std::sync::{Arc, Mutex};

use secrecy::{ExposeSecret, SecretString};
use turnlock::job::{AccountRef, Code};
use turnlock::store::LogQuery;
use turnlock::vault::NewAccount;

use super::{Desk, Said};
use crate::harness::rig::FIRST_PASSWORD;
use crate::harness::{Reply, Request, Site};

/// An app whose page for a new password is this; it takes whatever is posted there.
struct Hard {
    desk: Desk,
    site: Site,
    password: Arc<Mutex<String>>,
    account: AccountRef,
}

impl Hard {
    async fn with(form: &'static str, steps: &str) -> Self {
        let password = Arc::new(Mutex::new(FIRST_PASSWORD.to_owned()));
        let known = Arc::clone(&password);
        let site = Site::new(move |request| answer(&request, form, &known)).await;
        let desk = Desk::with(&[]).await;
        let playbook = format!(
            "app: hard\ntitle: Hard\norigins: {{ app: {:?} }}\nparams: {{ way: {{ description: Where it is, example: x }} }}\n\
             password: {{ rules: 'minlength: 16' }}\ntimeouts: {{ step: 1s }}\nflows:\n  login:\n    - open: \"/${{way}}\"\n    \
             - fill: {{ into: {{ label: Name }}, with: username }}\n    - fill: {{ into: {{ label: Password }}, with: password }}\n    \
             - click: {{ role: button, name: Go }}\n    - expect:\n        signed_in: {{ role: link, name: Sign out }}\n        \
             bad_credentials: {{ text: Wrong password }}\n  change_password:\n    - open: \"/${{way}}/password\"\n    \
             - fill: {{ into: {{ label: New password }}, with: new_password }}\n{steps}    \
             - commit: {{ click: {{ role: button, name: Save }} }}\n    - expect:\n        password_changed: {{ text: Saved }}\n        \
             password_refused: {{ text: Too short }}\n",
            site.url()
        );
        std::fs::write(desk.home.path().join("mine.yaml"), playbook).unwrap();
        let account: AccountRef = "hard/alice".parse().unwrap();
        let new = NewAccount {
            account: account.clone(),
            username: "alice".to_owned(),
            address: None,
            number: None,
            password: Some(SecretString::from(FIRST_PASSWORD)),
            totp: None,
        };
        desk.vault.add_account(&new).await.unwrap();
        let params = [("way".to_owned(), "in".to_owned())].into();
        desk.vault.store().put_params(&account, &params).await.unwrap();
        Self { desk, site, password, account }
    }

    async fn run(&self, more: &[&str]) -> Said {
        let arguments = [&["change_password", "--account", "hard/alice"], more].concat();
        self.desk.run(&arguments, "", &[]).await
    }

    fn password(&self) -> String {
        self.password.lock().unwrap().clone()
    }

    /// What the vault takes for the password.
    async fn held(&self) -> String {
        let held = self.desk.vault.credentials(&self.account).await.unwrap().password.unwrap();
        held.secret.expose_secret().to_owned()
    }
}

fn answer(request: &Request, form: &str, known: &Mutex<String>) -> Reply {
    const LOGIN: &str = "<form method=post><label>Name <input name=n></label><label>Password <input name=p type=password></label><button>Go</button></form>";
    let typed = || {
        let fields = url::form_urlencoded::parse(request.body.as_bytes());
        fields.filter(|(name, _)| name == "p").map(|(_, value)| value.into_owned()).next().unwrap_or_default()
    };
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/in") => Reply::html(LOGIN),
        ("POST", "/in") if typed() == *known.lock().unwrap() => Reply::redirect(303, "/in/home"),
        // In words that the playbook has not.
        ("POST", "/in") => Reply::html("<p>Try harder."),
        ("GET", "/in/home") => Reply::html("<a href=/in>Sign out</a>"),
        ("GET", "/in/password") => Reply::html(form),
        ("POST", "/in/password") => {
            *known.lock().unwrap() = typed();
            Reply::html("<p>Saved.")
        }
        // Turned round, so that nobody reads it on the way, and by what should only read.
        ("GET", path) if path.starts_with("/in/keep/") => {
            let turned = path.replacen("/in/keep/", "p=", 1);
            let (_, turned) = url::form_urlencoded::parse(turned.as_bytes()).next().unwrap();
            *known.lock().unwrap() = turned.chars().rev().collect();
            Reply::html("")
        }
        _ => Reply::status(404, "<p>Nothing here."),
    }
}

/// The page saves by itself once both fields agree, by what reads as far as anybody can see; and its login says of a wrong password
/// what no state names.
#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_that_cannot_be_proved_harmless_leaves_the_new_password_in_doubt() {
    const FORM: &str = "<form method=post><label>New password <input name=p id=p type=password></label><label>Once more <input id=q type=password \
        oninput=\"if (q.value === p.value) { const call = new XMLHttpRequest(); call.open('GET', '/in/keep/' + encodeURIComponent([...p.value].reverse().join('')), false); call.send() }\">\
        </label><button>Save</button></form>";
    let again = "    - fill: { into: { label: Once more }, with: new_password }\n";
    let mut hard = Hard::with(FORM, again).await;
    hard.run(&["--rehearse"]).await.ends(1).says(&[
        "needs_human (page_not_as_described)",
        "This was a rehearsal, and a step before the commit step has changed the app all the same",
        "No credential is lost",
    ]);
    assert_ne!(hard.password(), FIRST_PASSWORD);
    assert_eq!(hard.held().await, hard.password(), "a reconciliation has found out");
    let log = hard.desk.vault.store().log(&LogQuery::default()).await.unwrap();
    let first = log.iter().filter_map(|row| row.verdict.as_ref()).find(|said| said.code == Code::AnswerLost);
    let said = &first.unwrap().message;
    for part in ["did not succeed", "The app may have taken the new credential", "Step login.5"] {
        assert!(said.contains(part), "`{part}` is not in: {said}");
    }
    let mut old = 0;
    while let Ok(request) = hard.site.requests.try_recv() {
        old += usize::from(request.path == "/in" && request.body.contains(FIRST_PASSWORD));
    }
    assert_eq!(old, 2, "the login before the change, and the one that was to prove it harmless");
}

/// What each of them sends, and how: nothing of it arrives, and somebody is told of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_keeps_a_page_from_saving_by_itself() {
    const FIELD: &str = "<form method=post id=f><label>New password <input name=p id=p type=password";
    const BODY: &str = "'p=' + encodeURIComponent(p.value)";
    for (event, does) in [
        ("oninput", format!("fetch('/in/password', {{ method: 'POST', body: {BODY} }})")),
        (
            "oninput",
            format!("setTimeout(() => fetch('/in/password', {{ method: 'PUT', body: {BODY} }}), 200)"),
        ),
        ("oninput", format!("navigator.sendBeacon('/in/password', {BODY})")),
        ("oninput", format!("fetch('/in/password?' + {BODY})")),
        ("oninput", format!("new Image().src = '/in/password?' + {BODY}")),
        ("oninput", "fetch('/in/password', { method: 'POST', body: new Blob([p.value]) })".to_owned()),
    ] {
        let form = format!("{FIELD} {event}=\"{does}\"></label><button>Save</button></form>");
        let mut hard = Hard::with(form.clone().leak(), "").await;
        hard.run(&["--rehearse"]).await.ends(0).says(&[
            "succeeded (rehearsed)",
            "/in/password by itself once the new credential was typed; this was held back",
            "A fresh login with the same credentials as before succeeded",
        ]);
        assert_eq!(
            (hard.password(), hard.held().await),
            (FIRST_PASSWORD.into(), FIRST_PASSWORD.into()),
            "{form}"
        );
        while let Ok(request) = hard.site.requests.try_recv() {
            let came = format!("{} {} {}", request.method, request.path, request.body);
            assert!(!came.contains("/in/password ") || came == "GET /in/password ", "{form}: {came}");
        }
    }
}

/// The form goes off with the last field, and what a click sends is the credential.
#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_fails_where_a_step_would_have_handed_over_the_credential() {
    const FORM: &str = "<form method=post id=f><label>New password <input name=p id=p type=password WHEN></label>\
        <a href='#' onclick=\"fetch('/in/password', { method: 'POST', body: 'p=' + encodeURIComponent(p.value) })\">Next</a><button>Save</button></form>";
    let next = "    - click: { role: link, name: Next }\n";
    for (when, steps, step) in [
        ("", next, "Step change_password.3"),
        ("onchange='f.submit()'", next, "Step change_password.3"),
        // With the field, or right behind it.
        ("oninput='f.submit()'", "", "Step change_password."),
    ] {
        let hard = Hard::with(FORM.replace("WHEN", when).leak(), steps).await;
        hard.run(&["--rehearse"]).await.ends(1).says(&[
            "needs_human (page_not_as_described)",
            step,
            "POST /in/password was on its way to the app before the commit step, with the new credential, and was held back",
            "mark this step as `commit`",
            "Nothing was changed: a fresh login with the same credentials as before succeeded",
        ]);
        assert_eq!((hard.password(), hard.held().await), (FIRST_PASSWORD.into(), FIRST_PASSWORD.into()));
    }
}

/// A box that is to be ticked keeps the browser from sending the form, and no page says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_the_browser_would_not_send_is_told_before_the_commit_step() {
    const FORM: &str = "<form method=post><label>New password <input name=p type=password minlength=12></label>\
        <label><input type=checkbox required> I know that I am signed out everywhere</label><button>Save</button></form>";
    let hard = Hard::with(FORM, "").await;
    for rehearse in [&["--rehearse"][..], &[]] {
        hard.run(rehearse).await.ends(1).says(&[
            "needs_human (page_not_as_described)",
            "Step change_password.3",
            "the browser would not send the form: <input type=\"checkbox\"> \"I know that I am signed out everywhere\" is required and not ticked",
            "2 of the 4 steps of change_password were proved",
            // What was opened, not the example of the parameter.
            "open /in/password",
        ]);
        assert_eq!((hard.password(), hard.held().await), (FIRST_PASSWORD.into(), FIRST_PASSWORD.into()));
    }
    let ledger = hard.desk.vault.store().candidates(&hard.account).await.unwrap();
    assert!(ledger.iter().skip(1).all(|row| row.submitted_at.is_none()), "{ledger:?}");
    let commit = "    - commit:";
    hard.desk.edit(commit, &format!("    - check: {{ label: I know }}\n{commit}"));
    hard.run(&[]).await.ends(0).says(&["succeeded (password_changed)"]);
    assert_eq!(hard.held().await, hard.password());
}

/// A draft's open question would be sent off to the app.
#[tokio::test(flavor = "multi_thread")]
async fn a_playbook_with_an_open_question_is_not_run() {
    let hard = Hard::with("", "    - fill: { into: { label: Name to show }, with: { text: \"?\" } }\n").await;
    let said = hard.run(&["--rehearse"]).await.ends(4);
    assert!(said.err.contains("error[P0415]: a question of the draft is still open"), "{}", said.err);
    assert!(said.err.contains("what is typed into label \"Name to show\"?"), "{}", said.err);
}
