//! Who is what to an account, and what is shown to them of it.

use secrecy::SecretString;
use serde_json::{Value, json};
use turnlock::store::{AuditOutcome, AuditQuery, Role};
use turnlock::vault::NewAccount;

use super::*;

const PASSWORD: &str = "correct-horse-7731-battery";
const TOTP: &str = "otpauth://totp/acme:alice?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=acme";

/// A server with a vault, in which two accounts lie.
pub(super) async fn with_vault() -> (Web, [AccountRef; 2]) {
    let web = Web::start_with(Some(MasterKey::generate().unwrap())).await;
    let accounts = ["acme/alice", "acme/bob"].map(|name| name.parse::<AccountRef>().unwrap());
    for account in &accounts {
        let new = NewAccount {
            account: account.clone(),
            username: account.name().to_owned(),
            address: None,
            number: None,
            password: Some(SecretString::from(PASSWORD)),
            totp: Some(SecretString::from(TOTP)),
        };
        web.vault.as_ref().unwrap().add_account(&new).await.unwrap();
    }
    (web, accounts)
}

pub(super) async fn sent(
    web: &Web,
    method: &str,
    path: &str,
    token: &Secret,
    body: Option<Value>,
) -> Response {
    let request = client().request(method.parse().unwrap(), web.at(path)).bearer_auth(token.expose());
    let request = match body {
        Some(body) => request.body(body.to_string()),
        None => request,
    };
    request.send().await.unwrap()
}

async fn post(web: &Web, path: &str, token: &Secret) -> (StatusCode, Value) {
    let response = sent(web, "POST", path, token, None).await;
    assert_eq!(response.headers()["cache-control"], "no-store", "{path}");
    (response.status(), serde_json::from_str(&response.text().await.unwrap()).unwrap())
}

/// The newest row of the audit: who, what, and what came of it.
async fn newest(web: &Web) -> (String, String, AuditOutcome) {
    let row = web.store.audits(&AuditQuery { limit: 1, ..AuditQuery::default() }).await.unwrap().remove(0);
    (row.audit.who, row.audit.action, row.outcome)
}

fn row(who: &str, action: &str, outcome: AuditOutcome) -> (String, String, AuditOutcome) {
    (who.to_owned(), action.to_owned(), outcome)
}

#[tokio::test]
async fn an_owner_sees_the_password_and_nobody_else_does() {
    let (web, [alice, _]) = with_vault().await;
    // Roles count for every token, also for those that see all accounts.
    for only_shared in [false, true] {
        let name = |what: &str| format!("{what}-{only_shared}");
        let owner = web.named(&name("owner"), Scope::ALL, only_shared).await;
        let helper = web.named(&name("helper"), Scope::ALL, only_shared).await;
        let stranger = web.named(&name("stranger"), Scope::ALL, only_shared).await;
        let blunt =
            web.named(&name("blunt"), &[Scope::Read, Scope::Submit, Scope::Operate], only_shared).await;
        for (who, role) in [("owner", Role::Owner), ("helper", Role::Collaborator), ("blunt", Role::Owner)] {
            web.store.share(&alice, &name(who), role, "the test").await.unwrap();
        }
        let path = "/api/v1/accounts/acme/alice/reveal";
        let (status, shown) = post(&web, path, &owner).await;
        assert_eq!(
            (status, &shown["password"], &shown["username"]),
            (StatusCode::OK, &json!(PASSWORD), &json!("alice"))
        );
        assert_eq!(newest(&web).await, row(&name("owner"), "account.reveal", AuditOutcome::Done));

        let (status, refused) = post(&web, path, &helper).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert!(refused["detail"].as_str().unwrap().contains("never sees its password"), "{refused}");
        assert_eq!(newest(&web).await, row(&name("helper"), "account.reveal", AuditOutcome::Refused));

        let (status, refused) = post(&web, path, &stranger).await;
        assert_eq!(status, if only_shared { StatusCode::NOT_FOUND } else { StatusCode::FORBIDDEN });
        assert_eq!(newest(&web).await, row(&name("stranger"), "account.reveal", AuditOutcome::Refused));
        let (_, unknown) = post(&web, "/api/v1/accounts/acme/nobody/reveal", &stranger).await;
        let (there, not) = (refused["detail"].to_string(), unknown["detail"].to_string());
        assert_eq!(only_shared, there.replace("alice", "nobody") == not, "{there} {not}");

        let (status, refused) = post(&web, path, &blunt).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert!(refused["detail"].as_str().unwrap().contains("the scope `reveal`"));
        // A role is one of an account, not of its neighbour.
        let (status, _) = post(&web, "/api/v1/accounts/acme/bob/reveal", &owner).await;
        assert_ne!(status, StatusCode::OK);
    }
    // In a browser, by a button of the account's page, and by no other site's form.
    let owner = web.named("owner", Scope::ALL, true).await;
    let helper = web.named("helper", Scope::ALL, true).await;
    for (who, role) in [("owner", Role::Owner), ("helper", Role::Collaborator)] {
        web.store.share(&alice, who, role, "the test").await.unwrap();
    }
    let (owner, helper) = (web.signed_in_with(&owner).await, web.signed_in_with(&helper).await);
    let at = web.at("/accounts/acme/alice");
    let (page, of_helper) = (text(&owner, at.clone()).await, text(&helper, at.clone()).await);
    assert!(page.contains("Show the password") && page.contains("helper, collaborator"), "{page}");
    assert!(
        !of_helper.contains("Show the password") && of_helper.contains("Show a TOTP code"),
        "{of_helper}"
    );
    assert!(!of_helper.contains("owner, owner"), "with whom it is shared is for owners: {of_helper}");
    let before = web.store.audits(&AuditQuery::default()).await.unwrap().len();
    for what in ["reveal", "totp", "login"] {
        for forged in ["", "x", csrf(&of_helper)] {
            let response = owner.post(format!("{at}/{what}")).form(&[("csrf", forged)]).send().await.unwrap();
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{what} {forged}");
            assert!(!response.text().await.unwrap().contains(PASSWORD));
        }
    }
    assert_eq!(web.store.audits(&AuditQuery::default()).await.unwrap().len(), before, "nothing was asked");
    let response = owner.post(format!("{at}/reveal")).form(&[("csrf", csrf(&page))]).send().await.unwrap();
    assert_eq!(
        (response.status(), &response.headers()["cache-control"]),
        (StatusCode::OK, &"no-store".parse().unwrap())
    );
    assert!(response.text().await.unwrap().contains(PASSWORD));
    assert_eq!(newest(&web).await, row("owner", "account.reveal", AuditOutcome::Done));
    let response =
        helper.post(format!("{at}/reveal")).form(&[("csrf", csrf(&of_helper))]).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert!(!response.text().await.unwrap().contains(PASSWORD));
    assert_eq!(newest(&web).await, row("helper", "account.reveal", AuditOutcome::Refused));
    let response =
        helper.post(format!("{at}/login")).form(&[("csrf", csrf(&of_helper))]).send().await.unwrap();
    assert!(location(&response).starts_with("/jobs/"));
    assert_eq!(newest(&web).await, row("helper", "job.submit", AuditOutcome::Done));
    // A session is for pages: no other site can have a browser ask.
    let browser = web.signed_in(Scope::ALL).await;
    let response = browser.post(web.at("/api/v1/accounts/acme/alice/reveal")).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    web.end().await;
}

#[tokio::test]
async fn a_collaborator_uses_an_account_without_its_password() {
    let (web, [alice, bob]) = with_vault().await;
    let helper = web.named("helper", &[Scope::Submit, Scope::Read], true).await;
    web.store.share(&alice, "helper", Role::Collaborator, "the test").await.unwrap();
    let path = "/api/v1/accounts/acme/alice/totp";
    // The current code may be about to expire: then the answer says when there is another.
    let response = loop {
        let response = sent(&web, "POST", path, &helper, None).await;
        let Some(wait) = response.headers().get("retry-after") else { break response };
        assert_eq!(response.status(), StatusCode::CONFLICT);
        tokio::time::sleep(Duration::from_secs(wait.to_str().unwrap().parse().unwrap())).await;
    };
    assert_eq!(
        (response.status(), &response.headers()["cache-control"]),
        (StatusCode::OK, &"no-store".parse().unwrap())
    );
    let shown: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    let code = shown["code"].as_str().unwrap().to_owned();
    assert!(code.len() == 6 && code.chars().all(|c| c.is_ascii_digit()), "{shown}");
    assert_eq!(newest(&web).await, row("helper", "account.code", AuditOutcome::Done));
    // A code is shown once.
    let again = sent(&web, "POST", path, &helper, None).await;
    if again.status() != StatusCode::OK {
        assert_eq!(again.status(), StatusCode::CONFLICT);
        let wait: u64 = again.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=30).contains(&wait), "{wait}");
        assert_eq!(newest(&web).await, row("helper", "account.code", AuditOutcome::Refused));
    } else {
        let other: Value = serde_json::from_str(&again.text().await.unwrap()).unwrap();
        assert_ne!(other["code"], json!(code), "a new step has begun");
    }

    let submit = async |kind: &str, account: &AccountRef| {
        let body = json!({ "kind": kind, "account": account });
        let response = sent(&web, "POST", "/api/v1/jobs", &helper, Some(body)).await;
        let status = response.status();
        (status, serde_json::from_str::<Value>(&response.text().await.unwrap()).unwrap())
    };
    let (status, job) = submit("verify_login", &alice).await;
    assert_eq!(status, StatusCode::CREATED, "{job}");
    assert_eq!(newest(&web).await, row("helper", "job.submit", AuditOutcome::Done));
    for kind in ["change_password", "enrol_mfa", "set_contact", "reconcile"] {
        let (status, refused) = submit(kind, &alice).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{kind}");
        assert!(refused["detail"].as_str().unwrap().contains("for its owners"), "{refused}");
    }
    let (status, refused) = submit("verify_login", &bob).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(refused["detail"].as_str().unwrap().contains("there is no account acme/bob"), "{refused}");
    // For an owner, all of them.
    web.store.share(&alice, "helper", Role::Owner, "the test").await.unwrap();
    assert_eq!(submit("change_password", &alice).await.0, StatusCode::CREATED);
    // The password left the vault for nobody, and neither is written anywhere in the clear.
    scan(&web, &[PASSWORD, "JBSWY3DPEHPK3PXP", &code]).await;
    web.end().await;
}

/// A button that would be refused is none; and who asks all the same finds it in the audit.
#[tokio::test]
async fn a_collaborator_is_shown_no_button_that_is_for_owners() {
    let (web, [alice, _]) = with_vault().await;
    let change = Job::new(Kind::ChangePassword, alice.clone());
    web.store.submit(&change, None).await.unwrap();
    let token = web.named("helper", Scope::ALL, true).await;
    web.store.share(&alice, "helper", Role::Collaborator, "the test").await.unwrap();
    let helper = web.signed_in_with(&token).await;
    let at = format!("/jobs/{}", change.id);
    let page = text(&helper, web.at(&at)).await;
    assert!(!page.contains("Cancel this job") && !page.contains("Requeue it now"), "{page}");
    let form = csrf(&page).to_owned();
    let refused = async |what: &str| {
        let response =
            helper.post(web.at(&format!("{at}/{what}"))).form(&[("csrf", &form)]).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{what}");
        assert_eq!(newest(&web).await, row("helper", &format!("job.{what}"), AuditOutcome::Refused));
    };
    refused("cancel").await;
    refused("requeue").await;
    refused("retry").await;

    let worker = WorkerId::new("w");
    let claim = web.store.claim_next(&worker, LONG).await.unwrap().unwrap();
    let attempt = NewAttempt {
        id: Uuid::now_v7(),
        job: change.id,
        kind: change.kind,
        account: alice.clone(),
        number: 1,
        worker,
        queued_at: Timestamp::now(),
        started_at: Timestamp::now(),
    };
    web.store.start_attempt(&attempt, None).await.unwrap();
    web.ended(
        &Begun { claim, attempt: attempt.id, job: change.id },
        Code::PasswordRefused,
        "too short",
        None,
    )
    .await;
    for page in [at.as_str(), "/needs-you"] {
        let page = text(&helper, web.at(page)).await;
        assert!(page.contains("too short") && !page.contains("Submit it once more"), "{page}");
    }
    web.store.share(&alice, "helper", Role::Owner, "the test").await.unwrap();
    for page in [at.as_str(), "/needs-you"] {
        assert!(text(&helper, web.at(page)).await.contains("Submit it once more"), "{page}");
    }
    // One that is tried again by itself is not submitted once more, and that is written down, too.
    let running = web.begun(&alice).await;
    let retry = web.at(&format!("/jobs/{}/retry", running.job));
    let response = helper.post(retry).form(&[("csrf", &form)]).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::CONFLICT);
    let said = response.text().await.unwrap();
    assert!(said.contains("a worker performs it; wait until that has ended, or cancel it"), "{said}");
    assert_eq!(newest(&web).await, row("helper", "job.retry", AuditOutcome::Refused));
    web.end().await;
}

/// No file of the server's holds one of these.
async fn scan(web: &Web, secrets: &[&str]) {
    let audits = web.store.audits(&AuditQuery { limit: 1000, ..AuditQuery::default() }).await.unwrap();
    let words = format!("{audits:?}");
    for secret in secrets {
        assert!(!words.contains(secret), "the audit holds it: {words}");
    }
    let mut files = 0;
    for entry in std::fs::read_dir(web.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let Ok(bytes) = std::fs::read(&path) else { continue };
        files += 1;
        for secret in secrets.iter().filter(|secret| secret.len() > 6) {
            assert!(!String::from_utf8_lossy(&bytes).contains(secret), "{}", path.display());
        }
    }
    assert!(files > 0);
}

#[tokio::test]
async fn a_server_without_a_vault_says_so_to_those_who_may_ask() {
    let web = Web::start().await;
    let alice = web.account("acme/alice", "alice").await;
    let owner = web.named("owner", Scope::ALL, false).await;
    web.store.share(&alice, "owner", Role::Owner, "the test").await.unwrap();
    for what in ["reveal", "totp"] {
        let (status, problem) = post(&web, &format!("/api/v1/accounts/acme/alice/{what}"), &owner).await;
        assert_eq!(status, StatusCode::NOT_IMPLEMENTED);
        assert!(problem["detail"].as_str().unwrap().contains("--with-vault"), "{problem}");
        let other = web.token(Scope::ALL).await;
        let (status, _) = post(&web, &format!("/api/v1/accounts/acme/alice/{what}"), &other).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "whoever may not ask does not learn it");
    }
    web.end().await;
}

/// Every endpoint that there is for those who are known, asked with a token that is good for shared accounts only: what has
/// to do with other accounts is not there.
#[tokio::test]
async fn who_has_shared_accounts_only_sees_nothing_of_others() {
    let (web, [alice, bob]) = with_vault().await;
    let evidence = web.artifacts().join("bob");
    std::fs::create_dir_all(&evidence).unwrap();
    std::fs::write(evidence.join("page.txt"), "what bob saw").unwrap();
    let mine = web.begun(&alice).await;
    web.ended(&mine, Code::Captcha, "mine", None).await;
    let theirs = web.begun(&bob).await;
    web.step(&theirs, 1, "open /bob", Some(StepResult::Ok)).await;
    web.ended(&theirs, Code::Captcha, "of bob", Some(&evidence)).await;
    let token = web.named("limited", Scope::ALL, true).await;
    web.store.share(&alice, "limited", Role::Owner, "the test").await.unwrap();
    let browser = web.signed_in_with(&token).await;

    let of_bob = |text: &str| text.contains("bob");
    // What names another account's things is not there, as if it never had been.
    for (method, path) in [
        ("GET", format!("/api/v1/jobs/{}", theirs.job)),
        ("POST", format!("/api/v1/jobs/{}/cancel", theirs.job)),
        ("POST", format!("/api/v1/jobs/{}/requeue", theirs.job)),
        ("POST", format!("/api/v1/jobs/{}/retry", theirs.job)),
        ("POST", format!("/api/v1/jobs/{}/answer", theirs.job)),
        ("GET", format!("/api/v1/attempts/{}", theirs.attempt)),
        ("POST", "/api/v1/accounts/acme/bob/reveal".to_owned()),
        ("POST", "/api/v1/accounts/acme/bob/totp".to_owned()),
        ("POST", "/api/v1/accounts/acme/nobody/reveal".to_owned()),
        ("POST", "/api/v1/accounts/acme/nobody/totp".to_owned()),
    ] {
        let response = sent(&web, method, &path, &token, None).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{method} {path}");
    }
    // Nor does it show by what is done, and so by the time: of the account that is there as much is written down.
    let tries = web.store.audits(&AuditQuery::default()).await.unwrap();
    let of = |account: &str| {
        let of =
            tries.iter().filter(|row| row.audit.account.as_ref().is_some_and(|of| of.to_string() == account));
        of.map(|row| (row.audit.action.clone(), row.outcome)).collect::<Vec<_>>()
    };
    assert!(of("acme/bob").len() == 2 && of("acme/bob") == of("acme/nobody"), "{tries:?}");
    let body = json!({ "kind": "verify_login", "account": bob });
    let response = sent(&web, "POST", "/api/v1/jobs", &token, Some(body)).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    for path in [
        format!("/jobs/{}", theirs.job),
        format!("/jobs/{}/events", theirs.job),
        format!("/attempts/{}/page.txt", theirs.attempt),
        "/accounts/acme/bob".to_owned(),
    ] {
        let response = browser.get(web.at(&path)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert!(!response.text().await.unwrap().replace("no account acme/bob", "").contains("bob"), "{path}");
    }
    let form = csrf(&text(&browser, web.at(&format!("/jobs/{}", mine.job))).await).to_owned();
    for path in [
        format!("/jobs/{}/cancel", theirs.job),
        format!("/jobs/{}/requeue", theirs.job),
        format!("/jobs/{}/retry", theirs.job),
        "/accounts/acme/bob/login".to_owned(),
        "/accounts/acme/bob/reveal".to_owned(),
        "/accounts/acme/bob/totp".to_owned(),
    ] {
        let response = browser.post(web.at(&path)).form(&[("csrf", &form)]).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
    }
    // What is about all accounts is for others.
    for path in ["/api/v1/apps", "/api/v1/workers", "/metrics"] {
        let response = sent(&web, "GET", path, &token, None).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{path}");
        assert!(response.text().await.unwrap().contains("about all of them"), "{path}");
    }
    for path in ["/apps", "/fleet", "/apps/events", "/fleet/events"] {
        let response = browser.get(web.at(path)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{path}");
    }
    let response = browser.post(web.at("/apps/acme/reset")).form(&[("csrf", &form)]).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    // Lists hold what is theirs, and nothing else.
    for path in [
        "/api/v1/jobs",
        "/api/v1/jobs?app=acme",
        "/api/v1/attempts",
        "/api/v1/attempts?app=acme",
        "/api/v1/accounts",
        "/api/v1/audit",
    ] {
        let list = sent(&web, "GET", path, &token, None).await.text().await.unwrap();
        assert!(!of_bob(&list), "{path}: {list}");
        assert!(path.ends_with("audit") || list.contains("alice"), "{path}: {list}");
    }
    for path in [
        "/log",
        "/log?account=acme%2Fbob",
        "/jobs",
        "/jobs?account=acme%2Fbob",
        "/needs-you",
        "/accounts",
        "/audit",
    ] {
        let page = text(&browser, web.at(path)).await;
        assert!(!of_bob(&page.replace("value=\"acme/bob\"", "")), "{path}: {page}");
        assert!(!page.contains("href=\"/fleet\"") && !page.contains("href=\"/apps\""), "{path}: {page}");
    }
    // Streams tell of what is theirs: what is another's came first, and would have been told first.
    for path in ["/api/v1/events?after=0", "/log/events?after=0"] {
        let told = sent(&web, "GET", path, &token, None).await.text().await.unwrap();
        assert!(told.contains("alice") && !of_bob(&told), "{path}: {told}");
        let all = web.token(&[Scope::Read]).await;
        let told = sent(&web, "GET", path, &all, None).await.text().await.unwrap();
        assert!(told.contains("alice") && of_bob(&told), "others are told of both: {told}");
    }
    let stream = sent(&web, "GET", "/needs-you/events", &token, None).await;
    assert_eq!(stream.status(), StatusCode::OK);
    web.begun(&bob).await;
    web.begun(&alice).await;
    let told = stream.text().await.unwrap();
    assert!(told.contains("event: goes_on\ndata: acme/alice") && !of_bob(&told), "{told}");
    // Every operation was asked about.
    let document: Value = serde_json::to_value(turnlock::web::openapi()).unwrap();
    let known = [
        "/api/v1/accounts",
        "/api/v1/accounts/{app}/{name}/reveal",
        "/api/v1/accounts/{app}/{name}/totp",
        "/api/v1/apps",
        "/api/v1/attempts",
        "/api/v1/attempts/{id}",
        "/api/v1/audit",
        "/api/v1/events",
        "/api/v1/health",
        "/api/v1/jobs",
        "/api/v1/jobs/{id}",
        "/api/v1/jobs/{id}/answer",
        "/api/v1/jobs/{id}/cancel",
        "/api/v1/jobs/{id}/requeue",
        "/api/v1/jobs/{id}/retry",
        "/api/v1/questions",
        "/api/v1/workers",
    ];
    let mut paths: Vec<_> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    paths.sort_unstable();
    assert_eq!(paths, known, "whose accounts does a new operation tell of?");

    // The same token of the account that it owns.
    for path in [format!("/api/v1/jobs/{}", mine.job), format!("/api/v1/attempts/{}", mine.attempt)] {
        assert_eq!(sent(&web, "GET", &path, &token, None).await.status(), StatusCode::OK, "{path}");
    }
    let response = browser
        .post(web.at(&format!("/jobs/{}/retry", mine.job)))
        .form(&[("csrf", &form)])
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    // And no more, once it is shared no more.
    assert!(web.store.unshare(&alice, "limited").await.unwrap());
    let response = sent(&web, "GET", &format!("/api/v1/jobs/{}", mine.job), &token, None).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    web.end().await;
}
