//! The store in one SQLite file, through sqlx.
//!
//! Writes take turns, by a lock within the process and by SQLite's own between processes, so that no
//! transaction ever fails for having been second. What must outlast a power failure (the ledger, the budget,
//! submissions, outcomes) is written with `synchronous=FULL`; what merely tells other processes of this
//! machine something (leases, claims, heart-beats, steps) with `NORMAL`, which outlasts every crash of a
//! process and spares the disk a flush.

mod access;
mod accounts;
mod announcements;
mod audit;
mod budget;
mod canaries;
mod cancellations;
mod clock;
mod deliver;
mod end;
pub(super) mod error;
mod fleet;
mod gates;
mod job_page;
mod jobs;
mod leases;
mod ledger;
mod log;
mod log_page;
mod messages;
mod meta;
mod migrate;
mod offers;
mod overview;
mod questions;
mod recovery;
mod requeue;
mod shares;
mod summaries;
mod value;
mod webhooks;

use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection, Sqlite, SqliteConnection};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

use super::detached::detached;
use super::{Fence, StoreError};
use clock::SteadyClock;

/// How long a writer waits for another process before it gives up with [`StoreError::Locked`].
const BUSY: Duration = Duration::from_secs(10);

/// The store in one SQLite file. Cheap to clone.
#[derive(Clone)]
pub struct SqliteStore {
    readers: SqlitePool,
    durable: SqlitePool,
    quick: SqlitePool,
    turn: Arc<Mutex<()>>,
    file: Arc<File>,
    clock: SteadyClock,
    /// Whether somebody wants to hear of jobs that end.
    announcing: Arc<AtomicBool>,
    /// Counts the messages that this process takes in.
    mail: watch::Sender<u64>,
}

/// Which file was opened: SQLite itself goes on writing to a file that has no name any more.
struct File {
    path: PathBuf,
    device_and_node: (u64, u64),
}

/// What a transaction outlasts when it has been committed.
#[derive(Debug, Clone, Copy)]
enum Outlasts {
    PowerFailure,
    Crash,
}

/// A transaction that may write; it is rolled back if it is not committed.
///
/// Not by sqlx's own transactions: SQLite rolls back by itself when a disk is full, and a connection that believes
/// to be in a transaction still would be of no use for the rest of the process. One that is not known to be clean is
/// closed instead.
struct Write {
    connection: Option<PoolConnection<Sqlite>>,
    file: Arc<File>,
    _turn: OwnedMutexGuard<()>,
}

impl Write {
    async fn begin(
        pool: &SqlitePool,
        file: Arc<File>,
        turn: OwnedMutexGuard<()>,
    ) -> Result<Self, StoreError> {
        let mut write = Self { connection: Some(pool.acquire().await?), file, _turn: turn };
        // Immediate: a transaction that read first and then wants to write could be refused.
        sqlx::query("BEGIN IMMEDIATE").execute(write.on()).await?;
        Ok(write)
    }

    fn on(&mut self) -> &mut SqliteConnection {
        #[expect(clippy::expect_used, reason = "taken by what consumes it only: commit and drop")]
        self.connection.as_mut().expect("a write that goes on has its connection")
    }

    async fn commit(mut self) -> Result<(), StoreError> {
        sqlx::query("COMMIT").execute(self.on()).await?;
        // Clean: it goes back to its pool.
        drop(self.connection.take());
        // What was written to a file that nobody will find again was not written.
        self.file.is_in_place()
    }
}

impl Drop for Write {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            // Closing it rolls back.
            drop(connection.detach());
        }
    }
}

impl File {
    fn is_in_place(&self) -> Result<(), StoreError> {
        match device_and_node(&self.path) {
            Ok(found) if found == self.device_and_node => Ok(()),
            Ok(_) => Err(StoreError::Gone { path: self.path.clone() }),
            Err(error) => Err(gone_or(&self.path, error)),
        }
    }
}

fn device_and_node(path: &Path) -> io::Result<(u64, u64)> {
    fs::metadata(path).map(|about| (about.dev(), about.ino()))
}

fn gone_or(path: &Path, error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::NotFound => StoreError::Gone { path: path.to_owned() },
        _ => StoreError::CannotOpen { path: path.to_owned(), reason: error.to_string() },
    }
}

impl SqliteStore {
    /// Opens the file, creates it with mode 0600 if there is none, and brings its tables up to date.
    ///
    /// # Errors
    /// When the file cannot be opened, is no database, is another program's database (it is not touched
    /// then), or was used by a newer Turnlock.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        create_private(path)
            .map_err(|error| StoreError::CannotOpen { path: path.to_owned(), reason: error.to_string() })?;
        let plain = SqliteConnectOptions::new().filename(path).create_if_missing(false).busy_timeout(BUSY);
        let failed = |error| error::opening(path, error);

        // Looked at before anything is written, the journal mode included.
        let mut looker =
            SqliteConnection::connect_with(&plain.clone().read_only(true)).await.map_err(failed)?;
        migrate::check_owner(&mut looker, path).await?;
        looker.close().await.map_err(failed)?;

        let options = plain.journal_mode(SqliteJournalMode::Wal).foreign_keys(true);
        let durable = options.clone().synchronous(SqliteSynchronous::Full);
        let quick = options.clone().synchronous(SqliteSynchronous::Normal);
        let durable = pool(1).connect_with(durable).await.map_err(failed)?;
        migrate::run(&durable, path).await?;
        let file = File {
            path: path.to_owned(),
            device_and_node: device_and_node(path).map_err(|error| gone_or(path, error))?,
        };
        let clock = SteadyClock::shared_by(&durable).await?;
        Ok(Self {
            file: Arc::new(file),
            clock,
            readers: pool(3).connect_lazy_with(options.pragma("query_only", "ON")),
            quick: pool(1).connect_lazy_with(quick),
            durable,
            turn: Arc::default(),
            announcing: Arc::default(),
            mail: watch::Sender::default(),
        })
    }

    /// Closes all connections and folds the write-ahead log back into the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.quick.close().await;
        self.durable.close().await;
    }

    async fn write(&self, outlasts: Outlasts) -> Result<Write, StoreError> {
        self.is_in_place()?;
        let turn = self.turn.clone().lock_owned().await;
        let pool = match outlasts {
            Outlasts::PowerFailure => &self.durable,
            Outlasts::Crash => &self.quick,
        };
        Write::begin(pool, Arc::clone(&self.file), turn).await
    }

    fn is_in_place(&self) -> Result<(), StoreError> {
        self.file.is_in_place()
    }

    /// Refuses a write whose lease has expired, was released or was taken over.
    async fn check_fence(
        &self,
        on: &mut SqliteConnection,
        fence: Option<&Fence>,
        account: &str,
    ) -> Result<(), StoreError> {
        let Some(fence) = fence else { return Ok(()) };
        let holds: Option<i64> =
            sqlx::query_scalar("SELECT 1 FROM leases WHERE account = ? AND token = ? AND expires_at > ?")
                .bind(fence.account.to_string())
                .bind(value::to_i64(fence.token))
                .bind(self.clock.now())
                .fetch_optional(on)
                .await?;
        match holds {
            Some(_) if fence.account.to_string() == account => Ok(()),
            _ => Err(StoreError::LeaseLost(fence.account.clone())),
        }
    }
}

fn pool(size: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(size)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
}

/// Makes sure of a file that only its owner can read. SQLite gives its companions (`-wal`, `-shm`) the same
/// mode. An existing file is not opened here: closing it would drop the locks that SQLite holds on it for
/// another store of this process.
fn create_private(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        other => return other.map(|_| ()),
    }
    let about = fs::metadata(path)?;
    if about.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
    }
    Ok(())
}

/// Narrows the mode of a file that was made by other means; called when it is known to be Turnlock's.
fn narrow(path: &Path) -> io::Result<()> {
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 != 0 { fs::set_permissions(path, Permissions::from_mode(0o600)) } else { Ok(()) }
}
