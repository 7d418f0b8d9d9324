//! `turnlock playbook test`: an account is taken through all that a playbook has.

use super::*;

/// What a report of `playbook test --json` says of each thing that was tried.
fn results(report: &serde_json::Value) -> Vec<(&str, &str)> {
    let rows = report["results"].as_array().unwrap().iter();
    rows.map(|row| (row["what"].as_str().unwrap(), row["result"].as_str().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_taken_through_all_that_the_playbook_has_and_back() {
    let totp = acme::TotpShape { period: 6, ..acme::TotpShape::default() };
    let app = acme::Acme::start(acme::Options { totp, ..acme::Options::default() }).await.unwrap();
    app.add_user(acme::NewUser::new("alice", FIRST_PASSWORD)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("acme.yaml"), acme_playbook()).unwrap();
    let origin = format!("acme.app={}", app.url());
    let add = ["account", "add", "acme/alice", "--username", "alice", "--password-file", "-"];
    let (_, said, code) = command(folder.path(), &add, FIRST_PASSWORD).await;
    assert_eq!(code, 0, "{said}");

    let test = [
        "playbook",
        "test",
        "acme.yaml",
        "--account",
        "acme/alice",
        "--origin",
        &origin,
        "--record",
        "--json",
    ];
    let (out, said, code) = command(folder.path(), &test, "").await;
    assert_eq!(code, 0, "{out}{said}");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    // The app takes no password twice.
    assert_eq!(
        results(&report),
        [
            ("a login", "proved"),
            ("a logout", "proved"),
            ("the address set", "not tried"),
            ("MFA on", "proved"),
            ("recovery codes read", "proved"),
            ("a login with MFA", "proved"),
            ("the password changed", "proved"),
            ("a login with the new password", "proved"),
            ("a forgotten password set anew", "not tried"),
            ("the password changed back", "the app does not take it again"),
            ("a login with the old password", "not tried"),
            ("MFA on by mailed codes", "not tried"),
            ("MFA on by text messages", "not tried"),
        ]
    );
    let told = |what: &str| {
        let rows = report["results"].as_array().unwrap();
        let row = rows.iter().find(|row| row["what"] == what).unwrap();
        format!("{}; {}", row["message"].as_str().unwrap(), row["user_action"].as_str().unwrap())
    };
    for what in ["the address set", "a forgotten password set anew"] {
        let give = "acme/alice has no managed address that the app could send to; give it the one that the app knows: \
                    `turnlock account add acme/alice --address ADDRESS`";
        assert_eq!(told(what), give);
    }
    assert!(
        told("MFA on by text messages")
            .contains("without MFA and with a number: `--account acme/alice --account")
    );
    assert_eq!(
        report["account_ends"],
        "its password is another one, which the vault holds; MFA is on, and 10 recovery codes are sealed"
    );
    let kept = whole(&folder.path().join("pages/acme"));
    assert!(kept.contains("change_password.5") && kept.contains("logout.2"));
    assert!(!kept.contains(FIRST_PASSWORD));
    assert!(!kept.contains(app.url()), "pages are kept at the playbook's own origin");

    // What was recorded there and then serves the checker and the mutations, once the app is gone.
    app.stop().await;
    let (out, said, code) = command(folder.path(), &["playbook", "check", "--pages", "acme.yaml"], "").await;
    assert_eq!(code, 0, "{out}{said}");
    let mutate = ["playbook", "mutate", "acme.yaml", "--mutation", "ids-renamed", "--at-least", "100"];
    let (out, said, code) = command(folder.path(), &mutate, "").await;
    assert_eq!(code, 0, "{out}{said}");
    assert!(out.contains("(100 %), 0 misled"), "{out}");
    let changed = acme_playbook().replacen("label: Username }", "label: Member }", 1);
    std::fs::write(folder.path().join("acme.yaml"), changed).unwrap();
    let (_, said, code) = command(folder.path(), &["playbook", "check", "--pages", "acme.yaml"], "").await;
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("error[P0701]") && said.contains("acme.yaml:25"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_so_before_and_what_works_without_the_rest_are_told_apart() {
    const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
    let totp = acme::TotpShape { period: 6, ..acme::TotpShape::default() };
    let app = acme::Acme::start(acme::Options { totp, ..acme::Options::default() }).await.unwrap();
    app.add_user(acme::NewUser::new("alice", FIRST_PASSWORD).totp(SECRET)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    // The logout takes what the app says for a failure, and the flows behind those that turn on MFA are left out.
    let farewell = "signed_out: { text: You are signed out }";
    let failure = "signed_out: { text: Farewell }\n        app_error: { text: You are signed out }";
    let source = acme_playbook().replacen(farewell, failure, 1);
    let (source, _) = source.split_once("  change_password:").unwrap();
    std::fs::write(folder.path().join("acme.yaml"), source).unwrap();
    let link = format!("otpauth://totp/Acme:alice?secret={SECRET}&period=6");
    std::fs::write(folder.path().join("otpauth.txt"), link).unwrap();
    let mut add = vec!["account", "add", "acme/alice", "--username", "alice", "--password-file", "-"];
    add.extend(["--totp-file", "otpauth.txt"]);
    let (_, said, code) = command(folder.path(), &add, FIRST_PASSWORD).await;
    assert_eq!(code, 0, "{said}");

    let origin = format!("acme.app={}", app.url());
    let test = ["playbook", "test", "acme.yaml", "--account", "acme/alice", "--origin", &origin, "--json"];
    let (out, said, code) = command(folder.path(), &test, "").await;
    assert_eq!(code, 1, "{out}{said}");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        results(&report),
        [
            ("a login", "proved"),
            ("a logout", "failed"),
            ("the address set", "not in the playbook"),
            ("MFA on", "on already"),
            ("a login with MFA", "proved"),
            ("the password changed", "not in the playbook"),
            ("a forgotten password set anew", "not in the playbook"),
            ("MFA on by mailed codes", "not tried"),
            ("MFA on by text messages", "not tried"),
        ]
    );
    assert_eq!(report["results"][1]["code"], "app_error");
    assert_eq!(report["account_ends"], "its password is what it was; MFA is on");
    app.stop().await;
}
