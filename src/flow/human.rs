//! A code that Turnlock cannot get by itself: asked of a person, for as long as the job waits for one. The page stays open
//! meanwhile, and the flow goes on in it.

use std::time::Duration;

use secrecy::SecretString;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::evidence;
use super::halt::{Halt, StepError};
use super::session::Session;
use super::values::ValueError;
use crate::credential::Opener;
use crate::job::Wanted;
use crate::outage::Outage;
use crate::playbook::{Step, Target};
use crate::redact;
use crate::store::{NewQuestion, QuestionRow, QuestionState};
use crate::vault::VaultError;
use crate::worker::StopReason;

/// How often it is looked whether somebody has answered.
const LOOK: Duration = Duration::from_millis(300);

/// The same at most, while the database fails.
const LONGEST_LOOK: Duration = Duration::from_secs(2);

/// How often somebody who looks on is shown the page.
const PICTURE: Duration = Duration::from_secs(1);

/// A wait that is shorter is none.
const SHORTEST: Duration = Duration::from_secs(1);

/// What came of a question.
enum Came {
    Answer(SecretString, String),
    Nothing,
    Stop(StopReason),
}

impl Session<'_> {
    /// Whether a person may be asked, and has time to answer.
    pub(super) fn waits_for_people(&self) -> bool {
        self.context.patience() >= SHORTEST
    }

    /// The code from a person, if the job waits for one: `why` is why Turnlock cannot get it by itself, and stands if
    /// nobody gives it.
    pub(super) async fn given_by_a_person(
        &mut self,
        step: &Step,
        wanted: Wanted,
        into: &Target,
        why: StepError,
    ) -> Result<SecretString, ValueError> {
        let context = self.context;
        let lasts = context.patience();
        if !self.waits_for_people() {
            return Err(why.into());
        }
        // Nobody is asked for what the page does not ask for.
        self.page.first_of(&[into], &into.to_string(), self.within(Some(into))).await?;
        let id = Uuid::now_v7();
        let opener =
            Opener::new(id).map_err(|error| Halt::from(VaultError::NoRandomness(error.to_string())))?;
        let question = NewQuestion {
            id,
            job: context.job.id,
            attempt: context.attempt,
            account: context.job.account.clone(),
            wanted,
            step: step.id.clone(),
            key: opener.public().to_vec(),
            lasts,
        };
        let store = context.vault.store();
        store.ask(&question, context.vault.fence()).await.map_err(stored)?;
        context.steps.asked(&question.account, wanted, lasts);
        let log = context.steps.begin(&step.id, format!("wait for a person to give {}", wanted.words()));
        tracing::info!(job = %context.job.id, account = %context.job.account, wanted = %wanted, seconds = lasts.as_secs(), "a job waits for a person");
        let began = Instant::now();
        let still = context.stop.stand_still();
        let came = self.wait_for_answer(&question, &opener).await;
        drop(still);
        context.waited(began.elapsed());
        self.took_its_time(began);
        match came? {
            Came::Answer(code, by) => {
                redact::register_word(&code);
                self.sent.given(step);
                log.ok_with(format!("given by {by}"));
                Ok(code)
            }
            Came::Nothing => {
                let error = StepError::Unanswered { why: Box::new(why), wanted, waited: began.elapsed() };
                log.failed(error.words(&step.id));
                Err(error.into())
            }
            Came::Stop(reason) if context.counts(reason) => {
                self.values.sent = false;
                Err(Halt::Stopped(reason).into())
            }
            // Whether a commit step was taken is found out all the same, as far as that is possible without the code.
            Came::Stop(_) => {
                log.failed("the attempt is to stop");
                Err(why.into())
            }
        }
    }

    /// Waits for the answer, and shows the page to those who look on.
    async fn wait_for_answer(&self, question: &NewQuestion, opener: &Opener) -> Result<Came, Halt> {
        let context = self.context;
        let stopped = context.stop.wait();
        let over = sleep(question.lasts);
        let answered = self.answered(question.id);
        let state = tokio::select! {
            biased;
            reason = stopped => Err(reason),
            answered = answered => Ok(answered.map(|()| QuestionState::Answered)?),
            () = over => Ok(QuestionState::Expired),
        };
        let close = state.unwrap_or(QuestionState::Withdrawn);
        // Somebody may have answered in the last moment.
        let row = context.vault.store().close_question(question.id, close).await.map_err(stored)?;
        if let Err(reason) = state {
            return Ok(Came::Stop(reason));
        }
        let Some(QuestionRow { answer: Some(sealed), answered_by, .. }) = row else {
            return Ok(Came::Nothing);
        };
        match opener.open(&sealed) {
            Some(code) => Ok(Came::Answer(code, answered_by.unwrap_or_default())),
            // It was not sealed for this question.
            None => Ok(Came::Nothing),
        }
    }

    /// Returns when somebody has answered. While it cannot be looked, nobody has.
    async fn answered(&self, id: Uuid) -> Result<(), Halt> {
        let store = self.context.vault.store();
        let mut shown: Option<Instant> = None;
        let mut outage = Outage::of("it cannot be seen whether somebody has answered", LONGEST_LOOK);
        loop {
            let looked = store.question(id).await;
            if looked.is_ok() {
                outage.over();
            }
            match looked {
                Ok(Some(row)) if row.state == QuestionState::Answered => return Ok(()),
                Ok(Some(row)) if row.watched && shown.is_none_or(|at| at.elapsed() >= PICTURE) => {
                    shown = Some(Instant::now());
                    self.show(id).await;
                }
                Ok(_) => {}
                Err(error) => {
                    sleep(outage.failed(&error)).await;
                    continue;
                }
            }
            sleep(LOOK).await;
        }
    }

    /// Shows the page as it is now, its secrets covered. That there is no picture is no reason not to wait.
    async fn show(&self, id: Uuid) {
        let shown = match evidence::picture(self).await {
            Ok(png) => {
                self.context.vault.store().show_picture(id, &png).await.map_err(|error| error.to_string())
            }
            Err(error) => Err(error),
        };
        if let Err(error) = shown {
            tracing::debug!(%error, "the page cannot be shown");
        }
    }
}

fn stored(error: crate::store::StoreError) -> Halt {
    VaultError::from(error).into()
}
