//! Shows what a worker does as it does it: a moving line on a terminal, plain lines otherwise.

use std::collections::HashMap;
use std::io::{self, IsTerminal, Write, stderr, stdout};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::broadcast;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use super::{Failure, output};
use crate::redact::redact;
use crate::store::{Step, StepResult};
use crate::worker::Event;

/// A step that takes longer than this is named in plain lines before it ends, so that a wait is explained.
const LONG: Duration = Duration::from_secs(2);

/// Where the display is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// For a command whose product the display is.
    Stdout,
    /// Beside a product on standard output. Nothing ends when nobody reads it any more.
    Stderr,
}

/// A display of one job after the other.
#[derive(Debug)]
pub struct Progress {
    place: Place,
    /// The moving line; `None` where there is no terminal.
    bar: Option<ProgressBar>,
    colour: bool,
    /// The steps that have begun, by attempt and place, with the moment from which they count as long.
    open: HashMap<(Uuid, u32), (String, Option<Instant>)>,
}

impl Progress {
    /// A display that draws there, in colours if they are welcome.
    #[must_use]
    pub fn new(place: Place, colours_welcome: bool) -> Self {
        let (terminal, target) = match place {
            Place::Stdout => (stdout().is_terminal(), ProgressDrawTarget::stdout()),
            Place::Stderr => (stderr().is_terminal(), ProgressDrawTarget::stderr()),
        };
        let bar = terminal.then(|| {
            let bar = ProgressBar::with_draw_target(None, target);
            let style = ProgressStyle::with_template("  {spinner} {wide_msg} {elapsed}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar
        });
        Self { place, bar, colour: terminal && colours_welcome, open: HashMap::new() }
    }

    /// Are colours used?
    #[must_use]
    pub const fn colour(&self) -> bool {
        self.colour
    }

    /// Prints a line above the moving one.
    ///
    /// # Errors
    /// If the line cannot be written.
    pub fn line(&self, text: &str) -> io::Result<()> {
        let text = redact(text);
        let write = || match self.place {
            Place::Stdout => writeln!(stdout(), "{text}"),
            // A terminal that was closed must not end a job in the middle.
            Place::Stderr => writeln!(stderr(), "{text}").or(Ok(())),
        };
        self.bar.as_ref().map_or_else(write, |bar| bar.suspend(write))
    }

    /// Shows everything about this job while `work` goes on, and gives what comes of it.
    ///
    /// # Errors
    /// If the display cannot be written.
    pub async fn show<T>(
        &mut self,
        job: Uuid,
        events: &mut broadcast::Receiver<Event>,
        work: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        if let Some(bar) = &self.bar {
            bar.reset();
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        tokio::pin!(work);
        let done = loop {
            let long = self.next_long();
            tokio::select! {
                biased;
                event = events.recv() => match event {
                    Ok(event) => self.take(job, &event)?,
                    // What was missed stands in the automation log.
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => break work.await,
                },
                done = &mut work => break done,
                () = sleep_until(long.unwrap_or_else(Instant::now)), if long.is_some() => self.tell_long()?,
            }
        };
        // What was told before the work ended, and is not read yet.
        while let Ok(event) = events.try_recv() {
            self.take(job, &event)?;
        }
        if let Some(bar) = &self.bar {
            bar.disable_steady_tick();
            bar.finish_and_clear();
        }
        self.open.clear();
        Ok(done)
    }

    fn take(&mut self, wanted: Uuid, event: &Event) -> io::Result<()> {
        match event {
            Event::OnHold { job, refusal } if *job == wanted => self.line(&format!("  waits: {refusal}")),
            Event::Asked { job, wanted: what, until, .. } if *job == wanted => {
                let (what, until) = (what.words(), output::local_time(*until));
                self.line(&format!(
                    "  waits for {what} until {until}: turnlock job answer {}",
                    output::short_id(*job)
                ))
            }
            Event::AttemptStarted { job, number, .. } if job.id == wanted && *number > 1 => {
                self.line(&format!("  try {number}"))
            }
            Event::Step { attempt, job, step } if *job == wanted => self.step(*attempt, step),
            // How the job ended is told by its caller, from the automation log.
            Event::AttemptEnded { row, again_at: Some(at) } if row.job == wanted => {
                let verdict =
                    row.verdict.as_ref().map(|v| format!("{} ({}): {}; ", v.outcome, v.code, v.message));
                let verdict = verdict.unwrap_or_default();
                self.line(&format!("  {verdict}it is tried again at {}", output::local_time(*at)))
            }
            _ => Ok(()),
        }
    }

    fn step(&mut self, attempt: Uuid, step: &Step) -> io::Result<()> {
        let key = (attempt, step.seq);
        let Some(result) = step.result else {
            let text = format!("{}  {}", step.id, step.summary);
            if let Some(bar) = &self.bar {
                bar.set_message(redact(&text).into_owned());
                bar.reset_elapsed();
            }
            self.open.insert(key, (text, Some(Instant::now() + LONG)));
            return Ok(());
        };
        self.open.remove(&key);
        if let Some(bar) = &self.bar {
            bar.set_message("");
        }
        let took = step.duration.map(output::duration).unwrap_or_default();
        let detail = step.detail.as_deref().map(|detail| format!(": {detail}")).unwrap_or_default();
        let mark = match (result, self.colour) {
            (StepResult::Ok, true) => "\u{1b}[32m✓\u{1b}[0m",
            (StepResult::Failed, true) => "\u{1b}[31m✗\u{1b}[0m",
            (StepResult::Ok, false) => "✓",
            (StepResult::Failed, false) => "✗",
            (StepResult::Skipped | StepResult::Interrupted, _) => "–",
        };
        self.line(&format!("  {mark} {:<24} {}{detail} ({took})", step.id, step.summary))
    }

    /// When the next open step becomes a long one; on a terminal the moving line names it anyway.
    fn next_long(&self) -> Option<Instant> {
        if self.bar.is_some() {
            return None;
        }
        self.open.values().filter_map(|(_, long)| *long).min()
    }

    fn tell_long(&mut self) -> io::Result<()> {
        let now = Instant::now();
        let mut told = Vec::new();
        for (text, long) in self.open.values_mut() {
            if long.is_some_and(|at| at <= now) {
                *long = None;
                told.push(format!("  … {text}"));
            }
        }
        told.iter().try_for_each(|line| self.line(line))
    }
}
