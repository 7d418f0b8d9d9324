//! What jobs wait for, looked up once for a page of them.

use std::collections::HashMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::view::View;
use crate::store::{JobRow, JobState, QuestionRow, StoreError, Waits};

/// Jobs that wait for a person are looked for among so many.
const ASKED: u32 = 1_000;

/// What some jobs wait for now.
pub struct Standing {
    shut: Vec<String>,
    asked: HashMap<Uuid, QuestionRow>,
    now: Timestamp,
}

impl Standing {
    /// What it waits for, if it is queued.
    pub fn waits(&self, row: &JobRow) -> Option<Waits> {
        row.waits(&self.shut, self.now)
    }

    /// What it asks a person for, if it does.
    pub fn asks(&self, row: &JobRow) -> Option<&QuestionRow> {
        self.asked.get(&row.job.id)
    }
}

impl View<'_> {
    /// How these jobs stand.
    pub async fn standing(&self, rows: &[JobRow]) -> Result<Standing, StoreError> {
        let any = |state| rows.iter().any(|row| row.state == state);
        // Neither is looked up for a page of jobs that have ended.
        let shut = if any(JobState::Queued) { self.shut_apps().await? } else { Vec::new() };
        let asked = if any(JobState::Running) { self.open_questions(ASKED).await? } else { Vec::new() };
        let asked = asked.into_iter().map(|question| (question.job, question)).collect();
        Ok(Standing { shut, asked, now: Timestamp::now() })
    }
}
