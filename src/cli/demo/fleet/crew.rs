use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::cli::Failure;
use crate::config::Key;
use crate::process_table;
use crate::store::WorkerId;
use crate::worker::identity;

/// How long a worker may take to end, and what it leaves to go.
const SOON: Duration = Duration::from_secs(20);

/// The workers, each a process of its own.
pub struct Crew {
    hands: Vec<Hand>,
    /// Browser profiles lie in here, and every browser's command line names it.
    temporary: PathBuf,
}

/// One of them.
pub struct Hand {
    /// From 1.
    pub number: usize,
    /// Its process.
    pub pid: u32,
    /// Was it killed on purpose?
    pub killed: bool,
    child: Child,
    log: PathBuf,
}

/// How workers are ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Haste {
    /// As a supervisor does.
    InOrder,
    /// Without a word.
    AtOnce,
}

impl Crew {
    /// Starts so many workers by this config file, with all that they leave in `folder`.
    ///
    /// # Errors
    /// If they cannot be started.
    pub fn start(number: usize, config: &Path, folder: &Path) -> Result<Self, Failure> {
        let temporary = folder.join("tmp");
        std::fs::create_dir(&temporary).map_err(failed)?;
        let mut crew = Self { hands: Vec::new(), temporary };
        for number in 1..=number {
            let log = folder.join(format!("worker-{number}.log"));
            let child = crew.spawn(config, &log).map_err(failed)?;
            let pid = child.id().ok_or_else(|| failed("it ended at once"))?;
            crew.hands.push(Hand { number, pid, killed: false, child, log });
        }
        Ok(crew)
    }

    fn spawn(&self, config: &Path, log: &Path) -> std::io::Result<Child> {
        let log = OpenOptions::new().create_new(true).append(true).mode(0o600).open(log)?;
        let mut command = Command::new(std::env::current_exe()?);
        // Nothing but the config file decides, whatever this process was told.
        for key in Key::ALL {
            command.env_remove(key.variable());
        }
        command
            .args(["worker", "--with-parent", &std::process::id().to_string(), "--config"])
            .arg(config)
            .env("TMPDIR", &self.temporary)
            .env_remove("TURNLOCK_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            // A terminal's Ctrl-C is for the demo, which ends them.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
    }

    /// All of them.
    pub fn hands(&self) -> &[Hand] {
        &self.hands
    }

    /// The number of the worker of this id.
    pub fn number(&self, worker: &WorkerId) -> Option<usize> {
        let pid = identity::process_of(worker)?;
        self.hands.iter().find(|hand| hand.pid == pid).map(|hand| hand.number)
    }

    /// Holds a worker still.
    ///
    /// # Errors
    /// Here and below, if the worker has ended by itself.
    pub fn pause(&self, number: usize) -> Result<(), Failure> {
        self.signal(number, Signal::STOP)
    }

    /// Lets it go on.
    pub fn resume(&self, number: usize) -> Result<(), Failure> {
        self.signal(number, Signal::CONT)
    }

    /// Kills it, as nothing can that it could prepare for.
    pub async fn kill(&mut self, number: usize) -> Result<(), Failure> {
        let hand = &mut self.hands[number - 1];
        hand.killed = true;
        hand.child.kill().await.map_err(failed)
    }

    fn signal(&self, number: usize, signal: Signal) -> Result<(), Failure> {
        send(self.hands[number - 1].pid, signal).map_err(failed)
    }

    /// All that were not killed on purpose still work.
    ///
    /// # Errors
    /// With the last words of one that does not.
    pub fn works(&mut self) -> Result<(), Failure> {
        for hand in self.hands.iter_mut().filter(|hand| !hand.killed) {
            if let Some(status) = hand.child.try_wait().map_err(failed)? {
                let words = std::fs::read_to_string(&hand.log).unwrap_or_default();
                let last = words.lines().rev().take(5).collect::<Vec<_>>();
                let last = last.into_iter().rev().map(|line| format!("\n  {line}")).collect::<String>();
                let number = hand.number;
                return Err(Failure::environment(format_args!(
                    "worker {number} ended by itself ({status}); the last that it said:{last}"
                )));
            }
        }
        Ok(())
    }

    /// Ends those that still work, and waits until nothing of any of them is left. What is left all the same is
    /// returned.
    pub async fn end(&mut self, haste: Haste) -> Vec<String> {
        let signal = match haste {
            Haste::InOrder => Signal::TERM,
            Haste::AtOnce => Signal::KILL,
        };
        for hand in &self.hands {
            // One that has ended by now has no process any more, or lets itself be asked in vain.
            let _ = hand.child.id().map(|pid| send(pid, signal));
        }
        for hand in &mut self.hands {
            if timeout(SOON, hand.child.wait()).await.is_err() {
                let _ = hand.child.kill().await;
            }
        }
        let until = Instant::now() + SOON;
        loop {
            let left = self.left();
            if left.is_empty() || Instant::now() > until {
                return left;
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Browsers that run, and profiles that lie about.
    fn left(&self) -> Vec<String> {
        let name = self.temporary.to_string_lossy();
        let names = |pid: &u32| {
            process_table::arguments(*pid)
                .is_some_and(|line| String::from_utf8_lossy(&line).contains(name.as_ref()))
        };
        let browsers = process_table::ids().into_iter().flatten().filter(names);
        let profiles = std::fs::read_dir(&self.temporary).into_iter().flatten().flatten();
        let browsers = browsers.map(|pid| format!("process {pid}"));
        browsers.chain(profiles.map(|entry| entry.path().display().to_string())).collect()
    }
}

/// A file that nobody else may read.
pub fn private(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn send(pid: u32, signal: Signal) -> rustix::io::Result<()> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.map_or(Ok(()), |pid| kill_process(pid, signal))
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::environment(format_args!("a worker of the demo failed: {error}"))
}
