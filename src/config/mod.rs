//! The one place that reads the environment and the config file.
//!
//! Every setting has one name, and three ways to say it: the flag `--database-url`, the variable
//! `TURNLOCK_DATABASE_URL`, the key `database_url` in `turnlock.toml`; the first that says it decides. Values
//! keep their [`Source`] until they are understood, so that an error names the place to mend.

mod browser;
mod environment;
mod error;
mod file;
mod key;
mod layer;
mod notices;
mod resolve;
mod server_url;
mod traces;

pub use browser::{BrowserChoice, CANDIDATES};
pub use environment::Environment;
pub use error::ConfigError;
pub use key::Key;
pub use layer::{Layer, Raw, Source};
pub use notices::Notices;
pub use server_url::ServerUrl;
pub use traces::Traces;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::playbook::OriginOverrides;

/// Everything that was configured, understood and checked; nothing is opened or bound yet.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the automation log, the jobs and the sealed accounts are kept.
    pub database: Database,
    /// Where jobs come from.
    pub queue: Queue,
    /// Where messages for the managed addresses come from.
    pub inbox: Vec<Inbox>,
    /// The mail servers whose word on who sent a mail counts, as they name themselves in `Authentication-Results`.
    pub inbox_authserv: Vec<String>,
    /// Whom to write to when people are wanted; `None` is nobody.
    pub notices: Option<Notices>,
    /// Servers that are told what happens; nothing is known of them but that they are texts.
    pub webhooks: Vec<ServerUrl>,
    /// What messages to the one of them are signed with that names no file.
    pub webhook_secret: Option<SecretString>,
    /// Where traces go; `None` is nowhere, and none are made.
    pub traces: Option<Traces>,
    /// The file with the key that seals the vault.
    pub master_key_file: PathBuf,
    /// Playbook files, and folders of them.
    pub playbooks: Vec<PathBuf>,
    /// The folder for evidence.
    pub artifacts: PathBuf,
    /// The folder for what lives no longer than the process, browser profiles for example.
    pub temporary: PathBuf,
    /// Which browser to start, and how; found only when one is wanted.
    pub browser: BrowserChoice,
    /// How many jobs a worker does at once.
    pub slots: usize,
    /// How long running jobs may go on when their worker is told to end.
    pub grace_period: Duration,
    /// How long the secrets of previous and rejected candidates are kept; `None` is for ever.
    pub candidate_retention: Option<Duration>,
    /// How long months of the automation log stay in it; `None` is for ever, and all that SQLite has.
    pub log_retention: Option<Duration>,
    /// How long evidence is kept; `None` is for ever.
    pub evidence_retention: Option<Duration>,
    /// How many bytes of evidence are kept; `None` is as many as come.
    pub evidence_limit: Option<u64>,
    /// Where this deployment's apps are, if not where their playbooks say.
    pub origins: OriginOverrides,
    /// The config file that was read, if there was one.
    pub file: Option<PathBuf>,
}

/// Where rows are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A database on a PostgreSQL server.
    Postgres(ServerUrl),
}

impl Database {
    /// The URL that says the same, password and all.
    #[must_use]
    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
            Self::Postgres(url) => url.secret().expose_secret().to_owned(),
        }
    }
}

/// Where jobs come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Queue {
    /// A table in the database.
    Embedded,
    /// RabbitMQ, by this URL.
    Rabbit(ServerUrl),
}

/// Where messages come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbox {
    /// Which way they come.
    pub way: Way,
    /// From where, and how, as the way has it.
    pub url: ServerUrl,
}

/// A way that messages come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The built-in receiver listens for SMTP.
    Smtp,
    /// The built-in receiver listens for LMTP, behind a mail server of one's own.
    Lmtp,
    /// A mailbox is watched.
    Imap,
    /// An HTTP server listens for text messages.
    Sms,
}

impl Inbox {
    /// The built-in receiver, listening there.
    #[must_use]
    pub fn smtp(listen: SocketAddr) -> Self {
        Self { way: Way::Smtp, url: ServerUrl::new(&format!("smtp://{listen}")) }
    }
}
