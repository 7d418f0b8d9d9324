//! What the system tells of a process that has a secret in its hands, and what is left when it panics there.

use acme::NewUser;
use turnlock::job::{Job, Kind};
use turnlock::queue::{EmbeddedQueue, Queue};
use uuid::Uuid;

use super::{LOUD, PASSWORD, Scene};
use crate::harness::fleet::until;
use crate::harness::rig::acme_playbook;

/// Stopped while the password stands in the page, with all processes that belong to it.
#[tokio::test(flavor = "multi_thread")]
async fn arguments_environment_and_limits_of_every_process() {
    let mut scene = Scene::set(&acme_playbook()).await;
    scene.account(NewUser::new("alice", PASSWORD), PASSWORD).await;
    let id = Uuid::now_v7().to_string();
    let mut command = scene.command(&["run", "verify_login", "--account", "acme/alice", "--id", &id]);
    let mut child = command.env("TURNLOCK_FAILPOINT", "pause:login.4").spawn().unwrap();
    let pid = i32::try_from(child.id().unwrap()).unwrap();
    let status = |pid: i32| std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    until("a stopped process", async || status(pid).contains("State:\tT")).await;
    let browsers = scene.home.browsers();
    assert!(browsers.len() > 1, "{browsers:?}");
    let canaries = scene.canaries().await;
    for pid in browsers.iter().copied().chain([pid]) {
        let read = |name: &str| std::fs::read(format!("/proc/{pid}/{name}"));
        let Ok(line) = read("cmdline") else { continue };
        canaries.assert_not_in("a command line", &line);
        // Of a process that is not dumpable nobody but root reads it, which is as good.
        if let Ok(environment) = read("environ") {
            canaries.assert_not_in("an environment", &environment);
        }
        let limits = String::from_utf8(read("limits").unwrap()).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        let core: Vec<_> = core.split_whitespace().skip(4).take(2).collect();
        // One byte, which also holds where dumps are piped to a program: see `telemetry::harden`.
        assert!(core.iter().all(|limit| matches!(*limit, "0" | "1")), "{pid}: {limits}");
    }
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    // It ends as a crash does that would leave a core, if any might: see core(5).
    for signal in [rustix::process::Signal::CONT, rustix::process::Signal::ABORT] {
        rustix::process::kill_process(pid, signal).unwrap();
    }
    let ended = child.wait().await.unwrap();
    assert!(!std::os::unix::process::ExitStatusExt::core_dumped(&ended), "{ended:?}");
    scene.home.no_browser_is_left().await.unwrap();
    canaries.assert_not_below(scene.home.path(), &[scene.home.key_file()]);
}

/// Somebody panics in the middle of a step, and says the password in doing so.
#[tokio::test(flavor = "multi_thread")]
async fn a_panic_with_a_secret_on_its_lips() {
    let mut scene = Scene::set(&acme_playbook()).await;
    let alice = scene.account(NewUser::new("alice", PASSWORD), PASSWORD).await;
    for (kind, point) in [
        ("verify_login", "login.4"),
        ("change_password", "change_password.proposed"),
        ("enrol_mfa", "enrol_mfa.proposed"),
    ] {
        let point = format!("panic:{point}:it was {PASSWORD}, and as JSON {}", serde_json::json!(PASSWORD));
        let job = ["run", kind, "--account", "acme/alice"];
        assert!(!scene.turnlock_in(&job, &[("TURNLOCK_FAILPOINT", &point)]).await);
    }
    let words = scene.words();
    assert_eq!(words.matches("internal error at").count(), 3, "{words}");
    assert!(words.contains("it was [secret], and as JSON \"[secret]\""), "{words}");
    // In a slot of a worker, whose other slots go on.
    let point = format!("panic:login.4#1:it was {PASSWORD}");
    let queue = EmbeddedQueue::new(scene.vault.store().clone());
    let mut worker = scene.home.worker(&[&LOUD[..], &[("TURNLOCK_FAILPOINT", &point)]].concat());
    queue.submit(&Job::new(Kind::VerifyLogin, alice), None).await.unwrap();
    until("words of a panic", async || scene.home.words().contains("it was [secret]")).await;
    worker.kill().await.unwrap();
    assert!(scene.home.words().contains("internal error at"), "{}", scene.home.words());
    scene.search().await;
}
