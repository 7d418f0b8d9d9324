//! A private server that a script of the project keeps (`scripts/servers`), as the demo of the fleet does.

use std::io::{BufRead, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use url::Url;

/// However this process ends, the server ends with it and its folder goes: the script waits for the end of a pipe that
/// only this process holds.
pub struct Server {
    pub folder: PathBuf,
    pub url: Url,
    words: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    script: Child,
}

impl Server {
    /// Starts the server of that name; returns when it can be used.
    pub fn start(name: &str, environment: &[(&str, &str)]) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/servers").join(name);
        let mut script = Command::new(file)
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let words = script.stdin.take();
        let mut answers = BufReader::new(script.stdout.take().unwrap());
        let [folder, url] = [(), ()].map(|()| line(&mut answers));
        if url.is_empty() {
            panic!(
                "{name} does not start: {}",
                std::io::read_to_string(script.stderr.take().unwrap()).unwrap()
            );
        }
        Self { folder: folder.into(), url: url.parse().unwrap(), words, answers, script }
    }

    pub fn port(&self) -> u16 {
        self.url.port().unwrap()
    }

    /// Has it `stop`, `kill` or `start` the server; returns when that is done.
    pub fn say(&mut self, word: &str) {
        writeln!(self.words.as_mut().unwrap(), "{word}").unwrap();
        assert_eq!(line(&mut self.answers), "done", "{word}: {}", self.log());
    }

    /// What the server has written down.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.words.take());
        let _ = self.script.wait();
    }
}

/// The next line; empty where there is none.
fn line(of: &mut impl BufRead) -> String {
    let mut line = String::new();
    of.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}
