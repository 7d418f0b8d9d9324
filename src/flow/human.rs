//! A code that Turnlock cannot get by itself: asked of a person, for as long as the job waits for one. The page stays open
//! meanwhile, and the flow goes on in it.

use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use secrecy::SecretString;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::evidence;
use super::halt::{Halt, StepError};
use super::session::Session;
use super::values::ValueError;
use crate::browser::PageError;
use crate::credential::Opener;
use crate::job::Wanted;
use crate::outage::Outage;
use crate::playbook::{Step, Target};
use crate::redact;
use crate::store::{NewQuestion, QuestionRow, QuestionState};
use crate::vault::VaultError;
use crate::worker::{OpenStep, StopReason};

/// How often it is looked whether somebody has answered.
pub(super) const LOOK: Duration = Duration::from_millis(300);

/// The same at most, while the database fails.
const LONGEST_LOOK: Duration = Duration::from_secs(2);

/// How often somebody who looks on is shown the page.
const PICTURE: Duration = Duration::from_secs(1);

/// A wait that is shorter is none.
const SHORTEST: Duration = Duration::from_secs(1);

/// A question that is over.
pub(super) struct Asked<P> {
    pub came: Came<P>,
    /// The wait, as a step of the log.
    pub log: OpenStep,
    /// When it was asked.
    pub began: Instant,
}

/// What came of a question.
pub(super) enum Came<P> {
    /// What was said, and who said it.
    Answer(SecretString, String),
    /// The page went on by itself.
    Page(P),
    /// The page is gone, and with it what an answer would be for.
    Gone(PageError),
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
        if !self.waits_for_people() {
            return Err(why.into());
        }
        // Nobody is asked for what the page does not ask for.
        self.page.first_of(&[into], &into.to_string(), self.within(Some(into))).await?;
        // The app asks whoever gave the right password, and counts nothing until it gets a code.
        self.values.sent = false;
        let Asked { came, log, began } = self.ask_people(step, wanted, pending::<Infallible>()).await?;
        self.took_its_time(began);
        match came {
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
            Came::Stop(reason) if context.counts(reason) => Err(Halt::Stopped(reason).into()),
            // Whether a commit step was taken is found out all the same, as far as that is possible without the code.
            Came::Stop(_) => {
                log.failed("the attempt is to stop");
                Err(why.into())
            }
            Came::Gone(gone) => {
                let error = StepError::from(gone);
                log.failed(error.words(&step.id));
                Err(error.into())
            }
            Came::Page(never) => match never {},
        }
    }

    /// Asks a person, and waits as long as the job does: for an answer, or until the page has gone on by itself.
    pub(super) async fn ask_people<P>(
        &self,
        step: &Step,
        wanted: Wanted,
        page: impl Future<Output = P>,
    ) -> Result<Asked<P>, Halt> {
        let context = self.context;
        let lasts = context.patience();
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
            refused: self.sent.refusal(),
            lasts,
        };
        self.count_try(false).await?;
        let store = context.vault.store();
        store.ask(&question, context.vault.fence()).await.map_err(stored)?;
        context.steps.asked(&question);
        let log = context.steps.begin(&step.id, wanted.step());
        tracing::info!(job = %context.job.id, account = %context.job.account, wanted = %wanted, seconds = lasts.as_secs(), "a job waits for a person");
        let began = Instant::now();
        let still = context.stop.stand_still();
        let came = self.wait_for_answer(&question, &opener, page).await;
        drop(still);
        context.waited(began.elapsed());
        let came = came?;
        if matches!(came, Came::Answer(..) | Came::Page(_)) {
            // Something is sent off next, or was taken after all.
            self.count_try(true).await?;
        }
        Ok(Asked { came, log, began })
    }

    /// Whether the try that is under way counts, should this worker die: not while the app waits for a person.
    async fn count_try(&self, counts: bool) -> Result<(), Halt> {
        match self.tried {
            Some(id) => Ok(self.context.vault.count_try(id, counts).await?),
            None => Ok(()),
        }
    }

    /// Waits for the answer, and shows the page to those who look on.
    async fn wait_for_answer<P>(
        &self,
        question: &NewQuestion,
        opener: &Opener,
        page: impl Future<Output = P>,
    ) -> Result<Came<P>, Halt> {
        let context = self.context;
        let stopped = context.stop.wait();
        let over = sleep(question.lasts);
        let answered = self.answered(question.id);
        let shortened = self.shorten(question.id);
        let (came, state) = tokio::select! {
            biased;
            reason = stopped => (Some(Came::Stop(reason)), QuestionState::Withdrawn),
            gone = self.page.lost() => (Some(Came::Gone(gone)), QuestionState::Withdrawn),
            answered = answered => (None, answered.map(|()| QuestionState::Answered)?),
            never = shortened => match never {},
            page = page => (Some(Came::Page(page)), QuestionState::Withdrawn),
            () = over => (None, QuestionState::Expired),
        };
        // Somebody may have answered in the last moment.
        let row = context.vault.store().close_question(question.id, state).await.map_err(stored)?;
        if let Some(came) = came {
            return Ok(came);
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

    /// Has the question say no later time than that at which the worker stops, once it was told to. Never returns.
    async fn shorten(&self, id: Uuid) -> Infallible {
        let leaves = self.context.stop.foreseen().await;
        let left = leaves.saturating_duration_since(Instant::now());
        if let Err(error) = self.context.vault.store().shorten_question(id, left).await {
            tracing::warn!(%error, "it could not be said that the worker stops before the wait for a person is over");
        }
        pending().await
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
