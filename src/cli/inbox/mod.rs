mod extract;
mod serve;
mod watch;

use clap::{Args, Subcommand};

use super::{Context, Exit, Failure};

/// Receive messages for all workers, watch what comes, try what is read from a message
#[derive(Debug, Args)]
pub struct Inbox {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Receive messages as --inbox-url says, for the workers on the same database
    #[command(after_help = serve::HELP)]
    Serve,
    /// Show messages as they come, without the codes in them, and the jobs that take them
    Watch(watch::Watch),
    /// Read a message from standard input, and print the code in it
    Extract(extract::Extract),
}

impl Inbox {
    /// Whether it goes on until it is told to end.
    pub const fn serves(&self) -> bool {
        matches!(self.command, Command::Serve)
    }

    /// Does it.
    ///
    /// # Errors
    /// As the command says.
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.command {
            Command::Serve => serve::run(context).await,
            Command::Watch(watch) => watch.run(context).await,
            Command::Extract(extract) => extract.run(),
        }
    }
}
