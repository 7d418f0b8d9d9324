//! What of the log is asked for, by an address; and how apps and the fleet fare.

use super::live::signed_in;
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
    let today = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
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
        (&format!("since={today}&until={today}"), [true, true]),
        (&format!("since={today}T00:00&until={today}+23:59:59"), [true, true]),
        (&format!("until={today}T00:00"), [false, false]),
        ("outcome=succeeded,needs_human", [true, true]),
        ("outcome=rejected,succeeded", [false, true]),
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
    // What is no question is said above the form, in which all that was asked for stands still.
    for page in ["log", "jobs"] {
        let asked = format!("/{page}?account=alice&app=acme&code=captcha");
        let response = reader.get(web.at(&asked)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        let page = response.text().await.unwrap();
        for part in ["APP/NAME", "value=\"alice\"", "value=\"acme\"", "<option selected>captcha"] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }
    // The API takes the same outcomes, and says how it wants times.
    let token = web.token(&[Scope::Read]).await;
    let api = async |query: &str| {
        let asked = client().get(web.at(&format!("/api/v1/{query}"))).bearer_auth(token.expose());
        let answer = asked.send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    };
    for list in ["attempts", "jobs"] {
        let (status, failed) = api(&format!("{list}?outcome=failed")).await;
        assert_eq!(status, StatusCode::OK);
        assert!(failed.contains("acme/alice") && !failed.contains("shop/bob"), "{failed}");
        let (_, both) = api(&format!("{list}?outcome=succeeded,needs_human")).await;
        assert!(both.contains("acme/alice") && both.contains("shop/bob"), "{both}");
        let (status, why) = api(&format!("{list}?outcome=well")).await;
        assert!(status == StatusCode::BAD_REQUEST && why.contains("failed"), "{why}");
    }
    for (query, right) in [
        ("jobs?state=lost", "`state` is `lost`: it may be `queued`, `running`, `finished` or `cancelled`"),
        ("jobs?limit=0", "`limit` is 0: it may be 1 to 500"),
        ("attempts?limit=501", "`limit` is 501: it may be 1 to 500"),
        ("accounts?limit=501", "`limit` is 501: it may be 1 to 500"),
        ("attempts?kind=dance", "`kind` is `dance`: it may be `verify_login`, "),
        ("attempts?account=alice", "`account` is `alice`: it is written APP/NAME"),
        ("attempts?code=captchas", "`code` is `captchas`: did you mean `captcha`?"),
    ] {
        let (status, why) = api(query).await;
        assert!(status == StatusCode::BAD_REQUEST && why.contains(right), "{query}: {why}");
    }
    let kinds = turnlock::job::Kind::ALL.map(|kind| kind.as_str());
    let response = reader.get(web.at("/log?kind=dance")).send().await.unwrap().text().await.unwrap();
    assert!(kinds.iter().all(|kind| response.contains(kind)), "{response}");
    // A plus sign that was not written as %2B is a space here, and means what it can only mean.
    for (time, found) in
        [("since=2026-05-31T08:00:00+02:00", true), ("until=2026-05-31T08:00:00+02:00", false)]
    {
        let (status, listed) = api(&format!("attempts?{time}")).await;
        assert!(status == StatusCode::OK && listed.contains("acme/alice") == found, "{listed}");
        let page = text(&reader, web.at(&format!("/log?{time}"))).await;
        assert_eq!(page.contains(&first.attempt.to_string()), found, "{time}");
    }
    let (status, why) = api("attempts?since=2h").await;
    assert!(status == StatusCode::BAD_REQUEST && why.contains("2026-05-31T08:00:00Z"), "{why}");
    web.end().await;
}

/// A saved filter is an address, and means the same to everyone: what has no zone is the browser's where there are scripts,
/// which write it out, and UTC's elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn a_date_in_an_address_says_whose_it_is() {
    let web = Web::start().await;
    let stage = signed_in(&web).await;
    let zone = jiff::tz::TimeZone::system();
    let at = |time: &str| {
        let time = time.parse::<jiff::civil::DateTime>().unwrap().to_zoned(zone.clone()).unwrap();
        time.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    };
    stage.goto("/log?since=3d").await.unwrap();
    stage.see("{ text: are those of your clock }").await.unwrap();
    for (since, until, asked) in [
        ("2026-05-31", "2026-05-31", [at("2026-05-31"), at("2026-06-01")]),
        ("2026-12-24 08:30", "2026-12-31T23:59:59", [at("2026-12-24T08:30"), at("2026-12-31T23:59:59")]),
        ("2h", "2026-05-31T08:00:00+05:30", ["2h".to_owned(), "2026-05-31T08:00:00+05:30".to_owned()]),
    ] {
        stage.fill("{ label: Since }", since).await.unwrap();
        stage.fill("{ label: Until }", until).await.unwrap();
        stage.click("{ role: button, name: Show }").await.unwrap();
        stage.see("{ text: live, exact: true }").await.unwrap();
        let shown = [stage.text("{ label: Since }").await, stage.text("{ label: Until }").await];
        assert_eq!(shown, asked);
    }
    stage.fill("{ label: Since }", "2026-02-31").await.unwrap();
    stage.click("{ role: button, name: Show }").await.unwrap();
    stage.see("{ text: \"`2026-02-31` is no time\" }").await.unwrap();
    // Without scripts.
    let page = text(&web.signed_in(&[Scope::Read]).await, web.at("/log")).await;
    assert!(page.contains("times without a zone, are UTC"), "{page}");
    web.end().await;
}

/// Jobs that have not begun stand in no log: they are found here, each with the buttons of its page.
#[tokio::test]
async fn a_job_that_only_waits_is_found() {
    let web = Web::start().await;
    let (alice, bob) = (web.account("acme/alice", "alice").await, web.account("shop/bob", "bob").await);
    let ended = web.begun(&alice).await;
    web.ended(&ended, Code::Captcha, "it asks for proof", None).await;
    let later = Job::new(Kind::EnrolMfa, alice);
    web.store.submit(&later, Some(Timestamp::now() + LONG)).await.unwrap();
    let due = Job::new(Kind::VerifyLogin, bob.clone());
    web.store.submit(&due, None).await.unwrap();
    let reader = web.signed_in(&[Scope::Read]).await;
    let ids = [ended.job, later.id, due.id];
    for (query, shown) in [
        ("", [true, true, true]),
        ("state=queued", [false, true, true]),
        ("state=queued&app=acme", [false, true, false]),
        ("account=shop%2Fbob", [false, false, true]),
        ("outcome=failed", [true, false, false]),
        ("kind=enrol_mfa&state=queued", [false, true, false]),
        ("code=captcha", [true, false, false]),
    ] {
        let page = text(&reader, web.at(&format!("/jobs?{query}"))).await;
        assert_eq!(ids.map(|id| page.contains(&format!("/jobs/{id}"))), shown, "{query}");
    }
    let page = text(&reader, web.at("/jobs")).await;
    assert!(page.contains("due since <time") && page.contains("for later: <time"), "{page}");
    let fleet = text(&reader, web.at("/fleet")).await;
    assert!(fleet.contains("<a href=\"/jobs?state=queued\">1 job</a>"), "{fleet}");
    let apps = text(&reader, web.at("/apps")).await;
    assert!(apps.contains("/jobs?state=queued&amp;app=acme"), "{apps}");
    // Whoever sees one account finds its jobs only.
    let limited = web.named("limited", &[Scope::Read], true).await;
    web.store.share(&bob, "limited", turnlock::store::Role::Collaborator, "the test").await.unwrap();
    let page = text(&web.signed_in_with(&limited).await, web.at("/jobs")).await;
    assert_eq!(ids.map(|id| page.contains(&id.to_string())), [false, false, true], "{page}");
    // A page holds so many, and the next one goes on behind them.
    for _ in 0..50 {
        web.store.submit(&Job::new(Kind::VerifyLogin, bob.clone()), None).await.unwrap();
    }
    let page = text(&reader, web.at("/jobs?state=queued")).await;
    let older = &page[page.find("/jobs?state=queued&#38;before=").unwrap()..];
    let older = older[..older.find('"').unwrap()].replace("&#38;", "&");
    let page = text(&reader, web.at(&older)).await;
    assert!(page.contains(&later.id.to_string()) && !page.contains("rel=\"next\""), "{page}");
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
    assert!(
        fleet.contains("<dt>Due</dt><dd><a href=\"/jobs?state=queued\">1 job</a>, the oldest since"),
        "{fleet}"
    );
    assert!(fleet.contains(&format!("/jobs/{}", waiting.id)), "{fleet}");
    assert!(fleet.contains("succeeded</a></th><td>2</td><td>2</td>"), "{fleet}");
    assert!(fleet.contains("No workers: ") && !fleet.contains("Last sign of life"), "{fleet}");
    web.end().await;
}
