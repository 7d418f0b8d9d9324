mod answer;
mod list;
mod show;

use std::io::{Write, stdout};

use clap::{Args, Subcommand};

use super::output::printable;
use super::{Context, Exit, Failure, parts};
use crate::audit::audited;
use crate::config::{Config, Queue, ServerUrl};
use crate::queue::rabbit::{DeadLetters, Letter, MOST};

/// Look at messages that were laid aside, give them back to the workers, or drop them
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  turnlock dead list
  turnlock dead show 3f9c2a71
  turnlock dead requeue --all
  turnlock dead drop 3f9c2a71 80d1e5b4

A job is done once, so it does no harm to give one back that has ended meanwhile.")]
pub struct Dead {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// What lies there, as it lies in the queue
    List(list::List),
    /// One letter: why it lies there, its headers, and its body without what it held
    Show(show::Show),
    /// Give jobs back to the workers, with their priority; what is no job stays
    Requeue(answer::Which),
    /// Remove letters for good
    Drop(answer::Which),
}

impl Dead {
    /// Does it.
    ///
    /// # Errors
    /// If the queue is not RabbitMQ, that does not answer, or there is no such letter.
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let mut letters = DeadLetters::open(url(&config)?.secret()).await.map_err(Failure::environment)?;
        // Said when all are back in their places: a pager holds up nobody.
        let mut said = Vec::new();
        let done = match self.command {
            Command::List(list) => list.say(&letters, &mut said),
            Command::Show(show) => show.say(&letters, &mut said),
            Command::Requeue(which) => match parts::open_store(&config).await {
                Ok(store) => {
                    let entry = which.entry("dead.requeue", &letters);
                    audited(store.as_ref(), entry, which.requeue(&mut letters, &mut said)).await
                }
                Err(failure) => Err(failure),
            },
            Command::Drop(which) => match parts::open_store(&config).await {
                Ok(store) => {
                    let entry = which.entry("dead.drop", &letters);
                    audited(store.as_ref(), entry, which.drop(&mut letters, &mut said)).await
                }
                Err(failure) => Err(failure),
            },
        };
        let closed = letters.close().await.map_err(Failure::environment);
        stdout().write_all(&said)?;
        done.and(closed)?;
        Ok(Exit::Done)
    }
}

fn url(config: &Config) -> Result<&ServerUrl, Failure> {
    match &config.queue {
        Queue::Rabbit(url) => Ok(url),
        Queue::Embedded => Err(Failure::usage(
            "the queue lies in the database, which takes nothing but jobs, so there are no dead letters: `turnlock log --failed` shows attempts that somebody may have to look into. --queue-url amqp://… names a RabbitMQ",
        )),
    }
}

/// The place of the letter that is called so.
fn find(letters: &DeadLetters, name: &str) -> Result<usize, Failure> {
    let mut found = letters.letters().enumerate().filter(|(_, letter)| letter.is_called(name));
    let Some((place, letter)) = found.next() else {
        let among = if letters.behind() > 0 { format!(" among the first {MOST}") } else { String::new() };
        return Err(Failure::usage(format_args!(
            "there is no letter `{}`{among}: `turnlock dead list` shows those there are",
            printable(name)
        )));
    };
    // Those that look alike may stand for each other.
    let others: Vec<_> =
        found.map(|(_, other)| other.name()).filter(|other| *other != letter.name()).collect();
    match others.as_slice() {
        [] => Ok(place),
        others => Err(Failure::usage(format_args!(
            "`{}` names several letters: {}, {}",
            printable(name),
            letter.name(),
            others.join(", ")
        ))),
    }
}

/// What it asks for, if it is a job.
fn what(letter: &Letter) -> String {
    match letter.job() {
        Ok(job) => format!("{} of {} (job {})", job.kind, job.account, job.id),
        Err(_) => "no job".to_owned(),
    }
}
