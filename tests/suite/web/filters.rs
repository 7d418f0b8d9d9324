//! What of the log is asked for, by an address; and how apps and the fleet fare.

use super::*;

#[tokio::test]
async fn an_address_is_a_filter() {
    let web = Web::start().await;
    let (alice, bob) = (web.account("acme/alice", "alice").await, web.account("shop/bob", "bob").await);
    let first = web.begun(&alice).await;
    web.ended(&first, Code::Captcha, "it asks for proof", None).await;
    let second = web.begun(&bob).await;
    web.ended(&second, Code::LoggedIn, "well", None).await;
    let reader = web.signed_in(&[Scope::Read]).await;
    let hour_ahead = (Timestamp::now() + LONG * 6).to_string();
    for (query, shown) in [
        ("", [true, true]),
        ("app=acme", [true, false]),
        ("account=shop%2Fbob", [false, true]),
        ("outcome=failed", [true, false]),
        ("kind=verify_login", [true, true]),
        ("kind=change_password", [false, false]),
        ("code=captcha", [true, false]),
        ("code=logged_in&app=acme", [false, false]),
        ("requested_by=somebody", [false, false]),
        ("since=1h", [true, true]),
        ("until=1h", [false, false]),
        (&format!("since={hour_ahead}"), [false, false]),
        (&format!("until={hour_ahead}"), [true, true]),
        (&format!("job={}", second.job), [false, true]),
    ] {
        let page = text(&reader, web.at(&format!("/log?{query}"))).await;
        let has = [first.attempt, second.attempt].map(|attempt| page.contains(&attempt.to_string()));
        assert_eq!(has, shown, "{query}");
    }
    // What is asked for stands in the form, so that it can be changed; and it is kept on the next page.
    let page = text(&reader, web.at("/log?code=captcha&since=3d")).await;
    assert!(page.contains("<option selected>captcha") && page.contains("value=\"3d\""), "{page}");
    assert!(page.contains("<details open>"), "{page}");
    let page = text(&reader, web.at("/log")).await;
    assert!(page.contains("<details>"), "{page}");
    for wrong in ["since=soon", "kind=dance", "code=x", "until=99999999999999999999d"] {
        let response = reader.get(web.at(&format!("/log?{wrong}"))).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{wrong}");
    }
    web.end().await;
}

#[tokio::test]
async fn apps_and_fleet_tell_how_they_fare() {
    let web = Web::start().await;
    let alice = web.account("acme/alice", "alice").await;
    for code in [Code::LoggedIn, Code::LoggedIn, Code::Captcha] {
        let begun = web.begun(&alice).await;
        web.ended(&begun, code, "", None).await;
    }
    let waiting = Job::new(Kind::ChangePassword, alice);
    web.store.submit(&waiting, None).await.unwrap();
    let reader = web.signed_in(&[Scope::Read]).await;
    let apps = text(&reader, web.at("/apps")).await;
    assert!(apps.contains("66 % of the last 3") && apps.contains("verify_login "), "{apps}");
    let fleet = text(&reader, web.at("/fleet")).await;
    assert!(fleet.contains("<dt>Due</dt><dd>1 job, the oldest since"), "{fleet}");
    assert!(fleet.contains(&format!("/jobs/{}", waiting.id)), "{fleet}");
    assert!(fleet.contains("succeeded</a></th><td>2</td><td>2</td>"), "{fleet}");
    assert!(fleet.contains("No workers: ") && !fleet.contains("Last sign of life"), "{fleet}");
    web.end().await;
}
