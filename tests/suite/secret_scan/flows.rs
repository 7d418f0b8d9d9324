//! Every flow, as it goes well, and the answers of the app that end one early.

use acme::NewUser;

use super::{PASSWORD, Scene, WRONG, number};
use crate::harness::rig::acme_playbook;

async fn scene() -> Scene {
    Scene::set(&acme_playbook().replace("lockout:", "timeouts: { step: 5s }\nlockout:")).await
}

impl Scene {
    async fn job(&mut self, kind: &str, account: &str) -> bool {
        self.turnlock(&["run", kind, "--account", account, "--evidence"]).await
    }

    async fn succeeds(&mut self, kind: &str, account: &str) {
        assert!(self.job(kind, account).await, "{kind}: {}", self.words());
    }

    /// One flow, which no job asks for by itself.
    async fn flow(&mut self, flow: &str, account: &str) {
        let done = self.turnlock(&["playbook", "run", "acme.yaml", flow, "--account", account]).await;
        assert!(done, "{flow}: {}", self.words());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn login_totp_password_and_logout() {
    let mut scene = scene().await;
    scene.account(NewUser::new("alice", PASSWORD), PASSWORD).await;
    scene.succeeds("verify_login", "acme/alice").await;
    scene.succeeds("enrol_mfa", "acme/alice").await;
    scene.succeeds("change_password", "acme/alice").await;
    scene.flow("logout", "acme/alice").await;
    scene.succeeds("reconcile", "acme/alice").await;
    // A wrong password; and, of an account whose secret is another's, a wrong code.
    scene.account(NewUser::new("bob", PASSWORD), WRONG).await;
    assert!(!scene.job("verify_login", "acme/bob").await);
    const SECRETS: [&str; 2] = ["JBSWY3DPEHPK3PXPJBSWY3DP", "KRSXG5CTMVRXEZLUKRSXG5CT"];
    let carol = scene.account(NewUser::new("carol", PASSWORD).totp(SECRETS[0]), PASSWORD).await;
    let totp = format!("otpauth://totp/Acme:carol?secret={}&period=6&digits=8", SECRETS[1]);
    let new = turnlock::vault::NewAccount {
        account: carol,
        username: "carol".to_owned(),
        address: None,
        number: None,
        password: None,
        totp: Some(totp.into()),
    };
    scene.vault.add_account(&new).await.unwrap();
    assert!(!scene.job("verify_login", "acme/carol").await);
    assert!(scene.words().contains("code_refused"), "{}", scene.words());
    scene.named.add("the app's TOTP secret", SECRETS[0]);
    let files = scene.search().await;
    let pictures = files.iter().filter(|file| file.ends_with("screenshot.png")).count();
    assert!(pictures >= 7, "{pictures} pictures");
    let names = scene.named.names();
    for name in ["a password", "a TOTP link", "a TOTP code", "a recovery code", "the token of the web pages"]
    {
        assert!(names.contains(name), "{names:?}");
    }
    assert!(scene.named.len() > 25, "{}", scene.named.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_by_mail_and_text_message() {
    let mut scene = scene().await;
    scene.account(NewUser::new("alice", PASSWORD), PASSWORD).await;
    scene.succeeds("set_contact", "acme/alice").await;
    scene.flow("enrol_mfa_email", "acme/alice").await;
    let bob = NewUser::new("bob", PASSWORD).number(number(1));
    scene.account(bob, PASSWORD).await;
    scene.flow("enrol_mfa_sms", "acme/bob").await;
    // Recovered by a link, and by a code.
    for (name, by_code) in [("carol", false), ("dave", true)] {
        scene.app.switch(|switches| switches.reset_by_code = by_code);
        let lost = NewUser::new(name, "Somebody-Elses-1").email(format!("{name}@managed.test"));
        scene.account(lost, PASSWORD).await;
        scene.succeeds("reconcile", &format!("acme/{name}")).await;
    }
    scene.search().await;
    let names = scene.named.names();
    for name in ["a code that was sent", "the token of a link"] {
        assert!(names.contains(name), "{names:?}");
    }
}
