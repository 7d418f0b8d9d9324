//! A process beside each browser that ends it and removes its profile when the worker cannot.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::process_table;

/// What the guardian runs. It is a shell because a parent-death signal would not do: what is started may be a
/// script around the browser, and the signal would reach only that.
///
/// It reads its standard input, whose other end only the worker holds, until the worker is gone. The last line
/// names the process group that is to be killed, and when its first process started; an empty line, or none,
/// means that there is nothing to kill. In that order:
///
/// - The signals that end a terminal's session or a service do not end it: the worker may still be at work.
/// - What it removes must look like a profile, so that no mistake elsewhere makes it remove anything else.
/// - The group's number cannot be another's by now. As long as anybody of the group is there, be it a zombie, the
///   system gives that number to no one else; and the worker waits for the group's first process, which would
///   free the number, only after it has written the empty line. There remains the moment between the worker's
///   death and this one: so a process of that number must have started when the group's first did. If there is
///   none of that number, it can only be that the first has ended before the others.
/// - A worker that was killed before it could name the group left a browser that has just started, and ends by
///   itself as its pipe is closed: it is given the time.
/// - A process that is dying may write once more, so the profile is removed until nobody of the group is left and
///   it stays away; but not for ever, as a zombie counts too, and whoever inherits it may never look.
const SCRIPT: &str = include_str!("guardian.sh");

/// The guardian of one browser. Dropping it dismisses it, with nothing done.
pub(super) struct Guardian(Child);

impl Guardian {
    /// Starts it, with no group to kill as yet.
    pub(super) fn start(profile: &Path) -> io::Result<Self> {
        use std::os::unix::process::CommandExt;
        let shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "turnlock-guardian"])
            .arg(profile)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            // Its standard input is closed in every other child by its exec. It holds nothing of the worker's
            // else: neither its output, at whose end somebody may wait for the last to close it, nor its folder.
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .current_dir("/")
            // Ctrl-C in the worker's terminal is not meant for it.
            .process_group(0)
            .spawn()?;
        Ok(Self(shell))
    }

    /// From now on, the worker's death ends this process group, whose first process the caller has not waited for.
    pub(super) fn guard(&mut self, group: u32) {
        // Without /proc here there is none there to compare it with either.
        let start = process_table::entry(group).map(|entry| entry.start).unwrap_or_default();
        self.tell(&format!("{group} {start}\n"));
    }

    /// The group has been killed: its number may soon be another's.
    pub(super) fn forget_group(&mut self) {
        self.tell("\n");
    }

    fn tell(&mut self, line: &str) {
        // One write, and far shorter than what a pipe takes in one piece.
        let told = self.0.stdin.as_mut().map(|stdin| stdin.write_all(line.as_bytes()));
        if let Some(Err(error)) = told {
            tracing::warn!(%error, "the guardian of a browser is gone: should this worker be killed, the next one removes what is left");
        }
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        // Killed first: it could take the end of its input for the worker's.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::process::CommandExt;

    use super::*;

    /// What the worker's death does: the pipe ends, and nobody kills the guardian.
    fn orphaned(mut guardian: Guardian) {
        drop(guardian.0.stdin.take());
        guardian.0.wait().unwrap();
    }

    /// Two processes in a group of their own.
    fn group() -> Child {
        Command::new("sh").args(["-c", "sleep 600 & sleep 600"]).process_group(0).spawn().unwrap()
    }

    fn members(group: u32) -> usize {
        let entries = process_table::ids().unwrap().filter_map(process_table::entry);
        entries.filter(|entry| entry.group == group && !entry.is_zombie).count()
    }

    /// A path that a shell would take apart.
    fn profile(folder: &Path) -> std::path::PathBuf {
        let profile = folder.join("turnlock-profile-1-2-3 $HOME \"'; `x` *");
        std::fs::create_dir_all(profile.join("Default")).unwrap();
        profile
    }

    #[test]
    fn the_workers_end_is_that_of_the_group_and_the_profile() {
        let folder = tempfile::tempdir().unwrap();
        let (profile, mut group) = (profile(folder.path()), group());
        let mut guardian = Guardian::start(&profile).unwrap();
        guardian.guard(group.id());
        let reaper = std::thread::spawn(move || group.wait().map(|_| group.id()));
        orphaned(guardian);
        assert_eq!(members(reaper.join().unwrap().unwrap()), 0);
        assert!(!profile.exists());
    }

    #[test]
    fn another_process_of_that_number_is_spared() {
        let folder = tempfile::tempdir().unwrap();
        let (profile, mut group) = (profile(folder.path()), group());
        let mut guardian = Guardian::start(&profile).unwrap();
        guardian.tell(&format!("{} 1\n", group.id()));
        orphaned(guardian);
        assert!(members(group.id()) > 0 && !profile.exists());
        let id = i32::try_from(group.id()).ok().and_then(rustix::process::Pid::from_raw).unwrap();
        rustix::process::kill_process_group(id, rustix::process::Signal::KILL).unwrap();
        group.wait().unwrap();
    }

    #[test]
    fn a_group_that_was_forgotten_is_spared_and_so_is_all_that_is_no_profile() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("Documents");
        std::fs::create_dir(&other).unwrap();
        orphaned(Guardian::start(&other).unwrap());
        orphaned(Guardian::start(Path::new("")).unwrap());
        assert!(other.exists());
        let (profile, mut group) = (profile(folder.path()), group());
        let mut guardian = Guardian::start(&profile).unwrap();
        guardian.guard(group.id());
        guardian.forget_group();
        orphaned(guardian);
        assert!(members(group.id()) > 0 && !profile.exists());
        let id = i32::try_from(group.id()).ok().and_then(rustix::process::Pid::from_raw).unwrap();
        rustix::process::kill_process_group(id, rustix::process::Signal::KILL).unwrap();
        group.wait().unwrap();
    }

    #[test]
    fn a_dismissed_guardian_does_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let profile = profile(folder.path());
        drop(Guardian::start(&profile).unwrap());
        assert!(profile.exists());
    }
}
