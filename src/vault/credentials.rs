use jiff::Timestamp;
use secrecy::SecretString;
use uuid::Uuid;

use crate::job::AccountRef;

/// An account's owner gives this to the vault. For an account that exists, `None` leaves what is there.
#[derive(Debug)]
pub struct NewAccount {
    /// Its name: `app/name`.
    pub account: AccountRef,
    /// What is typed as the user name.
    pub username: String,
    /// The managed address that the app sends codes to.
    pub address: Option<String>,
    /// The number that the app sends text messages to.
    pub number: Option<String>,
    /// The password that opens it now. A new account needs one.
    pub password: Option<SecretString>,
    /// The TOTP secret that the app knows, as an `otpauth://` link.
    pub totp: Option<SecretString>,
}

/// A credential that the vault holds, opened.
#[derive(Debug, Clone)]
pub struct Held {
    /// Its row in the ledger.
    pub candidate: Uuid,
    /// Its number for this account and kind, from 1.
    pub version: u32,
    /// The password; the `otpauth://` link; or the recovery codes, one a line.
    pub secret: SecretString,
    /// When a commit step was about to hand it to the app; `None` if the app was never told of it.
    pub submitted_at: Option<Timestamp>,
    /// The job that made it; `None` if the account's owner gave it.
    pub job: Option<Uuid>,
    /// When it was written down.
    pub created_at: Timestamp,
}

impl Held {
    /// Whether the app may have been told of it.
    #[must_use]
    pub fn submitted(&self) -> bool {
        self.submitted_at.is_some()
    }
}

/// All that the vault holds for an account and that may open it. Rejected candidates that the app was never told of are left out.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// The password that was proved last.
    pub password: Option<Held>,
    /// The TOTP secret that was proved last.
    pub totp: Option<Held>,
    /// The recovery codes that belong to it.
    pub recovery_codes: Option<Held>,
    /// A password that is not proved yet.
    pub pending_password: Option<Held>,
    /// A TOTP secret that is not proved yet.
    pub pending_totp: Option<Held>,
    /// Recovery codes whose TOTP secret is not proved yet.
    pub pending_recovery_codes: Option<Held>,
    /// Passwords that were current once, the newest first.
    pub previous_passwords: Vec<Held>,
    /// TOTP secrets that were current once, the newest first.
    pub previous_totp: Vec<Held>,
    /// Passwords that the app was told of and seemed to refuse, the newest first: the last resort.
    pub refused_passwords: Vec<Held>,
    /// TOTP secrets that the app was told of and seemed to refuse, the newest first: the last resort.
    pub refused_totp: Vec<Held>,
}
