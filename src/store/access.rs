use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::StoreError;
use super::ledger::names;

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Read the log, accounts, apps and workers. No secret is among them.
    Read,
    /// Submit jobs, also ended ones once more.
    Submit,
    /// Cancel jobs, close breakers, read the audit.
    Operate,
    /// Have the passwords shown of accounts that one owns.
    Reveal,
}

names!(Scope, "a scope", Read = "read", Submit = "submit", Operate = "operate", Reveal = "reveal");

/// A token for the API and the pages. What was given out is not kept, but its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// Its id.
    pub id: Uuid,
    /// What people call it; the audit names it. One that was revoked keeps its name.
    pub name: String,
    /// The SHA-256 of the token.
    pub hash: Vec<u8>,
    /// What it is good for.
    pub scopes: Vec<Scope>,
    /// Whether it is good for accounts that are shared with its holder only, and nothing else is to be seen with it.
    pub only_shared: bool,
    /// Until when; `None` is until it is revoked.
    pub expires_at: Option<Timestamp>,
    /// Who made it.
    pub created_by: Option<String>,
}

/// A token and what has become of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// As it was made.
    pub token: NewToken,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was used last, to within a minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl TokenRow {
    /// Whether it is good for anything at that time.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.token.expires_at.is_none_or(|end| now < end)
    }
}

/// Who may ask for what over HTTP.
#[async_trait]
pub trait Access {
    /// Adds a token.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`] if there is one of that name, be it revoked.
    async fn add_token(&self, new: &NewToken) -> Result<(), StoreError>;

    /// All tokens, the oldest first.
    async fn tokens(&self) -> Result<Vec<TokenRow>, StoreError>;

    /// The token with this hash, valid or not.
    async fn token_by_hash(&self, hash: &[u8]) -> Result<Option<TokenRow>, StoreError>;

    /// Notes that a token is in use.
    async fn token_used(&self, id: Uuid) -> Result<(), StoreError>;

    /// Revokes a token and ends its sessions; `false` if there is none of that name that was not revoked before.
    async fn revoke_token(&self, name: &str) -> Result<bool, StoreError>;

    /// A browser was signed in with a token. Sessions that are over are forgotten.
    async fn add_session(&self, hash: &[u8], token: Uuid, expires_at: Timestamp) -> Result<(), StoreError>;

    /// The token with which the session with this hash was begun, unless it is over; the token may not be valid.
    async fn session(&self, hash: &[u8]) -> Result<Option<TokenRow>, StoreError>;

    /// Ends a session.
    async fn end_session(&self, hash: &[u8]) -> Result<(), StoreError>;
}

/// Scopes as the database has them.
pub(super) fn scopes_text(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(",")
}

/// The same, read.
pub(super) fn scopes_of(text: &str) -> Result<Vec<Scope>, StoreError> {
    let parse = |name: &str| {
        name.parse().map_err(|_| StoreError::BadValue { what: "a scope", value: name.to_owned() })
    };
    text.split(',').filter(|name| !name.is_empty()).map(parse).collect()
}
