use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::clock::SteadyClock;
use super::value::{Reader, millis, now};
use super::{Outlasts, SqliteStore, detached};
use crate::store::webhooks::{UNDELIVERED, UNTOLD, by_endpoint};
use crate::store::{DeliveryDepths, DeliveryRow, Happening, Log as _, NewDelivery, StoreError, Webhooks};

#[async_trait]
impl Webhooks for SqliteStore {
    async fn webhook_cursor(&self) -> Result<i64, StoreError> {
        let cursor = "SELECT changed FROM webhook_cursor";
        if let Some(at) = sqlx::query_scalar(cursor).fetch_optional(&self.readers).await? {
            return Ok(at);
        }
        let end = self.log_cursor().await?;
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            let first =
                sqlx::query("INSERT INTO webhook_cursor (one, changed) VALUES (1, ?) ON CONFLICT DO NOTHING");
            if first.bind(end).execute(write.on()).await?.rows_affected() > 0 {
                // What happened before anybody was to be told is told to nobody.
                sqlx::query("DELETE FROM happenings").execute(write.on()).await?;
            }
            let at = sqlx::query_scalar(cursor).fetch_one(write.on()).await?;
            write.commit().await?;
            Ok(at)
        })
        .await
    }

    async fn happenings(&self, most: u32) -> Result<Vec<Happening>, StoreError> {
        let rows = sqlx::query("SELECT * FROM happenings ORDER BY seq LIMIT ?").bind(most);
        let read = |row: &SqliteRow| {
            let row = Reader(row);
            Ok(Happening {
                seq: row.int("seq")?,
                at: row.time("at")?,
                event: row.text("event")?,
                data: row.text("data")?,
            })
        };
        rows.fetch_all(&self.readers).await?.iter().map(read).collect()
    }

    async fn put_deliveries(
        &self,
        (from, to): (i64, i64),
        told: &[i64],
        deliveries: &[NewDelivery],
    ) -> Result<bool, StoreError> {
        let (store, told, deliveries) = (self.clone(), told.to_vec(), deliveries.to_vec());
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            let moved = sqlx::query("UPDATE webhook_cursor SET changed = ? WHERE changed = ?")
                .bind(to)
                .bind(from)
                .execute(write.on())
                .await?;
            if moved.rows_affected() == 0 {
                return Ok(false);
            }
            for seq in told {
                let gone =
                    sqlx::query("DELETE FROM happenings WHERE seq = ?").bind(seq).execute(write.on()).await?;
                if gone.rows_affected() == 0 {
                    return Ok(false);
                }
            }
            for new in deliveries {
                sqlx::query(
                    "INSERT INTO webhook_deliveries (id, endpoint, event, body, created_at, due_at)
                     VALUES (?, ?, ?, ?, ?, ?)",
                )
                .bind(new.id.to_string())
                .bind(&new.endpoint)
                .bind(&new.event)
                .bind(&new.body)
                .bind(now())
                .bind(store.clock.now())
                .execute(write.on())
                .await?;
            }
            write.commit().await?;
            Ok(true)
        })
        .await
    }

    async fn take_deliveries(
        &self,
        endpoints: &[String],
        most: u32,
        hold: Duration,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        // A list of texts as one: SQLite binds no arrays.
        let endpoints = Value::from(endpoints).to_string();
        // Looking costs no lock; a worker looks often.
        let any: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM webhook_deliveries
             WHERE due_at <= ? AND endpoint IN (SELECT value FROM json_each(?)) LIMIT 1",
        )
        .bind(self.clock.now())
        .bind(&endpoints)
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
                "UPDATE webhook_deliveries SET due_at = ?1 WHERE id IN (
                     SELECT id FROM webhook_deliveries
                     WHERE due_at <= ?2 AND endpoint IN (SELECT value FROM json_each(?3))
                     ORDER BY due_at LIMIT ?4)
                 RETURNING *",
            )
            .bind(now.saturating_add(millis(hold)))
            .bind(now)
            .bind(endpoints)
            .bind(most)
            .fetch_all(write.on())
            .await?;
            write.commit().await?;
            rows.iter().map(|row| read(row, store.clock)).collect()
        })
        .await
    }

    async fn delivered(&self, id: Uuid) -> Result<(), StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            sqlx::query("DELETE FROM webhook_deliveries WHERE id = ?")
                .bind(id.to_string())
                .execute(write.on())
                .await?;
            write.commit().await
        })
        .await
    }

    async fn not_delivered(
        &self,
        id: Uuid,
        failure: &str,
        again_in: Option<Duration>,
    ) -> Result<(), StoreError> {
        let (store, failure) = (self.clone(), failure.to_owned());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            sqlx::query(
                "UPDATE webhook_deliveries SET tries = tries + 1, due_at = ?, tried_at = ?, failure = ? WHERE id = ?",
            )
            .bind(again_in.map(|wait| store.clock.now().saturating_add(millis(wait))))
            .bind(now())
            .bind(failure)
            .bind(id.to_string())
            .execute(write.on())
            .await?;
            write.commit().await
        })
        .await
    }

    async fn deliveries(&self, most: u32) -> Result<Vec<DeliveryRow>, StoreError> {
        let rows = sqlx::query("SELECT * FROM webhook_deliveries ORDER BY created_at, id LIMIT ?").bind(most);
        rows.fetch_all(&self.readers).await?.iter().map(|row| read(row, self.clock)).collect()
    }

    async fn retry_deliveries(&self, id: Option<Uuid>) -> Result<u64, StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let done = sqlx::query(
                "UPDATE webhook_deliveries SET due_at = ?1, tries = 0
                 WHERE id = ?2 OR (?2 IS NULL AND due_at IS NULL)",
            )
            .bind(store.clock.now())
            .bind(id.map(|id| id.to_string()))
            .execute(write.on())
            .await?;
            write.commit().await?;
            Ok(done.rows_affected())
        })
        .await
    }

    async fn drop_deliveries(&self, id: Option<Uuid>) -> Result<u64, StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let done = sqlx::query(
                "DELETE FROM webhook_deliveries WHERE id = ?1 OR (?1 IS NULL AND due_at IS NULL)",
            )
            .bind(id.map(|id| id.to_string()))
            .execute(write.on())
            .await?;
            write.commit().await?;
            Ok(done.rows_affected())
        })
        .await
    }

    async fn lay_aside_deliveries(&self, due_for: Duration) -> Result<Vec<(String, u64)>, StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let aside: Vec<String> = sqlx::query_scalar(
                "UPDATE webhook_deliveries SET due_at = NULL, failure = coalesce(failure || '; then ', '') || ?
                 WHERE due_at < ? RETURNING endpoint",
            )
            .bind(UNDELIVERED)
            .bind(store.clock.now().saturating_sub(millis(due_for)))
            .fetch_all(write.on())
            .await?;
            write.commit().await?;
            Ok(by_endpoint(aside))
        })
        .await
    }

    async fn delivery_depths(&self) -> Result<DeliveryDepths, StoreError> {
        let row = sqlx::query(
            "SELECT count(*) FILTER (WHERE due_at IS NOT NULL) AS waiting,
                    count(*) FILTER (WHERE due_at IS NULL) AS dead FROM webhook_deliveries",
        )
        .fetch_one(&self.readers)
        .await?;
        let row = Reader(&row);
        Ok(DeliveryDepths { waiting: row.token("waiting")?, dead: row.token("dead")? })
    }
}

/// Writes down what happened, in the transaction of the change that it belongs to.
pub(super) async fn happened(
    on: &mut SqliteConnection,
    happening: Option<(&'static str, Value)>,
) -> Result<(), StoreError> {
    let Some((event, data)) = happening else { return Ok(()) };
    // Where nobody wants to be told, none is told of them.
    sqlx::query("DELETE FROM happenings WHERE at < ?")
        .bind(now().saturating_sub(millis(UNTOLD)))
        .execute(&mut *on)
        .await?;
    sqlx::query("INSERT INTO happenings (at, event, data) VALUES (?, ?, ?)")
        .bind(now())
        .bind(event)
        .bind(data.to_string())
        .execute(on)
        .await?;
    Ok(())
}

fn read(row: &SqliteRow, clock: SteadyClock) -> Result<DeliveryRow, StoreError> {
    let row = Reader(row);
    Ok(DeliveryRow {
        delivery: NewDelivery {
            id: row.id("id")?,
            endpoint: row.text("endpoint")?,
            event: row.text("event")?,
            body: row.text("body")?,
        },
        created_at: row.time("created_at")?,
        tries: row.count("tries")?,
        due_at: row.time_or_null("due_at")?.map(|at| clock.wall(at)),
        tried_at: row.time_or_null("tried_at")?,
        failure: row.text_or_null("failure")?,
    })
}
