use std::convert::Infallible;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::cli::runtime::{Jobs, Mail, Runtime};
use crate::cli::stops::{Pause, Pauses, Stops};
use crate::cli::{Context, Exit, Failure, parts};
use crate::store::Duty;
use crate::worker::{Event, Worker};

/// Is a worker, until it is told to end.
pub(super) async fn run(context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let notifier = parts::notifier(&config)?;
    let endpoints = parts::endpoints(&config)?;
    let (tracer, exporting) = parts::tracer(&config)?;
    let (mut stops, again, pauses) = (Stops::new()?, Stops::new()?, Pauses::new()?);
    let runtime = tokio::select! {
        started = Runtime::start(&config, context.colour, Mail::Needed, Jobs::FromTheQueue) => started?,
        () = stops.next() => return Ok(Exit::Done),
    };
    let shutdown = async {
        stops.next().await;
        let grace = config.grace_period.as_secs();
        tracing::info!("no more jobs are taken; those that run may go on for {grace} s");
    };
    tracing::info!(worker = %runtime.worker.id(), slots = config.slots, inbox = %runtime.inbox_address().map(|at| at.to_string()).unwrap_or_default(), "ready for jobs");
    tracer.watch(runtime.worker.events());
    drop(tracer);
    let _delivering = parts::deliver(&runtime.store, endpoints);
    let notifying = notifier.map(|notifier| notifier.start(runtime.worker.events()));
    let orderly = async {
        let done = tokio::select! {
            // What is to be told comes before the end.
            biased;
            never = tell(runtime.worker.events()) => match never {},
            never = heed(pauses, &runtime.worker) => match never {},
            done = runtime.worker.run(shutdown) => done,
        };
        runtime.queue.close().await;
        if let Some(notifying) = notifying {
            notifying.end().await;
        }
        done.map_err(Failure::from)
    };
    let done = tokio::select! {
        // It has counted the first wish before that wish is answered, so that no second one melts into it.
        biased;
        () = again.second() => Err(Failure::environment("stopped at once; another worker takes up what this one was at")),
        done = orderly => done,
    };
    runtime.close().await;
    exporting.end().await;
    done.map(|()| Exit::Done)
}

/// Does what SIGTSTP and SIGCONT wish.
async fn heed(mut pauses: Pauses, worker: &Worker) -> Infallible {
    loop {
        worker.assign(match pauses.next().await {
            Pause::Begins => Duty::Draining,
            Pause::Ends => Duty::Working,
        });
    }
}

/// Logs each attempt that ended; what it did in between stands in the automation log.
async fn tell(mut events: Receiver<Event>) -> Infallible {
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
            // The worker holds the other end.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
