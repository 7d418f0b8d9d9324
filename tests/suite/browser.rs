//! A real browser on the bundled app's pages.

use secrecy::SecretString;
use turnlock::browser::Typed;
use url::Url;

use crate::harness::{Browser, SOON, playbook, targets};

fn at(base: &str, path: &str) -> Url {
    Url::parse(base).unwrap().join(path).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn signs_in_by_what_a_person_sees() {
    let app = acme::Acme::start(acme::Options::default()).await.unwrap();
    app.add_user(acme::NewUser::new("alice", "First-Pass-2026")).unwrap();
    let book = playbook(
        app.url(),
        "",
        &[
            "{ label: Username }",
            "{ label: Password }",
            "{ role: button, name: Sign in }",
            "{ role: button, name: Sign out }",
            "{ text: Wrong username or password }",
        ],
    );
    let [username, password, submit, sign_out, wrong] = targets(&book)[..] else { panic!() };
    let browser = Browser::start().await;
    // The first page was prepared while the browser started, the second after it.
    for _ in 0..2 {
        let page = browser.page(&book).await;
        page.open(&at(app.url(), "/login"), SOON).await.unwrap();
        page.fill(username, Typed::Plain("alice"), SOON).await.unwrap();
        page.fill(password, Typed::Secret(&SecretString::from("First-Pass-2026")), SOON).await.unwrap();
        page.click(submit, SOON).await.unwrap();
        let first = page.first_of(&[sign_out, wrong], "signed_in or bad_credentials", SOON).await.unwrap();
        assert_eq!(first, 0);
    }
}
