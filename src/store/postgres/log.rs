use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::value::{Reader, millis, now, to_i64};
use super::{Outlasts, PostgresStore, Write, answer, detached, in_time, months};
use crate::job::{Code, Job, Outcome, Verdict};
use crate::store::jobs::NOBODY;
use crate::store::recovery::died;
use crate::store::{
    AttemptRow, Fence, Log, LogPage, LogQuery, NewAttempt, Provenance, Step, StoreError, WorkerId,
};

#[async_trait]
impl Log for PostgresStore {
    async fn start_attempt(&self, new: &NewAttempt, fence: Option<&Fence>) -> Result<(), StoreError> {
        let begin = (new.clone(), fence.cloned());
        match &self.batches {
            Some(batches) => batches.begin.write(begin).await,
            None => self.clone().begin_alone(begin).await,
        }
    }

    async fn write_steps(
        &self,
        attempt: Uuid,
        steps: &[Step],
        fence: Option<&Fence>,
    ) -> Result<(), StoreError> {
        let (store, steps, fence) = (self.clone(), steps.to_vec(), fence.cloned());
        detached(async move {
            if steps.is_empty() {
                return Ok(());
            }
            let mut write = store.write(Outlasts::Crash).await?;
            let began_at = write.check_open(attempt, fence.as_ref()).await?;
            for step in steps {
                sqlx::query(
                    "INSERT INTO automation_step (attempt, began_at, seq, step, summary, started_at, duration_ms,
                                                  result, detail)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                     ON CONFLICT (attempt, seq, began_at) DO UPDATE SET duration_ms = $7, result = $8, detail = $9
                     WHERE automation_step.result IS NULL",
                )
                .bind(attempt)
                .bind(began_at)
                .bind(i64::from(step.seq))
                .bind(&step.id)
                .bind(&step.summary)
                .bind(step.started_at.as_millisecond())
                .bind(step.duration.map(millis))
                .bind(step.result.map(|result| result.as_str()))
                .bind(&step.detail)
                .execute(write.on())
                .await?;
            }
            write.commit().await
        })
        .await
    }

    async fn end_attempt(
        &self,
        attempt: Uuid,
        verdict: &Verdict,
        with: &Provenance,
        fence: Option<&Fence>,
    ) -> Result<AttemptRow, StoreError> {
        let (store, verdict, with, fence) = (self.clone(), verdict.clone(), with.clone(), fence.cloned());
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            write.check_open(attempt, fence.as_ref()).await?;
            let row = end(&mut write, attempt, &verdict, &with).await?;
            write.commit().await?;
            Ok(row)
        })
        .await
    }

    async fn log_page(&self, query: &LogQuery) -> Result<LogPage, StoreError> {
        self.page(query).await
    }

    async fn log_changes(&self, after: i64, limit: u32) -> Result<Vec<AttemptRow>, StoreError> {
        let mut reader = self.reader().await?;
        // Two statements: the rows are to be seen as they are behind the look at who writes. See the migration.
        let settled: i64 =
            answer(sqlx::query_scalar("SELECT turnlock_settled_changes()").fetch_one(&mut *reader)).await?;
        if settled <= after {
            return Ok(Vec::new());
        }
        let changes = sqlx::query(
            "SELECT * FROM attempts WHERE changed > $1 AND changed <= $2 ORDER BY changed LIMIT $3",
        )
        .bind(after)
        .bind(settled)
        .bind(i64::from(limit));
        let rows = answer(changes.fetch_all(&mut *reader)).await?;
        rows.iter().map(read).collect()
    }

    async fn log_cursor(&self) -> Result<i64, StoreError> {
        let mut reader = self.reader().await?;
        let settled: i64 =
            answer(sqlx::query_scalar("SELECT turnlock_settled_changes()").fetch_one(&mut *reader)).await?;
        let newest = sqlx::query_scalar(
            "SELECT changed FROM attempts WHERE changed <= $1 ORDER BY changed DESC LIMIT 1",
        );
        let newest: Option<i64> = answer(newest.bind(settled).fetch_optional(&mut *reader)).await?;
        Ok(newest.unwrap_or(0))
    }

    async fn attempt(&self, id: Uuid) -> Result<Option<AttemptRow>, StoreError> {
        let mut reader = self.reader().await?;
        let found = sqlx::query("SELECT * FROM attempts WHERE id = $1").bind(id);
        let row = answer(found.fetch_optional(&mut *reader)).await?;
        row.as_ref().map(read).transpose()
    }

    async fn tend_log(&self, keep_from: Option<Timestamp>) -> Result<Vec<String>, StoreError> {
        self.months.forget();
        self.months.make_ahead(&self.pool, Timestamp::now()).await;
        match keep_from {
            Some(keep_from) => months::put_aside(&self.pool, keep_from).await,
            None => Ok(Vec::new()),
        }
    }

    async fn log_steps(&self, attempt: Uuid) -> Result<Vec<Step>, StoreError> {
        let mut reader = self.reader().await?;
        let steps =
            sqlx::query("SELECT * FROM automation_step WHERE attempt = $1 ORDER BY seq").bind(attempt);
        let rows = answer(steps.fetch_all(&mut *reader)).await?;
        rows.iter().map(read_step).collect()
    }
}

/// An attempt that begins, under its lease.
pub(super) type Begin = (NewAttempt, Option<Fence>);

/// Those whose leases hold, or that need none. The leases' rows stay locked, so that nobody, not even by hand, takes
/// one over before the write is committed; those that somebody else has locked are left to be begun alone.
const BEGIN: &str = "
    WITH given AS MATERIALIZED (
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[],
                             $8::bigint[], $9::bigint[], $10::bigint[])
             AS g (id, job, kind, app, account, attempt, worker, queued_at, started_at, token)),
    turn AS MATERIALIZED (SELECT turnlock_next_change() AS drawn),
    held AS MATERIALIZED (
        SELECT g.id FROM given AS g JOIN leases AS l ON l.account = g.account
        WHERE l.token = g.token AND l.expires_at > turnlock_now() FOR SHARE OF l SKIP LOCKED)
    INSERT INTO attempts_under_way (changed, id, job, kind, app, account, attempt, worker, queued_at, started_at,
                                    requested_by)
    SELECT greatest(t.drawn, nextval('automation_log_changed')), g.id, g.job, g.kind, g.app, g.account, g.attempt,
           g.worker, g.queued_at, g.started_at, (SELECT requested_by FROM jobs WHERE id = g.job)
    FROM given AS g, turn AS t WHERE g.token IS NULL OR EXISTS (SELECT 1 FROM held AS h WHERE h.id = g.id)
    RETURNING id";

impl PostgresStore {
    pub(super) async fn begin_together(self, many: Arc<Vec<Begin>>) -> Result<Vec<Option<()>>, StoreError> {
        in_time(async move {
            for (new, _) in many.iter() {
                self.months.make_room(&self.pool, new.started_at).await;
            }
            let mut write = self.write_many(Outlasts::Crash).await?;
            let begun = write.begin_attempts(&many).await?;
            write.commit().await?;
            Ok(many.iter().map(|(new, _)| begun.contains(&new.id).then_some(())).collect())
        })
        .await
    }

    pub(super) async fn begin_alone(self, one: Begin) -> Result<(), StoreError> {
        in_time(async move {
            let (new, fence) = one;
            self.months.make_room(&self.pool, new.started_at).await;
            let mut write = self.write_many(Outlasts::Crash).await?;
            write.check_fence(fence.as_ref(), &new.account.to_string()).await?;
            write.begin_attempts(&[(new, None)]).await?;
            write.commit().await
        })
        .await
    }
}

impl Write {
    async fn begin_attempts(&mut self, many: &[Begin]) -> Result<HashSet<Uuid>, StoreError> {
        let text = |of: fn(&NewAttempt) -> String| many.iter().map(|(new, _)| of(new)).collect::<Vec<_>>();
        let number = |of: fn(&NewAttempt) -> i64| many.iter().map(|(new, _)| of(new)).collect::<Vec<_>>();
        let begun: Vec<Uuid> = sqlx::query_scalar(BEGIN)
            .bind(many.iter().map(|(new, _)| new.id).collect::<Vec<_>>())
            .bind(many.iter().map(|(new, _)| new.job).collect::<Vec<_>>())
            .bind(text(|new| new.kind.as_str().to_owned()))
            .bind(text(|new| new.account.app().to_owned()))
            .bind(text(|new| new.account.to_string()))
            .bind(number(|new| new.number.into()))
            .bind(text(|new| new.worker.as_str().to_owned()))
            .bind(number(|new| new.queued_at.as_millisecond()))
            .bind(number(|new| new.started_at.as_millisecond()))
            .bind(
                many.iter()
                    .map(|(_, fence)| fence.as_ref().map(|fence| to_i64(fence.token)))
                    .collect::<Vec<_>>(),
            )
            .fetch_all(self.on())
            .await?;
        Ok(begun.into_iter().collect())
    }

    /// Refuses to change an attempt that has ended, or under a lease that was lost. Locks its row, so that nobody ends
    /// it meanwhile, and returns when it began, which tells its partition.
    pub(super) async fn check_open(
        &mut self,
        attempt: Uuid,
        fence: Option<&Fence>,
    ) -> Result<i64, StoreError> {
        let row = sqlx::query("SELECT account, started_at FROM attempts_under_way WHERE id = $1 FOR UPDATE")
            .bind(attempt)
            .fetch_optional(self.on())
            .await?;
        if let Some(row) = row {
            let row = Reader(&row);
            self.check_fence(fence, &row.text("account")?).await?;
            return row.int("started_at");
        }
        // A statement of its own: whoever was waited for may have ended it.
        let ended: Option<String> = sqlx::query_scalar("SELECT account FROM automation_log WHERE id = $1")
            .bind(attempt)
            .fetch_optional(self.on())
            .await?;
        let Some(account) = ended else { return Err(StoreError::NoAttempt(attempt)) };
        self.check_fence(fence, &account).await?;
        Err(StoreError::AttemptEnded(attempt))
    }
}

async fn end(
    write: &mut Write,
    attempt: Uuid,
    verdict: &Verdict,
    with: &Provenance,
) -> Result<AttemptRow, StoreError> {
    let row = sqlx::query(
        "WITH gone AS (DELETE FROM attempts_under_way WHERE id = $10 RETURNING *)
         INSERT INTO automation_log (seq, changed, id, job, kind, app, account, attempt, outcome, code, message,
                                     user_action, playbook, playbook_hash, browser_version, evidence_path, worker,
                                     queued_at, started_at, ended_at, duration_ms, requested_by)
         SELECT seq, turnlock_next_change(), id, job, kind, app, account, attempt, $1, $2, $3, $4, $5, $6, $7, $8,
                worker, queued_at, started_at, $9, greatest(0, $9 - started_at), requested_by
         FROM gone RETURNING *",
    )
    .bind(verdict.outcome.as_str())
    .bind(verdict.code.as_str())
    .bind(&verdict.message)
    .bind(verdict.code.user_action())
    .bind(&with.playbook)
    .bind(&with.playbook_hash)
    .bind(&with.browser_version)
    .bind(with.evidence.as_ref().map(|path| path.to_string_lossy().into_owned()))
    .bind(now())
    .bind(attempt)
    .fetch_one(write.on())
    .await?;
    read(&row)
}

/// Writes down how a job ended that no attempt was made at: as one that began and ended now.
pub(super) async fn note(
    write: &mut Write,
    job: &Job,
    number: u32,
    verdict: &Verdict,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO automation_log (changed, id, job, kind, app, account, attempt, worker, queued_at, started_at,
                                     ended_at, duration_ms, outcome, code, message, user_action, requested_by)
         VALUES (turnlock_next_change(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 0, $10, $11, $12, $13, $14)",
    )
    .bind(Uuid::now_v7())
    .bind(job.id)
    .bind(job.kind.as_str())
    .bind(job.account.app())
    .bind(job.account.to_string())
    .bind(i64::from(number))
    .bind(NOBODY)
    .bind(job.submitted_at.as_millisecond())
    .bind(now())
    .bind(verdict.outcome.as_str())
    .bind(verdict.code.as_str())
    .bind(&verdict.message)
    .bind(verdict.code.user_action())
    .bind(&job.requested_by)
    .execute(write.on())
    .await?;
    Ok(())
}

/// Ends what a dead worker left open. If a candidate of this job (or of the account, where the job is to reconcile it)
/// was submitted and nobody knows what came of it, that is what the outcome says. Returns over how many attempts at the
/// job workers have died.
pub(super) async fn end_open_attempts(write: &mut Write, job: Uuid) -> Result<u32, StoreError> {
    let submitted: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM jobs AS j
                        JOIN candidates AS c ON c.job = j.id OR (j.kind = 'reconcile' AND c.account = j.account)
                        WHERE j.id = $1 AND c.state = 'pending' AND c.submitted_at IS NOT NULL)",
    )
    .bind(job)
    .fetch_one(write.on())
    .await?;
    let died_before: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM automation_log WHERE job = $1 AND code IN ('worker_died', 'answer_lost')",
    )
    .bind(job)
    .fetch_one(write.on())
    .await?;
    let mut deaths = u32::try_from(died_before).unwrap_or(u32::MAX);
    let open: Vec<Uuid> =
        sqlx::query_scalar("SELECT id FROM attempts_under_way WHERE job = $1 ORDER BY seq FOR UPDATE")
            .bind(job)
            .fetch_all(write.on())
            .await?;
    for attempt in open {
        end(write, attempt, &died(submitted, deaths), &Provenance::default()).await?;
        deaths += 1;
    }
    Ok(deaths)
}

/// How the attempt of this number ended, if it began and ended.
pub(super) async fn verdict_of(
    write: &mut Write,
    job: Uuid,
    number: u32,
) -> Result<Option<(Outcome, Code)>, StoreError> {
    let row = sqlx::query("SELECT outcome, code FROM automation_log WHERE job = $1 AND attempt = $2")
        .bind(job)
        .bind(i64::from(number))
        .fetch_optional(write.on())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let row = Reader(&row);
    Ok(Some((row.parsed("outcome", "an outcome")?, row.parsed("code", "a code")?)))
}

pub(super) fn read(row: &PgRow) -> Result<AttemptRow, StoreError> {
    let row = Reader(row);
    let outcome: Option<Outcome> = row.parsed_or_null("outcome", "an outcome")?;
    let code: Option<Code> = row.parsed_or_null("code", "a code")?;
    let verdict = outcome.zip(code);
    let message = row.text_or_null("message")?.unwrap_or_default();
    Ok(AttemptRow {
        seq: row.int("seq")?,
        changed: row.int("changed")?,
        id: row.id("id")?,
        job: row.id("job")?,
        kind: row.parsed("kind", "a kind of job")?,
        account: row.parsed("account", "an account")?,
        requested_by: row.text_or_null("requested_by")?,
        number: row.count("attempt")?,
        worker: WorkerId::new(row.text("worker")?),
        queued_at: row.time("queued_at")?,
        started_at: row.time("started_at")?,
        ended_at: row.time_or_null("ended_at")?,
        duration: row.duration_or_null("duration_ms")?,
        verdict: verdict.map(|(outcome, code)| Verdict { outcome, code, message }),
        user_action: row.text_or_null("user_action")?,
        provenance: Provenance {
            playbook: row.text_or_null("playbook")?,
            playbook_hash: row.text_or_null("playbook_hash")?,
            browser_version: row.text_or_null("browser_version")?,
            evidence: row.text_or_null("evidence_path")?.map(Into::into),
        },
    })
}

fn read_step(row: &PgRow) -> Result<Step, StoreError> {
    let row = Reader(row);
    Ok(Step {
        seq: row.count("seq")?,
        id: row.text("step")?,
        summary: row.text("summary")?,
        started_at: row.time("started_at")?,
        duration: row.duration_or_null("duration_ms")?,
        result: row.parsed_or_null("result", "the result of a step")?,
        detail: row.text_or_null("detail")?,
    })
}
