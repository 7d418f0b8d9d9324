//! The parts that several commands open: the database, and the vault on it.

use std::io::{Write, stderr};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::Failure;
use crate::config::{Config, Database, Queue as QueueChoice, Traces};
use crate::notice::{MailServer, Notifier, Pace};
use crate::outage::Outage;
use crate::queue::rabbit::RabbitQueue;
use crate::queue::{EmbeddedQueue, Queue, QueueError};
use crate::reveal::RevealError;
use crate::store::{self, Store, StoreError};
use crate::traces::{Exporting, Tracer};
use crate::vault::{KeyError, KeyOrigin, MasterKey, Vault, VaultError};
use crate::webhook::{self, Courier, Delivering, Endpoint};
use crate::worker::WorkerError;

/// The wait between two tries to open a database at most.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Opens the database, and makes it if there is none yet.
///
/// # Errors
/// With [`super::Exit::Environment`] if it cannot be opened.
pub async fn open_store(config: &Config) -> Result<Arc<dyn Store>, Failure> {
    if let Database::Sqlite(path) = &config.database
        && let Some(folder) = path.parent()
    {
        std::fs::create_dir_all(folder).map_err(|error| {
            Failure::environment(format_args!("the folder {} cannot be made: {error}", folder.display()))
        })?;
    }
    Ok(store::open(&config.database.url()).await?)
}

/// The same for a worker. A server that is away is waited for, as it is by one that is at work: a fleet and its servers
/// start in any order.
///
/// # Errors
/// With [`super::Exit::Environment`] for what no waiting mends.
pub async fn await_store(config: &Config) -> Result<Arc<dyn Store>, Failure> {
    let Database::Postgres(_) = &config.database else { return open_store(config).await };
    let mut outage = Outage::of("the database cannot be opened", LONGEST_WAIT);
    loop {
        let begun = Instant::now();
        match store::open(&config.database.url()).await {
            Ok(store) => {
                outage.over();
                return Ok(store);
            }
            Err(error) if error.lasts() => return Err(error.into()),
            Err(error) => sleep_until(begun + outage.failed(&error)).await,
        }
    }
}

/// Who writes to people, if they are to be written to.
///
/// # Errors
/// With [`super::Exit::Environment`] if the mail server's URL means nothing.
pub fn notifier(config: &Config) -> Result<Option<Notifier>, Failure> {
    let Some(notices) = config.notices.clone() else { return Ok(None) };
    let server = MailServer::parse(notices.server.secret()).map_err(Failure::environment)?;
    server.check().map_err(Failure::environment)?;
    Ok(Some(Notifier { server, from: notices.from, to: notices.to, pace: Pace::default() }))
}

/// The servers that are told what happens.
///
/// # Errors
/// With [`super::Exit::Environment`] if one of them means nothing, or its files cannot be used.
pub fn endpoints(config: &Config) -> Result<Vec<Endpoint>, Failure> {
    let urls: Vec<_> = config.webhooks.iter().map(|url| url.secret().clone()).collect();
    let endpoints =
        Endpoint::parse_all(&urls, config.webhook_secret.as_ref()).map_err(Failure::environment)?;
    endpoints.iter().try_for_each(Endpoint::check).map_err(Failure::environment)?;
    Ok(endpoints)
}

/// Has them told, until what is returned is dropped.
#[must_use]
pub fn deliver(store: &Arc<dyn Store>, endpoints: Vec<Endpoint>) -> Delivering {
    Courier { store: Arc::clone(store), endpoints, pace: webhook::Pace::default() }.start()
}

/// What takes spans, and what sends them, where traces are wanted.
///
/// # Errors
/// With [`super::Exit::Environment`] if it cannot be started.
pub fn tracer(config: &Config) -> Result<(Tracer, Exporting), Failure> {
    let Some(Traces { url, headers, resource }) = config.traces.clone() else { return Ok(Tracer::none()) };
    Tracer::start(url, &headers, resource).map_err(Failure::environment)
}

/// The queue that jobs are put into.
#[must_use]
pub fn queue(config: &Config, store: Arc<dyn Store>) -> Arc<dyn Queue> {
    match &config.queue {
        QueueChoice::Embedded => Arc::new(EmbeddedQueue::new(store)),
        QueueChoice::Rabbit(url) => Arc::new(RabbitQueue::publish_only(url.secret(), store)),
    }
}

/// Opens the vault. Its key is made on first use, which a line on standard error says; a key that should be
/// there and is not is an error, since a new one would open nothing.
///
/// # Errors
/// With [`super::Exit::Environment`] if key and database do not fit.
pub async fn open_vault(config: &Config) -> Result<Vault, Failure> {
    open_vault_in(config, open_store(config).await?).await
}

/// The same in a database that is open.
///
/// # Errors
/// As for [`open_vault`].
pub async fn open_vault_in(config: &Config, store: Arc<dyn Store>) -> Result<Vault, Failure> {
    let file = &config.master_key_file;
    let fresh = store.accounts(None).await?.is_empty();
    let (key, origin) =
        if fresh { MasterKey::load_or_create(file)? } else { (MasterKey::load(file)?, KeyOrigin::Existing) };
    let vault = match Vault::open(store, key).await {
        Err(error @ VaultError::WrongKey) => {
            return Err(Failure::environment(format_args!("{}: {error}", file.display())));
        }
        opened => opened?,
    };
    if origin == KeyOrigin::Created {
        writeln!(
            stderr(),
            "turnlock: made a new master key in {}; keep a copy of it: nothing in the vault opens without it",
            file.display()
        )?;
    }
    Ok(vault)
}

/// The vault, where its key is at hand: for commands that do without it, and hide secrets with it that others have
/// written.
pub async fn vault_at_hand(config: &Config, store: &Arc<dyn Store>) -> Option<Vault> {
    let key = MasterKey::load(&config.master_key_file).ok()?;
    let opened = Vault::open_if_sealed(Arc::clone(store), key).await;
    opened.inspect_err(|error| tracing::debug!(%error, "the vault is done without")).ok().flatten()
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            // These are about what was asked, not about the surroundings.
            StoreError::NoAccount(_)
            | StoreError::NoToken(_)
            | StoreError::NameTaken(_)
            | StoreError::AddressTaken { .. }
            | StoreError::NoJob(_)
            | StoreError::Owed(_)
            | StoreError::OtherJob { .. }
            | StoreError::OtherWish { .. } => Self::usage(error),
            _ => Self::environment(error),
        }
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Store(error) => error.into(),
            VaultError::NoPassword(_) => Self::usage(error),
            _ => Self::environment(error),
        }
    }
}

impl From<RevealError> for Failure {
    fn from(error: RevealError) -> Self {
        match error {
            RevealError::Vault(error) => error.into(),
            RevealError::NoAccount(account) => StoreError::NoAccount(account).into(),
            RevealError::Nothing { .. } => Self::usage(error),
            RevealError::Later(_) | RevealError::Totp(_) => Self::environment(error),
        }
    }
}

impl From<QueueError> for Failure {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::Store(error) => error.into(),
            error @ QueueError::Message(_) => Self::usage(error),
            error @ QueueError::Broker(_) => Self::environment(error),
        }
    }
}

impl From<WorkerError> for Failure {
    fn from(error: WorkerError) -> Self {
        match error {
            WorkerError::Queue(error) => error.into(),
            WorkerError::Store(error) => error.into(),
            WorkerError::NotQueued(_) => Self::usage(error),
        }
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        Self::environment(error)
    }
}
