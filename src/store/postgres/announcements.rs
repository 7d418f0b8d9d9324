//! Jobs of whose end somebody outside of the database has to be told.

use std::sync::atomic::Ordering;
use std::time::Duration;

use uuid::Uuid;

use super::jobs::read;
use super::value::millis;
use super::{Outlasts, PostgresStore, Write, detached};
use crate::store::{JobRow, StoreError};

impl PostgresStore {
    /// Whether somebody wants to hear of jobs that end.
    pub(super) fn announces(&self) -> bool {
        self.announcing.load(Ordering::Relaxed)
    }

    pub(super) async fn give_out_announcements(
        &self,
        most: u32,
        hold: Duration,
    ) -> Result<Vec<JobRow>, StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let rows = sqlx::query(
                "WITH held AS (
                     UPDATE announcements SET held_until = turnlock_now() + $1 WHERE job IN (
                         SELECT job FROM announcements WHERE held_until < turnlock_now()
                         LIMIT $2 FOR UPDATE SKIP LOCKED)
                     RETURNING job)
                 SELECT j.*, turnlock_now() AS asked_at FROM held JOIN jobs AS j ON j.id = held.job",
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

    pub(super) async fn give_back_announcements(&self, jobs: Vec<Uuid>) -> Result<(), StoreError> {
        self.of_each("UPDATE announcements SET held_until = 0 WHERE job = ANY ($1)", jobs).await
    }

    pub(super) async fn note_announced(&self, jobs: Vec<Uuid>) -> Result<(), StoreError> {
        self.of_each("DELETE FROM announcements WHERE job = ANY ($1)", jobs).await
    }

    async fn of_each(&self, sql: &'static str, jobs: Vec<Uuid>) -> Result<(), StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write_many(Outlasts::Crash).await?;
            sqlx::query(sql).bind(jobs).execute(write.on()).await?;
            write.commit().await
        })
        .await
    }
}

impl Write {
    /// The job has ended, and somebody wants to hear of it.
    pub(super) async fn announce(&mut self, job: Uuid) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO announcements (job) VALUES ($1) ON CONFLICT DO NOTHING")
            .bind(job)
            .execute(self.on())
            .await?;
        Ok(())
    }
}
