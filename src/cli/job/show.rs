use std::io::{self, Write, stdout};

use clap::Args;

use super::dossier::{Attempt, Dossier};
use super::evidence::Evidence;
use super::{Context, Exit, Failure, how_to_answer, json, picture};
use crate::cli::output::{self, printable, short_id, zoned_time};
use crate::cli::terminal::{self, Pictures, wrap};
use crate::cli::{parts, which_job};
use crate::job::{Outcome, Priority};
use crate::store::{JobRow, JobState, Step, StepResult};

pub const HELP: &str = "\
Examples:
  turnlock job show 30b2a4d7
  turnlock job show 30b2a4d7 --json | jq '.attempts[-1].steps[] | select(.result == \"failed\")'

The line of the playbook is shown where the playbook is at hand and is the text that the attempt followed. The picture is \
shown within the text by kitty, Ghostty, WezTerm and iTerm2; elsewhere its path is.";

/// A picture is drawn so many columns wide at most.
const PICTURE: usize = 100;

/// How far what belongs to a step or an attempt is moved in.
const NAME: usize = 11;

#[derive(Debug, Args)]
pub struct Show {
    /// The job: its id, or the end of it, as `turnlock log` shows it
    #[arg(value_name = "ID")]
    job: String,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

impl Show {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let store = parts::open_store(&config).await?;
        let id = which_job::identify(store.as_ref(), &self.job).await?;
        let dossier = Dossier::of(id, &store, &config).await?;
        let mut out = stdout().lock();
        if self.json {
            writeln!(out, "{}", json::as_json(&dossier))?;
            return Ok(Exit::Done);
        }
        let mut page = Page {
            out: &mut out,
            width: terminal::width(),
            colour: context.colour,
            pictures: terminal::pictures(&context.environment),
        };
        page.job(&dossier)?;
        Ok(Exit::Done)
    }
}

/// Where it is written, and how.
struct Page<'a, W> {
    out: &'a mut W,
    /// In columns, if it has one.
    width: Option<usize>,
    colour: bool,
    pictures: Option<Pictures>,
}

impl<W: Write> Page<'_, W> {
    fn job(&mut self, dossier: &Dossier) -> io::Result<()> {
        writeln!(self.out, "Job {}", dossier.id)?;
        let job = dossier.job.as_ref().map(|row| &row.job);
        let priority = job.map(|job| job.priority).filter(|priority| *priority != Priority::default());
        let priority =
            priority.map(|priority| format!(", {} priority", priority.as_str())).unwrap_or_default();
        self.said(2, "asked", &format!("{} of {}{priority}", dossier.kind, dossier.account))?;
        if let Some(job) = job {
            let by = job.requested_by.as_deref();
            by.map_or(Ok(()), |by| self.said(2, "by", by))?;
            job.reason.as_deref().map_or(Ok(()), |reason| self.said(2, "reason", reason))?;
            self.said(2, "submitted", &zoned_time(job.submitted_at))?;
        }
        if let Some(cause) = dossier.caused_by {
            self.said(2, "caused by", &format!("job {cause}, which left a credential in doubt"))?;
        }
        let state = state(dossier, self.colour);
        // Its colour is of Turnlock's own making.
        writeln!(self.out, "  {:<NAME$}{state}", "state")?;
        if let Some(question) = &dossier.question {
            let (wanted, until) = (question.wanted.words(), zoned_time(question.until));
            let again = question.once_more().map(|why| format!("{why}; ")).unwrap_or_default();
            let how = format!("{again}{wanted}, until {until}; {}", how_to_answer(question));
            self.said(2, "waits for", &how)?;
        }
        dossier.aside().map_or(Ok(()), |aside| self.said(2, "attempts", aside))?;
        let attempts = dossier.attempts.len();
        for attempt in &dossier.attempts {
            self.attempt(attempt, attempts)?;
        }
        if let Some(action) = dossier.user_action() {
            writeln!(self.out)?;
            self.said(0, "What to do", action)?;
        }
        if !dossier.nested.is_empty() {
            writeln!(self.out, "\nReconciliations that it called for")?;
        }
        for row in &dossier.nested {
            let state = state_of(row, self.colour);
            let short = short_id(row.job.id);
            writeln!(self.out, "  {short}  {}  {state}; turnlock job show {short}", row.job.kind)?;
        }
        Ok(())
    }

    fn attempt(&mut self, attempt: &Attempt, of: usize) -> io::Result<()> {
        let row = &attempt.row;
        write!(self.out, "\nAttempt {} of {of}  {}  ", row.number, zoned_time(row.started_at))?;
        match &row.verdict {
            Some(verdict) => {
                let outcome = output::outcome(verdict.outcome, self.colour);
                let took = row.duration.map(output::duration).unwrap_or_default();
                writeln!(self.out, "{outcome} ({}) after {took}", verdict.code)?;
            }
            None => writeln!(self.out, "under way")?,
        }
        self.said(2, "worker", row.worker.as_str())?;
        let with = &row.provenance;
        if let Some(playbook) = &with.playbook {
            let hash = with.playbook_hash.as_deref().and_then(|hash| hash.get(..8));
            let hash = hash.map(|hash| format!(" ({hash})")).unwrap_or_default();
            self.said(2, "playbook", &format!("{playbook}{hash}"))?;
        }
        with.browser_version.as_deref().map_or(Ok(()), |version| self.said(2, "browser", version))?;
        let decisive = attempt.decisive();
        // An id is as long as the path through the states that leads to it.
        let width = attempt.steps.iter().map(|step| terminal::columns(&step.id)).max().unwrap_or(0);
        for step in &attempt.steps {
            if step.is_heading() {
                writeln!(self.out, "  {}:", printable(&step.summary))?;
                continue;
            }
            let decides = decisive == Some(step);
            self.step(attempt, step, width, !decides)?;
            if decides {
                self.decisive(attempt, step)?;
            }
        }
        attempt.said().map_or(Ok(()), |said| self.said(2, "said", said))?;
        attempt.evidence.as_ref().map_or(Ok(()), |evidence| self.evidence(evidence))
    }

    /// When it began, how it ended, where it stands, what it does and with its detail what came, how long it took.
    fn step(&mut self, attempt: &Attempt, step: &Step, width: usize, detailed: bool) -> io::Result<()> {
        let after = step.started_at.duration_since(attempt.row.started_at).as_secs_f64().max(0.0);
        let took = step.duration.map_or_else(|| "not ended".to_owned(), output::duration);
        let id = terminal::fit(&step.id, width);
        let before = 2 + 7 + 2 + 1 + 2 + width + 2;
        let room = self.width.map(|all| all.saturating_sub(before + took.len() + 3).max(20));
        let mark = mark(step.result, self.colour);
        let detail = step.detail.as_deref().filter(|_| detailed);
        let what =
            detail.map_or_else(|| step.summary.clone(), |detail| format!("{}: {detail}", step.summary));
        let mut lines = wrap(&what, room).into_iter();
        let first = lines.next().unwrap_or_default();
        writeln!(self.out, "  {after:>5.1} s  {mark}  {id}  {first} ({took})")?;
        lines.try_for_each(|line| writeln!(self.out, "{:before$}{line}", ""))
    }

    /// What was awaited at the step that decided, what was found, and where the playbook says so.
    fn decisive(&mut self, attempt: &Attempt, step: &Step) -> io::Result<()> {
        self.said(6, "awaited", &step.summary)?;
        if let Some(detail) = &step.detail {
            self.said(6, "found", detail)?;
        }
        match attempt.quote(step) {
            Some(quote) => {
                self.said(6, "playbook", &format!("{}:{}: {}", quote.file, quote.line, quote.text))
            }
            None => Ok(()),
        }
    }

    fn evidence(&mut self, evidence: &Evidence) -> io::Result<()> {
        if !evidence.is_here() {
            let place = evidence.folder.display();
            return self.said(2, "evidence", &format!("{place} ({})", evidence.absence()));
        }
        // A path that is broken is of no use.
        for (name, path) in [("picture", &evidence.picture), ("page", &evidence.page)] {
            if let Some(path) = path {
                writeln!(self.out, "  {name:<NAME$}{}", printable(&path.display().to_string()))?;
            }
        }
        let Some(how) = self.pictures else { return Ok(()) };
        // That a picture cannot be read is no reason not to show the rest.
        let Ok(Some(png)) = evidence.read_picture() else { return Ok(()) };
        let columns = self.width.unwrap_or(PICTURE).min(PICTURE);
        picture::draw(self.out, &png, columns, how)
    }

    /// A name and what belongs to it, moved in.
    fn said(&mut self, indent: usize, name: &str, text: &str) -> io::Result<()> {
        let before = indent + NAME;
        let room = self.width.map(|all| all.saturating_sub(before).max(20));
        let mut name = name;
        for line in wrap(text, room) {
            writeln!(self.out, "{:indent$}{name:<NAME$}{line}", "")?;
            name = "";
        }
        Ok(())
    }
}

fn state(dossier: &Dossier, colour: bool) -> String {
    match (&dossier.job, dossier.outcome()) {
        (Some(row), _) => state_of(row, colour),
        (None, Some((outcome, code))) => format!("{} ({code})", output::outcome(outcome, colour)),
        (None, None) => "not known here".to_owned(),
    }
}

fn state_of(row: &JobRow, colour: bool) -> String {
    let last = row.outcome.zip(row.code);
    let last = last.map(|(outcome, code)| format!("{} ({code})", output::outcome(outcome, colour)));
    match (row.state, last) {
        (JobState::Queued, None) => format!("queued, due at {}", zoned_time(row.not_before)),
        (JobState::Queued, Some(last)) => {
            format!("queued again after {last}, due at {}", zoned_time(row.not_before))
        }
        (state, Some(last)) if row.has_ended() => {
            let at = row.finished_at.map(|at| format!(" at {}", zoned_time(at))).unwrap_or_default();
            format!("{state}{at}: {last}")
        }
        (state, _) if row.is_being_cancelled() => format!("{state}; it was told to end"),
        (state, _) => state.to_string(),
    }
}

fn mark(result: Option<StepResult>, colour: bool) -> String {
    let (mark, paint) = match result {
        Some(StepResult::Ok) => ("✓", Outcome::Succeeded),
        Some(StepResult::Failed) => ("✗", Outcome::Rejected),
        Some(StepResult::Skipped) | None => return if result.is_none() { "…" } else { "–" }.to_owned(),
        Some(StepResult::Interrupted) => ("!", Outcome::Interrupted),
    };
    output::painted(mark, paint, colour)
}
