//! Codes by mail and text message: an address is set, MFA turned on, and the next code tried when one is refused.

use std::time::Duration;

use acme::{NewUser, When};
use futures::future::join;
use turnlock::inbox::{Arrival, Content, Desk};
use turnlock::job::{Code, Job, Kind, Outcome};
use turnlock::store::{MessageRow, TryResult};
use uuid::Uuid;

use crate::harness::rig::{FIRST_PASSWORD, Plan, Rig, acme_playbook, assert_ended};

const NUMBER: &str = "+442079460000";

/// The shipped playbook with this way of MFA only.
fn by(method: &str) -> Plan {
    let flow = format!("enrol_mfa_{method}:");
    let playbook = acme_playbook().replace("methods: [totp, email, sms]", &format!("methods: [{method}]"));
    let kept = |part: &&str| !part.starts_with("enrol_mfa") || part.starts_with(&flow);
    let parts: Vec<&str> = playbook.split("\n\n  ").filter(kept).collect();
    Plan { playbook: parts.join("\n\n  "), ..Plan::default() }
}

async fn messages(rig: &Rig) -> Vec<MessageRow> {
    rig.vault.store().messages_after(0, 100).await.unwrap()
}

/// What the log says of the first attempt at a job, a line a step.
async fn lines(rig: &Rig, job: Uuid) -> Vec<String> {
    let attempt = rig.attempts(job).await[0].id;
    let steps = rig.vault.store().log_steps(attempt).await.unwrap();
    steps.into_iter().map(|step| format!("{} {}", step.id, step.summary)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_is_told_the_managed_address() {
    let rig = Rig::start().await;
    rig.app.add_user(NewUser::new("alice", FIRST_PASSWORD).email("alice@elsewhere.test")).unwrap();
    let alice = rig.known("alice", FIRST_PASSWORD, Some("alice@managed.test")).await;
    assert_ended(&rig.run(Kind::SetContact, &alice).await, Outcome::Succeeded, Code::ContactSet);
    let user = rig.app.user("alice").unwrap();
    assert_eq!(user.email.as_deref(), Some("alice@managed.test"));
    assert_eq!(user.codes_mailed, 1);
    assert_ended(&rig.run(Kind::SetContact, &alice).await, Outcome::Succeeded, Code::ContactSet);
}

#[tokio::test(flavor = "multi_thread")]
async fn mfa_by_mail_is_turned_on_and_answered() {
    let rig = Rig::planned(vec![by("email")]).await;
    rig.app.add_user(NewUser::new("bob", FIRST_PASSWORD).email("bob@managed.test")).unwrap();
    let bob = rig.known("bob", FIRST_PASSWORD, Some("bob@managed.test")).await;
    let codes_mailed = || rig.app.user("bob").unwrap().codes_mailed;
    assert_ended(&rig.run(Kind::EnrolMfa, &bob).await, Outcome::Succeeded, Code::MfaEnabled);
    assert!(rig.app.user("bob").unwrap().email_codes_on);
    assert_eq!(codes_mailed(), 2, "one to turn it on, and one to prove it");
    assert_ended(&rig.run(Kind::VerifyLogin, &bob).await, Outcome::Succeeded, Code::LoggedIn);
    assert_eq!(codes_mailed(), 3);
    assert_ended(&rig.run(Kind::EnrolMfa, &bob).await, Outcome::Succeeded, Code::AlreadyOn);
    assert!(rig.credentials(&bob).await.totp.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn mfa_by_text_message_is_turned_on_and_answered() {
    let rig = Rig::planned(vec![by("sms")]).await;
    rig.app.add_user(NewUser::new("carol", FIRST_PASSWORD).number(NUMBER)).unwrap();
    let unreached = rig.known("carol", FIRST_PASSWORD, None).await;
    let row = rig.run(Kind::EnrolMfa, &unreached).await;
    assert_eq!(row.verdict.unwrap().code, Code::NotSupported, "the vault has no number");

    let carol = rig.reached("carol", FIRST_PASSWORD, None, Some(NUMBER)).await;
    assert_ended(&rig.run(Kind::EnrolMfa, &carol).await, Outcome::Succeeded, Code::MfaEnabled);
    assert!(rig.app.user("carol").unwrap().text_codes_on);
    assert_eq!(rig.app.user("carol").unwrap().texts_sent, 2);
    assert_ended(&rig.run(Kind::VerifyLogin, &carol).await, Outcome::Succeeded, Code::LoggedIn);
    assert_ended(&rig.run(Kind::EnrolMfa, &carol).await, Outcome::Succeeded, Code::AlreadyOn);
    assert_eq!(rig.app.user("carol").unwrap().texts_sent, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_refused_is_followed_by_the_next() {
    let rig = Rig::start().await;
    rig.app.switch(|switches| switches.wrong_first_code = true);
    let dave = NewUser::new("dave", FIRST_PASSWORD).email("dave@managed.test").code_login();
    let erin = NewUser::new("erin", FIRST_PASSWORD).number(NUMBER).text_login();
    rig.app.add_user(dave).unwrap();
    rig.app.add_user(erin).unwrap();
    let dave = rig.known("dave", FIRST_PASSWORD, Some("dave@managed.test")).await;
    let erin = rig.reached("erin", FIRST_PASSWORD, None, Some(NUMBER)).await;
    for (nth, account) in [dave, erin].into_iter().enumerate() {
        let job = Job::new(Kind::VerifyLogin, account);
        assert_ended(&rig.run_job(&job).await, Outcome::Succeeded, Code::LoggedIn);
        let log = lines(&rig, job.id).await;
        assert!(log.iter().any(|line| line.contains(".resend click")), "{log:#?}");
        let refused: Vec<bool> = messages(&rig).await.iter().skip(2 * nth).map(|row| row.refused).collect();
        assert_eq!(refused, [true, false]);
        let tries = rig.vault.store().tries(job.id).await.unwrap();
        let results: Vec<_> = tries.iter().filter_map(|tried| tried.result).collect();
        assert!(results.contains(&TryResult::CodeRefused), "it counts against the budget: {results:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_another_way_a_refused_code_ends_the_job() {
    let resend = ("  resend: { role: button, name: Send another code }\n", "");
    let rig = Rig::planned(vec![Plan::changed("acme", &[resend])]).await;
    rig.app.switch(|switches| switches.wrong_first_code = true);
    let user = NewUser::new("frank", FIRST_PASSWORD).email("frank@managed.test").code_login();
    rig.app.add_user(user).unwrap();
    let frank = rig.known("frank", FIRST_PASSWORD, Some("frank@managed.test")).await;
    assert_ended(&rig.run(Kind::VerifyLogin, &frank).await, Outcome::Rejected, Code::CodeRefused);
    let messages = messages(&rig).await;
    assert_eq!(messages.iter().map(|row| row.refused).collect::<Vec<_>>(), [true]);
    assert_eq!(rig.app.user("frank").unwrap().failed_attempts, 1);
}

/// It comes after the app was asked, and says that it was sent after the app's.
#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_mail_does_not_count() {
    let rig = Rig::start().await;
    let user = NewUser::new("grace", FIRST_PASSWORD).email("grace@managed.test").code_login();
    rig.app.add_user(user).unwrap();
    let grace = rig.known("grace", FIRST_PASSWORD, Some("grace@managed.test")).await;
    let asked = rig.app.hold("POST /login", When::Before);
    let stranger = async {
        asked.arrived().await;
        let mail = "From: Acme <no-reply@acme.test.example>\r\nTo: grace@managed.test\r\n\
             Date: Fri, 01 Jan 2100 00:00:00 +0000\r\nMessage-ID: <1@example.test>\r\n\
             Subject: Your sign-in code\r\n\r\nHi grace, your sign-in code is 135790.\r\n";
        let arrival = Arrival {
            recipient: "grace@managed.test".to_owned(),
            sender: "no-reply@acme.test".to_owned(),
            content: Content::Mail(mail.into()),
            key: None,
            age: Duration::ZERO,
        };
        rig.inbox.deliver(arrival).await.unwrap();
        asked.release();
    };
    let (row, ()) = join(rig.run(Kind::VerifyLogin, &grace), stranger).await;
    assert_ended(&row, Outcome::Succeeded, Code::LoggedIn);
    let taken: Vec<bool> = messages(&rig).await.iter().map(|row| row.job.is_some()).collect();
    assert_eq!(taken, [false, true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_share_a_number_get_their_own_codes() {
    let rig = Rig::planned(vec![Plan::default(), Plan::changed("other", &[])]).await;
    let mut accounts = Vec::new();
    for name in ["acme/heidi", "other/ivan"] {
        let account = rig.reached(name, FIRST_PASSWORD, None, Some(NUMBER)).await;
        let user = NewUser::new(account.name(), FIRST_PASSWORD).number(NUMBER).text_login();
        rig.app_of(&account).add_user(user).unwrap();
        accounts.push(account);
    }
    let both = accounts.iter().map(|account| rig.run(Kind::VerifyLogin, account));
    for row in futures::future::join_all(both).await {
        assert_ended(&row, Outcome::Succeeded, Code::LoggedIn);
    }
    for account in &accounts {
        assert_eq!(rig.app_of(account).user(account.name()).unwrap().texts_sent, 1, "none was refused");
    }
}
