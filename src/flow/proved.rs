use super::context::Context;
use super::halt::Halt;
use super::settle::{Settled, Which};
use crate::playbook::{Action, FlowKind, Step};
use crate::store::Disproof;
use crate::vault::{Credentials, Held};

/// The credentials with which a fresh login succeeded.
pub(super) struct Proved<'c> {
    pub which: Which,
    pub password: &'c Held,
    /// The secret whose code the app asked for and took.
    pub totp: Option<&'c Held>,
    /// Both, in words.
    pub name: String,
}

impl Context<'_> {
    /// Writes down what a login proved: what opened the account is current, and what that disproves is rejected.
    ///
    /// A TOTP secret comes after the recovery codes that belong to it: as long as it is pending, whoever goes on
    /// after a crash sees to both.
    pub async fn write_down(&self, proved: &Proved<'_>, credentials: &Credentials) -> Result<Settled, Halt> {
        let Proved { which, password, totp, name } = proved;
        let mut promoted = Vec::new();
        let mut words = match which {
            Which::Current => format!("The {name} opens the account."),
            _ => format!("The {name} opens the account, and is current from now on."),
        };
        if *which != Which::Current {
            self.vault.promote(password.candidate).await?;
            crate::failpoint::reach("settle.promoted");
        }
        let opened = || which.name().to_owned() + " password";
        match &credentials.pending_password {
            Some(pending) if pending.candidate == password.candidate => promoted.push(pending.job),
            Some(pending) if !pending.submitted() => {
                self.vault.reject(pending.candidate, &Disproof::NeverSubmitted { opened: opened() }).await?;
            }
            Some(pending) => {
                self.vault.reject(pending.candidate, &Disproof::OtherOpens { opened: opened() }).await?;
                crate::failpoint::reach("settle.rejected");
                words.push_str(" The app did not take the pending password.");
            }
            None => {}
        }
        let is = |held: &Held| totp.is_some_and(|totp| totp.candidate == held.candidate);
        let known = credentials.pending_totp.iter().chain(&credentials.totp);
        if let Some(older) = totp.filter(|_| !known.into_iter().any(is)) {
            self.vault.promote(older.candidate).await?;
            words.push_str(" Its TOTP secret is current again.");
        }
        let Some(pending) = &credentials.pending_totp else { return Ok(Settled { words, promoted }) };
        let taken = is(pending);
        let codes = credentials.pending_recovery_codes.as_ref();
        for held in [codes, Some(pending)].into_iter().flatten() {
            if taken {
                self.vault.promote(held.candidate).await?;
            } else {
                let opened = format!("{} without it", opened());
                self.vault.reject(held.candidate, &Disproof::OtherOpens { opened }).await?;
            }
            crate::failpoint::reach("settle.mfa");
        }
        if taken {
            promoted.push(pending.job);
            words.push_str(" The app took the pending TOTP secret.");
            let sealed = credentials.recovery_codes.as_ref().is_some_and(|held| held.job == pending.job);
            if codes.is_none() && !sealed && self.shows_recovery_codes() {
                words.push_str(
                    " The recovery codes that it showed were not read: let it make new ones, and keep them.",
                );
            }
        } else {
            words.push_str(" The app did not take the pending TOTP secret.");
        }
        Ok(Settled { words, promoted })
    }

    fn shows_recovery_codes(&self) -> bool {
        fn read(steps: &[Step]) -> bool {
            steps.iter().any(|step| match &step.action {
                Action::ReadRecoveryCodes { .. } => true,
                Action::Expect(expect) => expect.branches.iter().any(|branch| read(&branch.then)),
                _ => false,
            })
        }
        self.playbook().flows.get(FlowKind::EnrolMfa).is_some_and(|flow| read(&flow.steps))
    }
}
