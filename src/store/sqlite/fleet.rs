use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;

use super::value::{Reader, millis, to_i64};
use super::{Outlasts, SqliteStore, detached, migrate};
use crate::store::{Beat, Duty, Fleet, StoreError, WorkerId, WorkerRow};

#[async_trait]
impl Fleet for SqliteStore {
    async fn worker_beat(&self, beat: &Beat) -> Result<Duty, StoreError> {
        let (store, beat) = (self.clone(), beat.clone());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let now = store.clock.now();
            let row = sqlx::query(
                "INSERT INTO workers (worker, version, slots, duty, since, wanted, started_at, beat_at, alive_until,
                                      browser_memory)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?4, ?5, ?5, ?6, ?8)
                 ON CONFLICT (worker) DO UPDATE SET
                     since = CASE WHEN duty = excluded.duty THEN since ELSE excluded.since END,
                     duty = excluded.duty,
                     wanted = CASE WHEN ?7 THEN excluded.wanted ELSE wanted END,
                     beat_at = excluded.beat_at,
                     alive_until = excluded.alive_until,
                     browser_memory = coalesce(excluded.browser_memory, browser_memory)
                 RETURNING wanted, (SELECT user_version FROM pragma_user_version) AS migration",
            )
            .bind(beat.worker.as_str())
            .bind(&beat.version)
            .bind(beat.slots)
            .bind(beat.duty.as_str())
            .bind(now)
            .bind(now.saturating_add(millis(beat.hold)))
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
            sqlx::query("DELETE FROM workers WHERE worker = ?")
                .bind(worker.as_str())
                .execute(write.on())
                .await?;
            write.commit().await
        })
        .await
    }

    async fn workers(&self) -> Result<Vec<WorkerRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT w.*, w.alive_until <= ? AS gone, coalesce(j.busy, 0) AS busy FROM workers AS w
             LEFT JOIN (SELECT worker, count(*) AS busy FROM jobs WHERE state = 'running' GROUP BY worker) AS j
                  ON j.worker = w.worker
             ORDER BY w.started_at, w.worker",
        )
        .bind(self.clock.now())
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(|row| self.read_worker(row)).collect()
    }

    async fn want_of_worker(&self, worker: &WorkerId, duty: Duty) -> Result<bool, StoreError> {
        let (store, worker) = (self.clone(), worker.clone());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let done = sqlx::query("UPDATE workers SET wanted = ? WHERE worker = ?")
                .bind(duty.as_str())
                .bind(worker.as_str())
                .execute(write.on())
                .await?;
            write.commit().await?;
            Ok(done.rows_affected() == 1)
        })
        .await
    }

    async fn forget_workers(&self, gone_for: Duration) -> Result<u64, StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let done = sqlx::query("DELETE FROM workers WHERE alive_until <= ?")
                .bind(store.clock.now().saturating_sub(millis(gone_for)))
                .execute(write.on())
                .await?;
            write.commit().await?;
            Ok(done.rows_affected())
        })
        .await
    }

    /// SQLite tells other processes nothing.
    async fn workers_changed(&self) {
        std::future::pending().await
    }
}

impl SqliteStore {
    fn read_worker(&self, row: &SqliteRow) -> Result<WorkerRow, StoreError> {
        let row = Reader(row);
        // Once, so that times of one row stay as far apart.
        let ahead = self.clock.wall(Timestamp::UNIX_EPOCH).as_duration();
        let time = |column| row.time(column).map(|at| at.saturating_add(ahead).unwrap_or(at));
        Ok(WorkerRow {
            id: WorkerId::new(row.text("worker")?),
            version: row.text("version")?,
            slots: row.count("slots")?,
            busy: row.count("busy")?,
            duty: row.parsed("duty", "the duty of a worker")?,
            wanted: row.parsed("wanted", "the duty of a worker")?,
            started_at: time("started_at")?,
            since: time("since")?,
            beat_at: time("beat_at")?,
            gone: row.int("gone")? != 0,
            browser_memory: row.int_or_null("browser_memory")?.and_then(|bytes| u64::try_from(bytes).ok()),
        })
    }
}
