mod again;
mod list;
mod secret;
mod test;

use clap::{Args, Subcommand};

use super::{Context, Exit, Failure};

/// Try, list and repeat messages to servers that are told what happens
#[derive(Debug, Args)]
#[command(after_help = "\
Servers are named by --webhook-url, TURNLOCK_WEBHOOK_URL or `webhook_url` in turnlock.toml:
  https://ops.example.com/turnlock#secret_file=/etc/turnlock/ops.whsec&events=job.finished,breaker.opened

Settings behind the #, which is not sent:
  secret_file  the secret that messages are signed with; `turnlock webhook secret` makes one
  events       attempt.ended, job.finished, job.needs_human, job.asks_human, breaker.opened, canary.failed
               [default: the last four]
  name         what it is called here [default: its host]
  ca_file      whose certificates are trusted, instead of the system's

Workers and `turnlock serve` deliver what is due. What they send, and how to check a signature: docs/webhooks.md")]
pub struct Webhook {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Send a message that tells nothing, and show what comes of it
    Test(test::Test),
    /// List the messages that were not delivered yet
    List(list::List),
    /// Try messages again that were laid aside, or one that waits, at once
    Retry(again::Retry),
    /// Forget messages that were laid aside, or one that waits
    Drop(again::Drop),
    /// Make a secret and print it, for a server that is told what happens and for its file here
    Secret(secret::Secret),
}

impl Webhook {
    /// Does it.
    ///
    /// # Errors
    /// If the database fails, or a server is named wrongly.
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.command {
            Command::Test(test) => test.run(context).await,
            Command::List(list) => list.run(context).await,
            Command::Retry(retry) => retry.run(context).await,
            Command::Drop(drop) => drop.run(context).await,
            Command::Secret(secret) => secret.run(),
        }
    }
}
