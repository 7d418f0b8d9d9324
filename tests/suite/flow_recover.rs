//! When no known credential opens an account, a reconciliation recovers it by a forgotten password.

use std::time::Duration;

use acme::{ChangeFault, NewUser};
use futures::future::join_all;
use secrecy::ExposeSecret;
use turnlock::job::{AccountRef, Code, Job, Kind, Outcome};
use turnlock::queue::Queue;
use turnlock::store::CandidateState;

use crate::harness::rig::{FIRST_PASSWORD, Plan, Rig, assert_ended};

const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DP";

/// Somebody changed the password in the app, and the vault does not know it.
async fn lost(rig: &Rig, name: &str) -> AccountRef {
    let address = format!("{name}@managed.test");
    rig.app.add_user(NewUser::new(name, "Somebody-Elses-1").email(&address)).unwrap();
    rig.known(name, FIRST_PASSWORD, Some(&address)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn by_a_mailed_link_or_code() {
    let rig = Rig::start().await;
    for (name, by_code) in [("alice", false), ("bob", true)] {
        rig.app.switch(|switches| switches.reset_by_code = by_code);
        let account = lost(&rig, name).await;
        let row = rig.run(Kind::Reconcile, &account).await;
        assert_ended(&row, Outcome::Succeeded, Code::Reconciled);
        let message = row.verdict.unwrap().message;
        assert!(message.contains("it was recovered by mail"), "{message}");
        rig.assert_current_opens(&account).await;
        assert_eq!(rig.app.user(name).unwrap().password_changes, 1);
        let held = rig.credentials(&account).await;
        assert!(held.pending_password.is_none());
        assert_eq!(held.previous_passwords[0].secret.expose_secret(), FIRST_PASSWORD, "the old one is kept");
    }
}

/// Whatever becomes of the reset in the app, the account is known in the end.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_becomes_of_it_in_the_app() {
    let step = [("lockout:", "timeouts: { step: 5s }\nlockout:")];
    let rig = Rig::planned(vec![Plan::changed("acme", &step)]).await;
    let one = async |(name, fault)| {
        let account = lost(&rig, name).await;
        rig.app.fail_next_change(name, fault);
        let job = Job::new(Kind::Reconcile, account.clone());
        rig.run_job(&job).await;
        // What could not be known at once is found out by the next try, as a worker makes it.
        let held = rig.credentials(&account).await;
        if held.pending_password.is_some() {
            let row = rig.run(Kind::Reconcile, &account).await;
            assert_ended(&row, Outcome::Succeeded, Code::Reconciled);
        }
        rig.assert_current_opens(&account).await;
        assert_eq!(rig.app.user(name).unwrap().password_changes, 1, "{name}");
    };
    join_all([one(("before", ChangeFault::CutBefore)), one(("after", ChangeFault::CutAfter))]).await;
}

/// The playbook's rules are not the app's. That is told at once, and the candidate that the app was told of is looked
/// for once more, and not for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_the_app_refuses_is_told() {
    let rules = ("rules: \"minlength: 12; maxlength: 40;", "rules: \"minlength: 8; maxlength: 8;");
    let changes = [rules, ("window: 15m", "window: 4s"), ("lockout:", "timeouts: { step: 4s }\nlockout:")];
    let mut plan = Plan::changed("acme", &changes);
    plan.app.lockout = Duration::from_secs(4);
    let rig = Rig::planned(vec![plan]).await;
    let account = lost(&rig, "alice").await;
    let row = rig.run(Kind::Reconcile, &account).await;
    assert_ended(&row, Outcome::Rejected, Code::PasswordRefused);

    let candidate = rig.credentials(&account).await.pending_password.unwrap().candidate;
    let owed = rig.queue.open_reconciliation(&account).await.unwrap().unwrap();
    assert_eq!(owed.job.cause, Some(candidate));
    tokio::select! {
        ended = rig.worker.run(std::future::pending()) => panic!("{ended:?}"),
        row = rig.queue.ended(owed.job.id) => assert_eq!(row.unwrap().outcome, Some(Outcome::Rejected)),
    }
    rig.worker.recover().await.unwrap();
    assert_eq!(rig.queue.open_reconciliation(&account).await.unwrap(), None, "and once more");
    assert_eq!(rig.credentials(&account).await.pending_password.unwrap().candidate, candidate);
    assert_eq!(rig.app.user("alice").unwrap().password_changes, 0);
    assert!(!rig.app.user("alice").unwrap().locked);
}

#[tokio::test(flavor = "multi_thread")]
async fn not_without_an_address_and_not_unasked() {
    let rig = Rig::start().await;
    rig.app.add_user(NewUser::new("dave", "Somebody-Elses-1")).unwrap();
    let dave = rig.known("dave", FIRST_PASSWORD, None).await;
    let row = rig.run(Kind::Reconcile, &dave).await;
    assert_ended(&row, Outcome::NeedsHuman, Code::CredentialUncertain);
    assert!(row.verdict.unwrap().message.contains("no managed address"));

    let erin = lost(&rig, "erin").await;
    assert_ended(&rig.run(Kind::VerifyLogin, &erin).await, Outcome::Rejected, Code::BadCredentials);
    assert_eq!(rig.app.user("erin").unwrap().password_changes, 0, "a login is no reason to set a password");
}

/// A reset does not turn MFA off, and the code of the vault's secret still belongs to it.
#[tokio::test(flavor = "multi_thread")]
async fn with_mfa_on() {
    let rig = Rig::start().await;
    let user = NewUser::new("carol", "Somebody-Elses-1").email("carol@managed.test").totp(SECRET);
    rig.app.add_user(user).unwrap();
    let carol = rig.known("carol", FIRST_PASSWORD, Some("carol@managed.test")).await;
    let totp = turnlock::vault::NewAccount {
        account: carol.clone(),
        username: "carol".to_owned(),
        address: None,
        number: None,
        password: None,
        totp: Some(format!("otpauth://totp/Acme:carol?secret={SECRET}&period=6").into()),
    };
    rig.vault.add_account(&totp).await.unwrap();
    assert_ended(&rig.run(Kind::Reconcile, &carol).await, Outcome::Succeeded, Code::Reconciled);
    rig.assert_current_opens(&carol).await;
    let ledger = rig.vault.store().candidates(&carol).await.unwrap();
    assert!(ledger.iter().all(|row| row.state != CandidateState::Pending), "{ledger:?}");
}
