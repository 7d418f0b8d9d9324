use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::value::{Reader, now};
use super::{Outlasts, PostgresStore, answer, detached};
use crate::store::access::{scopes_of, scopes_text};
use crate::store::{Access, NewToken, StoreError, TokenRow};

#[async_trait]
impl Access for PostgresStore {
    async fn add_token(&self, new: &NewToken) -> Result<(), StoreError> {
        let (store, new) = (self.clone(), new.clone());
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            let done = sqlx::query(
                "INSERT INTO tokens (id, name, hash, scopes, created_at, created_by, expires_at, only_shared)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (name) DO NOTHING",
            )
            .bind(new.id)
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
        let mut reader = self.reader().await?;
        let all = sqlx::query("SELECT * FROM tokens ORDER BY created_at, id");
        answer(all.fetch_all(&mut *reader)).await?.iter().map(read).collect()
    }

    async fn token_by_hash(&self, hash: &[u8]) -> Result<Option<TokenRow>, StoreError> {
        let mut reader = self.reader().await?;
        let found = sqlx::query("SELECT * FROM tokens WHERE hash = $1").bind(hash);
        answer(found.fetch_optional(&mut *reader)).await?.as_ref().map(read).transpose()
    }

    async fn token_used(&self, id: Uuid) -> Result<(), StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            sqlx::query("UPDATE tokens SET last_used_at = $1 WHERE id = $2")
                .bind(now())
                .bind(id)
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
            sqlx::query("DELETE FROM sessions WHERE token IN (SELECT id FROM tokens WHERE name = $1)")
                .bind(&name)
                .execute(write.on())
                .await?;
            let done =
                sqlx::query("UPDATE tokens SET revoked_at = $1 WHERE name = $2 AND revoked_at IS NULL")
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
            sqlx::query("DELETE FROM sessions WHERE expires_at <= $1")
                .bind(now())
                .execute(write.on())
                .await?;
            sqlx::query("INSERT INTO sessions (hash, token, created_at, expires_at) VALUES ($1, $2, $3, $4)")
                .bind(hash)
                .bind(token)
                .bind(now())
                .bind(expires_at.as_millisecond())
                .execute(write.on())
                .await?;
            write.commit().await
        })
        .await
    }

    async fn session(&self, hash: &[u8]) -> Result<Option<TokenRow>, StoreError> {
        let mut reader = self.reader().await?;
        let found = sqlx::query(
            "SELECT t.* FROM sessions AS s JOIN tokens AS t ON t.id = s.token
             WHERE s.hash = $1 AND s.expires_at > $2",
        )
        .bind(hash)
        .bind(now());
        answer(found.fetch_optional(&mut *reader)).await?.as_ref().map(read).transpose()
    }

    async fn end_session(&self, hash: &[u8]) -> Result<(), StoreError> {
        let (store, hash) = (self.clone(), hash.to_vec());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            sqlx::query("DELETE FROM sessions WHERE hash = $1").bind(hash).execute(write.on()).await?;
            write.commit().await
        })
        .await
    }
}

fn read(row: &PgRow) -> Result<TokenRow, StoreError> {
    let row = Reader(row);
    Ok(TokenRow {
        token: NewToken {
            id: row.id("id")?,
            name: row.text("name")?,
            hash: row.bytes("hash")?,
            scopes: scopes_of(&row.text("scopes")?)?,
            only_shared: row.flag("only_shared")?,
            expires_at: row.time_or_null("expires_at")?,
            created_by: row.text_or_null("created_by")?,
        },
        created_at: row.time("created_at")?,
        last_used_at: row.time_or_null("last_used_at")?,
        revoked_at: row.time_or_null("revoked_at")?,
    })
}
