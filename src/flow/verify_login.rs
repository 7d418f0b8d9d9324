use super::context::Context;
use super::halt::{Halt, end_verdict};
use crate::job::{Code, Verdict};
use crate::playbook::End;

impl Context<'_> {
    /// Logs in, to prove that the credentials work.
    pub async fn verify_login(&self) -> Result<Verdict, Halt> {
        if let Some(settled) = self.settle_submitted().await? {
            return Ok(Verdict::new(Code::LoggedIn, settled.words));
        }
        let login = self.log_in_with_current().await?;
        let mut verdict = end_verdict(login.end, "the login");
        if login.end == End::SignedIn {
            self.reject_unsubmitted(&login.session).await?;
            let values = &login.session.values;
            if values.totp.is_some() && !values.totp_typed {
                verdict.message.push_str(
                    " The vault holds a TOTP secret, but the app asked for no code: MFA may be off there.",
                );
            }
        }
        drop(login.session);
        Ok(verdict)
    }
}
