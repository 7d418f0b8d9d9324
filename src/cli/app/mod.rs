mod list;
mod reset;

pub use list::{as_json, breaker};

use clap::{Args, Subcommand};

use super::{Context, Exit, Failure};

/// Show how much of each app is under way, and let a broken one go on
#[derive(Debug, Args)]
pub struct App {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the apps: what is under way, what waits, their limits and breakers
    #[command(after_help = list::HELP)]
    List(list::List),
    /// Close an app's breaker, so that its jobs go on at once: the app works again, or its playbook is mended
    Reset(reset::Reset),
}

impl App {
    /// Does it.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.command {
            Command::List(list) => list.run(context).await,
            Command::Reset(reset) => reset.run(context).await,
        }
    }
}
