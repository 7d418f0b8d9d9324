//! No browser process and no profile outlives its worker, however that ended.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use turnlock::browser::{BrowserError, Options, Pool, Sandbox};

use crate::harness::browser_options;

/// Ends one process.
pub fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
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

/// The process group of a process that is not a zombie.
fn group_of(pid: i32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    (fields[0] != "Z").then(|| fields[2].parse().unwrap())
}

/// Every process that has the profile's folder on its command line, whatever its group.
fn users_of(profiles: &Path) -> Vec<i32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let folder = profiles.display().to_string();
    pids.filter(|pid| {
        command_line(*pid).contains(&folder) && *pid != i32::try_from(std::process::id()).unwrap()
    })
    .collect()
}

fn profiles_in(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).collect()
}

async fn no_process_left(group: u32, profiles: &Path) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let (alive, users) = (members(group, ""), users_of(profiles));
        if alive.is_empty() && users.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "still there: {alive:?} {users:?}");
        // Processes that are no children of this one can only be looked for.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A context that was just being prepared keeps the browser for a moment longer than its pool.
async fn no_profile_left(folder: &Path) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !profiles_in(folder).is_empty() {
        assert!(Instant::now() < deadline, "still there: {:?}", profiles_in(folder));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The profile is removed by whoever let go of the browser last, right after its processes have ended.
async fn nothing_left(group: u32, profiles: &Path) {
    no_process_left(group, profiles).await;
    let deadline = Instant::now() + Duration::from_secs(20);
    while profiles_in(profiles) != [] as [PathBuf; 0] {
        assert!(Instant::now() < deadline, "still there: {:?}", profiles_in(profiles));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_pool_takes_its_processes_and_its_profile_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let pool = Pool::start(browser_options(folder.path())).await.unwrap();
    let page = pool.page().await.unwrap();
    let (_, group) = pool.browser().await.unwrap();
    assert_eq!(profiles_in(folder.path()).len(), 1);
    // Each process of the browser is in its group: nothing else holds its profile.
    let mut users = users_of(folder.path());
    users.retain(|pid| group_of(*pid) != Some(group));
    assert_eq!(users, [] as [i32; 0]);
    assert!(members(group, "--type=renderer").len() + members(group, "--type=zygote").len() > 0);
    drop(pool);
    // A page in use keeps its browser.
    page.open(&"about:blank".parse().unwrap(), Duration::from_secs(20)).await.unwrap();
    drop(page);
    nothing_left(group, folder.path()).await;
    no_profile_left(folder.path()).await;
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
    no_profile_left(folder.path()).await;
}

/// Not a test of its own: what the next one starts in a process of its own and kills.
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

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_worker_leaves_no_process_and_the_next_start_removes_its_profile() {
    let folder = tempfile::tempdir().unwrap();
    let mut worker = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "suite::browser_process::worker_that_is_killed"])
        .env("TURNLOCK_TEST_PROFILES", folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(40);
    let group = loop {
        if let Ok(group) = std::fs::read_to_string(folder.path().join("group")) {
            break group.parse().unwrap();
        }
        assert!(Instant::now() < deadline, "the worker did not start its browser");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    worker.kill().unwrap();
    worker.wait().unwrap();
    no_process_left(group, folder.path()).await;
    std::fs::remove_file(folder.path().join("group")).unwrap();
    let orphans = profiles_in(folder.path());
    assert_eq!(orphans.len(), 1);
    let pool = Pool::start(browser_options(folder.path())).await.unwrap();
    let left = profiles_in(folder.path());
    assert!(left.len() == 1 && left != orphans, "{left:?}");
    drop(pool);
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
