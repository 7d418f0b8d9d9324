//! What dead workers left behind: their jobs go back into the queue, and the accounts that they left in doubt are
//! reconciled. Account by account, each in a transaction of its own.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::jobs::{fetch, insert};
use super::value::{Reader, millis, parse};
use super::{Outlasts, PostgresStore, Write, answer, detached, log};
use crate::job::{Code, Outcome};
use crate::store::jobs::cancelled_unbegun;
use crate::store::recovery::{TakenUp, owed};
use crate::store::{JobState, StoreError, WorkerId};

/// A candidate is in doubt that was submitted and not decided, while nobody is at its account. Its recovery codes
/// are decided with it.
macro_rules! in_doubt {
    () => {
        "FROM candidates AS c
         WHERE c.state = 'pending' AND c.submitted_at IS NOT NULL AND c.kind <> 'recovery_codes'
           AND NOT EXISTS (SELECT 1 FROM leases AS l WHERE l.account = c.account AND l.expires_at > (SELECT turnlock_now()))
           AND NOT EXISTS (SELECT 1 FROM jobs AS r WHERE r.account = c.account AND r.state = 'running')
           AND NOT EXISTS (SELECT 1 FROM jobs AS o WHERE o.cause = c.id
                           AND (o.state IN ('queued', 'running') OR o.finished_at >= c.submitted_at))"
    };
}

/// What a dead worker holds of an account, each with the token by which it does and whether the server's clock alone
/// says that it is dead: what was taken over or came back to life in between is left alone.
#[derive(Debug, Default)]
struct LeftBehind {
    job: Option<(Uuid, i64, bool)>,
    lease: Option<(i64, bool)>,
}

impl PostgresStore {
    /// Puts what dead workers held back into the queue, and has their accounts reconciled where that is owed.
    /// Returns the jobs.
    pub(super) async fn take_up(
        &self,
        is_dead: &(dyn for<'a> Fn(&'a WorkerId) -> bool + Send + Sync),
    ) -> Result<Vec<Uuid>, StoreError> {
        let mut reader = self.reader().await?;
        let left = answer(left_behind(&mut reader, is_dead)).await?;
        drop(reader);
        let mut taken_up = Vec::new();
        for (account, left) in left {
            let store = self.clone();
            let jobs = detached(async move {
                let mut write = store.write(Outlasts::PowerFailure).await?;
                write.lock(&account).await?;
                let mut jobs = Vec::new();
                if let Some((id, token, expired)) = left.job
                    && write.recover_job(id, token, expired, store.announces()).await?
                {
                    jobs.push(id);
                }
                if left.job.is_some() || left.lease.is_some() {
                    write.end_tries_under_way(&account).await?;
                }
                if let Some((token, expired)) = left.lease {
                    sqlx::query(
                        "UPDATE leases SET expires_at = 0
                         WHERE account = $1 AND token = $2 AND (NOT $3 OR expires_at <= turnlock_now())",
                    )
                    .bind(&account)
                    .bind(token)
                    .bind(expired)
                    .execute(write.on())
                    .await?;
                }
                jobs.extend(write.owe_reconciliations(&[account]).await?);
                write.commit().await?;
                Ok(jobs)
            })
            .await?;
            taken_up.extend(jobs);
        }
        Ok(taken_up)
    }
}

/// The accounts at which dead workers were, and those that are in doubt.
async fn left_behind(
    on: &mut PgConnection,
    is_dead: &(dyn for<'a> Fn(&'a WorkerId) -> bool + Send + Sync),
) -> Result<BTreeMap<String, LeftBehind>, StoreError> {
    let mut left: BTreeMap<String, LeftBehind> = BTreeMap::new();
    let rows = sqlx::query(
        "SELECT id, account, worker, claim_token, claim_expires_at <= turnlock_now() AS expired
         FROM jobs WHERE state = 'running'",
    )
    .fetch_all(&mut *on)
    .await?;
    for row in &rows {
        let row = Reader(row);
        let dead = row.worker_or_null("worker")?.is_none_or(|worker| is_dead(&worker));
        if row.flag("expired")? || dead {
            let job = (row.id("id")?, row.int("claim_token")?, !dead);
            left.entry(row.text("account")?).or_default().job = Some(job);
        }
    }
    let rows = sqlx::query(
        "SELECT account, worker, token, expires_at <= turnlock_now() AS expired FROM leases WHERE expires_at > 0",
    )
    .fetch_all(&mut *on)
    .await?;
    for row in &rows {
        let row = Reader(row);
        let dead = is_dead(&WorkerId::new(row.text("worker")?));
        if row.flag("expired")? || dead {
            left.entry(row.text("account")?).or_default().lease = Some((row.int("token")?, !dead));
        }
    }
    let doubtful: Vec<String> =
        sqlx::query_scalar(concat!("SELECT DISTINCT c.account ", in_doubt!())).fetch_all(on).await?;
    for account in doubtful {
        left.entry(account).or_default();
    }
    Ok(left)
}

impl Write {
    /// Submits a reconciliation of each of the accounts to which one is owed. A candidate causes one job, which goes on
    /// until it is known what became of it. It is this transaction's turn at the accounts.
    pub(super) async fn owe_reconciliations(&mut self, accounts: &[String]) -> Result<Vec<Uuid>, StoreError> {
        let doubts: Vec<(String, Uuid, Option<Uuid>)> = sqlx::query_as(concat!(
            "SELECT DISTINCT ON (c.account) c.account, c.id, c.job ",
            in_doubt!(),
            " AND c.account = ANY ($1) ORDER BY c.account, c.seq DESC"
        ))
        .bind(accounts)
        .fetch_all(self.on())
        .await?;
        let mut jobs = Vec::new();
        for (account, candidate, of) in doubts {
            let job = owed(parse(account, "an account")?, candidate, of);
            if insert(self, &job, 0, None).await?.is_some() {
                jobs.push(job.id);
            }
        }
        Ok(jobs)
    }

    /// Whatever the dead worker was trying on the account, the app has counted by now.
    async fn end_tries_under_way(&mut self, account: &str) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE credential_tries SET counted_at = turnlock_now()
             WHERE account = $1 AND result IS NULL AND counted_at > turnlock_now()",
        )
        .bind(account)
        .execute(self.on())
        .await?;
        Ok(())
    }

    /// Puts a dead worker's job back into the queue, unless its outcome stands in the log already and merely
    /// the note that the job has ended is missing. `false` if the claim is another one by now, or alive.
    async fn recover_job(
        &mut self,
        id: Uuid,
        token: i64,
        expired: bool,
        announce: bool,
    ) -> Result<bool, StoreError> {
        // Locked, so that no sign of life comes in between.
        let held: Option<bool> = sqlx::query_scalar(
            "SELECT cancel_asked FROM jobs WHERE id = $1 AND claim_token = $2 AND claim_expires_at IS NOT NULL
               AND (NOT $3 OR claim_expires_at <= turnlock_now()) FOR UPDATE",
        )
        .bind(id)
        .bind(token)
        .bind(expired)
        .fetch_optional(self.on())
        .await?;
        let Some(cancelled) = held else { return Ok(false) };
        let deaths = log::end_open_attempts(self, id).await?;
        let row = fetch(self.on(), id).await?.ok_or(StoreError::NoJob(id))?;
        let ended = log::verdict_of(self, id, row.attempts).await?;

        let TakenUp { state, outcome, code, counts, wait } = row.taken_up(ended, cancelled, deaths);
        sqlx::query(
            "UPDATE jobs SET state = $1, tries = tries + $2, outcome = $3, code = $4, worker = NULL,
                claim_token = claim_token + 1, claim_expires_at = NULL, offered_until = NULL,
                not_before = turnlock_now() + $6, rank = turnlock_now() + $6,
                finished_at = CASE WHEN $1 = 'queued' THEN NULL ELSE turnlock_now() END
             WHERE id = $5",
        )
        .bind(state.as_str())
        .bind(i64::from(counts))
        .bind(outcome.map(Outcome::as_str))
        .bind(code.map(Code::as_str))
        .bind(id)
        .bind(millis(wait))
        .execute(self.on())
        .await?;
        if state == JobState::Cancelled && ended.is_none() {
            log::note(self, &row.job, row.attempts, &cancelled_unbegun()).await?;
        }
        if announce && state != JobState::Queued {
            self.announce(id).await?;
        }
        Ok(true)
    }
}
