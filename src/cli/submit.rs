use std::io::{Write, stdout};
use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;
use serde_json::json;
use uuid::Uuid;

use super::library::must_describe_if_any;
use super::{Context, Exit, Failure, output, parts, who};
use crate::audit::{audited, entry_of};
use crate::job::{AccountRef, Job, Kind, LONGEST_DEADLINE, Outcome, Priority, check_wait};
use crate::store::{LogQuery, NewAudit, Store, StoreError, Submitted};

/// What is asked, of which account; the same for `submit` and `run`.
#[derive(Debug, Args)]
pub struct Wish {
    /// verify_login, enrol_mfa, change_password, set_contact or reconcile
    #[arg(value_name = "KIND")]
    kind: Kind,
    /// The account, APP/NAME
    #[arg(long, value_name = "ACCOUNT")]
    account: AccountRef,
    /// The job's id, a UUID; submitting the same id again changes nothing [default: a new one]
    #[arg(long, value_name = "UUID")]
    id: Option<Uuid>,
    /// Which jobs come first: high, normal or low
    #[arg(long, value_name = "PRIORITY", default_value_t)]
    priority: Priority,
    /// Why it is wanted, for the automation log
    #[arg(long)]
    reason: Option<String>,
    /// Keep a screenshot and a page snapshot of a success too
    #[arg(long)]
    evidence: bool,
    /// How long an attempt may take, for example 90s or 5m [default: 3m]
    #[arg(long, value_name = "TIME", value_parser = deadline)]
    deadline: Option<Duration>,
    /// Wait that long for a person, for example 10m, when a code is wanted that Turnlock cannot get by itself: `turnlock job
    /// answer`, or the job's page, gives it [default: do not wait]
    #[arg(long, value_name = "TIME")]
    wait_for_human: Option<SignedDuration>,
    /// One JSON object
    #[arg(long)]
    pub json: bool,
}

impl Wish {
    /// The app of the account.
    pub fn app(&self) -> &str {
        self.account.app()
    }

    /// The job that is wished for.
    ///
    /// # Errors
    /// If there is no such account.
    pub async fn job(&self, store: &dyn Store) -> Result<Job, Failure> {
        if store.account(&self.account).await?.is_none() {
            return Err(StoreError::NoAccount(self.account.clone()).into());
        }
        let usual = Job::new(self.kind, self.account.clone());
        let deadline = self.deadline.unwrap_or(usual.deadline);
        let wait = self.wait_for_human.map(|wait| check_wait(deadline, wait)).transpose();
        let wait = wait.map_err(|why| Failure::usage(format_args!("--wait-for-human {why}")))?;
        Ok(Job {
            id: self.id.unwrap_or(usual.id),
            priority: self.priority,
            requested_by: Some(who::at_the_shell()),
            reason: self.reason.clone(),
            evidence: self.evidence,
            deadline,
            wait_for_human: wait.unwrap_or_default(),
            ..usual
        })
    }
}

/// Put a job into the queue, for a worker to do
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  turnlock submit verify_login --account acme/alice
  turnlock submit change_password --account acme/alice --wait --reason 'quarterly rotation'

With --wait, the exit code is 1 if the job did not succeed.")]
pub struct Submit {
    #[command(flatten)]
    wish: Wish,
    /// Wait until the job has ended, and show how
    #[arg(long)]
    wait: bool,
}

impl Submit {
    /// Does it.
    ///
    /// # Errors
    /// If there is no such account, or the database fails.
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        must_describe_if_any(&config, self.wish.app())?;
        let store = parts::open_store(&config).await?;
        let mut job = self.wish.job(store.as_ref()).await?;
        if let Some(vault) = parts::vault_at_hand(&config, &store).await {
            job = vault.without_secrets(job).await?;
        }
        let queue = parts::queue(&config, store.clone());
        let (tracer, exporting) = parts::tracer(&config)?;
        let submission = tracer.submit(&mut job);
        let submitted = audited(store.as_ref(), entry("job.submit", &job), queue.submit(&job, None)).await;
        submission.ended(&submitted);
        drop(tracer);
        exporting.end().await;
        let submitted = submitted?;
        if !self.wait {
            let mut out = stdout().lock();
            if self.wish.json {
                let new = submitted == Submitted::New;
                let line = json!({ "job": job.id, "kind": job.kind, "account": job.account, "new": new });
                writeln!(out, "{line}")?;
            } else {
                let done = if submitted == Submitted::New { "submitted" } else { "was submitted before:" };
                writeln!(out, "{done} {}  ({} of {})", job.id, job.kind, job.account)?;
            }
            return Ok(Exit::Done);
        }
        tokio::select! {
            ended = queue.ended(job.id) => { ended?; }
            _ = tokio::signal::ctrl_c() => {
                return Err(Failure::new(Exit::JobFailed, format_args!("no longer waiting for job {}, which goes on", job.id)));
            }
        }
        report(store.as_ref(), &job, job.kind.as_str(), Tries::ByTheQueue, self.wish.json, context.colour)
            .await
    }
}

/// A job that somebody at this shell has done, for the audit.
#[must_use]
pub fn entry(action: &str, job: &Job) -> NewAudit {
    NewAudit {
        target: job.id.to_string(),
        detail: Some(format!("{} of {}", job.kind, job.account)),
        ..entry_of(&who::at_the_shell(), action, &job.account)
    }
}

/// Who makes another try at a job whose attempt did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tries {
    /// Nobody: it was run here and now.
    One,
    /// The queue, as often as the policy allows; the job has ended for good.
    ByTheQueue,
}

/// Shows how a job has ended, and says so to the caller.
///
/// # Errors
/// If the database fails.
pub async fn report(
    store: &dyn Store,
    job: &Job,
    what: &str,
    tries: Tries,
    json: bool,
    colour: bool,
) -> Result<Exit, Failure> {
    let rows = store.log(&LogQuery { job: Some(job.id), limit: 1, ..LogQuery::default() }).await?;
    let Some(row) = rows.first() else {
        return Err(Failure::new(
            Exit::JobFailed,
            format_args!("job {} ended before an attempt began", job.id),
        ));
    };
    let mut out = stdout().lock();
    if json {
        writeln!(out, "{}", row.as_json())?;
    } else {
        let took = row.duration.map(output::duration).unwrap_or_default();
        let outcome =
            row.verdict.as_ref().map(|verdict| output::outcome(verdict.outcome, colour)).unwrap_or_default();
        let (code, message) =
            row.verdict.as_ref().map(|v| (v.code.as_str(), v.message.as_str())).unwrap_or_default();
        writeln!(out, "{what} of {}: {outcome} ({code}) in {took}\n  {message}", job.account)?;
        if let Some(action) = row.user_action.as_deref().filter(|action| !action.is_empty()) {
            writeln!(out, "  What to do: {action}")?;
        }
        let outcome = row.verdict.as_ref().map(|verdict| verdict.outcome);
        if tries == Tries::One && matches!(outcome, Some(Outcome::RetryLater | Outcome::Interrupted)) {
            writeln!(out, "  `run` makes no other try: run it again, or submit it for a worker to do.")?;
        }
        if let Some(evidence) = &row.provenance.evidence {
            writeln!(out, "  Evidence: {}", evidence.display())?;
        }
    }
    let succeeded = row.verdict.as_ref().is_some_and(|verdict| verdict.outcome == Outcome::Succeeded);
    Ok(if succeeded { Exit::Done } else { Exit::JobFailed })
}

fn deadline(text: &str) -> Result<Duration, String> {
    let read: Option<SignedDuration> = text.parse().ok();
    let length =
        read.filter(|length| *length <= LONGEST_DEADLINE).and_then(|length| Duration::try_from(length).ok());
    length
        .filter(|length| length.as_secs() > 0)
        .ok_or_else(|| format!("`{text}` is no length of time up to 20 minutes: write 90s or 5m"))
}
