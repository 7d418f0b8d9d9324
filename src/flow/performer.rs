use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;

use super::context::{Context, Learnt};
use super::halt::Halt;
use super::trial::Trial;
use super::watch::Watch;
use crate::browser::Pool;
use crate::inbox::Inbox;
use crate::job::{Code, Job, Kind, Verdict};
use crate::playbook::Playbook;
use crate::redact;
use crate::store::{AppLimits, Limit, Provenance};
use crate::vault::Vault;
use crate::worker::{Attempt, Performed, Performer, StepSink, Stop};

const MINUTE: Duration = Duration::from_secs(60);

/// The checked playbooks by app.
pub type Playbooks = HashMap<String, Arc<Playbook>>;

/// Performs attempts by walking the account's playbook.
#[derive(Clone)]
pub struct FlowPerformer {
    /// The accounts and their credentials.
    pub vault: Vault,
    /// Where pages come from.
    pub pool: Pool,
    /// Where mailed codes come from.
    pub inbox: Inbox,
    /// The mail servers whose word on who sent a mail counts, as they name themselves in `Authentication-Results`.
    pub mail_servers: Vec<String>,
    /// The apps.
    pub playbooks: Playbooks,
    /// Apps whose playbook cannot be used, and its file.
    pub unusable: HashMap<String, String>,
    /// The folder for evidence: a folder a job, and in it one an attempt.
    pub artifacts: PathBuf,
    /// A playbook is tried out: what one job does instead of what its kind says.
    pub trial: Option<Trial>,
    /// The next password that is set, where it is not to be made up: to put back what was changed for a trial.
    pub new_password: Option<SecretString>,
    /// Who looks on at every step, if somebody does.
    pub watch: Option<Arc<dyn Watch>>,
}

#[async_trait]
impl Performer for FlowPerformer {
    async fn perform(&self, attempt: &Attempt, steps: StepSink, stop: Stop) -> Performed {
        let job = &attempt.job;
        let vault = self.vault.under(&attempt.lease);
        let account = match vault.account(&job.account).await {
            Ok(Some(account)) => account,
            Ok(None) => {
                let message = format!("The vault has no account {}.", job.account);
                return Performed::new(Verdict::new(Code::UnknownAccount, message));
            }
            Err(error) => return Performed::new(Halt::from(error).verdict()),
        };
        if let Err(error) = vault.mask_words(job).await {
            return Performed::new(Halt::from(error).verdict());
        }
        let Some(playbook) = self.playbooks.get(job.account.app()) else {
            return Performed::new(Verdict::new(Code::UnknownApp, self.no_playbook(job.account.app())));
        };
        // With the account's parameters in their places, and checked with them.
        let playbook = match playbook.for_account(&account.params) {
            Ok(_) if playbook.parameters.is_empty() => Arc::clone(playbook),
            Ok(of_account) => Arc::new(of_account),
            Err(report) => {
                let message = format!("The playbook cannot be used for {}:\n{report}", job.account);
                return Performed::new(Verdict::new(Code::AccountIncomplete, message));
            }
        };
        let found = (account, Arc::clone(&playbook), vault);
        let context = Context::new(self, attempt, found, steps, stop);
        let result = match (self.trial_of(job), job.kind) {
            (Some(trial), _) => context.try_out(trial.flow).await,
            (None, Kind::VerifyLogin) => context.verify_login().await,
            (None, Kind::EnrolMfa) => context.enrol_mfa().await,
            (None, Kind::ChangePassword) => context.change_password().await,
            (None, Kind::Reconcile) => context.reconcile().await,
            (None, Kind::SetContact) => context.set_contact().await,
        };
        let mut verdict = result.unwrap_or_else(|halt| halt.verdict());
        verdict.message = redact::redact(&verdict.message).into_owned();
        let playbook = context.playbook();
        let Learnt { browser_version, evidence, not_before } =
            context.learnt.into_inner().unwrap_or_else(PoisonError::into_inner);
        let provenance = Provenance {
            playbook: Some(playbook.name.clone()),
            playbook_hash: Some(playbook.hash.clone()),
            browser_version,
            evidence,
        };
        Performed { verdict, provenance, not_before }
    }

    fn browser_memory(&self) -> Option<u64> {
        self.pool.memory()
    }

    fn limits(&self, app: &str) -> AppLimits {
        let Some(playbook) = self.playbooks.get(app) else { return AppLimits::default() };
        let beginnings = |most| Limit { most, window: MINUTE };
        AppLimits {
            concurrent: playbook.limits.concurrent,
            beginnings: playbook.limits.per_minute.map(beginnings),
        }
    }

    /// What comes of a playbook that is tried out, and of steps that somebody skips or edits, tells nothing of the app.
    fn tells_of_the_app(&self) -> bool {
        self.trial.is_none() && self.watch.is_none()
    }
}

impl FlowPerformer {
    fn no_playbook(&self, app: &str) -> String {
        match self.unusable.get(app) {
            Some(file) => format!(
                "The playbook of the app {app} could not be used when this worker started: `turnlock playbook check {file}` says what is wrong with it."
            ),
            None => format!("There is no playbook for the app {app}."),
        }
    }

    /// What is tried out, if this job does that.
    pub(super) fn trial_of(&self, job: &Job) -> Option<&Trial> {
        self.trial.as_ref().filter(|trial| trial.job == job.id)
    }
}
