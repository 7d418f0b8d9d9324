use std::io::{IsTerminal, Write, stderr, stdout};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::watch::{Console, Source};
use crate::audit::{audited, entry_of};
use crate::browser::Display;
use crate::cli::context::colours_welcome;
use crate::cli::progress::{Place, Progress};
use crate::cli::runtime::{Runtime, TryOut};
use crate::cli::stops::Stops;
use crate::cli::submit::{Tries, report};
use crate::cli::{Context, Exit, Failure, who};
use crate::config::Config;
use crate::flow::{Coverage, Trial, Watch, coverage};
use crate::job::{AccountRef, Job};
use crate::playbook::{FlowKind, Playbook};
use crate::store::{LogQuery, Store, StoreError};

/// A person at a prompt may take so long: the account is held all the while.
const WATCHED: Duration = Duration::from_secs(60 * 60);

#[derive(Debug, Args)]
#[command(after_help = "\
The flow runs as its job does: a login first where it needs one, within the account's budget of wrong attempts, every new
credential in the ledger before the app is told of it, and proved by a fresh login. The FILE is what counts, wherever it
lies. Exit code 1 if the flow did not come to its end, 4 if the file is invalid.

Examples:
  turnlock playbook run playbooks/acme.yaml login --account acme/alice --watch
  turnlock playbook run playbooks/acme.yaml change_password --account acme/alice --rehearse")]
pub struct Run {
    /// The playbook
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The flow: login, logout, enrol_mfa, enrol_mfa_email, enrol_mfa_sms, change_password, recover or set_contact
    #[arg(value_name = "FLOW", value_parser = flow)]
    flow: FlowKind,
    /// The account, APP/NAME
    #[arg(long, value_name = "ACCOUNT")]
    account: AccountRef,
    /// Show each step as it is done, and stay at a prompt when one fails: retry, skip, edit and go on, try a locator
    #[arg(long)]
    watch: bool,
    /// Wait at the prompt before each step too
    #[arg(long, requires = "watch")]
    step: bool,
    /// Go up to the commit step, see that it could be performed, and stop before it: nothing is changed in the app
    #[arg(long)]
    rehearse: bool,
    /// Show the browser's window
    #[arg(long)]
    headed: bool,
}

fn flow(text: &str) -> Result<FlowKind, String> {
    FlowKind::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| {
        let names = FlowKind::ALL.map(FlowKind::as_str);
        format!("the flows are {}", names.join(", "))
    })
}

impl Run {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let source = Source::new(self.file.clone(), config.origins.clone());
        let colour = stderr().is_terminal() && colours_welcome(&context.environment);
        let playbook = match source.read()? {
            Ok(playbook) => playbook,
            Err(report) => {
                writeln!(stderr(), "{}", report.render(colour).trim_end())?;
                return Ok(Exit::PlaybookInvalid);
            }
        };
        write!(stderr(), "{}", playbook.warnings.render(colour))?;
        self.must_fit(&playbook)?;
        let display = self.display(context)?;
        let job = self.job();
        let console = self.watch.then(|| {
            let editor = ["VISUAL", "EDITOR"].into_iter().find_map(|name| context.environment.get(name));
            Arc::new(Console::new(source, editor.map(str::to_owned), self.step, colour))
        });
        let try_out = TryOut {
            playbook: Arc::clone(&playbook),
            trial: Trial { job: job.id, flow: self.flow, rehearse: self.rehearse },
            watch: console.clone().map(|console| console as Arc<dyn Watch>),
            display,
        };
        let (mut stops, again) = (Stops::new()?, Stops::new()?);
        let runtime = tokio::select! {
            started = Runtime::start_to_try_out(&config, try_out) => started?,
            () = stops.next() => return Err(Failure::new(Exit::JobFailed, "stopped before the flow began")),
        };
        let cancel = async {
            stops.next().await;
            tracing::warn!("stopping at the next safe point; the same signal again ends at once");
        };
        let entry = entry_of(&who::at_the_shell(), "playbook.run", &self.account);
        let done = tokio::select! {
            biased;
            () = again.second() => Err(Failure::new(
                Exit::JobFailed,
                "stopped at once; the next worker or `turnlock run` settles what this one was at",
            )),
            done = audited(runtime.store.as_ref(), entry, self.with(&runtime, &config, &job, context, cancel)) => done,
        };
        let shown = match &done {
            Ok(_) => {
                let followed = console.and_then(|console| console.followed()).unwrap_or(playbook);
                self.show_coverage(runtime.store.as_ref(), &job, &followed).await
            }
            Err(_) => Ok(()),
        };
        runtime.close().await;
        shown.and(done)
    }

    /// That the playbook is this account's and has the flow.
    fn must_fit(&self, playbook: &Playbook) -> Result<(), Failure> {
        let (file, flow, app) = (self.file.display(), self.flow, &playbook.app);
        if app.as_str() != self.account.app() {
            return Err(Failure::usage(format_args!(
                "{file} describes the app `{app}`, and {} is an account of another: name one as {app}/NAME",
                self.account
            )));
        }
        if playbook.flows.get(flow).is_none() {
            let flows: Vec<_> = playbook.flows.iter().map(|flow| flow.kind.as_str()).collect();
            return Err(Failure::usage(format_args!(
                "{file} has no flow `{flow}`: it has {}",
                flows.join(", ")
            )));
        }
        if self.rehearse && !Trial::can_rehearse(flow) {
            return Err(Failure::usage(format_args!(
                "`{flow}` has no commit step, so a rehearsal could not stop before it changes something: run it \
                 without --rehearse"
            )));
        }
        Ok(())
    }

    /// The screen for the browser's window, if one is wanted.
    fn display(&self, context: &Context) -> Result<Option<Display>, Failure> {
        if !self.headed {
            return Ok(None);
        }
        context.environment.display().map(|variables| Some(Display(variables))).ok_or_else(|| {
            Failure::environment(
                "there is no screen to show a window on, for neither DISPLAY nor WAYLAND_DISPLAY is set: run this in \
                 a desktop session, through `ssh -X` or under `xvfb-run`, or leave out --headed",
            )
        })
    }

    fn job(&self) -> Job {
        let job = Job::new(Trial::kind(self.flow, self.rehearse), self.account.clone());
        let rehearse = if self.rehearse { " --rehearse" } else { "" };
        Job {
            requested_by: Some(who::at_the_shell()),
            reason: Some(format!("playbook run {} {}{rehearse}", self.file.display(), self.flow)),
            evidence: true,
            deadline: if self.watch { WATCHED } else { job.deadline },
            ..job
        }
    }

    async fn with(
        &self,
        runtime: &Runtime,
        config: &Config,
        job: &Job,
        context: &Context,
        cancel: impl Future<Output = ()>,
    ) -> Result<Exit, Failure> {
        let store = runtime.store.as_ref();
        if store.account(&self.account).await?.is_none() {
            return Err(StoreError::NoAccount(self.account.clone()).into());
        }
        let rehearsal = if self.rehearse { ", up to its commit step" } else { "" };
        let head = format!("{} of {}{rehearsal}  (job {})", self.flow, self.account, job.id);
        let work = runtime.worker.run_one(job, cancel);
        if self.watch {
            let evidence = config.artifacts.join(job.id.to_string());
            writeln!(stdout(), "{head}\nscreenshots in {}", evidence.display())?;
            work.await?;
            writeln!(stdout())?;
        } else {
            let mut events = runtime.worker.events();
            let mut progress = Progress::new(Place::Stderr, colours_welcome(&context.environment));
            progress.line(&head)?;
            progress.show(job.id, &mut events, work).await??;
        }
        report(store, job, self.flow.as_str(), Tries::One, false, context.colour).await
    }

    /// Which steps were proved, and which were not.
    async fn show_coverage(&self, store: &dyn Store, job: &Job, playbook: &Playbook) -> Result<(), Failure> {
        // With the account's own values in the places of parameters, as it was run; where they do not fit, nothing was run.
        let account = store.account(&self.account).await?;
        let own = account.and_then(|account| playbook.for_account(&account.params).ok());
        let playbook = own.as_ref().unwrap_or(playbook);
        let Some(flow) = playbook.flows.get(self.flow) else { return Ok(()) };
        let query = LogQuery { job: Some(job.id), ..LogQuery::default() };
        let mut steps = Vec::new();
        for row in store.log(&query).await? {
            steps.extend(store.log_steps(row.id).await?);
        }
        let Coverage { proved, left_out, unproved } = coverage(flow, &steps);
        let all = proved.len() + unproved.len() + usize::from(left_out.is_some());
        let mut out = stdout().lock();
        writeln!(out, "\n{} of the {all} steps of {} were proved", proved.len(), flow.kind)?;
        let listed =
            [("proved", proved), ("left out", left_out.into_iter().collect()), ("not proved", unproved)];
        for (word, steps) in listed {
            for step in steps {
                let (file, ..) = playbook.warnings.file_of(step.place);
                writeln!(out, "  {word:<10}  {file}:{}  {}", step.place.line, step.summary())?;
            }
        }
        Ok(())
    }
}
