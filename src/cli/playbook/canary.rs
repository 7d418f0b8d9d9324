mod round;
mod span;

use std::io::{Write, stdout};
use std::pin::pin;

use clap::Args;
use tokio::sync::{broadcast, watch};
use tokio::time::{MissedTickBehavior, interval};

use self::round::Round;
use self::span::Span;
use crate::cli::runtime::{Jobs, Mail, Runtime};
use crate::cli::stops::Stops;
use crate::cli::{Context, Exit, Failure, parts};
use crate::job::AccountRef;

/// So many notices may wait to be written.
const NOTICES: usize = 64;

#[derive(Debug, Args)]
#[command(after_help = "\
Of each account's playbook, as it is configured, the login is run, and every other flow up to its commit step: nothing is
changed in the app. What fails marks the app in `turnlock app list` and `turnlock log` until it works again, and is told
to the people who get notices. Take accounts that are there for it, one an app.

Examples:
  turnlock playbook canary acme/canary wiki/canary
  turnlock playbook canary acme/canary wiki/canary --every 6h

Without --every it ends with 1 if a flow failed.")]
pub struct Canary {
    /// The accounts, APP/NAME
    #[arg(value_name = "ACCOUNT", required = true)]
    accounts: Vec<AccountRef>,
    /// Go on, and try them all again after so long: 30m, 6h, 1d
    #[arg(long, value_name = "TIME")]
    every: Option<Span>,
    /// One JSON object a line, for each flow
    #[arg(long)]
    json: bool,
}

impl Canary {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let notifier = parts::notifier(&config)?;
        let (mut stops, again) = (Stops::new()?, Stops::new()?);
        let runtime = tokio::select! {
            started = Runtime::start(&config, context.colour, Mail::IfFree, Jobs::ByHand) => started?,
            () = stops.next() => return Ok(Exit::Done),
        };
        let (failures, failed) = broadcast::channel(NOTICES);
        let notifying = notifier.map(|notifier| notifier.start_telling(failed));
        let (stop, stopped) = watch::channel(false);
        let round = Round {
            context,
            config: &config,
            runtime: &runtime,
            failures: &failures,
            stopped,
            json: self.json,
        };
        let done = tokio::select! {
            biased;
            () = again.second() => Err(Failure::new(Exit::JobFailed, "stopped at once")),
            done = self.orderly(&round, stops, &stop) => done,
        };
        if let Some(notifying) = notifying {
            notifying.end().await;
        }
        runtime.close().await;
        done
    }

    /// Until all is done, or somebody wants an end: then what is under way ends at its next safe point.
    async fn orderly(
        &self,
        round: &Round<'_>,
        mut stops: Stops,
        stop: &watch::Sender<bool>,
    ) -> Result<Exit, Failure> {
        let mut rounds = pin!(self.rounds(round));
        tokio::select! {
            done = &mut rounds => return done,
            () = stops.next() => {}
        }
        stop.send_replace(true);
        rounds.await
    }

    /// A round, or one after the other until somebody wants an end.
    async fn rounds(&self, round: &Round<'_>) -> Result<Exit, Failure> {
        let Some(Span(every)) = self.every else {
            let failed = round.of(&self.accounts).await?;
            // Not all were tried where somebody wanted an end.
            let failed = failed || *round.stopped.borrow();
            return Ok(if failed { Exit::JobFailed } else { Exit::Done });
        };
        let mut next = interval(every);
        // Canaries that take longer than that follow one another.
        next.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stopped = round.stopped.clone();
        loop {
            tokio::select! {
                biased;
                _ = stopped.wait_for(|stopped| *stopped) => return Ok(Exit::Done),
                _ = next.tick() => {}
            }
            // A database that is away, or a playbook that somebody is writing, is no reason to give up the watch.
            if let Err(failure) = round.of(&self.accounts).await {
                tracing::error!("the canaries could not be tried: {failure}");
            }
            if !self.json && !*stopped.borrow() {
                writeln!(
                    stdout(),
                    "the next round begins {} after this one began",
                    crate::cli::output::duration(every)
                )?;
            }
        }
    }
}
