mod follow;
mod line;
mod marks;
mod row;
mod steps;

pub use row::table;
pub use steps::as_json as steps_as_json;

use std::io::{IsTerminal, Write, stdout};

use clap::Args;
use jiff::Timestamp;

use self::line::Lines;
use self::marks::Marks;
use super::{Context, Exit, Failure, parts};
use crate::job::{AccountRef, Code, Kind, Outcome};
use crate::store::{AttemptRow, LogQuery, Since, Store, Until};

/// Show the automation log
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  turnlock log --since 1d --failed
  turnlock log --outcome needs_human,unknown
  turnlock log --code page_not_as_described --since 1w --until 1d
  turnlock log --job 30b2a4d7
  turnlock log --follow                 # lines that fit the terminal; the day is said when it changes
  turnlock log --follow --json | jq .code")]
pub struct Log {
    /// Go on, and show each attempt as it begins and as it ends
    #[arg(long)]
    follow: bool,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// No `3 min ago`, but dates and times, as in a file or a pipe
    #[arg(long)]
    absolute: bool,
    /// The attempts at this job with their steps; its id, or the end of it, as the table shows it
    #[arg(long, value_name = "ID")]
    job: Option<String>,
    /// Only accounts of this app
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    /// Only this account, APP/NAME
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<AccountRef>,
    /// Only attempts that ended so: succeeded, rejected, retry_later, needs_human, interrupted, unknown; several with
    /// commas between them
    #[arg(long, value_name = "OUTCOME", value_delimiter = ',')]
    outcome: Vec<Outcome>,
    /// Only attempts that failed: rejected, retry_later, needs_human, unknown
    #[arg(long, conflicts_with = "outcome")]
    failed: bool,
    /// Only attempts at jobs of this kind: verify_login, enrol_mfa, change_password, set_contact, reconcile
    #[arg(long, value_name = "KIND")]
    kind: Option<Kind>,
    /// Only attempts that ended with this code, as page_not_as_described
    #[arg(long, value_name = "CODE")]
    code: Option<Code>,
    /// Only attempts at jobs that they asked for, as the job says
    #[arg(long, value_name = "WHO")]
    requested_by: Option<String>,
    /// Only attempts begun since then: 30m, 2h, 3d, a date, or RFC 3339
    #[arg(long, value_name = "TIME")]
    since: Option<Since>,
    /// Only attempts begun before, said in the same ways; a date is the end of that day
    #[arg(long, value_name = "TIME")]
    until: Option<Until>,
    /// At most so many, the newest
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
}

impl Log {
    /// Does it.
    ///
    /// # Errors
    /// If the database fails, or no job has that id.
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let store = parts::open_store(&context.config()?).await?;
        let cursor = store.log_cursor().await?;
        let mut rows = self.rows(store.as_ref()).await?;
        // The newest are asked for, and read from old to new, with the newest beside the prompt.
        rows.reverse();
        if self.follow {
            // As what follows: each where it changed last, which is the time that its line shows.
            rows.sort_by_key(|row| row.changed);
        }
        let mut lines = Lines::new(context.colour);
        let mut out = stdout().lock();
        if self.json {
            for row in &rows {
                let mut line = row.as_json();
                if self.job.is_some() {
                    line["steps"] = steps::as_json(&store.log_steps(row.id).await?);
                }
                writeln!(out, "{line}")?;
            }
        } else if self.follow {
            rows.iter().try_for_each(|row| lines.write(&mut out, row))?;
            if !self.absolute {
                lines.until_now(&mut out, Timestamp::now())?;
            }
        } else if rows.is_empty() {
            writeln!(out, "no attempts")?;
        } else {
            // What goes into a file or a pipe is true there later, too.
            let now = (stdout().is_terminal() && !self.absolute).then(Timestamp::now);
            writeln!(out, "{}", table(&rows, now, context.colour))?;
            if self.job.is_some() {
                for row in &rows {
                    steps::print(&mut out, row, &store.log_steps(row.id).await?)?;
                }
            }
        }
        drop(out);
        let mut marks =
            Marks::of(self.app.as_deref().or(self.account.as_ref().map(AccountRef::app)), context.colour);
        if !self.json && self.job.is_none() {
            marks.news(store.as_ref()).await?.iter().try_for_each(|line| writeln!(stdout(), "{line}"))?;
        }
        if self.follow {
            let as_lines = (!self.json).then_some(lines);
            let query = self.query();
            let wants = |row: &AttemptRow| self.is_of_the_job(row) && query.wants(row);
            follow::follow(store.as_ref(), cursor, marks, wants, as_lines).await?;
        }
        Ok(Exit::Done)
    }

    async fn rows(&self, store: &dyn Store) -> Result<Vec<AttemptRow>, Failure> {
        let mut rows = store.log(&self.query()).await?;
        rows.retain(|row| self.is_of_the_job(row));
        rows.truncate(self.limit as usize);
        match &self.job {
            Some(id) if rows.is_empty() && !self.follow => {
                Err(Failure::usage(format_args!("no attempt at a job with the id {id} is in the log")))
            }
            _ => Ok(rows),
        }
    }

    fn query(&self) -> LogQuery {
        LogQuery {
            job: self.job.as_deref().and_then(|id| id.parse().ok()),
            app: self.app.clone(),
            account: self.account.clone(),
            kind: self.kind,
            requested_by: self.requested_by.clone(),
            outcomes: if self.failed { Outcome::FAILED.to_vec() } else { self.outcome.clone() },
            code: self.code,
            since: self.since.map(|since| since.0),
            until: self.until.map(|until| until.0),
            limit: if self.job.is_some() { 10_000 } else { self.limit },
            before: None,
            shared_with: None,
        }
    }

    /// Whether it is an attempt at the job whose id, or the end of it, was given.
    fn is_of_the_job(&self, row: &AttemptRow) -> bool {
        self.job.as_deref().is_none_or(|id| row.job.to_string().ends_with(&id.to_ascii_lowercase()))
    }
}
