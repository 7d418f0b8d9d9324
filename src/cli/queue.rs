use std::io::{Write, stdout};

use clap::{Args, Subcommand};
use serde_json::json;

use super::{Context, Exit, Failure, output};
use crate::config::{Queue as Choice, ServerUrl};
use crate::job::{JobEvent, JobMessage};
use crate::queue::rabbit::{self, topology};

/// Make and show the queues of RabbitMQ
#[derive(Debug, Args)]
pub struct Queue {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the exchanges and queues that are missing, as every worker does at its start
    Declare {
        /// Only say what would be made
        #[arg(long)]
        print: bool,
    },
    /// How many messages wait in each queue
    Status {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Print the JSON Schema of a job's message
    Schema {
        /// That of the events on turnlock.events instead
        #[arg(long)]
        events: bool,
    },
}

impl Queue {
    /// Does it.
    ///
    /// # Errors
    /// If the queue is not RabbitMQ, or that does not answer.
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let mut out = stdout();
        match self.command {
            Command::Declare { print: true } => {
                for declaration in topology::topology() {
                    writeln!(out, "{declaration}")?;
                }
            }
            Command::Declare { print: false } => {
                rabbit::declare(url(context)?.secret()).await.map_err(Failure::environment)?;
                writeln!(out, "all exchanges and queues are there")?;
            }
            Command::Status { json } => {
                let found = rabbit::look(url(context)?.secret()).await.map_err(Failure::environment)?;
                if json {
                    for queue in found {
                        let line = json!({ "queue": queue.name, "messages": queue.messages, "consumers": queue.consumers });
                        writeln!(out, "{line}")?;
                    }
                } else {
                    let mut table = output::table(["queue", "messages", "consumers"]);
                    for queue in found {
                        table.add_row([
                            queue.name.to_owned(),
                            queue.messages.to_string(),
                            queue.consumers.to_string(),
                        ]);
                    }
                    writeln!(out, "{table}")?;
                }
            }
            Command::Schema { events } => {
                let schema = if events { JobEvent::schema() } else { JobMessage::schema() };
                let schema = serde_json::to_string_pretty(&schema).map_err(|error| {
                    Failure::environment(format_args!("the schema has no JSON form: {error}"))
                })?;
                writeln!(out, "{schema}")?;
            }
        }
        Ok(Exit::Done)
    }
}

fn url(context: &Context) -> Result<ServerUrl, Failure> {
    match context.config()?.queue {
        Choice::Rabbit(url) => Ok(url),
        Choice::Embedded => Err(Failure::usage(
            "the queue lies in the database, and has nothing to show here: --queue-url amqp://… names a RabbitMQ",
        )),
    }
}
