use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::PgConnection;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::claim::{self, Claimed};
use super::value::{Reader, from_now, millis, to_i64};
use super::{Outlasts, PostgresStore, Write, answer, detached};
use crate::job::{AccountRef, Job, Verdict};
use crate::store::{
    AppGate, AttemptRow, Cancelling, Claim, Claiming, Delivered, Ending, Fence, IdEnd, JobPage, JobQuery,
    JobRow, JobState, Jobs, Lease, Requeueing, StoreError, Submitted, Taking, WorkerId,
};

// A claim that stands has an expiry, and a job that does not run has none. Writes under a claim go by that rather than by
// the state: the planner would take the small index of running jobs for the one of ids, and wade through those that
// have ended meanwhile.
#[async_trait]
impl Jobs for PostgresStore {
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
        let mut reader = self.reader().await?;
        answer(fetch(&mut reader, id)).await
    }

    async fn job_page(&self, query: &JobQuery) -> Result<JobPage, StoreError> {
        self.page_of_jobs(query).await
    }

    async fn jobs_ending(&self, end: &IdEnd) -> Result<Vec<Uuid>, StoreError> {
        let mut reader = self.reader().await?;
        let ids = sqlx::query_scalar(
            "SELECT id FROM (SELECT id FROM jobs ORDER BY seq DESC LIMIT $1) AS j WHERE id::text LIKE '%' || $2
             UNION
             SELECT job FROM (SELECT job FROM attempts ORDER BY seq DESC LIMIT $1) AS a WHERE job::text LIKE '%' || $2",
        );
        let ids = ids.bind(i64::from(IdEnd::AMONG)).bind(end.to_string());
        answer(ids.fetch_all(&mut *reader)).await
    }

    async fn waiting_and_running(&self) -> Result<(u64, u64), StoreError> {
        let mut reader = self.reader().await?;
        let counts = sqlx::query(
            "SELECT (SELECT count(*) FROM jobs WHERE state = 'queued') AS waiting,
                    (SELECT count(*) FROM jobs WHERE state = 'running') AS running",
        );
        let row = answer(counts.fetch_one(&mut *reader)).await?;
        let row = Reader(&row);
        Ok((row.token("waiting")?, row.token("running")?))
    }

    async fn claim_next(&self, worker: &WorkerId, ttl: Duration) -> Result<Option<Claim>, StoreError> {
        let (store, worker) = (self.clone(), worker.clone());
        detached(async move {
            let mut write = store.begin(claim::BEGIN).await?;
            let Some(row) = claim::next(&mut write, &worker, ttl).await? else { return Ok(None) };
            let claim = read_claim(&row, &worker)?;
            write.commit().await?;
            Ok(Some(claim))
        })
        .await
    }

    async fn claim_job(&self, id: Uuid, worker: &WorkerId, ttl: Duration) -> Result<Claiming, StoreError> {
        let (store, worker) = (self.clone(), worker.clone());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            write.lock_account_of(id).await?;
            match claim::this(&mut write, id, &worker, ttl).await? {
                Claimed::Row(row) => {
                    let claim = read_claim(&row, &worker)?;
                    write.commit().await?;
                    Ok(Claiming::Claimed(Box::new(claim)))
                }
                Claimed::AccountBusy => Ok(Claiming::AccountBusy),
                Claimed::NotQueued => Ok(Claiming::NotQueued),
            }
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
            // A lease that has expired is lost, also when nobody has taken the account over yet.
            let asked: Option<bool> = sqlx::query_scalar(
                "WITH renewed AS (
                     UPDATE leases SET expires_at = turnlock_now() + $1
                     WHERE account = $2 AND token = $3 AND expires_at > turnlock_now() RETURNING expires_at)
                 UPDATE jobs SET claim_expires_at = renewed.expires_at FROM renewed
                 WHERE id = $4 AND claim_token = $5 AND claim_expires_at IS NOT NULL RETURNING cancel_asked",
            )
            .bind(millis(ttl))
            .bind(claim.lease.account.to_string())
            .bind(to_i64(claim.lease.token))
            .bind(claim.job.id)
            .bind(to_i64(claim.token))
            .fetch_optional(write.on())
            .await?;
            let asked = asked.ok_or(StoreError::ClaimLost(claim.job.id))?;
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
                write.check_fence(Some(fence), &fence.account.to_string()).await?;
            }
            let job = sqlx::query("UPDATE jobs SET requested_by = $2, reason = $3 WHERE id = $1");
            job.bind(id).bind(&by).bind(&reason).execute(write.on()).await?;
            let attempt = sqlx::query("UPDATE attempts_under_way SET requested_by = $2 WHERE job = $1");
            attempt.bind(id).bind(&by).execute(write.on()).await?;
            write.commit().await
        })
        .await
    }

    async fn end(&self, claim: &Claim, ending: &Ending) -> Result<AttemptRow, StoreError> {
        let end = (claim.clone(), ending.clone());
        match &self.batches {
            Some(batches) => batches.end.write(end).await,
            None => self.clone().end_alone(end).await,
        }
    }

    async fn put_back(&self, claim: &Claim, not_before: Timestamp) -> Result<(), StoreError> {
        let (store, claim) = (self.clone(), claim.clone());
        detached(async move {
            let mut write = store.write_of(Outlasts::Crash, &claim.job.account).await?;
            let done = sqlx::query(
                "UPDATE jobs SET state = 'queued', not_before = turnlock_now() + $1, rank = turnlock_now() + $1 - $4,
                    attempts = attempts - 1, worker = NULL, claim_expires_at = NULL, offered_until = NULL
                 WHERE id = $2 AND claim_token = $3 AND claim_expires_at IS NOT NULL",
            )
            .bind(from_now(not_before))
            .bind(claim.job.id)
            .bind(to_i64(claim.token))
            .bind(claim.job.priority.head_start())
            .execute(write.on())
            .await?;
            held(done.rows_affected(), &claim)?;
            write.let_go(&claim.lease).await?;
            write.commit().await?;
            store.news.tell(&store.pool).await;
            Ok(())
        })
        .await
    }

    async fn cancel(&self, id: Uuid, why: &Verdict) -> Result<Cancelling, StoreError> {
        self.cancel_known(id, why).await
    }

    async fn cancel_ahead(&self, id: Uuid, why: &Verdict) -> Result<Cancelling, StoreError> {
        self.cancel_or_note(id, why).await
    }

    async fn requeue(&self, id: Uuid) -> Result<Requeueing, StoreError> {
        self.make_due(id).await
    }

    async fn forget_cancellations(&self, older_than: Duration) -> Result<u64, StoreError> {
        self.forget_notes(older_than).await
    }

    fn announce_ends(&self) {
        self.announcing.store(true, Ordering::Relaxed);
    }

    async fn take_announcements(&self, most: u32, hold: Duration) -> Result<Vec<JobRow>, StoreError> {
        self.give_out_announcements(most, hold).await
    }

    async fn announce_later(&self, jobs: &[Uuid]) -> Result<(), StoreError> {
        self.give_back_announcements(jobs.to_vec()).await
    }

    async fn announced(&self, jobs: &[Uuid]) -> Result<(), StoreError> {
        match (jobs, &self.batches) {
            ([job], Some(batches)) => batches.announced.write(*job).await,
            _ => self.note_announced(jobs.to_vec()).await,
        }
    }

    async fn recover(
        &self,
        is_dead: &(dyn for<'a> Fn(&'a WorkerId) -> bool + Send + Sync),
    ) -> Result<Vec<Uuid>, StoreError> {
        let jobs = self.take_up(is_dead).await?;
        if !jobs.is_empty() {
            self.news.tell(&self.pool).await;
        }
        Ok(jobs)
    }

    async fn take_offers(&self, most: u32, hold: Duration) -> Result<Vec<JobRow>, StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let rows = sqlx::query(
                "UPDATE jobs SET offered_until = turnlock_now() + $1 WHERE id IN (
                     SELECT id FROM jobs
                     WHERE state = 'queued' AND coalesce(offered_until, 0) < (SELECT turnlock_now())
                     ORDER BY coalesce(offered_until, 0) LIMIT $2 FOR UPDATE SKIP LOCKED)
                 RETURNING *, turnlock_now() AS asked_at",
            )
            .bind(millis(hold))
            .bind(i64::from(most))
            .fetch_all(write.on())
            .await?;
            write.commit().await?;
            rows.iter().map(read).collect()
        })
        .await
    }

    async fn offered(&self, id: Uuid, overdue: Duration) -> Result<(), StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            sqlx::query(
                "UPDATE jobs SET offered_until = greatest(not_before, turnlock_now()) + $1
                 WHERE id = $2 AND state = 'queued' AND offered_until IS NOT NULL",
            )
            .bind(millis(overdue))
            .bind(id)
            .execute(write.on())
            .await?;
            write.commit().await
        })
        .await
    }

    async fn jobs_changed(&self) {
        self.news.heard().await;
    }

    async fn open_reconciliation(&self, account: &AccountRef) -> Result<Option<JobRow>, StoreError> {
        let mut reader = self.reader().await?;
        let open = sqlx::query(
            "SELECT *, turnlock_now() AS asked_at FROM jobs
             WHERE account = $1 AND cause IS NOT NULL AND state IN ('queued', 'running') LIMIT 1",
        );
        let row = answer(open.bind(account.to_string()).fetch_optional(&mut *reader)).await?;
        row.as_ref().map(read).transpose()
    }

    async fn reconciliation_of(&self, candidate: Uuid) -> Result<Option<JobRow>, StoreError> {
        let mut reader = self.reader().await?;
        let caused = sqlx::query(
            "SELECT *, turnlock_now() AS asked_at FROM jobs WHERE cause = $1 ORDER BY seq DESC LIMIT 1",
        );
        let row = answer(caused.bind(candidate).fetch_optional(&mut *reader)).await?;
        row.as_ref().map(read).transpose()
    }
}

impl PostgresStore {
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
            // Waits for another submission of the same id that is under way.
            if let Some(state) = insert(&mut write, &job, not_before.map_or(0, from_now), told).await? {
                if state == JobState::Cancelled {
                    write.end_ahead(&job, store.announces()).await?;
                }
                write.commit().await?;
                store.news.tell(&store.pool).await;
                return Ok(Submitted::New);
            }
            let first = fetch(write.on(), job.id).await?.ok_or(StoreError::NoJob(job.id))?.job;
            Submitted::again(&first, &job)
        })
        .await
    }
}

impl Write {
    /// Waits for its turn at the account of a job, which never changes.
    pub(super) async fn lock_account_of(&mut self, job: Uuid) -> Result<(), StoreError> {
        let account: Option<String> = sqlx::query_scalar("SELECT account FROM jobs WHERE id = $1")
            .bind(job)
            .fetch_optional(self.on())
            .await?;
        self.lock(&account.ok_or(StoreError::NoJob(job))?).await
    }
}

pub(super) async fn fetch(on: &mut PgConnection, id: Uuid) -> Result<Option<JobRow>, StoreError> {
    let found = sqlx::query("SELECT *, turnlock_now() AS asked_at FROM jobs WHERE id = $1").bind(id);
    found.fetch_optional(on).await?.as_ref().map(read).transpose()
}

/// Writes a queued job down that is due in so many milliseconds, or a cancelled one, if it was cancelled ahead; `None`
/// if its id, or its cause, stands there already. One that is told of is not offered before it is overdue by so much.
pub(super) async fn insert(
    write: &mut Write,
    job: &Job,
    due_in: i64,
    told: Option<Duration>,
) -> Result<Option<JobState>, StoreError> {
    let row = sqlx::query(
        "INSERT INTO jobs (id, kind, account, requested_by, reason, evidence, deadline_ms, submitted_at, not_before,
                           cause, priority, rank, wait_for_human_ms, state, outcome, code, finished_at, traceparent,
                           offered_until)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, turnlock_now() + $9, $10, $11, turnlock_now() + $9 - $12, $14,
                CASE WHEN ahead THEN 'cancelled' ELSE 'queued' END, CASE WHEN ahead THEN 'interrupted' END,
                CASE WHEN ahead THEN 'cancelled' END, CASE WHEN ahead THEN turnlock_now() END, $13,
                turnlock_now() + greatest($9, 0) + $15
         FROM (SELECT EXISTS (SELECT 1 FROM cancellations WHERE id = $1) AS ahead) AS noted
         ON CONFLICT DO NOTHING RETURNING state",
    )
    .bind(job.id)
    .bind(job.kind.as_str())
    .bind(job.account.to_string())
    .bind(&job.requested_by)
    .bind(&job.reason)
    .bind(job.evidence)
    .bind(millis(job.deadline))
    .bind(job.submitted_at.as_millisecond())
    .bind(due_in)
    .bind(job.cause)
    .bind(job.priority.as_str())
    .bind(job.priority.head_start())
    .bind(job.trace.map(|trace| trace.to_string()))
    .bind(millis(job.wait_for_human))
    .bind(told.map(millis))
    .fetch_optional(write.on())
    .await?;
    row.as_ref().map(|row| Reader(row).parsed("state", "the state of a job")).transpose()
}

fn held(rows: u64, claim: &Claim) -> Result<(), StoreError> {
    if rows == 1 { Ok(()) } else { Err(StoreError::ClaimLost(claim.job.id)) }
}

pub(super) fn read(row: &PgRow) -> Result<JobRow, StoreError> {
    let row = Reader(row);
    Ok(JobRow {
        job: Job {
            id: row.id("id")?,
            kind: row.parsed("kind", "a kind of job")?,
            account: row.parsed("account", "an account")?,
            priority: row.parsed("priority", "a priority")?,
            requested_by: row.text_or_null("requested_by")?,
            reason: row.text_or_null("reason")?,
            evidence: row.flag("evidence")?,
            deadline: row.duration_or_null("deadline_ms")?.unwrap_or(crate::job::DEFAULT_DEADLINE),
            wait_for_human: row.duration_or_null("wait_for_human_ms")?.unwrap_or_default(),
            submitted_at: row.time("submitted_at")?,
            cause: row.id_or_null("cause")?,
            trace: row.text_or_null("traceparent")?.and_then(|text| text.parse().ok()),
        },
        state: row.parsed("state", "the state of a job")?,
        attempts: row.count("attempts")?,
        tries: row.count("tries")?,
        not_before: row.here("not_before")?,
        held_back: row.int_or_null("called_up_until")? == Some(0),
        cancel_asked: row.flag("cancel_asked")?,
        worker: row.worker_or_null("worker")?,
        outcome: row.parsed_or_null("outcome", "an outcome")?,
        code: row.parsed_or_null("code", "a code")?,
        finished_at: row.here_or_null("finished_at")?,
    })
}

pub(super) fn read_claim(row: &PgRow, worker: &WorkerId) -> Result<Claim, StoreError> {
    let state = read(row)?;
    let row = Reader(row);
    Ok(Claim {
        attempt: state.attempts,
        tries: state.tries,
        cancel_asked: row.flag("cancel_asked")?,
        queued_at: state.not_before.min(Timestamp::now()),
        token: row.token("claim_token")?,
        lease: Lease {
            account: state.job.account.clone(),
            worker: worker.clone(),
            token: row.token("lease_token")?,
            expires_at: row.time("lease_expires_at")?,
        },
        gate: AppGate::seen(row.flag_or_null("shut")?),
        job: state.job,
    })
}
