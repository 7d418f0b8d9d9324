use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use super::value::{Reader, millis};
use super::{Outlasts, PostgresStore, answer, detached};
use crate::job::AccountRef;
use crate::store::{Begun, Budget, Fence, Limit, NewTry, Spent, StoreError, Try, TryResult};

#[async_trait]
impl Budget for PostgresStore {
    async fn begin_try(
        &self,
        new: &NewTry,
        limit: Option<Limit>,
        fence: Option<&Fence>,
    ) -> Result<Begun, StoreError> {
        let (store, new, fence) = (self.clone(), new.clone(), fence.cloned());
        detached(async move {
            let account = new.account.to_string();
            // Whoever has counted has also spent before another counts.
            let mut write = store.write_of(Outlasts::PowerFailure, &new.account).await?;
            write.check_fence(fence.as_ref(), &account).await?;
            let at: i64 = sqlx::query_scalar("SELECT turnlock_now()").fetch_one(write.on()).await?;
            if let Some(Limit { most, window }) = limit {
                let spent = spent(write.on(), &account, at.saturating_sub(millis(window))).await?;
                if spent.count >= most {
                    return Ok(Begun::Exhausted(spent));
                }
            }
            let id = sqlx::query_scalar(
                "INSERT INTO credential_tries (account, job, flow, password, totp, at, counted_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
            )
            .bind(&account)
            .bind(new.job)
            .bind(new.flow)
            .bind(new.password)
            .bind(new.totp)
            .bind(at)
            .bind(at.saturating_add(millis(new.within)))
            .fetch_one(write.on())
            .await?;
            write.commit().await?;
            Ok(Begun::Try(id))
        })
        .await
    }

    async fn end_try(
        &self,
        id: i64,
        result: TryResult,
        forgiven: bool,
        fence: Option<&Fence>,
    ) -> Result<(), StoreError> {
        let (store, fence) = (self.clone(), fence.cloned());
        detached(async move {
            // Should this be lost, the budget errs on the safe side.
            let mut write = store.write(Outlasts::Crash).await?;
            let account: String = sqlx::query_scalar("SELECT account FROM credential_tries WHERE id = $1")
                .bind(id)
                .fetch_one(write.on())
                .await?;
            write.lock(&account).await?;
            write.check_fence(fence.as_ref(), &account).await?;
            sqlx::query(
                "UPDATE credential_tries SET result = $1, counts = $2, counted_at = turnlock_now() WHERE id = $3",
            )
            .bind(result.as_str())
            .bind(result.counts())
            .bind(id)
            .execute(write.on())
            .await?;
            if forgiven {
                sqlx::query("UPDATE credential_tries SET counts = false WHERE account = $1 AND counts")
                    .bind(&account)
                    .execute(write.on())
                    .await?;
            }
            write.commit().await
        })
        .await
    }

    async fn count_try(&self, id: i64, counts: bool, fence: Option<&Fence>) -> Result<(), StoreError> {
        let (store, fence) = (self.clone(), fence.cloned());
        detached(async move {
            let outlasts = if counts { Outlasts::PowerFailure } else { Outlasts::Crash };
            let mut write = store.write(outlasts).await?;
            let account: String =
                sqlx::query_scalar("SELECT account FROM credential_tries WHERE id = $1 AND result IS NULL")
                    .bind(id)
                    .fetch_one(write.on())
                    .await?;
            write.lock(&account).await?;
            write.check_fence(fence.as_ref(), &account).await?;
            sqlx::query("UPDATE credential_tries SET counts = $1 WHERE id = $2 AND result IS NULL")
                .bind(counts)
                .bind(id)
                .execute(write.on())
                .await?;
            write.commit().await
        })
        .await
    }

    async fn tries(&self, job: Uuid) -> Result<Vec<Try>, StoreError> {
        let mut reader = self.reader().await?;
        let tries = sqlx::query("SELECT * FROM credential_tries WHERE job = $1 ORDER BY id").bind(job);
        let rows = answer(tries.fetch_all(&mut *reader)).await?;
        let read = |row| {
            let row = Reader(row);
            Ok(Try {
                flow: row.text("flow")?,
                password: row.id_or_null("password")?,
                totp: row.id_or_null("totp")?,
                at: row.time("at")?,
                result: row.parsed_or_null("result", "what came of a try")?,
            })
        };
        rows.iter().map(read).collect()
    }

    async fn spent_since(&self, account: &AccountRef, since: Timestamp) -> Result<Spent, StoreError> {
        let mut reader = self.reader().await?;
        answer(spent(&mut reader, &account.to_string(), since.as_millisecond())).await
    }
}

async fn spent(on: &mut PgConnection, account: &str, since: i64) -> Result<Spent, StoreError> {
    let row = sqlx::query(
        "SELECT count(*) AS n, min(counted_at) AS oldest FROM credential_tries
         WHERE account = $1 AND counted_at >= $2 AND counts",
    )
    .bind(account)
    .bind(since)
    .fetch_one(on)
    .await?;
    let row = Reader(&row);
    Ok(Spent { count: row.count("n")?, oldest: row.time_or_null("oldest")? })
}
