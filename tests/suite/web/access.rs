//! Nobody gets an answer without the scope that it needs.

use serde_json::Value;
use sqlx::{Connection as _, Executor as _, SqliteConnection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use turnlock::store::{AuditOutcome, AuditQuery};

use super::*;
use crate::suite::inbox::wire::SelfSigned;

/// What each scope opens beside the pages that are read.
const OPERATED: &str = "/audit";

/// Every operation of the API, by its own document, with a method and a path that could be meant.
fn operations() -> Vec<(String, String)> {
    let document: Value = serde_json::to_value(turnlock::web::openapi()).unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path.replace("{id}", "0197e2a4-7c1e-7aaa-8000-0123456789ab");
        let path = path.replace("{app}/{name}", "acme/alice");
        for method in ["get", "post", "put", "patch", "delete"] {
            if item.get(method).is_some() {
                assert!(
                    item[method]["responses"].get("503").is_some(),
                    "{method} {path}: it may take too long"
                );
                all.push((method.to_uppercase(), path.clone()));
            }
        }
    }
    assert!(all.len() >= 12, "{all:?}");
    all
}

async fn asked(web: &Web, method: &str, path: &str, token: Option<&str>) -> Response {
    let mut request = client().request(method.parse().unwrap(), web.at(path));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    request.send().await.unwrap()
}

#[tokio::test]
async fn nothing_is_answered_without_a_token() {
    let web = Web::start().await;
    let expired = Secret::new().unwrap();
    let revoked = Secret::new().unwrap();
    for (secret, name, expires_at) in
        [(&expired, "expired", Some(Timestamp::UNIX_EPOCH)), (&revoked, "revoked", None)]
    {
        let new = NewToken {
            id: Uuid::now_v7(),
            name: name.to_owned(),
            hash: secret.hash(),
            scopes: Scope::ALL.to_vec(),
            only_shared: false,
            expires_at,
            created_by: None,
        };
        web.store.add_token(&new).await.unwrap();
    }
    assert!(web.store.revoke_token("revoked").await.unwrap());
    let bad = [None, Some("turnlock_guess"), Some(expired.expose()), Some(revoked.expose()), Some("")];
    for token in bad {
        for (method, path) in operations().into_iter().chain([("GET".to_owned(), "/metrics".to_owned())]) {
            let response = asked(&web, &method, &path, token).await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{method} {path} {token:?}");
            assert_eq!(response.headers()["content-type"], "application/problem+json");
            assert!(response.headers().contains_key("www-authenticate"));
        }
        let job = "/jobs/0197e2a4-7c1e-7aaa-8000-0123456789ab";
        for path in PAGES.into_iter().chain([
            job,
            OPERATED,
            "/accounts/acme/alice",
            "/",
            "/log/events",
            "/attempts/x/screenshot.png",
        ]) {
            let response = asked(&web, "GET", path, token).await;
            assert_eq!(response.status(), StatusCode::SEE_OTHER, "{path} {token:?}");
            assert!(location(&response).starts_with("/login?next=%2F"), "{path}");
        }
    }
    for path in ["/healthz", "/readyz", "/login", "/static/turnlock.css", "/api/v1/openapi.json"] {
        assert_eq!(asked(&web, "GET", path, None).await.status(), StatusCode::OK, "{path}");
    }
    web.end().await;
}

#[tokio::test]
async fn a_token_is_good_for_its_scopes_and_nothing_else() {
    let web = Web::start().await;
    let account = web.account("acme/alice", "alice").await;
    let begun = web.begun(&account).await;
    for scope in Scope::ALL.iter().copied() {
        let token = web.token(&[scope]).await;
        for (method, path) in operations() {
            let needs = match (&*method, path.rsplit('/').next().unwrap()) {
                (_, "audit" | "cancel" | "requeue" | "answer") => Scope::Operate,
                (_, "reveal") => Scope::Reveal,
                ("GET", _) => Scope::Read,
                _ => Scope::Submit,
            };
            if scope == needs {
                continue;
            }
            let response = asked(&web, &method, &path, Some(token.expose())).await;
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{method} {path} with {scope}");
            let problem: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
            assert!(problem["detail"].as_str().unwrap().contains(needs.as_str()), "{problem}");
        }
        if scope != Scope::Operate {
            let response = asked(&web, "GET", OPERATED, Some(token.expose())).await;
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{OPERATED} with {scope}");
        }
        if scope != Scope::Read {
            for path in PAGES
                .into_iter()
                .map(str::to_owned)
                .chain([format!("/jobs/{}", begun.job), "/accounts/acme/alice".to_owned()])
            {
                let response = asked(&web, "GET", &path, Some(token.expose())).await;
                assert_eq!(response.status(), StatusCode::FORBIDDEN, "{path} with {scope}");
            }
        }
    }
    // Who may read has no buttons, and they would be of no use.
    let reader = web.signed_in(&[Scope::Read]).await;
    let page = text(&reader, web.at(&format!("/jobs/{}", begun.job))).await;
    assert!(!page.contains("/cancel\""), "{page}");
    let form = [("csrf", csrf(&page))];
    for path in [
        format!("/jobs/{}/cancel", begun.job),
        format!("/jobs/{}/requeue", begun.job),
        format!("/jobs/{}/retry", begun.job),
        format!("/jobs/{}/answer", begun.job),
        "/apps/acme/reset".to_owned(),
        "/accounts/acme/alice/login".to_owned(),
        "/accounts/acme/alice/reveal".to_owned(),
        "/accounts/acme/alice/totp".to_owned(),
    ] {
        let response = reader.post(web.at(&path)).form(&form).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{path}");
    }
    web.end().await;
}

#[tokio::test]
async fn a_form_of_another_site_does_nothing() {
    let web = Web::start().await;
    let account = web.account("acme/alice", "alice").await;
    let begun = web.begun(&account).await;
    let (operator, other) = (web.signed_in(Scope::ALL).await, web.signed_in(Scope::ALL).await);
    let job = web.at(&format!("/jobs/{}", begun.job));
    let (page, of_other) = (text(&operator, job.clone()).await, text(&other, job.clone()).await);
    for forged in ["", "x", csrf(&of_other)] {
        let response = operator.post(format!("{job}/cancel")).form(&[("csrf", forged)]).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{forged}");
        assert!(
            response.headers()["content-type"].to_str().unwrap().starts_with("text/html"),
            "people read it"
        );
        let page = response.text().await.unwrap();
        assert!(
            page.contains("nothing was done: go back, load the page again") && page.contains("href=\"/log\""),
            "{page}"
        );
    }
    // A session is for pages: no other site can have a browser use the API with it.
    let response = operator.post(web.at(&format!("/api/v1/jobs/{}/cancel", begun.job))).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let row = web.store.job(begun.job).await.unwrap().unwrap();
    assert_eq!(row.state.as_str(), "running");
    let wanted = web.store.heartbeat(&begun.claim, LONG).await.unwrap();
    assert!(!wanted, "nobody has asked for an end");

    let response =
        operator.post(format!("{job}/cancel")).form(&[("csrf", csrf(&page))]).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert!(web.store.heartbeat(&begun.claim, LONG).await.unwrap(), "its worker is told");
    let audits = web.store.audits(&AuditQuery::default()).await.unwrap();
    assert_eq!((&*audits[0].audit.action, &*audits[0].audit.target), ("job.cancel", &*begun.job.to_string()));
    assert_eq!((audits[0].outcome, &audits[0].audit.account), (AuditOutcome::Done, &Some(account)));

    // Whoever signs out, or whose token is revoked, is out.
    let response = operator.post(web.at("/logout")).form(&[("csrf", csrf(&page))]).send().await.unwrap();
    assert_eq!(location(&response), "/login");
    let audits = web.store.audits(&AuditQuery::default()).await.unwrap();
    assert_eq!((&*audits[0].audit.action, audits[0].outcome), ("session.end", AuditOutcome::Done));
    assert_eq!(operator.get(job.clone()).send().await.unwrap().status(), StatusCode::SEE_OTHER);
    let name = web.store.tokens().await.unwrap().remove(1).token.name;
    web.store.revoke_token(&name).await.unwrap();
    assert_eq!(other.get(job).send().await.unwrap().status(), StatusCode::SEE_OTHER);
    web.end().await;
}

#[tokio::test]
async fn a_sign_in_leads_nowhere_else_and_the_cookie_is_for_no_script() {
    let web = Web::start().await;
    let token = web.token(&[Scope::Read]).await;
    for next in ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""] {
        let form = [("token", token.expose()), ("next", next)];
        let response = client().post(web.at("/login")).form(&form).send().await.unwrap();
        assert_eq!(location(&response), "/log", "{next}");
        let cookie = response.headers()["set-cookie"].to_str().unwrap();
        for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        assert!(!cookie.contains(token.expose()), "the cookie is a secret of its own");
    }
    let form = [("token", "turnlock_guess"), ("next", "/log")];
    let response = client().post(web.at("/login")).form(&form).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert!(!response.headers().contains_key("set-cookie"));
    // Not for long.
    let mut last = response;
    for _ in 0..30 {
        last = client().post(web.at("/login")).form(&form).send().await.unwrap();
    }
    assert_eq!(last.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(last.headers()["retry-after"], "10");
    web.end().await;
}

#[tokio::test]
async fn no_token_crosses_a_network_in_the_clear() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(folder.path().join("t.db")).await.unwrap());
    let queue = Arc::new(EmbeddedQueue::new(Arc::clone(&store)));
    let everywhere = Options { listen: ([0, 0, 0, 0], 0).into(), ..options(folder.path()) };
    let refused = Server::bind(everywhere.clone(), store.clone(), queue.clone()).await.err().unwrap();
    assert!(refused.to_string().contains("--behind-proxy"), "{refused}");
    let behind = Options { behind_proxy: true, ..everywhere };
    assert!(Server::bind(behind, store, queue).await.is_ok());
}

#[tokio::test]
async fn who_comes_by_tls_is_told_to_come_by_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(folder.path().join("t.db")).await.unwrap());
    let queue = Arc::new(EmbeddedQueue::new(Arc::clone(&store)));
    let certificate = SelfSigned::new();
    let tls = Options { tls: Some(certificate.files()), ..options(folder.path()) };
    let server = Server::bind(tls, store, queue).await.unwrap();
    let address = server.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(async move { server.run(stopped).await.unwrap() });
    let mut stream = certificate.connect(TcpStream::connect(address).await.unwrap()).await;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    assert!(
        said.starts_with("HTTP/1.1 200") && said.contains("strict-transport-security: max-age="),
        "{said}"
    );
    stop.send_replace(true);
    serving.await.unwrap();
    // In the clear it would mean nothing.
    let web = Web::start().await;
    let response = asked(&web, "GET", "/healthz", None).await;
    assert!(!response.headers().contains_key("strict-transport-security"));
    web.end().await;
}

#[tokio::test]
async fn a_method_that_is_not_for_it_is_refused_with_the_reason() {
    let web = Web::start().await;
    let token = web.token(&[Scope::Read]).await;
    for (method, path, allow) in [
        ("DELETE", "/api/v1/jobs", "POST,GET,HEAD"),
        ("POST", "/api/v1/apps", "GET,HEAD"),
        ("PUT", "/metrics", "GET,HEAD"),
        ("POST", "/api/v1/openapi.json", "GET,HEAD"),
    ] {
        let response = asked(&web, method, path, Some(token.expose())).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{method} {path}");
        assert_eq!(response.headers()["allow"], allow, "{method} {path}");
    }
    let response = asked(&web, "DELETE", "/api/v1/jobs", None).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "who is not known learns nothing");
    web.end().await;
}

#[tokio::test]
async fn only_hashes_are_kept() {
    let web = Web::start().await;
    let token = web.token(Scope::ALL).await;
    let client = web.signed_in(Scope::ALL).await;
    text(&client, web.at("/log")).await;
    let cookie = {
        let form = [("token", token.expose())];
        let response = super::client().post(web.at("/login")).form(&form).send().await.unwrap();
        let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
        cookie.split(['=', ';']).nth(1).unwrap().to_owned()
    };
    for entry in std::fs::read_dir(web.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let words = String::from_utf8_lossy(&bytes).into_owned();
        assert!(!words.contains(token.expose()) && !words.contains(&cookie), "{}", path.display());
    }
    assert!(cookie.starts_with("turnlock_") && cookie.len() > 40);
    web.end().await;
}

/// Who asks for a page is told what is the matter as people read it; a program, as programs do.
#[tokio::test]
async fn a_page_says_that_the_database_is_away() {
    let web = Web::start().await;
    let (browser, token) = (web.signed_in(&[Scope::Read]).await, web.token(&[Scope::Read]).await);
    let file = format!("sqlite://{}", web.folder.path().join("turnlock.db").display());
    let mut raw = SqliteConnection::connect(&file).await.unwrap();
    raw.execute("ALTER TABLE sessions RENAME TO sessions_away; ALTER TABLE tokens RENAME TO tokens_away")
        .await
        .unwrap();
    for path in ["/log", "/fleet", "/jobs/0197e2a4-7c1e-7aaa-8000-0123456789ab"] {
        let response = browser.get(web.at(path)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(response.headers().contains_key("retry-after"), "{path}");
        let page = response.text().await.unwrap();
        assert!(
            page.contains("<h1>Service Unavailable</h1>") && page.contains("does not answer; try again"),
            "{page}"
        );
    }
    let response = asked(&web, "GET", "/api/v1/attempts", Some(token.expose())).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    // The address of a form, loaded anew, and a form that is none.
    let page = browser.get(web.at("/logout")).send().await.unwrap();
    assert!(
        page.status() == StatusCode::SERVICE_UNAVAILABLE || page.status() == StatusCode::METHOD_NOT_ALLOWED
    );
    let response = client().post(web.at("/login")).body("no form").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(response.text().await.unwrap().contains("load it again"));
    web.end().await;
}

#[tokio::test]
async fn whoever_is_revoked_watches_no_longer() {
    let web = Web::start().await;
    let account = web.account("acme/alice", "alice").await;
    let begun = web.begun(&account).await;
    let token = web.token(&[Scope::Read]).await;
    let name = web.store.tokens().await.unwrap().remove(0).token.name;
    let mut open = Vec::new();
    for path in ["/api/v1/events", "/log/events", "/fleet/events", &*format!("/jobs/{}/events", begun.job)] {
        let path = path.to_owned();
        let response = asked(&web, "GET", &path, Some(token.expose())).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        open.push((path, response));
    }
    web.store.revoke_token(&name).await.unwrap();
    for (path, response) in open {
        tokio::time::timeout(crate::harness::SOON, response.text()).await.expect("it ends").unwrap();
        let again = asked(&web, "GET", &path, Some(token.expose())).await;
        assert_ne!(again.status(), StatusCode::OK, "{path}");
    }
    web.end().await;
}

#[tokio::test]
async fn nobody_is_signed_in_from_another_site() {
    let web = Web::start().await;
    let token = web.token(&[Scope::Read]).await;
    let form = [("token", token.expose())];
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let response = client().post(web.at("/login")).header(name, value).form(&form).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{name}");
        assert!(!response.headers().contains_key("set-cookie"));
    }
    let own = client().post(web.at("/login")).header("origin", &web.url).form(&form).send().await.unwrap();
    assert_eq!(own.status(), StatusCode::SEE_OTHER);
    web.end().await;
}

/// Who hangs up before the answer leaves no change that the audit does not tell of.
#[tokio::test]
async fn what_was_begun_goes_to_its_end_whoever_hangs_up() {
    const TIMES: usize = 20;
    let web = Web::start().await;
    web.account("acme/alice", "alice").await;
    let token = web.token(&[Scope::Submit]).await;
    let body = r#"{ "kind": "verify_login", "account": "acme/alice" }"#;
    let request = format!(
        "POST /api/v1/jobs HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\r\n{body}",
        token.expose(),
        body.len()
    );
    let address = web.url.strip_prefix("http://").unwrap();
    for _ in 0..TIMES {
        let mut caller = tokio::net::TcpStream::connect(address).await.unwrap();
        caller.write_all(request.as_bytes()).await.unwrap();
    }
    let until = tokio::time::Instant::now() + crate::harness::SOON;
    let begun = loop {
        let query = AuditQuery { limit: 100, ..AuditQuery::default() };
        let rows = web.store.audits(&query).await.unwrap();
        let done = rows.iter().filter(|row| row.outcome == AuditOutcome::Done).count();
        // Some callers may be gone before the server has looked at what they want: nothing is begun then.
        if done > 0 && done == rows.len() {
            break done;
        }
        assert!(tokio::time::Instant::now() < until, "{done} are done: {rows:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(web.store.waiting_and_running().await.unwrap().0, begun as u64);
    web.end().await;
}
