use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::ledger::names;
use super::{Fence, StoreError};
use crate::job::{AccountRef, Wanted};

/// Something that an attempt asks a person for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewQuestion {
    /// Its id.
    pub id: Uuid,
    /// Of this job.
    pub job: Uuid,
    /// By this attempt.
    pub attempt: Uuid,
    /// Of this account.
    pub account: AccountRef,
    /// What is asked for.
    pub wanted: Wanted,
    /// The step that needs it, for example `login.3`.
    pub step: String,
    /// The public key that answers are sealed for.
    pub key: Vec<u8>,
    /// That the app refused the code that was given before: what it showed, as far as that is known, without secrets.
    pub refused: Option<String>,
    /// How long the attempt waits for it.
    pub lasts: Duration,
}

/// What has become of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuestionState {
    /// An attempt waits for the answer.
    Open,
    /// Somebody has answered.
    Answered,
    /// Nobody has answered in time.
    Expired,
    /// The attempt has ended, or was told to, before anybody answered.
    Withdrawn,
    /// An attempt waits, and is about to hear that its job was cancelled. Never written down.
    Cancelled,
    /// Its worker has not held the account for a while, and nobody else could open the answer. Never written down.
    Orphaned,
}

names!(
    QuestionState,
    "the state of a question",
    Open = "open",
    Answered = "answered",
    Expired = "expired",
    Withdrawn = "withdrawn",
    Cancelled = "cancelled",
    Orphaned = "orphaned"
);

/// A question and what has become of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionRow {
    /// Its id.
    pub id: Uuid,
    /// Of this job.
    pub job: Uuid,
    /// By this attempt.
    pub attempt: Uuid,
    /// Of this account.
    pub account: AccountRef,
    /// What is asked for.
    pub wanted: Wanted,
    /// The step that needs it.
    pub step: String,
    /// The public key that answers are sealed for.
    pub key: Vec<u8>,
    /// That the app refused the code that was given before: what it showed, as far as that is known.
    pub refused: Option<String>,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// An answer is taken until then.
    pub until: Timestamp,
    /// What has become of it.
    pub state: QuestionState,
    /// The sealed answer, until the attempt has taken it.
    pub answer: Option<Vec<u8>>,
    /// Who has answered.
    pub answered_by: Option<String>,
    /// Somebody looks on.
    pub watched: bool,
}

impl QuestionRow {
    /// That it is asked once more, and why; `None` if nothing of the kind was asked before.
    #[must_use]
    pub fn once_more(&self) -> Option<String> {
        let showed = self.refused.as_deref()?;
        Some(match showed.is_empty() {
            true => "the app refused the code that was given before".to_owned(),
            false => format!("the app refused the code that was given before, and showed {showed}"),
        })
    }

    /// Why it takes no answer; `None` if it does.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        let until = self.until.strftime("%Y-%m-%d %H:%M:%S UTC");
        match self.state {
            QuestionState::Open => None,
            QuestionState::Answered => {
                let by = self.answered_by.as_deref().unwrap_or("somebody");
                let what = if self.wanted == Wanted::Decision { "decision" } else { "code" };
                Some(format!("{by} has given it already, and a {what} is taken once"))
            }
            QuestionState::Expired => Some(format!(
                "it is too late: the job waited for it until {until}. Submit the job again to be asked again"
            )),
            QuestionState::Withdrawn => Some("the attempt that asked for it has ended".to_owned()),
            QuestionState::Cancelled => {
                Some("somebody has cancelled the job, and it is about to end".to_owned())
            }
            QuestionState::Orphaned => Some(
                "the worker that asked for it is gone. Another takes the job up, and asks anew where it must"
                    .to_owned(),
            ),
        }
    }
}

/// What jobs ask people for, and the sealed answers on their way.
#[async_trait]
pub trait Questions {
    /// Asks.
    ///
    /// # Errors
    /// [`StoreError::AttemptEnded`], [`StoreError::LeaseLost`].
    async fn ask(&self, new: &NewQuestion, fence: Option<&Fence>) -> Result<(), StoreError>;

    /// One question.
    async fn question(&self, id: Uuid) -> Result<Option<QuestionRow>, StoreError>;

    /// The last question of a job, whatever has become of it.
    async fn question_of(&self, job: Uuid) -> Result<Option<QuestionRow>, StoreError>;

    /// The open questions, the oldest first, and at most so many: all, or those of accounts that are shared with this token.
    async fn open_questions(
        &self,
        shared_with: Option<Uuid>,
        most: u32,
    ) -> Result<Vec<QuestionRow>, StoreError>;

    /// Answers with what was sealed for the question's key; `false` if it is not open any more.
    async fn answer(&self, id: Uuid, sealed: &[u8], by: &str) -> Result<bool, StoreError>;

    /// The attempt waits for no longer than that from now.
    async fn shorten_question(&self, id: Uuid, lasts: Duration) -> Result<(), StoreError>;

    /// The attempt waits no longer: forgets the answer and the picture of the page. A question that is still open is in
    /// this state from now on; what it was before is returned.
    async fn close_question(&self, id: Uuid, state: QuestionState)
    -> Result<Option<QuestionRow>, StoreError>;

    /// Somebody looks on for so long. Returns the last picture of the page; `None` if there is none, or the question is
    /// not open.
    async fn watch_question(&self, id: Uuid, lasts: Duration) -> Result<Option<Vec<u8>>, StoreError>;

    /// Shows this picture of the page, as long as the question is open.
    async fn show_picture(&self, id: Uuid, png: &[u8]) -> Result<(), StoreError>;

    /// Forgets questions that are older than this, and of all that are over what was given and shown. Returns how many.
    async fn forget_questions(&self, older_than: Duration) -> Result<u64, StoreError>;
}
