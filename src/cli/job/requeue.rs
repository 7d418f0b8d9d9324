use std::io::{Write, stdout};

use clap::Args;
use serde_json::json;
use uuid::Uuid;

use super::{Context, Exit, Failure};
use crate::audit::{audited, entry};
use crate::cli::{parts, which_job, who};
use crate::store::{NewAudit, Requeueing, Store, StoreError};

pub const HELP: &str = "\
Examples:
  turnlock job requeue 30b2a4d7
  turnlock log --outcome retry_later --since 1h --json | jq -r .job | sort -u | xargs turnlock job requeue

A job that is to be tried again later, or was submitted for later, is due at once. One whose worker was lost is taken up. \
One that runs, waits for a person, has ended or is held back by its app is left alone: what to do instead is said. \
The exit code is 1 then.";

#[derive(Debug, Args)]
pub struct Requeue {
    /// The jobs: their ids, or the ends of them, as `turnlock log` shows them
    #[arg(value_name = "ID", required = true)]
    jobs: Vec<String>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

impl Requeue {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let store = parts::open_store(&context.config()?).await?;
        let mut refused = Vec::new();
        for name in &self.jobs {
            match requeue(store.as_ref(), name).await {
                Ok((job, came)) if self.json => {
                    writeln!(stdout(), "{}", json!({ "job": job, "came": came.as_str() }))?;
                }
                Ok((job, came)) => writeln!(stdout(), "{job}  {}", came.words())?,
                Err(failure) => refused.push(failure),
            }
        }
        let both = |one: Failure, next| Failure::new(one.exit(), format_args!("{one}\nturnlock: {next}"));
        refused.into_iter().reduce(both).map_or(Ok(Exit::Done), Err)
    }
}

async fn requeue(store: &dyn Store, name: &str) -> Result<(Uuid, Requeueing), Failure> {
    let id = which_job::identify(store, name).await?;
    let account = store.job(id).await?.map(|row| row.job.account);
    let entry = NewAudit { account, ..entry(&who::at_the_shell(), "job.requeue", id) };
    match audited(store, entry, store.requeue(id)).await {
        Ok(came) => Ok((id, came)),
        Err(error @ StoreError::NotRequeued { .. }) => Err(Failure::new(Exit::JobFailed, error)),
        Err(error) => Err(error.into()),
    }
}
