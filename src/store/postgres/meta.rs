use async_trait::async_trait;

use super::{Outlasts, PostgresStore, answer, detached};
use crate::store::{Meta, StoreError};

#[async_trait]
impl Meta for PostgresStore {
    async fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut reader = self.reader().await?;
        let found = sqlx::query_scalar("SELECT value FROM meta WHERE name = $1").bind(name);
        answer(found.fetch_optional(&mut *reader)).await
    }

    async fn meta_or_insert(&self, name: &str, value: &[u8]) -> Result<Vec<u8>, StoreError> {
        let (store, name, value) = (self.clone(), name.to_owned(), value.to_vec());
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            // Waits for another that inserts it just now.
            sqlx::query("INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                .bind(&name)
                .bind(value)
                .execute(write.on())
                .await?;
            let stands = sqlx::query_scalar("SELECT value FROM meta WHERE name = $1")
                .bind(name)
                .fetch_one(write.on())
                .await?;
            write.commit().await?;
            Ok(stands)
        })
        .await
    }
}
