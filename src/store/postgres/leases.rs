use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::value::{Reader, millis, time, to_i64};
use super::{Outlasts, PostgresStore, Write, answer, detached};
use crate::job::AccountRef;
use crate::store::{Fence, Lease, Leases, StoreError, WorkerId};

#[async_trait]
impl Leases for PostgresStore {
    async fn acquire(
        &self,
        account: &AccountRef,
        worker: &WorkerId,
        ttl: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        let (store, account, worker) = (self.clone(), account.clone(), worker.clone());
        detached(async move {
            let mut write = store.write_of(Outlasts::Crash, &account).await?;
            let row = sqlx::query(
                "INSERT INTO leases (account, worker, token, expires_at) VALUES ($1, $2, 1, turnlock_now() + $3)
                 ON CONFLICT (account) DO UPDATE
                 SET worker = $2, token = leases.token + 1, expires_at = turnlock_now() + $3
                 WHERE leases.expires_at <= turnlock_now()
                 RETURNING token, expires_at",
            )
            .bind(account.to_string())
            .bind(worker.as_str())
            .bind(millis(ttl))
            .fetch_optional(write.on())
            .await?;
            write.commit().await?;
            let Some(row) = row else { return Ok(None) };
            let row = Reader(&row);
            Ok(Some(Lease {
                account,
                worker,
                token: row.token("token")?,
                expires_at: row.time("expires_at")?,
            }))
        })
        .await
    }

    async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<Option<Lease>, StoreError> {
        let (store, lease) = (self.clone(), lease.clone());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            // One that has expired is lost, also when nobody has taken the account over yet.
            let renewed: Option<i64> = sqlx::query_scalar(
                "UPDATE leases SET expires_at = turnlock_now() + $1
                 WHERE account = $2 AND token = $3 AND expires_at > turnlock_now() RETURNING expires_at",
            )
            .bind(millis(ttl))
            .bind(lease.account.to_string())
            .bind(to_i64(lease.token))
            .fetch_optional(write.on())
            .await?;
            write.commit().await?;
            Ok(renewed.map(time).transpose()?.map(|expires_at| Lease { expires_at, ..lease }))
        })
        .await
    }

    async fn check(&self, fence: &Fence) -> Result<(), StoreError> {
        let (store, fence) = (self.clone(), fence.clone());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            write.check_fence(Some(&fence), &fence.account.to_string()).await
        })
        .await
    }

    async fn now(&self) -> Result<Timestamp, StoreError> {
        let mut reader = self.reader().await?;
        time(answer(sqlx::query_scalar("SELECT turnlock_now()").fetch_one(&mut *reader)).await?)
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let (store, lease) = (self.clone(), lease.clone());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            write.let_go(&lease).await?;
            write.commit().await
        })
        .await
    }
}

impl Write {
    /// The account is free again, unless it was taken over.
    pub(super) async fn let_go(&mut self, lease: &Lease) -> Result<(), StoreError> {
        sqlx::query("UPDATE leases SET expires_at = 0 WHERE account = $1 AND token = $2")
            .bind(lease.account.to_string())
            .bind(to_i64(lease.token))
            .execute(self.on())
            .await?;
        Ok(())
    }
}
