//! A fleet on the bundled app: two worker processes, RabbitMQ and PostgreSQL, and one of the workers killed.

mod board;
mod crew;
mod plan;
mod proof;
mod report;
mod setup;
mod view;

use std::collections::HashMap;
use std::io::{Write, stdout};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior, interval};

use self::board::Board;
use self::crew::{Crew, Haste};
use self::plan::{Errand, plan};
use self::report::Killed;
use self::view::View;
use super::app::{App, PERIOD};
use crate::cli::context::colours_welcome;
use crate::cli::stops::Stops;
use crate::cli::{Context, Exit, Failure, parts};
use crate::config::Config;
use crate::queue::Queue;
use crate::store::Store;
use crate::vault::Vault;

/// How many workers there are.
const WORKERS: usize = 2;
/// The worker that is killed, when so many jobs have ended.
const VICTIM: usize = 1;
const ENDED_BEFORE: usize = 14;
/// How often the log is asked for changes.
const LOOK: Duration = Duration::from_millis(100);
/// How long all of it may take.
const LONGEST: Duration = Duration::from_secs(10 * 60);

/// Does it, on the servers that are configured, and which are to be empty.
///
/// # Errors
/// If they are not, or a part of Turnlock is missing or broken.
pub async fn run(context: &Context, folder: &Path) -> Result<Exit, Failure> {
    let mut stops = Stops::new()?;
    // A terminal that is closed takes this process with it, and is to find the workers ended.
    let mut hangup = signal(SignalKind::hangup()).map_err(Failure::environment)?;
    let mut config = context.config()?;
    setup::check_servers(&config).await?;
    let app = App::start().await?;
    setup::own(&mut config, &app, folder)?;
    let vault = parts::open_vault(&config).await?;
    let queue = parts::queue(&config, Arc::clone(vault.store()));
    let mut fleet = Fleet {
        plan: plan()?,
        view: View::new(colours_welcome(&context.environment)),
        crew: Crew::start(WORKERS, &setup::file(&config, folder)?, folder)?,
        began: Instant::now(),
        app,
        vault,
        queue,
    };
    let interrupted = || Err(Failure::new(Exit::JobFailed, "the demo was interrupted"));
    let done = tokio::select! {
        done = fleet.work(&config) => done,
        () = stops.next() => interrupted(),
        _ = hangup.recv() => interrupted(),
    };
    fleet.close(done, context.colour).await
}

/// What there is while the demo goes on.
struct Fleet {
    plan: Vec<Errand>,
    view: View,
    crew: Crew,
    began: Instant,
    app: App,
    vault: Vault,
    queue: Arc<dyn Queue>,
}

impl Fleet {
    /// Has all jobs done, and the victim killed in between.
    async fn work(&mut self, config: &Config) -> Result<(Board, Killed), Failure> {
        let jobs = self.plan.len() * 2;
        self.view.line(&format!(
            "{jobs} jobs on {} accounts of the bundled app at {}\n  \
             brought by  {}\n  \
             kept in     {}\n  \
             done by     {WORKERS} workers, one of which is going to be killed\n\
             A TOTP code lives {PERIOD} s here and opens one login, so that some logins wait for the next.\n",
            self.plan.len(),
            self.app.url(),
            setup::queue_of(config),
            setup::database_of(config),
        ))?;
        for [first, _] in &self.plan {
            self.app.open_account(&self.vault, first.account.clone(), None).await?;
        }
        self.began = Instant::now();
        let store = Arc::clone(self.vault.store());
        let (mut board, mut killed) = (Board::new(&self.plan), None);
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while board.ended() < jobs {
            look.tick().await;
            self.refresh(&mut board, store.as_ref()).await?;
            self.crew.works()?;
            for job in board.due() {
                self.queue.submit(&job, None).await?;
                board.submitted(job.id);
            }
            if killed.is_none() && board.ended() >= ENDED_BEFORE {
                killed = self.kill(&mut board, store.as_ref()).await?;
            }
            if self.began.elapsed() > LONGEST {
                let ended = board.ended();
                return Err(Failure::new(
                    Exit::JobFailed,
                    format_args!("{ended} of {jobs} jobs have ended, and no more did for too long"),
                ));
            }
        }
        let missed =
            || Failure::new(Exit::JobFailed, "all jobs ended before a worker could be killed at one");
        Ok((board, killed.ok_or_else(missed)?))
    }

    /// Ends everything, and tells how it went.
    async fn close(mut self, done: Result<(Board, Killed), Failure>, colour: bool) -> Result<Exit, Failure> {
        self.view.clear();
        let (board, killed) = match done {
            Ok(done) => done,
            Err(failure) => {
                let left = self.crew.end(Haste::AtOnce).await;
                if !left.is_empty() {
                    tracing::warn!("left behind: {}", left.join(", "));
                }
                return Err(failure);
            }
        };
        let proofs = proof::prove(&self.plan, &self.vault, &self.app);
        let (left, unproved) = tokio::join!(self.crew.end(Haste::InOrder), proofs);
        self.app.stop().await;
        let mut kept = vec![report::jobs(&board), report::taken_up(&board, &self.crew, &killed)];
        kept.extend(report::reconciled(&board));
        kept.push(report::accounts(&unproved, self.plan.len()));
        kept.push(report::nothing_left(&left));
        let (table, summary) = (report::table(&board, &self.crew, colour), report::summary(&kept, colour));
        write!(stdout().lock(), "\n{table}\n\n{summary}")?;
        Ok(if kept.iter().all(Result::is_ok) { Exit::Done } else { Exit::JobFailed })
    }

    async fn refresh(&self, board: &mut Board, store: &dyn Store) -> Result<(), Failure> {
        for row in board.refresh(store).await? {
            self.view.ended(&row, &self.crew, self.began.elapsed())?;
        }
        if !self.view.is_moving() {
            return Ok(());
        }
        let mut steps = HashMap::new();
        for row in board.running() {
            if let Some(step) = store.log_steps(row.id).await?.pop() {
                steps.insert(row.id, format!("{}  {}", step.id, step.summary));
            }
        }
        self.view.draw(board, &self.crew, &steps, self.began.elapsed());
        Ok(())
    }

    /// Kills the victim, unless it is at nothing just now. Held still before, it cannot get done in between.
    async fn kill(&mut self, board: &mut Board, store: &dyn Store) -> Result<Option<Killed>, Failure> {
        self.crew.pause(VICTIM)?;
        self.refresh(board, store).await?;
        let at = |row: &&crate::store::AttemptRow| self.crew.number(&row.worker) == Some(VICTIM);
        let under_way: Vec<_> = board.running().into_iter().filter(at).cloned().collect();
        if under_way.is_empty() {
            self.crew.resume(VICTIM)?;
            return Ok(None);
        }
        self.crew.kill(VICTIM).await?;
        if !self.view.is_moving() {
            let count = under_way.len();
            self.view.line(&format!("worker {VICTIM} was killed with {count} jobs under way"))?;
        }
        Ok(Some(Killed { number: VICTIM, under_way }))
    }
}
