//! Shows what the vault holds of an account to somebody: its password, a TOTP code. Nothing else is shown, and nothing
//! without a row of the audit that was there before. And hides it where somebody else has written it.

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use crate::audit::{WhyNot, audited, entry_of};
use crate::credential::{TotpError, TotpSecret, Usable};
use crate::job::{AccountRef, Job};
use crate::store::StoreError;
use crate::vault::{Vault, VaultError};

/// The vault, for showing.
#[derive(Clone)]
pub struct Reveal(Vault);

/// A password that is shown.
#[derive(Debug)]
pub struct ShownPassword {
    /// What is typed as the user name.
    pub username: String,
    /// The password that was proved last, or that the account's owner gave.
    pub password: SecretString,
    /// When it was written down.
    pub since: Timestamp,
    /// Another one may open the account by now: it is being found out.
    pub in_doubt: bool,
}

/// A code that is shown. No job uses it any more.
#[derive(Debug)]
pub struct ShownCode {
    /// What to type.
    pub digits: SecretString,
    /// For how many seconds it is good.
    pub seconds: u64,
}

/// Why nothing is shown.
#[derive(Debug, thiserror::Error)]
pub enum RevealError {
    /// The vault refused or failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// There is no such account.
    #[error("there is no account {0}")]
    NoAccount(AccountRef),
    /// There is no such thing.
    #[error("the vault holds no {what} of {account}")]
    Nothing {
        /// What was to be shown.
        what: &'static str,
        /// The account.
        account: AccountRef,
    },
    /// A code is good for one login.
    #[error("the current code is used or about to expire; the next one comes in {0} s")]
    Later(u64),
    /// What the vault holds is no TOTP secret.
    #[error(transparent)]
    Totp(#[from] TotpError),
}

impl From<StoreError> for RevealError {
    fn from(error: StoreError) -> Self {
        Self::Vault(error.into())
    }
}

impl WhyNot for RevealError {}

impl Reveal {
    /// Of this vault.
    #[must_use]
    pub const fn new(vault: Vault) -> Self {
        Self(vault)
    }

    /// A job that is not written down yet, masked where it holds a secret of its account's.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn without_secrets(&self, job: Job) -> Result<Job, RevealError> {
        Ok(self.0.without_secrets(job).await?)
    }

    /// The same of a job that is written down.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn mask_words(&self, job: &Job) -> Result<(), RevealError> {
        Ok(self.0.mask_words(job).await?)
    }

    /// The account's password, for whoever that is.
    ///
    /// # Errors
    /// If there is none, or nobody can write down that it was shown.
    pub async fn password(&self, account: &AccountRef, who: &str) -> Result<ShownPassword, RevealError> {
        let entry = entry_of(who, "account.reveal", account);
        audited(self.0.store().as_ref(), entry, async {
            let known = self.0.account(account).await?;
            let known = known.ok_or_else(|| RevealError::NoAccount(account.clone()))?;
            let held = self.0.credentials(account).await?;
            let in_doubt = held.pending_password.as_ref().is_some_and(|pending| pending.submitted());
            let nothing = || RevealError::Nothing { what: "password", account: account.clone() };
            let current = held.password.ok_or_else(nothing)?;
            Ok(ShownPassword {
                username: known.username,
                password: current.secret,
                since: current.created_at,
                in_doubt,
            })
        })
        .await
    }

    /// The account's current TOTP code, for whoever that is. It is used up by being shown.
    ///
    /// # Errors
    /// [`RevealError::Later`] if it was used, or is about to expire.
    pub async fn code(&self, account: &AccountRef, who: &str) -> Result<ShownCode, RevealError> {
        let entry = entry_of(who, "account.code", account);
        audited(self.0.store().as_ref(), entry, async {
            if self.0.account(account).await?.is_none() {
                return Err(RevealError::NoAccount(account.clone()));
            }
            let nothing = || RevealError::Nothing { what: "TOTP secret", account: account.clone() };
            let held = self.0.credentials(account).await?.totp.ok_or_else(nothing)?;
            let secret = TotpSecret::from_uri(held.secret.expose_secret())?;
            let mut used = None;
            loop {
                match secret.next_usable(unix_now(), used) {
                    Usable::Now(code) => {
                        if self.0.claim_totp_step(account, held.candidate, code.step).await? {
                            return Ok(ShownCode { digits: code.digits, seconds: code.expires_in.as_secs() });
                        }
                        used = Some(code.step);
                    }
                    Usable::At(next) => return Err(RevealError::Later(next.saturating_sub(unix_now()))),
                }
            }
        })
        .await
    }
}

/// Seconds since 1970; before then no code is made.
fn unix_now() -> u64 {
    u64::try_from(Timestamp::now().as_second()).unwrap_or(0)
}
