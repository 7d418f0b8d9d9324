use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{AttemptRow, JobRow, Step, StoreError};
use crate::job::{Code, Kind, LONGEST_ATTEMPT, Outcome};

/// An attempt that ended at a time began so much earlier at most: its deadline, the time for which it waited for a person, and the time that it gets to come to an
/// end. One that was left open by a worker that died is not counted when it is taken up later than that.
pub(super) fn longest_attempt() -> Duration {
    Duration::try_from(LONGEST_ATTEMPT).unwrap_or_default() + Duration::from_secs(600)
}

/// How many jobs wait, and what for; and how many are under way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Depths {
    /// They wait for a worker, or for another job of their account.
    pub due: u64,
    /// They wait for their time.
    pub later: u64,
    /// They wait for room in their app: its limits or its breaker hold them back.
    pub held_back: u64,
    /// A worker has claimed them.
    pub running: u64,
    /// The one that has been due for longest, that no worker has claimed and its app does not hold back.
    pub oldest: Option<JobRow>,
}

/// An attempt that has not ended, and the step that it has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnderWay {
    /// It.
    pub attempt: AttemptRow,
    /// The step that began last; `None` if none has begun.
    pub step: Option<Step>,
}

/// An attempt that has ended, as far as it tells how its app fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lately {
    /// The app.
    pub app: String,
    /// What the job asked.
    pub kind: Kind,
    /// How it ended.
    pub outcome: Outcome,
    /// With which code.
    pub code: Code,
    /// How long it took.
    pub duration: Duration,
    /// The SHA-256 of the playbook's text that it was made with.
    pub playbook_hash: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
}

/// What is to be seen of all jobs at a glance.
#[async_trait]
pub trait Overview {
    /// How many jobs wait and run.
    async fn depths(&self) -> Result<Depths, StoreError>;

    /// The attempts that have not ended, the oldest first, and at most so many.
    async fn under_way(&self, most: u32) -> Result<Vec<UnderWay>, StoreError>;

    /// How many attempts have ended since then, by outcome; those of which there are none are left out.
    async fn ended_since(&self, since: Timestamp) -> Result<Vec<(Outcome, u64)>, StoreError>;

    /// Of each of these apps the attempts that have ended, the newest first, and at most so many.
    async fn lately(&self, apps: &[String], most: u32) -> Result<Vec<Lately>, StoreError>;
}
