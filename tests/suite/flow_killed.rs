//! Killed with SIGKILL at every step of every flow and at every transition of the ledger: the next run finds a
//! credential that works, the job is done once, and no browser is left.
#![cfg(feature = "failpoints")]

use std::os::unix::process::ExitStatusExt;
use std::sync::Arc;

use acme::{Acme, Event as AppEvent, NewUser, Options, Switches, TotpShape};
use futures::stream::{self, StreamExt};
use secrecy::SecretString;
use turnlock::browser::Pool;
use turnlock::flow::FlowPerformer;
use turnlock::inbox::Inbox;
use turnlock::inbox::smtp::{Receiver, SmtpLimits};
use turnlock::job::{AccountRef, Job, Kind, Outcome};
use turnlock::playbook::{Action, Flow, FlowKind, OriginOverrides, Playbook, Step, parse};
use turnlock::queue::EmbeddedQueue;
use turnlock::vault::{NewAccount, Vault};
use turnlock::worker::{Event, Worker, WorkerConfig};
use uuid::Uuid;

use crate::harness::home::Home;
use crate::harness::rig::{FIRST_PASSWORD, Plan, assert_opens};
use crate::harness::{Browser, SOON};

/// So many run side by side: mostly they wait for the next TOTP code.
const AT_ONCE: usize = 6;
const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DP";

/// What the login or the enrolment asks for on the way to the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Plain,
    Totp,
    MailedCode,
    PasswordAgain,
}

#[derive(Clone, Debug)]
struct Case {
    kind: Kind,
    way: Way,
    /// Where the first run is killed, and where those after it are.
    points: Vec<String>,
    /// A new job comes before the killed one is taken up again.
    new_job_first: bool,
}

/// Every point that a run can come by, from the playbook.
fn cases(playbook: &Playbook) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |kind, way, points: &[&str]| {
        let points = points.iter().map(|point| (*point).to_owned()).collect();
        let new_job_first = cases.len() % 2 == 1;
        cases.push(Case { kind, way, points, new_job_first });
    };
    let flows = [
        (FlowKind::Login, Kind::ChangePassword),
        (FlowKind::ChangePassword, Kind::ChangePassword),
        (FlowKind::EnrolMfa, Kind::EnrolMfa),
    ];
    for (flow, kind) in flows {
        let flow = playbook.flows.get(flow).unwrap();
        for (id, way) in steps(flow) {
            add(kind, way, &[&id]);
        }
    }
    for point in ["proposed", "answered", "proved", "promoted"] {
        add(Kind::ChangePassword, Way::Plain, &[&format!("change_password.{point}")]);
    }
    for point in ["proposed", "codes_proposed", "answered", "proved", "codes_promoted", "promoted"] {
        add(Kind::EnrolMfa, Way::Plain, &[&format!("enrol_mfa.{point}")]);
    }
    // Killed once more, while it is found out which credential opens the account.
    add(Kind::ChangePassword, Way::Plain, &["change_password.answered", "settle.promoted"]);
    add(Kind::ChangePassword, Way::Plain, &["change_password.4.submitted", "settle.rejected"]);
    add(Kind::EnrolMfa, Way::Plain, &["enrol_mfa.answered", "settle.mfa"]);
    add(Kind::EnrolMfa, Way::Plain, &["enrol_mfa.6.submitted", "settle.mfa"]);
    cases
}

/// The points in a flow, with the way that leads there.
fn steps(flow: &Flow) -> Vec<(String, Way)> {
    fn collect(steps: &[Step], way: Way, found: &mut Vec<(String, Way)>) {
        for step in steps {
            found.push((step.id.clone(), way));
            match &step.action {
                Action::Commit(_) => {
                    found.extend(
                        ["submitted", "performed"].map(|point| (format!("{}.{point}", step.id), way)),
                    );
                }
                Action::Expect(expect) => {
                    for branch in &expect.branches {
                        let way = match branch.state.to_string().as_str() {
                            "code_wanted" => Way::Totp,
                            "mailed_code_wanted" => Way::MailedCode,
                            "password_wanted" => Way::PasswordAgain,
                            _ => way,
                        };
                        collect(&branch.then, way, found);
                    }
                }
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    collect(&flow.steps, Way::Plain, &mut found);
    if flow.kind == FlowKind::Login {
        // Behind its first `expect` it goes on only when that found a code wanted.
        let expect = flow.steps.iter().position(|step| matches!(step.action, Action::Expect(_))).unwrap();
        for step in &flow.steps[expect + 1..] {
            found.iter_mut().filter(|(id, _)| *id == step.id).for_each(|(_, way)| *way = Way::Totp);
        }
    }
    found
}

async fn add_account(app: &Acme, vault: &Vault, way: Way) -> AccountRef {
    let account: AccountRef = "acme/alice".parse().unwrap();
    let mut user = NewUser::new("alice", FIRST_PASSWORD);
    let mut new = NewAccount {
        account: account.clone(),
        username: "alice".to_owned(),
        address: Some("alice@managed.test".to_owned()),
        password: Some(SecretString::from(FIRST_PASSWORD)),
        totp: None,
    };
    match way {
        Way::Plain => {}
        Way::Totp => {
            user = user.totp(SECRET);
            new.totp = Some(format!("otpauth://totp/Acme:alice?secret={SECRET}&period=6").into());
        }
        Way::MailedCode => user = user.email("alice@managed.test").code_login(),
        Way::PasswordAgain => {
            let switches = Switches { reauth: true, ..Switches::default() };
            app.set_user_switches("alice", Some(switches));
        }
    }
    app.add_user(user).unwrap();
    vault.add_account(&new).await.unwrap();
    account
}

/// A worker in this process, on the database that the killed one left.
fn successor(vault: &Vault, pool: &Pool, inbox: Inbox, playbook: Playbook, home: &Home) -> Worker {
    let performer = FlowPerformer {
        vault: vault.clone(),
        pool: pool.clone(),
        inbox: Some(inbox),
        playbooks: [("acme".to_owned(), Arc::new(playbook))].into(),
        artifacts: home.path().join("artifacts"),
    };
    let queue = Arc::new(EmbeddedQueue::new(Arc::clone(vault.store())));
    Worker::new(Arc::clone(vault.store()), queue, Arc::new(performer), WorkerConfig::default())
}

async fn survive(case: &Case, pool: &Pool, source: &str) -> Result<(), String> {
    let totp = TotpShape { period: 6, ..TotpShape::default() };
    let app = Acme::start(Options { totp, ..Options::default() }).await.unwrap();
    let mut app_events = app.events();
    let mut home = Home::new(&app, source);
    if case.way == Way::MailedCode {
        home.listen_for_mail(&app);
    }
    let vault = home.vault().await;
    let account = add_account(&app, &vault, case.way).await;

    let job = Uuid::now_v7();
    for (nth, point) in case.points.iter().enumerate() {
        let (kind, id) = if nth == 0 { (case.kind, job) } else { (Kind::Reconcile, Uuid::now_v7()) };
        let ended = home
            .run(kind, &account, id, &[], &[("TURNLOCK_FAILPOINT", point), ("TURNLOCK_LOG", "debug")])
            .await;
        if ended.status.signal() != Some(9) {
            let said = String::from_utf8_lossy(&ended.stderr).into_owned();
            return Err(format!("{point} was not reached: {}\n{said}", ended.status));
        }
        home.no_browser_is_left().await?;
    }

    let inbox = Inbox::new();
    let managed = Arc::new(|address: &str| address == "alice@managed.test");
    let listen = "127.0.0.1:0".parse().unwrap();
    let receiver = Receiver::bind(listen, inbox.clone(), managed, SmtpLimits::default()).await.unwrap();
    app.set_smtp(Some(receiver.local_addr()));
    let mut origins = OriginOverrides::new();
    origins.insert("acme", "app", app.url());
    let playbook =
        parse("acme.yaml", source, &origins).unwrap_or_else(|report| panic!("{}", report.render(false)));
    let worker = successor(&vault, pool, inbox, playbook, &home);
    if case.new_job_first {
        let new = Job::new(Kind::VerifyLogin, account.clone());
        let row = worker.run_one(&new, std::future::pending()).await.map_err(|error| error.to_string())?;
        let verdict = row.verdict.unwrap();
        if verdict.outcome != Outcome::Succeeded {
            return Err(format!("the next job: {verdict:?}"));
        }
    }
    let mut events = worker.events();
    let ended = async {
        // The worker tells of every end; the killed job may have ended before this worker came.
        while !vault.store().job(job).await.unwrap().is_some_and(|row| row.has_ended()) {
            while !matches!(events.recv().await.unwrap(), Event::AttemptEnded { .. }) {}
        }
    };
    tokio::time::timeout(SOON * 6, worker.run(ended))
        .await
        .map_err(|_| "the killed job came to no end".to_owned())?
        .map_err(|error| error.to_string())?;

    assert_opens(&vault, &app, &account).await;
    let row = vault.store().job(job).await.unwrap().unwrap();
    let user = app.user("alice").unwrap();
    let held = vault.credentials(&account).await.unwrap();
    let pending = [held.pending_password, held.pending_totp, held.pending_recovery_codes];
    let mut wrong = 0;
    while let Ok(event) = app_events.try_recv() {
        wrong += u32::from(matches!(event, AppEvent::LoginFailed { .. }));
    }
    let told = (row.outcome, user.password_changes + user.mfa_enrolments, pending.iter().flatten().count());
    if told != (Some(Outcome::Succeeded), 1, 0) || wrong > 2 {
        return Err(format!("{told:?}, {wrong} wrong attempts, {:?}", row.code));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn between_any_two_steps() {
    let plan = Plan::changed("acme", &[("lockout:", "timeouts: { step: 8s }\nlockout:")]);
    let playbook = parse("acme.yaml", &plan.playbook, &OriginOverrides::new()).unwrap_or_else(|_| panic!());
    let cases = cases(&playbook);
    assert!(cases.len() >= 40, "the playbook's steps were not found: {cases:?}");
    let browser = Browser::start().await;
    let results = stream::iter(&cases)
        .map(async |case| {
            let began = std::time::Instant::now();
            let survived = survive(case, &browser.pool, &plan.playbook).await;
            println!("{:5.1} s {:?} {}", began.elapsed().as_secs_f32(), case.way, case.points.join(", "));
            survived.map_err(|why| format!("{case:?}: {why}"))
        })
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    let failures: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    assert!(failures.is_empty(), "{} of {} cases:\n{}", failures.len(), cases.len(), failures.join("\n"));
}
