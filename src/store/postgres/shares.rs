use async_trait::async_trait;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::value::{Reader, now};
use super::{Outlasts, PostgresStore, answer, detached};
use crate::job::AccountRef;
use crate::store::{Role, Share, Shares, StoreError};

#[async_trait]
impl Shares for PostgresStore {
    async fn share(&self, account: &AccountRef, name: &str, role: Role, by: &str) -> Result<(), StoreError> {
        let (store, account, name, by) = (self.clone(), account.clone(), name.to_owned(), by.to_owned());
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            let token: Option<Uuid> =
                sqlx::query_scalar("SELECT id FROM tokens WHERE name = $1 AND revoked_at IS NULL")
                    .bind(&name)
                    .fetch_optional(write.on())
                    .await?;
            let Some(token) = token else { return Err(StoreError::NoToken(name)) };
            let known: Option<i32> = sqlx::query_scalar("SELECT 1 FROM accounts WHERE account = $1")
                .bind(account.to_string())
                .fetch_optional(write.on())
                .await?;
            if known.is_none() {
                return Err(StoreError::NoAccount(account));
            }
            sqlx::query(
                "INSERT INTO shares (token, account, role, created_at, created_by) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (token, account) DO UPDATE SET role = $3, created_at = $4, created_by = $5",
            )
            .bind(token)
            .bind(account.to_string())
            .bind(role.as_str())
            .bind(now())
            .bind(by)
            .execute(write.on())
            .await?;
            write.commit().await
        })
        .await
    }

    async fn unshare(&self, account: &AccountRef, name: &str) -> Result<bool, StoreError> {
        let (store, account, name) = (self.clone(), account.to_string(), name.to_owned());
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            let done = sqlx::query(
                "DELETE FROM shares WHERE account = $1 AND token = (SELECT id FROM tokens WHERE name = $2)",
            )
            .bind(account)
            .bind(name)
            .execute(write.on())
            .await?;
            write.commit().await?;
            Ok(done.rows_affected() > 0)
        })
        .await
    }

    async fn role(&self, account: &AccountRef, token: Uuid) -> Result<Option<Role>, StoreError> {
        let mut reader = self.reader().await?;
        let role = sqlx::query_scalar("SELECT role FROM shares WHERE account = $1 AND token = $2")
            .bind(account.to_string())
            .bind(token);
        let role: Option<String> = answer(role.fetch_optional(&mut *reader)).await?;
        role.map(|role| role.parse()).transpose()
    }

    async fn shared_with(&self, account: &AccountRef) -> Result<Vec<Share>, StoreError> {
        let rows = sqlx::query(
            "SELECT s.*, t.name FROM shares AS s JOIN tokens AS t ON t.id = s.token
             WHERE s.account = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2)
             ORDER BY t.name",
        );
        let rows = rows.bind(account.to_string()).bind(now());
        let mut reader = self.reader().await?;
        let rows = answer(rows.fetch_all(&mut *reader)).await?;
        rows.iter().map(read).collect()
    }

    async fn shares_of(&self, token: Uuid) -> Result<Vec<Share>, StoreError> {
        let rows = sqlx::query(
            "SELECT s.*, t.name FROM shares AS s JOIN tokens AS t ON t.id = s.token
             WHERE s.token = $1 ORDER BY s.account",
        );
        let rows = rows.bind(token);
        let mut reader = self.reader().await?;
        let rows = answer(rows.fetch_all(&mut *reader)).await?;
        rows.iter().map(read).collect()
    }
}

fn read(row: &PgRow) -> Result<Share, StoreError> {
    let row = Reader(row);
    Ok(Share {
        account: row.parsed("account", "an account")?,
        token: row.id("token")?,
        name: row.text("name")?,
        role: row.parsed("role", "a role")?,
        created_at: row.time("created_at")?,
        created_by: row.text("created_by")?,
    })
}
