use std::time::Duration;

use tokio::time::timeout;

use crate::cli::sources::Sources;
use crate::cli::stops::Stops;
use crate::cli::{Context, Exit, Failure, parts};
use crate::inbox::{Inbox, Serving};
use crate::worker::identity::new_worker;

pub(super) const HELP: &str = "\
Examples:
  turnlock inbox serve --inbox-url smtp://0.0.0.0:2525
  turnlock inbox serve --inbox-url lmtp:///run/turnlock/lmtp.sock
  turnlock inbox serve --inbox-url 'imaps://codes@mail.example?password_file=/etc/turnlock/imap'
  turnlock inbox serve --inbox-url 'sms://127.0.0.1:8025?secret_file=/etc/turnlock/sms'

Workers receive messages by themselves, each as its own --inbox-url says. Where several share a database, one place to
receive is enough: of a mailbox, one process at a time brings the messages, and another takes over when it ends.
docs/inbox.md has it all.";

/// How long what is being received may take when everything ends; who sends it sends it again.
const LAST: Duration = Duration::from_secs(5);

/// Receives messages, until it is told to end or a source fails for good.
pub(super) async fn run(context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let mut stops = Stops::new()?;
    let vault = tokio::select! {
        vault = open(&config) => vault?,
        () = stops.next() => return Ok(Exit::Done),
    };
    let inbox = Inbox::new(vault.store().clone(), vault.message_seal());
    let sources = Sources::open(&config).await?;
    if let Some(error) = sources.in_use.first() {
        return Err(Failure::environment(error));
    }
    for source in &sources.all {
        tracing::info!(source = %source.describe(), "receives messages");
    }
    let mut serving = Serving::start(sources.all, &inbox, &new_worker(), sources.awaited);
    let failed = tokio::select! {
        failed = serving.failed() => Some(failed),
        () = stops.next() => None,
    };
    let _ = timeout(LAST, serving.end()).await;
    match failed {
        Some(failed) => Err(Failure::environment(failed)),
        None => Ok(Exit::Done),
    }
}

async fn open(config: &crate::config::Config) -> Result<crate::vault::Vault, Failure> {
    let store = parts::await_store(config).await?;
    parts::open_vault_in(config, store).await
}
