//! Tells other processes that jobs have changed or that something else is wanted of workers, and hears it from them.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPool};
use tokio::sync::{Mutex, Notify, watch};
use tokio::task::AbortHandle;
use tokio::time;

use super::connect;

const JOBS: &str = "turnlock_jobs";
const WORKERS: &str = "turnlock_workers";
const MAIL: &str = "turnlock_mail";

/// Sent by itself rather than with the change: a transaction that notifies holds a lock of the whole server while it
/// commits, and a durable one would have all others wait for its flush to the disk. As one message it is one
/// transaction.
const TELL_OF_JOBS: &str = "SET LOCAL synchronous_commit = off; NOTIFY turnlock_jobs";
const TELL_OF_WORKERS: &str = "SET LOCAL synchronous_commit = off; NOTIFY turnlock_workers";
const TELL_OF_MAIL: &str = "SET LOCAL synchronous_commit = off; NOTIFY turnlock_mail";

/// How long the news may take: they are a convenience, since everybody looks now and then anyway.
const TELLING: Duration = Duration::from_secs(1);

/// How soon it is listened again when the server was lost.
const AGAIN: Duration = Duration::from_secs(1);

/// The news, out and in.
pub(super) struct News {
    due: AtomicBool,
    turn: Mutex<()>,
    heard: Arc<Heard>,
    options: PgConnectOptions,
    listener: OnceLock<AbortHandle>,
}

#[derive(Default)]
struct Heard {
    of_jobs: Notify,
    of_workers: Notify,
    /// Counts the news of mail.
    of_mail: watch::Sender<u64>,
}

impl Heard {
    fn all(&self) {
        wake(&self.of_jobs);
        wake(&self.of_workers);
        self.of_mail.send_modify(|news| *news += 1);
    }
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
                sqlx::raw_sql(TELL_OF_JOBS).execute(pool).await?;
            }
            Ok::<_, sqlx::Error>(())
        };
        if !matches!(time::timeout(TELLING, telling).await, Ok(Ok(()))) {
            tracing::debug!("other processes will notice later that jobs have changed");
        }
    }

    /// Something else is wanted of workers, and that is committed.
    pub async fn tell_workers(&self, pool: &PgPool) {
        let telling = sqlx::raw_sql(TELL_OF_WORKERS).execute(pool);
        if !matches!(time::timeout(TELLING, telling).await, Ok(Ok(_))) {
            tracing::debug!("workers will notice later what is wanted of them");
        }
    }

    /// A message was taken in, and that is committed. Those who wait in this process hear it at once.
    pub async fn tell_of_mail(&self, pool: &PgPool) {
        self.heard.of_mail.send_modify(|news| *news += 1);
        let telling = sqlx::raw_sql(TELL_OF_MAIL).execute(pool);
        if !matches!(time::timeout(TELLING, telling).await, Ok(Ok(_))) {
            tracing::debug!("other processes will notice later that mail has come");
        }
    }

    /// Changes when mail may have come.
    pub fn of_mail(&self) -> watch::Receiver<u64> {
        self.listen();
        self.heard.of_mail.subscribe()
    }

    /// Returns when anybody has told that jobs have changed, or might have while nobody listened. Listening begins
    /// with the first call.
    pub async fn heard(&self) {
        self.listen();
        self.heard.of_jobs.notified().await;
    }

    /// The same of what is wanted of workers.
    pub async fn heard_of_workers(&self) {
        self.listen();
        self.heard.of_workers.notified().await;
    }

    fn listen(&self) {
        self.listener.get_or_init(|| {
            let (options, heard) = (self.options.clone(), Arc::clone(&self.heard));
            tokio::spawn(async move {
                let pool = connect::pool(options);
                loop {
                    if let Err(error) = listen(&pool, &heard).await {
                        tracing::debug!(%error, "the news are interrupted");
                    }
                    time::sleep(AGAIN).await;
                }
            })
            .abort_handle()
        });
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

async fn listen(pool: &PgPool, heard: &Heard) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen_all([JOBS, WORKERS, MAIL]).await?;
    heard.all();
    loop {
        match listener.try_recv().await?.as_ref().map(|news| news.channel()) {
            Some(WORKERS) => wake(&heard.of_workers),
            Some(MAIL) => heard.of_mail.send_modify(|news| *news += 1),
            Some(_) => wake(&heard.of_jobs),
            // The connection was lost, and news with it.
            None => heard.all(),
        }
    }
}

fn wake(waiting: &Notify) {
    waiting.notify_waiters();
    // For one that is about to wait.
    waiting.notify_one();
}
