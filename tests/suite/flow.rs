//! The main job, end to end, on the bundled app.

use turnlock::job::{Code, Job, Kind, Outcome};
use turnlock::store::Step;

use crate::harness::rig::{FIRST_PASSWORD, Plan, Rig, acme_playbook, assert_ended};

#[tokio::test(flavor = "multi_thread")]
async fn logs_in_turns_on_mfa_and_changes_the_password() {
    let rig = Rig::start().await;
    let alice = rig.account("alice").await;
    // Who asks may say too much.
    let said = |words: &str| Some(format!("{words} {FIRST_PASSWORD}"));
    let (requested_by, reason) = (said("me with"), said("the password is"));
    let job = Job { requested_by, reason, ..Job::new(Kind::VerifyLogin, alice.clone()) };
    let row = rig.run_job(&job).await;
    assert_ended(&row, Outcome::Succeeded, Code::LoggedIn);
    assert_eq!(row.requested_by.as_deref(), Some("me with [secret]"));
    let job = rig.vault.store().job(job.id).await.unwrap().unwrap().job;
    assert_eq!(job.reason.as_deref(), Some("the password is [secret]"));

    assert_ended(&rig.run(Kind::EnrolMfa, &alice).await, Outcome::Succeeded, Code::MfaEnabled);
    let held = rig.credentials(&alice).await;
    assert!(rig.app.user("alice").unwrap().mfa_on);
    assert!(held.totp.is_some() && held.recovery_codes.is_some() && held.pending_totp.is_none());
    assert_ended(&rig.run(Kind::VerifyLogin, &alice).await, Outcome::Succeeded, Code::LoggedIn);

    let changed = rig.run(Kind::ChangePassword, &alice).await;
    assert_ended(&changed, Outcome::Succeeded, Code::PasswordChanged);
    // What each login was for stands above its steps.
    let steps = rig.vault.store().log_steps(changed.id).await.unwrap();
    let parts = Step::parts(&steps);
    let shown: Vec<_> =
        parts.iter().map(|part| (part.heading.unwrap_or_default(), &*part.steps[0].id)).collect();
    assert_eq!(
        shown,
        [
            ("log in with the current password (version 1)", "login.1"),
            ("change_password", "change_password.1"),
            ("log in with the new password, to prove it", "login.1"),
        ]
    );
    assert_eq!(rig.app.user("alice").unwrap().password_changes, 1);
    assert_ended(&rig.run(Kind::VerifyLogin, &alice).await, Outcome::Succeeded, Code::LoggedIn);
    rig.assert_current_opens(&alice).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_the_code_that_the_app_mails() {
    let rig = Rig::start().await;
    let user = acme::NewUser::new("carol", FIRST_PASSWORD);
    rig.app.add_user(user.email("carol@managed.test").code_login()).unwrap();
    let carol = rig.known("carol", FIRST_PASSWORD, Some("carol@managed.test")).await;
    assert_ended(&rig.run(Kind::VerifyLogin, &carol).await, Outcome::Succeeded, Code::LoggedIn);
}

/// The steps of the shipped `recover`, as the beginning of a login: what it sets is what the login then types.
fn recovering_login() -> String {
    let playbook = acme_playbook();
    let (flows, recover) = playbook.split_once("\n  recover:").unwrap();
    let (_, steps) = recover.split_once('\n').unwrap();
    let (steps, _) = steps.split_once("    - expect:\n        password_changed:").unwrap();
    let steps = steps.replace("with: new_password", "with: password").replace(
        "commit: { click: { role: button, name: Set password } }",
        "click: { role: button, name: Set password }",
    );
    flows.replacen(
        "  login:\n",
        &format!("  login:\n{steps}    - see: {{ text: Your password was set }}\n"),
        1,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shipped_recovery_goes_by_link_and_by_code() {
    let plan = Plan { playbook: recovering_login(), ..Plan::default() };
    let rig = Rig::planned(vec![plan]).await;
    let user = acme::NewUser::new("carol", FIRST_PASSWORD).email("carol@managed.test");
    rig.app.add_user(user).unwrap();
    for (changes, password, by_code) in [(1, "Second-Pass-27", false), (2, "Third-Pass-28", true)] {
        rig.app.switch(|switches| switches.reset_by_code = by_code);
        let carol = rig.known("carol", password, Some("carol@managed.test")).await;
        assert_ended(&rig.run(Kind::VerifyLogin, &carol).await, Outcome::Succeeded, Code::LoggedIn);
        assert_eq!(rig.app.user("carol").unwrap().password_changes, changes);
        assert!(rig.app.verify_password("carol", password));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_rejected_after_one_attempt() {
    let rig = Rig::start().await;
    rig.account("dave").await;
    let dave = rig.known("dave", "Not-The-Password-1", None).await;
    let row = rig.run(Kind::VerifyLogin, &dave).await;
    assert_ended(&row, Outcome::Rejected, Code::BadCredentials);
    assert_eq!(rig.app.user("dave").unwrap().failed_attempts, 1);
    assert!(row.provenance.evidence.is_some_and(|folder| folder.join("screenshot.png").is_file()));
}

#[tokio::test(flavor = "multi_thread")]
async fn mfa_that_turnlock_does_not_manage_is_left_alone() {
    let rig = Rig::start().await;
    let user = acme::NewUser::new("erin", FIRST_PASSWORD).totp("JBSWY3DPEHPK3PXPJBSWY3DP");
    rig.app.add_user(user).unwrap();
    let erin = rig.known("erin", FIRST_PASSWORD, None).await;
    assert_ended(&rig.run(Kind::EnrolMfa, &erin).await, Outcome::NeedsHuman, Code::MfaUnmanaged);
    assert_eq!(rig.app.user("erin").unwrap().mfa_enrolments, 0);
}
