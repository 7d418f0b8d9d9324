use std::fmt;
use std::io::{Write, stdout};
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use tokio::time;
use uuid::Uuid;

use super::{Context, Exit, Failure, parts, which_job, who};
use crate::audit::{audited_unless, entry};
use crate::config::Queue;
use crate::job::{Code, Verdict};
use crate::store::{Cancelling, JobRow, JobState, NewAudit, Store, StoreError};
use crate::vault::Vault;

/// How soon the end of a job is noticed of which no news come.
const LOOK: Duration = Duration::from_millis(300);

/// Cancel jobs, also those that run
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  turnlock cancel 0197e2a4-7c1e-7aaa-8000-0123456789ab
  turnlock cancel 30b2a4d7 --wait

A job that has not begun never will. One that runs stops at its next safe point, never between a commit step and the proof of it. A producer's message that no worker has seen yet is cancelled when one sees it.

The exit code is 1 if a job had ended before it could be cancelled.")]
pub struct Cancel {
    /// The jobs: their ids, or the ends of them, as `turnlock log` shows them
    #[arg(value_name = "JOB", required = true)]
    jobs: Vec<String>,
    /// Wait until they have ended, and show how
    #[arg(long)]
    wait: bool,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

impl Cancel {
    /// Does it.
    ///
    /// # Errors
    /// If the database fails, or one of them is no job that can be cancelled; the others are cancelled all the same.
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let store = parts::open_store(&config).await?;
        let vault = parts::vault_at_hand(&config, &store).await;
        let store = store.as_ref();
        // RabbitMQ need not be asked: what becomes of a job stands in the database, also if it comes later.
        let ahead = matches!(config.queue, Queue::Rabbit(_));
        if ahead {
            // By any worker.
            store.announce_ends();
        }
        let (mut asked, mut refused) = (Vec::new(), Vec::new());
        for name in &self.jobs {
            match cancel(store, vault.as_ref(), name, ahead).await {
                Ok(one) => {
                    // Programs get one line for each job.
                    if !(self.json && self.wait) {
                        self.say(&one)?;
                    }
                    asked.push(one);
                }
                Err(failure) => refused.push(failure),
            }
        }
        if self.wait {
            tokio::select! {
                waited = self.wait_for(store, &mut asked) => waited?,
                _ = tokio::signal::ctrl_c() => {
                    return Err(Failure::new(Exit::JobFailed, "no longer waiting; what was asked of the jobs stands"));
                }
            }
        }
        let missed = asked.iter().any(Asked::was_too_late);
        let both = |one: Failure, next| Failure::new(one.exit(), format_args!("{one}\nturnlock: {next}"));
        match refused.into_iter().reduce(both) {
            Some(failure) => Err(failure),
            None => Ok(if missed { Exit::JobFailed } else { Exit::Done }),
        }
    }

    async fn wait_for(&self, store: &dyn Store, asked: &mut [Asked]) -> Result<(), Failure> {
        for one in asked {
            let goes_on = one.end().is_none();
            if goes_on {
                one.row = Some(ended(store, one.id).await?);
            }
            if goes_on || self.json {
                self.say(one)?;
            }
        }
        Ok(())
    }

    fn say(&self, one: &Asked) -> Result<(), Failure> {
        let mut out = stdout().lock();
        if self.json {
            writeln!(out, "{}", one.as_json())?
        } else {
            writeln!(out, "{one}")?
        }
        Ok(())
    }
}

/// A job that somebody wants cancelled, and what came of that.
struct Asked {
    id: Uuid,
    came: Cancelling,
    /// It, if it is known.
    row: Option<JobRow>,
}

impl Asked {
    /// It, if it has ended.
    fn end(&self) -> Option<&JobRow> {
        self.row.as_ref().filter(|row| row.has_ended())
    }

    /// It has ended otherwise.
    fn was_too_late(&self) -> bool {
        self.end().is_some_and(|row| row.state != JobState::Cancelled)
    }

    fn as_json(&self) -> Value {
        let row = self.row.as_ref();
        json!({
            "job": self.id,
            "came": match self.came {
                Cancelling::Cancelled => "cancelled",
                Cancelling::Asked => "asked",
                Cancelling::Ended => "ended",
                Cancelling::Noted => "noted",
            },
            "state": row.map(|row| row.state.as_str()),
            "kind": row.map(|row| row.job.kind),
            "account": row.map(|row| &row.job.account),
            "outcome": row.and_then(|row| row.outcome),
            "code": row.and_then(|row| row.code).map(Code::as_str),
        })
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  ", self.id)?;
        if let Some(row) = &self.row {
            write!(f, "{} of {}  ", row.job.kind, row.job.account)?;
        }
        let cancelled = self.end().map(|row| row.state == JobState::Cancelled);
        match (self.came, cancelled) {
            (Cancelling::Cancelled, _) => f.write_str("cancelled: no attempt of it was under way"),
            (Cancelling::Asked, None) => f.write_str("runs: it stops at its next safe point"),
            (Cancelling::Asked, Some(true)) => f.write_str("cancelled: it has stopped"),
            (Cancelling::Noted, None) => {
                f.write_str("noted: no worker has seen it yet; it is cancelled when one does")
            }
            (Cancelling::Noted, Some(true)) => f.write_str("cancelled: it has come, and never begins"),
            (Cancelling::Ended, Some(true)) => f.write_str("was cancelled before"),
            (Cancelling::Ended, _) => write!(f, "had ended before: {}", By(self.end())),
            (_, Some(false)) => write!(f, "too late to stop it; it has ended: {}", By(self.end())),
        }
    }
}

/// How a job ended.
struct By<'a>(Option<&'a JobRow>);

impl fmt::Display for By<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.and_then(|row| row.outcome.zip(row.code)) {
            Some((outcome, code)) => write!(f, "{outcome} ({code})"),
            None => f.write_str("nothing says how"),
        }
    }
}

async fn cancel(store: &dyn Store, vault: Option<&Vault>, name: &str, ahead: bool) -> Result<Asked, Failure> {
    let id = which_job::identify(store, name).await?;
    let row = store.job(id).await?;
    if let (Some(vault), Some(row)) = (vault, &row) {
        // Of what never begins no worker opens the account.
        vault.mask_words(&row.job).await?;
    }
    let why = match row.as_ref().is_some_and(|row| row.attempts > 0) {
        true => "The job was cancelled before its next try.",
        false => "The job was cancelled before it began.",
    };
    let why = Verdict::new(Code::Cancelled, why);
    let account = row.map(|row| row.job.account);
    let entry = NewAudit { account, ..entry(&who::at_the_shell(), "job.cancel", id) };
    let cancelling =
        async { if ahead { store.cancel_ahead(id, &why).await } else { store.cancel(id, &why).await } };
    let came = audited_unless(store, entry, cancelling, Cancelling::nothing).await?;
    Ok(Asked { id, came, row: store.job(id).await? })
}

/// Returns when the job has ended.
async fn ended(store: &dyn Store, id: Uuid) -> Result<JobRow, StoreError> {
    loop {
        // There may be no row yet.
        if let Some(row) = store.job(id).await?.filter(JobRow::has_ended) {
            return Ok(row);
        }
        // An elapsed time-out is as good as news.
        let _ = time::timeout(LOOK, store.jobs_changed()).await;
    }
}
