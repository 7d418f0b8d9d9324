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

/// The same without the date.
#[must_use]
pub fn local_hour(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%H:%M:%S").to_string()
}

/// The same for those who read it elsewhere: it says how far that clock is from UTC.
#[must_use]
pub fn zoned_time(at: Timestamp) -> String {
    in_zone(at, TimeZone::system())
}

fn in_zone(at: Timestamp, zone: TimeZone) -> String {
    at.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
}

/// How long it is from one time to another, as far as people want to know while it grows: `12 s`, `3 min 5 s`, `2 h 4 min`,
/// `3 d 2 h`.
#[must_use]
pub fn span(from: Timestamp, to: Timestamp) -> String {
    // The clocks of two machines differ by a moment.
    let seconds = to.duration_since(from).as_secs().max(0);
    match (seconds / 86_400, seconds / 3_600, seconds / 60) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0 | 1, minutes) => format!("{minutes} min {} s", seconds % 60),
        (0 | 1, hours, minutes) => format!("{hours} h {} min", minutes % 60),
        (days, hours, _) => format!("{days} d {} h", hours % 24),
    }
}

/// How long ago that was, in one unit, for those who look back: `12 s ago`, `3 min ago`, `5 h ago`; nothing where it was more
/// than a day ago, and the date says more.
#[must_use]
pub fn ago(at: Timestamp, now: Timestamp) -> Option<String> {
    let seconds = now.duration_since(at).as_secs().max(0);
    match (seconds / 3_600, seconds / 60) {
        (0, 0) => Some(format!("{seconds} s ago")),
        (0, minutes) => Some(format!("{minutes} min ago")),
        (hours @ 1..24, _) => Some(format!("{hours} h ago")),
        _ => None,
    }
}

/// The last characters of a job's id, which differ between jobs of one moment; `turnlock log --job` takes them.
#[must_use]
pub fn short_id(id: Uuid) -> String {
    let id = id.simple().to_string();
    id[id.len() - 8..].to_owned()
}

/// The text of somebody else, without what would confuse a terminal, or reorder what stands behind it.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || turns_around(c) { '\u{fffd}' } else { c }).collect()
}

/// Characters that reorder those behind them (Unicode's explicit directional formatting, UAX #9).
const fn turns_around(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The same of a text of several lines, which stay lines.
#[must_use]
pub fn printable_lines(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_people_want_to_know_them() {
        let now: Timestamp = "2026-11-29T15:21:07Z".parse().unwrap();
        let before = |seconds| now - jiff::SignedDuration::from_secs(seconds);
        let said = [-1, 12, 185, 7_260, 90_000, 266_400].map(|seconds| span(before(seconds), now));
        assert_eq!(said, ["0 s", "12 s", "3 min 5 s", "2 h 1 min", "25 h 0 min", "3 d 2 h"]);
        let said = [-1, 12, 185, 7_260, 86_399].map(|seconds| ago(before(seconds), now).unwrap());
        assert_eq!(said, ["0 s ago", "12 s ago", "3 min ago", "2 h ago", "23 h ago"]);
        assert_eq!(ago(before(86_400), now), None);
    }

    #[test]
    fn a_time_that_leaves_the_machine_says_of_what_zone_it_is() {
        let at: Timestamp = "2026-11-30T10:40:02Z".parse().unwrap();
        let west = TimeZone::fixed(jiff::tz::offset(-5));
        assert_eq!(in_zone(at, west), "2026-11-30 05:40:02 -05:00");
        assert_eq!(in_zone(at, TimeZone::UTC), "2026-11-30 10:40:02 +00:00");
    }

    #[test]
    fn what_others_say_confuses_no_terminal() {
        let said = "a\u{1b}[2Jb\u{202e}c\u{2066}d\ne";
        assert_eq!(printable(said), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d\u{fffd}e");
        assert_eq!(printable("שלום, wörld"), "שלום, wörld");
    }
}
