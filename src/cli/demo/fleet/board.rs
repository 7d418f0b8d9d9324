use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::plan::Errand;
use crate::cli::Failure;
use crate::job::{Job, Outcome};
use crate::store::{AttemptRow, JobRow, Store};

/// The most rows of one look.
const AT_ONCE: u32 = 500;

/// What is known of all jobs, from database and log alone.
pub struct Board {
    /// The jobs of the plan, two an account.
    pub entries: Vec<Entry>,
    /// Attempts at jobs that Turnlock owed: reconciliations.
    pub owed: Vec<AttemptRow>,
    cursor: i64,
}

/// A job of the plan, and how it goes.
pub struct Entry {
    /// What is asked.
    pub job: Job,
    /// Is it in the queue, or was it?
    pub submitted: bool,
    /// The attempts so far, in their order.
    pub attempts: Vec<AttemptRow>,
    /// Its row, once it has ended.
    pub ended: Option<JobRow>,
}

impl Entry {
    /// The attempt that is made just now.
    pub fn running(&self) -> Option<&AttemptRow> {
        self.attempts.last().filter(|row| row.verdict.is_none())
    }

    /// Has it ended well?
    pub fn succeeded(&self) -> bool {
        self.ended.as_ref().is_some_and(|row| row.outcome == Some(Outcome::Succeeded))
    }

    /// From the beginning of the first attempt to the end of the last.
    pub fn took(&self) -> Option<Duration> {
        let (first, last) = (self.attempts.first()?, self.attempts.last()?);
        last.ended_at.and_then(|end| Duration::try_from(end.duration_since(first.started_at)).ok())
    }
}

impl Board {
    /// Of a plan of which nothing is done.
    pub fn new(plan: &[Errand]) -> Self {
        let entry =
            |job: &Job| Entry { job: job.clone(), submitted: false, attempts: Vec::new(), ended: None };
        Self { entries: plan.iter().flatten().map(entry).collect(), owed: Vec::new(), cursor: 0 }
    }

    /// Reads on. Returns the attempts that have ended since.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn refresh(&mut self, store: &dyn Store) -> Result<Vec<AttemptRow>, Failure> {
        let rows = store.log_changes(self.cursor, AT_ONCE).await?;
        for row in &rows {
            self.cursor = self.cursor.max(row.changed);
            let entry = self.entries.iter_mut().find(|entry| entry.job.id == row.job);
            put(entry.map_or(&mut self.owed, |entry| &mut entry.attempts), row);
        }
        for entry in self.entries.iter_mut().filter(|entry| entry.ended.is_none()) {
            if entry.attempts.last().is_some_and(|row| row.verdict.is_some()) {
                entry.ended = store.job(entry.job.id).await?.filter(JobRow::has_ended);
            }
        }
        Ok(rows.into_iter().filter(|row| row.verdict.is_some()).collect())
    }

    /// The jobs that may be submitted now: an account's second when its first has ended.
    pub fn due(&self) -> Vec<Job> {
        let pairs = self.entries.chunks(2);
        let due = pairs.filter_map(|pair| match pair {
            [first, _] if !first.submitted => Some(first),
            [first, second] if first.ended.is_some() && !second.submitted => Some(second),
            _ => None,
        });
        due.map(|entry| entry.job.clone()).collect()
    }

    /// Notes that a job is in the queue.
    pub fn submitted(&mut self, id: Uuid) {
        self.entries.iter_mut().filter(|entry| entry.job.id == id).for_each(|entry| entry.submitted = true);
    }

    /// How many jobs have ended.
    pub fn ended(&self) -> usize {
        self.entries.iter().filter(|entry| entry.ended.is_some()).count()
    }

    /// The attempts that are made just now, the oldest first.
    pub fn running(&self) -> Vec<&AttemptRow> {
        let owed = self.owed.iter().filter(|row| row.verdict.is_none());
        let mut rows: Vec<_> = self.entries.iter().filter_map(Entry::running).chain(owed).collect();
        rows.sort_by_key(|row| row.started_at);
        rows
    }

    /// From the first attempt to the end of the last.
    pub fn took(&self) -> Duration {
        let rows = || self.entries.iter().flat_map(|entry| &entry.attempts);
        let first = rows().map(|row| row.started_at).min();
        let last: Option<Timestamp> = rows().filter_map(|row| row.ended_at).max();
        let both = first.zip(last);
        both.and_then(|(first, last)| Duration::try_from(last.duration_since(first)).ok()).unwrap_or_default()
    }
}

fn put(rows: &mut Vec<AttemptRow>, row: &AttemptRow) {
    match rows.iter_mut().find(|known| known.id == row.id) {
        Some(known) => known.clone_from(row),
        None => rows.push(row.clone()),
    }
}
