//! Somebody looks on while a flow is walked, and says how it goes on where a step fails.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use turnlock::flow::{Done, Failure, Next, View, Watch};
use turnlock::job::{Code, Job, Kind, Outcome};

use crate::harness::rig::{FIRST_PASSWORD, Plan, Rig, acme_playbook, assert_ended, checked};

/// Steps that fail do so soon.
const IMPATIENT: (&str, &str) = ("lockout:", "timeouts: { step: 1s }\nlockout:");

/// Notes what it sees, and answers to failures what it was given to answer.
#[derive(Default)]
struct Script {
    seen: Mutex<Vec<String>>,
    answers: Mutex<VecDeque<Next>>,
}

impl Script {
    fn answering(answers: impl IntoIterator<Item = Next>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), ..Self::default() })
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    fn note(&self, words: String) {
        self.seen.lock().unwrap().push(words);
    }
}

#[async_trait]
impl Watch for Script {
    async fn before(&self, view: &View<'_>) -> Next {
        assert!(view.step.id.starts_with(view.flow().as_str()));
        self.note(view.step.id.clone());
        Next::Go
    }

    async fn after(&self, view: &View<'_>, done: &Done) {
        let state = done.state.as_ref().map(|state| format!(": {state}")).unwrap_or_default();
        self.note(format!("{} done{state}", view.step.id));
    }

    async fn failed(&self, view: &View<'_>, _: &Failure) -> Next {
        let next = self.answers.lock().unwrap().pop_front().unwrap_or(Next::End);
        let may = match view.may_go(&next) {
            Ok(()) => "may".to_owned(),
            Err(why) => why,
        };
        self.note(format!("{} failed: {may}", view.step.id));
        next
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_is_seen_before_and_after() {
    let rig = Rig::start().await;
    let alice = rig.account("alice").await;
    let script = Script::answering([]);
    let row = rig.watched(&Job::new(Kind::VerifyLogin, alice), script.clone()).await;
    assert_ended(&row, Outcome::Succeeded, Code::LoggedIn);
    assert_eq!(
        script.seen(),
        [
            "login.1",
            "login.1 done",
            "login.2",
            "login.2 done",
            "login.3",
            "login.3 done",
            "login.4",
            "login.4 done",
            "login.5",
            "login.5 done: signed_in",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_is_retried_edited_and_gone_on_from() {
    let plan = Plan::changed("acme", &[IMPATIENT, ("label: Password", "label: Passphrase")]);
    let rig = Rig::planned(vec![plan]).await;
    let alice = rig.account("alice").await;
    let mended = Next::With(Arc::new(checked("acme", &acme_playbook(), &rig.app)));
    let script = Script::answering([Next::Go, Next::Skip, mended]);
    // A step that types a secret is never skipped: the run ends there.
    let row = rig.watched(&Job::new(Kind::VerifyLogin, alice.clone()), script.clone()).await;
    assert_ended(&row, Outcome::NeedsHuman, Code::PageNotAsDescribed);
    let failed: Vec<_> = script.seen().into_iter().filter(|words| words.contains("failed")).collect();
    assert_eq!(failed[0], "login.3 failed: may");
    assert!(failed[1].contains("types a secret cannot be skipped"), "{}", failed[1]);
    assert_eq!(failed.len(), 2);

    // The rest of its answers: the mended playbook.
    let row = rig.watched(&Job::new(Kind::VerifyLogin, alice.clone()), script.clone()).await;
    assert_ended(&row, Outcome::Succeeded, Code::LoggedIn);
    assert_eq!(
        script.seen().iter().filter(|words| *words == "login.1 done").count(),
        2,
        "no step was repeated"
    );
    assert_eq!(row.provenance.playbook_hash, Some(checked("acme", &acme_playbook(), &rig.app).hash));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_commit_step_nothing_is_submitted_twice() {
    let plan = Plan::changed("acme", &[IMPATIENT, ("Your password was changed", "Never said")]);
    let rig = Rig::planned(vec![plan]).await;
    let alice = rig.account("alice").await;
    // With the commit step where the failing `expect` was.
    let current = "    - fill: { into: { label: Current password }, with: password }\n";
    let hover = "    - hover: { role: button, name: Change password }\n";
    let twice = acme_playbook().replacen(current, &format!("{hover}{current}"), 1);
    let twice = Next::With(Arc::new(checked("acme", &twice, &rig.app)));
    let script = Script::answering([twice, Next::Go]);
    let job = Job::new(Kind::ChangePassword, alice.clone());
    rig.watched(&job, script.clone()).await;
    let failed: Vec<_> = script.seen().into_iter().filter(|words| words.contains("failed")).collect();
    assert_eq!(failed[0], "change_password.5 failed: may");
    assert!(failed[1].contains("the app may have taken the new credential"), "{failed:?}");
    assert_eq!(failed.len(), 2);
    let attempts = rig.attempts(job.id).await;
    assert_ended(&attempts[0], Outcome::Unknown, Code::AnswerLost);
    let message = &attempts[0].verdict.as_ref().unwrap().message;
    assert!(message.contains("performed only once"), "{message}");
    // Turnlock finds out by itself that the app took it.
    assert!(rig.credentials(&alice).await.pending_password.is_none());
    assert!(!rig.app.verify_password("alice", FIRST_PASSWORD));
    rig.assert_current_opens(&alice).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_playbook_holds_for_the_account_as_the_one_before_did() {
    let params =
        ("origins:", "params: { way: { description: Where the login is, example: nowhere } }\norigins:");
    let way = ("open: /login", "open: /${way}");
    let broken =
        Plan::changed("acme", &[IMPATIENT, params, way, ("label: Password }", "label: Passphrase }")]);
    let mended = Plan::changed("acme", &[params, way]).playbook;
    let rig = Rig::planned(vec![broken]).await;
    let alice = rig.account("alice").await;
    rig.vault.store().put_params(&alice, &[("way".to_owned(), "login".to_owned())].into()).await.unwrap();
    let script = Script::answering([Next::With(Arc::new(checked("acme", &mended, &rig.app)))]);
    // The second login, which proves the new password, opens what the edited playbook says.
    let row = rig.watched(&Job::new(Kind::ChangePassword, alice.clone()), script.clone()).await;
    assert_ended(&row, Outcome::Succeeded, Code::PasswordChanged);
    rig.assert_current_opens(&alice).await;
}
