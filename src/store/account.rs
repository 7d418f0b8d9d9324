use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{NewCandidate, StoreError};
use crate::job::AccountRef;

/// A login in an app. Its credentials are in the ledger, sealed; see [`super::Ledger`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name: `app/name`.
    pub account: AccountRef,
    /// What is typed as the user name.
    pub username: String,
    /// The managed address that the app sends codes to, if there is one. Unique among accounts.
    pub address: Option<String>,
    /// The number that the app sends text messages to, as `+` and digits. Several accounts may share one.
    pub number: Option<String>,
    /// What it gives to the parameters of its app's playbook.
    pub params: BTreeMap<String, String>,
    /// What is known about MFA, in words, for `turnlock account show`. Holds no secret.
    pub mfa_note: Option<String>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it or one of its credentials last changed.
    pub updated_at: Timestamp,
}

/// What is written about an account by its owner. `None` leaves what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountEntry {
    /// Its name.
    pub account: AccountRef,
    /// What is typed as the user name.
    pub username: String,
    /// The managed address, which is kept [`folded`].
    pub address: Option<String>,
    /// The number for text messages.
    pub number: Option<String>,
}

/// A managed address in the one way to write it: apps change the case of addresses freely, and a domain may end with the
/// dot of the root. Nothing else of it is folded. A number stays as it is.
#[must_use]
pub fn folded(address: &str) -> String {
    address.trim().trim_end_matches('.').to_lowercase()
}

/// The accounts.
#[async_trait]
pub trait Accounts {
    /// All accounts by name, or those of one app.
    async fn accounts(&self, app: Option<&str>) -> Result<Vec<Account>, StoreError>;

    /// One account, if there is such a one.
    async fn account(&self, account: &AccountRef) -> Result<Option<Account>, StoreError>;

    /// An account that a managed address or number belongs to; of those that share a number, any. Written in whatever
    /// way, see [`folded`].
    async fn account_by_address(&self, address: &str) -> Result<Option<Account>, StoreError>;

    /// Adds the account or changes it, and makes the given credentials current, all or nothing. What was
    /// current before becomes previous.
    ///
    /// # Errors
    /// [`StoreError::AccountBusy`] when credentials are given while a worker holds the account.
    async fn put_account(&self, entry: &AccountEntry, credentials: &[NewCandidate])
    -> Result<(), StoreError>;

    /// Puts these values in the place of what the account gives to the parameters of its app's playbook. `false` if
    /// there is no such account.
    async fn put_params(
        &self,
        account: &AccountRef,
        params: &BTreeMap<String, String>,
    ) -> Result<bool, StoreError>;

    /// Says in words what is known about the account's MFA.
    async fn note_mfa(&self, account: &AccountRef, note: Option<&str>) -> Result<(), StoreError>;

    /// Removes the account and its ledger, and cancels its queued jobs; the automation log stays. `false` if
    /// there was no such account.
    ///
    /// # Errors
    /// [`StoreError::AccountBusy`] while a worker holds the account.
    async fn remove_account(&self, account: &AccountRef) -> Result<bool, StoreError>;
}

/// The texts of a JSON object, by key.
pub(super) fn texts(object: &serde_json::Value) -> BTreeMap<String, String> {
    let entries = object.as_object().into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}
