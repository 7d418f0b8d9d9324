//! The command line: a file per subcommand, one typed set of exit codes.

mod account;
mod app;
mod audit;
mod bench;
mod bench_queue;
mod canary;
mod cancel;
mod context;
mod dead;
mod demo;
mod doctor;
mod exit;
mod failure;
mod globals;
mod inbox;
mod job;
mod library;
mod log;
mod output;
mod parts;
mod password;
mod playbook;
mod progress;
mod queue;
mod run;
mod runtime;
mod secret_input;
mod serve;
mod sources;
mod stops;
mod submit;
mod terminal;
mod token;
mod top;
mod webhook;
mod which_job;
mod who;
mod worker;

pub use context::Context;
pub use exit::Exit;
pub use failure::Failure;
pub use globals::Globals;

use std::ffi::OsString;
use std::io::{IsTerminal, Write, stderr};
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::config::Environment;
use crate::redact::redact;
use crate::telemetry;

/// How long what runs beside a command may take to end when the command is done.
const AT_THE_END: Duration = Duration::from_secs(2);

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  the job failed
  2  the arguments make no sense
  3  the environment or the configuration is at fault
  4  a playbook is invalid
  5  a message could mean several codes";

/// Keeps the logins of web apps safe when those apps offer no API for it
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES, disable_help_subcommand = true, max_term_width = 110)]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Do the whole job on the bundled app: log in, turn on MFA, change the password
    Demo(demo::Demo),
    /// Take jobs off the queue and do them, until Ctrl-C; or look after the workers that do
    Worker(worker::Worker),
    /// Do one job here and now
    Run(run::Run),
    /// Add, show, share and remove accounts
    #[command(
        after_help = "Secrets are never taken from the command line, where every process of the machine could read them."
    )]
    Account(account::Account),
    /// Show how much of each app is under way, and let a broken one go on
    App(app::App),
    /// Put a job into the queue, for a worker to do
    Submit(submit::Submit),
    /// Cancel jobs, also those that run
    Cancel(cancel::Cancel),
    /// Make and show the queues of RabbitMQ
    Queue(queue::Queue),
    /// Look at messages that RabbitMQ or a worker laid aside, and give them back or drop them
    Dead(dead::Dead),
    /// Receive messages for all workers, watch what comes, try what is read from a message
    Inbox(inbox::Inbox),
    /// Show the automation log
    Log(log::Log),
    /// Watch the fleet: its workers, the jobs that run, what waits, what fails
    Top(top::Top),
    /// Show all that is known of a job, or put it into a file for a ticket
    Job(job::Job),
    /// Check and list playbooks
    Playbook(playbook::Playbook),
    /// Serve the automation log to browsers, and the API to programs
    Serve(serve::Serve),
    /// Make, list and revoke tokens for `turnlock serve`
    Token(token::Token),
    /// Show what was changed and what was shown, and by whom
    Audit(audit::Audit),
    /// Try, list and repeat messages to servers that are told what happens
    Webhook(webhook::Webhook),
    /// Check browser, database, queue, inbox, key and playbooks, and say how to mend each
    Doctor(doctor::Doctor),
    /// See what an app's password rules give
    Password(password::Password),
    #[command(hide = true)]
    Bench(bench::Bench),
    BenchQueue(bench_queue::BenchQueue),
}

impl Command {
    /// The log level unless another is asked for.
    const fn usual_level(&self) -> &'static str {
        match self {
            Self::Worker(worker) if worker.works() => "info",
            Self::Inbox(inbox) if inbox.serves() => "info",
            Self::Serve(_) => "info",
            // What is said beside it would be drawn over.
            Self::Top(_) => "error",
            _ => "warn",
        }
    }

    async fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self {
            Self::Demo(demo) => demo.run(context).await,
            Self::Worker(worker) => worker.run(context).await,
            Self::Run(run) => run.run(context).await,
            Self::Bench(bench) => bench.run(context).await,
            Self::BenchQueue(bench) => bench.run(context).await,
            Self::Account(account) => account.run(context).await,
            Self::App(app) => app.run(context).await,
            Self::Submit(submit) => submit.run(context).await,
            Self::Cancel(cancel) => cancel.run(context).await,
            Self::Queue(queue) => queue.run(context).await,
            Self::Dead(dead) => dead.run(context).await,
            Self::Inbox(inbox) => inbox.run(context).await,
            Self::Log(log) => log.run(context).await,
            Self::Top(top) => top.run(context).await,
            Self::Job(job) => job.run(context).await,
            Self::Playbook(playbook) => playbook.run(context).await,
            Self::Serve(serve) => serve.run(context).await,
            Self::Token(token) => token.run(context).await,
            Self::Audit(audit) => audit.run(context).await,
            Self::Webhook(webhook) => webhook.run(context).await,
            Self::Doctor(doctor) => doctor.run(context).await,
            Self::Password(password) => password.run(),
        }
    }
}

/// Runs the command that these arguments name, in this process's environment.
#[must_use]
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    // Before anything is read that could be a secret; said below, when there is a log to say it to.
    let hardened = telemetry::harden();
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            if let Some(refusal) = secret_input::refusal(&error) {
                let _ = writeln!(stderr(), "turnlock: {refusal}");
                return Exit::Usage;
            }
            // Help and version are no errors: clap gives them to standard output with code 0.
            let _ = error.print();
            return if error.exit_code() == 0 { Exit::Done } else { Exit::Usage };
        }
    };
    let context = Context::new(cli.globals, Environment::of_process());
    #[cfg(feature = "failpoints")]
    if let Some(point) = context.environment.get("TURNLOCK_FAILPOINT") {
        crate::failpoint::set(point);
    }
    #[cfg(feature = "failpoints")]
    if let Some(path) = context.environment.path("TURNLOCK_FAILPOINT_TRACE")
        && let Err(error) = crate::failpoint::trace(&path)
    {
        eprintln!("no trace can be written to {}: {error}", path.display());
        return Exit::Environment;
    }
    let colour = stderr().is_terminal() && context::colours_welcome(&context.environment);
    let wanted = context.globals.telemetry(&context.environment, cli.command.usual_level(), colour);
    let done = telemetry::start(&wanted).map_err(Failure::from).and_then(|()| {
        if let Err(error) = hardened {
            tracing::warn!("core dumps cannot be forbidden: {error}");
        }
        let runtime = tokio::runtime::Runtime::new()
            .map_err(|error| Failure::environment(format_args!("no threads can be started: {error}")))?;
        let done = runtime.block_on(cli.command.run(&context));
        // A look-up of a name that does not come back keeps nobody waiting.
        runtime.shutdown_timeout(AT_THE_END);
        done
    });
    done.unwrap_or_else(|failure| {
        if !failure.is_silent() {
            let _ = writeln!(stderr(), "turnlock: {}", redact(&failure.to_string()));
        }
        failure.exit()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_well_defined() {
        Cli::command().debug_assert();
    }
}
