use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::evidence::Evidence;
use crate::cli::Failure;
use crate::cli::library::Library;
use crate::cli::parts;
use crate::config::Config;
use crate::job::{AccountRef, Code, Kind, Outcome};
use crate::playbook::{Playbook, Quote};
use crate::store::{AttemptRow, JobRow, LogQuery, QuestionRow, Step, StepResult, Store};

/// No job has more attempts.
const ATTEMPTS: u32 = 10_000;

/// All that is known of a job.
#[derive(Debug)]
pub(super) struct Dossier {
    /// Its id.
    pub id: Uuid,
    /// What it asks.
    pub kind: Kind,
    /// Of which account.
    pub account: AccountRef,
    /// The job itself, if it is known here.
    pub job: Option<JobRow>,
    /// Its attempts, the first one first.
    pub attempts: Vec<Attempt>,
    /// What it waits for a person to give.
    pub question: Option<QuestionRow>,
    /// The job that left the doubt which this one is to settle.
    pub caused_by: Option<Uuid>,
    /// The reconciliations that this job called for.
    pub nested: Vec<JobRow>,
}

/// One try at the job.
#[derive(Debug)]
pub(super) struct Attempt {
    /// Its row of the automation log.
    pub row: AttemptRow,
    /// What was done, in order.
    pub steps: Vec<Step>,
    /// The lines of its steps in the playbook, by their ids; where that is at hand, in the text that the attempt followed.
    pub quotes: BTreeMap<String, Quote>,
    /// What it left of the page.
    pub evidence: Option<Evidence>,
}

impl Dossier {
    /// Gathers what database, playbooks and evidence say of the job.
    ///
    /// # Errors
    /// If the database fails, or knows no such job.
    pub async fn of(id: Uuid, store: &Arc<dyn Store>, config: &Config) -> Result<Self, Failure> {
        let mut job = store.job(id).await?;
        if let (Some(row), Some(vault)) = (&mut job, parts::vault_at_hand(config, store).await) {
            row.job = vault.without_secrets(row.job.clone()).await?;
        }
        let mut rows = store.log(&LogQuery { job: Some(id), limit: ATTEMPTS, ..LogQuery::default() }).await?;
        rows.reverse();
        let asked = job.as_ref().map(|row| (row.job.kind, row.job.account.clone()));
        let asked = asked.or_else(|| rows.first().map(|row| (row.kind, row.account.clone())));
        let Some((kind, account)) = asked else {
            return Err(Failure::usage(format_args!("there is no job with the id {id}")));
        };
        // An invalid one is the worker's to tell of.
        let library = Library::load(&config.playbooks, &config.origins, false).unwrap_or_default();
        let playbook = library.iter().find(|playbook| playbook.app.to_string() == account.app());
        let mut attempts = Vec::with_capacity(rows.len());
        for row in rows {
            let steps = store.log_steps(row.id).await?;
            let quotes = quotes(&row, &steps, playbook);
            let evidence = row.provenance.evidence.as_deref().map(|folder| {
                let outlived = outlived(&row, config.evidence_retention);
                Evidence { outlived, ..Evidence::in_folder(folder, &config.artifacts) }
            });
            attempts.push(Attempt { row, steps, quotes, evidence });
        }
        let caused_by = match job.as_ref().and_then(|row| row.job.cause) {
            Some(cause) => store.candidate(cause).await?.and_then(|candidate| candidate.job),
            None => None,
        };
        let mut nested = Vec::new();
        for candidate in store.candidates(&account).await? {
            if candidate.job == Some(id) {
                nested.extend(store.reconciliation_of(candidate.id).await?.filter(|row| row.job.id != id));
            }
        }
        let question = store.question_of(id).await?.filter(|row| row.refusal().is_none());
        Ok(Self { id, kind, account, job, attempts, question, caused_by, nested })
    }

    /// The attempt that tells most: the last one.
    pub fn last(&self) -> Option<&Attempt> {
        self.attempts.last()
    }

    /// Where its attempts are, if not here.
    pub fn aside(&self) -> Option<&'static str> {
        self.job.as_ref().and_then(|row| row.aside(self.attempts.len()))
    }

    /// How the job stands: its outcome and code, if it has any.
    pub fn outcome(&self) -> Option<(Outcome, Code)> {
        let of_job = self.job.as_ref().and_then(|row| row.outcome.zip(row.code));
        of_job.or_else(|| self.last()?.row.verdict.as_ref().map(|verdict| (verdict.outcome, verdict.code)))
    }

    /// What a person should do, if there is anything to do.
    pub fn user_action(&self) -> Option<&str> {
        self.last()?.row.user_action.as_deref().filter(|action| !action.is_empty())
    }
}

impl Attempt {
    /// The step at which the attempt ended, if it did not succeed.
    pub fn decisive(&self) -> Option<&Step> {
        self.row.decisive(&self.steps)
    }

    /// What the verdict says, unless that is what the decisive step, which failed, says already.
    pub fn said(&self) -> Option<&str> {
        let said = self.row.verdict.as_ref().map(|verdict| verdict.message.as_str())?;
        let failed = self.decisive().filter(|step| step.result == Some(StepResult::Failed));
        let told = failed.and_then(|step| step.detail.as_deref());
        Some(said).filter(|said| !told.is_some_and(|told| said.contains(told)))
    }

    /// Its line in the playbook.
    pub fn quote(&self, step: &Step) -> Option<&Quote> {
        self.quotes.get(&step.id)
    }
}

/// The retention, if what the attempt left is older.
fn outlived(row: &AttemptRow, retention: Option<Duration>) -> Option<Duration> {
    let retention = retention?;
    let age = Duration::try_from(Timestamp::now().duration_since(row.ended_at?)).unwrap_or_default();
    (age > retention).then_some(retention)
}

/// The lines of the steps in the playbook, if it is the text that the attempt followed.
fn quotes(row: &AttemptRow, steps: &[Step], playbook: Option<&Arc<Playbook>>) -> BTreeMap<String, Quote> {
    let followed = |playbook: &&Arc<Playbook>| row.provenance.playbook_hash.as_ref() == Some(&playbook.hash);
    let Some(playbook) = playbook.filter(followed) else { return BTreeMap::new() };
    steps.iter().filter_map(|step| Some((step.id.clone(), playbook.quote(&step.id)?))).collect()
}
