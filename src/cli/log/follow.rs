use std::io::{Write, stdout};
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::line::Lines;
use super::marks::Marks;
use crate::cli::Failure;
use crate::store::{AttemptRow, Store};

/// How often the log is asked for changes: another process writes it, and SQLite tells nobody of it.
const LOOK: Duration = Duration::from_millis(250);

/// How often the marks of the apps' canaries are.
const LOOK_AT_MARKS: Duration = Duration::from_secs(2);

/// The most rows of one look.
const AT_ONCE: u32 = 500;

/// Prints what begins and what ends after the cursor, until Ctrl-C; as JSON, or in lines for people.
pub(super) async fn follow(
    store: &dyn Store,
    mut cursor: i64,
    mut marks: Marks<'_>,
    wants: impl Fn(&AttemptRow) -> bool,
    mut as_lines: Option<Lines>,
) -> Result<(), Failure> {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut look_at_marks = interval(LOOK_AT_MARKS);
    loop {
        tokio::select! {
            _ = look.tick() => {}
            _ = look_at_marks.tick(), if as_lines.is_some() => {
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
            match &mut as_lines {
                Some(lines) => lines.write(&mut out, &row)?,
                None => writeln!(out, "{}", row.as_json())?,
            }
        }
    }
}
