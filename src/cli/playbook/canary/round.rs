use std::io::{Write, stdout};

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use tokio::sync::{broadcast, watch};

use crate::audit::{audited, entry_of};
use crate::cli::library::Library;
use crate::cli::runtime::Runtime;
use crate::cli::{Context, Exit, Failure, output, who};
use crate::config::Config;
use crate::flow::{FlowPerformer, Playbooks, Trial};
use crate::job::{AccountRef, Job, Outcome, Sign, Verdict};
use crate::notice::Occasion;
use crate::playbook::FlowKind;
use crate::store::{AttemptRow, NewCanary, StoreError};

/// What a round of trials needs.
pub struct Round<'a> {
    pub context: &'a Context,
    pub config: &'a Config,
    pub runtime: &'a Runtime,
    /// Who is told of what begins to fail.
    pub failures: &'a broadcast::Sender<Occasion>,
    /// Whether somebody wants an end.
    pub stopped: watch::Receiver<bool>,
    pub json: bool,
}

impl Round<'_> {
    /// Tries all of them, as many at once as there are slots. Returns whether a flow failed.
    pub async fn of(&self, accounts: &[AccountRef]) -> Result<bool, Failure> {
        // As they are now: somebody may have mended one since the last round.
        let library = Library::load(&self.config.playbooks, &self.config.origins, self.context.colour)?;
        let mut fit = Vec::new();
        let mut unfit = Ok(());
        for account in accounts {
            match library.must_describe(account.app()) {
                Ok(()) => fit.push(account),
                // The other apps are tried all the same.
                Err(failure) if failure.exit() == Exit::PlaybookInvalid => {
                    tracing::error!("{account} cannot be tried: {failure}");
                    unfit = Err(failure);
                    continue;
                }
                Err(failure) => return Err(failure),
            }
            if self.runtime.store.account(account).await?.is_none() {
                return Err(StoreError::NoAccount(account.clone()).into());
            }
        }
        if fit.is_empty() {
            unfit?;
            return Ok(false);
        }
        let playbooks: &Playbooks = &library.into_playbooks().collect();
        stream::iter(fit)
            .map(|account| {
                let entry = entry_of(&who::at_the_shell(), "playbook.canary", account);
                audited(self.runtime.store.as_ref(), entry, self.account(account, playbooks))
            })
            .buffer_unordered(self.config.slots)
            .try_fold(unfit.is_err(), async |any, failed| Ok(any | failed))
            .await
    }

    /// One account: the login first, and nothing else where that fails.
    async fn account(&self, account: &AccountRef, playbooks: &Playbooks) -> Result<bool, Failure> {
        let Some(playbook) = playbooks.get(account.app()) else { return Ok(false) };
        let Some(known) = self.runtime.store.account(account).await? else { return Ok(false) };
        // What proves who asks for a recovery is sent to the account.
        let reachable = known.address.is_some() || known.number.is_some();
        let can_try =
            |flow: &FlowKind| Trial::can_rehearse(*flow) && (*flow != FlowKind::Recover || reachable);
        let mut flows: Vec<_> = playbook.flows.iter().map(|flow| flow.kind).filter(can_try).collect();
        flows.sort_by_key(|flow| *flow != FlowKind::Login);
        let names: Vec<_> = flows.iter().map(|flow| flow.as_str()).collect();
        self.runtime.store.keep_canaries(account.app(), &names).await?;
        let mut failed = false;
        for flow in flows {
            if *self.stopped.borrow() {
                break;
            }
            let row = self.trial(account, flow, playbooks).await?;
            let Some(verdict) = row.verdict.clone() else { continue };
            if tells(&verdict) {
                self.mark(&row, flow, &verdict).await?;
                failed |= verdict.outcome != Outcome::Succeeded;
            }
            self.say(&row, flow, &verdict)?;
            if flow == FlowKind::Login && verdict.outcome != Outcome::Succeeded {
                break;
            }
        }
        Ok(failed)
    }

    async fn trial(
        &self,
        account: &AccountRef,
        flow: FlowKind,
        playbooks: &Playbooks,
    ) -> Result<AttemptRow, Failure> {
        let rehearse = flow != FlowKind::Login;
        let job = Job {
            requested_by: Some(who::at_the_shell()),
            reason: Some(format!("playbook canary: {flow}")),
            ..Job::new(Trial::kind(flow, rehearse), account.clone())
        };
        let trial = Some(Trial { job: job.id, flow, rehearse });
        let performer =
            FlowPerformer { playbooks: playbooks.clone(), trial, ..self.runtime.performer.clone() };
        let mut stopped = self.stopped.clone();
        let stop = async move {
            // The other end lives as long as the round.
            let _ = stopped.wait_for(|stopped| *stopped).await;
        };
        Ok(self.runtime.worker_doing(performer).run_one(&job, stop).await?)
    }

    /// Writes it where people look, and to people if it is news.
    async fn mark(&self, row: &AttemptRow, flow: FlowKind, verdict: &Verdict) -> Result<(), Failure> {
        let new = NewCanary {
            account: row.account.clone(),
            flow: flow.as_str().to_owned(),
            job: row.job,
            tried_at: row.ended_at.unwrap_or(row.started_at),
            verdict: verdict.clone(),
            playbook_hash: row.provenance.playbook_hash.clone(),
        };
        let (now, before) = self.runtime.store.mark_canary(&new).await?;
        if !now.is_well() && before.is_none_or(|before| before.is_well()) {
            // Nobody listens where nobody is to be written to.
            let _ = self.failures.send(Occasion::CanaryFailed(Box::new(row.clone()), new.flow, new.verdict));
        }
        Ok(())
    }

    fn say(&self, row: &AttemptRow, flow: FlowKind, verdict: &Verdict) -> Result<(), Failure> {
        let mut out = stdout().lock();
        if self.json {
            let line = json!({
                "account": row.account, "flow": flow.as_str(), "job": row.job,
                "outcome": verdict.outcome, "code": verdict.code.as_str(), "message": verdict.message,
                "marks": tells(verdict),
                "milliseconds": row.duration.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX)),
            });
            return Ok(writeln!(out, "{line}")?);
        }
        let at = output::local_time(row.ended_at.unwrap_or(row.started_at));
        let took = row.duration.map(output::duration).unwrap_or_default();
        let outcome = output::outcome(verdict.outcome, self.context.colour);
        write!(out, "{at}  {} {flow} {outcome} ({}) in {took}", row.account, verdict.code)?;
        if verdict.outcome == Outcome::Succeeded {
            return Ok(writeln!(out)?);
        }
        // The words of pages are somebody else's.
        writeln!(out, ": {}", output::printable_lines(&verdict.message))?;
        if !tells(verdict) {
            writeln!(out, "    This tells nothing of the app; what was known of it stays.")?;
        }
        Ok(())
    }
}

/// Whether the end of a trial tells how the app and its canary are, and not of something passing on this side.
fn tells(verdict: &Verdict) -> bool {
    verdict.code.sign() != Sign::Silent || verdict.outcome == Outcome::NeedsHuman
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Code;

    #[test]
    fn what_passes_on_this_side_marks_no_app() {
        let marks = |code| tells(&Verdict::new(code, ""));
        for code in [
            Code::LoggedIn,
            Code::Rehearsed,
            Code::PageNotAsDescribed,
            Code::AppUnreachable,
            Code::BadCredentials,
        ] {
            assert!(marks(code), "{code}");
        }
        for code in
            [Code::Cancelled, Code::BrowserCrashed, Code::AccountBusy, Code::AppOnHold, Code::WorkerStopped]
        {
            assert!(!marks(code), "{code}");
        }
    }
}
