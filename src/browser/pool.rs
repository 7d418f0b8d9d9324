//! Contexts prepared ahead, so that a job never waits for one, and the browser replaced before it grows old.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::{Mutex, Notify};

use super::error::BrowserError;
use super::launch::Options;
use super::page::Page;
use super::process::Process;

/// Hands out pages of fresh contexts. Cheap to clone; the browser ends with the last page and the last pool.
#[derive(Clone)]
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    options: Options,
    browser: Mutex<Option<Current>>,
    spares: Mutex<VecDeque<Page>>,
    taken: Arc<Notify>,
}

struct Current {
    process: Arc<Process>,
    contexts: u32,
}

impl Pool {
    /// A pool that starts its browser at once and prepares contexts in the background.
    ///
    /// # Errors
    /// If the browser cannot be started.
    pub async fn start(options: Options) -> Result<Self, BrowserError> {
        let shared = Arc::new(Shared {
            options,
            browser: Mutex::default(),
            spares: Mutex::default(),
            taken: Arc::default(),
        });
        shared.process().await?;
        tokio::spawn(prepare(Arc::downgrade(&shared), Arc::clone(&shared.taken)));
        shared.taken.notify_one();
        Ok(Self { shared })
    }

    /// A page of a fresh context: one that was prepared, or else one made now.
    ///
    /// # Errors
    /// If the browser cannot be started again after it went away.
    pub async fn page(&self) -> Result<Page, BrowserError> {
        let mut replaced = false;
        loop {
            let spare = self.shared.spares.lock().await.pop_front();
            self.shared.taken.notify_one();
            match spare {
                Some(page) if page.is_usable() => return Ok(page),
                Some(_) => {}
                None => {
                    let process = self.shared.process().await?;
                    match Page::create(Arc::clone(&process)).await {
                        // It went away this very moment; the next one is started.
                        Err(_) if process.is_closed() && !replaced => replaced = true,
                        created => return created,
                    }
                }
            }
        }
    }

    /// The browser's name and version, and the id of its process group.
    ///
    /// # Errors
    /// If the browser cannot be started.
    pub async fn browser(&self) -> Result<(String, u32), BrowserError> {
        let process = self.shared.process().await?;
        Ok((process.version().to_owned(), process.id()))
    }

    /// Lets go of the browser and every prepared context. Pages in use keep theirs until they are dropped.
    pub async fn close(&self) {
        self.shared.spares.lock().await.clear();
        self.shared.browser.lock().await.take();
    }
}

impl Shared {
    /// The browser for the next context: the present one, or a new one if that is gone or has served its time.
    async fn process(&self) -> Result<Arc<Process>, BrowserError> {
        let mut browser = self.browser.lock().await;
        if let Some(current) = browser.as_mut() {
            let worn = current.contexts >= self.options.contexts
                || (current.contexts % 16 == 15 && current.process.memory() > self.options.memory);
            if !current.process.is_closed() && !worn {
                current.contexts += 1;
                return Ok(Arc::clone(&current.process));
            }
            tracing::debug!(contexts = current.contexts, "the browser is replaced");
        }
        let process = Arc::new(Process::launch(&self.options).await?);
        *browser = Some(Current { process: Arc::clone(&process), contexts: 1 });
        Ok(process)
    }
}

/// Keeps the spares at their number for as long as the pool lives.
async fn prepare(pool: std::sync::Weak<Shared>, taken: Arc<Notify>) {
    loop {
        taken.notified().await;
        let Some(shared) = pool.upgrade() else { return };
        let mut failed = false;
        while !failed && shared.spares.lock().await.len() < shared.options.spares {
            let page = match shared.process().await {
                Ok(process) => Page::create(process).await,
                Err(error) => Err(error),
            };
            match page {
                Ok(page) => shared.spares.lock().await.push_back(page),
                Err(error) => {
                    // Whoever takes a page next meets the error itself; there is nothing to prepare until then.
                    tracing::warn!(%error, "no context could be prepared");
                    failed = true;
                }
            }
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Wakes the preparing task, which finds the pool gone and ends.
        self.taken.notify_one();
    }
}
