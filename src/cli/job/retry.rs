use std::io::{Write, stdout};

use clap::Args;
use serde_json::json;
use uuid::Uuid;

use super::{Context, Exit, Failure};
use crate::audit::{audited, entry_of};
use crate::cli::{parts, which_job, who};
use crate::queue::Queue;
use crate::store::{NewAudit, Store, StoreError};
use crate::traces::Tracer;

pub const HELP: &str = "\
Examples:
  turnlock job retry 30b2a4d7
  turnlock job list --app acme --outcome needs_human --json | jq -r .job | xargs turnlock job retry

The same wish is submitted as a job of its own, in your name, with the same deadline and priority. A job that has not ended \
is left alone: what to do instead is said. The exit code is 1 then.";

#[derive(Debug, Args)]
pub struct Retry {
    /// The jobs: their ids, or the ends of them, as `turnlock log` and `turnlock job list` show them
    #[arg(value_name = "ID", required = true)]
    jobs: Vec<String>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

impl Retry {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let store = parts::open_store(&config).await?;
        let queue = parts::queue(&config, store.clone());
        let (tracer, exporting) = parts::tracer(&config)?;
        let mut refused = Vec::new();
        for name in &self.jobs {
            match retry(store.as_ref(), queue.as_ref(), &tracer, name).await {
                Ok((of, job)) if self.json => {
                    writeln!(stdout(), "{}", json!({ "job": job, "retry_of": of }))?
                }
                Ok((of, job)) => writeln!(stdout(), "submitted {job}, once more after {of}")?,
                Err(failure) => refused.push(failure),
            }
        }
        drop(tracer);
        exporting.end().await;
        let both = |one: Failure, next| Failure::new(one.exit(), format_args!("{one}\nturnlock: {next}"));
        refused.into_iter().reduce(both).map_or(Ok(Exit::Done), Err)
    }
}

/// The job that is meant, and the one that it is now.
async fn retry(
    store: &dyn Store,
    queue: &dyn Queue,
    tracer: &Tracer,
    name: &str,
) -> Result<(Uuid, Uuid), Failure> {
    let id = which_job::identify(store, name).await?;
    let row = store.job(id).await?.ok_or(StoreError::NoJob(id))?;
    let who = who::at_the_shell();
    let refused = |why| Failure::new(Exit::JobFailed, format_args!("job {id}: {why}"));
    let asks = store.question_of(id).await?.is_some_and(|row| row.refusal().is_none());
    let mut job = row.once_more(who.clone(), asks).map_err(refused)?;
    if store.account(&job.account).await?.is_none() {
        return Err(StoreError::NoAccount(job.account).into());
    }
    let entry = NewAudit {
        target: id.to_string(),
        detail: Some(format!("as {}", job.id)),
        ..entry_of(&who, "job.retry", &job.account)
    };
    let submission = tracer.submit(&mut job);
    let submitted = audited(store, entry, queue.submit(&job, None)).await;
    submission.ended(&submitted);
    submitted?;
    Ok((id, job.id))
}
