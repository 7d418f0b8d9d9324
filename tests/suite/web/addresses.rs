//! Where addresses lead, what is not passed over in them, and what the document says of their answers.

use serde_json::Value;
use turnlock::store::Role;

use super::*;

/// As `turnlock log` shows an id.
#[tokio::test]
async fn the_end_of_an_id_leads_to_its_job() {
    let web = Web::start().await;
    let (alice, bob) = (web.account("acme/alice", "alice").await, web.account("acme/bob", "bob").await);
    let job = |id: u128, account: &AccountRef| Job {
        id: Uuid::from_u128(id),
        ..Job::new(Kind::VerifyLogin, account.clone())
    };
    let jobs = [job(0x1_aaaa_3333, &alice), job(0x2_bbbb_3333, &alice), job(0x3_cccc_3333, &bob)];
    for job in &jobs {
        web.store.submit(job, None).await.unwrap();
    }
    let [first, second, third] = jobs.map(|job| format!("/jobs/{}", job.id));
    let limited = web.named("limited", &[Scope::Read], true).await;
    web.store.share(&bob, "limited", Role::Owner, "the test").await.unwrap();
    let (reader, limited) = (web.signed_in(&[Scope::Read]).await, web.signed_in_with(&limited).await);
    for (client, end, to) in
        [(&reader, "aaaa3333", &first), (&reader, "BBBB3333", &second), (&limited, "3333", &third)]
    {
        let response = client.get(web.at(&format!("/jobs/{end}"))).send().await.unwrap();
        assert_eq!((response.status(), location(&response)), (StatusCode::SEE_OTHER, &**to), "{end}");
    }
    let response = reader.get(web.at("/jobs/3333")).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::MULTIPLE_CHOICES);
    let page = response.text().await.unwrap();
    for part in [&first, &second, &third, "verify_login of acme/alice"] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    for (client, end) in [(&reader, "4444"), (&reader, "333"), (&reader, "%25333"), (&limited, "aaaa3333")] {
        let response = client.get(web.at(&format!("/jobs/{end}"))).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{end}");
        assert!(response.text().await.unwrap().contains("write the whole id"), "{end}");
    }
    web.end().await;
}

#[tokio::test]
async fn what_is_asked_by_an_unknown_name_is_refused() {
    let web = Web::start().await;
    let token = web.token(Scope::ALL).await;
    let id = "0197e2a4-7c1e-7aaa-8000-0123456789ab";
    for (method, path, parts) in [
        (
            "GET",
            "/api/v1/attempts?ap=acme",
            "`ap` is no parameter of this address: did you mean `app`? There are `app`, `account`",
        ),
        (
            "GET",
            "/api/v1/attempts?app=acme&colour=red",
            "`colour` is no parameter of this address: there are `app`, ",
        ),
        ("GET", "/api/v1/jobs?statte=queued", "did you mean `state`?"),
        ("GET", "/api/v1/events?kind=verify_login", "there are `app`, `job` and `after`"),
        ("GET", "/api/v1/workers?app=acme", "there are none here"),
        ("GET", &*format!("/api/v1/jobs/{id}?steps=1"), "there are none here"),
        ("POST", "/api/v1/jobs?app=acme", "there are none here"),
        ("POST", &*format!("/api/v1/jobs/{id}/cancel?app=acme"), "there are none here"),
    ] {
        let request = client().request(method.parse().unwrap(), web.at(path)).bearer_auth(token.expose());
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{path}");
        let problem: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        assert!(problem["detail"].as_str().unwrap().contains(parts), "{path}: {problem}");
    }
    // People are told above the form, in which all that was asked for stands still.
    let browser = web.signed_in(Scope::ALL).await;
    for (path, kept) in [
        ("/log?app=acme&acount=acme%2Falice", "value=\"acme\""),
        ("/jobs?app=acme&acount=acme%2Falice", "value=\"acme\""),
        ("/audit?who=bob&acount=acme%2Falice", "value=\"bob\""),
        ("/accounts?app=acme&acount=acme%2Falice", "value=\"acme\""),
    ] {
        let response = browser.get(web.at(path)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{path}");
        let page = response.text().await.unwrap();
        let told = "role=\"alert\">`acount` is no parameter of this address: ";
        assert!(page.contains(told) && page.contains(kept), "{path}: {page}");
        assert!(!page.contains("<p>No ") && !page.contains("<p>Nothing "), "{path}: {page}");
    }
    web.end().await;
}

/// Whatever an operation answers, its document says so.
#[tokio::test]
async fn the_document_names_every_answer() {
    let web = Web::start().await;
    let (all, none) = (web.token(Scope::ALL).await, web.token(&[]).await);
    let document: Value = serde_json::to_value(turnlock::web::openapi()).unwrap();
    let large = "x".repeat(70 * 1024);
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let says = |status: &str| {
                let answer = &operation["responses"][status]["content"]["application/problem+json"];
                assert!(!answer["schema"].is_null(), "{method} {path} does not say what {status} is");
            };
            let at = path.replace("{id}", "x").replace("{app}/{name}", "acme/nobody");
            let ask = async |query: &str, token: Option<&Secret>, body: &str| {
                let request =
                    client().request(method.to_uppercase().parse().unwrap(), web.at(&format!("{at}{query}")));
                let request = match token {
                    Some(token) => request.bearer_auth(token.expose()),
                    None => request,
                };
                let response = request.body(body.to_owned()).send().await.unwrap();
                assert_eq!(response.headers()["content-type"], "application/problem+json", "{method} {at}");
                response.status().as_u16().to_string()
            };
            let mut came = vec![
                ask("?colour=red", Some(&all), "").await,
                ask("", None, "").await,
                ask("", Some(&none), "").await,
            ];
            assert_eq!(came, ["400", "401", "403"], "{method} {path}");
            if path.contains('{') {
                came.push(ask("", Some(&all), "{}").await);
                assert_eq!(came[3], "404", "{method} {path}");
            }
            if method == "post" {
                came.push(ask("", Some(&all), &large).await);
                assert_eq!(came.last().unwrap(), "413", "{method} {path}");
            }
            // Those that take more to come to are the same for all.
            came.extend(["429", "503"].map(str::to_owned));
            came.iter().for_each(|status| says(status));
        }
    }
    web.end().await;
}
