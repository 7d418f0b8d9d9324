use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::value::{Reader, now};
use super::{Outlasts, SqliteStore, detached};
use crate::store::access::{scopes_of, scopes_text};
use crate::store::{Access, NewToken, StoreError, TokenRow};

#[async_trait]
impl Access for SqliteStore {
    async fn add_token(&self, new: &NewToken) -> Result<(), StoreError> {
        let (store, new) = (self.clone(), new.clone());
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            let done = sqlx::query(
                "INSERT INTO tokens (id, name, hash, scopes, created_at, created_by, expires_at, only_shared)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING",
            )
            .bind(new.id.to_string())
            .bind(&new.name)
            .bind(&new.hash)
            .bind(scopes_text(&new.scopes))
            .bind(now())
            .bind(&new.created_by)
            .bind(new.expires_at.map(|at| at.as_millisecond()))
            .bind(new.only_shared)
            .execute(write.on())
            .await?;
            if done.rows_affected() == 0 {
                return Err(StoreError::NameTaken(new.name));
            }
            write.commit().await
        })
        .await
    }

    async fn tokens(&self) -> Result<Vec<TokenRow>, StoreError> {
        let mut reader = self.readers.acquire().await?;
        let all = sqlx::query("SELECT * FROM tokens ORDER BY created_at, id");
        all.fetch_all(&mut *reader).await?.iter().map(read).collect()
    }

    async fn token_by_hash(&self, hash: &[u8]) -> Result<Option<TokenRow>, StoreError> {
        let mut reader = self.readers.acquire().await?;
        let found = sqlx::query("SELECT * FROM tokens WHERE hash = ?").bind(hash);
        found.fetch_optional(&mut *reader).await?.as_ref().map(read).transpose()
    }

    async fn token_used(&self, id: Uuid) -> Result<(), StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            sqlx::query("UPDATE tokens SET last_used_at = ? WHERE id = ?")
                .bind(now())
                .bind(id.to_string())
                .execute(write.on())
                .await?;
            write.commit().await
        })
        .await
    }

    async fn revoke_token(&self, name: &str) -> Result<bool, StoreError> {
        let (store, name) = (self.clone(), name.to_owned());
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            sqlx::query("DELETE FROM sessions WHERE token IN (SELECT id FROM tokens WHERE name = ?)")
                .bind(&name)
                .execute(write.on())
                .await?;
            let done = sqlx::query("UPDATE tokens SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL")
                .bind(now())
                .bind(&name)
                .execute(write.on())
                .await?;
            write.commit().await?;
            Ok(done.rows_affected() > 0)
        })
        .await
    }

    async fn add_session(&self, hash: &[u8], token: Uuid, expires_at: Timestamp) -> Result<(), StoreError> {
        let (store, hash) = (self.clone(), hash.to_vec());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            sqlx::query("DELETE FROM sessions WHERE expires_at <= ?").bind(now()).execute(write.on()).await?;
            sqlx::query("INSERT INTO sessions (hash, token, created_at, expires_at) VALUES (?, ?, ?, ?)")
                .bind(hash)
                .bind(token.to_string())
                .bind(now())
                .bind(expires_at.as_millisecond())
                .execute(write.on())
                .await?;
            write.commit().await
        })
        .await
    }

    async fn session(&self, hash: &[u8]) -> Result<Option<TokenRow>, StoreError> {
        let mut reader = self.readers.acquire().await?;
        let found = sqlx::query(
            "SELECT t.* FROM sessions AS s JOIN tokens AS t ON t.id = s.token
             WHERE s.hash = ? AND s.expires_at > ?",
        )
        .bind(hash)
        .bind(now());
        found.fetch_optional(&mut *reader).await?.as_ref().map(read).transpose()
    }

    async fn end_session(&self, hash: &[u8]) -> Result<(), StoreError> {
        let (store, hash) = (self.clone(), hash.to_vec());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            sqlx::query("DELETE FROM sessions WHERE hash = ?").bind(hash).execute(write.on()).await?;
            write.commit().await
        })
        .await
    }
}

fn read(row: &SqliteRow) -> Result<TokenRow, StoreError> {
    let row = Reader(row);
    Ok(TokenRow {
        token: NewToken {
            id: row.id("id")?,
            name: row.text("name")?,
            hash: row.bytes("hash")?,
            scopes: scopes_of(&row.text("scopes")?)?,
            only_shared: row.int("only_shared")? != 0,
            expires_at: row.time_or_null("expires_at")?,
            created_by: row.text_or_null("created_by")?,
        },
        created_at: row.time("created_at")?,
        last_used_at: row.time_or_null("last_used_at")?,
        revoked_at: row.time_or_null("revoked_at")?,
    })
}
