//! What dead workers left, whose guardians did not come to it: removed at the next start.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::time::{Instant, sleep};

use super::profile::PREFIX;
use crate::process_table;

/// How long the processes of such a browser may take to end.
const END: Duration = Duration::from_secs(5);

/// Removes the profiles of dead workers from that folder, and kills first what still runs on them.
pub(super) async fn remove_orphans(folder: &Path) {
    // As it stands in the command lines of browsers.
    let Ok(entries) = std::path::absolute(folder).and_then(std::fs::read_dir) else { return };
    for entry in entries.flatten() {
        let Some(true) = entry.file_name().to_str().and_then(has_lost_its_worker) else { continue };
        let profile = entry.path();
        end_users(&profile).await;
        if let Err(error) = std::fs::remove_dir_all(&profile)
            && profile.exists()
        {
            tracing::warn!(profile = %profile.display(), %error, "a dead worker's browser profile is left");
        }
    }
}

/// `None` if this is no profile's name.
fn has_lost_its_worker(name: &str) -> Option<bool> {
    let mut parts = name.strip_prefix(PREFIX)?.split('-');
    let (pid, start) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some(process_table::has_ended(pid, start))
}

/// Kills the processes that run on the profile, and waits until they are gone.
async fn end_users(profile: &Path) {
    let word = [b"--user-data-dir=", profile.as_os_str().as_bytes()].concat();
    let until = Instant::now() + END;
    loop {
        let Ok(ids) = process_table::ids() else { return };
        let users: Vec<u32> = ids.filter(|pid| is_told(*pid, &word)).collect();
        if users.is_empty() {
            return;
        }
        if Instant::now() > until {
            tracing::warn!(profile = %profile.display(), ?users, "processes of a dead worker's browser do not end");
            return;
        }
        for user in users {
            kill(user, &word);
        }
        // They are nobody's children here, so that they can only be looked for.
        sleep(Duration::from_millis(20)).await;
    }
}

/// Whether that process was started with this argument.
fn is_told(pid: u32, argument: &[u8]) -> bool {
    process_table::arguments(pid).is_some_and(|arguments| arguments.split(|b| *b == 0).any(|a| a == argument))
}

/// Kills that process, and its whole group if that is the browser's: if it began with a process that was told
/// the same. The numbers were read a moment ago, and the system gives a number out again only when it has come
/// round all the others.
fn kill(pid: u32, word: &[u8]) {
    let id = |number: u32| i32::try_from(number).ok().and_then(Pid::from_raw);
    let group = process_table::entry(pid).map(|entry| entry.group).filter(|group| is_told(*group, word));
    // Those that are gone by now are as good as killed.
    let _ = match (group.and_then(id), id(pid)) {
        (Some(group), _) => kill_process_group(group, Signal::KILL),
        (None, Some(pid)) => kill_process(pid, Signal::KILL),
        (None, None) => Ok(()),
    };
}
