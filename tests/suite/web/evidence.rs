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

/// Whoever has to mend the playbook is shown where; of another text than the attempt followed, nothing.
#[tokio::test]
async fn the_failing_step_is_shown_with_its_line_and_its_picture() {
    let web = Web::start().await;
    let account = web.account("acme/alice", "alice").await;
    let reader = web.signed_in(&[Scope::Read]).await;
    for (hash, quoted) in [("00ff", true), ("00fe", false)] {
        let begun = web.begun(&account).await;
        let folder = web.artifacts().join(begun.job.to_string());
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("screenshot.png"), "a picture").unwrap();
        web.step(&begun, 3, "fill", Some(StepResult::Ok)).await;
        web.step(&begun, 4, "click", Some(StepResult::Failed)).await;
        let kept = Step {
            seq: 5,
            id: Step::EVIDENCE.to_owned(),
            summary: "keep evidence of the page".to_owned(),
            started_at: Timestamp::now(),
            duration: Some(Duration::ZERO),
            result: Some(StepResult::Ok),
            detail: None,
        };
        web.store.write_steps(begun.attempt, &[kept], None).await.unwrap();
        let ending = Ending {
            attempt: begun.attempt,
            verdict: Verdict::new(Code::PageNotAsDescribed, "there is no such button"),
            provenance: Provenance {
                playbook_hash: Some(hash.to_owned()),
                evidence: Some(folder),
                ..Provenance::default()
            },
            next: Next::Ended,
        };
        web.store.end(&begun.claim, &ending).await.unwrap();
        let page = text(&reader, web.at(&format!("/jobs/{}", begun.job))).await;
        assert_eq!(
            page.matches("acme.yaml:28: - click: { role: button, name: Log on }").count(),
            usize::from(quoted),
            "{page}"
        );
        assert!(page.contains("The page at step <code>login.4</code>"), "{page}");
    }
    web.end().await;
}

/// As `log_retention` does with old months.
#[tokio::test]
async fn a_job_whose_attempts_were_put_aside_says_so_and_how_it_ended() {
    let web = Web::start().await;
    let account = web.account("acme/alice", "alice").await;
    let begun = web.begun(&account).await;
    web.ended(&begun, Code::BadCredentials, "", None).await;
    crate::harness::put_log_aside(&format!("sqlite:{}", web.folder.path().join("turnlock.db").display()))
        .await;
    let client = web.signed_in(&[Scope::Read]).await;
    let page = text(&client, web.at(&format!("/jobs/{}", begun.job))).await;
    assert!(page.contains("finished</strong>: rejected <code>bad_credentials</code>"), "{page}");
    assert!(page.contains("Its attempts were put aside") && !page.contains("No attempt has begun"), "{page}");
    web.end().await;
}
