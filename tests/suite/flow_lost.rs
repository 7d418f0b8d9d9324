//! The app's answer to a change is lost, or is an error: fresh logins find out what became of it.

use std::collections::HashMap;

use acme::{ChangeFault, Event as AppEvent, Switches};
use futures::future::join_all;
use secrecy::ExposeSecret;
use tokio::sync::broadcast;
use turnlock::job::{AccountRef, Code, Job, Kind, Outcome, RetryPolicy};
use turnlock::queue::{Queue, QueueError};
use turnlock::store::StoreError;
use turnlock::worker::{Event, StopReason, WorkerConfig};

use crate::harness::rig::{Plan, Rig, acme_playbook, assert_ended};

const FAULTS: [(&str, ChangeFault); 5] = [
    ("error-before", ChangeFault::ErrorBefore),
    ("error-after", ChangeFault::ErrorAfter),
    ("cut-before", ChangeFault::CutBefore),
    ("cut-after", ChangeFault::CutAfter),
    ("session-expired", ChangeFault::SessionExpired),
];

/// As long as an answer is waited for, an app that took no change is given to take it yet.
const STEP: (&str, &str) = ("lockout:", "timeouts: { step: 6s }\nlockout:");

fn set(rig: &Rig, account: &AccountRef, fault: Option<ChangeFault>) {
    let switches = Switches { change_fault: fault, ..Switches::default() };
    rig.app.set_user_switches(account.name(), Some(switches));
}

/// Runs the kind on an account for each fault; the fault is mended when the first attempt has ended.
async fn settles(kind: Kind, code: Code) {
    let rig = Rig::planned(vec![Plan::changed("acme", &[STEP])]).await;
    let mut accounts = Vec::new();
    for (name, fault) in FAULTS {
        let account = rig.account(name).await;
        set(&rig, &account, Some(fault));
        accounts.push(account);
    }
    let mut events = rig.worker.events();
    let mut failures = rig.app.events();
    let mend = async {
        while let Ok(event) = events.recv().await {
            if let Event::AttemptEnded { row, .. } = event {
                set(&rig, &row.account, None);
            }
        }
    };
    let jobs: Vec<_> = accounts.iter().map(|account| Job::new(kind, account.clone())).collect();
    let ended = tokio::select! {
        ended = join_all(jobs.iter().map(|job| rig.run_job(job))) => ended,
        () = mend => unreachable!("the worker goes on"),
    };
    for (row, job) in ended.iter().zip(&jobs) {
        let account = &job.account;
        assert_ended(row, Outcome::Succeeded, code);
        let attempts = rig.attempts(job.id).await;
        assert_eq!(attempts.len(), 2, "{account}");
        assert_ended(&attempts[0], Outcome::Unknown, Code::AnswerLost);
        let steps = rig.vault.store().log_steps(attempts[0].id).await.unwrap();
        assert!(attempts[0].provenance.evidence.is_some(), "{account}: {:?}", steps.last());
        let user = rig.app.user(account.name()).unwrap();
        assert_eq!((user.password_changes + user.mfa_enrolments, user.failed_attempts), (1, 0), "{account}");
        let held = rig.credentials(account).await;
        assert!(held.pending_password.is_none() && held.pending_totp.is_none(), "{account}");
        assert!(held.pending_recovery_codes.is_none(), "{account}");
        rig.assert_current_opens(account).await;
    }
    let mut wrong = HashMap::<String, u32>::new();
    while let Ok(event) = failures.try_recv() {
        if let AppEvent::LoginFailed { user } = event {
            *wrong.entry(user).or_default() += 1;
        }
    }
    assert!(wrong.values().all(|count| *count <= 1), "{wrong:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_password_change() {
    settles(Kind::ChangePassword, Code::PasswordChanged).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_turning_on_mfa() {
    settles(Kind::EnrolMfa, Code::MfaEnabled).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reconciling_is_a_job_of_its_own() {
    let rig = Rig::planned(vec![Plan::changed("acme", &[STEP])]).await;
    // A worker that tries once, so that the doubt stays.
    let retry = RetryPolicy { attempts: 1, ..RetryPolicy::default() };
    let once = rig.worker_with(WorkerConfig { retry, ..WorkerConfig::default() });
    let cases = [
        ("taken", ChangeFault::CutAfter, Kind::ChangePassword, 1),
        ("not-taken", ChangeFault::ErrorBefore, Kind::ChangePassword, 0),
        ("mfa-taken", ChangeFault::ErrorAfter, Kind::EnrolMfa, 1),
        ("mfa-not-taken", ChangeFault::CutBefore, Kind::EnrolMfa, 0),
    ];
    let one = async |(name, fault, kind, changes): (&str, ChangeFault, Kind, u32)| {
        let account = rig.account(name).await;
        set(&rig, &account, Some(fault));
        let row = once.run_one(&Job::new(kind, account.clone()), std::future::pending()).await.unwrap();
        assert_ended(&row, Outcome::Unknown, Code::AnswerLost);
        let held = rig.credentials(&account).await;
        let pending = held.pending_password.or(held.pending_totp).unwrap();
        assert!(pending.submitted());
        assert_ended(&rig.run(Kind::Reconcile, &account).await, Outcome::Succeeded, Code::Reconciled);
        let user = rig.app.user(name).unwrap();
        assert_eq!(user.password_changes + user.mfa_enrolments, changes, "{name}");
        let held = rig.credentials(&account).await;
        assert!(held.pending_password.is_none() && held.pending_totp.is_none(), "{name}");
        assert_eq!(held.totp.is_some(), kind == Kind::EnrolMfa && changes == 1, "{name}");
        rig.assert_current_opens(&account).await;
    };
    join_all(cases.map(one)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_the_app_takes_late_is_not_lost() {
    // Long enough that the first login with the pending password falls within it, unless the machine stalls: then it
    // is done again.
    let patient = ("lockout:", "timeouts: { step: 30s }\nlockout:");
    let rig = Rig::planned(vec![Plan::changed("acme", &[patient])]).await;
    for name in ["alice", "bob", "carol"] {
        let account = rig.account(name).await;
        set(&rig, &account, Some(ChangeFault::CutBefore));
        let mut events = rig.worker.events();
        let job = Job::new(Kind::ChangePassword, account.clone());
        let late = async {
            reconciling(&mut events).await;
            // The pending password was refused; now the app takes it after all.
            let pending = rig.credentials(&account).await.pending_password.unwrap();
            let user = acme::NewUser::new(name, pending.secret.expose_secret());
            rig.app.add_user(user).unwrap();
        };
        let run = rig.run_job(&job);
        tokio::pin!(run);
        let row = tokio::select! {
            row = &mut run => row,
            () = late => {
                let row = run.await;
                assert_ended(&row, Outcome::Succeeded, Code::PasswordChanged);
                assert_eq!(rig.app.user(name).unwrap().password_changes, 0, "no second change was made");
                rig.assert_current_opens(&account).await;
                return;
            }
        };
        eprintln!("the app was given no time: {:?}", row.verdict);
        let owed = rig.queue.open_reconciliation(&account).await.unwrap();
        let pending = rig.credentials(&account).await.pending_password;
        assert!(pending.is_none() || owed.is_some(), "{name} is in doubt, and nothing is owed");
    }
    panic!("the app was never given time");
}

/// Waits until a worker gives the app time to finish what it may still be at.
async fn reconciling(events: &mut broadcast::Receiver<Event>) {
    while !matches!(events.recv().await, Ok(Event::Step { step, .. }) if step.id == "reconcile") {}
}

/// It was proved that the app had not taken the change, and then the request arrives, as of a sender that was paused.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_the_app_takes_after_the_proof_is_found_out() {
    let rules = "minlength: 12; maxlength: 40; required: upper; required: digit; allowed: lower, [-_!]; max-consecutive: 2";
    let rig = Rig::planned(vec![Plan::changed("acme", &[(rules, "maxlength: 8; required: lower")])]).await;
    let alice = rig.account("alice").await;
    assert_ended(&rig.run(Kind::ChangePassword, &alice).await, Outcome::Rejected, Code::PasswordRefused);
    let rejected = &rig.credentials(&alice).await.refused_passwords[0];
    rig.app.add_user(acme::NewUser::new("alice", rejected.secret.expose_secret())).unwrap();

    assert_ended(&rig.run(Kind::VerifyLogin, &alice).await, Outcome::Succeeded, Code::LoggedIn);
    assert_eq!(rig.credentials(&alice).await.password.unwrap().candidate, rejected.candidate);
    rig.assert_current_opens(&alice).await;
}

/// The second job comes between the first one's lost answer and its end.
#[tokio::test(flavor = "multi_thread")]
async fn two_jobs_and_a_lost_answer_make_two_changes() {
    let rig = Rig::planned(vec![Plan::changed("acme", &[STEP])]).await;
    let alice = rig.account("alice").await;
    rig.app.fail_next_change("alice", ChangeFault::CutAfter);
    let jobs = [(); 2].map(|()| Job::new(Kind::ChangePassword, alice.clone()));
    for job in &jobs {
        rig.queue.submit(job, None).await.unwrap();
    }
    let ended = join_all(jobs.iter().map(|job| rig.queue.ended(job.id)));
    let ended = tokio::select! {
        ended = rig.worker.run(std::future::pending()) => panic!("{ended:?}"),
        ended = ended => ended,
    };
    for row in ended {
        assert_eq!(row.unwrap().code, Some(Code::PasswordChanged));
    }
    assert_eq!(rig.app.user("alice").unwrap().password_changes, 2);
    rig.assert_current_opens(&alice).await;
}

/// Ctrl-C while `turnlock run` reconciles: that is put off, and never called off.
#[tokio::test(flavor = "multi_thread")]
async fn a_reconciliation_that_is_owed_outlives_every_wish_to_stop() {
    let patient = ("lockout:", "timeouts: { step: 40s }\nlockout:");
    let rig = Rig::planned(vec![Plan::changed("acme", &[patient])]).await;
    // Again where the machine stalled until the app had had its time, and nothing was owed any more.
    for name in ["alice", "bob", "carol"] {
        let account = rig.account(name).await;
        rig.app.fail_next_change(name, ChangeFault::CutBefore);
        let mut events = rig.worker.events();
        let job = Job::new(Kind::ChangePassword, account.clone());
        let row = rig.worker.run_one(&job, reconciling(&mut events)).await.unwrap();
        let Some(owed) = rig.queue.open_reconciliation(&account).await.unwrap() else {
            eprintln!("nothing is owed: {:?}", row.verdict);
            let pending = rig.credentials(&account).await.pending_password;
            assert!(pending.is_none(), "{name} is in doubt, and nothing is owed");
            rig.assert_current_opens(&account).await;
            continue;
        };
        let refused = rig.queue.cancel(owed.job.id, &StopReason::Cancelled.verdict()).await;
        assert!(matches!(refused, Err(QueueError::Store(StoreError::Owed(id))) if id == owed.job.id));
        tokio::select! {
            ended = rig.worker.run(std::future::pending()) => panic!("{ended:?}"),
            row = rig.queue.ended(owed.job.id) => assert_eq!(row.unwrap().code, Some(Code::Reconciled)),
        }
        rig.assert_current_opens(&account).await;
        return;
    }
    panic!("no account was in doubt");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_nothing_opens_the_account_a_person_is_told_what_was_tried() {
    // An app that offers nothing to who has lost a password.
    let mut playbook = acme_playbook();
    playbook.truncate(playbook.find("\n  recover:").unwrap());
    let rig = Rig::planned(vec![Plan { playbook, ..Plan::default() }]).await;
    rig.account("alice").await;
    let alice = rig.known("alice", "Not-The-Password-1", None).await;
    // The one that was current before is tried as well.
    let row = rig.run(Kind::Reconcile, &alice).await;
    assert_ended(&row, Outcome::Succeeded, Code::Reconciled);
    rig.assert_current_opens(&alice).await;
    rig.app.add_user(acme::NewUser::new("alice", "Somebody-Elses-1")).unwrap();
    let row = rig.run(Kind::Reconcile, &alice).await;
    assert_ended(&row, Outcome::NeedsHuman, Code::CredentialUncertain);
    let message = row.verdict.unwrap().message;
    let said = message
        .find("current password (version 1) at ")
        .zip(message.find("; previous password (version 2) at "));
    assert!(said.is_some_and(|(current, previous)| current < previous), "{message}");
}

/// Chromium sends a request again by itself when its connection is reset. The app, which took the first one, says
/// honestly that the second cannot be: no word about the first.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_app_says_to_a_repeated_request_proves_nothing() {
    let rig = Rig::planned(vec![Plan::changed("acme", &[STEP])]).await;
    let cases = [
        ("password", Kind::ChangePassword, Code::PasswordChanged),
        ("mfa", Kind::EnrolMfa, Code::MfaEnabled),
    ];
    let mut events = rig.app.events();
    let one = async |(name, kind, code): (&str, Kind, Code)| {
        let account = rig.account(name).await;
        set(&rig, &account, Some(ChangeFault::CutAfterOnce));
        let job = Job::new(kind, account.clone());
        let row = rig.run_job(&job).await;
        assert_ended(&row, Outcome::Succeeded, code);
        assert!(rig.attempts(job.id).await.len() <= 2, "{account}");
        let user = rig.app.user(name).unwrap();
        assert_eq!(user.password_changes + user.mfa_enrolments, 1, "{account}");
        let held = rig.credentials(&account).await;
        assert!(held.pending_password.is_none() && held.pending_totp.is_none(), "{account}");
        assert_eq!(held.totp.is_some(), kind == Kind::EnrolMfa, "{account}");
        rig.assert_current_opens(&account).await;
    };
    join_all(cases.map(one)).await;
    let mut cuts = 0;
    while let Ok(event) = events.try_recv() {
        cuts += u32::from(matches!(event, AppEvent::ConnectionCut { .. }));
    }
    assert_eq!(cuts, 2, "each change was cut once");
}

/// An enrolment page that submits itself at the sixth digit.
fn submits_itself(rig: &Rig) {
    rig.app.switch(|switches| switches.auto_submit = true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fill_commits_on_a_page_that_submits_itself() {
    let fill = "- fill: { into: { label: Code }, with: totp }\n    - commit: { click: { role: button, name: Confirm } }";
    let commit = "- commit: { fill: { into: { label: Code }, with: totp } }";
    let rig = Rig::planned(vec![Plan::changed("acme", &[(fill, commit)])]).await;
    submits_itself(&rig);
    let alice = rig.account("alice").await;
    let job = Job::new(Kind::EnrolMfa, alice.clone());
    assert_ended(&rig.run_job(&job).await, Outcome::Succeeded, Code::MfaEnabled);
    assert_eq!(rig.attempts(job.id).await.len(), 1);
    assert_eq!(rig.app.user("alice").unwrap().mfa_enrolments, 1);
    assert!(rig.credentials(&alice).await.recovery_codes.is_some());
    rig.assert_current_opens(&alice).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_playbook_that_knows_nothing_of_it_loses_no_account_there() {
    let rig = Rig::start().await;
    submits_itself(&rig);
    let alice = rig.account("alice").await;
    // However this ends, the app has the secret.
    let row = rig.run(Kind::EnrolMfa, &alice).await;
    assert_eq!(rig.app.user("alice").unwrap().mfa_enrolments, 1, "{:?}", row.verdict);
    let verified = rig.run(Kind::VerifyLogin, &alice).await;
    assert_eq!(verified.verdict.as_ref().unwrap().outcome, Outcome::Succeeded, "{:?}", verified.verdict);
    assert!(rig.credentials(&alice).await.totp.is_some());
    rig.assert_current_opens(&alice).await;
}
