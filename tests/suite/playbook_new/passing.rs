//! What shows somebody signed in while the app still asks whether the password is right.

use super::*;
use crate::suite::flow_passing;

async fn drafted_by(password: &'static str) -> (String, Said) {
    let site = flow_passing::eager(PASSWORD, "").await;
    let desk = Desk::new();
    let add = ["account", "add", "site/x", "--username", "x", "--password-file", "-"];
    desk.call(&add, password).await.ends(0);
    let said = desk.call(&["playbook", "new", &site.url(), "--account", "site/x"], "").await.ends(0);
    (desk.draft("site"), said)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_none_that_signs_in() {
    let (right, wrong) = futures::future::join(drafted_by(PASSWORD), drafted_by("Not-The-Password-1")).await;
    assert!(right.1.out.contains("signed in once"), "{}", right.1.out);
    assert!(right.0.contains("signed_in: { role: button, name: Sign out }"), "{}", right.0);
    let refused = "not signed in: the app refused the credentials: Wrong password";
    assert!(wrong.1.out.contains(refused), "{}", wrong.1.out);
}
