use super::context::Context;
use super::evidence;
use super::halt::{Halt, end_verdict};
use super::login::Login;
use crate::credential::RecoveryCodes;
use crate::job::{Code, Outcome, Verdict};
use crate::playbook::{End, FlowKind, MfaMethod};
use crate::store::CandidateKind;
use crate::vault::Held;

impl Context<'_> {
    /// Turns on MFA by the first of the app's methods for which the account has what it takes.
    pub async fn enrol_mfa(&self) -> Result<Verdict, Halt> {
        let account = &self.account;
        let fits = |method: &MfaMethod| match method {
            MfaMethod::Totp => true,
            MfaMethod::Email => account.address.is_some(),
            MfaMethod::Sms => account.number.is_some(),
        };
        let playbook = self.playbook();
        let has_flow = |method: &MfaMethod| playbook.flows.get(method.flow()).is_some();
        let methods = playbook.mfa.methods.iter().copied().filter(has_flow);
        match (methods.clone().find(fits), methods.clone().next()) {
            (Some(MfaMethod::Totp), _) | (None, None) => self.enrol_totp().await,
            (Some(method), _) => self.enrol_sent_codes(method).await,
            (None, Some(method)) => {
                let message = format!(
                    "The app has MFA by {method}, and the account has no managed address or number for that: give it \
                     one with `turnlock account add`."
                );
                Ok(Verdict::new(Code::NotSupported, message))
            }
        }
    }

    /// Turns on MFA by TOTP, and proves it by a fresh login with a code of a later time step.
    pub async fn enrol_totp(&self) -> Result<Verdict, Halt> {
        let flow = self.flow(FlowKind::EnrolMfa)?;
        if let Some(proved) = self.proved_before(CandidateKind::Totp).await? {
            let words = self.words_of_the_reconciliation_of(proved).await?;
            return Ok(Verdict::new(Code::MfaEnabled, format!("An earlier attempt turned on MFA. {words}")));
        }
        if let Some(settled) = self.settle_submitted().await?
            && settled.promoted_for(self.job.id)
        {
            let message = format!("An earlier attempt turned on MFA. {}", settled.words);
            return Ok(Verdict::new(Code::MfaEnabled, message));
        }
        let Login { end, mut session } = match self.log_in_with_current().await {
            Err(Halt::Step(failed)) if failed.error.is_for_want_of_a_totp_secret() => {
                let message = format!("MFA is on already: {}.", failed.error);
                return Ok(Verdict::new(Code::MfaUnmanaged, message));
            }
            login => login?,
        };
        if end != End::SignedIn {
            drop(session);
            let verdict = end_verdict(end, "the login before the enrolment");
            // A code that is refused here is one of a secret that the app no longer knows.
            let unmanaged = end == End::CodeRefused;
            return Ok(if unmanaged { Verdict::new(Code::MfaUnmanaged, verdict.message) } else { verdict });
        }
        self.reject_unsubmitted(&session).await?;
        if session.values.totp_typed {
            drop(session);
            let message = "MFA is on already, and a fresh login with the vault's secret succeeded.";
            return Ok(Verdict::new(Code::AlreadyOn, message));
        }
        let ended = session.walk(flow).await;
        let committed = session.committed;
        if self.job.evidence || !matches!(ended, Ok(End::MfaEnabled)) {
            evidence::keep(&session).await;
        }
        let (totp, codes) = (session.read_totp.take(), session.read_codes.take());
        let password = session.values.password.clone();
        drop(session);
        match (ended, totp) {
            (Ok(End::MfaEnabled), Some(totp)) => self.prove_totp(&password, &totp, codes.as_ref()).await,
            // The app's word is no proof: the request may have reached it twice.
            (Ok(end @ (End::CodeRefused | End::MfaAlreadyOn)), Some(_)) if committed => {
                if let Err(halt) = self.note_wrong(FlowKind::EnrolMfa, end).await {
                    return Ok(halt.after_commit());
                }
                match self.settle_refused().await {
                    Ok(settled) if settled.promoted_for(self.job.id) => {
                        let message =
                            format!("The app answered {end}, but had turned on MFA. {}", settled.words);
                        Ok(Verdict::new(Code::MfaEnabled, message))
                    }
                    Ok(_) => Ok(end_verdict(end, "the enrolment")),
                    Err(halt) => Ok(halt.after_commit()),
                }
            }
            (Ok(end @ End::BadCredentials), _) if !committed => {
                // The app asked for the password once more.
                self.note_wrong(FlowKind::EnrolMfa, end).await?;
                Ok(end_verdict(end, "the enrolment"))
            }
            (Ok(end), _) if committed => {
                let reason = end_verdict(end, "the enrolment").message;
                Ok(Halt::Verdict(Verdict::new(Code::AnswerLost, reason)).after_commit())
            }
            (Ok(end), _) => Ok(end_verdict(end, "the enrolment")),
            (Err(halt), _) if committed => Ok(halt.after_commit()),
            (Err(halt), _) => Err(halt),
        }
    }

    /// The app said that it took the secret: a login in a fresh context has to prove it.
    async fn prove_totp(&self, password: &Held, totp: &Held, codes: Option<&Held>) -> Result<Verdict, Halt> {
        crate::failpoint::reach("enrol_mfa.answered");
        self.steps.heading("log in with a code of the new TOTP secret, to prove it");
        let login = match self.log_in(password, Some(totp)).await {
            Ok(login) => login,
            Err(halt) => return Ok(halt.after_commit()),
        };
        let typed = login.session.values.totp_typed;
        drop(login.session);
        if login.end != End::SignedIn || !typed {
            let reason = match login.end {
                End::SignedIn => "a fresh login asked for no code.".to_owned(),
                end => end_verdict(end, "the fresh login with a code").message,
            };
            let message = format!("The app said that MFA was turned on, but: {reason}");
            return Ok(Verdict::new(Code::CredentialUncertain, message).with_outcome(Outcome::Unknown));
        }
        crate::failpoint::reach("enrol_mfa.proved");
        // The secret comes last: as long as it is pending, whoever goes on from here sees to the codes as well.
        let in_order = [(codes, "enrol_mfa.codes_promoted"), (Some(totp), "enrol_mfa.promoted")];
        for (held, point) in in_order {
            let Some(held) = held else { continue };
            if let Err(error) = self.vault.promote(held.candidate).await {
                return Ok(Halt::from(error).after_commit());
            }
            crate::failpoint::reach(point);
        }
        self.doubt_no_more();
        let count =
            codes.and_then(|codes| RecoveryCodes::from_json(&codes.secret).ok()).map(|codes| codes.len());
        let sealed = count.map(|count| format!(" {count} recovery codes are sealed.")).unwrap_or_default();
        let message = format!("MFA was turned on, and a fresh login with a code succeeded.{sealed}");
        Ok(Verdict::new(Code::MfaEnabled, message))
    }
}
