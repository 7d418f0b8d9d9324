use clap::Args;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::runtime::{Jobs, Mail, Runtime};
use super::stops::Stops;
use super::{Context, Exit, Failure};
use crate::worker::Event;

/// Take jobs off the queue and do them, until Ctrl-C
#[derive(Debug, Args)]
#[command(
    after_help = "On Ctrl-C or SIGTERM it takes no more jobs, and those that run may end; a second one ends at once, and another worker takes up what this one was at."
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
            started = Runtime::start(&config, context.colour, Mail::Needed, Jobs::FromTheQueue) => started?,
            () = stops.next() => return Ok(Exit::Done),
        };
        let shutdown = async {
            stops.next().await;
            tracing::info!("no more jobs are taken; those that run may end");
        };
        tracing::info!(worker = %runtime.worker.id(), slots = config.slots, inbox = %runtime.inbox_address().map(|at| at.to_string()).unwrap_or_default(), "ready for jobs");
        let telling = tokio::spawn(tell(runtime.worker.events()));
        let done = tokio::select! {
            done = runtime.worker.run(shutdown) => done.map_err(Failure::from),
            () = again.second() => Err(Failure::environment("stopped at once; another worker takes up what this one was at")),
        };
        telling.abort();
        runtime.close().await;
        done.map(|()| Exit::Done)
    }
}

/// Logs each attempt that ended; what it did in between stands in the automation log.
async fn tell(mut events: Receiver<Event>) {
    loop {
        match events.recv().await {
            Ok(Event::AttemptEnded { row, .. }) => {
                let Some(verdict) = &row.verdict else { continue };
                tracing::info!(
                    outcome = %verdict.outcome, code = %verdict.code, job = %row.job, kind = %row.kind, account = %row.account,
                    "an attempt ended"
                );
            }
            // What was missed stands in the automation log.
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}
