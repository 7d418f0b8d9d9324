//! How a job is claimed while others claim too.

use std::time::Duration;

use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::value::millis;
use super::{LOCKS, Write};
use crate::store::{StoreError, WorkerId};

/// Nobody holds the account of `j`: no running job, no lease that has not expired, and no reconciliation that is still
/// to come. One that is asked for by hand need not wait for that. The time is read once for the statement, as a
/// subquery, so that an index can go by it.
macro_rules! account_is_free {
    () => {
        "NOT EXISTS (SELECT 1 FROM jobs AS r WHERE r.account = j.account AND r.state = 'running')
         AND NOT EXISTS (SELECT 1 FROM leases AS l WHERE l.account = j.account AND l.expires_at > (SELECT turnlock_now()))
         AND (j.kind = 'reconcile' OR NOT EXISTS (
              SELECT 1 FROM jobs AS o
              WHERE o.account = j.account AND o.cause IS NOT NULL AND o.state IN ('queued', 'running')))"
    };
}

/// The first job that is due and whose account is free, passing over jobs that others have locked and accounts that
/// were passed over before (`$2`), and whether it is now this transaction's turn at the account.
macro_rules! first {
    ($of:literal) => {
        concat!(
            "WITH first AS MATERIALIZED (
                 SELECT j.id, j.account FROM jobs AS j
                 WHERE ",
            $of,
            " AND j.not_before <= (SELECT turnlock_now()) AND j.account <> ALL ($2) AND ",
            account_is_free!(),
            "    ORDER BY j.rank, j.seq LIMIT 1 FOR UPDATE OF j SKIP LOCKED)
             SELECT id, account, pg_try_advisory_xact_lock(hashtextextended(account, $1)) AS mine FROM first"
        )
    };
}

/// Reconciliations that Turnlock owes come before all else.
const FIRST_OWED: &str = first!("j.state = 'queued' AND j.cause IS NOT NULL");
const FIRST: &str = first!("j.state = 'queued'");

/// It is known to be queued, and stays so behind the lock.
const CLAIM: &str = concat!(
    "UPDATE jobs AS j SET state = 'running', attempts = attempts + 1, worker = $2, claim_token = claim_token + 1,
            claim_expires_at = turnlock_now() + $3
     WHERE j.id = $1 AND ",
    account_is_free!(),
    " RETURNING *, turnlock_now() AS asked_at"
);

/// Jobs come and go faster than the statistics about them, by which the planner would rather sort all that are due than
/// walk along their index to the first.
pub(super) const BEGIN: &str = "BEGIN; SET LOCAL synchronous_commit = off; SET LOCAL enable_sort = off;
     SET LOCAL enable_bitmapscan = off; SET LOCAL enable_seqscan = off";

/// What came of the wish to claim one certain job.
pub(super) enum Claimed {
    Row(Box<PgRow>),
    AccountBusy,
    NotQueued,
}

/// Claims the next job, if there is one that may be performed now. An account at which somebody else is just now is
/// passed over rather than waited for: if it is free afterwards, the worker hears of it.
pub(super) async fn next(
    write: &mut Write,
    worker: &WorkerId,
    ttl: Duration,
) -> Result<Option<PgRow>, StoreError> {
    let mut passed_over: Vec<String> = Vec::new();
    for sql in [FIRST_OWED, FIRST] {
        loop {
            let first: Option<(Uuid, String, bool)> =
                sqlx::query_as(sql).bind(LOCKS).bind(&passed_over).fetch_optional(write.on()).await?;
            let Some((id, account, mine)) = first else { break };
            // What was seen before the lock may have changed; what is seen now does not before this is committed.
            if mine && let Some(row) = claim(write, id, worker, ttl).await? {
                return Ok(Some(row));
            }
            passed_over.push(account);
        }
    }
    Ok(None)
}

/// Claims this job, due or not. It is this transaction's turn at its account.
pub(super) async fn this(
    write: &mut Write,
    id: Uuid,
    worker: &WorkerId,
    ttl: Duration,
) -> Result<Claimed, StoreError> {
    let queued: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM jobs WHERE id = $1 AND state = 'queued')")
            .bind(id)
            .fetch_one(write.on())
            .await?;
    if !queued {
        return Ok(Claimed::NotQueued);
    }
    Ok(claim(write, id, worker, ttl).await?.map_or(Claimed::AccountBusy, |row| Claimed::Row(Box::new(row))))
}

async fn claim(
    write: &mut Write,
    id: Uuid,
    worker: &WorkerId,
    ttl: Duration,
) -> Result<Option<PgRow>, StoreError> {
    let claimed = sqlx::query(CLAIM).bind(id).bind(worker.as_str()).bind(millis(ttl));
    Ok(claimed.fetch_optional(write.on()).await?)
}
