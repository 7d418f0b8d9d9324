use std::io::{Write, stdout};
use std::time::Duration;

use clap::Args;
use tokio::time::sleep;

use super::which::{Which, short};
use super::{Context, Exit, Failure, parts};
use crate::audit::{audited, entry};
use crate::cli::who;
use crate::store::{Duty, Store, StoreError, WorkerRow};
use crate::worker::identity::is_gone;

/// How often is looked whether they have heeded it.
const LOOK: Duration = Duration::from_millis(250);

pub(super) const WHICH: &str = "Examples:
  turnlock worker drain host-7 --wait && ssh host-7 …
  turnlock worker drain --all
  turnlock worker resume --all

A worker heeds it with its next sign of life, at the latest after 10 s; on PostgreSQL at once. The last word counts: SIGTSTP and SIGCONT say the same to a worker on this machine.";

/// Says what is wanted of workers.
#[derive(Debug, Args)]
pub(super) struct Assign {
    #[command(flatten)]
    which: Which,
    /// Return when they have heeded it: with `drain`, when none of their jobs runs any more
    #[arg(long)]
    wait: bool,
}

impl Assign {
    pub async fn run(self, context: &Context, duty: Duty) -> Result<Exit, Failure> {
        let store = parts::open_store(&context.config()?).await?;
        let rows = self.which.of(store.workers().await?)?;
        let mut asked = Vec::new();
        for row in rows {
            // It may have left just now.
            if is_gone(&row) || !want(store.as_ref(), &row, duty).await? {
                writeln!(stdout(), "{} is gone", name(&row))?;
                continue;
            }
            match duty {
                Duty::Draining => writeln!(stdout(), "{} is to take no more jobs", name(&row))?,
                Duty::Working => writeln!(stdout(), "{} is to take jobs again", name(&row))?,
            }
            asked.push(row);
        }
        if self.wait { heeded(store.as_ref(), asked, duty).await } else { Ok(Exit::Done) }
    }
}

async fn want(store: &dyn Store, row: &WorkerRow, duty: Duty) -> Result<bool, StoreError> {
    let action = match duty {
        Duty::Draining => "worker.drain",
        Duty::Working => "worker.resume",
    };
    let entry = entry(&who::at_the_shell(), action, &row.id);
    audited(store, entry, store.want_of_worker(&row.id, duty)).await
}

/// Returns when all of these have heeded it, or are gone. Says so of each.
async fn heeded(store: &dyn Store, mut asked: Vec<WorkerRow>, duty: Duty) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    while !asked.is_empty() {
        sleep(LOOK).await;
        let rows = store.workers().await?;
        let mut waiting = Vec::new();
        for one in asked {
            match rows.iter().find(|row| row.id == one.id) {
                Some(row) if is_gone(row) => writeln!(stdout(), "{} is gone", name(row))?,
                None => writeln!(stdout(), "{} has ended", name(&one))?,
                Some(row) if row.wanted != duty => {
                    writeln!(stdout(), "{} was told otherwise meanwhile", name(row))?;
                    exit = Exit::JobFailed;
                }
                Some(row) if row.duty != duty => waiting.push(one),
                Some(_) if duty == Duty::Working => writeln!(stdout(), "{} takes jobs", name(&one))?,
                Some(row) if row.busy > 0 => waiting.push(one),
                Some(_) => writeln!(stdout(), "{} is drained: nothing runs there any more", name(&one))?,
            }
        }
        asked = waiting;
    }
    Ok(exit)
}

fn name(row: &WorkerRow) -> String {
    let (host, pid) = (row.id.host().unwrap_or("?"), row.id.pid().unwrap_or(0));
    format!("{host}:{pid} ({})", short(row))
}
