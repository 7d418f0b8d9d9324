use std::path::PathBuf;

use sqlx::postgres::PgDatabaseError;
use uuid::Uuid;

use super::{CandidateKind, CandidateState, NotRequeued, Transition, postgres, sqlite};
use crate::job::AccountRef;

/// What can go wrong between Turnlock and its database.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The URL names no database that Turnlock knows.
    #[error(
        "`{0}` is not a database that Turnlock knows: write sqlite:PATH, for example sqlite:turnlock.db, or postgres://USER@HOST/DATABASE"
    )]
    BadUrl(String),
    /// The URL of a PostgreSQL database cannot be understood.
    #[error(
        "`{url}` is not the URL of a PostgreSQL database: {reason}. Write postgres://USER:PASSWORD@HOST:PORT/DATABASE"
    )]
    BadServerUrl {
        /// The URL without its secrets.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The server cannot be reached, or was lost in the middle of a call.
    #[error(
        "the database server cannot be reached: {0}. Check that it runs and that the database URL names it; Turnlock connects again by itself. What was being written at that moment may or may not stand"
    )]
    Unreachable(String),
    /// The server does not let this user in, or not do this.
    #[error(
        "the database server refuses: {0}. Check user, password and database in the URL, and that the user has the rights that docs/operations.md names"
    )]
    Refused(String),
    /// The schema holds tables of some other program.
    #[error(
        "the schema {schema} of this PostgreSQL database holds tables that are not Turnlock's. Check the database URL, or give Turnlock a database of its own; it did not touch this one"
    )]
    ForeignSchema {
        /// The schema that new tables would go to.
        schema: String,
    },
    /// The server is older than what Turnlock needs.
    #[error("the database server is PostgreSQL {found}: Turnlock needs PostgreSQL 14 or newer")]
    ServerTooOld {
        /// What it calls itself.
        found: String,
    },
    /// The file cannot be opened or created.
    #[error(
        "cannot open the database {path}: {reason}. Check that the folder exists and that you may write to it"
    )]
    CannotOpen {
        /// The database file.
        path: PathBuf,
        /// What the operating system or the database said.
        reason: String,
    },
    /// The file is something else than a database.
    #[error("{path} is not a SQLite database. Check the database URL; Turnlock did not touch the file")]
    NotADatabase {
        /// The file that was given as a database.
        path: PathBuf,
    },
    /// The file is a SQLite database of some other program.
    #[error(
        "{path} is a SQLite database, but not one of Turnlock's. Check the database URL; Turnlock did not touch the file"
    )]
    NotOurs {
        /// The file that was given as a database.
        path: PathBuf,
    },
    /// A newer Turnlock has been here.
    #[error(
        "the database was last used by a newer Turnlock (it has migration {found}, this binary knows up to {known}). Use that version, or restore a backup"
    )]
    TooNew {
        /// The newest migration in the database.
        found: i64,
        /// The newest migration that this binary has.
        known: i64,
    },
    /// A migration failed or does not match what was applied before.
    #[error("cannot bring the database up to date: {0}")]
    Migration(String),
    /// Another process kept the database locked for longer than the busy time-out.
    #[error(
        "the database is locked by another process. Wait for it, or find it with `fuser` on the database file"
    )]
    Locked,
    /// No space is left.
    #[error(
        "the disk (or the quota) is full: the database could not be written. Free some space; nothing was changed"
    )]
    Full,
    /// The database may only be read.
    #[error(
        "the database cannot be written: it is read-only for this user. Check the mode and owner of the file and its folder"
    )]
    ReadOnly,
    /// The file is damaged, or the disk is.
    #[error("the database is damaged or its disk fails: {0}. Restore it from a backup")]
    Damaged(String),
    /// The file is not where it was when it was opened.
    #[error(
        "the database {path} was moved, removed or replaced while it was in use. Put the file back, or start again; nothing was written elsewhere"
    )]
    Gone {
        /// Where it was.
        path: PathBuf,
    },
    /// Anything else that the database said.
    #[error("the database failed: {0}")]
    Database(String),
    /// The database cannot hold a value.
    #[error("the database cannot hold it: {0}")]
    Unfit(String),
    /// A stored value that this version cannot read.
    #[error("the database holds {value:?} as {what}, which this version of Turnlock cannot read")]
    BadValue {
        /// The column's meaning.
        what: &'static str,
        /// What stood there.
        value: String,
    },

    /// No such account.
    #[error(
        "there is no account {0}: `turnlock account list` shows those there are, `turnlock account add` adds one"
    )]
    NoAccount(AccountRef),
    /// A token of this name was made before.
    #[error("there is or was a token `{0}`: choose another name, for the audit tells them apart by it")]
    NameTaken(String),
    /// No token of this name is good.
    #[error("there is no token `{0}` that is good: `turnlock token list` shows them")]
    NoToken(String),
    /// The account has a job running.
    #[error("a job is running on {0}: wait until it has ended, then try again")]
    AccountBusy(AccountRef),
    /// The managed address belongs to another account already.
    #[error(
        "the address {address} belongs to {owner} already: an address can be managed for one account only, else codes could cross"
    )]
    AddressTaken {
        /// The managed address.
        address: String,
        /// The account that has it.
        owner: AccountRef,
    },
    /// No such candidate.
    #[error("there is no candidate {0} in the ledger")]
    NoCandidate(Uuid),
    /// The account has a pending candidate of this kind, whose fate is not known yet.
    #[error(
        "{account} has a pending {kind} already ({candidate}): reconcile the account before another is proposed"
    )]
    PendingExists {
        /// The account.
        account: AccountRef,
        /// The kind of credential.
        kind: CandidateKind,
        /// The pending candidate.
        candidate: Uuid,
    },
    /// Another candidate of this account and kind took that version number first.
    #[error("version {version} of the {kind} of {account} is taken already")]
    VersionTaken {
        /// The account.
        account: AccountRef,
        /// The kind of credential.
        kind: CandidateKind,
        /// The version that was to be used.
        version: u32,
    },
    /// The ledger does not allow this step.
    #[error("the ledger does not allow to {transition} a candidate that is {from} (candidate {candidate})")]
    IllegalTransition {
        /// The candidate.
        candidate: Uuid,
        /// The state it is in.
        from: CandidateState,
        /// What was asked.
        transition: Transition,
    },
    /// The worker's lease on the account has expired or was taken over: it must not write any more.
    #[error("the lease on {0} was lost: another worker may hold the account, so nothing was written")]
    LeaseLost(AccountRef),
    /// No such job.
    #[error("there is no job {0}")]
    NoJob(Uuid),
    /// Which credential opens an account is found out whatever anybody wishes.
    #[error(
        "job {0} cannot be cancelled: it is a reconciliation that Turnlock owes its account, and ends when it is known which credential opens that"
    )]
    Owed(Uuid),
    /// A job is performed as it goes: it waits for nothing that could be cut short.
    #[error("job {id} is not requeued: {why}")]
    NotRequeued {
        /// The job.
        id: Uuid,
        /// Why not.
        why: NotRequeued,
    },
    /// A job with this id was submitted before, for the same, and something else was wished of it.
    #[error("job {id} was submitted before with another `{what}`: an id can be used for one job only")]
    OtherWish {
        /// The id.
        id: Uuid,
        /// What was wished otherwise.
        what: &'static str,
    },
    /// A job with this id was submitted before and asks for something else.
    #[error("job {id} was submitted before as {kind} of {account}: an id can be used for one job only")]
    OtherJob {
        /// The idempotency key.
        id: Uuid,
        /// What the first job asks.
        kind: crate::job::Kind,
        /// Of which account.
        account: AccountRef,
    },
    /// The worker's claim on the job has expired and was taken over, or the job has ended.
    #[error("the claim on job {0} was lost: another worker may have taken it up, so nothing was written")]
    ClaimLost(Uuid),
    /// No such attempt.
    #[error("there is no attempt {0} in the automation log")]
    NoAttempt(Uuid),
    /// The automation log is append-only.
    #[error("attempt {0} has ended: the automation log is append-only")]
    AttemptEnded(Uuid),
}

impl StoreError {
    /// Whether no waiting mends it: a person has to, and a program that would try again would try for ever.
    #[must_use]
    pub const fn lasts(&self) -> bool {
        matches!(
            self,
            Self::BadUrl(_)
                | Self::BadServerUrl { .. }
                | Self::Refused(_)
                | Self::ForeignSchema { .. }
                | Self::ServerTooOld { .. }
                | Self::NotADatabase { .. }
                | Self::NotOurs { .. }
                | Self::TooNew { .. }
                | Self::Migration(_)
        )
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let of_postgres = |error: &sqlx::Error| {
            error.as_database_error().is_none_or(|said| said.try_downcast_ref::<PgDatabaseError>().is_some())
        };
        if of_postgres(&error) { postgres::error::said(&error) } else { sqlite::error::said(&error) }
    }
}
