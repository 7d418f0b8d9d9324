//! Evidence whose time is over.

use super::*;

#[tokio::test]
async fn a_job_whose_evidence_has_gone_is_shown_without_it() {
    let web = Web::start().await;
    let account = web.account("acme/alice", "alice").await;
    let begun = web.begun(&account).await;
    let folder = turnlock::evidence::folder_of(&web.artifacts(), begun.job, 1);
    web.ended(&begun, Code::LoggedIn, "it went well", Some(&folder)).await;
    let client = web.signed_in(&[Scope::Read]).await;
    for there in [true, false] {
        if there {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("screenshot.png"), "a picture").unwrap();
        } else {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        let page = text(&client, web.at(&format!("/jobs/{}", begun.job))).await;
        assert!(page.contains("it went well"), "{page}");
        assert_eq!(page.contains("<figure"), there, "{page}");
        let picture = client.get(web.at(&format!("/attempts/{}/screenshot.png", begun.attempt))).send().await;
        let status = if there { StatusCode::OK } else { StatusCode::NOT_FOUND };
        assert_eq!(picture.unwrap().status(), status);
    }
    web.end().await;
}
