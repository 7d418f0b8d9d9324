use lettre::address::Envelope;
use lettre::message::Mailbox;
use lettre::{Address, AsyncTransport as _};
use tokio::sync::{mpsc, watch};
use tokio::time;

use super::letter::Letter;
use super::{MailServer, Pace};
use crate::redact::redact;

/// Brings letters to the mail server.
pub(super) struct Post {
    pub server: MailServer,
    pub from: Address,
    pub to: Vec<Mailbox>,
    pub pace: Pace,
}

impl Post {
    /// Sends each letter, one after the other, until no more can come.
    pub async fn run(self, mut letters: mpsc::Receiver<Letter>, mut stop: watch::Receiver<bool>) {
        while let Some(letter) = letters.recv().await {
            self.send(&letter, &mut stop).await;
        }
    }

    /// To each person by themselves: one whose address is refused keeps it from nobody else.
    async fn send(&self, letter: &Letter, stop: &mut watch::Receiver<bool>) {
        let mut left: Vec<Address> = self.to.iter().map(|person| person.email.clone()).collect();
        let mut wait = self.pace.first_wait;
        let mut tried = 0;
        loop {
            let Err(why) = self.hand_over(letter, &mut left).await else { return };
            tried += 1;
            let subject = &letter.subject;
            if tried >= self.pace.tries {
                tracing::warn!(subject, people = left.len(), error = %why, "a notice could not be sent");
                return;
            }
            tracing::debug!(subject, error = %why, "a notice could not be sent yet; trying again");
            tokio::select! {
                () = time::sleep(wait) => wait = wait.saturating_mul(4),
                _ = stop.wait_for(|stop| *stop) => {
                    tracing::warn!(subject, error = %why, "a notice could not be sent before the end");
                    return;
                }
            }
        }
    }

    /// One try. Leaves those for whom another may help, and says why.
    async fn hand_over(&self, letter: &Letter, left: &mut Vec<Address>) -> Result<(), String> {
        let transport = self.server.open().await.map_err(|error| error.to_string())?;
        let mut failed = None;
        for person in std::mem::take(left) {
            // The server itself is away: the others need not be tried.
            if matches!(failed, Some((false, _))) {
                left.push(person);
                continue;
            }
            let sent = match Envelope::new(Some(self.from.clone()), vec![person.clone()]) {
                Ok(envelope) => transport.send_raw(&envelope, &letter.bytes).await,
                Err(error) => {
                    tracing::warn!(%error, "a notice has no envelope");
                    continue;
                }
            };
            let Err(error) = sent else { continue };
            let why = redact(&told(&error)).into_owned();
            if error.is_permanent() {
                tracing::warn!(subject = letter.subject, %person, error = %why, "a notice was refused");
                continue;
            }
            failed = Some((error.is_transient(), why));
            left.push(person);
        }
        failed.map_or(Ok(()), |(_, why)| Err(why))
    }
}

/// The error with what lies behind it.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = error.source();
    }
    text
}
