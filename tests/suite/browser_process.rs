//! No browser process and no profile outlives its worker, however that ended.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use turnlock::browser::{BrowserError, Options, Pool, Sandbox};

use crate::harness::{SOON, browser_options};

/// Ends one process.
pub fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

/// Tells every process of the group.
pub fn signal_group(group: u32, signal: Signal) {
    kill_process_group(Pid::from_raw(i32::try_from(group).unwrap()).unwrap(), signal).unwrap();
}

/// Ends every process of the group.
pub fn kill_group(group: u32) {
    signal_group(group, Signal::KILL);
}

/// Stops every process of the group where it is, and waits until each stands still.
pub async fn stop(group: u32) {
    signal_group(group, Signal::STOP);
    within(SOON, "a process goes on", || members(group, "").iter().all(|pid| state_of(*pid) == "T")).await;
}

/// The processes of a process group whose command line holds `word`.
pub fn members(group: u32, word: &str) -> Vec<i32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| group_of(*pid) == Some(group) && command_line(*pid).contains(word)).collect()
}

/// The browser itself: what was started may be a script around it.
pub fn browser_of(group: u32) -> i32 {
    let all = members(group, "--remote-debugging-pipe");
    let browsers = all.into_iter().filter(|pid| !command_line(*pid).contains("--type="));
    browsers.max().unwrap()
}

fn command_line(pid: i32) -> String {
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ")
}

/// What follows the name in `/proc/PID/stat`; nothing if there is no such process.
fn stat(pid: i32) -> Vec<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    fields.split(' ').map(str::to_owned).collect()
}

fn state_of(pid: i32) -> String {
    stat(pid).swap_remove(0)
}

/// The process group of a process that is not a zombie.
fn group_of(pid: i32) -> Option<u32> {
    let fields = stat(pid);
    (!matches!(fields[0].as_str(), "" | "Z")).then(|| fields[2].parse().unwrap())
}

/// Every process that has the profile's folder on its command line, whatever its group.
pub fn users_of(profiles: &Path) -> Vec<i32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let folder = profiles.display().to_string();
    pids.filter(|pid| {
        command_line(*pid).contains(&folder) && *pid != i32::try_from(std::process::id()).unwrap()
    })
    .collect()
}

/// The one guardian of the profile in that folder.
fn guardian_of(profiles: &Path) -> i32 {
    let mut guardians = users_of(profiles);
    guardians.retain(|pid| command_line(*pid).contains(" turnlock-guardian "));
    assert_eq!(guardians.len(), 1, "{guardians:?}");
    guardians[0]
}

fn profiles_in(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.is_dir());
    paths
}

/// Processes that are no children of this one, and folders, can only be looked for.
async fn within(time: Duration, otherwise: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + time;
    while !holds() {
        assert!(Instant::now() < deadline, "{otherwise}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn no_process_left(group: u32, profiles: &Path) {
    let left = || [members(group, ""), users_of(profiles)].concat();
    within(SOON, "a process is left", || left().is_empty()).await;
}

/// The profile is removed by whoever let go of the browser last, right after its processes have ended; a context
/// that was just being prepared keeps the browser for a moment longer than its pool.
async fn nothing_left(group: u32, profiles: &Path) {
    no_process_left(group, profiles).await;
    within(SOON, "a profile is left", || profiles_in(profiles).is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_pool_takes_its_processes_and_its_profile_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let pool = Pool::start(browser_options(folder.path())).await.unwrap();
    let page = pool.page().await.unwrap();
    let (_, group) = pool.browser().await.unwrap();
    assert_eq!(profiles_in(folder.path()).len(), 1);
    // Each process of the browser is in its group: nothing else but the guardian knows its profile.
    let mut users = users_of(folder.path());
    users.retain(|pid| group_of(*pid) != Some(group));
    let guardian = guardian_of(folder.path());
    assert_eq!(users, [guardian]);
    assert!(members(group, "--type=renderer").len() + members(group, "--type=zygote").len() > 0);
    drop(pool);
    // A page in use keeps its browser.
    page.open(&"about:blank".parse().unwrap(), Duration::from_secs(20)).await.unwrap();
    drop(page);
    nothing_left(group, folder.path()).await;
    // Not even as a zombie.
    within(SOON, "the guardian is left", || stat(guardian).len() < 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let options = browser_options(folder.path());
    let (tell, told) = tokio::sync::oneshot::channel();
    let task = tokio::spawn(async move {
        let pool = Pool::start(options).await.unwrap();
        let _page = pool.page().await.unwrap();
        tell.send(pool.browser().await.unwrap().1).unwrap();
        panic!("a bug of the worker's");
    });
    let group = told.await.unwrap();
    task.await.unwrap_err();
    nothing_left(group, folder.path()).await;
}

/// Not a test of its own: what those after it start in a process of its own and kill.
#[tokio::test(flavor = "multi_thread")]
async fn worker_that_is_killed() {
    let Some(folder) = std::env::var_os("TURNLOCK_TEST_PROFILES") else { return };
    let pool = Pool::start(browser_options(Path::new(&folder))).await.unwrap();
    let _page = pool.page().await.unwrap();
    let (_, group) = pool.browser().await.unwrap();
    // Renamed, so that whoever reads it reads it whole.
    let file = Path::new(&folder).join("group");
    std::fs::write(file.with_extension("new"), group.to_string()).unwrap();
    std::fs::rename(file.with_extension("new"), file).unwrap();
    std::future::pending().await
}

/// Starts it, and waits for its browser; gives that one's process group.
async fn start_worker(folder: &Path) -> (Child, u32) {
    let worker = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "suite::browser_process::worker_that_is_killed"])
        .env("TURNLOCK_TEST_PROFILES", folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let group = || std::fs::read_to_string(folder.join("group")).ok();
    within(SOON * 2, "the worker did not start its browser", || group().is_some()).await;
    (worker, group().unwrap().parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_worker_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let (mut worker, group) = start_worker(folder.path()).await;
    assert_eq!(profiles_in(folder.path()).len(), 1);
    worker.kill().unwrap();
    // It is a zombie until the end.
    nothing_left(group, folder.path()).await;
    worker.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn not_even_if_its_browser_was_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let (mut worker, group) = start_worker(folder.path()).await;
    stop(group).await;
    worker.kill().unwrap();
    nothing_left(group, folder.path()).await;
    worker.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guardian_holds_nothing_and_outlives_what_ends_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let (mut worker, group) = start_worker(folder.path()).await;
    let guardian = guardian_of(folder.path());
    assert_eq!(group_of(guardian), Some(u32::try_from(guardian).unwrap()));
    let link = |name: &str| {
        std::fs::read_link(format!("/proc/{guardian}/{name}")).unwrap().to_string_lossy().into_owned()
    };
    assert!(link("fd/0").starts_with("pipe:"));
    assert_eq!([link("fd/1"), link("fd/2"), link("cwd")], ["/dev/null", "/dev/null", "/"]);
    let environment = std::fs::read_to_string(format!("/proc/{guardian}/environ")).unwrap();
    assert_eq!(environment, "PATH=/usr/local/bin:/usr/bin:/bin\0");
    // The other end of its input is nowhere but in the worker, so that it ends with the worker.
    let input = link("fd/0");
    for pid in members(group, "") {
        let files = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        let mut targets = files.filter_map(|file| std::fs::read_link(file.path()).ok());
        assert!(targets.all(|target| *target != *input), "{pid} holds the guardian's input");
    }
    for signal in [Signal::HUP, Signal::INT, Signal::TERM] {
        kill_process(Pid::from_raw(guardian).unwrap(), signal).unwrap();
    }
    worker.kill().unwrap();
    worker.wait().unwrap();
    nothing_left(group, folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_guardian_a_browser_ends_and_the_next_start_removes_its_profile() {
    let folder = tempfile::tempdir().unwrap();
    let (mut worker, group) = start_worker(folder.path()).await;
    kill(guardian_of(folder.path()));
    let orphans = profiles_in(folder.path());
    assert_eq!(orphans.len(), 1);
    worker.kill().unwrap();
    // Nobody waits for the worker before the next one starts.
    no_process_left(group, folder.path()).await;
    assert_eq!(profiles_in(folder.path()), orphans);
    let pool = Pool::start(browser_options(folder.path())).await.unwrap();
    let left = profiles_in(folder.path());
    assert!(left.len() == 1 && left != orphans, "{left:?}");
    drop(pool);
    worker.wait().unwrap();
}

/// A profile in that folder whose owner is a zombie, as a killed worker is that nobody waits for.
fn orphaned_profile(folder: &Path) -> (PathBuf, Child) {
    let mut owner = Command::new("sleep").arg("600").spawn().unwrap();
    let start = stat(i32::try_from(owner.id()).unwrap()).swap_remove(19);
    owner.kill().unwrap();
    let profile = folder.join(format!("turnlock-profile-{}-{start}-0", owner.id()));
    std::fs::create_dir(&profile).unwrap();
    (profile, owner)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_start_ends_what_still_runs_on_an_orphaned_profile_and_nothing_else() {
    use std::os::unix::process::CommandExt;
    let folder = tempfile::tempdir().unwrap();
    let (profile, mut owner) = orphaned_profile(folder.path());
    let user = format!("--user-data-dir={}", profile.display());
    let shell = |script: &str, argument: &str| {
        Command::new("sh").args(["-c", script, "sh", argument]).process_group(0).spawn().unwrap()
    };
    // A browser that stands still, and has a process that does not name the profile.
    let mut browser = shell("sleep 600 & wait", &user);
    within(SOON, "the browser did not start", || members(browser.id(), "").len() == 2).await;
    stop(browser.id()).await;
    // A browser that somebody started from a script of his own, and one on a profile with a longer name.
    let mut own = Command::new("sh")
        .args(["-c", "sh -c 'sleep 600; :' sh \"$USER_DATA\" & wait; sleep 600"])
        .env("USER_DATA", &user)
        .process_group(0)
        .spawn()
        .unwrap();
    let mut other = shell("sleep 600; :", &format!("{user}0"));
    within(SOON, "the script did not start", || members(own.id(), &user).len() == 1).await;
    let pool = Pool::start(browser_options(folder.path())).await.unwrap();
    assert!(members(browser.id(), "").is_empty() && !profile.exists());
    assert!(members(own.id(), &user).is_empty() && !members(own.id(), "").is_empty());
    assert!(!members(other.id(), &user).is_empty());
    drop(pool);
    for child in [&mut own, &mut other] {
        kill_group(child.id());
        child.wait().unwrap();
    }
    browser.wait().unwrap();
    owner.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_cannot_start_says_why_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let program = |name: &str, script: &str| {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.path().join(name);
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    let profiles = tempfile::tempdir().unwrap();
    let start = async |program: PathBuf| {
        let options = Options::new(program, Sandbox::Off, profiles.path().to_owned());
        Pool::start(options).await.map(drop).unwrap_err()
    };
    let missing = start(folder.path().join("missing")).await;
    assert!(matches!(missing, BrowserError::Start { .. }), "{missing}");
    assert!(missing.to_string().contains("missing could not be started: No such file"), "{missing}");
    let library = "#!/bin/sh\necho 'error while loading shared libraries: libnss3.so' >&2\nexit 127\n";
    let library = start(program("library", library)).await;
    assert!(matches!(library, BrowserError::EndedEarly { .. }), "{library}");
    assert!(library.to_string().contains("exit status: 127"), "{library}");
    assert!(library.to_string().contains("libnss3.so"), "{library}");
    let silent = start(program("silent", "#!/bin/sh\nexit 0\n")).await;
    assert!(silent.to_string().contains("it printed nothing"), "{silent}");
    let deaf = start(program("deaf", "#!/bin/sh\nexec 3>&- 4>&-\nsleep 1000\n")).await;
    assert!(deaf.to_string().contains("it closed its connection"), "{deaf}");
    assert_eq!(profiles_in(profiles.path()), [] as [PathBuf; 0]);
}
