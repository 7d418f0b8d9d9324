use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::halt::Halt;
use crate::browser::Pool;
use crate::inbox::Inbox;
use crate::job::Job;
use crate::playbook::Playbook;
use crate::store::Account;
use crate::vault::{Credentials, Vault};
use crate::worker::{StepSink, Stop, StopReason};

/// What every part of one attempt works with.
pub(super) struct Context<'a> {
    pub job: &'a Job,
    pub account: Account,
    pub playbook: Arc<Playbook>,
    pub vault: Vault,
    pub pool: Pool,
    pub inbox: Option<Inbox>,
    pub steps: StepSink,
    pub stop: Stop,
    /// Where this attempt's evidence goes; the folder is made when there is some.
    pub evidence: PathBuf,
    pub learnt: Mutex<Learnt>,
}

/// What the attempt learns for the automation log.
#[derive(Default)]
pub(super) struct Learnt {
    pub browser_version: Option<String>,
    pub evidence: Option<PathBuf>,
    pub not_before: Option<Timestamp>,
}

impl Context<'_> {
    pub fn learn(&self, note: impl FnOnce(&mut Learnt)) {
        note(&mut self.learnt.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The account's credentials as the ledger has them now.
    pub async fn credentials(&self) -> Result<Credentials, Halt> {
        Ok(self.vault.credentials(&self.job.account).await?)
    }

    /// A safe point: nothing is under way in the app, so the attempt may stop here if it was asked to.
    pub fn safe_point(&self) -> Result<(), Halt> {
        match self.stop.asked() {
            Some(reason) => Err(Halt::Stopped(reason)),
            None => Ok(()),
        }
    }

    /// Waits until the attempt must stop. Between a commit step and its proof only a lost lease and the
    /// deadline count: whoever merely wishes it to stop waits for the proof.
    pub async fn must_stop(&self, committed: bool) -> Halt {
        loop {
            let reason = self.stop.wait().await;
            if !committed || matches!(reason, StopReason::Deadline | StopReason::LeaseLost) {
                return Halt::Stopped(reason);
            }
            // A later, weightier reason replaces this one; there is none to wait for by an event of its own.
            std::future::pending::<()>().await;
        }
    }
}
