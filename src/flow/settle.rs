use std::collections::VecDeque;

use jiff::Timestamp;
use uuid::Uuid;

use super::context::Context;
use super::halt::{Halt, StepError, end_verdict};
use super::login::Login;
use super::proved::Proved;
use super::values::wait_for_clock;
use crate::job::{Code, Verdict};
use crate::playbook::{End, Flow, FlowKind};
use crate::vault::{Credentials, Held};

/// So many of the passwords that were current once are tried.
const PREVIOUS: usize = 2;

/// What a reconciliation found.
pub(super) struct Settled {
    /// What opens the account, in sentences that hold no secret.
    pub words: String,
    /// The jobs whose pending candidates were proved.
    pub(super) promoted: Vec<Option<Uuid>>,
}

impl Settled {
    /// Whether a candidate of that job was proved.
    pub fn promoted_for(&self, job: Uuid) -> bool {
        self.promoted.contains(&Some(job))
    }
}

/// Which password it was that opened the account.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Pending,
    Current,
    Previous,
}

impl<'a> Context<'a> {
    /// The flow for this kind of job.
    pub fn flow(&self, kind: FlowKind) -> Result<&Flow, Halt> {
        self.playbook.flows.get(kind).ok_or_else(|| {
            let message = format!("The playbook of {} has no flow {kind}.", self.playbook.app);
            Verdict::new(Code::NotSupported, message).into()
        })
    }

    /// A fresh login with the credentials that were proved last.
    pub async fn log_in_with_current(&'a self) -> Result<Login<'a>, Halt> {
        let credentials = self.credentials().await?;
        let password = credentials.password.ok_or_else(no_password)?;
        self.log_in(&password, credentials.totp.as_ref()).await
    }

    /// A candidate that the app was never told of is worth nothing once the current one has opened the account.
    pub async fn reject_unsubmitted(&self) -> Result<(), Halt> {
        let credentials = self.credentials().await?;
        let pending =
            [credentials.pending_password, credentials.pending_recovery_codes, credentials.pending_totp];
        for held in pending.into_iter().flatten().filter(|held| !held.submitted()) {
            let reason =
                "never submitted to the app, and a fresh login with the current credentials succeeded";
            self.vault.reject(held.candidate, reason).await?;
        }
        Ok(())
    }

    /// Settles which credentials open the account, if a candidate was submitted and its answer is not known.
    pub async fn settle_submitted(&self) -> Result<Option<Settled>, Halt> {
        let credentials = self.credentials().await?;
        if submitted(&credentials).next().is_some() {
            return self.settle(credentials).await.map(Some);
        }
        Ok(None)
    }

    /// Finds out which of the known credentials opens the account.
    pub async fn reconcile(&self) -> Result<Verdict, Halt> {
        let settled = self.settle(self.credentials().await?).await?;
        Ok(Verdict::new(Code::Reconciled, settled.words))
    }

    async fn settle(&self, credentials: Credentials) -> Result<Settled, Halt> {
        if submitted(&credentials).next().is_some() {
            self.doubt();
        }
        let proved = self.try_in_order(&credentials).await?;
        let settled = self.write_down(&proved, &credentials).await?;
        self.doubt_no_more();
        Ok(settled)
    }

    /// Tries pending, current and previous passwords in that order, each in a fresh context and within the budget.
    /// A pending one that was refused while the app may still have been at it is tried once more.
    async fn try_in_order<'c>(&self, credentials: &'c Credentials) -> Result<Proved<'c>, Halt> {
        let mut tried = Vec::new();
        let pending = credentials.pending_password.iter().filter(|held| held.submitted());
        let pending: Vec<_> = pending.map(|held| (Which::Pending, held)).collect();
        let previous = credentials.previous_passwords.iter().take(PREVIOUS);
        let mut passwords: VecDeque<_> = pending.iter().copied().collect();
        passwords.extend(credentials.password.iter().map(|held| (Which::Current, held)));
        passwords.extend(previous.map(|held| (Which::Previous, held)));
        while let Some((which, password)) = passwords.pop_front() {
            if which != Which::Pending && self.let_the_app_finish(credentials).await? {
                pending.iter().for_each(|again| passwords.push_front(*again));
            }
            let mut right = false;
            for totp in totp_choices(credentials) {
                let with = totp_name(totp, credentials);
                let name = format!("{} password (version {}){with}", which.name(), password.version);
                let login = match self.log_in(password, totp).await {
                    Err(Halt::Step(failed)) if matches!(failed.error, StepError::NoTotpSecret) => {
                        let message = format!(
                            "The {name} opens the first step, and then a code is asked for that no secret of the \
                             vault gives."
                        );
                        return Err(Verdict::new(Code::MfaUnmanaged, message).into());
                    }
                    login => login?,
                };
                let (end, typed) = (login.end, login.session.values.totp_typed);
                drop(login.session);
                match end {
                    End::SignedIn => {
                        let totp = totp.filter(|_| typed);
                        return Ok(Proved { which, password, totp, name });
                    }
                    // The password was right: another secret may give the right code.
                    End::CodeRefused => right = true,
                    End::BadCredentials => {}
                    end => return Err(end_verdict(end, &format!("the login with the {name}")).into()),
                }
                tried.push(format!("{name}: {end}"));
                if !right {
                    break;
                }
            }
            if right {
                // No other password can be right as well; to try one would only be counted.
                break;
            }
        }
        let message =
            format!("No known credential opens the account. Tried in this order: {}.", tried.join("; "));
        Err(Verdict::new(Code::CredentialUncertain, message).into())
    }

    /// An app may still be at work on a request whose sender died. That the old credential opens the account
    /// proves something only when the app has had as long to answer as it is given in any step.
    /// `true` if that had to be waited for.
    async fn let_the_app_finish(&self, credentials: &Credentials) -> Result<bool, Halt> {
        let last = submitted(credentials).filter_map(|held| held.submitted_at).max();
        let Some(last) = last else { return Ok(false) };
        let done = last.checked_add(self.playbook.timeouts.step).unwrap_or(last);
        let left = done.as_second().saturating_sub(Timestamp::now().as_second());
        if left <= 0 {
            return Ok(false);
        }
        let what = format!("give the app {left} s to finish what it may still be at");
        let log = self.steps.begin("reconcile", what);
        tokio::select! {
            () = wait_for_clock(u64::try_from(done.as_second()).unwrap_or_default() + 1) => log.ok(),
            halt = self.must_stop() => return Err(halt),
        }
        Ok(true)
    }
}

/// The pending candidates that the app may know.
fn submitted(credentials: &Credentials) -> impl Iterator<Item = &Held> {
    let pending = [&credentials.pending_password, &credentials.pending_totp];
    pending.into_iter().flatten().filter(|held| held.submitted())
}

/// The TOTP secrets to try, the likeliest first: one that was submitted, then the current one. Where there is
/// none, the login is tried without.
fn totp_choices(credentials: &Credentials) -> Vec<Option<&Held>> {
    let submitted = credentials.pending_totp.as_ref().filter(|held| held.submitted());
    let choices: Vec<_> = [submitted, credentials.totp.as_ref()].into_iter().flatten().map(Some).collect();
    if choices.is_empty() { vec![None] } else { choices }
}

fn totp_name(totp: Option<&Held>, credentials: &Credentials) -> &'static str {
    match (totp, &credentials.pending_totp) {
        (Some(totp), Some(pending)) if totp.candidate == pending.candidate => " with the pending TOTP secret",
        (Some(_), Some(_)) => " with the current TOTP secret",
        _ => "",
    }
}

fn no_password() -> Halt {
    Verdict::new(Code::CredentialUncertain, "The vault holds no current password for this account.").into()
}

impl Which {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Current => "current",
            Self::Previous => "previous",
        }
    }
}
