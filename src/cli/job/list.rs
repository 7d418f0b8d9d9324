use std::collections::HashMap;
use std::io::{Write, stdout};

use clap::Args;
use comfy_table::Cell;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::json::waits_for;
use super::{Context, Exit, Failure};
use crate::cli::output::{self, local_time, short_id};
use crate::cli::parts;
use crate::job::{AccountRef, Code, Kind, Outcome};
use crate::store::{JobQuery, JobRow, JobState, QuestionRow, Waits};

/// Jobs that wait for a person are looked for among so many.
const ASKED: u32 = 10_000;

pub const HELP: &str = "\
Examples:
  turnlock job list --state queued                 # what waits: what is due, what is for later, what its app holds back
  turnlock job list --state running                # what is performed, and which of it waits for a person, for what and until when
  turnlock job list --app acme --failed
  turnlock job list --outcome needs_human --json | jq -r .job | xargs turnlock job retry

Jobs are listed by when they were submitted, the newest beside the prompt, those that no attempt was made at included; \
`turnlock log` lists attempts. A job that RabbitMQ has is listed when a worker has taken it down.";

#[derive(Debug, Args)]
pub struct List {
    /// Only jobs in this state: queued, running, finished, cancelled
    #[arg(long, value_name = "STATE", value_parser = state)]
    state: Option<JobState>,
    /// Only accounts of this app
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    /// Only this account, APP/NAME
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<AccountRef>,
    /// Only jobs of this kind: verify_login, enrol_mfa, change_password, set_contact, reconcile
    #[arg(long, value_name = "KIND")]
    kind: Option<Kind>,
    /// Only jobs that they asked for, as the job says
    #[arg(long, value_name = "WHO")]
    requested_by: Option<String>,
    /// Only jobs whose last attempt ended so: succeeded, rejected, retry_later, needs_human, interrupted, unknown; several with
    /// commas between them
    #[arg(long, value_name = "OUTCOME", value_delimiter = ',')]
    outcome: Vec<Outcome>,
    /// Only jobs whose last attempt failed: rejected, retry_later, needs_human, unknown
    #[arg(long, conflicts_with = "outcome")]
    failed: bool,
    /// Only jobs whose last attempt ended with this code, as page_not_as_described
    #[arg(long, value_name = "CODE")]
    code: Option<Code>,
    /// At most so many, the newest
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

impl List {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let store = parts::open_store(&context.config()?).await?;
        let mut rows = store.job_list(&self.query()).await?;
        // The newest are asked for, and read from old to new, with the newest beside the prompt.
        rows.reverse();
        let shut = store.shut_apps().await?;
        let asked = store.open_questions(None, ASKED).await?;
        let asked: HashMap<_, _> = asked.into_iter().map(|question| (question.job, question)).collect();
        let now = Timestamp::now();
        let mut out = stdout().lock();
        if self.json {
            for row in &rows {
                writeln!(out, "{}", as_json(row, row.waits(&shut, now), asked.get(&row.job.id)))?;
            }
        } else if rows.is_empty() {
            writeln!(out, "no jobs")?;
        } else {
            let mut table = output::table(["submitted", "job", "what", "state", "by"]);
            for row in &rows {
                table.add_row([
                    Cell::new(local_time(row.job.submitted_at).replace(' ', "\n")),
                    Cell::new(short_id(row.job.id)),
                    Cell::new(format!("{}\n{}", row.job.kind, row.job.account)),
                    state_cell(row, row.waits(&shut, now), asked.get(&row.job.id), now, context.colour),
                    Cell::new(output::printable(row.job.requested_by.as_deref().unwrap_or_default())),
                ]);
            }
            writeln!(out, "{table}")?;
        }
        Ok(Exit::Done)
    }

    fn query(&self) -> JobQuery {
        JobQuery {
            state: self.state,
            app: self.app.clone(),
            account: self.account.clone(),
            kind: self.kind,
            requested_by: self.requested_by.clone(),
            outcomes: if self.failed { Outcome::FAILED.to_vec() } else { self.outcome.clone() },
            code: self.code,
            limit: self.limit,
            before: None,
            shared_with: None,
        }
    }
}

fn state(text: &str) -> Result<JobState, String> {
    text.parse().map_err(|_| format!("`{text}` is no state of a job: queued, running, finished or cancelled"))
}

/// How it stands: how it has ended; or what it waits for, and how its last attempt ended, if there was one.
fn state_cell(
    row: &JobRow,
    waits: Option<Waits>,
    asks: Option<&QuestionRow>,
    now: Timestamp,
    colour: bool,
) -> Cell {
    let ended = row.outcome.zip(row.code);
    match (ended.filter(|_| row.has_ended()), waits) {
        (Some((outcome, code)), _) => output::outcome_cell(outcome, code, colour),
        (None, Some(waits)) => {
            let waits = match waits {
                Waits::Due => format!("due since {}", output::span(row.not_before, now)),
                Waits::Later => format!("due in {}", output::span(now, row.not_before)),
                Waits::HeldBack => "held back by its app".to_owned(),
            };
            let after = ended.map(|(_, code)| format!("\nafter {code}")).unwrap_or_default();
            Cell::new(format!("{waits}{after}"))
        }
        (None, None) => Cell::new(match asks {
            Some(asks) => {
                let until = local_time(asks.until).replace(' ', "\n");
                format!("{}, waits\nfor a person until\n{until}", row.state.as_str())
            }
            None if row.is_being_cancelled() => format!("{}, told to end", row.state.as_str()),
            None => row.state.as_str().to_owned(),
        }),
    }
}

/// A job as programs read it. Fields may be added, none is taken away or renamed.
fn as_json(row: &JobRow, waits: Option<Waits>, asks: Option<&QuestionRow>) -> Value {
    let job = &row.job;
    json!({
        "job": job.id,
        "kind": job.kind,
        "app": job.account.app(),
        "account": job.account,
        "priority": job.priority,
        "requested_by": job.requested_by,
        "reason": job.reason,
        "submitted_at": job.submitted_at.to_string(),
        "state": row.state.as_str(),
        "is_being_cancelled": row.is_being_cancelled(),
        "waits": waits.map(Waits::as_str),
        "waits_for": asks.map(waits_for),
        "not_before": row.not_before.to_string(),
        "worker": row.worker.as_ref().map(|worker| worker.as_str()),
        "attempts": row.attempts,
        "outcome": row.outcome,
        "code": row.code,
        "finished_at": row.finished_at.map(|at| at.to_string()),
    })
}
