mod assign;
mod list;
mod parent;
mod run;
mod which;

pub use list::as_json;
pub use which::short;

use clap::{Args, Subcommand};

use super::{Context, Exit, Failure, output, parts};
use crate::store::Duty;

/// Take jobs off the queue and do them, until Ctrl-C; or look after the workers that do
#[derive(Debug, Args)]
#[command(
    disable_help_subcommand = true,
    after_help = "Without a subcommand it is a worker itself:
  SIGTERM, Ctrl-C   takes no more jobs; those that run may go on for the grace period, are stopped at their next safe
                    point then, and go back into the queue; the same again ends at once
  SIGTSTP, Ctrl-Z   takes no more jobs; those that run go on, and the worker stays
  SIGCONT           takes jobs again"
)]
pub struct Worker {
    #[command(subcommand)]
    command: Option<Command>,
    /// End with this process, which has started this one, however it ends
    #[arg(long, value_name = "PID", hide = true)]
    with_parent: Option<u32>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the workers: what they are at, and when they were last heard of
    List(list::List),
    /// Have workers take no more jobs, on whatever machine; those that run go on
    #[command(after_help = assign::WHICH)]
    Drain(assign::Assign),
    /// Have workers take jobs again
    #[command(after_help = assign::WHICH)]
    Resume(assign::Assign),
}

impl Worker {
    /// Whether this process is to be a worker.
    #[must_use]
    pub const fn works(&self) -> bool {
        self.command.is_none()
    }

    /// Does it.
    ///
    /// # Errors
    /// If a part that it needs is missing or broken.
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.command {
            None => {
                self.with_parent.map_or(Ok(()), parent::end_with)?;
                run::run(context).await
            }
            Some(Command::List(list)) => list.run(context).await,
            Some(Command::Drain(assign)) => assign.run(context, Duty::Draining).await,
            Some(Command::Resume(assign)) => assign.run(context, Duty::Working).await,
        }
    }
}
