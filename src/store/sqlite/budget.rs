use async_trait::async_trait;
use jiff::Timestamp;

use super::value::Reader;
use super::{Outlasts, SqliteStore, detached};
use crate::job::AccountRef;
use crate::store::{Budget, Spent, StoreError, Wrong};

#[async_trait]
impl Budget for SqliteStore {
    async fn record_wrong(
        &self,
        account: &AccountRef,
        what: Wrong,
        at: Timestamp,
    ) -> Result<i64, StoreError> {
        let (store, account) = (self.clone(), account.clone());
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            let id = sqlx::query_scalar(
                "INSERT INTO wrong_tries (account, what, at) VALUES (?, ?, ?) RETURNING id",
            )
            .bind(account.to_string())
            .bind(what.as_str())
            .bind(at.as_millisecond())
            .fetch_one(write.on())
            .await?;
            write.commit().await?;
            Ok(id)
        })
        .await
    }

    async fn withdraw_wrong(&self, id: i64) -> Result<(), StoreError> {
        let store = self.clone();
        detached(async move {
            // Should this be lost, the budget errs on the safe side.
            let mut write = store.write(Outlasts::Crash).await?;
            sqlx::query("DELETE FROM wrong_tries WHERE id = ?").bind(id).execute(write.on()).await?;
            write.commit().await
        })
        .await
    }

    async fn wrong_since(&self, account: &AccountRef, since: Timestamp) -> Result<Spent, StoreError> {
        let row = sqlx::query(
            "SELECT count(*) AS n, min(at) AS oldest FROM wrong_tries WHERE account = ? AND at >= ?",
        )
        .bind(account.to_string())
        .bind(since.as_millisecond())
        .fetch_one(&self.readers)
        .await?;
        let row = Reader(&row);
        Ok(Spent { count: row.count("n")?, oldest: row.time_or_null("oldest")? })
    }

    async fn clear_wrong(&self, account: &AccountRef) -> Result<(), StoreError> {
        let (store, account) = (self.clone(), account.clone());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            sqlx::query("DELETE FROM wrong_tries WHERE account = ?")
                .bind(account.to_string())
                .execute(write.on())
                .await?;
            write.commit().await
        })
        .await
    }
}
