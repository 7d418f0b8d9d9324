//! A browser process: started in a process group and with a profile of its own, and both ended with it.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use command_fds::{CommandFdExt, FdMapping};
use rustix::process::{Pid, Signal, kill_process_group};

use super::connection::{Connection, SessionId};
use super::error::BrowserError;
use super::launch::{Options, arguments};
use super::pipe::Pipe;
use super::protocol::GetVersion;

/// How long a browser may take to start.
const START: Duration = Duration::from_secs(30);

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
    let words = LastWords::default();
    if let Some(stderr) = child.stderr.take() {
        words.listen(stderr);
    }
    Ok((child, words))
}

/// The end of what the browser printed. It may quote page content, so it is kept for a failed start only
/// and never logged.
#[derive(Clone, Default)]
struct LastWords(Arc<Mutex<Vec<u8>>>);

impl LastWords {
    const KEPT: usize = 2048;

    /// Keeps reading, so that the browser never blocks on a full pipe; ends with the browser.
    fn listen(&self, mut stderr: ChildStderr) {
        let words = Arc::clone(&self.0);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = stderr.read(&mut buffer) {
                let mut words = words.lock().unwrap_or_else(PoisonError::into_inner);
                words.extend_from_slice(&buffer[..read]);
                let excess = words.len().saturating_sub(Self::KEPT);
                words.drain(..excess);
            }
        });
    }

    fn last_line(&self) -> String {
        let words = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&words);
        text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it printed nothing").to_owned()
    }
}

impl Group {
    fn last_words(&mut self) -> String {
        let status = self.child.wait().map(|status| status.to_string()).unwrap_or_default();
        format!("{status}; {}", self.words.last_line())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // Already gone is as good.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
        // Children of the browser may write for an instant longer than it lives: the second try meets nobody.
        if std::fs::remove_dir_all(&self.profile).is_err() {
            let _ = std::fs::remove_dir_all(&self.profile);
        }
    }
}

fn new_profile(folder: &Path) -> std::io::Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt;
    use std::sync::atomic::{AtomicU32, Ordering};
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let pid = std::process::id();
    let start = start_time(pid).unwrap_or_default();
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
        let (Some(Ok(pid)), Some(start)) = (parts.next().map(str::parse::<u32>), parts.next()) else {
            continue;
        };
        let alive = start_time(pid).is_some_and(|time| time.to_string() == start);
        if !alive {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// When the process started, in clock ticks since boot (field 22 of `/proc/PID/stat`): with its id, a name
/// that no later process has.
fn start_time(pid: u32) -> Option<u64> {
    stat_field(pid, 19)?.parse().ok()
}

/// A field of `/proc/PID/stat`, counted from the one after the program's name.
fn stat_field(pid: u32, field: usize) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in brackets and may itself hold spaces and brackets.
    stat.rsplit_once(") ")?.1.split(' ').nth(field).map(str::to_owned)
}

fn group_memory(group: u32) -> u64 {
    let page = rustix::param::page_size() as u64;
    let Ok(entries) = std::fs::read_dir("/proc") else { return 0 };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| stat_field(*pid, 2).is_some_and(|of| of == group.to_string()))
        .filter_map(|pid| stat_field(pid, 21)?.parse::<u64>().ok())
        .map(|pages| pages * page)
        .sum()
}
