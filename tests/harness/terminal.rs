//! A program on a terminal of its own, which `script` makes.

use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

use super::PATIENCE;

pub struct OnTerminal {
    child: Child,
    /// All that was shown so far.
    pub shown: String,
}

impl OnTerminal {
    /// A line of shell, where and with what that command would run.
    pub fn start(like: &Command, line: &str, term: &str) -> Self {
        let like = like.as_std();
        let mut command = Command::new("script");
        command.args(["--quiet", "--return", "--command", line, "/dev/null"]);
        command.env_clear().current_dir(like.get_current_dir().unwrap());
        command.envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("TERM", term).env("SHELL", "/bin/sh");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        Self { child: command.spawn().unwrap(), shown: String::new() }
    }

    /// Reads on until that is shown.
    pub async fn shows(&mut self, what: &str) {
        let out = self.child.stdout.as_mut().unwrap();
        let read = async {
            while !self.shown.contains(what) {
                let mut bytes = [0; 4096];
                let count = out.read(&mut bytes).await.unwrap();
                assert!(count > 0, "`{what}` was never shown: {:?}", self.shown);
                self.shown.push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        };
        tokio::time::timeout(PATIENCE, read).await.expect("it is shown");
    }

    pub async fn press(&mut self, keys: &str) {
        self.child.stdin.as_mut().unwrap().write_all(keys.as_bytes()).await.unwrap();
    }

    /// Sends a signal to the program of that name.
    pub fn signal(&self, name: &str, signal: Signal) {
        let pid = below(self.child.id().unwrap(), name).expect("it runs");
        kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap(), signal).unwrap();
    }
}

/// The process of that name below that one.
fn below(pid: u32, name: &str) -> Option<u32> {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    children.split_whitespace().filter_map(|child| child.parse().ok()).find_map(|child: u32| {
        let comm = std::fs::read_to_string(format!("/proc/{child}/comm")).unwrap_or_default();
        if comm.trim() == name { Some(child) } else { below(child, name) }
    })
}
