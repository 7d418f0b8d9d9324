//! Contexts prepared ahead, so that a job never waits for one, and the browser replaced before it grows old.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Mutex, Notify, watch};

use super::error::BrowserError;
use super::launch::Options;
use super::page::{Page, Returned};
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
    /// How many spares are ready, for those who wait for them.
    ready: watch::Sender<usize>,
    /// A page came back, or the last spare was taken: time to prepare.
    wanted: Arc<Notify>,
    /// Nothing is expected of it any more, so that what fails now is no news.
    closed: AtomicBool,
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
            ready: watch::Sender::new(0),
            wanted: Arc::default(),
            closed: AtomicBool::new(false),
        });
        shared.process().await?;
        tokio::spawn(prepare(Arc::downgrade(&shared), Arc::clone(&shared.wanted)));
        shared.wanted.notify_one();
        Ok(Self { shared })
    }

    /// A page of a fresh context: one that was prepared, or else one made now.
    ///
    /// The next one is prepared when this one is dropped, not while it is at work: a renderer that starts beside it
    /// would slow it down.
    ///
    /// # Errors
    /// If the browser cannot be started again after it went away.
    pub async fn page(&self) -> Result<Page, BrowserError> {
        let shared = &self.shared;
        let mut replaced = false;
        let mut page = loop {
            let spare = shared.spares.lock().await.pop_front();
            shared.ready.send_modify(|ready| *ready = ready.saturating_sub(1));
            match spare {
                Some(page) if page.is_usable() => break page,
                Some(_) => {}
                None => {
                    let process = shared.process().await?;
                    match Page::create(Arc::clone(&process)).await {
                        // It went away this very moment; the next one is started.
                        Err(_) if process.is_closed() && !replaced => replaced = true,
                        created => break created?,
                    }
                }
            }
        };
        page.on_return(Returned::new(&shared.wanted));
        Ok(page)
    }

    /// Waits until as many contexts are ready as are prepared ahead, and nothing is being prepared any more.
    pub async fn prepared(&self) {
        let mut ready = self.shared.ready.subscribe();
        // The sender lives as long as `self`, so this ends only when they are ready.
        let _ = ready.wait_for(|ready| *ready >= self.shared.options.spares).await;
    }

    /// The browser's name and version, and the id of its process group.
    ///
    /// # Errors
    /// If the browser cannot be started.
    pub async fn browser(&self) -> Result<(String, u32), BrowserError> {
        let process = self.shared.process().await?;
        Ok((process.version().to_owned(), process.id()))
    }

    /// The memory that the browser's processes hold, in bytes; `None` while it is being started.
    #[must_use]
    pub fn memory(&self) -> Option<u64> {
        let browser = self.shared.browser.try_lock().ok()?;
        Some(browser.as_ref().map_or(0, |current| current.process.memory()))
    }

    /// Lets go of the browser and every prepared context. Pages in use keep theirs until they are dropped.
    pub async fn close(&self) {
        self.shared.closed.store(true, Ordering::Relaxed);
        self.shared.spares.lock().await.clear();
        self.shared.ready.send_replace(0);
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
async fn prepare(pool: std::sync::Weak<Shared>, wanted: Arc<Notify>) {
    loop {
        wanted.notified().await;
        let Some(shared) = pool.upgrade() else { return };
        while shared.spares.lock().await.len() < shared.options.spares {
            let page = match shared.process().await {
                Ok(process) => Page::create(process).await,
                Err(error) => Err(error),
            };
            match page {
                Ok(page) => {
                    let mut spares = shared.spares.lock().await;
                    spares.push_back(page);
                    shared.ready.send_replace(spares.len());
                }
                Err(error) => {
                    // Whoever takes a page next meets the error itself; there is nothing to prepare until then.
                    if shared.closed.load(Ordering::Relaxed) {
                        tracing::debug!(%error, "a context was being prepared when the pool was closed");
                    } else {
                        tracing::warn!(%error, "no context could be prepared");
                    }
                    break;
                }
            }
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Wakes the preparing task, which finds the pool gone and ends.
        self.wanted.notify_one();
    }
}
