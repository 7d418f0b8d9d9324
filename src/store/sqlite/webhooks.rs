use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::clock::SteadyClock;
use super::value::{Reader, millis, now};
use super::{Outlasts, SqliteStore, detached};
use crate::store::webhooks::{UNDELIVERED, UNTOLD, by_endpoint};
use crate::store::{
    DeliveryDepths, DeliveryRow, Happening, Log as _, NewDelivery, StoreError, Subscription, Webhooks,
};

#[async_trait]
impl Webhooks for SqliteStore {
    async fn webhook_cursors(&self, of: &[Subscription]) -> Result<Vec<i64>, StoreError> {
        let mut reader = self.readers.acquire().await?;
        let found = cursors(&mut reader, of).await?;
        drop(reader);
        if let Some(all) = found.into_iter().collect() {
            return Ok(all);
        }
        let end = self.log_cursor().await?;
        let (store, of) = (self.clone(), of.to_vec());
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            let first: Option<i64> =
                sqlx::query_scalar("DELETE FROM webhook_cursors WHERE endpoint = '' RETURNING changed")
                    .fetch_optional(write.on())
                    .await?;
            for new in &of {
                let begun = sqlx::query(
                    "INSERT INTO webhook_cursors (endpoint, event, changed) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                );
                let begun = begun.bind(&new.endpoint).bind(&new.event).bind(first.unwrap_or(end));
                if begun.execute(write.on()).await?.rows_affected() > 0 && first.is_none() {
                    // What happened before somebody was to be told is not told to them.
                    sqlx::query(
                        "INSERT INTO happenings_told (seq, endpoint) SELECT seq, ? FROM happenings WHERE event = ?",
                    )
                    .bind(&new.endpoint)
                    .bind(&new.event)
                    .execute(write.on())
                    .await?;
                }
            }
            let all = cursors(write.on(), &of).await?.into_iter().map(|at| at.unwrap_or(end)).collect();
            write.commit().await?;
            Ok(all)
        })
        .await
    }

    async fn happenings(&self, of: &[Subscription], most: u32) -> Result<Vec<Happening>, StoreError> {
        let rows = sqlx::query(
            "SELECT h.*, s.value ->> 0 AS endpoint FROM happenings AS h
             JOIN json_each(?) AS s ON s.value ->> 1 = h.event
             WHERE NOT EXISTS (SELECT 1 FROM happenings_told AS t WHERE t.seq = h.seq AND t.endpoint = s.value ->> 0)
             ORDER BY h.seq, endpoint LIMIT ?",
        );
        // Pairs of texts as one: SQLite binds no arrays.
        let pairs: Vec<_> = of.iter().map(|one| [&one.endpoint, &one.event]).collect();
        let rows = rows.bind(json!(pairs).to_string()).bind(most);
        let read = |row: &SqliteRow| {
            let row = Reader(row);
            Ok(Happening {
                seq: row.int("seq")?,
                at: row.time("at")?,
                event: row.text("event")?,
                data: row.text("data")?,
                endpoint: row.text("endpoint")?,
            })
        };
        rows.fetch_all(&self.readers).await?.iter().map(read).collect()
    }

    async fn put_deliveries(
        &self,
        of: &[Subscription],
        (from, to): (i64, i64),
        told: &[Happening],
        deliveries: &[NewDelivery],
    ) -> Result<bool, StoreError> {
        let (store, of, told, deliveries) = (self.clone(), of.to_vec(), told.to_vec(), deliveries.to_vec());
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            for one in of {
                let moved = sqlx::query(
                    "UPDATE webhook_cursors SET changed = ? WHERE endpoint = ? AND event = ? AND changed = ?",
                );
                let moved = moved.bind(to).bind(one.endpoint).bind(one.event).bind(from);
                if moved.execute(write.on()).await?.rows_affected() == 0 {
                    return Ok(false);
                }
            }
            for one in told {
                let noted = sqlx::query(
                    "INSERT INTO happenings_told (seq, endpoint) VALUES (?, ?) ON CONFLICT DO NOTHING",
                );
                let noted = noted.bind(one.seq).bind(one.endpoint);
                if noted.execute(write.on()).await?.rows_affected() == 0 {
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

/// How far each has been told, if that is known.
async fn cursors(on: &mut SqliteConnection, of: &[Subscription]) -> Result<Vec<Option<i64>>, StoreError> {
    let mut all = Vec::new();
    for one in of {
        let found =
            sqlx::query_scalar("SELECT changed FROM webhook_cursors WHERE endpoint = ? AND event = ?");
        all.push(found.bind(&one.endpoint).bind(&one.event).fetch_optional(&mut *on).await?);
    }
    Ok(all)
}

/// Writes down what happened, in the transaction of the change that it belongs to.
pub(super) async fn happened(
    on: &mut SqliteConnection,
    happening: Option<(&'static str, Value)>,
) -> Result<(), StoreError> {
    let Some((event, data)) = happening else { return Ok(()) };
    // By then they were told to whoever is to be told of them.
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
