//! What dead workers left behind: their jobs go back into the queue, and the accounts that they left in doubt are
//! reconciled.

use std::time::Duration;

use sqlx::SqliteConnection;
use uuid::Uuid;

use super::value::{Reader, millis};
use super::{Outlasts, SqliteStore, detached, log};
use crate::job::{AccountRef, Code, Outcome};
use crate::store::jobs::cancelled_unbegun;
use crate::store::recovery::{TakenUp, owed};
use crate::store::{JobState, StoreError, WorkerId};

/// A candidate is in doubt that was submitted and not decided, while nobody is at its account. Its recovery codes
/// are decided with it.
const IN_DOUBT: &str = "SELECT c.id, c.account, c.job FROM candidates AS c
     WHERE c.state = 'pending' AND c.submitted_at IS NOT NULL AND c.kind <> 'recovery_codes'
       AND NOT EXISTS (SELECT 1 FROM leases AS l WHERE l.account = c.account AND l.expires_at > ?1)
       AND NOT EXISTS (SELECT 1 FROM jobs AS r WHERE r.account = c.account AND r.state = 'running')
       AND NOT EXISTS (SELECT 1 FROM jobs AS o WHERE o.cause = c.id
                       AND (o.state IN ('queued', 'running') OR o.finished_at >= c.submitted_at))
     GROUP BY c.account";

impl SqliteStore {
    /// Puts what dead workers held back into the queue, and has their accounts reconciled where that is owed. Returns the
    /// jobs.
    pub(super) async fn take_up(
        &self,
        is_dead: &(dyn for<'a> Fn(&'a WorkerId) -> bool + Send + Sync),
    ) -> Result<Vec<Uuid>, StoreError> {
        let mut reader = self.readers.acquire().await?;
        let left = self.left_behind(&mut reader, is_dead).await?;
        let owed = self.in_doubt(&mut reader).await?;
        drop(reader);
        if left.is_empty() && owed.is_empty() {
            return Ok(Vec::new());
        }
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            let mut taken_up = Vec::new();
            for (id, token) in left.jobs {
                if store.recover_job(write.on(), id, token).await? {
                    taken_up.push(id);
                }
            }
            for (account, token) in left.leases {
                store.end_tries_under_way(write.on(), &account).await?;
                sqlx::query("UPDATE leases SET expires_at = 0 WHERE account = ? AND token = ?")
                    .bind(account)
                    .bind(token)
                    .execute(write.on())
                    .await?;
            }
            taken_up.extend(store.owe_reconciliations(write.on()).await?);
            write.commit().await?;
            Ok(taken_up)
        })
        .await
    }

    /// The accounts that have to be reconciled, each with a candidate in doubt and the job that made it.
    async fn in_doubt(
        &self,
        on: &mut SqliteConnection,
    ) -> Result<Vec<(Uuid, AccountRef, Option<Uuid>)>, StoreError> {
        let rows = sqlx::query(IN_DOUBT).bind(self.clock.now()).fetch_all(on).await?;
        let read = |row| {
            let row = Reader(row);
            Ok((row.id("id")?, row.parsed("account", "an account")?, row.id_or_null("job")?))
        };
        rows.iter().map(read).collect()
    }

    /// Submits a reconciliation for every account that has to be reconciled. A candidate causes one job, which goes
    /// on until it is known what became of it. Returns the jobs.
    pub(super) async fn owe_reconciliations(
        &self,
        on: &mut SqliteConnection,
    ) -> Result<Vec<Uuid>, StoreError> {
        let mut jobs = Vec::new();
        for (candidate, account, of) in self.in_doubt(on).await? {
            let job = owed(account, candidate, of);
            if self.insert(on, &job, self.clock.now()).await? {
                jobs.push(job.id);
            }
        }
        Ok(jobs)
    }

    async fn left_behind(
        &self,
        on: &mut SqliteConnection,
        is_dead: &(dyn for<'a> Fn(&'a WorkerId) -> bool + Send + Sync),
    ) -> Result<LeftBehind, StoreError> {
        let now = self.clock.now();
        let mut left = LeftBehind { jobs: Vec::new(), leases: Vec::new() };
        let rows =
            sqlx::query("SELECT id, worker, claim_token, claim_expires_at FROM jobs WHERE state = 'running'")
                .fetch_all(&mut *on)
                .await?;
        for row in &rows {
            let row = Reader(row);
            let expired = row.int("claim_expires_at")? <= now;
            if expired || row.worker_or_null("worker")?.is_none_or(|worker| is_dead(&worker)) {
                left.jobs.push((row.id("id")?, row.int("claim_token")?));
            }
        }
        let rows = sqlx::query("SELECT account, worker, token, expires_at FROM leases WHERE expires_at > 0")
            .fetch_all(on)
            .await?;
        for row in &rows {
            let row = Reader(row);
            if row.int("expires_at")? <= now || is_dead(&WorkerId::new(row.text("worker")?)) {
                left.leases.push((row.text("account")?, row.int("token")?));
            }
        }
        Ok(left)
    }

    /// Whatever the dead worker was trying on the account, the app has counted by now.
    async fn end_tries_under_way(&self, on: &mut SqliteConnection, account: &str) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE credential_tries SET counted_at = ?1 WHERE account = ?2 AND result IS NULL AND counted_at > ?1",
        )
        .bind(self.clock.now())
        .bind(account)
        .execute(on)
        .await?;
        Ok(())
    }

    /// Puts a dead worker's job back into the queue, unless its outcome stands in the log already and merely
    /// the note that the job has ended is missing. `false` if the claim is another one by now.
    async fn recover_job(&self, on: &mut SqliteConnection, id: Uuid, token: i64) -> Result<bool, StoreError> {
        let held: Option<i64> =
            sqlx::query_scalar("SELECT 1 FROM jobs WHERE id = ? AND claim_token = ? AND state = 'running'")
                .bind(id.to_string())
                .bind(token)
                .fetch_optional(&mut *on)
                .await?;
        if held.is_none() {
            return Ok(false);
        }
        let deaths = log::end_open_attempts(on, id).await?;
        let row = self.fetch_job(on, id).await?.ok_or(StoreError::NoJob(id))?;
        self.end_tries_under_way(on, &row.job.account.to_string()).await?;
        let ended = log::verdict_of(on, id, row.attempts).await?;
        let cancelled: bool = sqlx::query_scalar("SELECT cancel_asked FROM jobs WHERE id = ?")
            .bind(id.to_string())
            .fetch_one(&mut *on)
            .await?;

        let TakenUp { state, outcome, code, counts, wait } = row.taken_up(ended, cancelled, deaths);
        sqlx::query(
            "UPDATE jobs SET state = ?1, tries = tries + ?2, outcome = ?3, code = ?4, worker = NULL,
                claim_token = claim_token + 1, claim_expires_at = NULL, not_before = ?5 + ?7, rank = ?5 + ?7,
                offered_until = NULL,
                finished_at = CASE WHEN ?1 = 'queued' THEN NULL ELSE ?5 END
         WHERE id = ?6",
        )
        .bind(state.as_str())
        .bind(counts)
        .bind(outcome.map(Outcome::as_str))
        .bind(code.map(Code::as_str))
        .bind(self.clock.now())
        .bind(id.to_string())
        .bind(millis(wait))
        .execute(&mut *on)
        .await?;
        if state == JobState::Cancelled && ended.is_none() {
            log::note(on, &row.job, row.attempts, &cancelled_unbegun()).await?;
        }
        if state != JobState::Queued {
            self.announce(on, id, Duration::ZERO).await?;
        }
        Ok(true)
    }
}

/// Jobs and accounts that a dead worker holds, each with the token by which it does: what was taken over or
/// came back to life in between is left alone.
struct LeftBehind {
    jobs: Vec<(Uuid, i64)>,
    leases: Vec<(String, i64)>,
}

impl LeftBehind {
    fn is_empty(&self) -> bool {
        self.jobs.is_empty() && self.leases.is_empty()
    }
}
