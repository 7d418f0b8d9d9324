//! What a browser printed before it ended.

use std::io::Read;
use std::process::ChildStderr;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// The end of what the browser printed. It may quote page content, so it is kept for a failed start only
/// and never logged.
pub(super) struct LastWords(Arc<(Mutex<Said>, Condvar)>);

#[derive(Default)]
struct Said {
    words: Vec<u8>,
    /// Every process that could print has ended: those of the browser all share its standard error.
    ended: bool,
}

impl LastWords {
    const KEPT: usize = 2048;

    /// Keeps reading, so that the browser never blocks on a full pipe; ends with the browser.
    pub(super) fn listen(mut stderr: ChildStderr) -> Self {
        let shared: Arc<(Mutex<Said>, Condvar)> = Arc::default();
        let said = Arc::clone(&shared);
        std::thread::spawn(move || {
            let (said, changed) = &*said;
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = stderr.read(&mut buffer) {
                let words = &mut said.lock().unwrap_or_else(PoisonError::into_inner).words;
                words.extend_from_slice(&buffer[..read]);
                let excess = words.len().saturating_sub(Self::KEPT);
                words.drain(..excess);
            }
            said.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
            changed.notify_all();
        });
        Self(shared)
    }

    /// Waits until nobody is left to print; false if somebody still is after that time.
    pub(super) fn wait(&self, within: Duration) -> bool {
        let (said, changed) = &*self.0;
        let said = said.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = changed.wait_timeout_while(said, within, |said| !said.ended);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    pub(super) fn last_line(&self) -> String {
        let said = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&said.words);
        text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it printed nothing").to_owned()
    }
}
