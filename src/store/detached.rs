use super::StoreError;

/// Lets a write run to its end in a task of its own, whatever becomes of the caller. A caller that is dropped
/// leaves nothing half done; and one that is merely not polled for a while, in the branch of a `select!`
/// that waits for another write, does not hold everybody's turn meanwhile.
pub(super) async fn detached<T: Send + 'static>(
    write: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::spawn(write).await {
        Ok(done) => done,
        Err(ended) => Err(StoreError::Database(format!("the task that wrote has ended: {ended}"))),
    }
}
