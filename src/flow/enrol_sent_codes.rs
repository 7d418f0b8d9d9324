use super::context::Context;
use super::evidence;
use super::halt::{Halt, end_verdict};
use crate::job::{Code, Verdict};
use crate::playbook::{End, MfaMethod};

impl Context<'_> {
    /// Turns on MFA by codes that the app sends to the account, and proves it by a fresh login that asks for one.
    ///
    /// No credential is at stake: the vault holds the address or the number already, and the checker sees to it that the
    /// flow cannot end well without a code that came there. To do it again changes nothing, so there is no commit step;
    /// where an answer is lost, the next attempt finds MFA on.
    pub async fn enrol_sent_codes(&self, method: MfaMethod) -> Result<Verdict, Halt> {
        let flow = self.flow(method.flow())?;
        self.settle_submitted().await?;
        let login = self.log_in_with_current().await?;
        if login.end != End::SignedIn {
            return Ok(end_verdict(login.end, "the login before the enrolment"));
        }
        self.reject_unsubmitted(&login.session).await?;
        let mut session = login.session;
        if session.values.totp_typed || session.values.sent_code_typed {
            let message = "MFA is on already, and a fresh login with a code succeeded.";
            return Ok(Verdict::new(Code::AlreadyOn, message));
        }
        let ended = session.walk(flow).await;
        if self.job.evidence || !matches!(ended, Ok(End::MfaEnabled)) {
            evidence::keep(&session).await;
        }
        drop(session);
        match ended? {
            End::MfaEnabled => self.prove_sent_codes(method).await,
            end => {
                self.note_wrong(flow, end).await?;
                Ok(end_verdict(end, "the enrolment"))
            }
        }
    }

    /// The app said that MFA is on: a login in a fresh context has to be asked for a code.
    async fn prove_sent_codes(&self, method: MfaMethod) -> Result<Verdict, Halt> {
        let login = self.log_in_with_current().await?;
        let asked = login.session.values.sent_code_typed;
        if login.end != End::SignedIn {
            return Ok(end_verdict(login.end, "the fresh login with a code"));
        }
        drop(login.session);
        Ok(if asked {
            let message = format!("MFA by {method} was turned on, and a fresh login with a code succeeded.");
            Verdict::new(Code::MfaEnabled, message)
        } else {
            let message = format!(
                "The app said that MFA by {method} was turned on, but a fresh login asked for no code: compare the \
                 playbook with what the app says when it is on."
            );
            Verdict::new(Code::PageNotAsDescribed, message)
        })
    }
}
