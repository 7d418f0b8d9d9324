//! The page is not as described, at each step of each flow in turn.

use acme::NewUser;
use futures::future::join_all;
use turnlock::job::{AccountRef, Job, Kind};
use turnlock::playbook::{OriginOverrides, parse};
use turnlock::queue::{EmbeddedQueue, Queue};

use super::{LOUD, PASSWORD, Scene, number};
use crate::harness::rig::acme_playbook;

/// The shipped playbook once for each of its steps, which nobody will ever come to: before it something is awaited
/// that the page does not show.
fn broken() -> Vec<(String, String)> {
    let whole = acme_playbook().replace("lockout:", "timeouts: { step: 5s }\nlockout:");
    let lines: Vec<_> = whole.lines().collect();
    let from = lines.iter().position(|line| *line == "flows:").unwrap();
    let mut flow = String::new();
    let mut made = Vec::new();
    for (at, line) in lines.iter().enumerate().skip(from + 1) {
        let indent = line.len() - line.trim_start().len();
        if indent == 2 && (line.ends_with(':') || line.contains(": #")) {
            flow = line.trim().split(':').next().unwrap().to_owned();
        }
        if indent == 0 || !line.trim_start().starts_with("- ") {
            continue;
        }
        let nowhere = format!("{:indent$}- see: {{ text: Nowhere to be seen, timeout: 500ms }}", "");
        let mut text = lines[..at].to_vec();
        text.push(&nowhere);
        text.extend(&lines[at..]);
        made.push((flow.clone(), text.join("\n") + "\n"));
    }
    made
}

fn asks(flow: &str) -> Option<(Kind, &'static str)> {
    Some(match flow {
        "login" => (Kind::VerifyLogin, "[totp, email, sms]"),
        "enrol_mfa" => (Kind::EnrolMfa, "[totp, email, sms]"),
        "enrol_mfa_email" => (Kind::EnrolMfa, "[email, totp, sms]"),
        "enrol_mfa_sms" => (Kind::EnrolMfa, "[sms, totp, email]"),
        "change_password" => (Kind::ChangePassword, "[totp, email, sms]"),
        "recover" => (Kind::Reconcile, "[totp, email, sms]"),
        "set_contact" => (Kind::SetContact, "[totp, email, sms]"),
        // A logout that fails is tried by `playbook run` alone.
        _ => return None,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn at_every_step_of_every_flow() {
    let mut scene = Scene::set(&acme_playbook()).await;
    let folder = scene.home.path().join("playbooks");
    std::fs::create_dir(&folder).unwrap();
    let mut origins = OriginOverrides::new();
    let mut overrides = Vec::new();
    let mut jobs = Vec::new();
    let mut flows = std::collections::BTreeSet::new();
    for (nth, (flow, text)) in broken().into_iter().enumerate() {
        let Some((kind, methods)) = asks(&flow) else { continue };
        let name = format!("f{nth:02}");
        let text = text.replacen("app: acme", &format!("app: {name}"), 1);
        let text = text.replace("methods: [totp, email, sms]", &format!("methods: {methods}"));
        origins.insert(&name, "app", scene.app.url());
        // Not every place takes another step.
        if parse(&name, &text, &origins).is_err() {
            continue;
        }
        std::fs::write(folder.join(format!("{name}.yaml")), text).unwrap();
        overrides.push(format!("{name}.app={}", scene.app.url()));
        let number = number(scene.accounts.len());
        let address = format!("{name}@managed.test");
        // What the app knows is what the flow wants.
        let user = match flow.as_str() {
            "recover" => NewUser::new(&name, "Somebody-Elses-1").email(&address),
            "login" if nth % 3 == 0 => NewUser::new(&name, PASSWORD).email(&address).code_login(),
            "login" if nth % 3 == 1 => NewUser::new(&name, PASSWORD).number(&number).text_login(),
            "enrol_mfa_email" => NewUser::new(&name, PASSWORD).email(&address),
            "enrol_mfa_sms" => NewUser::new(&name, PASSWORD).number(&number),
            _ => NewUser::new(&name, PASSWORD),
        };
        let account: AccountRef = format!("{name}/{name}").parse().unwrap();
        scene.account_of(account.clone(), user, PASSWORD).await;
        jobs.push(Job::new(kind, account));
        flows.insert(flow);
    }
    assert_eq!(flows.len(), 7, "{flows:?}");
    assert!(jobs.len() >= 30, "{} steps", jobs.len());
    let queue = EmbeddedQueue::new(scene.vault.store().clone());
    for job in &jobs {
        queue.submit(job, None).await.unwrap();
    }
    let overrides = overrides.join(",");
    let settings = [
        ("TURNLOCK_PLAYBOOKS", folder.to_str().unwrap()),
        ("TURNLOCK_ORIGINS", &overrides),
        ("TURNLOCK_SLOTS", "6"),
    ];
    let mut worker = scene.home.worker(&[&settings[..], &LOUD].concat());
    let ended = join_all(jobs.iter().map(|job| queue.ended(job.id)));
    // Some forty jobs, each of which waits in vain for something.
    let ended = tokio::time::timeout(crate::harness::PATIENCE * 2, ended).await.expect("the jobs do not end");
    worker.kill().await.unwrap();
    let failed = ended
        .iter()
        .filter(|row| row.as_ref().unwrap().code.is_some_and(|code| code.as_str() != "logged_in"));
    assert!(failed.count() * 2 > jobs.len(), "most steps are come by: {ended:?}");
    let words = scene.home.words();
    assert!(words.contains("DEBUG"), "everything was to be said");
    let files = scene.search().await;
    assert!(files.iter().filter(|file| file.ends_with("screenshot.png")).count() > 15, "{files:?}");
}
