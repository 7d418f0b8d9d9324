//! Jobs of whose end somebody outside of the database has to be told.

use std::sync::atomic::Ordering;
use std::time::Duration;

use sqlx::SqliteConnection;
use uuid::Uuid;

use super::value::millis;
use super::{Outlasts, SqliteStore, detached};
use crate::store::{JobRow, StoreError};

impl SqliteStore {
    /// The job has ended: somebody may want to hear of it, and for that long it is its worker's to tell.
    pub(super) async fn announce(
        &self,
        on: &mut SqliteConnection,
        id: Uuid,
        turn: Duration,
    ) -> Result<(), StoreError> {
        if self.announcing.load(Ordering::Relaxed) {
            let until = if turn.is_zero() { 0 } else { self.clock.now().saturating_add(millis(turn)) };
            sqlx::query("INSERT INTO announcements (job, held_until) VALUES (?, ?) ON CONFLICT DO NOTHING")
                .bind(id.to_string())
                .bind(until)
                .execute(on)
                .await?;
        }
        Ok(())
    }

    pub(super) async fn give_out_announcements(
        &self,
        most: u32,
        hold: Duration,
    ) -> Result<Vec<JobRow>, StoreError> {
        // Looking costs no lock; a worker looks often.
        let any: Option<i64> = sqlx::query_scalar("SELECT 1 FROM announcements WHERE held_until < ? LIMIT 1")
            .bind(self.clock.now())
            .fetch_optional(&self.readers)
            .await?;
        if any.is_none() {
            return Ok(Vec::new());
        }
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let now = store.clock.now();
            let ids: Vec<String> = sqlx::query_scalar(
                "UPDATE announcements SET held_until = ?1 WHERE job IN (
                     SELECT job FROM announcements WHERE held_until < ?2 LIMIT ?3)
                 RETURNING job",
            )
            .bind(now.saturating_add(millis(hold)))
            .bind(now)
            .bind(most)
            .fetch_all(write.on())
            .await?;
            let mut rows = Vec::new();
            for id in ids {
                let row =
                    sqlx::query("SELECT * FROM jobs WHERE id = ?").bind(id).fetch_one(write.on()).await?;
                rows.push(store.read_job(&row)?);
            }
            write.commit().await?;
            Ok(rows)
        })
        .await
    }

    pub(super) async fn give_back_announcements(&self, jobs: &[Uuid]) -> Result<(), StoreError> {
        self.of_each("UPDATE announcements SET held_until = 0 WHERE job = ?", jobs).await
    }

    pub(super) async fn note_announced(&self, jobs: &[Uuid]) -> Result<(), StoreError> {
        self.of_each("DELETE FROM announcements WHERE job = ?", jobs).await
    }

    async fn of_each(&self, sql: &'static str, jobs: &[Uuid]) -> Result<(), StoreError> {
        let (store, jobs) = (self.clone(), jobs.to_vec());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            for job in jobs {
                sqlx::query(sql).bind(job.to_string()).execute(write.on()).await?;
            }
            write.commit().await
        })
        .await
    }
}
