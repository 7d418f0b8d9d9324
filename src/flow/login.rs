use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::context::Context;
use super::evidence;
use super::halt::{Halt, StepError};
use super::session::Session;
use super::values::{Totp, Values};
use crate::playbook::{End, Lockout};
use crate::store::Wrong;
use crate::vault::{Held, VaultError};

/// What an app is taken to allow where its playbook does not say: three wrong attempts in a quarter of an hour,
/// of which Turnlock makes two.
const LOCKOUT: Lockout = Lockout { attempts: 3, window: Duration::from_secs(15 * 60) };

/// What came of one login in a fresh context.
pub(super) struct Login<'a> {
    pub end: End,
    /// Signed in, for the flow that follows.
    pub session: Session<'a>,
}

impl<'a> Context<'a> {
    /// One login in a fresh context, with these credentials, within the account's budget.
    ///
    /// The wrong attempt is written down before it is made, and withdrawn when it was none: a worker that dies
    /// in between errs on the safe side.
    pub async fn log_in(&'a self, password: &Held, totp: Option<&Held>) -> Result<Login<'a>, Halt> {
        self.safe_point()?;
        let totp = totp.cloned().map(Totp::open).transpose().map_err(|error| self.unusable(error))?;
        let mut session = Session::open(self, Values::new(password.clone(), totp)).await?;
        // Nothing stands between what is spent and the login that it is spent on.
        let spent = self.spend().await?;
        let ended = session.walk(&self.playbook.flows.login).await;
        self.settle_budget(&ended, &session.values, spent).await?;
        match ended {
            Ok(end) => {
                if end != End::SignedIn || self.job.evidence {
                    evidence::keep(&session).await;
                }
                Ok(Login { end, session })
            }
            Err(halt) => {
                evidence::keep(&session).await;
                drop(session);
                Err(halt)
            }
        }
    }

    /// Takes one from the budget, or says when there is one again.
    async fn spend(&self) -> Result<i64, Halt> {
        let Lockout { attempts, window } = self.playbook.lockout.unwrap_or(LOCKOUT);
        let limit = attempts.saturating_sub(1).max(1);
        let window = SignedDuration::try_from(window).unwrap_or(SignedDuration::from_mins(15));
        let now = Timestamp::now();
        let account = &self.job.account;
        let store = self.vault.store();
        let since = now.checked_sub(window).unwrap_or(Timestamp::UNIX_EPOCH);
        let spent =
            store.wrong_since(account, since).await.map_err(|error| Halt::from(VaultError::from(error)))?;
        if spent.count >= limit {
            let until = spent.oldest.unwrap_or(now).checked_add(window).unwrap_or(now);
            self.learn(|learnt| learnt.not_before = Some(until));
            return Err(Halt::Budget { spent: spent.count, until });
        }
        store
            .record_wrong(account, Wrong::Password, now)
            .await
            .map_err(|error| Halt::from(VaultError::from(error)))
    }

    /// What the attempt cost, now that it is known.
    async fn settle_budget(
        &self,
        ended: &Result<End, Halt>,
        values: &Values,
        spent: i64,
    ) -> Result<(), Halt> {
        let store = self.vault.store();
        let account = &self.job.account;
        let settled = match ended {
            Ok(End::SignedIn) => store.clear_wrong(account).await,
            // The app said nothing against the credentials, and had not counted them as wrong if it wanted a code next.
            Err(Halt::Step(failed)) if failed.error.is_for_want_of_a_code() => {
                store.withdraw_wrong(spent).await
            }
            // Nothing was sent off, so the app has nothing to count.
            _ if !values.sent => store.withdraw_wrong(spent).await,
            // Whatever the app said, or did not say, about a password or a code: it may have counted it as wrong.
            _ => Ok(()),
        };
        settled.map_err(|error| Halt::from(VaultError::from(error)))
    }

    /// Notes that the app counted a wrong password outside of a login.
    pub async fn note_wrong_password(&self) -> Result<(), Halt> {
        let store = self.vault.store();
        let noted = store.record_wrong(&self.job.account, Wrong::Password, Timestamp::now()).await;
        noted.map(drop).map_err(|error| Halt::from(VaultError::from(error)))
    }

    fn unusable(&self, error: StepError) -> Halt {
        Halt::Verdict(crate::job::Verdict::new(crate::job::Code::MfaUnmanaged, format!("{error}.")))
    }
}
