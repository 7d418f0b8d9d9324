use super::context::Context;
use super::evidence;
use super::halt::{Halt, end_verdict};
use crate::job::{Code, Verdict};
use crate::playbook::{End, FlowKind};

impl Context<'_> {
    /// Has the app send to the account's managed address or number. Its proof is what the app sends there: the checker
    /// sees to it that the flow cannot end well without. To do it again changes nothing, so it has no commit step.
    pub async fn set_contact(&self) -> Result<Verdict, Halt> {
        let flow = self.flow(FlowKind::SetContact)?;
        self.settle_submitted().await?;
        let login = self.log_in_with_current().await?;
        if login.end != End::SignedIn {
            return Ok(end_verdict(login.end, "the login before the change of the address"));
        }
        self.reject_unsubmitted(&login.session).await?;
        let mut session = login.session;
        let ended = session.walk(flow).await;
        if self.job.evidence || !matches!(ended, Ok(End::ContactSet)) {
            evidence::keep(&session).await;
        }
        drop(session);
        match ended? {
            End::ContactSet => {
                let message =
                    "The app sends to the account's managed address or number: what it sent came there.";
                Ok(Verdict::new(Code::ContactSet, message))
            }
            end => {
                self.note_wrong(FlowKind::SetContact, end).await?;
                Ok(end_verdict(end, "the change of the address"))
            }
        }
    }
}
