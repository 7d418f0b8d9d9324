//! How a job is claimed while others claim too.

use std::time::Duration;

use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::gates::{shut, shut_apps};
use super::value::{Reader, millis};
use super::{LOCKS, Write};
use crate::store::{Delivered, StoreError, WorkerId};

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
    ($of:expr) => {
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
const FIRST_OWED: &str = first!(concat!(
    "j.state = 'queued' AND j.cause IS NOT NULL AND j.app <> ALL (ARRAY(",
    shut_apps!(),
    "))"
));

/// None at all where an app is shut, whose jobs may be all that there are but the last: see the next.
const FIRST: &str = first!(concat!("j.state = 'queued' AND NOT EXISTS (", shut_apps!(), ")"));

/// The first of the apps that are not shut: the first of each, from one app to the next by their index.
const FIRST_OF_OPEN: &str = concat!(
    "WITH RECURSIVE apps (app) AS (
         (SELECT j.app FROM jobs AS j WHERE j.state = 'queued' ORDER BY j.app LIMIT 1)
         UNION ALL
         SELECT (SELECT j.app FROM jobs AS j WHERE j.state = 'queued' AND j.app > apps.app ORDER BY j.app LIMIT 1)
         FROM apps WHERE apps.app IS NOT NULL),
     first AS MATERIALIZED (
         SELECT f.id, f.account
         FROM apps CROSS JOIN LATERAL (
             SELECT j.id, j.account, j.rank, j.seq FROM jobs AS j
             WHERE j.state = 'queued' AND j.app = apps.app AND j.not_before <= (SELECT turnlock_now())
               AND j.account <> ALL ($2) AND ",
    account_is_free!(),
    "        ORDER BY j.rank, j.seq LIMIT 1) AS f
         WHERE apps.app <> ALL (ARRAY(",
    shut_apps!(),
    "    )) ORDER BY f.rank, f.seq LIMIT 1)
     SELECT id, account, pg_try_advisory_xact_lock(hashtextextended(account, $1)) AS mine FROM first"
);

/// Claims each of them with its account. They are known to be queued, of different accounts that are free, and stay so
/// behind the locks; should a lease have changed all the same, there are more `claimed` than `leased`. `$in_turn` says
/// whether the gate of an app is shut for one that comes before others that were held back and come first.
macro_rules! claim {
    ($before:expr; $after:literal; $in_turn:literal) => {
        concat!(
            "WITH t AS MATERIALIZED (SELECT turnlock_now() AS now),
             those AS MATERIALIZED (",
            $before,
            account_is_free!(),
            $after,
            "), claimed AS (
                 UPDATE jobs AS j
                 SET state = 'running', attempts = attempts + 1, worker = $1, claim_token = claim_token + 1,
                     claim_expires_at = t.now + $2, called_up_until = NULL
                 FROM those, t WHERE j.id = those.id
                 RETURNING j.*, t.now AS asked_at, those.lease_token, t.now + $2 AS lease_expires_at),
             leased AS (
                 INSERT INTO leases AS l (account, worker, token, expires_at)
                 SELECT account, $1, lease_token, lease_expires_at FROM claimed
                 ON CONFLICT (account) DO UPDATE
                 SET worker = excluded.worker, token = excluded.token, expires_at = excluded.expires_at
                 WHERE l.token < excluded.token
                 RETURNING 1)
             SELECT c.*, (SELECT count(*) FROM leased) AS leased,
                 (SELECT coalesce(",
            shut!("c.id"),
            ", false) OR (",
            $in_turn,
            " AND EXISTS (
                     SELECT 1 FROM jobs AS h WHERE h.state = 'queued' AND h.app = c.app AND h.called_up_until = 0
                                               AND (h.rank, h.seq) < (c.rank, c.seq)))
                  FROM app_gates AS g WHERE g.app = c.app) AS shut
             FROM claimed AS c"
        )
    };
}

/// The token that the next lease of the account of `j` has.
macro_rules! next_token {
    () => {
        "coalesce((SELECT l.token FROM leases AS l WHERE l.account = j.account), 0) + 1 AS lease_token"
    };
}

/// This one, due or not.
const CLAIM: &str =
    claim!(concat!("SELECT j.id, ", next_token!(), " FROM jobs AS j WHERE j.id = $3 AND "); ""; "false");

/// Of those delivered, the first of each account. Each is looked up by its id, however many wait.
const CLAIM_DUE: &str = claim!(
    concat!("SELECT DISTINCT ON (j.account) j.id, ", next_token!(), "
     FROM unnest($3::uuid[], $4::text[], $5::text[]) AS g (id, kind, account)
     CROSS JOIN LATERAL (SELECT * FROM jobs WHERE id = g.id OFFSET 0) AS j
     WHERE j.kind = g.kind AND j.account = g.account AND j.state = 'queued'
       AND j.not_before <= (SELECT now FROM t) AND ");
    " ORDER BY j.account, j.cause IS NULL, j.rank, j.seq";
    "true"
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
    for sql in [FIRST_OWED, FIRST, FIRST_OF_OPEN] {
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
    let claimed = sqlx::query(CLAIM).bind(worker.as_str()).bind(millis(ttl)).bind(id);
    let claimed = claimed.fetch_optional(write.on()).await?;
    check_leased(claimed.as_slice())?;
    Ok(claimed)
}

/// Somebody may have taken a lease without waiting for the turn, by hand.
fn check_leased(claimed: &[PgRow]) -> Result<(), StoreError> {
    let Some(first) = claimed.first() else { return Ok(()) };
    match Reader(first).int("leased")? {
        leased if usize::try_from(leased) == Ok(claimed.len()) => Ok(()),
        _ => Err(StoreError::Database("a lease changed while its account was being claimed".to_owned())),
    }
}

/// Claims of the delivered jobs those that are due and whose accounts are free. It is this transaction's turn at their
/// accounts.
pub(super) async fn due(
    write: &mut Write,
    jobs: &[&Delivered],
    worker: &WorkerId,
    ttl: Duration,
) -> Result<Vec<PgRow>, StoreError> {
    let claimed = sqlx::query(CLAIM_DUE)
        .bind(worker.as_str())
        .bind(millis(ttl))
        .bind(jobs.iter().map(|one| one.job.id).collect::<Vec<_>>())
        .bind(jobs.iter().map(|one| one.job.kind.as_str()).collect::<Vec<_>>())
        .bind(jobs.iter().map(|one| one.job.account.to_string()).collect::<Vec<_>>());
    let claimed = claimed.fetch_all(write.on()).await?;
    check_leased(&claimed)?;
    Ok(claimed)
}
