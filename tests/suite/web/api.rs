//! Jobs and the log for programs.

use serde_json::{Value, json};
use turnlock::queue::rabbit::RabbitQueue;
use turnlock::store::{AuditOutcome, AuditQuery, AuditRow, JobQuery, JobState};
use turnlock::vault::NewAccount;

use super::*;
use crate::harness::SOON;
use crate::harness::rabbit::Broker;

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
    one_job(&web).await;
    assert!(!fleet(&web).await.contains("Messages in the broker"));
    web.end().await;
    // No worker has taken the first message.
    let mut broker = Broker::start().await;
    let url = broker.url().into();
    let queue = |store| -> Arc<dyn Queue> { Arc::new(RabbitQueue::publish_only(&url, store)) };
    let web = Web::start_on(None, Duration::from_secs(1), queue).await;
    one_job(&web).await;
    // What waits there is counted, whoever has put it there.
    assert!(fleet(&web).await.contains("jobs high 0, jobs normal 2, jobs low 0"));
    let reader = web.token(&[Scope::Read]).await;
    let metrics = client().get(web.at("/metrics")).bearer_auth(reader.expose()).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(metrics.contains(r#"turnlock_broker_messages{queue="turnlock.jobs.normal"} 2"#), "{metrics}");
    broker.stop().await;
    let begun = std::time::Instant::now();
    while !fleet(&web).await.contains("not counted") {
        assert!(begun.elapsed() < SOON, "that the broker is away is told");
    }
    web.end().await;
}

async fn fleet(web: &Web) -> String {
    let browser = web.signed_in(&[Scope::Read]).await;
    browser.get(web.at("/fleet")).send().await.unwrap().text().await.unwrap()
}

async fn one_job(web: &Web) {
    web.account("acme/alice", "alice").await;
    web.account("acme/bob", "bob").await;
    let (token, other) = (web.token(&[Scope::Submit, Scope::Read]).await, web.token(&[Scope::Submit]).await);
    let body =
        json!({ "kind": "verify_login", "account": "acme/alice", "reason": "a test", "deadline": "90s" });
    let (status, first) = submit(web, &token, Some("order 7"), &body).await;
    assert_eq!((status, &first["state"]), (StatusCode::CREATED, &json!("queued")), "{first}");
    let (status, again) = submit(web, &token, Some("order 7"), &body).await;
    assert_eq!((status, &again["id"]), (StatusCode::OK, &first["id"]));
    let (_, of_other) = submit(web, &other, Some("order 7"), &body).await;
    assert_ne!(of_other["id"], first["id"], "another caller's key is another key");
    let bob = json!({ "kind": "verify_login", "account": "acme/bob" });
    let (status, problem) = submit(web, &token, Some("order 7"), &bob).await;
    assert_eq!((status, &problem["status"]), (StatusCode::CONFLICT, &json!(409)), "{problem}");
    for (field, value) in [
        ("reason", json!("another")),
        ("priority", json!("high")),
        ("deadline", json!("91s")),
        ("wait_for_human", json!("10m")),
        ("options", json!({ "evidence": true })),
    ] {
        let mut wished = body.clone();
        wished[field] = value;
        let (status, problem) = submit(web, &token, Some("order 7"), &wished).await;
        assert_eq!(status, StatusCode::CONFLICT, "{field}: {problem}");
    }
    // Whose token it is stands in the log.
    let id: Uuid = first["id"].as_str().unwrap().parse().unwrap();
    let row = web.store.job(id).await.unwrap().unwrap();
    assert!(row.job.requested_by.unwrap().starts_with('t'));
    assert_eq!(row.job.deadline, Duration::from_secs(90));
    let shown = client().get(web.at(&format!("/api/v1/jobs/{id}"))).bearer_auth(token.expose()).send().await;
    let shown = json_of(shown.unwrap()).await;
    assert_eq!((&shown["id"], &shown["reason"]), (&first["id"], &json!("a test")));
    let browser = web.signed_in(&[Scope::Read]).await;
    let short = &id.to_string()[28..];
    let problem =
        client().get(web.at(&format!("/api/v1/jobs/{short}"))).bearer_auth(token.expose()).send().await;
    let problem = json_of(problem.unwrap()).await;
    assert_eq!(problem["status"], 404);
    assert!(problem["detail"].as_str().unwrap().contains("the whole of it is wanted"), "{problem}");
    let page = browser.get(web.at(&format!("/jobs/{id}"))).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
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
    let audits = web.store.audits(&AuditQuery::default()).await.unwrap();
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

#[tokio::test]
async fn jobs_are_listed_also_those_that_only_wait() {
    let web = Web::start().await;
    let account = web.account("acme/alice", "alice").await;
    let token = web.token(&[Scope::Read]).await;
    let list = async |query: &str| {
        let request = client().get(web.at(&format!("/api/v1/jobs{query}"))).bearer_auth(token.expose());
        let response = request.send().await.unwrap();
        let status = response.status();
        (status, json_of(response).await)
    };
    let begun = web.begun(&account).await;
    web.ended(&begun, Code::Captcha, "", None).await;
    let (due, later) = (Job::new(Kind::EnrolMfa, account.clone()), Job::new(Kind::VerifyLogin, account));
    web.store.submit(&due, None).await.unwrap();
    web.store.submit(&later, Some(Timestamp::now() + LONG)).await.unwrap();
    let ids = |list: &Value| -> Vec<Uuid> {
        let jobs = list["jobs"].as_array().unwrap();
        jobs.iter().map(|job| job["id"].as_str().unwrap().parse().unwrap()).collect()
    };
    let (status, all) = list("").await;
    assert_eq!((status, ids(&all)), (StatusCode::OK, vec![later.id, due.id, begun.job]));
    let waits: Vec<_> = all["jobs"].as_array().unwrap().iter().map(|job| job["waits"].clone()).collect();
    assert_eq!(waits, [json!("later"), json!("due"), Value::Null]);
    let (_, page) = list("?limit=2").await;
    assert_eq!(ids(&page), [later.id, due.id]);
    let (_, page) = list(&format!("?limit=2&before={}", page["next"])).await;
    assert_eq!((ids(&page), &page["next"]), (vec![begun.job], &Value::Null));
    for (query, wanted) in [
        ("?state=queued", vec![later.id, due.id]),
        ("?state=finished&outcome=needs_human&code=captcha&app=acme&account=acme/alice", vec![begun.job]),
        ("?kind=enrol_mfa", vec![due.id]),
        ("?requested_by=nobody", vec![]),
    ] {
        assert_eq!(ids(&list(query).await.1), wanted, "{query}");
    }
    for wrong in ["?state=lost", "?limit=0", "?limit=501", "?outcome=bad", "?account=alice", "?kind=x"] {
        assert_eq!(list(wrong).await.0, StatusCode::BAD_REQUEST, "{wrong}");
    }
    web.end().await;
}

#[tokio::test]
async fn a_job_that_has_ended_is_submitted_once_more() {
    let web = Web::start().await;
    let account = web.account("acme/alice", "alice").await;
    let token = web.named("bob", &[Scope::Submit], false).await;
    let retry = async |id: Uuid, key: Option<&str>, token: &Secret| {
        let mut request =
            client().post(web.at(&format!("/api/v1/jobs/{id}/retry"))).bearer_auth(token.expose());
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        (status, json_of(response).await)
    };
    let begun = web.begun(&account).await;
    let (status, problem) = retry(begun.job, None, &token).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("a worker performs it"), "{problem}");
    web.ended(&begun, Code::Captcha, "", None).await;
    let (status, once) = retry(begun.job, Some("again"), &token).await;
    assert_eq!((status, &once["state"]), (StatusCode::CREATED, &json!("queued")), "{once}");
    assert_eq!((&once["account"], &once["requested_by"]), (&json!("acme/alice"), &json!("bob")));
    assert_eq!(once["reason"], format!("once more, after {}", begun.job));
    let (status, same) = retry(begun.job, Some("again"), &token).await;
    assert_eq!((status, &same["id"]), (StatusCode::OK, &once["id"]));
    let (status, other) = retry(begun.job, None, &token).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_ne!(other["id"], once["id"]);
    assert_eq!(retry(begun.job, Some(&*"x".repeat(201)), &token).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(retry(Uuid::now_v7(), None, &token).await.0, StatusCode::NOT_FOUND);
    let operator = web.token(&[Scope::Operate]).await;
    assert_eq!(retry(begun.job, None, &operator).await.0, StatusCode::FORBIDDEN);
    let audits = web.store.audits(&AuditQuery::default()).await.unwrap();
    let retries = audits.iter().filter(|row| row.audit.action == "job.retry").map(|row| row.outcome);
    let expected = [AuditOutcome::Done, AuditOutcome::Done, AuditOutcome::Refused];
    assert_eq!(retries.collect::<Vec<_>>(), expected, "the newest first: {audits:?}");
    web.end().await;
}

#[tokio::test]
async fn apps_that_are_well_are_listed_and_the_killed_are_gone_at_once() {
    let web = Web::start().await;
    let token = web.token(&[Scope::Read]).await;
    let get = async |path: &str| client().get(web.at(path)).bearer_auth(token.expose()).send().await.unwrap();
    let apps = json_of(get("/api/v1/apps").await).await;
    assert_eq!((&apps[0]["app"], &apps[0]["breaker"]), (&json!("acme"), &json!("closed")), "{apps}");

    // Their words hold for long, but of one that is known to have ended, here.
    let lives = turnlock::worker::identity::new_worker();
    let mut parts: Vec<&str> = lives.as_str().split(':').collect();
    parts[1] = "4194305"; // beyond the greatest process number
    for worker in [lives.clone(), WorkerId::new(parts.join(":"))] {
        let beat = turnlock::store::Beat {
            worker,
            version: "0".to_owned(),
            slots: 1,
            duty: turnlock::store::Duty::Working,
            overrules: false,
            hold: LONG,
            browser_memory: None,
        };
        web.store.worker_beat(&beat).await.unwrap();
    }
    let workers = json_of(get("/api/v1/workers").await).await;
    for row in workers.as_array().unwrap() {
        assert_eq!(row["gone"], json!(row["worker"] != lives.as_str()), "{workers}");
    }
    let metrics = get("/metrics").await.text().await.unwrap();
    for line in ["turnlock_workers{state=\"alive\"} 1", "turnlock_workers{state=\"gone\"} 1"] {
        assert!(metrics.contains(line), "`{line}` is not in {metrics}");
    }
    web.end().await;
}

#[tokio::test]
async fn a_password_in_a_reason_is_masked_before_it_is_written_down_and_when_its_job_is_cancelled() {
    let web = Web::start_with(Some(MasterKey::generate().unwrap())).await;
    let alice: AccountRef = "acme/alice".parse().unwrap();
    let new = NewAccount {
        account: alice.clone(),
        username: "alice".to_owned(),
        address: None,
        number: None,
        password: Some("Said-In-The-Clear-7".into()),
        totp: None,
    };
    web.vault.as_ref().unwrap().add_account(&new).await.unwrap();
    let token = web.token(&[Scope::Submit, Scope::Read, Scope::Operate]).await;
    let (clear, masked) = ("pw is Said-In-The-Clear-7 ok", "pw is [secret] ok");
    let body = json!({ "kind": "verify_login", "account": alice, "reason": clear, "requested_by": clear });
    for _ in 0..2 {
        let (status, job) = submit(&web, &token, Some("one"), &body).await;
        assert!(status.is_success() && job["reason"] == masked, "{job}");
    }
    let [row] = &web.store.job_list(&JobQuery { limit: 9, ..JobQuery::default() }).await.unwrap()[..] else {
        panic!("it is one job")
    };
    assert_eq!(row.job.reason.as_deref(), Some(masked));
    assert!(row.job.requested_by.as_deref().unwrap().starts_with(masked), "{row:?}");
    // Whoever guesses is told by it that the guess was right, and so is the owner.
    let audit = web.store.audits(&AuditQuery::default()).await.unwrap();
    let told = |row: &AuditRow| {
        row.audit.detail.as_deref().is_some_and(|said| said.ends_with("held a secret of the account"))
    };
    assert_eq!(audit.iter().filter(|row| told(row)).count(), 1, "{audit:?}");
    // What another server has written down, and no worker will ever look at.
    let job = Job { reason: Some(clear.to_owned()), ..Job::new(Kind::VerifyLogin, alice) };
    web.store.submit(&job, None).await.unwrap();
    let cancel = client().post(web.at(&format!("/api/v1/jobs/{}/cancel", job.id)));
    assert_eq!(cancel.bearer_auth(token.expose()).send().await.unwrap().status(), StatusCode::OK);
    let row = web.store.job(job.id).await.unwrap().unwrap();
    assert_eq!((row.state, row.job.reason.as_deref()), (JobState::Cancelled, Some(masked)));
    web.end().await;
}

/// The probes need no token, and their like in the API one.
#[tokio::test]
async fn health_is_a_part_of_the_api() {
    let web = Web::start().await;
    let reader = web.token(&[Scope::Read]).await;
    let response = client().get(web.at("/api/v1/health")).bearer_auth(reader.expose()).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let health = json_of(response).await;
    assert_eq!(health, json!({ "status": "ready", "version": env!("CARGO_PKG_VERSION") }));
    let document: Value = serde_json::to_value(turnlock::web::openapi()).unwrap();
    assert!(!document["paths"]["/api/v1/health"]["get"]["responses"]["503"].is_null());
    web.end().await;
}
