//! What the fleet works with: the servers that were configured, and all else of its own.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;
use toml::{Table, Value};

use super::crew::private;
use crate::cli::Failure;
use crate::cli::demo::app::App;
use crate::cli::demo::own_files;
use crate::config::{Config, Database, Key, Queue};
use crate::queue::rabbit;
use crate::store::PostgresStore;

/// What to do without servers, or with those of others.
const HINT: &str = "`make fleet-demo` starts a RabbitMQ and a PostgreSQL of its own, as does `scripts/services -- turnlock demo --fleet`";

/// How many jobs a worker does at once.
const SLOTS: i64 = 2;

/// The servers are there, and hold nobody's jobs.
///
/// # Errors
/// If not.
pub async fn check_servers(config: &Config) -> Result<(), Failure> {
    let (Database::Postgres(database), Queue::Rabbit(broker)) = (&config.database, &config.queue) else {
        return Err(Failure::usage(format_args!("a fleet needs a RabbitMQ and a PostgreSQL: {HINT}")));
    };
    if PostgresStore::look(database.secret().expose_secret()).await?.made {
        return Err(Failure::environment(format_args!("{database} is in use by Turnlock already: {HINT}")));
    }
    let queues = rabbit::look(broker.secret()).await.map_err(Failure::environment)?;
    if queues.iter().any(|queue| queue.messages > 0 || queue.consumers > 0) {
        return Err(Failure::environment(format_args!("{broker} is in use by Turnlock already: {HINT}")));
    }
    Ok(())
}

/// Everything but the servers and the browser becomes the demo's own.
///
/// # Errors
/// If the folder cannot be filled.
pub fn own(config: &mut Config, app: &App, folder: &Path) -> Result<(), Failure> {
    let (database, queue) = (config.database.clone(), config.queue.clone());
    *config = Config { database, queue, ..own_files(config.clone(), folder, "fleet-demo")? };
    config.origins.insert("acme", "app", app.url());
    Ok(())
}

/// The workers' config file.
///
/// # Errors
/// If there is no browser, or the file cannot be written.
pub fn file(config: &Config, folder: &Path) -> Result<PathBuf, Failure> {
    config.browser.check_sandbox()?;
    let text = |text: &str| Value::String(text.to_owned());
    let path = |path: &Path| Value::String(path.display().to_string());
    let Queue::Rabbit(broker) = &config.queue else { return Err(Failure::usage(HINT)) };
    let origin = config.origins.get("acme", "app").unwrap_or_default();
    let sandbox = if config.browser.sandbox { "on" } else { "off" };
    let settings = [
        (Key::DatabaseUrl, text(&config.database.url())),
        (Key::QueueUrl, text(broker.secret().expose_secret())),
        (Key::InboxUrl, text("smtp://127.0.0.1:0")),
        (Key::MasterKeyFile, path(&config.master_key_file)),
        (Key::Playbooks, Value::Array(config.playbooks.iter().map(|file| path(file)).collect())),
        (Key::Artifacts, path(&config.artifacts)),
        (Key::Browser, path(&config.browser.find()?)),
        (Key::BrowserSandbox, text(sandbox)),
        (Key::Slots, Value::Integer(SLOTS)),
        (Key::Origins, Value::Table(Table::from_iter([("acme.app".to_owned(), text(origin))]))),
    ];
    let table: Table = settings.into_iter().map(|(key, value)| (key.as_str().to_owned(), value)).collect();
    let place = folder.join("turnlock.toml");
    let write = || private(&place)?.write_all(table.to_string().as_bytes());
    write().map_err(|error| {
        Failure::environment(format_args!("{} cannot be written: {error}", place.display()))
    })?;
    Ok(place)
}

/// The broker, without its password.
pub fn queue_of(config: &Config) -> String {
    match &config.queue {
        Queue::Rabbit(url) => format!("RabbitMQ    {url}"),
        Queue::Embedded => "the database".to_owned(),
    }
}

/// The database, without its password.
pub fn database_of(config: &Config) -> String {
    match &config.database {
        Database::Postgres(url) => format!("PostgreSQL  {url}"),
        Database::Sqlite(path) => path.display().to_string(),
    }
}
