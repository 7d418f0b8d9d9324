//! What is to become the account's credential, in the ledger: before anything is done with it, and before the app gets it.

use jiff::Timestamp;
use secrecy::SecretString;

use super::halt::Halt;
use super::session::Session;
use super::values::ValueError;
use crate::playbook::FlowKind;
use crate::store::CandidateKind;
use crate::vault::Held;

impl Session<'_> {
    /// Every candidate that the commit step hands to the app is marked as submitted before it is performed.
    pub(super) async fn submit_candidates(&self) -> Result<(), ValueError> {
        let candidates = match self.flow {
            FlowKind::ChangePassword | FlowKind::Recover => vec![self.values.new_password.as_ref()],
            FlowKind::EnrolMfa => vec![self.read_totp.as_ref(), self.read_codes.as_ref()],
            FlowKind::Login
            | FlowKind::Logout
            | FlowKind::EnrolMfaEmail
            | FlowKind::EnrolMfaSms
            | FlowKind::SetContact => Vec::new(),
        };
        for held in candidates.into_iter().flatten() {
            self.context.vault.mark_submitted(held.candidate).await.map_err(Halt::from)?;
        }
        Ok(())
    }

    /// Writes what was read off the page to the ledger, before anything is done with it.
    pub(super) async fn propose(&self, kind: CandidateKind, secret: &SecretString) -> Result<Held, Halt> {
        let context = self.context;
        let candidate = context.vault.propose(&context.job.account, kind, secret, context.job.id).await?;
        Ok(Held {
            candidate,
            version: 0,
            secret: secret.clone(),
            submitted_at: None,
            job: Some(context.job.id),
            created_at: Timestamp::now(),
        })
    }
}
