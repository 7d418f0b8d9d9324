use comfy_table::{Cell, ColumnConstraint};
use jiff::Timestamp;

use crate::cli::output::{self, short_id};
use crate::job::Outcome;
use crate::store::AttemptRow;

/// From this width on, in columns, a terminal has room for what happened beside the rest.
const WIDE: u16 = 120;

/// The rows as people read them, from the first to the last: a table, and where the terminal is narrow, below
/// it what happened in those attempts that did not succeed; then where their evidence lies, and where to read on. Told what
/// the time is, it says how long ago they began that have begun within a day.
#[must_use]
pub fn table(rows: &[AttemptRow], now: Option<Timestamp>, colour: bool) -> String {
    let mut table = output::table(["started", "job", "what", "outcome", "took"]);
    let wide = table.width().is_none_or(|width| width >= WIDE);
    if wide {
        table.set_header(["started", "job", "what", "outcome", "took", "what happened"]);
    }
    let mut below = String::new();
    let mut failed = None;
    for row in rows {
        let mut cells = vec![
            Cell::new(started(row, now)),
            Cell::new(short_id(row.job)),
            Cell::new(what(row)),
            outcome(row, colour),
            Cell::new(row.duration.map(output::duration).unwrap_or_default()),
        ];
        let succeeded = row.verdict.as_ref().is_none_or(|verdict| verdict.outcome == Outcome::Succeeded);
        let mut told = message(row).into_iter().chain(action(row)).collect::<Vec<_>>();
        if wide {
            cells.push(Cell::new(told.join("\n")));
            told.clear();
        }
        if !succeeded {
            failed = Some(row.job);
            // Below the table in any case: a path that a cell breaks is of no use.
            told.extend(evidence(row));
            below = told.iter().fold(below, |below, line| format!("{below}\n{}: {line}", short_id(row.job)));
        }
        table.add_row(cells);
    }
    table.column_iter_mut().take(5).for_each(|column| {
        column.set_constraint(ColumnConstraint::ContentWidth);
    });
    let hint = failed.map(|job| format!("\nEvery step: turnlock log --job {}", short_id(job)));
    format!("{table}{below}{}", hint.unwrap_or_default())
}

/// The date above the time, or how long ago that was.
fn started(row: &AttemptRow, now: Option<Timestamp>) -> String {
    let at = output::local_time(row.started_at);
    let ago = now.and_then(|now| output::ago(row.started_at, now));
    match at.split_once(' ') {
        Some((date, time)) => format!("{}\n{time}", ago.as_deref().unwrap_or(date)),
        None => at,
    }
}

fn what(row: &AttemptRow) -> String {
    let again = if row.number > 1 { format!(", try {}", row.number) } else { String::new() };
    format!("{}{again}\n{}", row.kind, row.account)
}

fn outcome(row: &AttemptRow, colour: bool) -> Cell {
    match &row.verdict {
        Some(verdict) => output::outcome_cell(verdict.outcome, verdict.code, colour),
        None => Cell::new("running"),
    }
}

fn message(row: &AttemptRow) -> Option<String> {
    row.verdict.as_ref().map(|verdict| output::printable_lines(&verdict.message))
}

/// Of an attempt that did not succeed, what a person should do.
pub(super) fn action(row: &AttemptRow) -> Option<String> {
    let action = row.user_action.as_deref().filter(|action| !action.is_empty());
    action.map(|action| format!("→ {action}"))
}

/// Of an attempt that did not succeed, where its evidence lies.
pub(super) fn evidence(row: &AttemptRow) -> Option<String> {
    let failed = row.verdict.as_ref().is_some_and(|verdict| verdict.outcome != Outcome::Succeeded);
    let folder = row.provenance.evidence.as_deref().filter(|_| failed);
    folder.map(|folder| output::printable(&format!("Evidence: {}", folder.display())))
}
