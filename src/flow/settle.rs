use uuid::Uuid;

use super::context::Context;
use super::evidence;
use super::halt::{Halt, StepError, end_verdict};
use super::login::Login;
use crate::job::{Code, Verdict};
use crate::playbook::{End, Flow, FlowKind};
use crate::vault::{Credentials, Held};

/// So many of the passwords that were current once are tried.
const PREVIOUS: usize = 2;

/// What a reconciliation found.
pub(super) struct Settled {
    /// What opens the account, in words that hold no secret.
    pub words: String,
    /// The jobs whose pending candidates were proved.
    promoted: Vec<Option<Uuid>>,
}

impl Settled {
    /// Whether a candidate of that job was proved.
    pub fn promoted_for(&self, job: Uuid) -> bool {
        self.promoted.contains(&Some(job))
    }
}

/// Which password it was that opened the account.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
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
            [credentials.pending_password, credentials.pending_totp, credentials.pending_recovery_codes];
        for held in pending.into_iter().flatten().filter(|held| !held.submitted) {
            let reason =
                "never submitted to the app, and a fresh login with the current credentials succeeded";
            self.vault.reject(held.candidate, reason).await?;
        }
        Ok(())
    }

    /// Settles which credentials open the account, if a candidate was submitted and its answer is not known.
    pub async fn settle_submitted(&self) -> Result<Option<Settled>, Halt> {
        let credentials = self.credentials().await?;
        let submitted = |held: &Option<Held>| held.as_ref().is_some_and(|held| held.submitted);
        if submitted(&credentials.pending_password) || submitted(&credentials.pending_totp) {
            return self.settle(credentials).await.map(Some);
        }
        Ok(None)
    }

    /// Finds out which of the known credentials opens the account.
    pub async fn reconcile(&self) -> Result<Verdict, Halt> {
        let settled = self.settle(self.credentials().await?).await?;
        Ok(Verdict::new(
            Code::Reconciled,
            format!("Which credentials open the account is known: {}", settled.words),
        ))
    }

    /// Tries pending, current and previous passwords in that order, each in a fresh context and within the budget.
    async fn settle(&self, credentials: Credentials) -> Result<Settled, Halt> {
        let mut tried = Vec::new();
        let pending = credentials.pending_password.iter().filter(|held| held.submitted);
        let passwords = pending
            .map(|held| (Which::Pending, held))
            .chain(credentials.password.iter().map(|held| (Which::Current, held)))
            .chain(credentials.previous_passwords.iter().take(PREVIOUS).map(|held| (Which::Previous, held)));
        for (which, password) in passwords {
            for totp in totp_choices(&credentials) {
                let name = format!(
                    "{} password (version {}){}",
                    which.name(),
                    password.version,
                    totp_name(totp, &credentials)
                );
                match self.log_in(password, totp).await {
                    Ok(Login { end: End::SignedIn, session }) => {
                        let typed = session.values.totp_typed;
                        session.page.close().await;
                        return self
                            .found(which, password, totp.filter(|_| typed), &credentials, &name)
                            .await;
                    }
                    Ok(Login { end, session }) => {
                        evidence::keep(&session).await;
                        session.page.close().await;
                        tried.push(format!("{name}: {end}"));
                        match end {
                            // The password was right: another secret may give the right code.
                            End::CodeRefused => {}
                            End::BadCredentials => break,
                            end => return Err(end_verdict(end, &format!("the login with the {name}")).into()),
                        }
                    }
                    Err(Halt::Step(failed)) if matches!(failed.error, StepError::NoTotpSecret) => {
                        let message = format!(
                            "The {name} opens the first step, and then a code is asked for that no secret of the vault gives."
                        );
                        return Err(Verdict::new(Code::MfaUnmanaged, message).into());
                    }
                    Err(halt) => return Err(halt),
                }
            }
        }
        let message =
            format!("No known credential opens the account. Tried in this order: {}.", tried.join("; "));
        Err(Verdict::new(Code::CredentialUncertain, message).into())
    }

    /// Writes down what a login proved: the one that opened the account is current, and what it disproves is rejected.
    async fn found(
        &self,
        which: Which,
        password: &Held,
        totp: Option<&Held>,
        credentials: &Credentials,
        name: &str,
    ) -> Result<Settled, Halt> {
        let mut promoted = Vec::new();
        let mut words = format!("the {name} does.");
        if which != Which::Current {
            self.vault.promote(password.candidate).await?;
        }
        match &credentials.pending_password {
            Some(pending) if which == Which::Pending => promoted.push(pending.job),
            Some(pending) => {
                let reason = format!("a fresh login with the {} password succeeded", which.name());
                self.vault.reject(pending.candidate, &reason).await?;
                words.push_str(" The pending password was not taken.");
            }
            None => {}
        }
        let Some(pending) = &credentials.pending_totp else { return Ok(Settled { words, promoted }) };
        let taken = totp.is_some_and(|totp| totp.candidate == pending.candidate);
        let together = [Some(pending), credentials.pending_recovery_codes.as_ref()];
        for held in together.into_iter().flatten() {
            if taken {
                self.vault.promote(held.candidate).await?;
            } else {
                let reason = "a fresh login succeeded without it";
                self.vault.reject(held.candidate, reason).await?;
            }
        }
        if taken {
            promoted.push(pending.job);
        }
        words.push_str(if taken {
            " The pending TOTP secret was taken."
        } else {
            " The pending TOTP secret was not taken."
        });
        Ok(Settled { words, promoted })
    }
}

/// The TOTP secrets to try, the likeliest first: one that was submitted, then the current one. Where there is
/// none, the login is tried without.
fn totp_choices(credentials: &Credentials) -> Vec<Option<&Held>> {
    let submitted = credentials.pending_totp.as_ref().filter(|held| held.submitted);
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
    const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Current => "current",
            Self::Previous => "previous",
        }
    }
}
