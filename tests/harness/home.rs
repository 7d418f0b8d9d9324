//! The real binary with a home of its own, so that it can be killed and all that it leaves can be looked at.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use tokio::process::{Child, Command};
use turnlock::job::{AccountRef, Kind};
use turnlock::store;
use turnlock::vault::{MasterKey, Vault};
use uuid::Uuid;

use super::SOON;

/// A folder with database, key, playbook, evidence and temporary files.
pub struct Home {
    folder: tempfile::TempDir,
    origin: String,
    /// 0 is any.
    inbox_port: u16,
    /// Where temporary files go, if not into the folder.
    temporary: Option<tempfile::TempDir>,
    /// Where rows are kept, if not in a file in the folder.
    database: Option<String>,
}

impl Home {
    /// For one app, by this playbook.
    pub fn new(app: &acme::Acme, playbook: &str) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), app, playbook)
    }

    /// The same, within this folder. Temporary files stay out of it.
    pub fn within(folder: &Path, app: &acme::Acme, playbook: &str) -> Self {
        let mut home = Self::in_folder(tempfile::tempdir_in(folder).unwrap(), app, playbook);
        home.temporary = Some(tempfile::tempdir().unwrap());
        home
    }

    fn in_folder(folder: tempfile::TempDir, app: &acme::Acme, playbook: &str) -> Self {
        std::fs::create_dir(folder.path().join("tmp")).unwrap();
        std::fs::write(folder.path().join("acme.yaml"), playbook).unwrap();
        Self {
            folder,
            origin: format!("acme.app={}", app.url()),
            inbox_port: 0,
            temporary: None,
            database: None,
        }
    }

    /// Keeps its rows in this database.
    pub fn keep_rows_in(&mut self, url: String) {
        self.database = Some(url);
    }

    /// Has the app mail its codes to the binary's inbox.
    pub fn listen_for_mail(&mut self, app: &acme::Acme) {
        app.set_smtp(Some(([127, 0, 0, 1], self.inbox_port()).into()));
    }

    /// The port at which the binary's inbox will listen.
    pub fn inbox_port(&mut self) -> u16 {
        self.inbox_port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        self.inbox_port
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    fn temporary(&self) -> PathBuf {
        self.temporary.as_ref().map_or_else(|| self.path().join("tmp"), |folder| folder.path().to_owned())
    }

    pub fn key_file(&self) -> PathBuf {
        self.path().join("key")
    }

    fn database(&self) -> String {
        let file = || format!("sqlite:{}", self.path().join("turnlock.db").display());
        self.database.clone().unwrap_or_else(file)
    }

    /// The vault that the binary uses too.
    pub async fn vault(&self) -> Vault {
        let store = store::open(&self.database()).await.unwrap();
        let (key, _) = MasterKey::load_or_create(self.key_file()).unwrap();
        Vault::open(store, key).await.unwrap()
    }

    /// `turnlock run`, until it ends by itself or at the failpoint.
    pub async fn run(
        &self,
        kind: Kind,
        account: &AccountRef,
        id: Uuid,
        extra: &[&str],
        environment: &[(&str, &str)],
    ) -> Output {
        let mut command = self.turnlock();
        command
            .args(["run", kind.as_str(), "--account", &account.to_string(), "--id", &id.to_string()])
            .args(extra)
            .envs(environment.iter().copied());
        command.output().await.unwrap()
    }

    /// A worker process, whose words go to a file.
    pub fn worker(&self, environment: &[(&str, &str)]) -> Child {
        let mut words = std::fs::OpenOptions::new();
        let words = words.create(true).append(true).open(self.path().join("worker.log")).unwrap();
        let mut command = self.turnlock();
        command
            .arg("worker")
            .env("TURNLOCK_LOG", "info")
            .envs(environment.iter().copied())
            .stdout(Stdio::null())
            .stderr(words);
        command.spawn().unwrap()
    }

    /// What the workers said.
    pub fn words(&self) -> String {
        std::fs::read_to_string(self.path().join("worker.log")).unwrap_or_default()
    }

    /// The binary with this home and nothing else around it.
    pub fn turnlock(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_turnlock"));
        command
            .env_clear()
            .env("HOME", self.path())
            .env("TMPDIR", self.temporary())
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("TURNLOCK_BROWSER_SANDBOX", if rustix::process::geteuid().is_root() { "off" } else { "on" })
            .env("TURNLOCK_DATABASE_URL", self.database())
            .env("TURNLOCK_MASTER_KEY_FILE", self.key_file())
            .env("TURNLOCK_PLAYBOOKS", self.path().join("acme.yaml"))
            .env("TURNLOCK_ARTIFACTS", self.path().join("artifacts"))
            .env("TURNLOCK_INBOX_URL", format!("smtp://127.0.0.1:{}", self.inbox_port))
            .env("TURNLOCK_ORIGINS", &self.origin)
            .current_dir(self.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// The processes of browsers that workers of this home have started.
    pub fn browsers(&self) -> Vec<i32> {
        let profile = format!("--user-data-dir={}", self.temporary().display());
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let names = |pid: &i32| {
            std::fs::read(format!("/proc/{pid}/cmdline"))
                .is_ok_and(|line| String::from_utf8_lossy(&line).contains(&profile))
        };
        pids.filter(names).collect()
    }

    /// What browsers left in the temporary folder.
    pub fn profiles(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.temporary()).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// Waits until no process is left whose command line names this home, as that of a browser names its
    /// profile. The browsers are nobody's children here, so that nothing but /proc tells.
    pub async fn no_browser_is_left(&self) -> Result<(), String> {
        let until = tokio::time::Instant::now() + SOON;
        loop {
            let left = processes_naming(self.path());
            if left.is_empty() {
                return Ok(());
            }
            if tokio::time::Instant::now() > until {
                return Err(format!("still run: {left:?}"));
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
}

fn processes_naming(folder: &Path) -> Vec<String> {
    let name = folder.to_str().unwrap();
    let lines = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let bytes = std::fs::read(entry.ok()?.path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&bytes).replace('\0', " "))
    });
    lines.filter(|line| line.contains(name)).collect()
}
