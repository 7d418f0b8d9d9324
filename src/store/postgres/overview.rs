use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::postgres::PgRow;

use super::gates::held_back;
use super::value::{Reader, millis};
use super::{PostgresStore, answer, jobs, log};
use crate::job::Outcome;
use crate::store::overview::longest_attempt;
use crate::store::{Depths, Lately, Overview, Step, StoreError, UnderWay};

#[async_trait]
impl Overview for PostgresStore {
    async fn depths(&self) -> Result<Depths, StoreError> {
        let mut reader = self.reader().await?;
        let counts = sqlx::query(concat!(
            "SELECT count(*) FILTER (WHERE NOT held_back AND not_before <= now) AS due,
                    count(*) FILTER (WHERE NOT held_back AND not_before > now) AS later,
                    count(*) FILTER (WHERE held_back) AS held_back,
                    (SELECT count(*) FROM jobs WHERE state = 'running') AS running
             FROM turnlock_now() AS now CROSS JOIN (
                 SELECT not_before, ",
            held_back!(),
            " AS held_back FROM jobs AS j WHERE state = 'queued') AS waiting",
        ));
        let counts = answer(counts.fetch_one(&mut *reader)).await?;
        let oldest = sqlx::query(concat!(
            "SELECT j.*, now AS asked_at FROM turnlock_now() AS now CROSS JOIN jobs AS j
             WHERE state = 'queued' AND not_before <= now AND NOT ",
            held_back!(),
            " ORDER BY not_before, seq LIMIT 1",
        ));
        let oldest = answer(oldest.fetch_optional(&mut *reader)).await?;
        let counts = Reader(&counts);
        Ok(Depths {
            due: counts.token("due")?,
            later: counts.token("later")?,
            held_back: counts.token("held_back")?,
            running: counts.token("running")?,
            oldest: oldest.as_ref().map(jobs::read).transpose()?,
        })
    }

    async fn under_way(&self, most: u32) -> Result<Vec<UnderWay>, StoreError> {
        let mut reader = self.reader().await?;
        // Not of the view of all attempts: only a newer server knows that none of the log's is under way.
        let rows = sqlx::query(
            "SELECT a.*, NULL::text AS outcome, NULL::text AS code, NULL::text AS message, NULL::text AS user_action,
                    NULL::text AS playbook, NULL::text AS playbook_hash, NULL::text AS browser_version,
                    NULL::bigint AS ended_at, NULL::bigint AS duration_ms, NULL::text AS evidence_path,
                    s.seq AS step_seq, s.step AS step_id, s.summary AS step_summary, s.started_at AS step_started_at,
                    s.duration_ms AS step_duration_ms, s.result AS step_result, s.detail AS step_detail
             FROM attempts_under_way AS a LEFT JOIN LATERAL (
                 SELECT * FROM automation_step WHERE attempt = a.id AND began_at = a.started_at
                 ORDER BY seq DESC LIMIT 1) AS s ON true
             ORDER BY a.seq LIMIT $1",
        );
        let rows = answer(rows.bind(i64::from(most)).fetch_all(&mut *reader)).await?;
        rows.iter().map(|row| Ok(UnderWay { attempt: log::read(row)?, step: read_step(row)? })).collect()
    }

    async fn ended_since(&self, since: Timestamp) -> Result<Vec<(Outcome, u64)>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = sqlx::query(
            "SELECT outcome, count(*) AS many FROM automation_log
             WHERE started_at >= $1 AND ended_at >= $2 GROUP BY outcome ORDER BY outcome",
        );
        let since = since.as_millisecond();
        let rows = rows.bind(since.saturating_sub(millis(longest_attempt()))).bind(since);
        let rows = answer(rows.fetch_all(&mut *reader)).await?;
        rows.iter()
            .map(|row| Ok((Reader(row).parsed("outcome", "an outcome")?, Reader(row).token("many")?)))
            .collect()
    }

    async fn lately(&self, apps: &[String], most: u32) -> Result<Vec<Lately>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = sqlx::query(
            "SELECT l.* FROM unnest($1::text[]) AS a (app) CROSS JOIN LATERAL (
                 SELECT app, kind, outcome, code, duration_ms, playbook_hash, started_at FROM automation_log
                 WHERE app = a.app ORDER BY seq DESC LIMIT $2) AS l",
        );
        let rows = answer(rows.bind(apps).bind(i64::from(most)).fetch_all(&mut *reader)).await?;
        rows.iter()
            .map(|row| {
                let row = Reader(row);
                Ok(Lately {
                    app: row.text("app")?,
                    kind: row.parsed("kind", "a kind of job")?,
                    outcome: row.parsed("outcome", "an outcome")?,
                    code: row.parsed("code", "a code")?,
                    duration: row.duration_or_null("duration_ms")?.unwrap_or_default(),
                    playbook_hash: row.text_or_null("playbook_hash")?,
                    started_at: row.time("started_at")?,
                })
            })
            .collect()
    }
}

fn read_step(row: &PgRow) -> Result<Option<Step>, StoreError> {
    let row = Reader(row);
    if row.int_or_null("step_seq")?.is_none() {
        return Ok(None);
    }
    Ok(Some(Step {
        seq: row.count("step_seq")?,
        id: row.text("step_id")?,
        summary: row.text("step_summary")?,
        started_at: row.time("step_started_at")?,
        duration: row.duration_or_null("step_duration_ms")?,
        result: row.parsed_or_null("step_result", "the result of a step")?,
        detail: row.text_or_null("step_detail")?,
    }))
}
