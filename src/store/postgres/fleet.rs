use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::PgRow;

use super::value::{Reader, millis, time, to_i64};
use super::{Outlasts, PostgresStore, answer, detached, migrate};
use crate::store::{Beat, Duty, Fleet, StoreError, WorkerId, WorkerRow};

#[async_trait]
impl Fleet for PostgresStore {
    async fn worker_beat(&self, beat: &Beat) -> Result<Duty, StoreError> {
        let (store, beat) = (self.clone(), beat.clone());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let row = sqlx::query(
                "INSERT INTO workers AS w
                     (worker, version, slots, duty, since, wanted, started_at, beat_at, alive_until, browser_memory)
                 SELECT $1, $2, $3, $4, now, $4, now, now, now + $5, $7 FROM turnlock_now() AS now
                 ON CONFLICT (worker) DO UPDATE SET
                     since = CASE WHEN w.duty = excluded.duty THEN w.since ELSE excluded.since END,
                     duty = excluded.duty,
                     wanted = CASE WHEN $6 THEN excluded.wanted ELSE w.wanted END,
                     beat_at = excluded.beat_at,
                     alive_until = excluded.alive_until,
                     browser_memory = coalesce(excluded.browser_memory, w.browser_memory)
                 RETURNING wanted, (SELECT version FROM turnlock_schema) AS migration",
            )
            .bind(beat.worker.as_str())
            .bind(&beat.version)
            .bind(i64::from(beat.slots))
            .bind(beat.duty.as_str())
            .bind(millis(beat.hold))
            .bind(beat.overrules)
            .bind(beat.browser_memory.map(to_i64))
            .fetch_one(write.on())
            .await?;
            write.commit().await?;
            let row = Reader(&row);
            migrate::check_known(row.int("migration")?)?;
            row.parsed("wanted", "the duty of a worker")
        })
        .await
    }

    async fn worker_left(&self, worker: &WorkerId) -> Result<(), StoreError> {
        let (store, worker) = (self.clone(), worker.clone());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            sqlx::query("DELETE FROM workers WHERE worker = $1")
                .bind(worker.as_str())
                .execute(write.on())
                .await?;
            write.commit().await
        })
        .await
    }

    async fn workers(&self) -> Result<Vec<WorkerRow>, StoreError> {
        let mut reader = self.reader().await?;
        let all = sqlx::query(
            "SELECT w.*, now AS asked_at, w.alive_until <= now AS gone, coalesce(j.busy, 0) AS busy
             FROM turnlock_now() AS now CROSS JOIN workers AS w
             LEFT JOIN (SELECT worker, count(*) AS busy FROM jobs WHERE state = 'running' GROUP BY worker) AS j
                  ON j.worker = w.worker
             ORDER BY w.started_at, w.worker",
        );
        let rows = answer(all.fetch_all(&mut *reader)).await?;
        rows.iter().map(read).collect()
    }

    async fn want_of_worker(&self, worker: &WorkerId, duty: Duty) -> Result<bool, StoreError> {
        let (store, worker) = (self.clone(), worker.clone());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let done = sqlx::query("UPDATE workers SET wanted = $1 WHERE worker = $2")
                .bind(duty.as_str())
                .bind(worker.as_str())
                .execute(write.on())
                .await?;
            write.commit().await?;
            store.news.tell_workers(&store.pool).await;
            Ok(done.rows_affected() == 1)
        })
        .await
    }

    async fn forget_workers(&self, gone_for: Duration) -> Result<u64, StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let done = sqlx::query("DELETE FROM workers WHERE alive_until <= turnlock_now() - $1")
                .bind(millis(gone_for))
                .execute(write.on())
                .await?;
            write.commit().await?;
            Ok(done.rows_affected())
        })
        .await
    }

    async fn workers_changed(&self) {
        self.news.heard_of_workers().await;
    }
}

fn read(row: &PgRow) -> Result<WorkerRow, StoreError> {
    let row = Reader(row);
    // By how much this process's clock is ahead of the server's; once, so that times of one row stay as far apart.
    let ahead = row.here("asked_at")?.as_millisecond().saturating_sub(row.int("asked_at")?);
    let here = |column| time(row.int(column)?.saturating_add(ahead));
    Ok(WorkerRow {
        id: WorkerId::new(row.text("worker")?),
        version: row.text("version")?,
        slots: row.count("slots")?,
        busy: row.count("busy")?,
        duty: row.parsed("duty", "the duty of a worker")?,
        wanted: row.parsed("wanted", "the duty of a worker")?,
        started_at: here("started_at")?,
        since: here("since")?,
        beat_at: here("beat_at")?,
        gone: row.flag("gone")?,
        browser_memory: row.int_or_null("browser_memory")?.and_then(|bytes| u64::try_from(bytes).ok()),
    })
}
