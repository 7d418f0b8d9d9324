//! The processes of a browser: started in a process group of their own, and ended all together.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use command_fds::{CommandFdExt, FdMapping};
use rustix::process::{Pid, Signal, kill_process_group};

use super::last_words::LastWords;
use super::profile::Profile;
use crate::browser::error::BrowserError;
use crate::browser::launch::{Options, arguments};

/// How long the processes of a browser may take to end that was killed.
const END: Duration = Duration::from_secs(5);

/// The processes and, removed after them, their profile. A part of its own so that a failed start cleans up as well.
pub(super) struct Group {
    child: Child,
    /// How the first process ended, once it was waited for.
    ended: Option<ExitStatus>,
    words: LastWords,
    profile: Profile,
}

impl Group {
    /// Starts the browser on that profile, with these ends of its pipe.
    pub(super) fn start(
        options: &Options,
        mut profile: Profile,
        commands: OwnedFd,
        answers: OwnedFd,
    ) -> Result<Self, BrowserError> {
        let (child, words) = spawn(options, profile.path(), commands, answers)?;
        if let Some(guardian) = profile.guardian() {
            guardian.guard(child.id());
        }
        Ok(Self { child, ended: None, words, profile })
    }

    /// The id of the first process, which is also that of the group.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn profile(&self) -> &Path {
        self.profile.path()
    }

    /// How a browser ended that closed its connection, and what it printed last.
    pub(super) fn last_words(&mut self) -> String {
        // Whoever has closed everything is on its way out, and keeps the status that it goes with.
        let how = if self.words.wait(END) {
            self.end();
            self.ended.map(|status| status.to_string()).unwrap_or_default()
        } else {
            "it closed its connection".to_owned()
        };
        format!("{how}; {}", self.words.last_line())
    }

    /// Kills the group, and waits for its first process.
    fn end(&mut self) {
        // Once it was waited for, the number may be another's.
        if self.ended.is_some() {
            return;
        }
        if let Some(group) = i32::try_from(self.id()).ok().and_then(Pid::from_raw) {
            // Already gone is as good.
            let _ = kill_process_group(group, Signal::KILL);
        }
        if let Some(guardian) = self.profile.guardian() {
            guardian.forget_group();
        }
        self.ended = self.child.wait().ok();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
        // What was started may have been a script around the browser, whose processes are nobody's children
        // by now and go on writing until they are gone.
        if !self.words.wait(END) {
            tracing::warn!(profile = %self.profile().display(), "a process of the browser did not end");
        }
    }
}

fn spawn(
    options: &Options,
    profile: &Path,
    commands: OwnedFd,
    answers: OwnedFd,
) -> Result<(Child, LastWords), BrowserError> {
    use std::os::unix::process::CommandExt;
    let failed =
        |message: String| BrowserError::Start { path: options.program.display().to_string(), message };
    let mut command = Command::new(&options.program);
    command
        .args(arguments(options, profile)?)
        // Nothing of Turnlock's own settings, and no key or password that happens to be set, reaches the browser;
        // and whatever it writes to its home or temporary folder goes with its profile.
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .env("HOME", profile)
        .env("TMPDIR", profile)
        .envs(options.display.iter().flat_map(|display| &display.0).map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0);
    command
        .fd_mappings(vec![
            FdMapping { parent_fd: commands, child_fd: 3 },
            FdMapping { parent_fd: answers, child_fd: 4 },
        ])
        .map_err(|error| failed(error.to_string()))?;
    let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
    // Asked for above, so it is there.
    let stderr = child.stderr.take().ok_or_else(|| failed("it has no standard error".to_owned()))?;
    let words = LastWords::listen(stderr);
    Ok((child, words))
}
