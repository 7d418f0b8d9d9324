//! How attempts come in at the gate of their app, and what their ends tell it.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Event;
use super::run::Inner;
use crate::failpoint;
use crate::job::{Code, Sign, Verdict};
use crate::redact::for_the_log;
use crate::store::{AppGate, Claim, Entry, Left, Refusal, StoreError, Visit};

/// An attempt may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pass {
    /// The gate wants to hear of an end that is a good sign, too.
    troubled: bool,
}

impl Inner {
    /// Asks the gate of the job's app, if there is one, whether an attempt may begin.
    pub(super) async fn enter(
        &self,
        claim: &Claim,
        visit: Visit,
    ) -> Result<Result<Pass, Refusal>, StoreError> {
        let limits = self.performer.limits(claim.job.account.app());
        if claim.gate == AppGate::Absent && limits.are_none() {
            return Ok(Ok(Pass { troubled: false }));
        }
        let entry = self.store.enter(claim, &limits, visit).await?;
        failpoint::reach("worker.entered");
        Ok(match entry {
            Entry::Entered { troubled } => Ok(Pass { troubled }),
            Entry::Refused(refusal) => Err(refusal),
        })
    }

    /// Tells the gate how the attempt ended, where that matters to it; and the attempt, what has come of that.
    pub(super) async fn leave(&self, claim: &Claim, pass: Pass, verdict: &mut Verdict) {
        // The gate hears of an end that says nothing, should this attempt have been its probe.
        let code = if self.performer.tells_of_the_app() { verdict.code } else { Code::Cancelled };
        let matters = match code.sign() {
            Sign::Ill => true,
            Sign::Well | Sign::Silent => pass.troubled,
        };
        if !matters {
            return;
        }
        let app = claim.job.account.app();
        let left = match self.store.leave(claim, code, &self.config.breaker).await {
            Ok(left) => left,
            Err(error) => {
                tracing::warn!(job = %claim.job.id, %error, "the app's breaker could not be told how an attempt ended");
                return;
            }
        };
        let told = match left {
            Left::Unmoved => return,
            Left::Opened { failures, probe_at } => {
                tracing::warn!(
                    app, failures, code = %verdict.code, %probe_at,
                    "the breaker of an app is open: its jobs wait for a probe"
                );
                self.tell(Event::BreakerOpened {
                    app: app.to_owned(),
                    failures,
                    probe_at,
                    job: claim.job.id,
                    verdict: Verdict { message: for_the_log(&verdict.message), ..verdict.clone() },
                });
                format!(
                    "{failures} attempts at {app} in a row have failed like this: its breaker is open, and its jobs wait \
                     until one probes it at {}. `turnlock app reset {app}` lets them go on at once.",
                    clock(probe_at)
                )
            }
            Left::StaysOpen { probe_at } => {
                tracing::warn!(
                    app, code = %verdict.code, %probe_at,
                    "the probe of an app failed: its jobs wait for the next"
                );
                format!(
                    "It probed whether {app} works again: its breaker stays open, and the next probe is at {}. \
                     `turnlock app reset {app}` lets its jobs go on at once.",
                    clock(probe_at)
                )
            }
            Left::Closed => {
                tracing::info!(app, code = %verdict.code, "the breaker of an app is closed: its jobs go on");
                format!("It probed whether {app} works again: its breaker is closed, and its jobs go on.")
            }
        };
        verdict.message = format!("{} {told}", verdict.message).trim_start().to_owned();
    }
}

fn clock(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%H:%M:%S").to_string()
}
