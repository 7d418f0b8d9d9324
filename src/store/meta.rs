use async_trait::async_trait;

use super::StoreError;

/// A few values about the database itself.
#[async_trait]
pub trait Meta {
    /// The value of this name.
    async fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Sets the value if there is none yet, and returns the one that stands.
    async fn meta_or_insert(&self, name: &str, value: &[u8]) -> Result<Vec<u8>, StoreError>;
}
