use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::StoreError;
use super::ledger::names;
use crate::job::{AccountRef, Kind};

/// What a token's holder is to an account. What may be done at all is said by the token's scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// May have the password shown, and every kind of job done.
    Owner,
    /// May use the account (have a code shown, have a login tried), and never sees the password.
    Collaborator,
}

names!(Role, "a role", Owner = "owner", Collaborator = "collaborator");

impl Role {
    /// Whether they may see the account's password.
    #[must_use]
    pub const fn may_see_password(self) -> bool {
        matches!(self, Self::Owner)
    }

    /// Whether they may have such jobs done, and cancel them.
    #[must_use]
    pub const fn may_ask(self, kind: Kind) -> bool {
        match self {
            Self::Owner => true,
            Self::Collaborator => matches!(kind, Kind::VerifyLogin),
        }
    }
}

/// An account that is shared with a token's holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The account.
    pub account: AccountRef,
    /// The token's id.
    pub token: Uuid,
    /// What people call it.
    pub name: String,
    /// What its holder is to the account.
    pub role: Role,
    /// Since when.
    pub created_at: Timestamp,
    /// Who made it so.
    pub created_by: String,
}

/// Which accounts are shared with whom.
#[async_trait]
pub trait Shares {
    /// Shares an account with the holder of the token of this name, or changes the role.
    ///
    /// # Errors
    /// [`StoreError::NoToken`] if there is no such token or it was revoked, [`StoreError::NoAccount`].
    async fn share(&self, account: &AccountRef, name: &str, role: Role, by: &str) -> Result<(), StoreError>;

    /// Shares it no more; `false` if it was not shared.
    async fn unshare(&self, account: &AccountRef, name: &str) -> Result<bool, StoreError>;

    /// What the holder of this token is to the account.
    async fn role(&self, account: &AccountRef, token: Uuid) -> Result<Option<Role>, StoreError>;

    /// With whom an account is shared, by name; those whose token is good for nothing any more are left out.
    async fn shared_with(&self, account: &AccountRef) -> Result<Vec<Share>, StoreError>;

    /// What is shared with this token's holder, by account.
    async fn shares_of(&self, token: Uuid) -> Result<Vec<Share>, StoreError>;
}
