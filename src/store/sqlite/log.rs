use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::value::{Reader, millis, now};
use super::{Outlasts, SqliteStore, detached};
use crate::job::{Code, Job, Outcome, Verdict};
use crate::store::jobs::NOBODY;
use crate::store::recovery::died;
use crate::store::{
    AttemptRow, Fence, Log, LogPage, LogQuery, NewAttempt, Provenance, Step, StoreError, WorkerId,
};

/// The next value of the column `changed`.
macro_rules! next_change {
    () => {
        "(SELECT coalesce(max(changed), 0) + 1 FROM automation_log)"
    };
}

#[async_trait]
impl Log for SqliteStore {
    async fn start_attempt(&self, new: &NewAttempt, fence: Option<&Fence>) -> Result<(), StoreError> {
        let (store, new, fence) = (self.clone(), new.clone(), fence.cloned());
        detached(async move {
        let mut write = store.write(Outlasts::Crash).await?;
        store.check_fence(write.on(), fence.as_ref(), &new.account.to_string()).await?;
        sqlx::query(concat!(
            "INSERT INTO automation_log (changed, id, job, kind, app, account, attempt, worker, queued_at, started_at,
                                         requested_by)
             VALUES (",
            next_change!(),
            ", ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, (SELECT requested_by FROM jobs WHERE id = ?2))"
        ))
        .bind(new.id.to_string())
        .bind(new.job.to_string())
        .bind(new.kind.as_str())
        .bind(new.account.app())
        .bind(new.account.to_string())
        .bind(new.number)
        .bind(new.worker.as_str())
        .bind(new.queued_at.as_millisecond())
        .bind(new.started_at.as_millisecond())
        .execute(write.on())
        .await?;
        write.commit().await
        }).await
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
        store.check_open(write.on(), attempt, fence.as_ref()).await?;
        for step in steps {
            sqlx::query(
                "INSERT INTO automation_step (attempt, seq, step, summary, started_at, duration_ms, result, detail)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT (attempt, seq) DO UPDATE SET duration_ms = ?6, result = ?7, detail = ?8
                 WHERE result IS NULL",
            )
            .bind(attempt.to_string())
            .bind(step.seq)
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
        }).await
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
            store.check_open(write.on(), attempt, fence.as_ref()).await?;
            let row = end(write.on(), attempt, &verdict, &with).await?;
            write.commit().await?;
            Ok(row)
        })
        .await
    }

    async fn log_page(&self, query: &LogQuery) -> Result<LogPage, StoreError> {
        self.page(query).await
    }

    async fn log_changes(&self, after: i64, limit: u32) -> Result<Vec<AttemptRow>, StoreError> {
        let rows = sqlx::query("SELECT * FROM automation_log WHERE changed > ? ORDER BY changed LIMIT ?")
            .bind(after)
            .bind(limit)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(read).collect()
    }

    async fn log_cursor(&self) -> Result<i64, StoreError> {
        let newest = sqlx::query_scalar("SELECT coalesce(max(changed), 0) FROM automation_log");
        Ok(newest.fetch_one(&self.readers).await?)
    }

    async fn attempt(&self, id: Uuid) -> Result<Option<AttemptRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM automation_log WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(read).transpose()
    }

    async fn tend_log(&self, _keep_from: Option<Timestamp>) -> Result<Vec<String>, StoreError> {
        // One table, for ever.
        Ok(Vec::new())
    }

    async fn log_steps(&self, attempt: Uuid) -> Result<Vec<Step>, StoreError> {
        let rows = sqlx::query("SELECT * FROM automation_step WHERE attempt = ? ORDER BY seq")
            .bind(attempt.to_string())
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(read_step).collect()
    }
}

impl SqliteStore {
    /// Refuses to change an attempt that has ended, or under a lease that was lost.
    pub(super) async fn check_open(
        &self,
        on: &mut SqliteConnection,
        attempt: Uuid,
        fence: Option<&Fence>,
    ) -> Result<(), StoreError> {
        let row = sqlx::query("SELECT account, outcome FROM automation_log WHERE id = ?")
            .bind(attempt.to_string())
            .fetch_optional(&mut *on)
            .await?;
        let Some(row) = row else { return Err(StoreError::NoAttempt(attempt)) };
        let row = Reader(&row);
        self.check_fence(on, fence, &row.text("account")?).await?;
        match row.text_or_null("outcome")? {
            Some(_) => Err(StoreError::AttemptEnded(attempt)),
            None => Ok(()),
        }
    }
}

pub(super) async fn end(
    on: &mut SqliteConnection,
    attempt: Uuid,
    verdict: &Verdict,
    with: &Provenance,
) -> Result<AttemptRow, StoreError> {
    let row = sqlx::query(concat!(
        "UPDATE automation_log SET changed = ",
        next_change!(),
        ", outcome = ?1, code = ?2, message = ?3, user_action = ?4, playbook = ?5, playbook_hash = ?6,
           browser_version = ?7, evidence_path = ?8, ended_at = ?9, duration_ms = max(0, ?9 - started_at)
         WHERE id = ?10 RETURNING *"
    ))
    .bind(verdict.outcome.as_str())
    .bind(verdict.code.as_str())
    .bind(&verdict.message)
    .bind(verdict.code.user_action())
    .bind(&with.playbook)
    .bind(&with.playbook_hash)
    .bind(&with.browser_version)
    .bind(with.evidence.as_ref().map(|path| path.to_string_lossy().into_owned()))
    .bind(now())
    .bind(attempt.to_string())
    .fetch_one(on)
    .await?;
    read(&row)
}

/// Writes down how a job ended that no attempt was made at: as one that began and ended now.
pub(super) async fn note(
    on: &mut SqliteConnection,
    job: &Job,
    number: u32,
    verdict: &Verdict,
) -> Result<(), StoreError> {
    sqlx::query(concat!(
        "INSERT INTO automation_log (changed, id, job, kind, app, account, attempt, worker, queued_at, started_at,
                                     ended_at, duration_ms, outcome, code, message, user_action, requested_by)
         VALUES (",
        next_change!(),
        ", ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, 0, ?10, ?11, ?12, ?13, ?14)"
    ))
    .bind(Uuid::now_v7().to_string())
    .bind(job.id.to_string())
    .bind(job.kind.as_str())
    .bind(job.account.app())
    .bind(job.account.to_string())
    .bind(number)
    .bind(NOBODY)
    .bind(job.submitted_at.as_millisecond())
    .bind(now())
    .bind(verdict.outcome.as_str())
    .bind(verdict.code.as_str())
    .bind(&verdict.message)
    .bind(verdict.code.user_action())
    .bind(&job.requested_by)
    .execute(on)
    .await?;
    Ok(())
}

/// Ends what a dead worker left open. If a candidate of this job (or of the account, where the job is to reconcile it)
/// was submitted and nobody knows what came of it, that is what the outcome says. Returns over how many attempts at the
/// job workers have died.
pub(super) async fn end_open_attempts(on: &mut SqliteConnection, job: Uuid) -> Result<u32, StoreError> {
    let submitted: Option<i64> = sqlx::query_scalar(
        "SELECT 1 FROM jobs AS j JOIN candidates AS c ON c.job = j.id OR (j.kind = 'reconcile' AND c.account = j.account)
         WHERE j.id = ? AND c.state = 'pending' AND c.submitted_at IS NOT NULL",
    )
    .bind(job.to_string())
    .fetch_optional(&mut *on)
    .await?;
    let mut deaths: u32 = sqlx::query_scalar(
        "SELECT count(*) FROM automation_log WHERE job = ? AND code IN ('worker_died', 'answer_lost')",
    )
    .bind(job.to_string())
    .fetch_one(&mut *on)
    .await?;
    let open = sqlx::query("SELECT id FROM automation_log WHERE job = ? AND outcome IS NULL")
        .bind(job.to_string())
        .fetch_all(&mut *on)
        .await?;
    for row in &open {
        end(on, Reader(row).id("id")?, &died(submitted.is_some(), deaths), &Provenance::default()).await?;
        deaths += 1;
    }
    Ok(deaths)
}

/// How the attempt of this number ended, if it began and ended.
pub(super) async fn verdict_of(
    on: &mut SqliteConnection,
    job: Uuid,
    number: u32,
) -> Result<Option<(Outcome, Code)>, StoreError> {
    let row = sqlx::query(
        "SELECT outcome, code FROM automation_log WHERE job = ? AND attempt = ? AND outcome IS NOT NULL",
    )
    .bind(job.to_string())
    .bind(number)
    .fetch_optional(on)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let row = Reader(&row);
    Ok(Some((row.parsed("outcome", "an outcome")?, row.parsed("code", "a code")?)))
}

pub(super) fn read(row: &SqliteRow) -> Result<AttemptRow, StoreError> {
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

fn read_step(row: &SqliteRow) -> Result<Step, StoreError> {
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
