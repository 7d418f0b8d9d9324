use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::value::{Reader, millis, to_i64};
use super::{Outlasts, SqliteStore, detached};
use crate::job::AccountRef;
use crate::store::{Fence, Lease, Leases, StoreError, WorkerId};

#[async_trait]
impl Leases for SqliteStore {
    async fn acquire(
        &self,
        account: &AccountRef,
        worker: &WorkerId,
        ttl: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        let (store, account, worker) = (self.clone(), account.clone(), worker.clone());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let now = store.clock.now();
            let lease = take(write.on(), &account, &worker, now, now.saturating_add(millis(ttl))).await?;
            write.commit().await?;
            Ok(lease)
        })
        .await
    }

    async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<Option<Lease>, StoreError> {
        let (store, lease) = (self.clone(), lease.clone());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let now = store.clock.now();
            let expires_at = now.saturating_add(millis(ttl));
            // One that has expired is lost, also when nobody has taken the account over yet.
            let renewed = sqlx::query(
                "UPDATE leases SET expires_at = ? WHERE account = ? AND token = ? AND expires_at > ?",
            )
            .bind(expires_at)
            .bind(lease.account.to_string())
            .bind(to_i64(lease.token))
            .bind(now)
            .execute(write.on())
            .await?;
            write.commit().await?;
            let expires_at = Timestamp::from_millisecond(expires_at).unwrap_or(Timestamp::MAX);
            Ok((renewed.rows_affected() == 1).then(|| Lease { expires_at, ..lease.clone() }))
        })
        .await
    }

    async fn check(&self, fence: &Fence) -> Result<(), StoreError> {
        let mut reader = self.readers.acquire().await?;
        self.check_fence(&mut reader, Some(fence), &fence.account.to_string()).await
    }

    async fn now(&self) -> Result<Timestamp, StoreError> {
        Ok(Timestamp::from_millisecond(self.clock.now()).unwrap_or(Timestamp::MAX))
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let (store, lease) = (self.clone(), lease.clone());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            sqlx::query("UPDATE leases SET expires_at = 0 WHERE account = ? AND token = ?")
                .bind(lease.account.to_string())
                .bind(to_i64(lease.token))
                .execute(write.on())
                .await?;
            write.commit().await
        })
        .await
    }
}

/// Takes the account until then, if no lease on it holds now.
pub(super) async fn take(
    on: &mut SqliteConnection,
    account: &AccountRef,
    worker: &WorkerId,
    now: i64,
    until: i64,
) -> Result<Option<Lease>, StoreError> {
    let row = sqlx::query(
        "INSERT INTO leases (account, worker, token, expires_at) VALUES (?1, ?2, 1, ?3)
         ON CONFLICT (account) DO UPDATE SET worker = ?2, token = token + 1, expires_at = ?3
         WHERE expires_at <= ?4
         RETURNING token, expires_at",
    )
    .bind(account.to_string())
    .bind(worker.as_str())
    .bind(until)
    .bind(now)
    .fetch_optional(on)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let row = Reader(&row);
    Ok(Some(Lease {
        account: account.clone(),
        worker: worker.clone(),
        token: row.token("token")?,
        expires_at: row.time("expires_at")?,
    }))
}
