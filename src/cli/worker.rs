use clap::Args;

use super::runtime::{Mail, Runtime};
use super::stops::Stops;
use super::{Context, Exit, Failure};

/// Take jobs off the queue and do them, until Ctrl-C
#[derive(Debug, Args)]
#[command(
    after_help = "On Ctrl-C or SIGTERM it takes no more jobs, and those that run may end; a second Ctrl-C ends
at once, and another worker takes up what this one was at."
)]
pub struct Worker {}

impl Worker {
    /// Does it.
    ///
    /// # Errors
    /// If a part that it needs is missing or broken.
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let (mut stops, again) = (Stops::new()?, Stops::new()?);
        let runtime = tokio::select! {
            started = Runtime::start(&config, context.colour, Mail::Needed) => started?,
            () = stops.next() => return Ok(Exit::Done),
        };
        let shutdown = async {
            stops.next().await;
            tracing::info!("no more jobs are taken; those that run may end");
        };
        tracing::info!(worker = %runtime.worker.id(), slots = config.slots, inbox = ?runtime.inbox_address(), "ready for jobs");
        let done = tokio::select! {
            done = runtime.worker.run(shutdown) => done.map_err(Failure::from),
            () = again.second() => Err(Failure::environment("stopped at once; another worker takes up what this one was at")),
        };
        runtime.close().await;
        done.map(|()| Exit::Done)
    }
}
