use super::context::Context;
use super::halt::{Halt, end_verdict};
use crate::job::{Code, Verdict};
use crate::playbook::End;

impl Context<'_> {
    /// Logs in, to prove that the credentials work.
    pub async fn verify_login(&self) -> Result<Verdict, Halt> {
        let settled = self.settle_submitted().await?;
        if let Some(settled) = settled {
            return Ok(Verdict::new(
                Code::LoggedIn,
                format!("The credentials open the account: {}", settled.words),
            ));
        }
        let login = self.log_in_with_current().await?;
        let verdict = end_verdict(login.end, "the login");
        if login.end == End::SignedIn {
            self.reject_unsubmitted().await?;
        }
        login.session.page.close().await;
        Ok(verdict)
    }
}
