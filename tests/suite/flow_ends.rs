//! How attempts end that do not succeed: with the right code, the account untouched, and words that help.

use std::sync::Arc;
use std::time::Duration;

use acme::{NewUser, Slow, Switches, When};
use futures::future::join;
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use turnlock::job::{AccountRef, Code, Job, Kind, Outcome};
use turnlock::queue::Queue;
use turnlock::store::{CandidateKind, JobState, Step, StepResult};
use turnlock::vault::NewAccount;
use turnlock::worker::{Event, StopReason};

use crate::harness::desk::Receiving;
use crate::harness::mailroom::Mailroom;
use crate::harness::rig::{FIRST_PASSWORD, Plan, Rig, assert_ended};

const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DP";
const OTHER_SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBV";

/// Steps that fail do so soon.
const IMPATIENT: (&str, &str) = ("lockout:", "timeouts: { step: 3s }\nlockout:");

/// Has the vault hold a TOTP secret, besides the first password.
async fn with_totp(rig: &Rig, name: &str, secret: &str) -> AccountRef {
    let account: AccountRef = format!("acme/{name}").parse().unwrap();
    let totp = SecretString::from(format!("otpauth://totp/Acme:{name}?secret={secret}&period=6"));
    let new = NewAccount {
        account: account.clone(),
        username: name.to_owned(),
        address: None,
        number: None,
        password: Some(SecretString::from(FIRST_PASSWORD)),
        totp: Some(totp),
    };
    rig.vault.add_account(&new).await.unwrap();
    account
}

/// How many wrong attempts the budget counts.
async fn spent(rig: &Rig, account: &AccountRef) -> u32 {
    rig.vault.store().spent_since(account, jiff::Timestamp::UNIX_EPOCH).await.unwrap().count
}

/// Nothing is pending, and the first password is still the one.
async fn assert_untouched(rig: &Rig, account: &AccountRef) {
    let held = rig.credentials(account).await;
    assert!(held.pending_password.is_none() && held.pending_totp.is_none(), "{account}");
    assert!(rig.app_of(account).verify_password(account.name(), FIRST_PASSWORD));
    rig.assert_current_opens(account).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_tried_once_also_from_the_queue() {
    let rig = Rig::start().await;
    rig.account("dave").await;
    let dave = rig.known("dave", "Not-The-Password-1", None).await;
    let job = Job::new(Kind::ChangePassword, dave.clone());
    rig.queue.submit(&job, None).await.unwrap();
    let mut events = rig.worker.events();
    let ended = async {
        while !matches!(events.recv().await.unwrap(), Event::AttemptEnded { again_at: None, .. }) {}
    };
    rig.worker.run(ended).await.unwrap();
    let row = rig.vault.store().job(job.id).await.unwrap().unwrap();
    assert_eq!((row.state, row.code, row.attempts), (JobState::Finished, Some(Code::BadCredentials), 1));
    assert_eq!(rig.app.user("dave").unwrap().failed_attempts, 1);
    assert!(rig.credentials(&dave).await.pending_password.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn mfa_that_is_on_is_left_as_it_is() {
    let rig = Rig::start().await;
    for name in ["known", "other"] {
        rig.app.add_user(NewUser::new(name, FIRST_PASSWORD).totp(SECRET)).unwrap();
    }
    let known = with_totp(&rig, "known", SECRET).await;
    let other = with_totp(&rig, "other", OTHER_SECRET).await;
    let (right, wrong) = join(rig.run(Kind::EnrolMfa, &known), rig.run(Kind::EnrolMfa, &other)).await;
    assert_ended(&right, Outcome::Succeeded, Code::AlreadyOn);
    assert_ended(&wrong, Outcome::NeedsHuman, Code::MfaUnmanaged);
    // The app no longer asks for a code: the login succeeds, and says so.
    rig.app.add_user(NewUser::new("known", FIRST_PASSWORD)).unwrap();
    let (off, refused) = join(rig.run(Kind::VerifyLogin, &known), rig.run(Kind::VerifyLogin, &other)).await;
    assert_ended(&off, Outcome::Succeeded, Code::LoggedIn);
    assert!(off.verdict.unwrap().message.contains("MFA may be off"));
    assert_ended(&refused, Outcome::Rejected, Code::CodeRefused);
    assert_eq!(spent(&rig, &other).await, 2, "wrong codes are counted by the app, so they are counted here");
    let user = rig.app.user("other").unwrap();
    assert_eq!((user.mfa_enrolments, user.totp_secret.as_deref()), (0, Some(SECRET)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_asked_for_where_the_app_wants_one() {
    let rig = Rig::start().await;
    let (robot, locked) = (rig.account("robot").await, rig.account("locked").await);
    rig.app.set_user_switches("robot", Some(Switches { captcha: true, ..Switches::default() }));
    for _ in 0..5 {
        acme::client::login(rig.app.url(), "locked", "Not-The-Password-1", None).await.unwrap_err();
    }
    let (asked, shut) =
        join(rig.run(Kind::VerifyLogin, &robot), rig.run(Kind::ChangePassword, &locked)).await;
    assert_ended(&asked, Outcome::NeedsHuman, Code::Captcha);
    assert_ended(&shut, Outcome::NeedsHuman, Code::AccountLocked);
    assert_eq!(spent(&rig, &robot).await, 1, "behind a CAPTCHA the app may have counted a wrong password");
    for row in [asked, shut] {
        assert!(row.provenance.evidence.unwrap().join("screenshot.png").is_file());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_the_app_refuses_is_rejected_and_the_old_one_stays() {
    let rules = "minlength: 12; maxlength: 40; required: upper; required: digit; allowed: lower, [-_!]; max-consecutive: 2";
    let rig = Rig::planned(vec![Plan::changed("acme", &[(rules, "maxlength: 8; required: lower")])]).await;
    let alice = rig.account("alice").await;
    let row = rig.run(Kind::ChangePassword, &alice).await;
    assert_ended(&row, Outcome::Rejected, Code::PasswordRefused);
    assert!(row.provenance.evidence.is_some());
    assert_untouched(&rig, &alice).await;
    assert_eq!(rig.app.user("alice").unwrap().password_changes, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_does_not_come_is_no_wrong_password() {
    let soon = ("into: { label: Sign-in code }", "into: { label: Sign-in code, timeout: 2s }");
    let rig = Rig::planned(vec![Plan::changed("acme", &[soon])]).await;
    // Another inbox takes the mail.
    let room = Mailroom::open(&["carol@managed.test"]).await;
    let elsewhere = Receiving::mail(room.inbox.clone()).await;
    rig.app.set_smtp(Some(elsewhere.address));
    let user = NewUser::new("carol", FIRST_PASSWORD).email("carol@managed.test").code_login();
    rig.app.add_user(user).unwrap();
    let carol = rig.known("carol", FIRST_PASSWORD, Some("carol@managed.test")).await;
    assert_ended(&rig.run(Kind::VerifyLogin, &carol).await, Outcome::RetryLater, Code::CodeNotReceived);
    assert_eq!((rig.app.user("carol").unwrap().codes_mailed, spent(&rig, &carol).await), (1, 0));
    // And the app itself says so when it cannot send the code.
    rig.app.set_smtp(None);
    assert_ended(&rig.run(Kind::VerifyLogin, &carol).await, Outcome::RetryLater, Code::AppError);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_not_as_described_is_described() {
    let login = Plan::changed("login", &[IMPATIENT, ("name: Sign in }", "name: Log on }")]);
    let change = Plan::changed("change", &[IMPATIENT, ("name: Change password }", "name: Save }")]);
    let rig = Rig::planned(vec![login, change]).await;
    let (alice, bob) = (rig.account("login/alice").await, rig.account("change/bob").await);
    let (row, commit) = join(rig.run(Kind::VerifyLogin, &alice), rig.run(Kind::ChangePassword, &bob)).await;
    assert_ended(&row, Outcome::NeedsHuman, Code::PageNotAsDescribed);
    let message = row.verdict.as_ref().unwrap().message.clone();
    for told in ["login.4", "(login:", r#"button "Log on""#, "Sign in to Acme", "buttons: Sign in"] {
        assert!(message.contains(told), "{told} is not in: {message}");
    }
    let page = std::fs::read_to_string(row.provenance.evidence.unwrap().join("page.txt")).unwrap();
    assert!(page.contains("<button> Sign in") && page.contains("[Password: filled]"), "{page}");
    for named in ["field   { label: Username }", "button  { role: button, name: Sign in }"] {
        assert!(page.contains(named), "{named} is not in: {page}");
    }
    let steps = rig.vault.store().log_steps(row.id).await.unwrap();
    let failed = steps.iter().rev().find(|step| step.result == Some(StepResult::Failed)).unwrap();
    assert_eq!(Step::pictured(&steps), Some(failed), "{steps:#?}");
    // A commit step that cannot be performed was not performed: the app was told of nothing.
    assert_ended(&commit, Outcome::NeedsHuman, Code::PageNotAsDescribed);
    assert!(commit.verdict.as_ref().unwrap().message.contains("change_password.4"));
    let pending = rig.credentials(&bob).await.pending_password.unwrap();
    assert!(!pending.submitted());
    assert_ended(&rig.run(Kind::VerifyLogin, &bob).await, Outcome::Succeeded, Code::LoggedIn);
    assert_untouched(&rig, &bob).await;
}

/// A sign of success that shows to everybody would call every password right.
#[tokio::test(flavor = "multi_thread")]
async fn what_shows_before_the_password_was_typed_proves_no_login() {
    let everywhere = Plan::changed(
        "everywhere",
        &[("signed_in: { role: button, name: Sign out }", "signed_in: { role: link, name: Acme Workspace }")],
    );
    let rig = Rig::planned(vec![everywhere]).await;
    let account = rig.account("everywhere/alice").await;
    let row = rig.run(Kind::VerifyLogin, &account).await;
    assert_ended(&row, Outcome::NeedsHuman, Code::PageNotAsDescribed);
    let message = row.verdict.unwrap().message;
    for told in ["login.3", "`signed_in` shows already", "role link \"Acme Workspace\""] {
        assert!(message.contains(told), "{told} is not in: {message}");
    }
}

/// A login by mail alone says nothing of passwords: it makes none current, and none a wrong one.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_in_which_no_password_is_typed_proves_none() {
    let playbook = "\
app: acme
title: Acme
origins: { app: http://127.0.0.1:4180 }
mail: { from: acme.test }
flows:
  login:
    - open: /forgot
    - fill: { into: { label: Username or email }, with: username }
    - click: { role: button, name: Send reset mail }
    - see: { text: We sent you a link }
    - open: email_link
    - expect:
        signed_in: { role: heading, name: Choose a new password }
        code_refused: { text: This link has expired }
";
    let rig = Rig::planned(vec![Plan { playbook: playbook.to_owned(), ..Plan::default() }]).await;
    rig.app.add_user(NewUser::new("carol", FIRST_PASSWORD).email("carol@managed.test")).unwrap();
    let carol = rig.known("carol", FIRST_PASSWORD, Some("carol@managed.test")).await;
    // Left over from when the playbook could change the password.
    let refused = SecretString::from("Never-Taken-2026");
    let job = Job::new(Kind::ChangePassword, carol.clone()).id;
    let pending = rig.vault.propose(&carol, CandidateKind::Password, &refused, job).await.unwrap();
    let held = async || rig.credentials(&carol).await.pending_password.map(|held| held.candidate);
    assert_ended(&rig.run(Kind::VerifyLogin, &carol).await, Outcome::Succeeded, Code::LoggedIn);
    assert_eq!(held().await, Some(pending), "nothing was proved of it");
    rig.vault.mark_submitted(pending).await.unwrap();
    let row = rig.run(Kind::Reconcile, &carol).await;
    assert_ended(&row, Outcome::NeedsHuman, Code::PageNotAsDescribed);
    let message = row.verdict.unwrap().message;
    assert!(message.contains("without the password being typed"), "{message}");
    assert_eq!(held().await, Some(pending));
    rig.assert_current_opens(&carol).await;
}

/// A locator that finds too much is told by the log: the state alone would send a person to a password that is right.
#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_nobody_wished_for_is_logged_with_what_showed_it() {
    let wide = Plan::changed(
        "wide",
        &[(
            "signed_in: { role: button, name: Sign out }\n        bad_credentials: { text: Wrong username or password }",
            "signed_in: { text: Never shown }\n        bad_credentials: { role: button, name: Sign out }",
        )],
    );
    let rig = Rig::planned(vec![wide]).await;
    let row = rig.run(Kind::VerifyLogin, &rig.account("wide/alice").await).await;
    assert_ended(&row, Outcome::Rejected, Code::BadCredentials);
    let steps = rig.vault.store().log_steps(row.id).await.unwrap();
    let detail = steps.iter().find(|step| step.id == "login.5").unwrap().detail.clone().unwrap();
    assert!(detail.starts_with("bad_credentials: <button"), "{detail}");
    assert!(detail.ends_with("found by role button \"Sign out\""), "{detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_named() {
    let mut rig = Rig::planned(vec![Plan::default(), Plan { name: "gone", ..Plan::default() }]).await;
    let gone = rig.account("gone/alice").await;
    rig.stop_app("gone").await;
    let row = rig.run(Kind::VerifyLogin, &gone).await;
    assert_ended(&row, Outcome::RetryLater, Code::AppUnreachable);
    assert!(row.verdict.unwrap().message.contains("ERR_CONNECTION_REFUSED"));
    assert_eq!(spent(&rig, &gone).await, 0);

    let nobody = "acme/nobody".parse().unwrap();
    let row = rig.run(Kind::VerifyLogin, &nobody).await;
    assert_ended(&row, Outcome::Rejected, Code::UnknownAccount);
    let nowhere = rig.known("nowhere/alice", FIRST_PASSWORD, None).await;
    assert_ended(&rig.run(Kind::VerifyLogin, &nowhere).await, Outcome::Rejected, Code::UnknownApp);
}

/// Another origin that looks like the app's sign-in and tells home whatever is typed. What it was asked for.
async fn impostor() -> (u16, Arc<std::sync::Mutex<Vec<String>>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked: Arc<std::sync::Mutex<Vec<String>>> = Arc::default();
    let heard = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let heard = Arc::clone(&heard);
            tokio::spawn(async move {
                let mut request = vec![0; 4096];
                let read = stream.read(&mut request).await.unwrap_or_default();
                let request = String::from_utf8_lossy(&request[..read]).into_owned();
                let line = request.lines().next().unwrap_or_default().to_owned();
                let page = "<title>Sign in</title><label>Username <input name=u></label>\
                    <label>Password <input type=password name=p></label><button>Sign in</button>\
                    <script>addEventListener('input', (e) => fetch('/typed/' + e.target.name + '/' + e.target.value))</script>";
                let answer = if line.starts_with("GET /signin") {
                    format!(
                        "HTTP/1.1 302 Found\r\nLocation: http://localhost:{port}/login\r\nContent-Length: 0\r\n\r\n"
                    )
                } else {
                    let length = page.len();
                    format!(
                        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\r\n{page}"
                    )
                };
                heard.lock().unwrap().push(line);
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    (port, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_typed_into_an_origin_that_is_not_declared() {
    let (port, asked) = impostor().await;
    let origin = format!("http://127.0.0.1:4180\n  sso: http://127.0.0.1:{port}");
    let open = format!("open: http://127.0.0.1:{port}/signin");
    let change = [("http://127.0.0.1:4180", origin.as_str()), ("open: /login", open.as_str()), IMPATIENT];
    let rig = Rig::planned(vec![Plan::changed("acme", &change)]).await;
    let alice = rig.account("alice").await;
    let row = rig.run(Kind::VerifyLogin, &alice).await;
    assert_ended(&row, Outcome::NeedsHuman, Code::OriginBlocked);
    let message = row.verdict.unwrap().message;
    assert!(message.contains(&format!("http://localhost:{port}")), "{message}");
    let asked = asked.lock().unwrap().clone();
    assert!(asked.iter().any(|line| line.starts_with("GET /login")), "the page came: {asked:?}");
    assert!(!asked.iter().any(|line| line.contains("typed")), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn deadlines_and_wishes_to_stop_are_kept() {
    let rig = Rig::start().await;
    let (late, unwanted) = (rig.account("late").await, rig.account("unwanted").await);
    let hold = rig.app.hold("POST /login", When::Before);
    let job = Job { deadline: Duration::from_secs(3), ..Job::new(Kind::ChangePassword, late.clone()) };
    let wanted = Job::new(Kind::ChangePassword, unwanted.clone());
    let (row, cancelled) = join(
        rig.run_job(&job),
        // A worker of its own, since a wish to stop reaches all that a worker does.
        async {
            let worker = rig.worker_with(Default::default());
            worker.run_one(&wanted, hold.arrived()).await.unwrap()
        },
    )
    .await;
    assert_ended(&row, Outcome::RetryLater, Code::DeadlineExceeded);
    assert_ended(&cancelled, Outcome::Interrupted, Code::Cancelled);
    hold.release();
    for account in [late, unwanted] {
        assert_untouched(&rig, &account).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_under_way_is_seen_through_whoever_wishes_it_to_stop() {
    let rig = Rig::start().await;
    let alice = rig.account("alice").await;
    let hold = rig.app.hold("POST /account/password", When::After);
    let job = Job::new(Kind::ChangePassword, alice.clone());
    let wish = async {
        hold.arrived().await;
        // The wish is there first, then the answer.
        let _ = rig.queue.cancel(job.id, &StopReason::Cancelled.verdict()).await;
    };
    let mut steps = rig.worker.events();
    let release = async {
        hold.arrived().await;
        while let Ok(event) = steps.recv().await {
            if let Event::Step { step, .. } = event
                && step.id == "change_password.5"
            {
                break;
            }
        }
        hold.release();
    };
    let (row, ()) = join(rig.worker.run_one(&job, wish), release).await;
    assert_ended(&row.unwrap(), Outcome::Succeeded, Code::PasswordChanged);
    rig.assert_current_opens(&alice).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_budget_of_wrong_passwords_is_never_overdrawn() {
    let unsaid =
        Plan::changed("unsaid", &[("lockout: { attempts: 5, window: 15m, cleared_by_login: true }\n", "")]);
    let rig = Rig::planned(vec![Plan::default(), unsaid]).await;
    // Five lock the account, so four are made; where the playbook says nothing, two are.
    for (name, allowed) in [("acme/mallory", 4), ("unsaid/mallory", 2)] {
        rig.account(name).await;
        let account = rig.known(name, "Not-The-Password-1", None).await;
        for _ in 0..allowed {
            assert_ended(
                &rig.run(Kind::VerifyLogin, &account).await,
                Outcome::Rejected,
                Code::BadCredentials,
            );
        }
        // Kept by a fresh worker, too: the budget is in the database.
        let worker = rig.worker_with(Default::default());
        let job = Job::new(Kind::VerifyLogin, account.clone());
        let before = jiff::Timestamp::now();
        let row = worker.run_one(&job, std::future::pending()).await.unwrap();
        assert_ended(&row, Outcome::RetryLater, Code::BudgetExhausted);
        let user = rig.app_of(&account).user("mallory").unwrap();
        assert_eq!((user.failed_attempts, user.locked), (allowed, false));
        // In the queue it waits for the day that the budget allows it.
        let job = Job::new(Kind::VerifyLogin, account.clone());
        rig.queue.submit(&job, None).await.unwrap();
        let mut events = rig.worker.events();
        let mut again = None;
        let ended = async {
            while let Ok(event) = events.recv().await {
                if let Event::AttemptEnded { again_at, .. } = event {
                    again = again_at;
                    break;
                }
            }
        };
        rig.worker.run(ended).await.unwrap();
        assert!(again.unwrap().duration_since(before) > jiff::SignedDuration::from_mins(10), "{again:?}");
        assert_eq!(rig.app_of(&account).user("mallory").unwrap().failed_attempts, allowed);
    }
}

/// The app counts a wrong password when it gets it, and forgets it a window later: the first of these came late.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_login_does_not_overdraw_the_budget_when_it_grows_again() {
    let changes = [("window: 15m", "window: 20s"), ("lockout:", "timeouts: { step: 20s }\nlockout:")];
    let mut plan = Plan::changed("acme", &changes);
    plan.app.lockout = Duration::from_secs(20);
    let rig = Rig::planned(vec![plan]).await;
    rig.account("mallory").await;
    let mallory = rig.known("mallory", "Not-The-Password-1", None).await;
    let slow = Slow { by: Duration::from_secs(5), paths: vec!["/login".to_owned()] };
    for slow in [Some(slow), None, None, None] {
        rig.app.switch(|switches| switches.slow = slow);
        assert_ended(&rig.run(Kind::VerifyLogin, &mallory).await, Outcome::Rejected, Code::BadCredentials);
    }
    // As a worker does it: at the moment that the budget names.
    let job = Job::new(Kind::VerifyLogin, mallory.clone());
    rig.queue.submit(&job, None).await.unwrap();
    tokio::select! {
        ended = rig.worker.run(std::future::pending()) => panic!("{ended:?}"),
        row = rig.queue.ended(job.id) => assert_eq!(row.unwrap().code, Some(Code::BadCredentials)),
    }
    assert!(!rig.app.user("mallory").unwrap().locked, "locked out");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_playbook_does_not_know_to_be_wrong_is_counted_all_the_same() {
    // The playbook's author has the app's words for a wrong code wrong.
    let words = "{ text: [Wrong code, This code was already used, This code has expired] }";
    let changes = [(words, "{ text: That is not it }"), ("lockout:", "timeouts: { step: 1s }\nlockout:")];
    let rig = Rig::planned(vec![Plan::changed("acme", &changes)]).await;
    rig.app.add_user(NewUser::new("walt", FIRST_PASSWORD).totp(SECRET)).unwrap();
    let walt = with_totp(&rig, "walt", OTHER_SECRET).await;
    for _ in 0..4 {
        let row = rig.run(Kind::VerifyLogin, &walt).await;
        assert_ended(&row, Outcome::NeedsHuman, Code::PageNotAsDescribed);
    }
    let row = rig.run(Kind::VerifyLogin, &walt).await;
    assert_ended(&row, Outcome::RetryLater, Code::BudgetExhausted);
    let user = rig.app.user("walt").unwrap();
    assert!(!user.locked && user.failed_attempts == 4, "{user:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_was_never_sent_off_costs_nothing() {
    let changes = [
        ("    - click: { role: button, name: Sign in }", "    - click: { css: \"input, button\" }"),
        ("lockout:", "timeouts: { step: 1s }\nlockout:"),
    ];
    let rig = Rig::planned(vec![Plan::changed("acme", &changes)]).await;
    let anna = rig.account("anna").await;
    for _ in 0..2 {
        let row = rig.run(Kind::VerifyLogin, &anna).await;
        assert_ended(&row, Outcome::NeedsHuman, Code::PageNotAsDescribed);
    }
    assert_eq!(spent(&rig, &anna).await, 0);
}
