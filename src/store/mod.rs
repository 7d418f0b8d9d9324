//! What Turnlock remembers: accounts and their candidate ledger, attempt budgets, leases, jobs, the automation log,
//! what the canaries of apps show, the fleet of workers, messages that came for accounts, what people are asked for, and those
//! that go to servers of others; and an overview of them all.
//!
//! One trait, [`Store`], put together from a trait for each concern. It is used as `Arc<dyn Store>`; all
//! methods can be called on that without importing anything. It keeps secrets only in sealed form: sealing
//! is the work of [`crate::vault`].

mod access;
mod account;
mod audit;
mod budget;
mod canaries;
mod claim;
mod detached;
mod ending;
mod error;
mod fleet;
mod gates;
mod id_end;
mod job_list;
mod jobs;
mod lease;
mod ledger;
mod log;
mod messages;
mod meta;
mod overview;
mod postgres;
mod questions;
mod recovery;
mod requeue;
mod shares;
mod since;
mod sqlite;
mod steps;
mod summaries;
mod walk;
mod webhooks;
mod worker_id;

use std::sync::Arc;

pub use access::{Access, NewToken, Scope, TokenRow};
pub use account::{Account, AccountEntry, Accounts, folded};
pub use audit::{Audit, AuditOutcome, AuditQuery, AuditRow, NewAudit};
pub use budget::{Begun, Budget, Limit, NewTry, Spent, Try, TryResult};
pub use canaries::{Canaries, CanaryRow, NewCanary};
pub use claim::{Claim, Claiming, Delivered, Taking};
pub use ending::{Ending, ITS_TURN, Next};
pub use error::StoreError;
pub use fleet::{Beat, Duty, Fleet, WorkerRow};
pub use gates::{AppGate, AppLimits, AppRow, Breaker, Entry, Gates, Left, Refusal, Visit, Why};
pub use id_end::IdEnd;
pub use job_list::{JobPage, JobQuery, Waits};
pub use jobs::{Cancelling, JobRow, JobState, Jobs, NotEnded, Submitted};
pub use lease::{Fence, Lease, Leases};
pub use ledger::{
    Candidate, CandidateKind, CandidateState, Disproof, Ledger, NewCandidate, Refused, Transition,
};
pub use log::{AttemptRow, Log, LogPage, LogQuery, NewAttempt, Provenance, SKEW, Step, StepResult};
pub use messages::{MailboxMark, MessageRow, Messages, NewMessage, NewRequest, Requested};
pub use meta::Meta;
pub use overview::{Depths, Lately, Overview, UnderWay};
pub use postgres::{Found, PostgresStore};
pub use questions::{NewQuestion, QuestionRow, QuestionState, Questions};
pub use requeue::{NotRequeued, Requeueing};
pub use shares::{Role, Share, Shares};
pub use since::{NoTime, Since, Until};
pub use sqlite::SqliteStore;
pub use steps::Part;
pub use summaries::{AccountQuery, AccountSummary, CodesLeft, Summaries, Wanting};
pub use webhooks::{DeliveryDepths, DeliveryRow, Happening, NewDelivery, Subscription, Webhooks};
pub use worker_id::WorkerId;

/// All that Turnlock remembers.
pub trait Store:
    Access
    + Accounts
    + Audit
    + Ledger
    + Budget
    + Canaries
    + Leases
    + Jobs
    + Gates
    + Log
    + Fleet
    + Messages
    + Meta
    + Overview
    + Questions
    + Shares
    + Summaries
    + Webhooks
    + Send
    + Sync
{
}

impl<T> Store for T where
    T: Access
        + Accounts
        + Audit
        + Ledger
        + Budget
        + Canaries
        + Leases
        + Jobs
        + Gates
        + Log
        + Fleet
        + Messages
        + Meta
        + Overview
        + Questions
        + Shares
        + Summaries
        + Webhooks
        + Send
        + Sync
{
}

/// Opens the database that the URL names, creates it if there is none, and brings it up to date.
///
/// `sqlite:PATH` (or `sqlite://PATH`) is a file; it is created with mode 0600. `postgres://…` is a database on a
/// server; its tables are made in it.
///
/// # Errors
/// When the URL is not understood, or as [`SqliteStore::open`] and [`PostgresStore::open`] say.
pub async fn open(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(Arc::new(PostgresStore::open(url).await?));
    }
    let path = url.strip_prefix("sqlite:").map(|rest| rest.strip_prefix("//").unwrap_or(rest));
    match path {
        Some(path) if !path.is_empty() => Ok(Arc::new(SqliteStore::open(path).await?)),
        _ => Err(StoreError::BadUrl(without_password(url))),
    }
}

/// A URL may hold a password, before the host or among its parameters, and errors are printed.
fn without_password(url: &str) -> String {
    let url = url.split_once('?').map_or(url, |(url, _)| url);
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        _ => url.to_owned(),
    }
}
