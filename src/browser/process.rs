//! A browser process: started in a process group and with a profile of its own, and both ended with it.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use command_fds::{CommandFdExt, FdMapping};
use rustix::process::{Pid, Signal, kill_process_group};

use super::connection::{Connection, SessionId};
use super::error::BrowserError;
use super::launch::{Options, arguments};
use super::pipe::Pipe;
use super::protocol::GetVersion;
use crate::process_table;

/// How long a browser may take to start.
const START: Duration = Duration::from_secs(30);

/// How long the processes of a browser may take to end that was killed.
const END: Duration = Duration::from_secs(5);

/// The name of a profile folder: `turnlock-profile-<pid>-<start of that process>-<number>`.
const PROFILE: &str = "turnlock-profile-";

/// A running browser. Dropping it kills its whole process group and removes its profile.
pub struct Process {
    connection: Connection,
    version: String,
    group: Group,
}

/// The processes and the folder; a part of its own so that a failed start cleans up as well.
struct Group {
    child: Child,
    profile: PathBuf,
    words: LastWords,
}

impl Process {
    /// Starts a browser and waits until it answers.
    ///
    /// # Errors
    /// If the program cannot be started, refuses to, or does not answer within 30 s.
    pub async fn launch(options: &Options) -> Result<Self, BrowserError> {
        let failed = |error: std::io::Error| BrowserError::Start {
            path: options.program.display().to_string(),
            message: error.to_string(),
        };
        remove_orphaned_profiles(&options.profiles);
        let profile = new_profile(&options.profiles).map_err(failed)?;
        let (pipe, ends) = Pipe::new().map_err(failed)?;
        let spawned = spawn(options, &profile, ends.commands, ends.answers);
        let (child, words) = spawned.inspect_err(|_| {
            // Nothing was started that could use it, and the next start would remove it too.
            let _ = std::fs::remove_dir_all(&profile);
        })?;
        let mut group = Group { child, profile, words };
        let connection = Connection::start(pipe);
        let root: SessionId = "".into();
        match connection.call(&root, &GetVersion {}, START).await {
            Ok(version) => Ok(Self { connection, version: version.product, group }),
            Err(_) if connection.is_closed() => Err(BrowserError::EndedEarly { stderr: group.last_words() }),
            Err(error) => Err(error),
        }
    }

    /// The browser's name and version, `HeadlessChrome/156.0.8078.79`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The id of the browser's first process, which is also that of its process group.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.group.child.id()
    }

    /// The profile's folder.
    #[must_use]
    pub fn profile(&self) -> &Path {
        &self.group.profile
    }

    /// Whether the browser is gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.connection.is_closed()
    }

    /// The memory that the group's processes hold, in bytes; shared pages count in each.
    #[must_use]
    pub fn memory(&self) -> u64 {
        group_memory(self.id())
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
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

/// The end of what the browser printed. It may quote page content, so it is kept for a failed start only
/// and never logged.
struct LastWords(Arc<(Mutex<Said>, Condvar)>);

#[derive(Default)]
struct Said {
    words: Vec<u8>,
    /// Every process that could print has ended: those of the browser all share its standard error.
    ended: bool,
}

impl LastWords {
    const KEPT: usize = 2048;

    /// Keeps reading, so that the browser never blocks on a full pipe; ends with the browser.
    fn listen(mut stderr: ChildStderr) -> Self {
        let shared: Arc<(Mutex<Said>, Condvar)> = Arc::default();
        let said = Arc::clone(&shared);
        std::thread::spawn(move || {
            let (said, changed) = &*said;
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = stderr.read(&mut buffer) {
                let words = &mut said.lock().unwrap_or_else(PoisonError::into_inner).words;
                words.extend_from_slice(&buffer[..read]);
                let excess = words.len().saturating_sub(Self::KEPT);
                words.drain(..excess);
            }
            said.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
            changed.notify_all();
        });
        Self(shared)
    }

    /// Waits until nobody is left to print; false if somebody still is after that time.
    fn wait(&self, within: Duration) -> bool {
        let (said, changed) = &*self.0;
        let said = said.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = changed.wait_timeout_while(said, within, |said| !said.ended);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    fn last_line(&self) -> String {
        let said = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&said.words);
        text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it printed nothing").to_owned()
    }
}

impl Group {
    fn last_words(&mut self) -> String {
        // Whoever has closed everything is on its way out, and keeps the status that it goes with.
        let how = if self.words.wait(END) {
            self.kill();
            self.child.wait().map(|status| status.to_string()).unwrap_or_default()
        } else {
            "it closed its connection".to_owned()
        };
        format!("{how}; {}", self.words.last_line())
    }

    fn kill(&self) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // Already gone is as good.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
        let _ = self.child.wait();
        // What was started may have been a script around the browser, whose processes are nobody's children
        // by now and go on writing until they are gone.
        if !self.words.wait(END) {
            tracing::warn!(profile = %self.profile.display(), "a process of the browser did not end");
        }
        if let Err(error) = std::fs::remove_dir_all(&self.profile) {
            tracing::warn!(profile = %self.profile.display(), %error, "a browser profile is left");
        }
    }
}

fn new_profile(folder: &Path) -> std::io::Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt;
    use std::sync::atomic::{AtomicU32, Ordering};
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let pid = std::process::id();
    let start = process_table::entry(pid).map(|entry| entry.start).unwrap_or_default();
    let path = folder.join(format!("{PROFILE}{pid}-{start}-{number}"));
    std::fs::DirBuilder::new().mode(0o700).create(&path)?;
    Ok(path)
}

/// Removes the profiles of workers that died without doing it themselves.
fn remove_orphaned_profiles(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(owner) = name.to_str().and_then(|name| name.strip_prefix(PROFILE)) else { continue };
        let mut parts = owner.split('-');
        let (Some(Ok(pid)), Some(Ok(start))) = (parts.next().map(str::parse), parts.next().map(str::parse))
        else {
            continue;
        };
        if process_table::has_ended(pid, start) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

fn group_memory(group: u32) -> u64 {
    let Ok(ids) = process_table::ids() else { return 0 };
    let members = ids.filter_map(process_table::entry).filter(|entry| entry.group == group);
    members.map(|entry| entry.memory).sum()
}
