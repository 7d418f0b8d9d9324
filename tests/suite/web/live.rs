//! In a real browser: who watches sees what happens, without loading anything anew.

use secrecy::SecretString;
use turnlock::store::Role;
use turnlock::vault::{MasterKey, NewAccount};

use super::*;
use crate::harness::{SOON, Stage};

/// A browser that is signed in by its own hands.
pub(super) async fn signed_in(web: &Web) -> Stage {
    let token = web.named("me", Scope::ALL, false).await;
    let stage = Stage::open(&web.url).await;
    stage.fill_secret("{ label: Token }", token.expose()).await.unwrap();
    stage.click("{ role: button, name: Sign in }").await.unwrap();
    stage.see("{ role: heading, name: Log }").await.unwrap();
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_and_steps_appear_as_they_happen() {
    let web = Web::start().await;
    let account = web.account("acme/alice", "alice").await;
    let stage = signed_in(&web).await;
    stage.see("{ text: No attempts. }").await.unwrap();
    stage.see("{ text: live, exact: true }").await.unwrap();
    let begun = web.begun(&account).await;
    stage.see("{ css: \"tr.running\" }").await.unwrap();
    web.step(&begun, 1, "open /login", Some(StepResult::Ok)).await;
    stage.click("{ role: link, name: verify_login }").await.unwrap();
    stage.see("{ text: open /login }").await.unwrap();
    web.step(&begun, 2, "click button Sign in", None).await;
    stage.see("{ css: \"li.running\" }").await.unwrap();
    web.ended(&begun, Code::PageNotAsDescribed, "there is no such button", None).await;
    stage.see("{ role: button, name: Submit it once more }").await.unwrap();
    stage.see("{ text: there is no such button }").await.unwrap();
    stage.click("{ role: button, name: Submit it once more }").await.unwrap();
    stage.see("{ text: No attempt has begun. }").await.unwrap();
    let (waiting, _) = web.store.waiting_and_running().await.unwrap();
    assert_eq!(waiting, 1);
    stage.click("{ role: button, name: Cancel this job }").await.unwrap();
    let until = tokio::time::Instant::now() + SOON;
    while web.store.waiting_and_running().await.unwrap().0 > 0 {
        assert!(tokio::time::Instant::now() < until);
        tokio::task::yield_now().await;
    }
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_has_the_password_shown_by_a_button() {
    let web = Web::start_with(Some(MasterKey::generate().unwrap())).await;
    let new = NewAccount {
        account: "acme/alice".parse().unwrap(),
        username: "alice@example.test".to_owned(),
        address: None,
        number: None,
        password: Some(SecretString::from("Shown-Once-7731")),
        totp: None,
    };
    web.vault.as_ref().unwrap().add_account(&new).await.unwrap();
    let stage = signed_in(&web).await;
    web.store.share(&new.account, "me", Role::Owner, "the test").await.unwrap();
    stage.click("{ role: link, name: Accounts }").await.unwrap();
    // What is missing is folded behind how many are reached.
    stage.click("{ css: summary }").await.unwrap();
    stage.see("{ text: \"Missing: credentials right, managed address, MFA on, rotating\" }").await.unwrap();
    stage.click("{ role: link, name: acme/alice }").await.unwrap();
    stage.click("{ role: button, name: Show the password }").await.unwrap();
    stage.see("{ text: Shown-Once-7731 }").await.unwrap();
    stage.click("{ role: link, name: Audit }").await.unwrap();
    stage.see("{ text: account.reveal }").await.unwrap();
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_jobs_arrive() {
    let web = Web::start().await;
    let stage = signed_in(&web).await;
    stage.see("{ text: live, exact: true }").await.unwrap();
    for nth in 0..200 {
        let begun = web.begun(&web.account(&format!("acme/user-{nth}"), "somebody").await).await;
        web.ended(&begun, Code::LoggedIn, "well", None).await;
    }
    // All of them, each once, the newest first, and as it ended.
    stage.see("{ css: \"#rows tr.succeeded:nth-of-type(200)\" }").await.unwrap();
    assert!(
        stage.unseen("{ css: \"#rows tr:nth-of-type(201)\" }").await.contains("nothing on the page matches")
    );
    assert!(stage.unseen("{ css: \"#rows tr.running\" }").await.contains("nothing on the page matches"));
    for (place, nth) in [(1, 199), (2, 198), (100, 100), (200, 0)] {
        let account = format!("{{ css: \"#rows tr:nth-of-type({place}) a.quiet\" }}");
        assert_eq!(stage.text(&account).await, format!("acme/user-{nth}"));
    }
    web.end().await;
}
