use std::io::{self, Write, stdout};
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::marks::Marks;
use super::row::{action, as_json, evidence};
use crate::cli::{Failure, output};
use crate::store::{AttemptRow, Store};

/// How often the log is asked for changes: another process writes it, and SQLite tells nobody of it.
const LOOK: Duration = Duration::from_millis(250);

/// How often the marks of the apps' canaries are.
const LOOK_AT_MARKS: Duration = Duration::from_secs(2);

/// The most rows of one look.
const AT_ONCE: u32 = 500;

/// Prints what begins and what ends after the cursor, until Ctrl-C.
pub(super) async fn follow(
    store: &dyn Store,
    mut cursor: i64,
    mut marks: Marks<'_>,
    wants: impl Fn(&AttemptRow) -> bool,
    json: bool,
    colour: bool,
) -> Result<(), Failure> {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut look_at_marks = interval(LOOK_AT_MARKS);
    loop {
        tokio::select! {
            _ = look.tick() => {}
            _ = look_at_marks.tick(), if !json => {
                marks.news(store).await?.iter().try_for_each(|line| writeln!(stdout(), "{line}"))?;
                continue;
            }
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
        for row in store.log_changes(cursor, AT_ONCE).await? {
            cursor = cursor.max(row.changed);
            if !wants(&row) {
                continue;
            }
            let mut out = stdout().lock();
            if json { writeln!(out, "{}", as_json(&row))? } else { line(&mut out, &row, colour)? }
        }
    }
}

/// An attempt in one line, since the width of a table that still grows is not known; a failure says below it
/// what to do and where its evidence lies.
pub(super) fn line(out: &mut impl Write, row: &AttemptRow, colour: bool) -> io::Result<()> {
    let at = output::local_time(row.ended_at.unwrap_or(row.started_at));
    let what = format!("{} {} {} (try {})", output::short_id(row.job), row.kind, row.account, row.number);
    let Some(verdict) = &row.verdict else { return writeln!(out, "{at}  {what} begins") };
    let took = row.duration.map(output::duration).unwrap_or_default();
    let outcome = output::outcome(verdict.outcome, colour);
    writeln!(out, "{at}  {what} {outcome} ({}) in {took}: {}", verdict.code, verdict.message)?;
    action(row).into_iter().chain(evidence(row)).try_for_each(|line| writeln!(out, "    {line}"))
}
