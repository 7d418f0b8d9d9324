//! Jobs and the log for programs.

use serde_json::{Value, json};

use super::*;

async fn json_of(response: Response) -> Value {
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

async fn submit(web: &Web, token: &Secret, key: Option<&str>, body: &Value) -> (StatusCode, Value) {
    let mut request = client().post(web.at("/api/v1/jobs")).bearer_auth(token.expose());
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let response = request.body(body.to_string()).send().await.unwrap();
    (response.status(), json_of(response).await)
}

#[tokio::test]
async fn the_same_request_twice_is_one_job() {
    let web = Web::start().await;
    web.account("acme/alice", "alice").await;
    web.account("acme/bob", "bob").await;
    let (token, other) = (web.token(&[Scope::Submit, Scope::Read]).await, web.token(&[Scope::Submit]).await);
    let body =
        json!({ "kind": "verify_login", "account": "acme/alice", "reason": "a test", "deadline": "90s" });
    let (status, first) = submit(&web, &token, Some("order 7"), &body).await;
    assert_eq!((status, &first["state"]), (StatusCode::CREATED, &json!("queued")), "{first}");
    let (status, again) = submit(&web, &token, Some("order 7"), &body).await;
    assert_eq!((status, &again["id"]), (StatusCode::OK, &first["id"]));
    let (_, of_other) = submit(&web, &other, Some("order 7"), &body).await;
    assert_ne!(of_other["id"], first["id"], "another caller's key is another key");
    let bob = json!({ "kind": "verify_login", "account": "acme/bob" });
    let (status, problem) = submit(&web, &token, Some("order 7"), &bob).await;
    assert_eq!((status, &problem["status"]), (StatusCode::CONFLICT, &json!(409)), "{problem}");
    // Whose token it is stands in the log.
    let id: Uuid = first["id"].as_str().unwrap().parse().unwrap();
    let row = web.store.job(id).await.unwrap().unwrap();
    assert!(row.job.requested_by.unwrap().starts_with('t'));
    assert_eq!(row.job.deadline, Duration::from_secs(90));
    let shown = client().get(web.at(&format!("/api/v1/jobs/{id}"))).bearer_auth(token.expose()).send().await;
    let shown = json_of(shown.unwrap()).await;
    assert_eq!((&shown["id"], &shown["reason"]), (&first["id"], &json!("a test")));
    web.end().await;
}

#[tokio::test]
async fn prometheus_learns_what_ended_and_what_waits() {
    let web = Web::start().await;
    let account = web.account("acme/alice", "alice").await;
    let token = web.token(&[Scope::Read]).await;
    let scrape = async || {
        let request = client().get(web.at("/metrics")).bearer_auth(token.expose());
        request.send().await.unwrap().text().await.unwrap()
    };
    let begun = web.begun(&account).await;
    web.ended(&begun, Code::LoggedIn, "well", None).await;
    web.store.submit(&Job::new(Kind::VerifyLogin, account), None).await.unwrap();
    let ended = "turnlock_attempts_total{app=\"acme\",kind=\"verify_login\",outcome=\"succeeded\",code=\"logged_in\"} 1";
    let until = tokio::time::Instant::now() + crate::harness::SOON;
    let text = loop {
        let text = scrape().await;
        if text.contains(ended) {
            break text;
        }
        assert!(tokio::time::Instant::now() < until, "{text}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    for line in [
        "turnlock_jobs{state=\"due\"} 1",
        "turnlock_attempt_duration_seconds_count{app=\"acme\",kind=\"verify_login\"} 1",
        "turnlock_workers{state=\"alive\"} 0",
        "turnlock_jobs_waiting_for_people 0",
        "# EOF",
    ] {
        assert!(text.contains(line), "`{line}` is not in {text}");
    }
    web.end().await;
}

#[tokio::test]
async fn a_job_is_requeued_that_waits_for_its_time() {
    let web = Web::start().await;
    let account = web.account("acme/alice", "alice").await;
    let operator = web.token(&[Scope::Operate]).await;
    let requeue = async |id: Uuid, token: &Secret| {
        let request =
            client().post(web.at(&format!("/api/v1/jobs/{id}/requeue"))).bearer_auth(token.expose());
        let response = request.send().await.unwrap();
        let status = response.status();
        (status, serde_json::from_str::<Value>(&response.text().await.unwrap()).unwrap())
    };
    let job = Job::new(Kind::VerifyLogin, account.clone());
    web.store.submit(&job, Some(Timestamp::now() + LONG)).await.unwrap();
    assert_eq!(requeue(job.id, &web.token(&[Scope::Submit]).await).await.0, StatusCode::FORBIDDEN);
    let (status, came) = requeue(job.id, &operator).await;
    assert_eq!((status, &came["came"]), (StatusCode::OK, &json!("due")));
    assert_eq!(requeue(job.id, &operator).await.1["came"], "already");
    let running = web.store.claim_next(&WorkerId::new("w"), LONG).await.unwrap().unwrap();
    let (status, problem) = requeue(running.job.id, &operator).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(
        problem["detail"].as_str().unwrap().contains("wait until that has ended, or cancel it"),
        "{problem}"
    );
    assert_eq!(requeue(Uuid::now_v7(), &operator).await.0, StatusCode::NOT_FOUND);
    // Of accounts that are not shared, there is no job.
    let other = web.named("other", &[Scope::Operate], true).await;
    assert_eq!(requeue(job.id, &other).await.0, StatusCode::NOT_FOUND);
    let audits = web.store.audits(&turnlock::store::AuditQuery::default()).await.unwrap();
    assert_eq!(audits.iter().filter(|row| row.audit.action == "job.requeue").count(), 3, "{audits:?}");
    web.end().await;
}

#[tokio::test]
async fn what_is_no_job_is_refused_with_the_reason() {
    let web = Web::start().await;
    web.account("acme/alice", "alice").await;
    let token = web.token(&[Scope::Submit]).await;
    let fine = json!({ "kind": "verify_login", "account": "acme/alice" });
    for (wrong, status, part) in [
        (json!([]), 400, "not a JSON object"),
        (json!({ "kind": "verify_login" }), 400, "account"),
        (json!({ "kind": "sing_in", "account": "acme/alice" }), 400, "kind"),
        (json!({ "kind": "verify_login", "account": "acme/nobody" }), 404, "acme/nobody"),
        (json!({ "kind": "verify_login", "account": "acme/alice", "password": "hunter2" }), 400, "secret"),
        (json!({ "kind": "verify_login", "account": "acme/alice", "requested_by": 7 }), 400, "requested_by"),
        (
            json!({ "kind": "verify_login", "account": "acme/alice", "reason": "x".repeat(501) }),
            400,
            "reason",
        ),
    ] {
        let (said, problem) = submit(&web, &token, None, &wrong).await;
        let detail = problem["detail"].as_str().unwrap();
        assert!(said.as_u16() == status && detail.contains(part), "{wrong}: {problem}");
        assert!(!detail.contains("hunter2"));
    }
    for key in ["", "ü", &"x".repeat(201)] {
        let request = client().post(web.at("/api/v1/jobs")).bearer_auth(token.expose());
        let response = request.header("idempotency-key", key).body(fine.to_string()).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{key}");
    }
    assert_eq!(web.store.waiting_and_running().await.unwrap(), (0, 0));
    web.end().await;
}

#[tokio::test]
async fn the_log_is_read_page_by_page_and_a_job_is_cancelled() {
    let web = Web::start().await;
    let account = web.account("acme/alice", "alice").await;
    let token = web.token(&[Scope::Read, Scope::Operate]).await;
    let get = async |path: String| -> Value {
        let response = client().get(web.at(&path)).bearer_auth(token.expose()).send().await.unwrap();
        json_of(response).await
    };
    for _ in 0..5 {
        let begun = web.begun(&account).await;
        web.step(&begun, 1, "open /login", Some(StepResult::Ok)).await;
        web.ended(&begun, Code::LoggedIn, "well", None).await;
    }
    let (mut seen, mut before) = (Vec::new(), String::new());
    loop {
        let page = get(format!("/api/v1/attempts?limit=2&app=acme{before}")).await;
        seen.extend(page["attempts"].as_array().unwrap().iter().map(|row| row["seq"].as_i64().unwrap()));
        let Some(next) = page["next"].as_i64() else { break };
        before = format!("&before={next}");
    }
    assert!(seen.len() == 5 && seen.is_sorted_by(|a, b| a > b), "{seen:?}");
    let newest = get("/api/v1/attempts?limit=1".to_owned()).await["attempts"][0].clone();
    let one = get(format!("/api/v1/attempts/{}", newest["id"].as_str().unwrap())).await;
    assert_eq!((&one["code"], &one["steps"][0]["summary"]), (&json!("logged_in"), &json!("open /login")));

    let begun = web.begun(&account).await;
    let url = web.at(&format!("/api/v1/jobs/{}/cancel", begun.job));
    let came = json_of(client().post(url).bearer_auth(token.expose()).send().await.unwrap()).await;
    assert_eq!(came["came"], "asked");
    web.end().await;
}
