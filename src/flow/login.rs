use super::context::Context;
use super::evidence;
use super::halt::{Halt, StepError};
use super::session::Session;
use super::values::{Totp, Values};
use crate::playbook::{End, FlowKind};
use crate::vault::Held;

/// What came of one login in a fresh context.
pub(super) struct Login<'a> {
    pub end: End,
    /// Signed in, for the flow that follows.
    pub session: Session<'a>,
}

impl<'a> Context<'a> {
    /// One login in a fresh context, with these credentials, within the account's budget.
    pub async fn log_in(&'a self, password: &Held, totp: Option<&Held>) -> Result<Login<'a>, Halt> {
        self.safe_point()?;
        let opened = totp.cloned().map(Totp::open).transpose().map_err(|error| self.unusable(error))?;
        let mut session = Session::open(self, Values::new(password.clone(), opened)).await?;
        // Nothing stands between what is spent and the login that it is spent on.
        let tried = self.begin_try(FlowKind::Login, password, totp).await?;
        session.tried = Some(tried);
        let ended = session.walk(FlowKind::Login).await;
        session.tried = None;
        self.end_try(tried, &ended, &session.values).await?;
        match ended {
            Ok(end) => {
                if end != End::SignedIn || self.job.evidence {
                    evidence::keep(&session).await;
                }
                Ok(Login { end, session })
            }
            Err(halt) => {
                evidence::keep(&session).await;
                drop(session);
                Err(halt)
            }
        }
    }

    pub fn unusable(&self, error: StepError) -> Halt {
        Halt::Verdict(crate::job::Verdict::new(crate::job::Code::MfaUnmanaged, format!("{error}.")))
    }
}
