use std::io::{Write, stdout};
use std::path::Path;
use std::time::Instant;

use clap::Args;
use serde_json::json;

use super::runtime::{Jobs, Mail, Runtime};
use super::{Context, Exit, Failure, secret_input};
use crate::job::{AccountRef, Code, Job, Kind};
use crate::store::{AttemptRow, LogQuery};
use crate::vault::NewAccount;

/// Log in to the bundled app again and again, for `make bench`; the password is read from standard input
#[derive(Debug, Args)]
#[command(hide = true)]
pub struct Bench {
    /// The app's origin
    #[arg(long)]
    url: String,
    /// Who logs in
    #[arg(long)]
    username: String,
    /// How many logins, one after the other; prints {"ms": …} each
    #[arg(long, default_value_t = 20)]
    runs: usize,
    /// How many logins first, that are not measured
    #[arg(long, default_value_t = 3)]
    warm: usize,
    /// How many at once; prints one {"jobs": …, "parallel": …, "seconds": …}
    #[arg(long, requires = "jobs")]
    parallel: Option<usize>,
    /// How many jobs altogether, with --parallel
    #[arg(long, requires = "parallel")]
    jobs: Option<usize>,
}

impl Bench {
    /// Does it, by whole jobs: queue, lease, ledger and automation log are part of what is measured.
    ///
    /// # Errors
    /// If a login does not succeed, or a part is missing or broken.
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let password = secret_input::from_file(Path::new("-"), "the password")?;
        let mut config = context.config()?;
        config.slots = self.parallel.unwrap_or(1);
        config.inbox = vec![crate::config::Inbox::smtp(([127, 0, 0, 1], 0).into())];
        config.origins.insert("acme", "app", &self.url);
        let runtime = Runtime::start(&config, context.colour, Mail::Needed, Jobs::ByHand).await?;
        // An account does one job at a time, so that as many accounts as slots share the one login.
        let accounts = (0..config.slots).map(|number| format!("acme/bench-{number}").parse());
        let accounts: Vec<AccountRef> = accounts.collect::<Result<_, _>>().map_err(Failure::usage)?;
        for account in &accounts {
            let (account, username) = (account.clone(), self.username.clone());
            let new = NewAccount {
                account,
                username,
                address: None,
                number: None,
                password: Some(password.clone()),
                totp: None,
            };
            runtime.vault.add_account(&new).await?;
        }
        let done = self.measure(&runtime, &accounts).await;
        runtime.close().await;
        done.map(|()| Exit::Done)
    }

    async fn measure(&self, runtime: &Runtime, accounts: &[AccountRef]) -> Result<(), Failure> {
        for turn in 0..self.warm {
            log_in(runtime, &accounts[turn % accounts.len()]).await?;
        }
        if let (Some(parallel), Some(jobs)) = (self.parallel, self.jobs) {
            let seconds = at_once(runtime, accounts, jobs).await?;
            writeln!(stdout(), "{}", json!({ "jobs": jobs, "parallel": parallel, "seconds": seconds }))?;
            return Ok(());
        }
        for _ in 0..self.runs {
            // A warm login: the context is prepared, as it is when jobs do not come back to back.
            runtime.prepared().await;
            let start = Instant::now();
            log_in(runtime, &accounts[0]).await?;
            writeln!(stdout(), "{}", json!({ "ms": start.elapsed().as_secs_f64() * 1000.0 }))?;
        }
        Ok(())
    }
}

async fn log_in(runtime: &Runtime, account: &AccountRef) -> Result<(), Failure> {
    let job = Job::new(Kind::VerifyLogin, account.clone());
    succeeded(&runtime.worker.run_one(&job, std::future::pending()).await?)
}

/// Seconds from the submission of the first job to the end of the last.
async fn at_once(runtime: &Runtime, accounts: &[AccountRef], jobs: usize) -> Result<f64, Failure> {
    let jobs: Vec<_> = accounts
        .iter()
        .cycle()
        .take(jobs)
        .map(|account| Job::new(Kind::VerifyLogin, account.clone()))
        .collect();
    let start = Instant::now();
    for job in &jobs {
        runtime.queue.submit(job, None).await?;
    }
    let all_ended = async {
        for job in &jobs {
            // A queue that fails ends the worker too, which tells of it.
            let _ = runtime.queue.ended(job.id).await;
        }
    };
    runtime.worker.run(all_ended).await?;
    let seconds = start.elapsed().as_secs_f64();
    for job in &jobs {
        let query = LogQuery { job: Some(job.id), limit: 1, ..LogQuery::default() };
        let row = runtime.store.log(&query).await?.pop();
        succeeded(&row.ok_or_else(|| Failure::new(Exit::JobFailed, "a job was not done"))?)?;
    }
    Ok(seconds)
}

fn succeeded(row: &AttemptRow) -> Result<(), Failure> {
    match &row.verdict {
        Some(verdict) if verdict.code == Code::LoggedIn => Ok(()),
        Some(verdict) => {
            Err(Failure::new(Exit::JobFailed, format_args!("{}: {}", verdict.code, verdict.message)))
        }
        None => Err(Failure::new(Exit::JobFailed, "a login has not ended")),
    }
}
