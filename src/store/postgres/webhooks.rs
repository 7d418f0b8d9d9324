use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use sqlx::PgConnection;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::value::{Reader, millis, now};
use super::{Outlasts, PostgresStore, Write, answer, detached};
use crate::store::webhooks::{UNDELIVERED, UNTOLD, by_endpoint};
use crate::store::{
    DeliveryDepths, DeliveryRow, Happening, Log as _, NewDelivery, StoreError, Subscription, Webhooks,
};

#[async_trait]
impl Webhooks for PostgresStore {
    async fn webhook_cursors(&self, of: &[Subscription]) -> Result<Vec<i64>, StoreError> {
        let mut reader = self.reader().await?;
        let found = answer(cursors(&mut reader, of)).await?;
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
            let (endpoints, events) = parts(&of);
            let new: Vec<(String, String)> = sqlx::query_as(
                "INSERT INTO webhook_cursors (endpoint, event, changed)
                 SELECT DISTINCT s.endpoint, s.event, $3::bigint FROM unnest($1::text[], $2::text[]) AS s (endpoint, event)
                 ORDER BY 1, 2 ON CONFLICT DO NOTHING RETURNING endpoint, event",
            )
            .bind(endpoints)
            .bind(events)
            .bind(first.unwrap_or(end))
            .fetch_all(write.on())
            .await?;
            // What happened before somebody was to be told is not told to them.
            for (endpoint, event) in new.iter().filter(|_| first.is_none()) {
                sqlx::query("INSERT INTO happenings_told (seq, endpoint) SELECT seq, $1 FROM happenings WHERE event = $2")
                    .bind(endpoint)
                    .bind(event)
                    .execute(write.on())
                    .await?;
            }
            let all = cursors(write.on(), &of).await?.into_iter().map(|at| at.unwrap_or(end)).collect();
            write.commit().await?;
            Ok(all)
        })
        .await
    }

    async fn happenings(&self, of: &[Subscription], most: u32) -> Result<Vec<Happening>, StoreError> {
        let mut reader = self.reader().await?;
        let (endpoints, events) = parts(of);
        let rows = sqlx::query(
            "SELECT h.*, s.endpoint FROM happenings AS h
             JOIN unnest($1::text[], $2::text[]) AS s (endpoint, event) ON s.event = h.event
             WHERE NOT EXISTS (SELECT 1 FROM happenings_told AS t WHERE t.seq = h.seq AND t.endpoint = s.endpoint)
             ORDER BY h.seq, s.endpoint LIMIT $3",
        );
        let rows = rows.bind(endpoints).bind(events).bind(i64::from(most));
        let rows = answer(rows.fetch_all(&mut *reader)).await?;
        let read = |row: &PgRow| {
            let row = Reader(row);
            Ok(Happening {
                seq: row.int("seq")?,
                at: row.time("at")?,
                event: row.text("event")?,
                data: row.text("data")?,
                endpoint: row.text("endpoint")?,
            })
        };
        rows.iter().map(read).collect()
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
            let (endpoints, events) = parts(&of);
            // Whoever is second waits here, and finds that it has moved. All take them in one order, so that nobody waits in a
            // circle.
            let held = sqlx::query(
                "SELECT 1 FROM webhook_cursors
                 WHERE changed = $3 AND (endpoint, event) IN (SELECT * FROM unnest($1::text[], $2::text[]))
                 ORDER BY endpoint, event FOR UPDATE",
            )
            .bind(&endpoints)
            .bind(&events)
            .bind(from)
            .fetch_all(write.on())
            .await?;
            if held.len() < of.len() {
                return Ok(false);
            }
            sqlx::query(
                "UPDATE webhook_cursors SET changed = $3
                 WHERE changed < $3 AND (endpoint, event) IN (SELECT * FROM unnest($1::text[], $2::text[]))",
            )
            .bind(endpoints)
            .bind(events)
            .bind(to)
            .execute(write.on())
            .await?;
            let noted = sqlx::query(
                "INSERT INTO happenings_told (seq, endpoint) SELECT * FROM unnest($1::bigint[], $2::text[]) ON CONFLICT DO NOTHING",
            )
            .bind(told.iter().map(|one| one.seq).collect::<Vec<_>>())
            .bind(told.iter().map(|one| one.endpoint.clone()).collect::<Vec<_>>())
            .execute(write.on())
            .await?;
            if noted.rows_affected() < told.len() as u64 {
                return Ok(false);
            }
            let each = |of: fn(&NewDelivery) -> &str| {
                deliveries.iter().map(|new| of(new).to_owned()).collect::<Vec<_>>()
            };
            sqlx::query(
                "INSERT INTO webhook_deliveries (id, endpoint, event, body, created_at, due_at)
                 SELECT g.id, g.endpoint, g.event, g.body, $5, turnlock_now()
                 FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS g (id, endpoint, event, body)",
            )
            .bind(deliveries.iter().map(|new| new.id).collect::<Vec<_>>())
            .bind(each(|new| &new.endpoint))
            .bind(each(|new| &new.event))
            .bind(each(|new| &new.body))
            .bind(now())
            .execute(write.on())
            .await?;
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
        let (store, endpoints) = (self.clone(), endpoints.to_vec());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let rows = sqlx::query(
                "UPDATE webhook_deliveries SET due_at = turnlock_now() + $1 WHERE id IN (
                     SELECT id FROM webhook_deliveries WHERE due_at <= turnlock_now() AND endpoint = ANY ($2)
                     ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
                 RETURNING *, turnlock_now() AS asked_at",
            )
            .bind(millis(hold))
            .bind(endpoints)
            .bind(i64::from(most))
            .fetch_all(write.on())
            .await?;
            write.commit().await?;
            rows.iter().map(read).collect()
        })
        .await
    }

    async fn delivered(&self, id: Uuid) -> Result<(), StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            sqlx::query("DELETE FROM webhook_deliveries WHERE id = $1").bind(id).execute(write.on()).await?;
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
                "UPDATE webhook_deliveries SET tries = tries + 1, due_at = turnlock_now() + $1, tried_at = $2,
                    failure = $3 WHERE id = $4",
            )
            .bind(again_in.map(millis))
            .bind(now())
            .bind(failure)
            .bind(id)
            .execute(write.on())
            .await?;
            write.commit().await
        })
        .await
    }

    async fn deliveries(&self, most: u32) -> Result<Vec<DeliveryRow>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = sqlx::query(
            "SELECT *, turnlock_now() AS asked_at FROM webhook_deliveries ORDER BY created_at, id LIMIT $1",
        )
        .bind(i64::from(most));
        answer(rows.fetch_all(&mut *reader)).await?.iter().map(read).collect()
    }

    async fn retry_deliveries(&self, id: Option<Uuid>) -> Result<u64, StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let done = sqlx::query(
                "UPDATE webhook_deliveries SET due_at = turnlock_now(), tries = 0
                 WHERE id = $1 OR ($1 IS NULL AND due_at IS NULL)",
            )
            .bind(id)
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
                "DELETE FROM webhook_deliveries WHERE id = $1 OR ($1 IS NULL AND due_at IS NULL)",
            )
            .bind(id)
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
                "UPDATE webhook_deliveries SET due_at = NULL, failure = coalesce(failure || '; then ', '') || $2
                 WHERE due_at < turnlock_now() - $1 RETURNING endpoint",
            )
            .bind(millis(due_for))
            .bind(UNDELIVERED)
            .fetch_all(write.on())
            .await?;
            write.commit().await?;
            Ok(by_endpoint(aside))
        })
        .await
    }

    async fn delivery_depths(&self) -> Result<DeliveryDepths, StoreError> {
        let mut reader = self.reader().await?;
        let row = sqlx::query(
            "SELECT count(*) FILTER (WHERE due_at IS NOT NULL) AS waiting,
                    count(*) FILTER (WHERE due_at IS NULL) AS dead FROM webhook_deliveries",
        );
        let row = answer(row.fetch_one(&mut *reader)).await?;
        let row = Reader(&row);
        Ok(DeliveryDepths { waiting: row.token("waiting")?, dead: row.token("dead")? })
    }
}

/// The servers and the events.
fn parts(of: &[Subscription]) -> (Vec<String>, Vec<String>) {
    of.iter().map(|one| (one.endpoint.clone(), one.event.clone())).unzip()
}

/// How far each has been told, if that is known.
async fn cursors(on: &mut PgConnection, of: &[Subscription]) -> Result<Vec<Option<i64>>, StoreError> {
    let (endpoints, events) = parts(of);
    let found = sqlx::query_scalar(
        "SELECT c.changed FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS s (endpoint, event, nth)
         LEFT JOIN webhook_cursors AS c ON c.endpoint = s.endpoint AND c.event = s.event ORDER BY s.nth",
    );
    Ok(found.bind(endpoints).bind(events).fetch_all(on).await?)
}

impl Write {
    /// Writes down what happened, in the transaction of the change that it belongs to.
    pub(super) async fn happened(
        &mut self,
        happening: Option<(&'static str, Value)>,
    ) -> Result<(), StoreError> {
        let Some((event, data)) = happening else { return Ok(()) };
        // By then they were told to whoever is to be told of them.
        sqlx::query("DELETE FROM happenings WHERE at < $1")
            .bind(now().saturating_sub(millis(UNTOLD)))
            .execute(self.on())
            .await?;
        sqlx::query("INSERT INTO happenings (at, event, data) VALUES ($1, $2, $3)")
            .bind(now())
            .bind(event)
            .bind(data.to_string())
            .execute(self.on())
            .await?;
        Ok(())
    }
}

fn read(row: &PgRow) -> Result<DeliveryRow, StoreError> {
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
        due_at: row.here_or_null("due_at")?,
        tried_at: row.time_or_null("tried_at")?,
        failure: row.text_or_null("failure")?,
    })
}
