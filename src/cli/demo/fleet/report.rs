use std::collections::BTreeSet;

use comfy_table::{Cell, CellAlignment, Color};

use super::board::{Board, Entry};
use super::crew::Crew;
use crate::cli::output;
use crate::job::Outcome;
use crate::store::AttemptRow;

/// What was under way at the worker that was killed.
pub struct Killed {
    /// Its number.
    pub number: usize,
    /// Its attempts at that moment.
    pub under_way: Vec<AttemptRow>,
}

/// A line of the summary: as promised, or not.
pub type Kept = Result<String, String>;

/// Every job: how it ended, in how many attempts, by which workers.
pub fn table(board: &Board, crew: &Crew, colour: bool) -> String {
    let mut table = output::table(["account", "kind", "outcome", "attempts", "worker", "took"]);
    for entry in &board.entries {
        let outcome = Cell::new(match entry.ended.as_ref().and_then(|row| row.outcome.zip(row.code)) {
            Some((outcome, _)) if entry.succeeded() => outcome.to_string(),
            Some((outcome, code)) => format!("{outcome} ({code})"),
            None => "not ended".to_owned(),
        });
        let paint = if entry.succeeded() { Color::Green } else { Color::Red };
        table.add_row([
            Cell::new(&entry.job.account),
            Cell::new(entry.job.kind),
            if colour { outcome.fg(paint) } else { outcome },
            Cell::new(entry.attempts.len()).set_alignment(CellAlignment::Right),
            Cell::new(workers(entry, crew)),
            Cell::new(entry.took().map(output::duration).unwrap_or_default())
                .set_alignment(CellAlignment::Right),
        ]);
    }
    table.to_string()
}

/// The workers that were at it, in their order: `1 → 2`.
fn workers(entry: &Entry, crew: &Crew) -> String {
    let numbers = entry.attempts.iter().map(|row| {
        let number = crew.number(&row.worker);
        number.map_or_else(|| "?".to_owned(), |number| number.to_string())
    });
    numbers.collect::<Vec<_>>().join(" → ")
}

/// All jobs have succeeded.
pub fn jobs(board: &Board) -> Kept {
    let (all, well) = (board.entries.len(), board.entries.iter().filter(|entry| entry.succeeded()).count());
    let text = format!("{well} of {all} jobs succeeded, in {}", output::duration(board.took()));
    if well == all { Ok(text) } else { Err(text) }
}

/// Others have taken up and done what the killed worker was at.
pub fn taken_up(board: &Board, crew: &Crew, killed: &Killed) -> Kept {
    let number = killed.number;
    let of = |left: &AttemptRow| board.entries.iter().find(|entry| entry.job.id == left.job);
    let by_another = |left: &AttemptRow| match of(left) {
        Some(entry) => {
            entry.succeeded()
                && entry.attempts.last().and_then(|row| crew.number(&row.worker)) != Some(number)
        }
        // A reconciliation that it was at.
        None => board.owed.iter().any(|row| row.job == left.job && crew.number(&row.worker) != Some(number)),
    };
    // What was on its way to the database when the worker was stopped has arrived there.
    let had_succeeded = |left: &AttemptRow| {
        let rows = board.entries.iter().flat_map(|entry| &entry.attempts).chain(&board.owed);
        let ended = rows.filter(|row| row.id == left.id).find_map(|row| row.verdict.as_ref());
        ended.is_some_and(|verdict| verdict.outcome == Outcome::Succeeded)
    };
    let left = killed.under_way.iter().filter(|left| !had_succeeded(left));
    let (done, lost): (Vec<_>, Vec<_>) = left.partition(|left| by_another(left));
    let name = |left: &&AttemptRow| format!("{} of {}", left.kind, left.account);
    let names = |rows: Vec<&AttemptRow>| rows.iter().map(name).collect::<Vec<_>>().join(", ");
    if !lost.is_empty() {
        return Err(format!("worker {number} was killed, and nobody else did {}", names(lost)));
    }
    if done.is_empty() {
        return Err(format!("worker {number} was killed, but was at nothing"));
    }
    Ok(format!("worker {number} was killed; another did what it was at: {}", names(done)))
}

/// Accounts of which nobody knew whether the app had been told of a new credential.
pub fn reconciled(board: &Board) -> Option<Kept> {
    let accounts: BTreeSet<_> = board.owed.iter().map(|row| row.account.to_string()).collect();
    let names = accounts.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    (!accounts.is_empty()).then(|| Ok(format!("first it was found out which credential opens {names}")))
}

/// All accounts could be proved but these, of which it is said why not.
pub fn accounts(unproved: &[String], all: usize) -> Kept {
    let well = all - unproved.len();
    let text = format!("{well} of {all} accounts open by a fresh login, and were changed just as asked");
    if unproved.is_empty() { Ok(text) } else { Err(format!("{text}: {}", unproved.join("; "))) }
}

/// Nothing of the workers is left but this.
pub fn nothing_left(left: &[String]) -> Kept {
    if left.is_empty() {
        return Ok("nothing is left of the workers: no browser, no profile".to_owned());
    }
    Err(format!("left behind: {}", left.join(", ")))
}

/// The summary, a line each.
pub fn summary(kept: &[Kept], colour: bool) -> String {
    let line = |kept: &Kept| {
        let (mark, paint, text) = match kept {
            Ok(text) => ("✓", 32, text),
            Err(text) => ("✗", 31, text),
        };
        if colour { format!("\u{1b}[{paint}m{mark}\u{1b}[0m {text}\n") } else { format!("{mark} {text}\n") }
    };
    kept.iter().map(line).collect()
}
