use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::value::{Reader, millis};
use super::{Outlasts, SqliteStore, detached};
use crate::job::AccountRef;
use crate::store::{Begun, Budget, Fence, Limit, NewTry, Spent, StoreError, Try, TryResult};

#[async_trait]
impl Budget for SqliteStore {
    async fn begin_try(
        &self,
        new: &NewTry,
        limit: Option<Limit>,
        fence: Option<&Fence>,
    ) -> Result<Begun, StoreError> {
        let (store, new, fence) = (self.clone(), new.clone(), fence.cloned());
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            let account = new.account.to_string();
            store.check_fence(write.on(), fence.as_ref(), &account).await?;
            let at = store.clock.now();
            if let Some(Limit { most, window }) = limit {
                let spent = spent(write.on(), &account, at.saturating_sub(millis(window))).await?;
                if spent.count >= most {
                    return Ok(Begun::Exhausted(spent));
                }
            }
            let id = sqlx::query_scalar(
                "INSERT INTO credential_tries (account, job, flow, password, totp, at, counted_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
            )
            .bind(&account)
            .bind(new.job.to_string())
            .bind(new.flow)
            .bind(new.password.map(|id| id.to_string()))
            .bind(new.totp.map(|id| id.to_string()))
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
            let account: String = sqlx::query_scalar(
                "UPDATE credential_tries SET result = ?, counts = ?, counted_at = ? WHERE id = ? RETURNING account",
            )
            .bind(result.as_str())
            .bind(result.counts())
            .bind(store.clock.now())
            .bind(id)
            .fetch_one(write.on())
            .await?;
            store.check_fence(write.on(), fence.as_ref(), &account).await?;
            if forgiven {
                sqlx::query("UPDATE credential_tries SET counts = 0 WHERE account = ? AND counts")
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
            let account: String = sqlx::query_scalar(
                "UPDATE credential_tries SET counts = ? WHERE id = ? AND result IS NULL RETURNING account",
            )
            .bind(counts)
            .bind(id)
            .fetch_one(write.on())
            .await?;
            store.check_fence(write.on(), fence.as_ref(), &account).await?;
            write.commit().await
        })
        .await
    }

    async fn tries(&self, job: Uuid) -> Result<Vec<Try>, StoreError> {
        let rows = sqlx::query("SELECT * FROM credential_tries WHERE job = ? ORDER BY id")
            .bind(job.to_string())
            .fetch_all(&self.readers)
            .await?;
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
        let mut reader = self.readers.acquire().await?;
        spent(&mut reader, &account.to_string(), since.as_millisecond()).await
    }
}

async fn spent(on: &mut SqliteConnection, account: &str, since: i64) -> Result<Spent, StoreError> {
    let row = sqlx::query(
        "SELECT count(*) AS n, min(counted_at) AS oldest FROM credential_tries
         WHERE account = ? AND counted_at >= ? AND counts",
    )
    .bind(account)
    .bind(since)
    .fetch_one(on)
    .await?;
    let row = Reader(&row);
    Ok(Spent { count: row.count("n")?, oldest: row.time_or_null("oldest")? })
}
