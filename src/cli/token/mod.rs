mod create;
mod list;
mod revoke;

use clap::{Args, Subcommand};

use super::{Context, Exit, Failure};

/// Make, list and revoke tokens for `turnlock serve`
#[derive(Debug, Args)]
pub struct Token {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a token and print it, this once; what is kept is its hash
    Create(create::Create),
    /// List the tokens: what they are good for, until when, and when they were used
    List(list::List),
    /// Revoke a token: it is good for nothing any more, and browsers that were signed in with it are signed out
    Revoke(revoke::Revoke),
}

impl Token {
    /// Does it.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.command {
            Command::Create(create) => create.run(context).await,
            Command::List(list) => list.run(context).await,
            Command::Revoke(revoke) => revoke.run(context).await,
        }
    }
}

/// Whoever is at this shell, for the audit.
pub(super) fn at_the_shell(context: &Context) -> String {
    format!("{} (shell)", context.environment.get("USER").unwrap_or("somebody"))
}
