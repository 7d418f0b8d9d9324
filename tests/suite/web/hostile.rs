//! What apps and people have written is shown as text, and nothing outside of the evidence is.

use super::*;

const SCRIPT: &str = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'`";

#[tokio::test]
async fn what_a_page_said_is_text() {
    let web = Web::start().await;
    let account = web.account("acme/alice", SCRIPT).await;
    let begun = web.begun(&account).await;
    web.step(&begun, 1, SCRIPT, Some(StepResult::Failed)).await;
    web.ended(&begun, Code::PageNotAsDescribed, SCRIPT, None).await;
    let client = web.signed_in(Scope::ALL).await;
    let job = format!("/jobs/{}", begun.job);
    for path in [
        "/log",
        "/jobs",
        "/jobs?account=%3Cscript%3Ealert(1)%3C/script%3E&outcome=%3Cscript%3Ealert(1)%3C/script%3E",
        "/needs-you",
        "/accounts",
        "/apps",
        "/audit",
        &job,
        "/log?app=%3Cscript%3Ealert(1)%3C/script%3E",
    ] {
        let response = client.get(web.at(path)).send().await.unwrap();
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        for part in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let page = response.text().await.unwrap();
        assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "{path}: {page}");
    }
    let page = text(&client, web.at(&job)).await;
    assert!(page.contains("&#60;script&#62;alert(1)"), "it is shown all the same: {page}");
    web.end().await;
}

#[tokio::test]
async fn nothing_outside_of_the_evidence_is_shown() {
    let web = Web::start().await;
    let account = web.account("acme/alice", "alice").await;
    let secret = web.folder.path().join("screenshot.png");
    std::fs::write(&secret, "key material").unwrap();
    let fine = web.artifacts().join("job/attempt");
    std::fs::create_dir_all(&fine).unwrap();
    std::fs::write(fine.join("screenshot.png"), "\u{89}PNG").unwrap();
    std::fs::write(fine.join("page.txt"), "<b>words</b>").unwrap();
    std::fs::write(fine.join("other.txt"), "key material").unwrap();
    let linked = web.artifacts().join("linked");
    std::os::unix::fs::symlink(web.folder.path(), &linked).unwrap();
    let file_link = web.artifacts().join("file");
    std::fs::create_dir(&file_link).unwrap();
    std::os::unix::fs::symlink(&secret, file_link.join("screenshot.png")).unwrap();

    let client = web.signed_in(&[Scope::Read]).await;
    let mut attempts = Vec::new();
    let dotted = web.artifacts().join("..");
    for folder in [&fine, &web.folder.path().to_owned(), &dotted, &linked, &file_link] {
        let begun = web.begun(&account).await;
        web.ended(&begun, Code::AppError, "no", Some(folder)).await;
        attempts.push(begun.attempt);
    }
    let get = async |attempt: Uuid, name: &str| {
        client.get(web.at(&format!("/attempts/{attempt}/{name}"))).send().await.unwrap()
    };
    assert_eq!(get(attempts[0], "screenshot.png").await.headers()["content-type"], "image/png");
    let words = get(attempts[0], "page.txt").await;
    assert_eq!(words.headers()["content-type"], "text/plain; charset=utf-8");
    assert!(words.headers()["content-security-policy"].to_str().unwrap().contains("sandbox"));
    for name in ["other.txt", "..%2F..%2F..%2Fturnlock.db", "%2Fetc%2Fpasswd", "..", "screenshot.png%00"] {
        let response = get(attempts[0], name).await;
        assert!(response.status().is_client_error() || response.status().is_redirection(), "{name}");
        assert!(!response.text().await.unwrap().contains("key material"));
    }
    for attempt in &attempts[1..] {
        let response = get(*attempt, "screenshot.png").await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert!(!response.text().await.unwrap().contains("key material"));
    }
    web.end().await;
}
