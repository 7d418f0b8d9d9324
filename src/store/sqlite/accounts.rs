use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::json;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::value::{Reader, now};
use super::{Outlasts, SqliteStore, detached, ledger};
use crate::job::AccountRef;
use crate::store::account::texts;
use crate::store::jobs::account_removed;
use crate::store::{Account, AccountEntry, Accounts, CandidateState, NewCandidate, StoreError, folded};

#[async_trait]
impl Accounts for SqliteStore {
    async fn accounts(&self, app: Option<&str>) -> Result<Vec<Account>, StoreError> {
        let rows = sqlx::query("SELECT * FROM accounts WHERE ?1 IS NULL OR app = ?1 ORDER BY account")
            .bind(app)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(read).collect()
    }

    async fn account(&self, account: &AccountRef) -> Result<Option<Account>, StoreError> {
        let row = sqlx::query("SELECT * FROM accounts WHERE account = ?")
            .bind(account.to_string())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(read).transpose()
    }

    async fn account_by_address(&self, address: &str) -> Result<Option<Account>, StoreError> {
        let row = sqlx::query("SELECT * FROM accounts WHERE address = ?1 OR number = ?1 LIMIT 1")
            .bind(folded(address))
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(read).transpose()
    }

    async fn put_account(
        &self,
        entry: &AccountEntry,
        credentials: &[NewCandidate],
    ) -> Result<(), StoreError> {
        let address = entry.address.as_deref().map(folded);
        let entry = AccountEntry { address, ..entry.clone() };
        let (store, credentials) = (self.clone(), credentials.to_vec());
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            if !credentials.is_empty() {
                store.check_free(write.on(), &entry.account).await?;
            }
            if let Some(address) = &entry.address {
                check_address(write.on(), &entry.account, address).await?;
            }
            sqlx::query(
                "INSERT INTO accounts (account, app, username, address, number, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?6, ?5, ?5)
             ON CONFLICT (account) DO UPDATE
             SET username = ?3, address = coalesce(?4, address), number = coalesce(?6, number),
                 updated_at = ?5",
            )
            .bind(entry.account.to_string())
            .bind(entry.account.app())
            .bind(&entry.username)
            .bind(&entry.address)
            .bind(now())
            .bind(&entry.number)
            .execute(write.on())
            .await?;
            for new in credentials {
                ledger::retire_current(write.on(), &entry.account, new.kind).await?;
                ledger::insert(write.on(), &new, CandidateState::Current).await?;
            }
            write.commit().await
        })
        .await
    }

    async fn put_params(
        &self,
        account: &AccountRef,
        params: &BTreeMap<String, String>,
    ) -> Result<bool, StoreError> {
        let (store, account, params) = (self.clone(), account.clone(), json!(params).to_string());
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            let done = sqlx::query("UPDATE accounts SET params = ?, updated_at = ? WHERE account = ?")
                .bind(params)
                .bind(now())
                .bind(account.to_string())
                .execute(write.on())
                .await?;
            write.commit().await?;
            Ok(done.rows_affected() > 0)
        })
        .await
    }

    async fn note_mfa(&self, account: &AccountRef, note: Option<&str>) -> Result<(), StoreError> {
        let (store, account, note) = (self.clone(), account.clone(), note.map(str::to_owned));
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            let done = sqlx::query("UPDATE accounts SET mfa_note = ?, updated_at = ? WHERE account = ?")
                .bind(note)
                .bind(now())
                .bind(account.to_string())
                .execute(write.on())
                .await?;
            if done.rows_affected() == 0 {
                return Err(StoreError::NoAccount(account.clone()));
            }
            write.commit().await
        })
        .await
    }

    async fn remove_account(&self, account: &AccountRef) -> Result<bool, StoreError> {
        let (store, account) = (self.clone(), account.clone());
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            let name = account.to_string();
            store.check_free(write.on(), &account).await?;
            let gone =
                sqlx::query("DELETE FROM accounts WHERE account = ?").bind(&name).execute(write.on()).await?;
            if gone.rows_affected() == 0 {
                return Ok(false);
            }
            // Its tries stay: should the account be added again, the app still counts them.
            let queued =
                sqlx::query("SELECT * FROM jobs WHERE account = ? AND state = 'queued' ORDER BY seq");
            for row in queued.bind(&name).fetch_all(write.on()).await? {
                store.cancel_queued(write.on(), &store.read_job(&row)?, &account_removed()).await?;
            }
            write.commit().await?;
            Ok(true)
        })
        .await
    }
}

impl SqliteStore {
    /// Refuses while a worker holds the account.
    async fn check_free(&self, on: &mut SqliteConnection, account: &AccountRef) -> Result<(), StoreError> {
        let held: Option<i64> = sqlx::query_scalar(
            "SELECT 1 WHERE EXISTS (SELECT 1 FROM leases WHERE account = ?1 AND expires_at > ?2)
             OR EXISTS (SELECT 1 FROM jobs WHERE account = ?1 AND state = 'running')",
        )
        .bind(account.to_string())
        .bind(self.clock.now())
        .fetch_optional(on)
        .await?;
        if held.is_some() { Err(StoreError::AccountBusy(account.clone())) } else { Ok(()) }
    }
}

/// Mail for one address must never reach two accounts, see promise 6.
async fn check_address(
    on: &mut SqliteConnection,
    account: &AccountRef,
    address: &str,
) -> Result<(), StoreError> {
    let row = sqlx::query("SELECT account FROM accounts WHERE address = ? AND account <> ?")
        .bind(address)
        .bind(account.to_string())
        .fetch_optional(on)
        .await?;
    match row {
        None => Ok(()),
        Some(row) => Err(StoreError::AddressTaken {
            address: address.to_owned(),
            owner: Reader(&row).parsed("account", "an account")?,
        }),
    }
}

pub(super) fn read(row: &SqliteRow) -> Result<Account, StoreError> {
    let row = Reader(row);
    Ok(Account {
        account: row.parsed("account", "an account")?,
        username: row.text("username")?,
        address: row.text_or_null("address")?,
        number: row.text_or_null("number")?,
        params: texts(&row.parsed("params", "parameters")?),
        mfa_note: row.text_or_null("mfa_note")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}
