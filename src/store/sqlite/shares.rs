use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::value::{Reader, now};
use super::{Outlasts, SqliteStore, detached};
use crate::job::AccountRef;
use crate::store::{Role, Share, Shares, StoreError};

#[async_trait]
impl Shares for SqliteStore {
    async fn share(&self, account: &AccountRef, name: &str, role: Role, by: &str) -> Result<(), StoreError> {
        let (store, account, name, by) = (self.clone(), account.clone(), name.to_owned(), by.to_owned());
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            let token: Option<String> =
                sqlx::query_scalar("SELECT id FROM tokens WHERE name = ? AND revoked_at IS NULL")
                    .bind(&name)
                    .fetch_optional(write.on())
                    .await?;
            let Some(token) = token else { return Err(StoreError::NoToken(name)) };
            let known: Option<i64> = sqlx::query_scalar("SELECT 1 FROM accounts WHERE account = ?")
                .bind(account.to_string())
                .fetch_optional(write.on())
                .await?;
            if known.is_none() {
                return Err(StoreError::NoAccount(account));
            }
            sqlx::query(
                "INSERT INTO shares (token, account, role, created_at, created_by) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (token, account) DO UPDATE SET role = ?3, created_at = ?4, created_by = ?5",
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
                "DELETE FROM shares WHERE account = ? AND token = (SELECT id FROM tokens WHERE name = ?)",
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
        let role: Option<String> =
            sqlx::query_scalar("SELECT role FROM shares WHERE account = ? AND token = ?")
                .bind(account.to_string())
                .bind(token.to_string())
                .fetch_optional(&self.readers)
                .await?;
        role.map(|role| role.parse()).transpose()
    }

    async fn shared_with(&self, account: &AccountRef) -> Result<Vec<Share>, StoreError> {
        let rows = sqlx::query(
            "SELECT s.*, t.name FROM shares AS s JOIN tokens AS t ON t.id = s.token
             WHERE s.account = ? AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > ?)
             ORDER BY t.name",
        );
        let rows = rows.bind(account.to_string()).bind(now()).fetch_all(&self.readers).await?;
        rows.iter().map(read).collect()
    }

    async fn shares_of(&self, token: Uuid) -> Result<Vec<Share>, StoreError> {
        let rows = sqlx::query(
            "SELECT s.*, t.name FROM shares AS s JOIN tokens AS t ON t.id = s.token
             WHERE s.token = ? ORDER BY s.account",
        );
        let rows = rows.bind(token.to_string()).fetch_all(&self.readers).await?;
        rows.iter().map(read).collect()
    }
}

fn read(row: &SqliteRow) -> Result<Share, StoreError> {
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
