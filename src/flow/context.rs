use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use uuid::Uuid;

use super::FlowPerformer;
use super::halt::Halt;
use super::watch::Watch;
use crate::browser::Pool;
use crate::evidence;
use crate::inbox::Inbox;
use crate::job::Job;
use crate::playbook::Playbook;
use crate::store::Account;
use crate::vault::{Credentials, Vault};
use crate::worker::{Attempt, StepSink, Stop, StopReason};

/// What every part of one attempt works with.
pub(super) struct Context<'a> {
    pub job: &'a Job,
    /// This attempt.
    pub attempt: Uuid,
    pub account: Account,
    /// What is followed; another one once somebody who watches has edited it.
    playbook: RwLock<Arc<Playbook>>,
    pub vault: Vault,
    pub pool: Pool,
    pub inbox: Inbox,
    /// The mail servers whose word on a sender counts.
    pub mail_servers: Vec<String>,
    pub steps: StepSink,
    pub stop: Stop,
    /// Every commit step is left out.
    pub rehearsing: bool,
    /// What is set as the next password, if it is not made up.
    pub given_password: Option<SecretString>,
    /// Who looks on, and says how it goes on where a step fails.
    pub watch: Option<Arc<dyn Watch>>,
    /// How long it may still wait for people.
    patience: Mutex<Duration>,
    /// Where this attempt's evidence goes; the folder is made when there is some.
    pub evidence: PathBuf,
    pub learnt: Mutex<Learnt>,
    /// From a commit step until its candidate is decided: which credential opens the account is not known.
    in_doubt: AtomicBool,
}

/// What the attempt learns for the automation log.
#[derive(Default)]
pub(super) struct Learnt {
    pub browser_version: Option<String>,
    pub evidence: Option<PathBuf>,
    pub not_before: Option<Timestamp>,
}

impl<'a> Context<'a> {
    /// For one attempt of this job on this account.
    pub fn new(
        performer: &FlowPerformer,
        attempt: &'a Attempt,
        found: (Account, Arc<Playbook>, Vault),
        steps: StepSink,
        stop: Stop,
    ) -> Self {
        let job = &attempt.job;
        let (account, playbook, vault) = found;
        Self {
            job,
            attempt: attempt.id,
            account,
            playbook: RwLock::new(playbook),
            vault,
            pool: performer.pool.clone(),
            inbox: performer.inbox.clone(),
            mail_servers: performer.mail_servers.clone(),
            steps,
            stop,
            rehearsing: performer.trial_of(job).is_some_and(|trial| trial.rehearse),
            given_password: performer.new_password.clone(),
            watch: performer.watch.clone(),
            patience: Mutex::new(job.wait_for_human),
            evidence: evidence::folder_of(&performer.artifacts, job.id, attempt.number),
            learnt: Mutex::default(),
            in_doubt: AtomicBool::new(false),
        }
    }

    pub fn learn(&self, note: impl FnOnce(&mut Learnt)) {
        note(&mut self.learnt.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// How long it may still wait for people.
    pub fn patience(&self) -> Duration {
        *self.patience.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It has waited for so long.
    pub fn waited(&self, length: Duration) {
        let mut patience = self.patience.lock().unwrap_or_else(PoisonError::into_inner);
        *patience = patience.saturating_sub(length);
    }

    /// The playbook that is followed now.
    pub fn playbook(&self) -> Arc<Playbook> {
        Arc::clone(&self.playbook.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Follows another playbook of the same app from now on.
    pub fn follow(&self, playbook: Arc<Playbook>) {
        *self.playbook.write().unwrap_or_else(PoisonError::into_inner) = playbook;
    }

    /// The account's credentials as the ledger has them now.
    pub async fn credentials(&self) -> Result<Credentials, Halt> {
        Ok(self.vault.credentials(&self.job.account).await?)
    }

    /// A safe point: nothing is under way in the app, so the attempt may stop here if it was asked to.
    pub fn safe_point(&self) -> Result<(), Halt> {
        match self.stop.asked() {
            Some(reason) if self.counts(reason) => Err(Halt::Stopped(reason)),
            _ => Ok(()),
        }
    }

    /// Waits until the attempt must stop.
    pub async fn must_stop(&self) -> Halt {
        Halt::Stopped(self.stop.wait_for(|reason| self.counts(reason)).await)
    }

    /// From here on the app may know a candidate.
    pub fn doubt(&self) {
        self.in_doubt.store(true, Ordering::Relaxed);
    }

    /// It is known again which credential opens the account.
    pub fn doubt_no_more(&self) {
        self.in_doubt.store(false, Ordering::Relaxed);
    }

    /// Between a commit step and its proof only a lost lease and the deadline count: whoever merely wishes the
    /// attempt to stop waits for the proof.
    pub fn counts(&self, reason: StopReason) -> bool {
        !self.in_doubt.load(Ordering::Relaxed)
            || matches!(reason, StopReason::Deadline | StopReason::LeaseLost)
    }
}
