mod answer;
mod document;
mod dossier;
mod evidence;
mod export;
mod json;
mod list;
mod picture;
mod requeue;
mod retry;
mod show;

pub use answer::hint as how_to_answer;

use clap::{Args, Subcommand};

use super::{Context, Exit, Failure};

/// List jobs, show all that is known of one, put it into a file for a ticket, give it a code that it waits for, have it tried
/// now or once more
#[derive(Debug, Args)]
#[command(disable_help_subcommand = true)]
pub struct Job {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List jobs, those included that no attempt was made at
    #[command(after_help = list::HELP)]
    List(list::List),
    /// Show a job: what was asked, every attempt with its steps, what went wrong and what a person should do
    #[command(after_help = show::HELP)]
    Show(show::Show),
    /// Write the same into one HTML file, with the picture in it, to attach to a ticket
    #[command(after_help = export::HELP)]
    Export(export::Export),
    /// Give a job the code that it waits for, from the terminal or standard input
    #[command(after_help = answer::HELP)]
    Answer(answer::Answer),
    /// Have jobs tried now that wait for their time, or whose worker was lost
    #[command(after_help = requeue::HELP)]
    Requeue(requeue::Requeue),
    /// Submit jobs once more that have ended
    #[command(after_help = retry::HELP)]
    Retry(retry::Retry),
}

impl Job {
    /// Does it.
    ///
    /// # Errors
    /// If the database fails, or no job has that id.
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.command {
            Command::List(list) => list.run(context).await,
            Command::Show(show) => show.run(context).await,
            Command::Export(export) => export.run(context).await,
            Command::Answer(answer) => answer.run(context).await,
            Command::Requeue(requeue) => requeue.run(context).await,
            Command::Retry(retry) => retry.run(context).await,
        }
    }
}
