use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::json;
use sqlx::postgres::PgRow;

use super::value::{Reader, now, parse};
use super::{Outlasts, PostgresStore, Write, answer, detached, jobs, ledger};
use crate::job::AccountRef;
use crate::store::account::texts;
use crate::store::jobs::account_removed;
use crate::store::{Account, AccountEntry, Accounts, CandidateState, NewCandidate, StoreError, folded};

#[async_trait]
impl Accounts for PostgresStore {
    async fn accounts(&self, app: Option<&str>) -> Result<Vec<Account>, StoreError> {
        let mut reader = self.reader().await?;
        let accounts =
            sqlx::query("SELECT * FROM accounts WHERE $1::text IS NULL OR app = $1 ORDER BY account")
                .bind(app);
        let rows = answer(accounts.fetch_all(&mut *reader)).await?;
        rows.iter().map(read).collect()
    }

    async fn account(&self, account: &AccountRef) -> Result<Option<Account>, StoreError> {
        let mut reader = self.reader().await?;
        let found = sqlx::query("SELECT * FROM accounts WHERE account = $1").bind(account.to_string());
        let row = answer(found.fetch_optional(&mut *reader)).await?;
        row.as_ref().map(read).transpose()
    }

    async fn account_by_address(&self, address: &str) -> Result<Option<Account>, StoreError> {
        let mut reader = self.reader().await?;
        let found =
            sqlx::query("SELECT * FROM accounts WHERE lower(address) = lower($1) OR number = $1 LIMIT 1")
                .bind(folded(address));
        let row = answer(found.fetch_optional(&mut *reader)).await?;
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
            let mut write = store.write_of(Outlasts::PowerFailure, &entry.account).await?;
            if !credentials.is_empty() {
                write.check_free(&entry.account).await?;
            }
            if let Some(address) = &entry.address {
                write.check_address(&entry.account, address).await?;
            }
            sqlx::query(
                "INSERT INTO accounts (account, app, username, address, number, created_at, updated_at)
                 VALUES ($1, $2, $3, $4, $6, $5, $5)
                 ON CONFLICT (account) DO UPDATE
                 SET username = $3, address = coalesce($4, accounts.address),
                     number = coalesce($6, accounts.number), updated_at = $5",
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
                ledger::retire_current(&mut write, &entry.account, new.kind).await?;
                ledger::insert(&mut write, &new, CandidateState::Current).await?;
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
            let mut write = store.write_of(Outlasts::PowerFailure, &account).await?;
            let done = sqlx::query("UPDATE accounts SET params = $1, updated_at = $2 WHERE account = $3")
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
            let mut write = store.write_of(Outlasts::PowerFailure, &account).await?;
            let done = sqlx::query("UPDATE accounts SET mfa_note = $1, updated_at = $2 WHERE account = $3")
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
            store.months.make_room(&store.pool, Timestamp::now()).await;
            let mut write = store.write_of(Outlasts::PowerFailure, &account).await?;
            let name = account.to_string();
            write.check_free(&account).await?;
            let gone =
                sqlx::query("DELETE FROM accounts WHERE account = $1").bind(&name).execute(write.on()).await?;
            if gone.rows_affected() == 0 {
                return Ok(false);
            }
            // Its tries stay: should the account be added again, the app still counts them.
            let queued = sqlx::query(
                "SELECT *, turnlock_now() AS asked_at FROM jobs WHERE account = $1 AND state = 'queued' ORDER BY seq",
            );
            for row in queued.bind(&name).fetch_all(write.on()).await? {
                write.cancel_queued(&jobs::read(&row)?, &account_removed(), store.announces()).await?;
            }
            write.commit().await?;
            store.news.tell(&store.pool).await;
            Ok(true)
        })
        .await
    }
}

impl Write {
    /// Refuses while a worker holds the account.
    async fn check_free(&mut self, account: &AccountRef) -> Result<(), StoreError> {
        let held: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM leases WHERE account = $1 AND expires_at > turnlock_now())
                 OR EXISTS (SELECT 1 FROM jobs WHERE account = $1 AND state = 'running')",
        )
        .bind(account.to_string())
        .fetch_one(self.on())
        .await?;
        if held { Err(StoreError::AccountBusy(account.clone())) } else { Ok(()) }
    }

    /// Mail for one address must never reach two accounts, see promise 6. Addresses take turns as accounts do, so that
    /// of two accounts that want the same one the second hears who has it.
    async fn check_address(&mut self, account: &AccountRef, address: &str) -> Result<(), StoreError> {
        self.lock(&format!("address {}", address.to_lowercase())).await?;
        let owner: Option<String> = sqlx::query_scalar(
            "SELECT account FROM accounts WHERE lower(address) = lower($1) AND account <> $2",
        )
        .bind(address)
        .bind(account.to_string())
        .fetch_optional(self.on())
        .await?;
        match owner {
            None => Ok(()),
            Some(owner) => Err(StoreError::AddressTaken {
                address: address.to_owned(),
                owner: parse(owner, "an account")?,
            }),
        }
    }
}

pub(super) fn read(row: &PgRow) -> Result<Account, StoreError> {
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
