use std::time::{Duration, Instant};

use lettre::message::Mailbox;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time;

use super::letter::Letter;
use super::occasion::Occasion;
use super::post::Post;
use super::throttle::Throttle;
use super::{MailServer, Pace};
use crate::worker::Event;

/// How many letters may wait for the mail server.
const WAITING: usize = 64;

/// How long letters that wait may take when everything ends.
const LATE: Duration = Duration::from_secs(5);

/// Writes to people when they are wanted.
#[derive(Debug, Clone)]
pub struct Notifier {
    /// Which server takes the mail.
    pub server: MailServer,
    /// From whom it comes.
    pub from: Mailbox,
    /// Who gets it.
    pub to: Vec<Mailbox>,
    /// How often, and how hard it is tried.
    pub pace: Pace,
}

/// A notifier at work, until this is dropped.
pub struct Notifying {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Notifier {
    /// Watches a worker from now on.
    #[must_use]
    pub fn start(self, events: broadcast::Receiver<Event>) -> Notifying {
        self.start_with(events, Occasion::of)
    }

    /// Tells of these from now on.
    #[must_use]
    pub fn start_telling(self, occasions: broadcast::Receiver<Occasion>) -> Notifying {
        self.start_with(occasions, Some)
    }

    fn start_with<T: Clone + Send + 'static>(
        self,
        events: broadcast::Receiver<T>,
        occasion: impl Fn(T) -> Option<Occasion> + Send + 'static,
    ) -> Notifying {
        let (stop, stopped) = watch::channel(false);
        let (letters, waiting) = mpsc::channel(WAITING);
        let post = Post {
            server: self.server.clone(),
            from: self.from.email.clone(),
            to: self.to.clone(),
            pace: self.pace,
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(post.run(waiting, stopped.clone()));
        tasks.spawn(self.watch(events, occasion, letters, stopped));
        Notifying { stop, tasks }
    }

    async fn watch<T: Clone>(
        self,
        mut events: broadcast::Receiver<T>,
        occasion: impl Fn(T) -> Option<Occasion>,
        letters: mpsc::Sender<Letter>,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut throttle = Throttle::new(self.pace.quiet);
        loop {
            let event = tokio::select! {
                // What has happened before the end is told.
                biased;
                event = events.recv() => event,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            let occasion = match event {
                Ok(event) => occasion(event),
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(
                        missed,
                        "so much happened that notices may be missing; the automation log has it"
                    );
                    None
                }
                Err(RecvError::Closed) => return,
            };
            let Some(occasion) = occasion else { continue };
            let Some(more) = throttle.admit(occasion.alike(), Instant::now()) else { continue };
            match Letter::write(&occasion, more, &self.from, &self.to) {
                Ok(letter) => {
                    // The worker does not wait for a mail server.
                    if let Err(error) = letters.try_send(letter) {
                        tracing::warn!(%error, "too many notices wait for the mail server: one is left out");
                    }
                }
                Err(error) => tracing::warn!(%error, "a notice could not be written"),
            }
        }
    }
}

impl Notifying {
    /// Returns when what has happened so far is sent, or cannot be sent soon.
    pub async fn end(mut self) {
        self.stop.send_replace(true);
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if time::timeout(LATE, ended).await.is_err() {
            tracing::warn!("the mail server is slow: notices may be missing");
        }
    }
}
