use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::runtime::{Mail, Runtime};
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
        let runtime = Runtime::start(&config, context.colour, Mail::Needed).await?;
        let (shutdown, at_once) = stops()?;
        tracing::info!(worker = %runtime.worker.id(), slots = config.slots, inbox = ?runtime.inbox_address(), "ready for jobs");
        let done = tokio::select! {
            done = runtime.worker.run(shutdown) => done.map_err(Failure::from),
            () = at_once => Err(Failure::environment("stopped at once; another worker takes up what this one was at")),
        };
        runtime.close().await;
        done.map(|()| Exit::Done)
    }
}

/// The first wish to stop, and the second.
fn stops() -> Result<(impl Future<Output = ()>, impl Future<Output = ()>), Failure> {
    let wishes =
        || -> std::io::Result<_> { Ok((signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)) };
    let failed = |error| Failure::environment(format_args!("signals cannot be received: {error}"));
    let (mut interrupt, mut terminate) = wishes().map_err(failed)?;
    let (mut interrupt_again, mut terminate_again) = wishes().map_err(failed)?;
    let first = async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("no more jobs are taken; those that run may end");
    };
    let second = async move {
        for _ in 0..2 {
            tokio::select! {
                _ = interrupt_again.recv() => {}
                _ = terminate_again.recv() => {}
            }
        }
    };
    Ok((first, second))
}
