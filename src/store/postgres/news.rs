//! Tells other processes that jobs have changed, and hears it from them.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPool};
use tokio::sync::{Mutex, Notify};
use tokio::task::AbortHandle;
use tokio::time;

use super::connect;

const CHANNEL: &str = "turnlock_jobs";

/// Sent by itself rather than with the change: a transaction that notifies holds a lock of the whole server while it
/// commits, and a durable one would have all others wait for its flush to the disk. As one message it is one
/// transaction.
const TELL: &str = "SET LOCAL synchronous_commit = off; NOTIFY turnlock_jobs";

/// How long the news may take: they are a convenience, since everybody looks now and then anyway.
const TELLING: Duration = Duration::from_secs(1);

/// How soon it is listened again when the server was lost.
const AGAIN: Duration = Duration::from_secs(1);

/// The news of the jobs, out and in.
pub(super) struct News {
    due: AtomicBool,
    turn: Mutex<()>,
    heard: Arc<Notify>,
    options: PgConnectOptions,
    listener: OnceLock<AbortHandle>,
}

impl News {
    pub fn new(options: PgConnectOptions) -> Self {
        let heard = Arc::default();
        Self { due: AtomicBool::new(true), turn: Mutex::default(), heard, options, listener: OnceLock::new() }
    }

    /// Jobs have changed, and that is committed. Those who tell it at once tell it once.
    pub async fn tell(&self, pool: &PgPool) {
        self.due.store(true, Ordering::SeqCst);
        let telling = async {
            let _turn = self.turn.lock().await;
            if self.due.swap(false, Ordering::SeqCst) {
                sqlx::raw_sql(TELL).execute(pool).await?;
            }
            Ok::<_, sqlx::Error>(())
        };
        if !matches!(time::timeout(TELLING, telling).await, Ok(Ok(()))) {
            tracing::debug!("other processes will notice later that jobs have changed");
        }
    }

    /// Returns when anybody has told that jobs have changed, or might have while nobody listened. Listening begins
    /// with the first call.
    pub async fn heard(&self) {
        self.listener.get_or_init(|| {
            let (options, heard) = (self.options.clone(), Arc::clone(&self.heard));
            tokio::spawn(async move {
                let pool = connect::pool(options);
                loop {
                    if let Err(error) = listen(&pool, &heard).await {
                        tracing::debug!(%error, "the news of the jobs are interrupted");
                    }
                    time::sleep(AGAIN).await;
                }
            })
            .abort_handle()
        });
        self.heard.notified().await;
    }

    pub fn stop(&self) {
        if let Some(listener) = self.listener.get() {
            listener.abort();
        }
    }
}

impl Drop for News {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn listen(pool: &PgPool, heard: &Notify) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        heard.notify_waiters();
        // For one that is about to wait.
        heard.notify_one();
        // Nothing is as good as something: the connection was lost, and news with it.
        listener.try_recv().await?;
    }
}
