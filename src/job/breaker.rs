use std::time::Duration;

use super::Code;

/// What the end of an attempt tells about the app and its playbook, apart from the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sign {
    /// The app answered as its playbook describes it.
    Well,
    /// The app, or the playbook's idea of it, is broken: other accounts would fare the same.
    Ill,
    /// Nothing: the attempt ended for a reason of its own.
    Silent,
}

impl Code {
    /// What an attempt that ended with this code tells about its app.
    #[must_use]
    pub const fn sign(self) -> Sign {
        match self {
            Self::PageNotAsDescribed | Self::AppError | Self::AppUnreachable => Sign::Ill,
            Self::LoggedIn
            | Self::MfaEnabled
            | Self::AlreadyOn
            | Self::PasswordChanged
            | Self::ContactSet
            | Self::LoggedOut
            | Self::Rehearsed
            | Self::Reconciled
            | Self::BadCredentials
            | Self::PasswordRefused
            | Self::CodeRefused
            | Self::CodeNotReceived
            | Self::MfaUnmanaged
            | Self::AccountLocked
            | Self::Captcha
            | Self::HumanWanted => Sign::Well,
            Self::UnknownAccount
            | Self::AccountIncomplete
            | Self::UnknownApp
            | Self::NotSupported
            | Self::OriginBlocked
            | Self::CredentialUncertain
            | Self::BrowserCrashed
            | Self::DeadlineExceeded
            | Self::StorageFailed
            | Self::BudgetExhausted
            | Self::AccountBusy
            | Self::AppOnHold
            | Self::Cancelled
            | Self::WorkerStopped
            | Self::WorkerDied
            | Self::WorkersDied
            | Self::AnswerLost => Sign::Silent,
        }
    }
}

/// When an app's jobs wait because its attempts fail one after the other, and when one of them probes whether it
/// works again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerPolicy {
    /// So many attempts in a row that end with an [ill](Sign::Ill) sign open the breaker.
    pub failures: u32,
    /// The wait before the first probe; it doubles with each probe that fails.
    pub first_wait: Duration,
    /// The wait never grows beyond this.
    pub longest_wait: Duration,
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self { failures: 5, first_wait: Duration::from_secs(60), longest_wait: Duration::from_secs(30 * 60) }
    }
}

impl BreakerPolicy {
    /// How long jobs wait for the next probe after so many that have failed.
    #[must_use]
    pub fn wait(&self, failed_probes: u32) -> Duration {
        self.first_wait.saturating_mul(2_u32.saturating_pow(failed_probes)).min(self.longest_wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let policy = BreakerPolicy::default();
        let minutes: Vec<_> = [0, 1, 2, 3, 4, 5, 99].map(|n| policy.wait(n).as_secs() / 60).into();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 30, 30]);
    }

    #[test]
    fn a_success_is_a_good_sign() {
        for code in Code::ALL.iter().filter(|code| code.outcome() == crate::job::Outcome::Succeeded) {
            assert_eq!(code.sign(), Sign::Well, "{code}");
        }
    }
}
