use uuid::Uuid;

use crate::queue::QueueError;
use crate::store::StoreError;

/// What can end a worker.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkerError {
    /// The queue failed, in a way that no waiting mends where a worker runs.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The store failed, likewise.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The job to run here and now is running elsewhere or has ended.
    #[error(
        "job {0} is running elsewhere or has ended already: `turnlock log --job {0}` shows what became of it"
    )]
    NotQueued(Uuid),
}
