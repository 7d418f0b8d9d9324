use jiff::Timestamp;

use super::{AppGate, JobRow, Lease, StoreError};
use crate::job::Job;

/// A worker's hold on a job and its account, for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What is asked.
    pub job: Job,
    /// The number of the attempt that begins with this claim, from 1; interrupted ones included.
    pub attempt: u32,
    /// How many attempts counted for the retry policy before this one.
    pub tries: u32,
    /// Someone wanted the job cancelled before this attempt.
    pub cancel_asked: bool,
    /// When the job became due.
    pub queued_at: Timestamp,
    /// Greater than that of every earlier claim on this job.
    pub token: u64,
    /// The hold on the account, taken with the claim and let go with it.
    pub lease: Lease,
    /// Whether the job's app has a gate that has to be asked before the attempt begins.
    pub gate: AppGate,
}

/// What came of the wish to claim one certain job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claiming {
    /// It is claimed.
    Claimed(Box<Claim>),
    /// Another job holds its account.
    AccountBusy,
    /// It runs elsewhere or has ended.
    NotQueued,
}

/// A job as a queue outside of the database delivers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// What is asked.
    pub job: Job,
    /// It is not to be begun before then.
    pub not_before: Option<Timestamp>,
}

/// What came of a delivered job.
#[derive(Debug)]
pub enum Taking {
    /// It is claimed.
    Claimed(Box<Claim>),
    /// It is written down and not due yet.
    NotDue(Box<JobRow>),
    /// It is written down; another job holds its account.
    AccountBusy(Box<JobRow>),
    /// It runs elsewhere or has ended.
    NotQueued,
    /// Somebody is at its account at this very moment: it is to be tried again at once. Nothing was written.
    Contended,
    /// It cannot be written down: [`StoreError::OtherJob`].
    Refused(StoreError),
}
