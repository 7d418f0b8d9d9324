//! Mailboxes on a server, watched by IMAP: one connection each, however many managed addresses a mailbox takes mail in for.
//!
//! The server announces what comes (IDLE); it is fetched in one round trip and handed over. Mailboxes are opened for
//! reading alone: nothing is marked, moved or deleted. What came while a connection was down is found when the next one is
//! there, and handed over again under the same key where it is not known whether it was taken in.

mod address;
mod clock;
mod connect;
mod eager;
mod error;
mod mail;
mod mailbox;
mod open;
mod sign_in;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::source::{Desk, Source, SourceFailed};
pub use address::{BadImapUrl, ImapUrl, Method, Secret, Security};
use mailbox::Watched;

/// What a source has to know beside where the mailboxes are.
#[derive(Debug, Clone)]
pub struct ImapOptions {
    /// How old a mail may be that is handed over when a mailbox is opened.
    pub retention: Duration,
    /// Says true each time that somebody begins to await a message, and false when nobody does any more. While somebody
    /// does, the server is asked for new mail often, for some take half a second to announce it. Without this, mail is
    /// handed over when it is announced.
    pub awaited: Option<watch::Receiver<bool>>,
}

impl Default for ImapOptions {
    fn default() -> Self {
        Self { retention: Duration::from_secs(15 * 60), awaited: None }
    }
}

/// The mailboxes of one user on one server.
#[derive(Debug, Clone)]
pub struct Imap {
    url: Arc<ImapUrl>,
    options: ImapOptions,
}

impl Imap {
    /// Mailboxes that are watched as soon as [`run`](Source::run) is called.
    #[must_use]
    pub fn new(url: ImapUrl, options: ImapOptions) -> Self {
        Self { url: Arc::new(url), options }
    }
}

#[async_trait]
impl Source for Imap {
    fn describe(&self) -> String {
        let mailboxes = &self.url.mailboxes;
        let some = if mailboxes.len() == 1 { "mailbox" } else { "mailboxes" };
        format!("IMAP {some} {} of {}", mailboxes.join(", "), self.url.account())
    }

    fn runs_alone(&self) -> bool {
        true
    }

    async fn run(&self, desk: Arc<dyn Desk>, stop: watch::Receiver<bool>) -> Result<(), SourceFailed> {
        let source = self.describe();
        let mut watching = JoinSet::new();
        for mailbox in &self.url.mailboxes {
            let (url, options) = (Arc::clone(&self.url), self.options.clone());
            let watched = Watched::new(&source, mailbox.clone(), url, options, Arc::clone(&desk));
            watching.spawn(watched.run(stop.clone()));
        }
        while let Some(ended) = watching.join_next().await {
            // The others end with the set.
            let ended = ended.unwrap_or_else(|error| Err(error.to_string()));
            ended.map_err(|reason| SourceFailed { source_name: source.clone(), reason })?;
        }
        Ok(())
    }
}
