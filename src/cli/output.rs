//! How things look on a terminal: tables that fit it, local times, coloured outcomes.

use std::io::{IsTerminal, stdout};

use comfy_table::{Cell, Color, ContentArrangement, Table, presets};
use jiff::{Timestamp, tz::TimeZone};
use uuid::Uuid;

use crate::job::{Code, Outcome};
pub use crate::words::duration;

/// How wide a table is at most that goes into a file or a pipe, in columns.
const PIPED: u16 = 160;

/// An empty table with this heading, as wide as the terminal at most.
#[must_use]
pub fn table<const N: usize>(heading: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    // Where there is no terminal its width is not known, and a message alone may be hundreds of columns wide.
    if !stdout().is_terminal() {
        table.set_width(PIPED);
    }
    table.set_header(heading);
    table
}

/// The outcome above its code as a cell of a table, coloured where colours are welcome.
#[must_use]
pub fn outcome_cell(outcome: Outcome, code: Code, colour: bool) -> Cell {
    let cell = Cell::new(format!("{outcome}\n{code}"));
    let paint = match outcome {
        Outcome::Succeeded => Color::Green,
        Outcome::Rejected | Outcome::Unknown => Color::Red,
        Outcome::NeedsHuman => Color::Magenta,
        Outcome::RetryLater | Outcome::Interrupted => Color::Yellow,
    };
    if colour { cell.fg(paint) } else { cell }
}

/// The outcome within a line, coloured where colours are welcome.
#[must_use]
pub fn outcome(outcome: Outcome, colour: bool) -> String {
    painted(outcome.as_str(), outcome, colour)
}

/// A text in the colour of an outcome, where colours are welcome.
#[must_use]
pub fn painted(text: &str, outcome: Outcome, colour: bool) -> String {
    let paint = match outcome {
        Outcome::Succeeded => 32,
        Outcome::Rejected | Outcome::Unknown => 31,
        Outcome::NeedsHuman => 35,
        Outcome::RetryLater | Outcome::Interrupted => 33,
    };
    if colour { format!("\u{1b}[{paint}m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// The time as the clock on this wall shows it.
#[must_use]
pub fn local_time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The last characters of a job's id, which differ between jobs of one moment; `turnlock log --job` takes them.
#[must_use]
pub fn short_id(id: Uuid) -> String {
    let id = id.simple().to_string();
    id[id.len() - 8..].to_owned()
}

/// The text of somebody else, without what would confuse a terminal.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The same of a text of several lines, which stay lines.
#[must_use]
pub fn printable_lines(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join("\n")
}
