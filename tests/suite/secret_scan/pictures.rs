//! What pictures tell whoever reads them. That the reader reads is proved on the same page, with nothing covered.

use std::path::Path;

use acme::NewUser;
use secrecy::ExposeSecret;
use turnlock::credential::{TotpSecret, qr};

use super::{PASSWORD, SHAPE, Scene};
use crate::harness::rig::{FIRST_PASSWORD, acme_playbook};
use crate::harness::{Reply, Site, Stage, ocr};

/// The pictures below the home.
fn pictures(scene: &Scene) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for job in std::fs::read_dir(scene.home.path().join("artifacts")).unwrap() {
        for attempt in std::fs::read_dir(job.unwrap().path()).unwrap() {
            found.push(attempt.unwrap().path().join("screenshot.png"));
        }
    }
    found.retain(|path| path.is_file());
    found
}

/// The page's picture with nothing covered, and what is read in it.
async fn uncovered(stage: &Stage, folder: &Path) -> String {
    let path = folder.join("uncovered.png");
    std::fs::write(&path, stage.page.screenshot(None).await.unwrap()).unwrap();
    ocr::read(&path)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_of_an_enrolment_cannot_be_read() {
    // It fails while the page shows the secret as text, link and QR code.
    let confirm = "    - commit: { click: { role: button, name: Confirm } }";
    let playbook =
        acme_playbook().replace(confirm, &format!("    - see: {{ text: Nowhere, timeout: 1s }}\n{confirm}"));
    let mut scene = Scene::set(&playbook).await;
    let alice = scene.account(NewUser::new("alice", FIRST_PASSWORD), FIRST_PASSWORD).await;
    assert!(!scene.turnlock(&["run", "enrol_mfa", "--account", "acme/alice"]).await);
    let held = scene.vault.credentials(&alice).await.unwrap().pending_totp.expect("it was read");
    let secret = TotpSecret::from_uri(held.secret.expose_secret()).unwrap().base32();
    let pictures = pictures(&scene);
    assert_eq!(pictures.len(), 1);
    let read = ocr::read(&pictures[0]);
    assert!(read.contains("authenticator"), "the reader reads what is not covered: {read}");
    assert!(!ocr::tells(&read, secret.expose_secret()), "{read}");
    assert!(qr::find(&std::fs::read(&pictures[0]).unwrap()).unwrap().is_empty());

    // The same page of the same app, as a person sees it.
    scene.app.add_user(NewUser::new("bob", FIRST_PASSWORD)).unwrap();
    let stage = Stage::set(scene.app.url(), "").await;
    stage.goto("/login").await.unwrap();
    stage.fill("{ label: Username }", "bob").await.unwrap();
    stage.fill_secret("{ label: Password }", FIRST_PASSWORD).await.unwrap();
    stage.click("{ role: button, name: Sign in }").await.unwrap();
    stage.see("{ role: button, name: Sign out }").await.unwrap();
    stage.goto("/account/mfa").await.unwrap();
    stage.click("{ role: button, name: Turn on }").await.unwrap();
    stage.see("{ role: button, name: Confirm, exact: true }").await.unwrap();
    let shown = stage.text("{ css: code.secret }").await;
    let folder = tempfile::tempdir().unwrap();
    let read = uncovered(&stage, folder.path()).await;
    assert!(ocr::tells(&read, &shown), "the reader could not have read {shown}: {read}");
    assert!(!qr::find(&std::fs::read(folder.path().join("uncovered.png")).unwrap()).unwrap().is_empty());
    assert_eq!(SHAPE.digits, 8);
}

/// An app that says back what was typed: as a text, in a field that shows it, in a list, on a button and in its title.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_the_page_says_back_cannot_be_read() {
    let escaped = PASSWORD.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let page = format!(
        "<title>{escaped}</title><h1>Something is wrong</h1><p>The password {escaped} is no good.</p>\
         <input value=\"{escaped}\" size=40><ul><li>{escaped}</ul><button>{escaped}</button>\
         <p><b>Kanarien</b><i>vogel</i>{}</p><p>Mind the gap</p>",
        &escaped["Kanarienvogel".len()..]
    );
    let site = Site::new({
        let page = page.clone();
        move |request| match request.path.trim_end_matches('?') {
            "/in" => Reply::html(page.clone()),
            _ => Reply::html(
                "<form action=/in method=post><label>Password <input type=password></label><button>Sign in</button></form>",
            ),
        }
    })
    .await;
    let playbook = format!(
        "app: acme\ntitle: T\norigins:\n  app: http://127.0.0.1:4180\n  site: {}\nflows:\n  login:\n    - open: site:/\n    \
         - fill: {{ into: {{ label: Password }}, with: password }}\n    - click: {{ role: button, name: Sign in }}\n    \
         - expect: {{ signed_in: {{ text: Nowhere to be seen }}, timeout: 1s }}\n",
        site.url()
    );
    let mut scene = Scene::set(&playbook).await;
    scene.account(NewUser::new("alice", PASSWORD), PASSWORD).await;
    assert!(!scene.turnlock(&["run", "verify_login", "--account", "acme/alice"]).await);
    scene.search().await;
    let pictures = pictures(&scene);
    assert_eq!(pictures.len(), 1, "{}", scene.words());
    let read = ocr::read(&pictures[0]);
    assert!(read.contains("Mind the gap"), "the reader reads what is not covered: {read}");
    assert!(!ocr::tells(&read, PASSWORD), "{read}");

    let site = Site::page(&page).await;
    let stage = Stage::open(&site.url()).await;
    stage.see("{ text: Mind the gap }").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let read = uncovered(&stage, folder.path()).await;
    assert!(ocr::tells(&read, PASSWORD), "the reader could not have read it: {read}");
}
