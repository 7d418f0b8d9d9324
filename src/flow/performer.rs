use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;

use super::context::{Context, Learnt};
use super::halt::Halt;
use super::watch::Watch;
use crate::browser::Pool;
use crate::inbox::Inbox;
use crate::job::{Code, Kind, Verdict};
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
    /// The folder for evidence: a folder a job, and in it one an attempt.
    pub artifacts: PathBuf,
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
        let Some(playbook) = self.playbooks.get(job.account.app()) else {
            let message = format!("There is no playbook for the app {}.", job.account.app());
            return Performed::new(Verdict::new(Code::UnknownApp, message));
        };
        let found = (account, Arc::clone(playbook), vault);
        let context = Context::new(self, attempt, found, steps, stop);
        let result = match job.kind {
            Kind::VerifyLogin => context.verify_login().await,
            Kind::EnrolMfa => context.enrol_mfa().await,
            Kind::ChangePassword => context.change_password().await,
            Kind::Reconcile => context.reconcile().await,
            Kind::SetContact => context.set_contact().await,
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

    fn limits(&self, app: &str) -> AppLimits {
        let Some(playbook) = self.playbooks.get(app) else { return AppLimits::default() };
        let beginnings = |most| Limit { most, window: MINUTE };
        AppLimits {
            concurrent: playbook.limits.concurrent,
            beginnings: playbook.limits.per_minute.map(beginnings),
        }
    }
}
