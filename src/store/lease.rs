use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{StoreError, WorkerId};
use crate::job::AccountRef;

/// A worker's hold on an account, for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Of this account.
    pub account: AccountRef,
    /// Held by this worker.
    pub worker: WorkerId,
    /// Greater than that of every earlier lease on this account.
    pub token: u64,
    /// Others may take it over from then on, unless it is renewed. By the store's own even clock, which need not
    /// be the wall clock.
    pub expires_at: Timestamp,
}

/// Shows, on each write, that the writer still holds the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// The account.
    pub account: AccountRef,
    /// The token of the lease under which the writer works.
    pub token: u64,
}

impl Lease {
    /// The fence that this lease gives to its holder's writes.
    #[must_use]
    pub fn fence(&self) -> Fence {
        Fence { account: self.account.clone(), token: self.token }
    }
}

/// Leases on accounts: one account, one worker at a time.
#[async_trait]
pub trait Leases {
    /// Takes the account for `ttl`; `None` if another lease on it has not expired.
    async fn acquire(
        &self,
        account: &AccountRef,
        worker: &WorkerId,
        ttl: Duration,
    ) -> Result<Option<Lease>, StoreError>;

    /// Holds it for `ttl` from now; `None` if it has expired, was taken over or was released.
    async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<Option<Lease>, StoreError>;

    /// Whether it is still held: [`StoreError::LeaseLost`] if it has expired, was taken over or was released.
    async fn check(&self, fence: &Fence) -> Result<(), StoreError>;

    /// What the store's own clock shows. All that use the store share it, it goes on evenly when the wall clock is
    /// set, and it need not show the time of day.
    async fn now(&self) -> Result<Timestamp, StoreError>;

    /// Lets the account go. Nothing happens if it was taken over before.
    async fn release(&self, lease: &Lease) -> Result<(), StoreError>;
}
