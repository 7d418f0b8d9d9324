//! Jobs of which a queue outside of the database has to be told.

use std::time::Duration;

use sqlx::SqliteConnection;
use uuid::Uuid;

use super::value::millis;
use super::{Outlasts, SqliteStore, detached};
use crate::store::{JobRow, StoreError};

impl SqliteStore {
    pub(super) async fn give_out_offers(&self, most: u32, hold: Duration) -> Result<Vec<JobRow>, StoreError> {
        // Looking costs no lock; a worker looks often.
        let any: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM jobs WHERE state = 'queued' AND (offered_until IS NULL OR offered_until < ?) LIMIT 1",
        )
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
            let rows = sqlx::query(
                "UPDATE jobs SET offered_until = ?1 WHERE id IN (
                     SELECT id FROM jobs WHERE state = 'queued' AND (offered_until IS NULL OR offered_until < ?2)
                     LIMIT ?3)
                 RETURNING *",
            )
            .bind(now.saturating_add(millis(hold)))
            .bind(now)
            .bind(most)
            .fetch_all(write.on())
            .await?;
            write.commit().await?;
            rows.iter().map(|row| store.read_job(row)).collect()
        })
        .await
    }

    pub(super) async fn note_offer(&self, id: Uuid, overdue: Duration) -> Result<(), StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            sqlx::query(
                "UPDATE jobs SET offered_until = max(not_before, ?1) + ?2 WHERE id = ?3 AND state = 'queued'
                 AND offered_until IS NOT NULL",
            )
            .bind(store.clock.now())
            .bind(millis(overdue))
            .bind(id.to_string())
            .execute(write.on())
            .await?;
            write.commit().await
        })
        .await
    }

    /// The job's message is known: it is not offered before it is overdue by that much.
    pub(super) async fn hold_offer(
        &self,
        on: &mut SqliteConnection,
        id: Uuid,
        overdue: Duration,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE jobs SET offered_until = max(not_before, ?1) + ?2 WHERE id = ?3")
            .bind(self.clock.now())
            .bind(millis(overdue))
            .bind(id.to_string())
            .execute(on)
            .await?;
        Ok(())
    }
}
