//! The store in a PostgreSQL database, through sqlx.
//!
//! Many workers write at once, under READ COMMITTED. What concerns an account takes turns by an advisory lock on its
//! name ([`Write::lock`]), which comes first in every transaction and is held to its end: behind it, each statement
//! sees what all earlier holders have committed. So one account's operations follow one another as they do in
//! SQLite, and those of different accounts do not wait for each other. No transaction ever waits for a second account:
//! those that are about many take the turn only where nobody else is ([`Write::try_lock`]).
//!
//! All times that are compared with one another between processes are told by the server's clock.

mod access;
mod accounts;
mod announcements;
mod audit;
mod batch;
mod budget;
mod canaries;
mod cancellations;
mod claim;
mod connect;
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
mod months;
mod news;
mod overview;
mod questions;
mod recovery;
mod requeue;
mod shares;
mod summaries;
mod value;
mod webhooks;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPool;
use sqlx::{Connection as _, PgConnection, Postgres, Transaction};
use tokio::time;
use uuid::Uuid;

use self::batch::Batch;
use self::months::Months;
use self::news::News;
use super::{AttemptRow, Fence, StoreError};
use crate::job::AccountRef;

/// How long a call may take before the server counts as out of reach.
const ANSWER: Duration = Duration::from_secs(10);

/// Sets Turnlock's advisory locks apart from those of others: `TRNL`.
const LOCKS: i64 = 0x5452_4e4c;

/// The store in a PostgreSQL database. Cheap to clone.
#[derive(Clone)]
pub struct PostgresStore {
    pool: PgPool,
    months: Arc<Months>,
    news: Arc<News>,
    /// `None` in the store by which the batches themselves are written.
    batches: Option<Arc<Batches>>,
    /// Whether somebody outside wants to hear of jobs that end.
    announcing: Arc<AtomicBool>,
}

/// Writes of which many come at a time.
struct Batches {
    begin: Batch<log::Begin, ()>,
    end: Batch<end::End, AttemptRow>,
    announced: Batch<Uuid, ()>,
}

impl Batches {
    fn new(store: &PostgresStore) -> Self {
        let [begins, begin, ends, end, announced, one] = [(); 6].map(|()| store.clone());
        Self {
            begin: Batch::new(
                Arc::new(move |many| Box::pin(begins.clone().begin_together(many))),
                Arc::new(move |one| Box::pin(begin.clone().begin_alone(one))),
            ),
            end: Batch::new(
                Arc::new(move |many| Box::pin(ends.clone().end_together(many))),
                Arc::new(move |one| Box::pin(end.clone().end_alone(one))),
            ),
            announced: Batch::new(
                Arc::new(move |many: Arc<Vec<Uuid>>| {
                    let store = announced.clone();
                    Box::pin(async move {
                        store.note_announced(many.to_vec()).await?;
                        Ok(many.iter().map(|_| Some(())).collect())
                    })
                }),
                Arc::new(move |job| {
                    let store = one.clone();
                    Box::pin(async move { store.note_announced(vec![job]).await })
                }),
            ),
        }
    }
}

pub use migrate::Found;

/// What a transaction outlasts when it has been committed.
#[derive(Debug, Clone, Copy)]
enum Outlasts {
    /// Of the server, and the loss of a standby's primary where replication is synchronous.
    PowerFailure,
    /// Of any process but the server: its disk may lag behind by a moment.
    Crash,
}

/// A transaction that may write; it is rolled back if it is not committed, and what it has locked is free again before
/// [`detached`] returns: a claim passes over an account at which somebody still seems to be.
struct Write(Option<Transaction<'static, Postgres>>);

tokio::task_local! {
    /// The transaction that this task has begun and neither committed nor rolled back.
    static LEFT: RefCell<Option<Transaction<'static, Postgres>>>;
}

impl Drop for Write {
    fn drop(&mut self) {
        // Outside of `detached` the pool rolls it back some time.
        let _ = LEFT.try_with(|left| left.replace(self.0.take()));
    }
}

impl Write {
    fn on(&mut self) -> &mut PgConnection {
        #[expect(clippy::expect_used, reason = "taken by what consumes it only: commit and drop")]
        self.0.as_mut().expect("a write that goes on has its transaction")
    }

    /// Waits for its turn at the account. To be called before anything of the account is read: only a statement
    /// that begins behind it sees what others did before.
    async fn lock(&mut self, account: &str) -> Result<(), StoreError> {
        sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, $2))")
            .bind(account)
            .bind(LOCKS)
            .execute(self.on())
            .await?;
        Ok(())
    }

    /// Refuses a write whose lease has expired, was released or was taken over. The lease's row stays locked, so that
    /// nobody, not even by hand, takes it over before the write is committed.
    async fn check_fence(&mut self, fence: Option<&Fence>, account: &str) -> Result<(), StoreError> {
        let Some(fence) = fence else { return Ok(()) };
        let holds: Option<i32> = sqlx::query_scalar(
            "SELECT 1 FROM leases WHERE account = $1 AND token = $2 AND expires_at > turnlock_now() FOR SHARE",
        )
        .bind(account)
        .bind(value::to_i64(fence.token))
        .fetch_optional(self.on())
        .await?;
        match holds {
            Some(_) if fence.account.to_string() == account => Ok(()),
            _ => Err(StoreError::LeaseLost(fence.account.clone())),
        }
    }

    /// Takes the turn at those accounts at which nobody else is. Returns them.
    async fn try_lock(&mut self, accounts: BTreeSet<String>) -> Result<HashSet<String>, StoreError> {
        let locked: Vec<String> = sqlx::query_scalar(
            "SELECT a FROM unnest($1::text[]) AS a WHERE pg_try_advisory_xact_lock(hashtextextended(a, $2))",
        )
        .bind(accounts.into_iter().collect::<Vec<_>>())
        .bind(LOCKS)
        .fetch_all(self.on())
        .await?;
        Ok(locked.into_iter().collect())
    }

    async fn commit(mut self) -> Result<(), StoreError> {
        match self.0.take() {
            Some(transaction) => Ok(transaction.commit().await?),
            None => Ok(()),
        }
    }

    async fn rollback(mut self) -> Result<(), StoreError> {
        match self.0.take() {
            Some(transaction) => Ok(transaction.rollback().await?),
            None => Ok(()),
        }
    }
}

impl PostgresStore {
    /// Connects to the database, and brings its tables up to date, which other processes wait for.
    ///
    /// # Errors
    /// When the URL is not understood, the server cannot be reached or refuses, the schema holds another program's
    /// tables (it is not touched then), or the database was used by a newer Turnlock.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let options = connect::options(url)?;
        let pool = connect::pool(options.clone());
        loop {
            let mut tx = pool.begin().await.map_err(error::connecting)?;
            let more = migrate::next(&mut tx).await?;
            tx.commit().await?;
            if !more {
                break;
            }
        }
        let months = Arc::new(Months::default());
        months.make_ahead(&pool, Timestamp::now()).await;
        let news = Arc::new(News::new(options));
        let store = Self { pool, months, news, batches: None, announcing: Arc::default() };
        let batches = Some(Arc::new(Batches::new(&store)));
        Ok(Self { batches, ..store })
    }

    /// Whether a database is there and fit, without changing anything in it.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub async fn look(url: &str) -> Result<Found, StoreError> {
        let mut connection = answer(PgConnection::connect_with(&connect::options(url)?)).await?;
        answer(migrate::look(&mut connection)).await
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.news.stop();
        self.pool.close().await;
    }

    /// A connection to read by, tried first: after a restart of the server those in the pool are lost, which fails
    /// nobody's call.
    async fn reader(&self) -> Result<PoolConnection<Postgres>, StoreError> {
        answer(async {
            let mut lost = 0;
            loop {
                let mut connection = self.pool.acquire().await.map_err(error::connecting)?;
                match connection.ping().await {
                    Err(_) if lost < connect::CONNECTIONS => lost += 1,
                    tried => return tried.map(|()| connection).map_err(StoreError::from),
                }
            }
        })
        .await
    }

    async fn write(&self, outlasts: Outlasts) -> Result<Write, StoreError> {
        let begin = match outlasts {
            Outlasts::PowerFailure => "BEGIN",
            Outlasts::Crash => "BEGIN; SET LOCAL synchronous_commit = off",
        };
        self.begin(begin).await
    }

    /// A transaction whose statements are about many rows that are named each. Their plans do not depend on how many,
    /// and go by the indexes, whatever the statistics believe of tables that grow this fast.
    async fn write_many(&self, outlasts: Outlasts) -> Result<Write, StoreError> {
        macro_rules! by_index {
            ($begin:literal) => {
                concat!(
                    $begin,
                    "; SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off;
                     SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;
                     SET LOCAL enable_bitmapscan = off"
                )
            };
        }
        self.begin(match outlasts {
            Outlasts::PowerFailure => by_index!("BEGIN"),
            Outlasts::Crash => by_index!("BEGIN; SET LOCAL synchronous_commit = off"),
        })
        .await
    }

    async fn begin(&self, begin: &'static str) -> Result<Write, StoreError> {
        let mut lost = 0;
        loop {
            match self.pool.begin_with(begin).await {
                Ok(begun) => return Ok(Write(Some(begun))),
                Err(late @ sqlx::Error::PoolTimedOut) => return Err(error::connecting(late)),
                Err(other) => match StoreError::from(other) {
                    // Nothing was done yet, so that another connection can be tried.
                    StoreError::Unreachable(_) if lost < connect::CONNECTIONS => lost += 1,
                    error => return Err(error),
                },
            }
        }
    }

    /// A transaction in which nobody else is at the account.
    async fn write_of(&self, outlasts: Outlasts, account: &AccountRef) -> Result<Write, StoreError> {
        let mut write = self.write(outlasts).await?;
        write.lock(&account.to_string()).await?;
        Ok(write)
    }
}

/// As [`super::detached::detached`], and no longer than a server that can be reached may take.
async fn detached<T: Send + 'static>(
    write: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    super::detached::detached(in_time(write)).await
}

/// A write that takes no longer than a server that can be reached may take, and leaves no transaction behind.
async fn in_time<T>(write: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let whole = async {
        let done = answer(write).await;
        if let Some(left) = LEFT.with(RefCell::take) {
            // Where even that gets no answer, the connection is lost, and the server finds out by itself.
            let _ = time::timeout(ANSWER, left.rollback()).await;
        }
        done
    };
    LEFT.scope(RefCell::default(), whole).await
}

/// Waits for an answer of the server, but not for ever.
async fn answer<T, E>(call: impl Future<Output = Result<T, E>>) -> Result<T, StoreError>
where
    StoreError: From<E>,
{
    match time::timeout(ANSWER, call).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(StoreError::Unreachable(format!("no answer within {} s", ANSWER.as_secs()))),
    }
}
