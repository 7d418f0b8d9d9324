//! What an account has come to, of what there is to come to.

use jiff::{SignedDuration, Timestamp};

use crate::store::AccountSummary;

/// A password that Turnlock made longer ago than this does not rotate.
const ROTATION: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Each is judged by what the store knows, and by nothing that somebody says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Milestone {
    /// An attempt has proved the credentials since the password is the current one, none has refuted them after that, and
    /// none of them is in doubt.
    CredentialsRight,
    /// What the app sends comes to a managed address or number.
    ManagedAddress,
    /// The vault holds a TOTP secret.
    MfaOn,
    /// Somebody's token, which is good, has a role on the account.
    Shared,
    /// The current password was made by a job, within the last 90 days.
    Rotating,
}

impl Milestone {
    /// All of them, in the order in which accounts usually come to them.
    pub const ALL: [Self; 5] =
        [Self::CredentialsRight, Self::ManagedAddress, Self::MfaOn, Self::Shared, Self::Rotating];

    /// The name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::CredentialsRight => "credentials right",
            Self::ManagedAddress => "managed address",
            Self::MfaOn => "MFA on",
            Self::Shared => "shared",
            Self::Rotating => "rotating",
        }
    }

    /// The name for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CredentialsRight => "credentials_right",
            Self::ManagedAddress => "managed_address",
            Self::MfaOn => "mfa_on",
            Self::Shared => "shared",
            Self::Rotating => "rotating",
        }
    }

    /// Whether the account has come to it by now.
    pub fn is_reached(self, of: &AccountSummary, now: Timestamp) -> bool {
        match self {
            Self::CredentialsRight => {
                let proved =
                    of.verified_at.zip(of.password_at).is_some_and(|(proved, since)| proved >= since);
                proved && !of.refuted && !of.in_doubt
            }
            Self::ManagedAddress => of.account.address.is_some() || of.account.number.is_some(),
            Self::MfaOn => of.totp,
            Self::Shared => of.shared > 0,
            Self::Rotating => {
                of.password_job.is_some()
                    && of.password_at.is_some_and(|since| now.duration_since(since) <= ROTATION)
            }
        }
    }
}

/// What is known of the account's MFA, in words.
pub fn mfa(of: &AccountSummary) -> String {
    match (of.totp, &of.account.mfa_note) {
        (true, None) => "on, by TOTP".to_owned(),
        (_, Some(note)) => note.clone(),
        (false, None) => "not known to be on".to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use uuid::Uuid;

    use super::Milestone::{CredentialsRight, ManagedAddress, MfaOn, Shared};
    use super::*;
    use crate::store::{Account, CodesLeft};

    fn reached(of: &AccountSummary, now: Timestamp) -> Vec<Milestone> {
        Milestone::ALL.into_iter().filter(|milestone| milestone.is_reached(of, now)).collect()
    }

    #[test]
    fn each_is_reached_by_what_is_known() {
        let at = |days: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * days);
        let account = Account {
            account: "acme/alice".parse().unwrap(),
            username: "alice".to_owned(),
            address: None,
            number: None,
            params: std::collections::BTreeMap::new(),
            mfa_note: None,
            created_at: at(0),
            updated_at: at(0),
        };
        let fresh = AccountSummary {
            account,
            password_at: Some(at(10)),
            password_job: None,
            totp: false,
            codes: CodesLeft::None,
            in_doubt: false,
            shared: 0,
            verified_at: None,
            refuted: false,
        };
        let now = at(20);
        assert_eq!(reached(&fresh, now), []);
        let proved = AccountSummary { verified_at: Some(at(11)), ..fresh.clone() };
        assert_eq!(reached(&proved, now), [CredentialsRight]);
        for spoilt in [
            AccountSummary { verified_at: Some(at(9)), ..proved.clone() },
            AccountSummary { refuted: true, ..proved.clone() },
            AccountSummary { in_doubt: true, ..proved.clone() },
            AccountSummary { password_at: None, ..proved.clone() },
        ] {
            assert_eq!(reached(&spoilt, now), []);
        }
        let mut all = AccountSummary { totp: true, shared: 1, password_job: Some(Uuid::nil()), ..proved };
        all.account.number = Some("+15550100".to_owned());
        assert_eq!(reached(&all, now), Milestone::ALL);
        assert_eq!(reached(&all, at(101)), [CredentialsRight, ManagedAddress, MfaOn, Shared]);
    }
}
