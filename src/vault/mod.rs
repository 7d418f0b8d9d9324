//! Accounts with their sealed credentials, and the candidate ledger.
//!
//! [`Vault`] is the only place where a credential is sealed or opened. Below it, [`crate::store`] sees
//! ciphertext only; above it, secrets are [`secrecy::SecretString`]s.

mod credentials;
mod envelope;
mod error;
mod key;
mod message_seal;

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde::de::IgnoredAny;
use uuid::Uuid;

pub use credentials::{Credentials, Held, NewAccount};
pub use error::{KeyError, VaultError};
pub use key::{KeyOrigin, MasterKey};
pub use message_seal::MessageSeal;

use crate::job::{AccountRef, Job};
use crate::redact;
use crate::store::{
    Account, AccountEntry, Begun, Candidate, CandidateKind, CandidateState, Disproof, Fence, Lease, Limit,
    NewCandidate, NewTry, Store, StoreError, Transition, TryResult,
};
use envelope::Binding;

/// The accounts and their sealed credentials. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    store: Arc<dyn Store>,
    key: Arc<MasterKey>,
    fence: Option<Arc<Fence>>,
}

/// Sealed by the first key that opens a database; another key does not open it.
const KEY_CHECK: &str = "key_check";

/// How often a write is tried anew when another process changed the same credentials in between.
const TRIES: u32 = 5;

impl Vault {
    /// Opens the vault with its key.
    ///
    /// # Errors
    /// [`VaultError::WrongKey`] when the database was sealed with another key.
    pub async fn open(store: Arc<dyn Store>, key: MasterKey) -> Result<Self, VaultError> {
        let check = match store.meta(KEY_CHECK).await? {
            Some(check) => check,
            None => store.meta_or_insert(KEY_CHECK, &seal(&key, Binding::KeyCheck, b"turnlock")?).await?,
        };
        envelope::open(&key, Binding::KeyCheck, &check).map_err(|_| VaultError::WrongKey)?;
        Ok(Self { store, key: Arc::new(key), fence: None })
    }

    /// The same, if anything was sealed in it yet: whoever merely has the key at hand gives a database none.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub async fn open_if_sealed(store: Arc<dyn Store>, key: MasterKey) -> Result<Option<Self>, VaultError> {
        match store.meta(KEY_CHECK).await? {
            Some(_) => Self::open(store, key).await.map(Some),
            None => Ok(None),
        }
    }

    /// The same vault, but its ledger can only be written while this lease holds: a worker whose lease was
    /// taken over gets [`StoreError::LeaseLost`] and changes nothing.
    #[must_use]
    pub fn under(&self, lease: &Lease) -> Self {
        Self { fence: Some(Arc::new(lease.fence())), ..self.clone() }
    }

    /// Seals and opens messages of the inbox, and nothing else.
    #[must_use]
    pub fn message_seal(&self) -> MessageSeal {
        MessageSeal::new(Arc::clone(&self.key))
    }

    /// The fence that the ledger is written behind, if the vault works under a lease.
    #[must_use]
    pub fn fence(&self) -> Option<&Fence> {
        self.fence.as_deref()
    }

    /// The store below.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Adds an account, or changes it and makes the given credentials current: what was current before
    /// becomes previous.
    ///
    /// # Errors
    /// [`VaultError::NoPassword`] for a new account without one; [`StoreError::AddressTaken`].
    pub async fn add_account(&self, new: &NewAccount) -> Result<(), VaultError> {
        let entry = AccountEntry {
            account: new.account.clone(),
            username: new.username.clone(),
            address: new.address.clone(),
            number: new.number.clone(),
        };
        for _ in 0..TRIES {
            let known = self.store.account(&new.account).await?.is_some();
            if !known && new.password.is_none() {
                return Err(VaultError::NoPassword(new.account.clone()));
            }
            let ledger = self.store.candidates(&new.account).await?;
            let given = [(CandidateKind::Password, &new.password), (CandidateKind::Totp, &new.totp)];
            let mut sealed = Vec::new();
            for (kind, secret) in given {
                let Some(secret) = secret else { continue };
                if !self.is_current(&ledger, kind, secret)? {
                    sealed.push(self.seal(&new.account, kind, next_version(&ledger, kind), secret, None)?);
                }
            }
            match self.store.put_account(&entry, &sealed).await {
                Err(StoreError::VersionTaken { .. }) => {}
                done => return Ok(done?),
            }
        }
        Err(VaultError::Contended(new.account.clone()))
    }

    /// One account, if there is such a one.
    pub async fn account(&self, account: &AccountRef) -> Result<Option<Account>, VaultError> {
        Ok(self.store.account(account).await?)
    }

    /// All accounts by name, or those of one app.
    pub async fn accounts(&self, app: Option<&str>) -> Result<Vec<Account>, VaultError> {
        Ok(self.store.accounts(app).await?)
    }

    /// Removes an account with all its credentials. `false` if there was no such account.
    ///
    /// # Errors
    /// [`StoreError::AccountBusy`] while a job runs on it.
    pub async fn remove(&self, account: &AccountRef) -> Result<bool, VaultError> {
        Ok(self.store.remove_account(account).await?)
    }

    /// Opens all credentials of an account that may be of use.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] when a record does not open.
    pub async fn credentials(&self, account: &AccountRef) -> Result<Credentials, VaultError> {
        use CandidateKind::{Password, RecoveryCodes, Totp};
        use CandidateState::{Current, Pending, Previous, Rejected};

        let mut all = Credentials::default();
        let mut ledger = self.store.candidates(account).await?;
        // Of those that were current once, the one that was so last is tried first.
        ledger.sort_by_key(|row| std::cmp::Reverse(row.decided_at));
        for row in ledger.into_iter().filter(|row| row.forgotten_at.is_none()) {
            let slot = match (row.kind, row.state) {
                (Password, Rejected) if row.submitted_at.is_some() => {
                    all.refused_passwords.push(self.open_row(account, &row)?);
                    continue;
                }
                (Totp, Rejected) if row.submitted_at.is_some() => {
                    all.refused_totp.push(self.open_row(account, &row)?);
                    continue;
                }
                (_, Rejected) | (RecoveryCodes, Previous) => continue,
                (Password, Previous) => {
                    all.previous_passwords.push(self.open_row(account, &row)?);
                    continue;
                }
                (Totp, Previous) => {
                    all.previous_totp.push(self.open_row(account, &row)?);
                    continue;
                }
                (Password, Current) => &mut all.password,
                (Totp, Current) => &mut all.totp,
                (RecoveryCodes, Current) => &mut all.recovery_codes,
                (Password, Pending) => &mut all.pending_password,
                (Totp, Pending) => &mut all.pending_totp,
                (RecoveryCodes, Pending) => &mut all.pending_recovery_codes,
            };
            *slot = Some(self.open_row(account, &row)?);
        }
        Ok(all)
    }

    /// Writes a candidate to the ledger, durably, before the app is told of it.
    ///
    /// # Errors
    /// [`StoreError::PendingExists`] when the account has a pending candidate of this kind.
    pub async fn propose(
        &self,
        account: &AccountRef,
        kind: CandidateKind,
        secret: &SecretString,
        job: Uuid,
    ) -> Result<Uuid, VaultError> {
        for _ in 0..TRIES {
            let version = next_version(&self.store.candidates(account).await?, kind);
            let new = self.seal(account, kind, version, secret, Some(job))?;
            match around("propose", self.store.propose(&new, self.fence.as_deref())).await {
                Err(StoreError::VersionTaken { .. }) => {}
                done => return Ok(done.map(|()| new.id)?),
            }
        }
        Err(VaultError::Contended(account.clone()))
    }

    /// The commit step is about to be performed with this pending candidate: from now on the app may know it.
    pub async fn mark_submitted(&self, candidate: Uuid) -> Result<(), VaultError> {
        Ok(around(Transition::Submit.as_str(), self.store.mark_submitted(candidate, self.fence.as_deref()))
            .await?)
    }

    /// A fresh login proved this candidate, whatever it was held for before: it is current from now on.
    pub async fn promote(&self, candidate: Uuid) -> Result<(), VaultError> {
        Ok(around(Transition::Promote.as_str(), self.store.promote(candidate, self.fence.as_deref())).await?)
    }

    /// It was proved that the app does not take this pending candidate.
    pub async fn reject(&self, candidate: Uuid, why: &Disproof) -> Result<(), VaultError> {
        Ok(around(Transition::Reject.as_str(), self.store.reject(candidate, why, self.fence.as_deref()))
            .await?)
    }

    /// Takes one from the account's budget of wrong attempts, see [`Budget::begin_try`](crate::store::Budget).
    pub async fn begin_try(&self, new: &NewTry, limit: Option<Limit>) -> Result<Begun, VaultError> {
        Ok(self.store.begin_try(new, limit, self.fence.as_deref()).await?)
    }

    /// Whether a try that is under way counts, see [`Budget::count_try`](crate::store::Budget).
    pub async fn count_try(&self, id: i64, counts: bool) -> Result<(), VaultError> {
        Ok(self.store.count_try(id, counts, self.fence.as_deref()).await?)
    }

    /// What came of a try. With `forgiven`, the app has forgotten all earlier wrong ones.
    pub async fn end_try(&self, id: i64, result: TryResult, forgiven: bool) -> Result<(), VaultError> {
        Ok(self.store.end_try(id, result, forgiven, self.fence.as_deref()).await?)
    }

    /// Claims a TOTP time step of this secret for one use: `false` if it was used already.
    pub async fn claim_totp_step(
        &self,
        account: &AccountRef,
        candidate: Uuid,
        step: u64,
    ) -> Result<bool, VaultError> {
        Ok(self.store.claim_totp_step(account, candidate, step, self.fence.as_deref()).await?)
    }

    /// Whether the account is still held, if the vault works under a lease.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] if it is not.
    pub async fn check_lease(&self) -> Result<(), VaultError> {
        match &self.fence {
            Some(fence) => Ok(self.store.check(fence).await?),
            None => Ok(()),
        }
    }

    /// What others say of a job, masked where it holds a secret of its account's: for a job that is not written down yet, or
    /// is about to be shown.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn without_secrets(&self, mut job: Job) -> Result<Job, VaultError> {
        if job.reason.is_none() && job.requested_by.is_none() {
            return Ok(job);
        }
        let rows = self.store.candidates(&job.account).await?;
        for row in rows.iter().filter(|row| row.state != CandidateState::Rejected) {
            // One that cannot be opened fails whoever needs it, and has no words.
            let _ = self.open_row(&job.account, row);
        }
        for words in [&mut job.requested_by, &mut job.reason].into_iter().flatten() {
            *words = redact::for_the_log(words);
        }
        Ok(job)
    }

    /// The same of a job that is written down: what came in the clear may have been shown, and from now on is not.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn mask_words(&self, job: &Job) -> Result<(), VaultError> {
        let masked = self.without_secrets(job.clone()).await?;
        if (&masked.requested_by, &masked.reason) != (&job.requested_by, &job.reason) {
            let (by, reason) = (masked.requested_by.as_deref(), masked.reason.as_deref());
            self.store.reword_job(job.id, by, reason, self.fence.as_deref()).await?;
        }
        Ok(())
    }

    fn seal(
        &self,
        account: &AccountRef,
        kind: CandidateKind,
        version: u32,
        secret: &SecretString,
        job: Option<Uuid>,
    ) -> Result<NewCandidate, VaultError> {
        register(kind, secret);
        let id = Uuid::now_v7();
        let binding = Binding::Candidate { account, kind, version, id };
        let sealed = seal(&self.key, binding, secret.expose_secret().as_bytes())?;
        let codes = (kind == CandidateKind::RecoveryCodes).then(|| count(secret));
        Ok(NewCandidate { id, account: account.clone(), kind, version, sealed, job, codes })
    }

    fn open_row(&self, account: &AccountRef, row: &Candidate) -> Result<Held, VaultError> {
        let binding = Binding::Candidate { account, kind: row.kind, version: row.version, id: row.id };
        let tampered = || VaultError::Tampered { account: account.clone(), candidate: row.id };
        let bytes = envelope::open(&self.key, binding, &row.sealed).map_err(|_| tampered())?;
        let secret = std::str::from_utf8(&bytes).map_err(|_| tampered())?;
        let secret = SecretString::from(secret);
        register(row.kind, &secret);
        Ok(Held {
            candidate: row.id,
            version: row.version,
            secret,
            submitted_at: row.submitted_at,
            job: row.job,
            created_at: row.created_at,
        })
    }

    /// Giving the same credential again must not make a new one of it: its used TOTP steps would be
    /// forgotten, and a copy of it would stand as previous.
    fn is_current(
        &self,
        ledger: &[Candidate],
        kind: CandidateKind,
        secret: &SecretString,
    ) -> Result<bool, VaultError> {
        let current = ledger.iter().find(|row| row.kind == kind && row.state == CandidateState::Current);
        let Some(current) = current else { return Ok(false) };
        let held = self.open_row(&current.account, current)?;
        Ok(held.secret.expose_secret() == secret.expose_secret())
    }
}

/// Tests kill the process before and behind each transition of the ledger.
async fn around<T>(
    transition: &str,
    done: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    crate::failpoint::reach(&format!("ledger.{transition}.before"));
    let done = done.await;
    crate::failpoint::reach(&format!("ledger.{transition}.behind"));
    done
}

fn seal(key: &MasterKey, binding: Binding<'_>, secret: &[u8]) -> Result<Vec<u8>, VaultError> {
    envelope::seal(key, binding, secret).map_err(|error| VaultError::NoRandomness(error.to_string()))
}

fn next_version(ledger: &[Candidate], kind: CandidateKind) -> u32 {
    ledger.iter().filter(|row| row.kind == kind).map(|row| row.version).max().unwrap_or(0) + 1
}

/// How many recovery codes these are: a JSON list, or one a line.
fn count(codes: &SecretString) -> u32 {
    let text = codes.expose_secret();
    let listed = serde_json::from_str::<Vec<IgnoredAny>>(text).map(|list| list.len());
    let codes = listed.unwrap_or_else(|_| text.lines().filter(|line| !line.trim().is_empty()).count());
    u32::try_from(codes).unwrap_or(u32::MAX)
}

/// From now on the secret is masked wherever this process writes something down, and so are the parts of it
/// that are secrets by themselves.
fn register(kind: CandidateKind, secret: &SecretString) {
    redact::register(secret);
    let text = secret.expose_secret();
    match kind {
        CandidateKind::Password => {}
        CandidateKind::Totp => {
            let parameters = text.split_once('?').map_or("", |(_, query)| query).split('&');
            for key in parameters.filter_map(|parameter| parameter.strip_prefix("secret=")) {
                redact::register(&SecretString::from(key));
            }
        }
        CandidateKind::RecoveryCodes => {
            for code in text.lines().map(str::trim).filter(|code| !code.is_empty()) {
                redact::register(&SecretString::from(code));
            }
        }
    }
}
