use std::collections::BTreeSet;

use uuid::Uuid;

use crate::cli::job::how_to_answer;
use crate::cli::output::{local_time, painted, short_id};
use crate::cli::{Failure, canary};
use crate::job::Outcome;
use crate::store::Store;

/// So many jobs that wait for a person are told of.
const WAITING: u32 = 100;

/// The marks that canaries leave on apps, told once each: whoever reads of an app's jobs learns that the app has changed
/// before those jobs meet it. And the jobs that wait for a person.
pub(super) struct Marks<'a> {
    app: Option<&'a str>,
    colour: bool,
    /// The flows that are known to fail, by app and name.
    told: BTreeSet<(String, String)>,
    /// The questions that were told of.
    asked: BTreeSet<Uuid>,
}

impl<'a> Marks<'a> {
    /// Of this app, or of all.
    pub fn of(app: Option<&'a str>, colour: bool) -> Self {
        Self { app, colour, told: BTreeSet::new(), asked: BTreeSet::new() }
    }

    /// A line for each flow that has begun to fail, or works again, and for each job that waits for a person, since the last
    /// look.
    pub async fn news(&mut self, store: &dyn Store) -> Result<Vec<String>, Failure> {
        let mut lines = Vec::new();
        for row in store.canaries(self.app).await? {
            let key = (row.last.account.app().to_owned(), row.last.flow.clone());
            match canary::warning(&row, self.colour) {
                Some(line) if self.told.insert(key.clone()) => lines.push(line),
                None if self.told.remove(&key) => {
                    lines.push(format!("{}: its canary gets through {} again", key.0, key.1));
                }
                _ => {}
            }
        }
        for question in store.open_questions(None, WAITING).await? {
            let other = self.app.is_some_and(|app| app != question.account.app());
            if other || !self.asked.insert(question.id) {
                continue;
            }
            let (job, until) = (short_id(question.job), local_time(question.until));
            let line = format!(
                "{job} of {} waits for {} until {until}: {}",
                question.account,
                question.wanted.words(),
                how_to_answer(&question)
            );
            lines.push(painted(&line, Outcome::NeedsHuman, self.colour));
        }
        Ok(lines)
    }
}
