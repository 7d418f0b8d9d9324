use std::io::{Write, stdout};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use comfy_table::{Cell, Color};
use secrecy::ExposeSecret;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::library::Library;
use super::sources::receiver_options;
use super::{Context, Exit, Failure, output, parts};
use crate::browser::{Options, Process, Sandbox};
use crate::config::{Config, Database, Queue, Way};
use crate::net::Listen;
use crate::queue::rabbit::{self, topology};
use crate::store::{PostgresStore, Store};
use crate::vault::{MasterKey, Vault};

/// How long a mail server may take to greet.
const GREETING: Duration = Duration::from_secs(3);

/// Check browser, database, queue, inbox, key and playbooks, and say how to mend each
#[derive(Debug, Args)]
#[command(
    after_help = "Changes nothing. Ends with 3 if something is broken.\n\n`turnlock doctor inbox database queue` takes a few milliseconds and asks beside a running worker whether it still answers: for the health checks of containers."
)]
pub struct Doctor {
    /// Look at these only [default: at all]
    #[arg(value_name = "PART")]
    parts: Vec<Part>,
}

/// What can be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Configuration,
    Browser,
    Database,
    Key,
    Queue,
    Inbox,
    Playbooks,
    Artifacts,
    Webhooks,
}

/// What was found of one part, or what is wrong with it and how to mend it.
type Finding = Result<String, String>;

impl Doctor {
    /// Does it.
    ///
    /// # Errors
    /// If the configuration itself is wrong.
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let wanted = |part: &&Part| self.parts.is_empty() || self.parts.contains(part);
        let mut table = output::table(["part", "state", "found"]);
        let mut broken = false;
        for part in Part::value_variants().iter().filter(wanted) {
            let (state, paint, found) = match part.look(&config, context.colour).await {
                Ok(found) => ("well", Color::Green, found),
                Err(found) => {
                    broken = true;
                    ("broken", Color::Red, found)
                }
            };
            let state = Cell::new(state);
            let state = if context.colour { state.fg(paint) } else { state };
            table.add_row([Cell::new(part.name()), state, Cell::new(found)]);
        }
        writeln!(stdout(), "{table}")?;
        Ok(if broken { Exit::Environment } else { Exit::Done })
    }
}

impl Part {
    /// As it is written on the command line.
    const fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Browser => "browser",
            Self::Database => "database",
            Self::Key => "key",
            Self::Queue => "queue",
            Self::Inbox => "inbox",
            Self::Playbooks => "playbooks",
            Self::Artifacts => "artifacts",
            Self::Webhooks => "webhooks",
        }
    }

    async fn look(self, config: &Config, colour: bool) -> Finding {
        match self {
            Self::Configuration => Ok(configuration(config)),
            Self::Browser => browser(config).await,
            Self::Database => database(config).await,
            Self::Key => key(config).await,
            Self::Queue => queue(config).await,
            Self::Inbox => inbox(config).await,
            Self::Playbooks => playbooks(config, colour),
            Self::Artifacts => artifacts(config),
            Self::Webhooks => webhooks(config).await,
        }
    }
}

fn configuration(config: &Config) -> String {
    let file = config.file.as_ref().map(|file| format!("from {}", file.display()));
    file.unwrap_or_else(|| "no config file; flags, variables and defaults".to_owned())
}

/// Starts it for real: a browser that is there may still lack a library or a right.
async fn browser(config: &Config) -> Finding {
    let program = config.browser.find().map_err(text)?;
    config.browser.check_sandbox().map_err(text)?;
    let sandbox = if config.browser.sandbox { Sandbox::On } else { Sandbox::Off };
    let options = Options::new(program.clone(), sandbox, config.temporary.clone());
    let process = Process::launch(&options).await.map_err(text)?;
    let note = if config.browser.sandbox { "" } else { ", without its sandbox: for apps of your own only" };
    Ok(format!("{} at {}{note}", process.version(), program.display()))
}

async fn database(config: &Config) -> Finding {
    let (place, made) = match &config.database {
        Database::Sqlite(path) if !path.exists() => return can_be_made(path),
        Database::Sqlite(path) => (path.display().to_string(), true),
        Database::Postgres(url) => {
            let found = PostgresStore::look(url.secret().expose_secret()).await.map_err(text)?;
            if !found.durable {
                return Err(format!(
                    "{url} has fsync off and would lose credentials with its power: set it on"
                ));
            }
            if !found.made && !found.may_make {
                return Err(format!(
                    "{url} has no tables yet, and this user may make none: grant CREATE on its schema"
                ));
            }
            (format!("{url}, PostgreSQL {}", found.version), found.made)
        }
    };
    if !made {
        return Ok(format!("{place}; its tables will be made on first use"));
    }
    let store = parts::open_store(config).await.map_err(text)?;
    let accounts = store.accounts(None).await.map_err(text)?.len();
    Ok(format!("{accounts} accounts in {place}"))
}

/// The database, if there is one; it is not made to look at it.
async fn store_if_made(config: &Config) -> Result<Option<Arc<dyn Store>>, String> {
    let made = match &config.database {
        Database::Sqlite(path) => path.exists(),
        Database::Postgres(url) => {
            PostgresStore::look(url.secret().expose_secret()).await.map_err(text)?.made
        }
    };
    if !made {
        return Ok(None);
    }
    parts::open_store(config).await.map(Some).map_err(text)
}

async fn key(config: &Config) -> Finding {
    let file = &config.master_key_file;
    let sealed = match store_if_made(config).await? {
        Some(store) if !store.accounts(None).await.map_err(text)?.is_empty() => Some(store),
        _ => None,
    };
    if sealed.is_none() && !file.exists() {
        return can_be_made(file);
    }
    let key = MasterKey::load(file).map_err(text)?;
    if let Some(store) = sealed {
        Vault::open(store, key).await.map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(format!("{}; keep a copy of it", file.display()))
}

async fn queue(config: &Config) -> Finding {
    if let Queue::Rabbit(url) = &config.queue {
        let found = rabbit::look(url.secret()).await.map_err(text)?;
        let waiting: u32 = found.iter().map(|queue| queue.messages).sum();
        let dead = found.iter().find(|queue| queue.name == topology::DEAD).map_or(0, |queue| queue.messages);
        let dead = match dead {
            0 => String::new(),
            dead => format!(", {dead} of them dead letters: `turnlock dead list` shows them"),
        };
        return Ok(format!("RabbitMQ at {url}: {waiting} messages in {} queues{dead}", found.len()));
    }
    let Some(store) = store_if_made(config).await? else {
        return Ok("in the database, which will be made on first use".to_owned());
    };
    let (waiting, running) = store.waiting_and_running().await.map_err(text)?;
    Ok(format!("in the database: {waiting} jobs wait, {running} run"))
}

/// The ports are free, or a mail server answers there: most likely that of a running worker.
async fn inbox(config: &Config) -> Finding {
    let mut found = Vec::new();
    for inbox in &config.inbox {
        found.push(match inbox.way {
            Way::Smtp | Way::Lmtp => {
                let options = receiver_options(inbox).map_err(text)?;
                match options.listen {
                    Listen::Tcp(address) => receiver(address).await?,
                    Listen::Unix(path) => format!("{} for a mail server of this machine", path.display()),
                }
            }
            Way::Imap | Way::Sms => {
                format!("{} is tried when `turnlock inbox serve` or a worker starts", inbox.url)
            }
        });
    }
    Ok(found.join("; "))
}

async fn receiver(address: SocketAddr) -> Finding {
    match TcpListener::bind(address).await {
        Ok(_) => Ok(format!("{address} is free for the built-in receiver")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => greeting(address).await,
        Err(error) => {
            Err(format!("the receiver cannot listen on {address} ({error}): choose another --inbox-url"))
        }
    }
}

async fn greeting(address: SocketAddr) -> Finding {
    let greet = async {
        let stream = TcpStream::connect(address).await.ok()?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).await.ok()?;
        line.starts_with("220").then_some(line)
    };
    match timeout(GREETING, greet).await.ok().flatten() {
        Some(_) => Ok(format!("a mail receiver answers on {address}, as that of a running worker does")),
        None => Err(format!("another program uses {address}: end it, or choose another --inbox-url")),
    }
}

fn playbooks(config: &Config, colour: bool) -> Finding {
    let library = Library::load(&config.playbooks, &config.origins, colour).map_err(text)?;
    let apps: Vec<_> = library.iter().map(|playbook| playbook.app.to_string()).collect();
    let fine = format!("{} fine: {}", apps.len(), apps.join(", "));
    match library.complaint() {
        Some(complaint) => Err(format!("{fine}; {} cannot be used\n{complaint}", library.unusable().len())),
        None => Ok(fine),
    }
}

fn artifacts(config: &Config) -> Finding {
    if config.artifacts.is_dir() { writable(&config.artifacts) } else { can_be_made(&config.artifacts) }
}

/// Their secrets are there, and none was laid aside. Whether they answer is asked by a message only.
async fn webhooks(config: &Config) -> Finding {
    let endpoints = parts::endpoints(config).map_err(text)?;
    if endpoints.is_empty() {
        return Ok("no server is told what happens".to_owned());
    }
    let names: Vec<_> = endpoints.iter().map(|endpoint| endpoint.name()).collect();
    let dead = match store_if_made(config).await? {
        Some(store) => store.delivery_depths().await.map_err(text)?.dead,
        None => 0,
    };
    let dead = match dead {
        0 => String::new(),
        dead => format!("; {dead} messages were laid aside: `turnlock webhook list --dead` says why"),
    };
    Ok(format!("to {}; `turnlock webhook test` tries them{dead}", names.join(", ")))
}

/// Could this file or folder be made? Asked of the nearest folder that is there.
fn can_be_made(path: &Path) -> Finding {
    let folder = path.ancestors().skip(1).find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    writable(folder)?;
    Ok(format!("{} will be made on first use", path.display()))
}

fn writable(folder: &Path) -> Finding {
    use rustix::fs::{Access, access};
    access(folder, Access::WRITE_OK | Access::EXEC_OK).map(|()| folder.display().to_string()).map_err(
        |error| format!("{} cannot be written to ({error}): change its owner or mode", folder.display()),
    )
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
