//! Which addresses mail is taken in for.

use futures::future::BoxFuture;

/// Whether an address is managed could not be found out; the client is told to try again.
#[derive(Debug, thiserror::Error)]
#[error("cannot look up managed addresses: {0}")]
pub struct LookupFailed(pub String);

/// Knows the managed addresses. Asked for each recipient, so that they may change at any time.
pub trait ManagedAddresses: Send + Sync {
    /// Whether mail to `address` is taken in.
    fn manages<'a>(&'a self, address: &'a str) -> BoxFuture<'a, Result<bool, LookupFailed>>;
}

impl<F: Fn(&str) -> bool + Send + Sync> ManagedAddresses for F {
    fn manages<'a>(&'a self, address: &'a str) -> BoxFuture<'a, Result<bool, LookupFailed>> {
        Box::pin(async move { Ok(self(address)) })
    }
}
