//! Every flow on every variant of the bundled app. A test runs its variants side by side, since most of the time
//! goes by waiting for the next TOTP code.

use acme::{Algorithm, Options, Slow, Switches, TotpShape};
use futures::future::join_all;
use turnlock::job::{AccountRef, Code, Kind};

use crate::harness::rig::{Plan, Rig, test_playbook};

/// All that a job can ask for, in turn, and then an independent login with what the vault holds.
async fn every_flow(rig: &Rig, account: &AccountRef) -> Result<(), String> {
    let jobs = [
        (Kind::VerifyLogin, Code::LoggedIn),
        (Kind::EnrolMfa, Code::MfaEnabled),
        (Kind::VerifyLogin, Code::LoggedIn),
        (Kind::ChangePassword, Code::PasswordChanged),
        (Kind::VerifyLogin, Code::LoggedIn),
    ];
    for (kind, code) in jobs {
        let row = rig.run(kind, account).await;
        let verdict = row.verdict.unwrap();
        if verdict.code != code || row.number != 1 {
            let seen = row.provenance.evidence.map(|folder| std::fs::read_to_string(folder.join("page.txt")));
            return Err(format!("{account} {kind}, attempt {}: {verdict:?} {seen:?}", row.number));
        }
    }
    let user = rig.app_of(account).user(account.name()).unwrap();
    let counts = (user.mfa_enrolments, user.password_changes, user.failed_attempts);
    if counts != (1, 1, 0) {
        return Err(format!("{account}: {counts:?}"));
    }
    rig.assert_current_opens(account).await;
    Ok(())
}

async fn every_flow_of_each(rig: &Rig, accounts: &[AccountRef]) {
    let ended = join_all(accounts.iter().map(|account| every_flow(rig, account))).await;
    let failures: Vec<_> = ended.into_iter().filter_map(Result::err).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

async fn every_flow_in(plans: Vec<Plan>) {
    let names: Vec<_> = plans.iter().map(|plan| format!("{}/alice", plan.name)).collect();
    let rig = Rig::planned(plans).await;
    let accounts = join_all(names.iter().map(|name| rig.account(name))).await;
    every_flow_of_each(&rig, &accounts).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_steps_shadow_roots_and_client_rendered_pages() {
    let two_steps = "    - open: /login/two-step
    - fill: { into: { label: Username }, with: username }
    - click: { role: button, name: Continue }
    - fill: { into: { label: Password }, with: password }
";
    let one_step = "    - open: /login
    - fill: { into: { label: Username }, with: username }
    - fill: { into: { label: Password }, with: password }
";
    every_flow_in(vec![
        Plan::changed("two-steps", &[(one_step, two_steps)]),
        Plan::changed("shadow", &[("open: /", "open: /shadow/")]),
        Plan::changed("spa", &[("open: /", "open: /spa/")]),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_of_another_origin_and_of_another_site() {
    let framed = |name, cross_site_frame| {
        let plan = Plan::default();
        Plan { name, app: Options { cross_site_frame, ..plan.app }, playbook: test_playbook("framed.yaml") }
    };
    every_flow_in(vec![framed("same-site", false), framed("cross-site", true)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_of_every_shape_as_the_app_tells_it() {
    let shaped = |name, algorithm, digits, period| {
        let plan = Plan { name, ..Plan::default() };
        Plan { app: Options { totp: TotpShape { algorithm, digits, period }, ..plan.app }, ..plan }
    };
    let from = |form: &str| format!("\n        {form}: {{ css: ");
    let only = |plan: Plan, form: &str| {
        let others = ["text", "link", "qr"].into_iter().filter(|other| *other != form);
        let playbook = others.fold(plan.playbook, |playbook, other| {
            let (before, rest) = playbook.split_once(&from(other)).unwrap();
            format!("{before}\n{}", rest.split_once('\n').unwrap().1)
        });
        Plan { playbook, ..plan }
    };
    every_flow_in(vec![
        only(shaped("from-link", Algorithm::SHA256, 8, 7), "link"),
        only(shaped("from-qr", Algorithm::SHA512, 7, 8), "qr"),
        shaped("from-all", Algorithm::SHA512, 8, 6),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_on_a_bad_day() {
    let rig = Rig::start().await;
    let plain = Switches::default;
    let slow = Slow { by: std::time::Duration::from_millis(700), paths: Vec::new() };
    let mut accounts = Vec::new();
    for (name, switches) in [
        ("qr-only", Switches { qr_only: true, ..plain() }),
        ("inverted-qr", Switches { qr_only: true, dark_theme: true, ..plain() }),
        ("reauth", Switches { reauth: true, ..plain() }),
        ("late-dialog", Switches { late_dialog: true, ..plain() }),
        ("never-idle", Switches { never_idle: true, ..plain() }),
        ("slow", Switches { slow: Some(slow), ..plain() }),
    ] {
        accounts.push(rig.account(name).await);
        rig.app.set_user_switches(name, Some(switches));
    }
    every_flow_of_each(&rig, &accounts).await;
}
