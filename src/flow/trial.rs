//! Trying a playbook out: one flow of it, as its job does it, or only up to its commit step.

use std::time::Duration;

use uuid::Uuid;

use super::context::Context;
use super::evidence;
use super::halt::{Halt, StepError, end_verdict};
use super::session::Session;
use super::values::ValueError;
use crate::job::{Code, Kind, Verdict};
use crate::playbook::{Action, Branch, End, FlowKind, MfaMethod, State, Step, Target};
use crate::store::CandidateKind;

/// One flow of a playbook that is tried out by a job, instead of what the job's kind says.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The job. Others, such as the reconciliation that it may call for, do what their kind says.
    pub job: Uuid,
    /// The flow.
    pub flow: FlowKind,
    /// It goes up to the commit step, sees that this could be performed, and ends there.
    pub rehearse: bool,
}

impl Trial {
    /// The kind of the job that tries this out: what any worker may do in its place, should this one die.
    ///
    /// A rehearsal that is taken up again by somebody who knows nothing of it must not change anything.
    #[must_use]
    pub const fn kind(flow: FlowKind, rehearse: bool) -> Kind {
        match flow {
            _ if rehearse => Kind::VerifyLogin,
            FlowKind::Login | FlowKind::Logout => Kind::VerifyLogin,
            FlowKind::EnrolMfa | FlowKind::EnrolMfaEmail | FlowKind::EnrolMfaSms => Kind::EnrolMfa,
            FlowKind::ChangePassword => Kind::ChangePassword,
            FlowKind::Recover => Kind::Reconcile,
            FlowKind::SetContact => Kind::SetContact,
        }
    }

    /// Whether the flow can be rehearsed: it changes nothing before its commit step, or nothing at all.
    #[must_use]
    pub fn can_rehearse(flow: FlowKind) -> bool {
        !flow.proves_contact()
    }
}

impl Context<'_> {
    /// Tries out one flow, in the way of the job that it belongs to.
    pub async fn try_out(&self, flow: FlowKind) -> Result<Verdict, Halt> {
        let flow = self.flow(flow)?;
        if self.rehearsing && !Trial::can_rehearse(flow) {
            let message = format!(
                "{flow} has no commit step, so a rehearsal could not end before it changes something."
            );
            return Ok(Verdict::new(Code::NotSupported, message));
        }
        let done = match flow {
            FlowKind::Login => self.verify_login().await,
            FlowKind::Logout => self.log_out().await,
            FlowKind::EnrolMfa => self.enrol_totp().await,
            FlowKind::EnrolMfaEmail => self.enrol_sent_codes(MfaMethod::Email).await,
            FlowKind::EnrolMfaSms => self.enrol_sent_codes(MfaMethod::Sms).await,
            FlowKind::ChangePassword => self.change_password().await,
            FlowKind::Recover => self.try_recovery().await,
            FlowKind::SetContact => self.set_contact().await,
        };
        match done {
            Err(Halt::Rehearsed { step, early, held }) => {
                self.after_rehearsal(flow, &step, &early, &held).await
            }
            // Who recovers an account may well not know what opens it: no login would tell.
            Err(Halt::Step(failed))
                if self.rehearsing && failed.candidate_typed && flow != FlowKind::Recover =>
            {
                let early = failed.early.clone();
                self.after_early(Halt::Step(failed).verdict(), &early).await
            }
            Ok(verdict) if self.rehearsing && changes_the_app(verdict.code) => {
                let message = format!(
                    "This was a rehearsal, and a step before the commit step has changed the app all the same: mark that step as \
                     `commit`. No credential is lost. {}",
                    verdict.message
                );
                Ok(Verdict::new(Code::PageNotAsDescribed, message))
            }
            done => done,
        }
    }

    /// Signs in, and out again.
    async fn log_out(&self) -> Result<Verdict, Halt> {
        self.settle_submitted().await?;
        let login = self.log_in_with_current().await?;
        if login.end != End::SignedIn {
            return Ok(end_verdict(login.end, "the login before the logout"));
        }
        self.reject_unsubmitted(&login.session).await?;
        let mut session = login.session;
        let ended = session.walk(FlowKind::Logout).await;
        if self.job.evidence || !matches!(ended, Ok(End::SignedOut)) {
            evidence::keep(&session).await;
        }
        drop(session);
        match ended? {
            End::SignedOut => Ok(Verdict::new(Code::LoggedOut, "The session was opened and ended again.")),
            end => Ok(end_verdict(end, "the logout")),
        }
    }

    /// The recovery by itself, whether or not a known credential opens the account.
    async fn try_recovery(&self) -> Result<Verdict, Halt> {
        if let Some(proved) = self.proved_before(CandidateKind::Password).await? {
            let words = self.words_of_the_reconciliation_of(proved).await?;
            return Ok(Verdict::new(
                Code::PasswordChanged,
                format!("An earlier attempt set the password. {words}"),
            ));
        }
        if let Some(settled) = self.settle_submitted().await?
            && settled.promoted_for(self.job.id)
        {
            let message = format!("An earlier attempt set the password. {}", settled.words);
            return Ok(Verdict::new(Code::PasswordChanged, message));
        }
        let credentials = self.credentials().await?;
        let settled = self.recover(&credentials, "none was tried").await?;
        self.doubt_no_more();
        Ok(Verdict::new(Code::PasswordChanged, settled.words))
    }
}

/// Whether it says that the app was changed, in this attempt or an earlier one of the job.
fn changes_the_app(code: Code) -> bool {
    matches!(code, Code::PasswordChanged | Code::MfaEnabled | Code::ContactSet)
}

impl Session<'_> {
    /// That nothing shows yet by which somebody who is signed in would be told: a login that begins so proves nothing.
    pub(super) async fn nobody_is_signed_in(&self) -> Result<(), ValueError> {
        let Some(login) = self.playbook.flows.get(FlowKind::Login) else { return Ok(()) };
        let mut signs = Vec::new();
        signs_of_success(&login.steps, &mut signs);
        for target in signs {
            for locator in &target.alternatives {
                // What cannot be looked for, for its frame is not there, does not show either.
                if self.page.finds(locator, Duration::ZERO).await.is_ok_and(|count| count > 0) {
                    return Err(StepError::SignedInAlready { target: locator.to_string() }.into());
                }
            }
        }
        Ok(())
    }
}

/// What shows that a login has succeeded, in every `expect` of these steps.
fn signs_of_success<'a>(steps: &'a [Step], signs: &mut Vec<&'a Target>) {
    for step in steps {
        let Action::Expect(expect) = &step.action else { continue };
        for Branch { state, see, then, .. } in &expect.branches {
            if *state == State::End(End::SignedIn) && !signs.contains(&see) {
                signs.push(see);
            }
            signs_of_success(then, signs);
        }
    }
}
