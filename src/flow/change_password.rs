use jiff::Timestamp;
use secrecy::ExposeSecret;

use super::context::Context;
use super::evidence;
use super::halt::{Halt, end_verdict};
use super::login::Login;
use crate::credential::{PasswordRules, generate};
use crate::job::{Code, Outcome, Verdict};
use crate::playbook::{End, FlowKind};
use crate::redact;
use crate::store::CandidateKind;
use crate::vault::Held;

/// Why a login that succeeded proves no password.
pub(super) const UNTYPED: &str = "the playbook's login succeeded without the password being typed, so it proves none: \
                                  have every path of `login` type `password`.";

impl Context<'_> {
    /// Changes the password, and proves the new one by a fresh login.
    pub async fn change_password(&self) -> Result<Verdict, Halt> {
        let flow = self.flow(FlowKind::ChangePassword)?;
        if let Some(proved) = self.proved_before(CandidateKind::Password).await? {
            let words = self.words_of_the_reconciliation_of(proved).await?;
            return Ok(Verdict::new(
                Code::PasswordChanged,
                format!("An earlier attempt changed the password. {words}"),
            ));
        }
        if let Some(settled) = self.settle_submitted().await?
            && settled.promoted_for(self.job.id)
        {
            let message = format!("An earlier attempt changed the password. {}", settled.words);
            return Ok(Verdict::new(Code::PasswordChanged, message));
        }
        let Login { end, mut session } = self.log_in_with_current().await?;
        if end != End::SignedIn {
            drop(session);
            return Ok(end_verdict(end, "the login before the change"));
        }
        self.reject_unsubmitted(&session).await?;
        let new = self.new_password(Some(&session.values.password)).await?;
        session.values.new_password = Some(new.clone());
        crate::failpoint::reach("change_password.proposed");
        let ended = session.walk(flow).await;
        let committed = session.committed;
        if self.job.evidence || !matches!(ended, Ok(End::PasswordChanged)) {
            evidence::keep(&session).await;
        }
        drop(session);
        match ended {
            Ok(End::PasswordChanged) => self.prove_password(&new).await,
            Ok(end @ (End::PasswordRefused | End::BadCredentials | End::CodeRefused)) => {
                if let Err(halt) = self.note_wrong(FlowKind::ChangePassword, end).await {
                    return if committed { Ok(halt.after_commit()) } else { Err(halt) };
                }
                if !committed {
                    return Ok(end_verdict(end, "the password change"));
                }
                // The app's word is no proof: the request may have reached it twice.
                match self.settle_refused().await {
                    Ok(settled) if settled.promoted_for(self.job.id) => {
                        let message = format!(
                            "The app answered {end}, but had changed the password. {}",
                            settled.words
                        );
                        Ok(Verdict::new(Code::PasswordChanged, message))
                    }
                    Ok(_) => Ok(end_verdict(end, "the password change")),
                    Err(halt) => Ok(halt.after_commit()),
                }
            }
            Ok(end) if committed => {
                let reason = end_verdict(end, "the password change").message;
                Ok(Halt::Verdict(Verdict::new(Code::AnswerLost, reason)).after_commit())
            }
            Ok(end) => Ok(end_verdict(end, "the password change")),
            Err(halt) if committed => Ok(halt.after_commit()),
            Err(halt) => Err(halt),
        }
    }

    /// A password by the app's rules, written to the ledger before anybody is told of it.
    pub async fn new_password(&self, old: Option<&Held>) -> Result<Held, Halt> {
        let playbook = self.playbook();
        let rules = match playbook.password.rules.as_str() {
            "" => PasswordRules::default(),
            rules => PasswordRules::parse(rules).map_err(|error| {
                Verdict::new(Code::NotSupported, format!("The playbook's password rules: {error}."))
            })?,
        };
        let made = || loop {
            let new = generate(&rules)
                .map_err(|error| Verdict::new(Code::NotSupported, format!("No new password: {error}.")))?;
            if old.is_none_or(|old| old.secret.expose_secret() != new.expose_secret()) {
                break Ok::<_, Verdict>(new);
            }
        };
        let new = match &self.given_password {
            Some(given) => given.clone(),
            None => made()?,
        };
        redact::register(&new);
        let account = &self.job.account;
        let candidate = self.vault.propose(account, CandidateKind::Password, &new, self.job.id).await?;
        Ok(Held {
            candidate,
            version: 0,
            secret: new,
            submitted_at: None,
            job: Some(self.job.id),
            created_at: Timestamp::now(),
        })
    }

    /// The app said that it took the password: a login in a fresh context has to prove it.
    async fn prove_password(&self, new: &Held) -> Result<Verdict, Halt> {
        crate::failpoint::reach("change_password.answered");
        let totp = self.credentials().await?.totp;
        self.steps.heading("log in with the new password, to prove it");
        let login = match self.log_in(new, totp.as_ref()).await {
            Ok(login) => login,
            Err(halt) => return Ok(halt.after_commit()),
        };
        let typed = login.session.values.password_typed;
        drop(login.session);
        if login.end != End::SignedIn || !typed {
            let reason = match login.end {
                End::SignedIn => UNTYPED.to_owned(),
                end => end_verdict(end, "the fresh login with the new password").message,
            };
            let message = format!("The app said that the password was changed, but: {reason}");
            return Ok(Verdict::new(Code::CredentialUncertain, message).with_outcome(Outcome::Unknown));
        }
        crate::failpoint::reach("change_password.proved");
        if let Err(error) = self.vault.promote(new.candidate).await {
            return Ok(Halt::from(error).after_commit());
        }
        crate::failpoint::reach("change_password.promoted");
        self.doubt_no_more();
        Ok(Verdict::new(
            Code::PasswordChanged,
            "The password was changed, and a fresh login with it succeeded.",
        ))
    }
}
