//! What people see of the pages, in a browser that is not the project's own: light and dark, on a desk and on a phone, by
//! eye and by keyboard.

use std::process::Stdio;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use turnlock::store::{Beat, Duty, Step};

use super::*;

/// A night's work: attempts of every outcome, one that is under way, and words that are long.
async fn busy() -> (Web, [Uuid; 2]) {
    let web = Web::start().await;
    let ends = [
        (Code::LoggedIn, "The credentials open the account."),
        (Code::PasswordChanged, "The new password opens the account."),
        (Code::BadCredentials, "The app refused the username or the password, in login."),
        (Code::AppUnreachable, "http://127.0.0.1:4180/login cannot be reached: net::ERR_CONNECTION_REFUSED"),
        (
            Code::PageNotAsDescribed,
            "Step login.4 (acme.yaml:28) waited 15 s for button \"Log on\", but nothing on the page matches (what comes near: \
             { role: button, name: Sign in }); the page has the title \"Sign in to Acme\", buttons: Sign in",
        ),
        (Code::Captcha, "The app asks for proof that a person is there, in login."),
        (Code::AnswerLost, "The connection went after the commit step."),
    ];
    let mut shown = Uuid::nil();
    for (nth, (code, message)) in ends.into_iter().enumerate() {
        let account = web.account(&format!("acme/user-{nth}"), "somebody").await;
        let begun = web.begun(&account).await;
        for seq in 1..=4 {
            web.step(&begun, seq, "fill label \"Username\" with username", Some(StepResult::Ok)).await;
        }
        if code == Code::PageNotAsDescribed {
            shown = begun.job;
            let step = Step {
                seq: 5,
                id: "login.4".to_owned(),
                summary: "click role button \"Log on\"".to_owned(),
                started_at: Timestamp::now(),
                duration: Some(Duration::from_secs(15)),
                result: Some(StepResult::Failed),
                detail: Some(message.to_owned()),
            };
            web.store.write_steps(begun.attempt, &[step], None).await.unwrap();
        }
        web.ended(&begun, code, message, None).await;
    }
    let account = web.account("acme/at-work", "somebody").await;
    let begun = web.begun(&account).await;
    web.step(&begun, 1, "open /login", Some(StepResult::Failed)).await;
    web.step(&begun, 2, "open /login", None).await;
    let later = web
        .account(
            "acme/later.somebody-with-a-long-name@mail.of-the-company.example",
            "somebody-with-a-long-name@mail.of-the-company.example",
        )
        .await;
    web.store.submit(&Job::new(Kind::EnrolMfa, later), None).await.unwrap();
    let beat = Beat {
        worker: WorkerId::new("worker-with-a-long-name-4242-01938c5e"),
        version: "0.1.0".to_owned(),
        slots: 4,
        duty: Duty::Working,
        overrules: false,
        hold: LONG,
        browser_memory: None,
    };
    web.store.worker_beat(&beat).await.unwrap();
    (web, [shown, begun.job])
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_can_use_every_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let modules = root.join("target/looks");
    assert!(modules.join("installed").is_file(), "scripts/install-test-deps installs what looks at pages");
    let (web, [job, running]) = busy().await;
    let token = web.named("me", Scope::ALL, false).await;
    let mut pages = serde_json::Map::new();
    for page in PAGES.into_iter().chain([
        "/log?code=captcha&since=3d",
        "/jobs?kind=enrol_mfa",
        "/audit",
        "/accounts/acme/user-0",
    ]) {
        let name: String =
            page[1..].chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        pages.insert(name, json!(page));
    }
    pages.insert("job".to_owned(), json!(format!("/jobs/{job}")));
    pages.insert("running".to_owned(), json!(format!("/jobs/{running}")));
    pages.insert("nothing".to_owned(), json!("/login"));
    let kept = std::env::var_os("TURNLOCK_KEEP_PICTURES");
    let folder = kept.map_or_else(|| web.folder.path().join("looks"), std::path::PathBuf::from);
    std::fs::create_dir_all(&folder).unwrap();
    let mut looking = Command::new("node")
        .arg(root.join("tests/looks/look.mjs"))
        .args([&modules, &crate::harness::browser_program()])
        .arg(&web.url)
        .arg(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut asked = looking.stdin.take().unwrap();
    asked.write_all(json!({ "token": token.expose(), "pages": pages }).to_string().as_bytes()).await.unwrap();
    drop(asked);
    let said = looking.wait_with_output().await.unwrap();
    let (wrong, errors) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(said.status.success(), "{wrong}{errors}");
    web.end().await;
}
