//! Writes that come at the same time share a transaction: one commit, and one flush of the server's disk, for all.
//!
//! Nobody waits for company. A write that comes alone is done at once; those that come while others of their kind are
//! under way are done together next.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use crate::store::StoreError;

/// So many share a transaction at most.
const MOST: usize = 128;

/// What came of each of a batch: `None` for one that has to be done by itself, for it would hold up the others, or it
/// cannot be done and says why only then.
pub(super) type Done<R> = Result<Vec<Option<R>>, StoreError>;

/// Does a batch in one transaction, all of it or nothing.
pub(super) type Work<T, R> = Arc<dyn Fn(Arc<Vec<T>>) -> BoxFuture<'static, Done<R>> + Send + Sync>;

/// Does one by itself.
pub(super) type Alone<T, R> = Arc<dyn Fn(T) -> BoxFuture<'static, Result<R, StoreError>> + Send + Sync>;

struct Request<T, R> {
    what: T,
    answer: oneshot::Sender<Result<R, StoreError>>,
}

/// A kind of write that can be done in batches.
pub(super) struct Batch<T, R>(mpsc::UnboundedSender<Request<T, R>>);

impl<T: Clone + Send + Sync + 'static, R: Send + 'static> Batch<T, R> {
    /// Ends with its last clone.
    pub fn new(together: Work<T, R>, alone: Alone<T, R>) -> Self {
        let (sender, mut requests) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut batch = Vec::new();
            while requests.recv_many(&mut batch, MOST).await > 0 {
                let batch = std::mem::take(&mut batch);
                let together = Arc::clone(&together);
                // A task of its own: should it panic, those whose writes it had are told so, and the next are done.
                let Ok(left) = tokio::spawn(async move { do_together(batch, &together).await }).await else {
                    continue;
                };
                // Whoever has to wait for somebody else does not keep others waiting.
                for Request { what, answer } in left {
                    let done = alone(what);
                    tokio::spawn(async move { answer.send(done.await) });
                }
            }
        });
        Self(sender)
    }

    /// Has it done, whatever becomes of the caller.
    pub async fn write(&self, what: T) -> Result<R, StoreError> {
        let (answer, answered) = oneshot::channel();
        let gone = || StoreError::Database("the task that writes has ended".to_owned());
        self.0.send(Request { what, answer }).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

/// Returns those that have to be done alone.
async fn do_together<T: Clone, R>(batch: Vec<Request<T, R>>, together: &Work<T, R>) -> Vec<Request<T, R>> {
    // One that comes alone too: while it is under way, others gather behind it.
    let whats = Arc::new(batch.iter().map(|request| request.what.clone()).collect());
    match together(whats).await {
        Ok(done) => {
            let mut left = Vec::new();
            for (request, done) in batch.into_iter().zip(done) {
                match done {
                    // Nobody need wait for the answer any more.
                    Some(done) => drop(request.answer.send(Ok(done))),
                    None => left.push(request),
                }
            }
            left
        }
        // The server is lost to each of them.
        Err(StoreError::Unreachable(why)) => {
            for request in batch {
                let _ = request.answer.send(Err(StoreError::Unreachable(why.clone())));
            }
            Vec::new()
        }
        Err(error) => {
            tracing::debug!(%error, "what could not be written together is written one by one");
            batch
        }
    }
}
