//! What an account gives to the parameters of its app's playbook holds in every job.

use turnlock::job::{Code, Kind, Outcome};

use crate::harness::rig::{Plan, Rig, assert_ended};

#[tokio::test(flavor = "multi_thread")]
async fn each_account_goes_its_own_way() {
    let plan = Plan::changed(
        "acme",
        &[
            ("origins:", "params: { way: { description: Where the login is, example: login } }\norigins:"),
            ("open: /login", "open: /${way}"),
        ],
    );
    let rig = Rig::planned(vec![plan]).await;
    let alice = rig.account("alice").await;
    let row = rig.run(Kind::VerifyLogin, &alice).await;
    assert_ended(&row, Outcome::Rejected, Code::AccountIncomplete);
    let message = row.verdict.unwrap().message;
    assert!(message.contains("the account has no value for `way`"), "{message}");
    for (way, code) in [("login", Code::LoggedIn), ("spa/login", Code::AccountIncomplete)] {
        rig.vault.store().put_params(&alice, &[("way".to_owned(), way.to_owned())].into()).await.unwrap();
        let row = rig.run(Kind::VerifyLogin, &alice).await;
        assert_eq!(row.verdict.unwrap().code, code, "{way}");
    }
    rig.vault.store().put_params(&alice, &[("way".to_owned(), "login".to_owned())].into()).await.unwrap();
    assert_ended(&rig.run(Kind::ChangePassword, &alice).await, Outcome::Succeeded, Code::PasswordChanged);
    rig.assert_current_opens(&alice).await;
}
