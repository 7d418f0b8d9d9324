//! The account's budget of wrong attempts, and the memory of what was tried.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::context::Context;
use super::halt::Halt;
use super::values::Values;
use crate::playbook::{End, FlowKind, Lockout};
use crate::store::{Begun, Limit, NewTry, Try, TryResult};
use crate::vault::{Held, VaultError};

/// What an app is taken to allow where its playbook does not say: three wrong attempts in a quarter of an hour,
/// of which Turnlock makes two.
const LOCKOUT: Lockout =
    Lockout { attempts: 3, window: Duration::from_secs(15 * 60), cleared_by_login: false };

impl Context<'_> {
    /// Takes one from the budget before these credentials are used, or says when there is one again.
    ///
    /// It is written down before it is made, and withdrawn when it was none: a worker that dies in between errs on
    /// the safe side.
    pub async fn begin_try(&self, flow: FlowKind, password: &Held, totp: Option<&Held>) -> Result<i64, Halt> {
        let Lockout { attempts, window, .. } = self.lockout();
        let limit = Limit { most: attempts.saturating_sub(1).max(1), window };
        match self.vault.begin_try(&self.new_try(flow, Some(password), totp), Some(limit)).await? {
            Begun::Try(id) => Ok(id),
            Begun::Exhausted(spent) => {
                let window = SignedDuration::try_from(window).unwrap_or(SignedDuration::from_mins(15));
                let now = self.now().await?;
                let left = window.saturating_sub(now.duration_since(spent.oldest.unwrap_or(now)));
                let until = Timestamp::now().checked_add(left).unwrap_or(Timestamp::MAX);
                self.learn(|learnt| learnt.not_before = Some(until));
                Err(Halt::Budget { spent: spent.count, until })
            }
        }
    }

    /// What the try cost, now that it is known.
    pub async fn end_try(&self, id: i64, ended: &Result<End, Halt>, values: &Values) -> Result<(), Halt> {
        let result = match ended {
            Ok(End::SignedIn) => TryResult::SignedIn,
            // The app said nothing against the credentials, and had not counted them as wrong if it wanted a code next.
            Err(Halt::Step(failed)) if failed.error.is_for_want_of_a_code() => TryResult::NotSent,
            // Nothing was sent off, so the app has nothing to count.
            _ if !values.sent => TryResult::NotSent,
            Ok(End::BadCredentials) => TryResult::BadCredentials,
            Ok(End::CodeRefused) => TryResult::CodeRefused,
            // Whatever the app said, or did not say, about a password or a code: it may have counted it as wrong.
            _ => TryResult::Unclear,
        };
        let forgiven = matches!(ended, Ok(End::SignedIn)) && self.lockout().cleared_by_login;
        Ok(self.vault.end_try(id, result, forgiven).await?)
    }

    /// Notes that the app may have counted a wrong password or code outside of a login.
    pub async fn note_wrong(&self, flow: FlowKind, end: End) -> Result<(), Halt> {
        let result = match end {
            End::BadCredentials => TryResult::BadCredentials,
            End::CodeRefused => TryResult::CodeRefused,
            _ => return Ok(()),
        };
        if let Begun::Try(id) = self.vault.begin_try(&self.new_try(flow, None, None), None).await? {
            self.vault.end_try(id, result, false).await?;
        }
        Ok(())
    }

    /// What the clock shows by which tries and submissions are written down.
    pub async fn now(&self) -> Result<Timestamp, Halt> {
        Ok(self.vault.store().now().await.map_err(VaultError::from)?)
    }

    /// What this job has tried so far, in earlier attempts too.
    pub async fn tries(&self) -> Result<Vec<Try>, Halt> {
        Ok(self.vault.store().tries(self.job.id).await.map_err(VaultError::from)?)
    }

    fn new_try(&self, flow: FlowKind, password: Option<&Held>, totp: Option<&Held>) -> NewTry {
        NewTry {
            account: self.job.account.clone(),
            job: self.job.id,
            flow: flow.as_str(),
            within: self.job.longest_attempt(),
            password: password.map(|held| held.candidate),
            totp: totp.map(|held| held.candidate),
        }
    }

    fn lockout(&self) -> Lockout {
        self.playbook().lockout.unwrap_or(LOCKOUT)
    }
}
