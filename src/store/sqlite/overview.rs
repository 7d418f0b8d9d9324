use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;

use super::gates::held_back;
use super::value::{Reader, millis};
use super::{SqliteStore, log};
use crate::job::Outcome;
use crate::store::overview::longest_attempt;
use crate::store::{Depths, Lately, Overview, Step, StoreError, UnderWay};

#[async_trait]
impl Overview for SqliteStore {
    async fn depths(&self) -> Result<Depths, StoreError> {
        let now = self.clock.now();
        let counts = sqlx::query(concat!(
            "SELECT count(*) FILTER (WHERE NOT held_back AND not_before <= ?1) AS due,
                    count(*) FILTER (WHERE NOT held_back AND not_before > ?1) AS later,
                    count(*) FILTER (WHERE held_back) AS held_back,
                    (SELECT count(*) FROM jobs WHERE state = 'running') AS running
             FROM (SELECT not_before, ",
            held_back!(),
            " AS held_back FROM jobs AS j WHERE state = 'queued')",
        ));
        let counts = counts.bind(now).fetch_one(&self.readers).await?;
        let oldest = sqlx::query(concat!(
            "SELECT * FROM jobs AS j WHERE state = 'queued' AND not_before <= ?1 AND NOT ",
            held_back!(),
            " ORDER BY not_before, seq LIMIT 1",
        ));
        let oldest = oldest.bind(now).fetch_optional(&self.readers).await?;
        let counts = Reader(&counts);
        Ok(Depths {
            due: counts.token("due")?,
            later: counts.token("later")?,
            held_back: counts.token("held_back")?,
            running: counts.token("running")?,
            oldest: oldest.as_ref().map(|row| self.read_job(row)).transpose()?,
        })
    }

    async fn under_way(&self, most: u32) -> Result<Vec<UnderWay>, StoreError> {
        let rows = sqlx::query(
            "SELECT l.*, s.seq AS step_seq, s.step AS step_id, s.summary AS step_summary, s.started_at AS step_started_at,
                    s.duration_ms AS step_duration_ms, s.result AS step_result, s.detail AS step_detail
             FROM automation_log AS l LEFT JOIN automation_step AS s
                  ON s.attempt = l.id AND s.seq = (SELECT max(seq) FROM automation_step WHERE attempt = l.id)
             WHERE l.outcome IS NULL ORDER BY l.seq LIMIT ?",
        );
        let rows = rows.bind(most).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok(UnderWay { attempt: log::read(row)?, step: read_step(row)? })).collect()
    }

    async fn ended_since(&self, since: Timestamp) -> Result<Vec<(Outcome, u64)>, StoreError> {
        let rows = sqlx::query(
            "SELECT outcome, count(*) AS many FROM automation_log
             WHERE started_at >= ?1 - ?2 AND ended_at >= ?1 GROUP BY outcome ORDER BY outcome",
        );
        let rows = rows.bind(since.as_millisecond()).bind(millis(longest_attempt()));
        let rows = rows.fetch_all(&self.readers).await?;
        rows.iter()
            .map(|row| Ok((Reader(row).parsed("outcome", "an outcome")?, Reader(row).token("many")?)))
            .collect()
    }

    async fn lately(&self, apps: &[String], most: u32) -> Result<Vec<Lately>, StoreError> {
        let mut found = Vec::new();
        for app in apps {
            let rows = sqlx::query(
                "SELECT app, kind, outcome, code, duration_ms, playbook_hash, started_at FROM automation_log
                 WHERE app = ? AND outcome IS NOT NULL ORDER BY seq DESC LIMIT ?",
            );
            for row in &rows.bind(app).bind(most).fetch_all(&self.readers).await? {
                let row = Reader(row);
                found.push(Lately {
                    app: row.text("app")?,
                    kind: row.parsed("kind", "a kind of job")?,
                    outcome: row.parsed("outcome", "an outcome")?,
                    code: row.parsed("code", "a code")?,
                    duration: row.duration_or_null("duration_ms")?.unwrap_or_default(),
                    playbook_hash: row.text_or_null("playbook_hash")?,
                    started_at: row.time("started_at")?,
                });
            }
        }
        Ok(found)
    }
}

fn read_step(row: &SqliteRow) -> Result<Option<Step>, StoreError> {
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
