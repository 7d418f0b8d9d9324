use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::Provenance;
use crate::job::Verdict;

/// How an attempt ended, and what becomes of its job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// The attempt.
    pub attempt: Uuid,
    /// How it ended.
    pub verdict: Verdict,
    /// With what it was performed and what it left.
    pub provenance: Provenance,
    /// What becomes of the job.
    pub next: Next,
}

/// For how long the end of a job is its own worker's to announce.
pub const ITS_TURN: Duration = Duration::from_secs(30);

/// What becomes of a job after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It has ended.
    Ended,
    /// It is tried again, not before then.
    Again {
        /// The earliest time.
        at: Timestamp,
        /// Whether the attempt counted for the retry policy.
        counts: bool,
    },
}
