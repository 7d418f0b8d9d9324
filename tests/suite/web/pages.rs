//! What is read page by page: the audit, and the accounts.

use serde_json::{Value, json};
use turnlock::store::Role;

use super::roles::{sent, with_vault};
use super::*;

#[tokio::test]
async fn the_audit_is_read_page_by_page() {
    let (web, [alice, bob]) = with_vault().await;
    let operator = web.named("operator", &[Scope::Operate, Scope::Submit, Scope::Read], false).await;
    for account in [&alice, &bob, &alice] {
        let body = json!({ "kind": "verify_login", "account": account });
        let response = sent(&web, "POST", "/api/v1/jobs", &operator, Some(body)).await;
        assert_eq!(response.status(), StatusCode::CREATED);
    }
    let get = async |path: &str| -> Value {
        serde_json::from_str(&sent(&web, "GET", path, &operator, None).await.text().await.unwrap()).unwrap()
    };
    let (mut seen, mut before) = (Vec::new(), String::new());
    loop {
        let page = get(&format!("/api/v1/audit?limit=2&who=operator{before}")).await;
        seen.extend(page["entries"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_i64() else { break };
        before = format!("&before={next}");
    }
    assert_eq!(seen.len(), 3);
    for entry in &seen {
        assert_eq!((&entry["action"], &entry["outcome"]), (&json!("job.submit"), &json!("done")), "{entry}");
    }
    let of_bob = get("/api/v1/audit?account=acme%2Fbob").await;
    assert_eq!(of_bob["entries"].as_array().unwrap().len(), 1);
    for wrong in ["limit=0", "limit=501", "account=bob", "before=x"] {
        let response = sent(&web, "GET", &format!("/api/v1/audit?{wrong}"), &operator, None).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{wrong}");
    }
    let browser = web.signed_in_with(&operator).await;
    let page = text(&browser, web.at("/audit?account=acme%2Fbob")).await;
    assert!(page.contains("job.submit") && page.contains("href=\"/audit\""), "{page}");
    web.end().await;
}

#[tokio::test]
async fn milestones_and_pages_of_accounts() {
    let (web, [alice, bob]) = with_vault().await;
    web.named("somebody", &[Scope::Read], false).await;
    web.store.share(&alice, "somebody", Role::Collaborator, "the test").await.unwrap();
    let begun = web.begun(&alice).await;
    web.ended(&begun, Code::LoggedIn, "well", None).await;
    let token = web.token(&[Scope::Read]).await;
    let get = async |path: &str| -> Value {
        serde_json::from_str(&sent(&web, "GET", path, &token, None).await.text().await.unwrap()).unwrap()
    };
    let first = get("/api/v1/accounts?app=acme&limit=1").await;
    assert_eq!(first["accounts"][0]["account"], json!(alice), "{first}");
    assert_eq!(first["accounts"][0]["milestones"], json!(["credentials_right", "mfa_on", "shared"]));
    assert_eq!(first["accounts"][0]["recovery_codes"], json!(0));
    let second =
        get(&format!("/api/v1/accounts?app=acme&limit=1&after={}", first["next"].as_str().unwrap())).await;
    assert_eq!(
        (&second["accounts"][0]["account"], &second["accounts"][0]["milestones"]),
        (&json!(bob), &json!(["mfa_on"]))
    );
    let found = get("/api/v1/accounts?name=BO").await;
    assert_eq!(found["accounts"].as_array().unwrap().len(), 1);
    assert_eq!(found["next"], Value::Null);

    let browser = web.signed_in_with(&token).await;
    let page = text(&browser, web.at("/accounts?name=alice")).await;
    for part in ["3 of 5", "Missing: managed address, rotating", "on, by TOTP", "0 days"] {
        assert!(page.contains(part), "`{part}` is not in {page}");
    }
    assert!(!page.contains("acme/bob"), "{page}");
    web.end().await;
}
