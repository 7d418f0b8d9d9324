use clap::Args;

use super::library::Library;
use super::progress::{Place, Progress};
use super::runtime::{Jobs, Mail, Runtime};
use super::stops::Stops;
use super::submit::{Tries, Wish, entry, report};
use super::{Context, Exit, Failure, parts};
use crate::audit::audited;

/// Do one job here and now
#[derive(Debug, Args)]
#[command(after_help = "Example:
  turnlock run verify_login --account acme/alice

The exit code is 1 if the job did not succeed. Ctrl-C or SIGTERM stops it at the next safe point: never between a commit step and the answer to it; a second one ends at once.")]
pub struct Run {
    #[command(flatten)]
    wish: Wish,
}

impl Run {
    /// Does it.
    ///
    /// # Errors
    /// If a part that the job needs is missing or broken.
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        // Before anything is started or written down.
        Library::load(&config.playbooks, &config.origins, context.colour)?.must_describe(self.wish.app())?;
        let (mut stops, again) = (Stops::new()?, Stops::new()?);
        let runtime = tokio::select! {
            started = Runtime::start(&config, context.colour, Mail::IfFree, Jobs::ByHand) => started?,
            () = stops.next() => return Err(Failure::new(Exit::JobFailed, "stopped before the job began")),
        };
        let cancel = async {
            stops.next().await;
            tracing::warn!("stopping at the next safe point; the same signal again ends at once");
        };
        let (tracer, exporting) = parts::tracer(&config)?;
        tracer.watch(runtime.worker.events());
        let done = tokio::select! {
            // It has counted the first wish before that wish is answered, so that no second one melts into it.
            biased;
            () = again.second() => Err(Failure::new(
                Exit::JobFailed,
                "stopped at once; the next worker or `turnlock run` takes up what this one was at",
            )),
            done = self.with(&runtime, context, cancel) => done,
        };
        drop(tracer);
        runtime.close().await;
        exporting.end().await;
        done
    }

    async fn with(
        &self,
        runtime: &Runtime,
        context: &Context,
        cancel: impl Future<Output = ()>,
    ) -> Result<Exit, Failure> {
        let job = self.wish.job(runtime.store.as_ref()).await?;
        let mut events = runtime.worker.events();
        let mut progress =
            Progress::new(Place::Stderr, super::context::colours_welcome(&context.environment));
        progress.line(&format!("{} of {}  (job {})", job.kind, job.account, job.id))?;
        let work = runtime.worker.run_one(&job, cancel);
        let store = runtime.store.as_ref();
        let run = async { Ok::<_, Failure>(progress.show(job.id, &mut events, work).await??) };
        audited(store, entry("job.run", &job), run).await?;
        report(store, &job, job.kind.as_str(), Tries::One, self.wish.json, context.colour).await
    }
}
