use std::collections::HashMap;
use std::io::{self, IsTerminal, Write, stdout};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use uuid::Uuid;

use super::board::{Board, Entry};
use super::crew::{Crew, Hand};
use crate::cli::output;
use crate::redact::redact;
use crate::store::AttemptRow;

/// How many accounts stand in a row.
const COLUMNS: usize = 5;
/// How wide the bar is.
const BAR: usize = 24;

/// What is shown while the fleet works: a picture that is drawn anew on a terminal, lines otherwise.
pub struct View {
    picture: Option<ProgressBar>,
    paint: Paint,
}

#[derive(Debug, Clone, Copy)]
struct Paint(bool);

impl Paint {
    fn with(self, code: u8, text: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

impl View {
    /// On standard output, in colours if they are welcome.
    pub fn new(colours_welcome: bool) -> Self {
        let terminal = stdout().is_terminal();
        let picture = terminal.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stdout());
            bar.set_style(
                ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
            bar
        });
        Self { picture, paint: Paint(terminal && colours_welcome) }
    }

    /// Is there a picture?
    pub const fn is_moving(&self) -> bool {
        self.picture.is_some()
    }

    /// A line that stays.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn line(&self, text: &str) -> io::Result<()> {
        let write = || writeln!(stdout(), "{}", redact(text));
        self.picture.as_ref().map_or_else(write, |bar| bar.suspend(write))
    }

    /// How an attempt ended; on a terminal the picture shows it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn ended(&self, row: &AttemptRow, crew: &Crew, elapsed: Duration) -> io::Result<()> {
        let (None, Some(verdict)) = (&self.picture, &row.verdict) else { return Ok(()) };
        let took = row.duration.map(output::duration).unwrap_or_default();
        self.line(&format!(
            "{:>6.1} s  {}  {:<15}  {}  {} ({}) in {took}",
            elapsed.as_secs_f64(),
            worker(crew.number(&row.worker)),
            row.kind.as_str(),
            row.account,
            verdict.outcome,
            verdict.code,
        ))
    }

    /// Draws the picture anew; `steps` are what the attempts are at.
    pub fn draw(&self, board: &Board, crew: &Crew, steps: &HashMap<Uuid, String>, elapsed: Duration) {
        let Some(bar) = &self.picture else { return };
        let width = output::table([""]).width().map_or(80, usize::from);
        let lines = self.paint.picture(board, crew, steps, elapsed, width);
        bar.set_message(redact(&lines.join("\n")).into_owned());
        bar.tick();
    }

    /// Takes the picture away.
    pub fn clear(&self) {
        if let Some(bar) = &self.picture {
            bar.finish_and_clear();
        }
    }
}

fn worker(number: Option<usize>) -> String {
    number.map_or_else(|| "worker ?".to_owned(), |number| format!("worker {number}"))
}

impl Paint {
    fn picture(
        self,
        board: &Board,
        crew: &Crew,
        steps: &HashMap<Uuid, String>,
        elapsed: Duration,
        width: usize,
    ) -> Vec<String> {
        let mut lines = vec![self.bar(board, elapsed), String::new()];
        for hand in crew.hands() {
            lines.push(self.hand(hand, board, crew));
            let mine =
                board.running().into_iter().filter(|row| crew.number(&row.worker) == Some(hand.number));
            lines.extend(mine.filter(|_| !hand.killed).map(|row| attempt(row, steps, width)));
        }
        lines.push(String::new());
        for row in board.entries.chunks(2 * COLUMNS) {
            let cells: Vec<String> = row.chunks(2).map(|pair| self.cell(pair)).collect();
            lines.push(format!("  {}", cells.join("   ")));
        }
        lines
    }

    fn bar(self, board: &Board, elapsed: Duration) -> String {
        let (all, ended, running) = (board.entries.len(), board.ended(), board.running().len());
        let full = BAR * ended / all.max(1);
        let bar = format!("{}{}", self.with(32, &"━".repeat(full)), self.with(2, &"━".repeat(BAR - full)));
        format!("  {bar}  {ended} of {all} done, {running} under way   {:.1} s", elapsed.as_secs_f64())
    }

    fn hand(self, hand: &Hand, board: &Board, crew: &Crew) -> String {
        let by = |row: &AttemptRow| crew.number(&row.worker) == Some(hand.number);
        let done = board.entries.iter().filter(|entry| entry.succeeded());
        let done = done.filter(|entry| entry.attempts.last().is_some_and(by)).count();
        let state = if hand.killed { self.with(31, "  killed") } else { String::new() };
        format!("  worker {}  process {}  {done} done{state}", hand.number, hand.pid)
    }

    fn cell(self, pair: &[Entry]) -> String {
        let name = pair.first().map(|entry| entry.job.account.name()).unwrap_or_default();
        let marks: Vec<String> = pair.iter().map(|entry| self.mark(entry)).collect();
        format!("{name} {}", marks.join(" "))
    }

    fn mark(self, entry: &Entry) -> String {
        match entry {
            entry if entry.succeeded() => self.with(32, "✓"),
            Entry { ended: Some(_), .. } => self.with(31, "✗"),
            entry if entry.running().is_some() => self.with(36, "▸"),
            // Left by a worker, and waiting for another.
            Entry { attempts, .. } if !attempts.is_empty() => self.with(33, "↻"),
            _ => self.with(2, "·"),
        }
    }
}

/// An attempt that is made just now, and the step that it is at.
fn attempt(row: &AttemptRow, steps: &HashMap<Uuid, String>, width: usize) -> String {
    let since = Duration::try_from(Timestamp::now().duration_since(row.started_at)).unwrap_or_default();
    let step = steps.get(&row.id).map(String::as_str).unwrap_or_default();
    let line =
        format!("      {:<15}  {}  {:>6}  {step}", row.kind.as_str(), row.account, output::duration(since));
    line.chars().take(width.saturating_sub(1)).collect()
}
