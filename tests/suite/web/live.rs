//! In a real browser: who watches sees what happens, without loading anything anew.

use secrecy::SecretString;
use turnlock::credential::Opener;
use turnlock::job::Wanted;
use turnlock::store::{AuditOutcome, AuditQuery, NewQuestion, QuestionState, Role};
use turnlock::vault::{MasterKey, NewAccount};

use super::*;
use crate::harness::{PATIENCE, SOON, Stage};

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
    stage.see("{ role: button, name: Show the password }").await.unwrap();
    let none = stage.unseen("{ role: button, name: Show a TOTP code }").await;
    assert!(none.contains("nothing on the page matches"), "the vault holds none: {none}");
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

/// What a job waits for, as its worker would ask.
async fn asks(web: &Web, begun: &Begun, account: &AccountRef) -> Uuid {
    let id = Uuid::now_v7();
    let new = NewQuestion {
        id,
        job: begun.job,
        attempt: begun.attempt,
        account: account.clone(),
        wanted: Wanted::EmailCode,
        step: "login.5".to_owned(),
        key: Opener::new(id).unwrap().public().to_vec(),
        refused: None,
        lasts: LONG,
    };
    web.store.ask(&new, None).await.unwrap();
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_a_human_appears_and_goes_by_itself() {
    let web = Web::start().await;
    let (alice, bob) = (web.account("acme/alice", "alice").await, web.account("acme/bob", "bob").await);
    let stage = signed_in(&web).await;
    stage.goto("/needs-you").await.unwrap();
    stage.see("{ text: Nothing wants a human. }").await.unwrap();
    stage.see("{ text: live, exact: true }").await.unwrap();

    // A question, in which somebody begins to write.
    let begun = web.begun(&alice).await;
    let question = asks(&web, &begun, &alice).await;
    stage.see("{ role: link, name: acme/alice }").await.unwrap();
    assert!(stage.unseen("{ text: Nothing wants a human. }").await.contains("nothing on the page matches"));
    stage.fill("{ label: Code }", "12 34").await.unwrap();
    // Another account comes to want a human, and the field stays as it is.
    let other = web.begun(&bob).await;
    web.ended(&other, Code::Captcha, "it asks for proof that a person is there", None).await;
    stage.see("{ text: it asks for proof that a person is there }").await.unwrap();
    assert_eq!(stage.text("{ label: Code }").await, "12 34");
    // It is tried once more: it wants nobody for now.
    let again = web.begun(&bob).await;
    stage.see("{ css: \"#needs:not(:has(.group))\" }").await.unwrap();
    web.store.close_question(question, QuestionState::Expired).await.unwrap();
    stage.see("{ text: Nothing wants a human. }").await.unwrap();
    web.ended(&again, Code::Captcha, "it asks again", None).await;
    stage.see("{ text: it asks again }").await.unwrap();
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_says_at_once_how_many_jobs_wait_for_somebody() {
    let web = Web::start().await;
    let (alice, bob) = (web.account("acme/alice", "alice").await, web.account("acme/bob", "bob").await);
    let stage = signed_in(&web).await;
    stage.see("{ text: live, exact: true }").await.unwrap();
    let nobody = stage.unseen("{ role: link, name: A job waits for you }").await;
    assert!(nobody.contains("nothing on the page matches"), "{nobody}");
    let first = asks(&web, &web.begun(&alice).await, &alice).await;
    stage.see("{ role: link, name: A job waits for you }").await.unwrap();
    stage.see("{ text: waits for a person, exact: true }").await.unwrap();
    let second = asks(&web, &web.begun(&bob).await, &bob).await;
    stage.see("{ role: link, name: 2 jobs wait for you }").await.unwrap();
    web.store.close_question(first, QuestionState::Withdrawn).await.unwrap();
    stage.see("{ role: link, name: A job waits for you }").await.unwrap();
    stage.click("{ role: link, name: A job waits for you }").await.unwrap();
    stage.see("{ role: link, name: acme/bob }").await.unwrap();
    stage.goto("/log").await.unwrap();
    stage.see("{ role: link, name: A job waits for you }").await.unwrap();
    // Of the two that run, the one that waits.
    stage.see("{ css: \"tr.running:has(.asks:not([hidden])):first-child\" }").await.unwrap();
    stage.see("{ css: \"#rows:has(tr:nth-child(2) .asks[hidden])\" }").await.unwrap();
    web.store.close_question(second, QuestionState::Withdrawn).await.unwrap();
    stage.see("{ css: \"body:has(#waiting[hidden])\" }").await.unwrap();
    stage.see("{ css: \"#rows:not(:has(.asks:not([hidden])))\" }").await.unwrap();
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_put_off_is_requeued_by_a_button() {
    let web = Web::start().await;
    let account = web.account("acme/alice", "alice").await;
    let stage = signed_in(&web).await;
    let begun = web.begun(&account).await;
    stage.goto(&format!("/jobs/{}", begun.job)).await.unwrap();
    stage.see("{ text: live, exact: true }").await.unwrap();
    let button = "{ role: button, name: Requeue it now }";
    stage.unseen(button).await;
    let hour = Timestamp::now() + Duration::from_secs(3600);
    let ending = Ending {
        attempt: begun.attempt,
        verdict: Verdict::new(Code::AppUnreachable, "it is away"),
        provenance: Provenance::default(),
        next: Next::Again { at: hour, counts: true },
    };
    web.store.end(&begun.claim, &ending).await.unwrap();
    stage.see(button).await.unwrap();
    stage.click(button).await.unwrap();
    // It is due: there is nothing to requeue any more.
    stage.see("{ css: \"#timeline:not(:has([data-waits]))\" }").await.unwrap();
    stage.unseen(button).await;
    assert!(web.store.job(begun.job).await.unwrap().unwrap().not_before < hour - Duration::from_secs(3000));
    let audit = web.store.audits(&AuditQuery::default()).await.unwrap().remove(0);
    assert_eq!((audit.audit.who.as_str(), audit.audit.action.as_str()), ("me", "job.requeue"));
    assert_eq!((audit.audit.account, audit.outcome), (Some(account), AuditOutcome::Done));
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fleet_and_the_apps_change_by_themselves() {
    let web = Web::start().await;
    let account = web.account("acme/alice", "alice").await;
    let stage = signed_in(&web).await;
    stage.goto("/fleet").await.unwrap();
    stage.see("{ text: Nothing runs. }").await.unwrap();
    stage.see("{ text: live, exact: true }").await.unwrap();
    let begun = web.begun(&account).await;
    stage.see("{ role: link, name: verify_login of acme/alice }").await.unwrap();
    web.step(&begun, 1, "open /login", None).await;
    stage.see("{ text: open /login }").await.unwrap();
    web.ended(&begun, Code::LoggedIn, "well", None).await;
    stage.see("{ text: Nothing runs. }").await.unwrap();
    stage.goto("/apps").await.unwrap();
    stage.see("{ text: 100 % of the last 1, exact: true }").await.unwrap();
    stage.see("{ text: live, exact: true }").await.unwrap();
    let begun = web.begun(&account).await;
    web.ended(&begun, Code::BadCredentials, "it was refused", None).await;
    stage.see("{ text: 50 % of the last 2, exact: true }").await.unwrap();
    web.end().await;
}

/// Whoever watches does not hold up the end of the server, and is told of it in good order.
#[tokio::test(flavor = "multi_thread")]
async fn streams_end_with_the_server() {
    let web = Web::start_streaming(None, PATIENCE).await;
    let begun = web.begun(&web.account("acme/alice", "alice").await).await;
    let reader = web.signed_in(&[Scope::Read]).await;
    let token = web.token(&[Scope::Read]).await;
    let mut streams = Vec::new();
    for path in [
        "/log/events",
        "/needs-you/events",
        "/fleet/events",
        "/apps/events",
        &*format!("/jobs/{}/events", begun.job),
    ] {
        streams.push(reader.get(web.at(path)).send().await.unwrap());
    }
    let api = Client::new().get(web.at("/api/v1/events")).bearer_auth(token.expose());
    streams.push(api.send().await.unwrap());
    for stream in &mut streams {
        assert!(stream.chunk().await.unwrap().is_some(), "it has begun");
    }
    web.end().await;
    for mut stream in streams {
        // One that is cut off is an error to its reader.
        while stream.chunk().await.unwrap().is_some() {}
    }
}
