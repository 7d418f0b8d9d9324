//! A button that is pressed twice in a hurry does one thing.

use turnlock::store::{AuditOutcome, AuditQuery};

use super::*;

/// What a page's form sends that leads there, with what only that form has.
fn form(page: &str, action: &str) -> Vec<(&'static str, String)> {
    let form = &page[page.find(action).unwrap_or_else(|| panic!("{action} is not in {page}"))..];
    let form = &form[..form.find("</form>").unwrap()];
    let value = |name: &str| {
        let value = form.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap();
        value[..value.find('"').unwrap()].to_owned()
    };
    vec![("csrf", value("csrf")), ("once", value("once"))]
}

#[tokio::test]
async fn submitted_once_more_by_two_presses_it_is_one_job_for_the_same_reason() {
    let web = Web::start().await;
    let account = web.account("acme/alice", "alice").await;
    let first = Job { reason: Some("quarterly".to_owned()), ..Job::new(Kind::VerifyLogin, account) };
    web.store.submit(&first, None).await.unwrap();
    let client = web.signed_in(&[Scope::Read, Scope::Submit]).await;
    let mut before = first.id;
    for page in ["/needs-you".to_owned(), format!("/jobs/{}", first.id)] {
        let claim = web.store.claim_next(&WorkerId::new("w"), LONG).await.unwrap().unwrap();
        let begun = web.attempt_of(claim).await;
        web.ended(&begun, Code::Captcha, "it asks for proof", None).await;
        let action = format!("/jobs/{}/retry", begun.job);
        let page = page.replace(&first.id.to_string(), &begun.job.to_string());
        let shown = text(&client, web.at(&page)).await;
        let form = form(&shown, &action);
        let presses = [0; 2].map(|_| client.post(web.at(&action)).form(&form).send());
        let answers: Vec<_> =
            futures::future::join_all(presses).await.into_iter().map(Result::unwrap).collect();
        for answer in &answers {
            assert_eq!(answer.status(), StatusCode::SEE_OTHER);
            assert_eq!(location(answer), location(&answers[0]), "both lead to the one job");
        }
        let id: Uuid = location(&answers[0]).strip_prefix("/jobs/").unwrap().parse().unwrap();
        let job = web.store.job(id).await.unwrap().unwrap().job;
        assert_eq!(job.reason.unwrap(), format!("once more, after {}: quarterly", begun.job));
        assert_eq!(web.store.waiting_and_running().await.unwrap(), (1, 0));
        assert_ne!(id, before);
        before = id;
        // The same page made anew is another wish.
        let again = self::form(&text(&client, web.at(&page)).await, &action);
        assert_ne!(again, form);
    }
    let audits = web.store.audits(&AuditQuery::default()).await.unwrap();
    let done =
        audits.iter().filter(|row| row.audit.action == "job.retry" && row.outcome == AuditOutcome::Done);
    assert_eq!(done.count(), 2, "{audits:?}");
    web.end().await;
}

#[tokio::test]
async fn a_login_that_is_tried_by_two_presses_is_one_job() {
    let web = Web::start().await;
    web.account("acme/alice", "alice").await;
    let client = web.signed_in(&[Scope::Read, Scope::Submit]).await;
    let action = "/accounts/acme/alice/login";
    let form = form(&text(&client, web.at("/accounts/acme/alice")).await, action);
    let presses = [0; 2].map(|_| client.post(web.at(action)).form(&form).send());
    let answers = futures::future::join_all(presses).await.into_iter().map(Result::unwrap);
    let led: Vec<_> = answers.map(|answer| location(&answer).to_owned()).collect();
    assert!(led[0].starts_with("/jobs/") && led[0] == led[1], "{led:?}");
    assert_eq!(web.store.waiting_and_running().await.unwrap(), (1, 0));
    web.end().await;
}
