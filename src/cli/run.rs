use clap::Args;

use super::progress::{Place, Progress};
use super::runtime::{Mail, Runtime};
use super::submit::{Wish, report};
use super::{Context, Exit, Failure};

/// Do one job here and now
#[derive(Debug, Args)]
#[command(after_help = "Example:
  turnlock run verify-login --account acme/alice

The exit code is 1 if the job did not succeed. Ctrl-C stops it at the next safe point: never between a commit
step and the answer to it.")]
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
        let runtime = Runtime::start(&config, context.colour, Mail::IfFree).await?;
        let done = self.with(&runtime, context).await;
        runtime.close().await;
        done
    }

    async fn with(&self, runtime: &Runtime, context: &Context) -> Result<Exit, Failure> {
        let job = self.wish.job(context, runtime.store.as_ref()).await?;
        let mut events = runtime.worker.events();
        let mut progress =
            Progress::new(Place::Stderr, super::context::colours_welcome(&context.environment));
        progress.line(&format!("{} of {}  (job {})", job.kind, job.account, job.id))?;
        let cancel = async {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let work = runtime.worker.run_one(&job, cancel);
        progress.show(job.id, &mut events, work).await??;
        report(runtime.store.as_ref(), &job, self.wish.json, context.colour).await
    }
}
