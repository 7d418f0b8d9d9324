use std::io::{Write, stdout};
use std::time::Duration;

use clap::Args;
use comfy_table::{Cell, Color};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::which::short;
use super::{Context, Exit, Failure, output, parts};
use crate::store::{Duty, WorkerRow};
use crate::worker::identity::is_gone;

/// Show the workers: what they are at, and when they were last heard of
#[derive(Debug, Args)]
#[command(
    after_help = "A worker gives a sign of life every 10 s. One that ends in good order leaves the list; one that was not heard of for half a minute is gone, and is forgotten after a day."
)]
pub(super) struct List {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

impl List {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let rows = parts::open_store(&context.config()?).await?.workers().await?;
        let mut out = stdout().lock();
        if self.json {
            for row in &rows {
                writeln!(out, "{}", as_json(row))?;
            }
        } else if rows.is_empty() {
            writeln!(out, "no workers")?;
        } else {
            let mut table =
                output::table(["worker", "host", "pid", "version", "busy", "state", "since", "heard of"]);
            for row in &rows {
                table.add_row([
                    Cell::new(short(row)),
                    Cell::new(row.id.host().unwrap_or("?")),
                    Cell::new(row.id.pid().map(|pid| pid.to_string()).unwrap_or_default()),
                    Cell::new(&row.version),
                    Cell::new(format!("{}/{}", row.busy, row.slots)),
                    state_cell(row, context.colour),
                    Cell::new(output::local_time(row.since).replace(' ', "\n")),
                    Cell::new(ago(row.beat_at)),
                ]);
            }
            writeln!(out, "{table}")?;
        }
        Ok(Exit::Done)
    }
}

/// The worker as programs read it.
#[must_use]
pub fn as_json(row: &WorkerRow) -> Value {
    json!({
        "worker": row.id.as_str(),
        "host": row.id.host(),
        "pid": row.id.pid(),
        "version": row.version,
        "slots": row.slots,
        "busy": row.busy,
        "state": state(row),
        "wanted": row.wanted.as_str(),
        "started_at": row.started_at,
        "since": row.since,
        "last_sign_of_life": row.beat_at,
    })
}

fn state(row: &WorkerRow) -> &'static str {
    if is_gone(row) { "gone" } else { row.duty.as_str() }
}

/// What it does; and what is wanted of it and not heeded yet.
fn state_cell(row: &WorkerRow, colour: bool) -> Cell {
    let gone = is_gone(row);
    let cell = match row.wanted {
        wanted if gone || wanted == row.duty => Cell::new(state(row)),
        Duty::Draining => Cell::new(format!("{}\n(is to drain)", state(row))),
        Duty::Working => Cell::new(format!("{}\n(is to resume)", state(row))),
    };
    match row.duty {
        _ if !colour => cell,
        _ if gone => cell.fg(Color::Red),
        Duty::Working => cell.fg(Color::Green),
        Duty::Draining => cell.fg(Color::Yellow),
    }
}

fn ago(at: Timestamp) -> String {
    // The clocks of two machines differ by a moment.
    let ago = Duration::try_from(Timestamp::now().duration_since(at)).unwrap_or_default();
    format!("{} ago", output::duration(ago))
}
