//! In a real browser: what a job waits for appears while it is looked at, is answered in the page, and goes.

use secrecy::ExposeSecret;
use turnlock::credential::Opener;
use turnlock::job::Wanted;
use turnlock::store::{NewQuestion, QuestionState, Role};

use super::live::signed_in;
use super::*;
use crate::harness::SOON;

#[tokio::test(flavor = "multi_thread")]
async fn a_question_appears_and_takes_a_code() {
    let web = Web::start().await;
    let account = web.account("acme/alice", "alice").await;
    let stage = signed_in(&web).await;
    let begun = web.begun(&account).await;
    stage.goto(&format!("/jobs/{}", begun.job)).await.unwrap();
    stage.see("{ text: live, exact: true }").await.unwrap();
    let id = Uuid::now_v7();
    let opener = Opener::new(id).unwrap();
    let new = NewQuestion {
        id,
        job: begun.job,
        attempt: begun.attempt,
        account,
        wanted: Wanted::EmailCode,
        step: "login.5".to_owned(),
        key: opener.public().to_vec(),
        refused: None,
        lasts: LONG,
    };
    web.store.ask(&new, None).await.unwrap();
    stage.see("{ text: the code that the app has mailed }").await.unwrap();
    // The page says that somebody looks on, and shows what it is given.
    let until = tokio::time::Instant::now() + SOON;
    while !web.store.question(id).await.unwrap().unwrap().watched {
        assert!(tokio::time::Instant::now() < until);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    web.store.show_picture(id, &stage.page.screenshot(None).await.unwrap()).await.unwrap();
    stage.see("{ text: only to look at }").await.unwrap();
    // What is being written stays while the timeline changes and the stream begins anew.
    stage.fill("{ label: Code }", "12 34 56").await.unwrap();
    web.step(&begun, 1, "wait for a person", None).await;
    stage.see("{ text: wait for a person }").await.unwrap();
    // And while its worker is told to end.
    web.store.shorten_question(id, LONG / 2).await.unwrap();
    let until = web.store.question(id).await.unwrap().unwrap().until.strftime("%Y-%m-%dT%H:%M:%S");
    stage.see(&format!("{{ css: '.question time[datetime^=\"{until}\"]' }}")).await.unwrap();
    stage.click("{ role: button, name: Give the code }").await.unwrap();
    stage.see("{ role: button, name: Cancel this job }").await.unwrap();
    let row = web.store.close_question(id, QuestionState::Answered).await.unwrap().unwrap();
    assert_eq!(opener.open(&row.answer.unwrap()).unwrap().expose_secret(), "123456");
    assert_eq!(row.answered_by.as_deref(), Some("me"));
    web.end().await;
}

#[tokio::test]
async fn a_job_that_ended_for_want_of_a_code_is_submitted_once_more_to_wait_for_one() {
    let web = Web::start().await;
    let account = web.account("acme/alice", "alice").await;
    let begun = web.begun(&account).await;
    web.ended(&begun, Code::MfaUnmanaged, "the app asks for a code", None).await;
    let client = web.signed_in(&[Scope::Read, Scope::Submit]).await;
    let page = text(&client, web.at("/needs-you")).await;
    assert!(page.contains("--address") && page.contains("and wait for a code of mine"), "{page}");
    let form = [("csrf", csrf(&page)), ("wait", "yes")];
    let retry = web.at(&format!("/jobs/{}/retry", begun.job));
    let response = client.post(retry).form(&form).send().await.unwrap();
    let id: Uuid = location(&response).strip_prefix("/jobs/").unwrap().parse().unwrap();
    let job = web.store.job(id).await.unwrap().unwrap().job;
    assert_eq!(job.wait_for_human, Duration::from_secs(600));
    assert!(text(&client, web.at(&format!("/jobs/{id}"))).await.contains("10 min 0 s at most"));
    web.end().await;
}

#[tokio::test]
async fn a_code_is_taken_from_those_only_who_may_give_it() {
    let web = Web::start().await;
    let account = web.account("acme/alice", "alice").await;
    let begun = web.begun(&account).await;
    let id = Uuid::now_v7();
    let new = NewQuestion {
        id,
        job: begun.job,
        attempt: begun.attempt,
        account,
        wanted: Wanted::Totp,
        step: "<script>".to_owned(),
        key: Opener::new(id).unwrap().public().to_vec(),
        refused: None,
        lasts: LONG,
    };
    web.store.ask(&new, None).await.unwrap();
    let (page, answer) = (format!("/jobs/{}", begun.job), format!("/jobs/{}/answer", begun.job));
    let reader = web.signed_in(&[Scope::Read]).await;
    let shown = text(&reader, web.at(&page)).await;
    assert!(shown.contains("This job waits for a person") && !shown.contains("name=\"code\""), "{shown}");
    assert!(!shown.contains("<script>"), "{shown}");
    let operator = web.signed_in(&[Scope::Read, Scope::Operate]).await;
    for page in ["/needs-you".to_owned(), page] {
        let shown = text(&operator, web.at(&page)).await;
        assert!(shown.contains("name=\"code\"") && shown.contains("authenticator app"), "{shown}");
    }
    let shown = text(&operator, web.at("/needs-you")).await;
    let form =
        |csrf: &str| [("csrf", csrf.to_owned()), ("question", id.to_string()), ("code", "123456".to_owned())];
    let post = async |client: &Client, csrf: &str| {
        client.post(web.at(&answer)).form(&form(csrf)).send().await.unwrap().status()
    };
    assert_eq!(post(&reader, csrf(&shown)).await, StatusCode::FORBIDDEN);
    assert_eq!(post(&operator, "forged").await, StatusCode::FORBIDDEN);
    assert_eq!(web.store.question(id).await.unwrap().unwrap().state, QuestionState::Open);
    assert_eq!(post(&operator, csrf(&shown)).await, StatusCode::SEE_OTHER);
    assert_eq!(post(&operator, csrf(&shown)).await, StatusCode::CONFLICT, "a code is taken once");
    web.end().await;
}

#[tokio::test]
async fn a_job_that_was_cancelled_asks_for_nothing_more() {
    let web = Web::start().await;
    let account = web.account("acme/alice", "alice").await;
    let begun = web.begun(&account).await;
    let id = Uuid::now_v7();
    let new = NewQuestion {
        id,
        job: begun.job,
        attempt: begun.attempt,
        account,
        wanted: Wanted::EmailCode,
        step: "login.5".to_owned(),
        key: Opener::new(id).unwrap().public().to_vec(),
        refused: Some("<p> \"Wrong code\"".to_owned()),
        lasts: LONG,
    };
    web.store.ask(&new, None).await.unwrap();
    let job = web.at(&format!("/jobs/{}", begun.job));
    let operator = web.signed_in(&[Scope::Read, Scope::Operate]).await;
    let page = text(&operator, job.clone()).await;
    assert!(page.contains("name=\"code\"") && !page.contains("it was told to end"), "{page}");
    assert!(page.contains("and showed &#60;p&#62; &#34;Wrong code&#34;"), "{page}");
    let form = [("csrf", csrf(&page))];
    let response = operator.post(format!("{job}/cancel")).form(&form).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let page = text(&operator, job).await;
    assert!(page.contains("it was told to end") && !page.contains("name=\"code\""), "{page}");
    assert!(page.contains(&format!("/jobs/{}/cancel\" hidden", begun.job)), "{page}");
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_taken_by_a_button() {
    let web = Web::start().await;
    let account = web.account("acme/alice", "alice").await;
    let stage = signed_in(&web).await;
    for (button, said) in [("It is done, go on", "go_on"), ("Give up", "give_up")] {
        let begun = web.begun(&account).await;
        let id = Uuid::now_v7();
        let opener = Opener::new(id).unwrap();
        let new = NewQuestion {
            id,
            job: begun.job,
            attempt: begun.attempt,
            account: account.clone(),
            wanted: Wanted::Decision,
            step: "login.5".to_owned(),
            key: opener.public().to_vec(),
            refused: None,
            lasts: LONG,
        };
        web.store.ask(&new, None).await.unwrap();
        stage.goto(&format!("/jobs/{}", begun.job)).await.unwrap();
        stage.click(&format!("{{ role: button, name: {button:?} }}")).await.unwrap();
        stage.see("{ role: button, name: Cancel this job }").await.unwrap();
        let row = web.store.close_question(id, QuestionState::Answered).await.unwrap().unwrap();
        assert_eq!(opener.open(&row.answer.unwrap()).unwrap().expose_secret(), said);
        web.ended(&begun, Code::HumanWanted, "given up", None).await;
    }
    web.end().await;
}

#[tokio::test]
async fn a_question_is_for_those_who_see_its_account() {
    let web = Web::start().await;
    let alice = web.account("acme/alice", "alice").await;
    let bob = web.account("acme/bob", "bob").await;
    let begun = web.begun(&bob).await;
    let id = Uuid::now_v7();
    let new = NewQuestion {
        id,
        job: begun.job,
        attempt: begun.attempt,
        account: bob.clone(),
        wanted: Wanted::EmailCode,
        step: "login.5".to_owned(),
        key: Opener::new(id).unwrap().public().to_vec(),
        refused: None,
        lasts: LONG,
    };
    web.store.ask(&new, None).await.unwrap();
    let limited = web.named("limited", Scope::ALL, true).await;
    web.store.share(&alice, "limited", Role::Owner, "the test").await.unwrap();
    let browser = web.signed_in_with(&limited).await;
    let asked = async |path: &str| {
        let request = client().get(web.at(path)).bearer_auth(limited.expose());
        request.send().await.unwrap().text().await.unwrap()
    };
    let page = text(&browser, web.at("/needs-you")).await;
    let form = csrf(&page).to_owned();
    for told in [page, text(&browser, web.at("/log")).await, asked("/api/v1/questions").await] {
        assert!(!told.contains("bob") && !told.contains("for you</a>"), "{told}");
    }
    let look = browser.get(web.at(&format!("/jobs/{}/view?question={id}", begun.job))).send().await.unwrap();
    assert_eq!(look.status(), StatusCode::NOT_FOUND);
    assert!(!web.store.question(id).await.unwrap().unwrap().watched, "nobody looks on");
    let given = [("csrf", form.as_str()), ("question", &id.to_string()), ("code", "123456")];
    let by_form =
        browser.post(web.at(&format!("/jobs/{}/answer", begun.job))).form(&given).send().await.unwrap();
    assert_eq!(by_form.status(), StatusCode::NOT_FOUND);
    let by_api = client().post(web.at(&format!("/api/v1/jobs/{}/answer", begun.job)));
    let by_api = by_api.bearer_auth(limited.expose()).body(r#"{"code": "123456"}"#).send().await.unwrap();
    assert_eq!(by_api.status(), StatusCode::NOT_FOUND);
    assert!(web.store.question(id).await.unwrap().unwrap().answer.is_none());
    // Shared with them, it is theirs to answer.
    web.store.share(&bob, "limited", Role::Collaborator, "the test").await.unwrap();
    assert!(asked("/api/v1/questions").await.contains("bob"));
    let by_form =
        browser.post(web.at(&format!("/jobs/{}/answer", begun.job))).form(&given).send().await.unwrap();
    assert_eq!(by_form.status(), StatusCode::SEE_OTHER);
    assert_eq!(web.store.question(id).await.unwrap().unwrap().answered_by.as_deref(), Some("limited"));
    web.end().await;
}
