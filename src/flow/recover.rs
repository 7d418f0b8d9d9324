use super::change_password::UNTYPED;
use super::context::Context;
use super::evidence;
use super::halt::{Halt, end_verdict};
use super::proved::Proved;
use super::session::Session;
use super::settle::{Settled, Which, none_opens, totp_choices, totp_name};
use super::values::{Totp, Values};
use crate::job::{Code, Outcome, Verdict};
use crate::playbook::{End, FlowKind};
use crate::store::TryResult;
use crate::vault::{Credentials, Held};

/// So often a job lets the app send a mail for a forgotten password.
const MOST: usize = 3;

impl Context<'_> {
    /// The last resort, when no known credential opens the account: a forgotten password, set anew by what the app
    /// mails to the managed address. The pending password is used for it where there is one: it is written down
    /// already, and should the answer be lost, it is tried first.
    pub async fn recover(&self, credentials: &Credentials, tried: &str) -> Result<Settled, Halt> {
        if self.playbook().flows.recover.is_none() {
            return Err(none_opens(tried));
        }
        if self.account.address.is_none() {
            let message = format!(
                "No known credential opens the account: {tried}. It could be recovered by mail, but the account has no \
                 managed address: give it the one that the app knows with `account add --address`."
            );
            return Err(Verdict::new(Code::CredentialUncertain, message).into());
        }
        let tries = self.tries().await?;
        if tries.iter().filter(|tried| tried.flow == FlowKind::Recover.as_str()).count() >= MOST {
            let message = format!(
                "No known credential opens the account: {tried}. It could not be recovered either, {MOST} times."
            );
            return Err(Verdict::new(Code::CredentialUncertain, message).into());
        }
        let new = match &credentials.pending_password {
            Some(pending) => pending.clone(),
            None => self.new_password(credentials.password.as_ref()).await?,
        };
        match self.set_anew(&new, credentials).await? {
            End::PasswordChanged => self.prove_recovered(&new, credentials).await,
            end => Err(end_verdict(end, "the recovery").into()),
        }
    }

    /// Walks the flow. What it ends with is the app's word only.
    async fn set_anew(&self, new: &Held, credentials: &Credentials) -> Result<End, Halt> {
        self.safe_point()?;
        let totp = totp_choices(credentials).into_iter().next().flatten();
        let opened = totp.cloned().map(Totp::open).transpose().map_err(|error| self.unusable(error))?;
        let mut session = Session::open(self, Values::new(new.clone(), opened)).await?;
        session.values.new_password = Some(new.clone());
        let tried = self.begin_try(FlowKind::Recover, new, totp).await?;
        session.tried = Some(tried);
        let ended = session.walk(FlowKind::Recover).await;
        let result = match ended {
            Ok(End::BadCredentials) => TryResult::BadCredentials,
            Ok(End::CodeRefused) => TryResult::CodeRefused,
            Ok(End::PasswordChanged) => TryResult::NotSent,
            _ if session.values.totp_typed && session.values.sent => TryResult::Unclear,
            // A password that is set anew cannot be a wrong one, nor was a code where the app then wants a person.
            _ => TryResult::NotSent,
        };
        let committed = session.committed;
        if let Err(error) = self.vault.end_try(tried, result, false).await {
            let halt = Halt::from(error);
            return Err(if committed { Halt::Verdict(halt.after_commit()) } else { halt });
        }
        if self.job.evidence || !matches!(ended, Ok(End::PasswordChanged)) {
            evidence::keep(&session).await;
        }
        drop(session);
        match ended {
            Ok(end @ (End::PasswordChanged | End::PasswordRefused)) => Ok(end),
            Ok(end) if committed => {
                let reason = end_verdict(end, "the recovery").message;
                Err(Halt::Verdict(Halt::Verdict(Verdict::new(Code::AnswerLost, reason)).after_commit()))
            }
            Err(halt) if committed => Err(Halt::Verdict(halt.after_commit())),
            ended => ended,
        }
    }

    async fn prove_recovered(&self, new: &Held, credentials: &Credentials) -> Result<Settled, Halt> {
        crate::failpoint::reach("recover.answered");
        let mut end = End::BadCredentials;
        for totp in totp_choices(credentials) {
            self.steps.heading("log in with the new password, to prove it");
            let login = match self.log_in(new, totp).await {
                Ok(login) => login,
                Err(halt) => return Err(Halt::Verdict(halt.after_commit())),
            };
            let (typed, proves) = {
                let values = &login.session.values;
                (values.totp_typed, values.password_typed)
            };
            end = login.end;
            drop(login.session);
            match end {
                End::SignedIn if !proves => {
                    let message = format!("The app said that the password was set, but: {UNTYPED}");
                    return Err(Verdict::new(Code::CredentialUncertain, message)
                        .with_outcome(Outcome::Unknown)
                        .into());
                }
                End::SignedIn => {
                    let name = format!("new password{}", totp_name(totp, credentials));
                    let totp = totp.filter(|_| typed);
                    let proved = Proved { which: Which::Recovered, password: new, totp, name };
                    return self.write_down(&proved, credentials).await;
                }
                End::CodeRefused => {}
                _ => break,
            }
        }
        let reason = end_verdict(end, "the fresh login with the new password").message;
        let message = format!("The app said that the password was set, but: {reason}");
        Err(Verdict::new(Code::CredentialUncertain, message).with_outcome(Outcome::Unknown).into())
    }
}
