use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::cancellations::Unknown;
use super::gates::{shut, shut_apps};
use super::value::{Reader, millis, to_i64};
use super::{Outlasts, SqliteStore, detached, leases, log};
use crate::job::{AccountRef, Job, Verdict};
use crate::store::jobs::cancelled_ahead;
use crate::store::{
    AppGate, AttemptRow, Cancelling, Claim, Claiming, Delivered, Ending, Fence, IdEnd, JobPage, JobQuery,
    JobRow, JobState, Jobs, Requeueing, StoreError, Submitted, Taking, WorkerId,
};

/// Nobody holds the account of `j`: no running job, no lease that has not expired at `?1`, and no reconciliation
/// that is still to come. One that is asked for by hand need not wait for that.
macro_rules! account_is_free {
    () => {
        "NOT EXISTS (SELECT 1 FROM jobs AS r WHERE r.account = j.account AND r.state = 'running')
         AND NOT EXISTS (SELECT 1 FROM leases AS l WHERE l.account = j.account AND l.expires_at > ?1)
         AND (j.kind = 'reconcile' OR NOT EXISTS (
              SELECT 1 FROM jobs AS o
              WHERE o.account = j.account AND o.cause IS NOT NULL AND o.state IN ('queued', 'running')))"
    };
}

/// Reconciliations that Turnlock owes come before all else.
const NEXT_OWED: &str = concat!(
    "SELECT j.id FROM jobs AS j INDEXED BY jobs_owed
     WHERE j.state = 'queued' AND j.cause IS NOT NULL AND j.not_before <= ?1 AND ",
    account_is_free!(),
    " AND j.app NOT IN (",
    shut_apps!(),
    ") ORDER BY j.rank, j.seq LIMIT 1"
);

/// NULL where an app is shut, whose jobs may be all that there are but the last: see the next.
const NEXT: &str = concat!(
    "SELECT CASE WHEN NOT EXISTS (",
    shut_apps!(),
    ") THEN (SELECT j.id FROM jobs AS j WHERE j.state = 'queued' AND j.not_before <= ?1 AND ",
    account_is_free!(),
    " ORDER BY j.rank, j.seq LIMIT 1) END"
);

/// The next of the apps that are not shut: the first of each, from one app to the next by their index.
const NEXT_OF_OPEN: &str = concat!(
    "WITH RECURSIVE apps (app) AS (
         SELECT (SELECT j.app FROM jobs AS j WHERE j.state = 'queued' ORDER BY j.app LIMIT 1)
         UNION ALL
         SELECT (SELECT j.app FROM jobs AS j WHERE j.state = 'queued' AND j.app > apps.app ORDER BY j.app LIMIT 1)
         FROM apps WHERE apps.app IS NOT NULL)
     SELECT f.id FROM apps CROSS JOIN jobs AS f
     WHERE apps.app IS NOT NULL AND apps.app NOT IN (",
    shut_apps!(),
    ") AND f.seq = (
         SELECT j.seq FROM jobs AS j INDEXED BY jobs_by_app
         WHERE j.state = 'queued' AND j.app = apps.app AND j.not_before <= ?1 AND ",
    account_is_free!(),
    "    ORDER BY j.rank, j.seq LIMIT 1)
     ORDER BY f.rank, f.seq LIMIT 1"
);

/// What the subqueries see of this very job may be old or new: they leave it out. `?5` says whether the gate of its app is
/// shut for one that comes before others that were held back and come first.
const CLAIM: &str = concat!(
    "UPDATE jobs SET state = 'running', attempts = attempts + 1, worker = ?2, claim_token = claim_token + 1,
            claim_expires_at = ?3, called_up_until = NULL
     WHERE id = ?4
     RETURNING *, (SELECT coalesce(",
    shut!("jobs.id"),
    ", 0) OR (?5 AND EXISTS (
             SELECT 1 FROM jobs AS h WHERE h.state = 'queued' AND h.app = jobs.app AND h.called_up_until = 0
                                       AND (h.rank, h.seq) < (jobs.rank, jobs.seq)))
         FROM app_gates AS g WHERE g.app = jobs.app) AS shut"
);

/// Whether a claim looks out for jobs of the app that were held back and come first.
pub(super) struct InTurn(pub bool);

const FREE: &str = concat!("SELECT 1 FROM jobs AS j WHERE j.id = ?2 AND ", account_is_free!());

#[async_trait]
impl Jobs for SqliteStore {
    async fn submit(&self, job: &Job, not_before: Option<Timestamp>) -> Result<Submitted, StoreError> {
        self.write_down(job, not_before, None).await
    }

    async fn submit_told(
        &self,
        job: &Job,
        not_before: Option<Timestamp>,
        overdue: Duration,
    ) -> Result<Submitted, StoreError> {
        self.write_down(job, not_before, Some(overdue)).await
    }

    async fn job(&self, id: Uuid) -> Result<Option<JobRow>, StoreError> {
        let mut reader = self.readers.acquire().await?;
        self.fetch_job(&mut reader, id).await
    }

    async fn job_page(&self, query: &JobQuery) -> Result<JobPage, StoreError> {
        self.page_of_jobs(query).await
    }

    async fn jobs_ending(&self, end: &IdEnd) -> Result<Vec<Uuid>, StoreError> {
        let rows = sqlx::query(
            "SELECT id FROM (SELECT id FROM jobs ORDER BY seq DESC LIMIT ?1) WHERE id LIKE '%' || ?2
             UNION
             SELECT job FROM (SELECT job FROM automation_log ORDER BY seq DESC LIMIT ?1) WHERE job LIKE '%' || ?2",
        );
        let rows = rows.bind(IdEnd::AMONG).bind(end.to_string()).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Reader(row).id("id")).collect()
    }

    async fn waiting_and_running(&self) -> Result<(u64, u64), StoreError> {
        let row = sqlx::query(
            "SELECT (SELECT count(*) FROM jobs WHERE state = 'queued') AS waiting,
                    (SELECT count(*) FROM jobs WHERE state = 'running') AS running",
        )
        .fetch_one(&self.readers)
        .await?;
        let row = Reader(&row);
        Ok((row.token("waiting")?, row.token("running")?))
    }

    async fn claim_next(&self, worker: &WorkerId, ttl: Duration) -> Result<Option<Claim>, StoreError> {
        // Looking costs no lock; an idle worker looks often.
        if next(&mut *self.readers.acquire().await?, self.clock.now()).await?.is_none() {
            return Ok(None);
        }
        let (store, worker) = (self.clone(), worker.clone());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let Some(id) = next(write.on(), store.clock.now()).await? else { return Ok(None) };
            let claim = store.claim(write.on(), &id, &worker, ttl, InTurn(false)).await?;
            write.commit().await?;
            Ok(Some(claim))
        })
        .await
    }

    async fn claim_job(&self, id: Uuid, worker: &WorkerId, ttl: Duration) -> Result<Claiming, StoreError> {
        let (store, worker) = (self.clone(), worker.clone());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let row = store.fetch_job(write.on(), id).await?.ok_or(StoreError::NoJob(id))?;
            if row.state != JobState::Queued {
                return Ok(Claiming::NotQueued);
            }
            if !store.is_free(write.on(), id).await? {
                return Ok(Claiming::AccountBusy);
            }
            let claim = store.claim(write.on(), &id.to_string(), &worker, ttl, InTurn(false)).await?;
            write.commit().await?;
            Ok(Claiming::Claimed(Box::new(claim)))
        })
        .await
    }

    async fn claim_delivered(
        &self,
        jobs: &[Delivered],
        worker: &WorkerId,
        ttl: Duration,
        overdue: Duration,
    ) -> Result<Vec<Taking>, StoreError> {
        self.take_delivered(jobs, worker, ttl, overdue).await
    }

    async fn heartbeat(&self, claim: &Claim, ttl: Duration) -> Result<bool, StoreError> {
        let (store, claim) = (self.clone(), claim.clone());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let now = store.clock.now();
            let until = now.saturating_add(millis(ttl));
            // One that has expired is lost, also when nobody has taken the account over yet.
            let renewed = sqlx::query(
                "UPDATE leases SET expires_at = ? WHERE account = ? AND token = ? AND expires_at > ?",
            )
            .bind(until)
            .bind(claim.lease.account.to_string())
            .bind(to_i64(claim.lease.token))
            .bind(now)
            .execute(write.on())
            .await?;
            held(renewed.rows_affected(), &claim)?;
            let row = sqlx::query(
                "UPDATE jobs SET claim_expires_at = ? WHERE id = ? AND claim_token = ? AND state = 'running'
                 RETURNING cancel_asked",
            )
            .bind(until)
            .bind(claim.job.id.to_string())
            .bind(to_i64(claim.token))
            .fetch_optional(write.on())
            .await?;
            let asked = Reader(&row.ok_or(StoreError::ClaimLost(claim.job.id))?).int("cancel_asked")? != 0;
            write.commit().await?;
            Ok(asked)
        })
        .await
    }

    async fn reword_job(
        &self,
        id: Uuid,
        requested_by: Option<&str>,
        reason: Option<&str>,
        fence: Option<&Fence>,
    ) -> Result<(), StoreError> {
        let words = [requested_by, reason].map(|words| words.map(str::to_owned));
        let (store, [by, reason], fence) = (self.clone(), words, fence.cloned());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            if let Some(fence) = &fence {
                store.check_fence(write.on(), Some(fence), &fence.account.to_string()).await?;
            }
            let job = sqlx::query("UPDATE jobs SET requested_by = ?2, reason = ?3 WHERE id = ?1");
            job.bind(id.to_string()).bind(&by).bind(&reason).execute(write.on()).await?;
            let attempt =
                sqlx::query("UPDATE automation_log SET requested_by = ?2 WHERE job = ?1 AND outcome IS NULL");
            attempt.bind(id.to_string()).bind(&by).execute(write.on()).await?;
            write.commit().await
        })
        .await
    }

    async fn end(&self, claim: &Claim, ending: &Ending) -> Result<AttemptRow, StoreError> {
        self.end_claimed(claim, ending).await
    }

    async fn put_back(&self, claim: &Claim, not_before: Timestamp) -> Result<(), StoreError> {
        let (store, claim) = (self.clone(), claim.clone());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let done = sqlx::query(
                "UPDATE jobs SET state = 'queued', not_before = ?1, rank = ?1 - ?2, attempts = attempts - 1,
                    worker = NULL, claim_expires_at = NULL, offered_until = NULL
             WHERE id = ?3 AND claim_token = ?4 AND state = 'running'",
            )
            .bind(store.clock.of_wall(not_before))
            .bind(claim.job.priority.head_start())
            .bind(claim.job.id.to_string())
            .bind(to_i64(claim.token))
            .execute(write.on())
            .await?;
            held(done.rows_affected(), &claim)?;
            store.let_go(write.on(), &claim).await?;
            write.commit().await
        })
        .await
    }

    async fn cancel(&self, id: Uuid, why: &Verdict) -> Result<Cancelling, StoreError> {
        self.cancel_or(id, why, Unknown::IsAnError).await
    }

    async fn cancel_ahead(&self, id: Uuid, why: &Verdict) -> Result<Cancelling, StoreError> {
        self.cancel_or(id, why, Unknown::IsNoted).await
    }

    async fn requeue(&self, id: Uuid) -> Result<Requeueing, StoreError> {
        self.make_due(id).await
    }

    async fn forget_cancellations(&self, older_than: Duration) -> Result<u64, StoreError> {
        self.forget_notes(older_than).await
    }

    async fn take_offers(&self, most: u32, hold: Duration) -> Result<Vec<JobRow>, StoreError> {
        self.give_out_offers(most, hold).await
    }

    async fn offered(&self, id: Uuid, overdue: Duration) -> Result<(), StoreError> {
        self.note_offer(id, overdue).await
    }

    fn announce_ends(&self) {
        self.announcing.store(true, Ordering::Relaxed);
    }

    async fn take_announcements(&self, most: u32, hold: Duration) -> Result<Vec<JobRow>, StoreError> {
        self.give_out_announcements(most, hold).await
    }

    async fn announce_later(&self, jobs: &[Uuid]) -> Result<(), StoreError> {
        self.give_back_announcements(jobs).await
    }

    async fn announced(&self, jobs: &[Uuid]) -> Result<(), StoreError> {
        self.note_announced(jobs).await
    }

    async fn recover(
        &self,
        is_dead: &(dyn for<'a> Fn(&'a WorkerId) -> bool + Send + Sync),
    ) -> Result<Vec<Uuid>, StoreError> {
        self.take_up(is_dead).await
    }

    async fn jobs_changed(&self) {
        // Nobody tells another process that a file has changed.
        std::future::pending().await
    }

    async fn open_reconciliation(&self, account: &AccountRef) -> Result<Option<JobRow>, StoreError> {
        let row = sqlx::query(
            "SELECT * FROM jobs WHERE account = ? AND cause IS NOT NULL AND state IN ('queued', 'running')",
        )
        .bind(account.to_string())
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(|row| self.read_job(row)).transpose()
    }

    async fn reconciliation_of(&self, candidate: Uuid) -> Result<Option<JobRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM jobs WHERE cause = ? ORDER BY seq DESC LIMIT 1")
            .bind(candidate.to_string())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(|row| self.read_job(row)).transpose()
    }
}

impl SqliteStore {
    pub(super) async fn fetch_job(
        &self,
        on: &mut SqliteConnection,
        id: Uuid,
    ) -> Result<Option<JobRow>, StoreError> {
        let row =
            sqlx::query("SELECT * FROM jobs WHERE id = ?").bind(id.to_string()).fetch_optional(on).await?;
        row.as_ref().map(|row| self.read_job(row)).transpose()
    }

    pub(super) fn read_job(&self, row: &SqliteRow) -> Result<JobRow, StoreError> {
        let row = Reader(row);
        Ok(JobRow {
            job: Job {
                id: row.id("id")?,
                kind: row.parsed("kind", "a kind of job")?,
                account: row.parsed("account", "an account")?,
                priority: row.parsed("priority", "a priority")?,
                requested_by: row.text_or_null("requested_by")?,
                reason: row.text_or_null("reason")?,
                evidence: row.int("evidence")? != 0,
                deadline: row.duration_or_null("deadline_ms")?.unwrap_or(crate::job::DEFAULT_DEADLINE),
                wait_for_human: row.duration_or_null("wait_for_human_ms")?.unwrap_or_default(),
                submitted_at: row.time("submitted_at")?,
                cause: row.id_or_null("cause")?,
                trace: row.text_or_null("traceparent")?.and_then(|text| text.parse().ok()),
            },
            state: row.parsed("state", "the state of a job")?,
            attempts: row.count("attempts")?,
            tries: row.count("tries")?,
            not_before: self.clock.wall(row.time("not_before")?),
            held_back: row.int_or_null("called_up_until")? == Some(0),
            cancel_asked: row.int("cancel_asked")? != 0,
            worker: row.worker_or_null("worker")?,
            outcome: row.parsed_or_null("outcome", "an outcome")?,
            code: row.parsed_or_null("code", "a code")?,
            finished_at: row.time_or_null("finished_at")?.map(|at| self.clock.wall(at)),
        })
    }

    /// Claims a job that is queued and whose account is free.
    pub(super) async fn claim(
        &self,
        on: &mut SqliteConnection,
        id: &str,
        worker: &WorkerId,
        ttl: Duration,
        in_turn: InTurn,
    ) -> Result<Claim, StoreError> {
        let now = self.clock.now();
        let until = now.saturating_add(millis(ttl));
        let row = sqlx::query(CLAIM)
            .bind(now)
            .bind(worker.as_str())
            .bind(until)
            .bind(id)
            .bind(in_turn.0)
            .fetch_one(&mut *on)
            .await?;
        let state = self.read_job(&row)?;
        let account = &state.job.account;
        let lease = leases::take(on, account, worker, now, until).await?;
        Ok(Claim {
            attempt: state.attempts,
            tries: state.tries,
            cancel_asked: Reader(&row).int("cancel_asked")? != 0,
            queued_at: state.not_before.min(Timestamp::now()),
            token: Reader(&row).token("claim_token")?,
            lease: lease.ok_or_else(|| StoreError::LeaseLost(account.clone()))?,
            gate: AppGate::seen(Reader(&row).flag_or_null("shut")?),
            job: state.job,
        })
    }

    /// Submits a job; if a queue outside of the database has been told of it, it is not offered before it is overdue by so
    /// much.
    async fn write_down(
        &self,
        job: &Job,
        not_before: Option<Timestamp>,
        told: Option<Duration>,
    ) -> Result<Submitted, StoreError> {
        let (store, job) = (self.clone(), job.clone());
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            let due = not_before.map_or_else(|| store.clock.now(), |at| store.clock.of_wall(at));
            if store.insert(write.on(), &job, due).await? {
                if let Some(overdue) = told {
                    store.hold_offer(write.on(), job.id, overdue).await?;
                }
                write.commit().await?;
                return Ok(Submitted::New);
            }
            let first = store.fetch_job(write.on(), job.id).await?.ok_or(StoreError::NoJob(job.id))?.job;
            Submitted::again(&first, &job)
        })
        .await
    }

    /// Writes a queued job down, or a cancelled one, if it was cancelled ahead; `false` if its id, or its cause, stands
    /// there already.
    pub(super) async fn insert(
        &self,
        on: &mut SqliteConnection,
        job: &Job,
        due: i64,
    ) -> Result<bool, StoreError> {
        let state: Option<String> = sqlx::query_scalar(
            "INSERT INTO jobs (id, kind, account, priority, requested_by, reason, evidence, deadline_ms, submitted_at,
                               not_before, rank, cause, wait_for_human_ms, state, outcome, code, finished_at, traceparent)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?15, CASE WHEN ahead THEN 'cancelled' ELSE 'queued' END,
                    CASE WHEN ahead THEN 'interrupted' END, CASE WHEN ahead THEN 'cancelled' END,
                    CASE WHEN ahead THEN ?13 END, ?14
             FROM (SELECT EXISTS (SELECT 1 FROM cancellations WHERE id = ?1) AS ahead) WHERE true
             ON CONFLICT DO NOTHING RETURNING state",
        )
        .bind(job.id.to_string())
        .bind(job.kind.as_str())
        .bind(job.account.to_string())
        .bind(job.priority.as_str())
        .bind(&job.requested_by)
        .bind(&job.reason)
        .bind(job.evidence)
        .bind(millis(job.deadline))
        .bind(job.submitted_at.as_millisecond())
        .bind(due)
        .bind(due - job.priority.head_start())
        .bind(job.cause.map(|id| id.to_string()))
        .bind(self.clock.now())
        .bind(job.trace.map(|trace| trace.to_string()))
        .bind(millis(job.wait_for_human))
        .fetch_optional(&mut *on)
        .await?;
        if state.as_deref() == Some(JobState::Cancelled.as_str()) {
            log::note(on, job, 1, &cancelled_ahead()).await?;
            self.announce(on, job.id, Duration::ZERO).await?;
        }
        Ok(state.is_some())
    }

    pub(super) async fn is_free(&self, on: &mut SqliteConnection, id: Uuid) -> Result<bool, StoreError> {
        let free: Option<i64> =
            sqlx::query_scalar(FREE).bind(self.clock.now()).bind(id.to_string()).fetch_optional(on).await?;
        Ok(free.is_some())
    }
}

pub(super) fn held(rows: u64, claim: &Claim) -> Result<(), StoreError> {
    if rows == 1 { Ok(()) } else { Err(StoreError::ClaimLost(claim.job.id)) }
}

async fn next(on: &mut SqliteConnection, now: i64) -> Result<Option<String>, StoreError> {
    for sql in [NEXT_OWED, NEXT, NEXT_OF_OPEN] {
        let found: Option<Option<String>> =
            sqlx::query_scalar(sql).bind(now).fetch_optional(&mut *on).await?;
        if let Some(Some(id)) = found {
            return Ok(Some(id));
        }
    }
    Ok(None)
}
