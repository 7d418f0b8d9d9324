//! A person gives a job what it waits for, a code or a decision: sealed for the worker that waits, which alone can open it, and written into the
//! audit, without what it was.

use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use crate::audit::{audited, entry_of};
use crate::credential::{BadKey, GivenCode, handover};
use crate::job::{Decision, Wanted};
use crate::store::{NewAudit, QuestionRow, Store, StoreError};

/// Why an answer was not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotGiven {
    /// Nothing waits for it.
    #[error("{0}")]
    Refused(String),
    /// It is not what was asked for.
    #[error("{0}")]
    Unfit(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a person says to a job.
#[derive(Debug)]
pub enum Answer {
    /// To one that asks for a code.
    Code(SecretString),
    /// To one that asks whether to go on.
    Decision(Decision),
}

impl Answer {
    /// Sealed for the question.
    fn seal(&self, question: &QuestionRow) -> Result<Vec<u8>, NotGiven> {
        let (id, key) = (question.id, &question.key);
        let sealed = match (self, question.wanted) {
            (Self::Decision(decision), Wanted::Decision) => handover::seal(decision.as_str(), id, key),
            (Self::Code(code), Wanted::EmailCode | Wanted::SmsCode | Wanted::Totp) => {
                let code = GivenCode::read(code.expose_secret());
                code.map_err(|error| NotGiven::Unfit(error.to_string()))?.seal(id, key)
            }
            (Self::Code(_), Wanted::Decision) => {
                return Err(NotGiven::Unfit(
                    "the job asks for a decision, go_on or give_up, and no code".into(),
                ));
            }
            (Self::Decision(_), _) => {
                let why = format!("the job asks for {}, and no decision", question.wanted.words());
                return Err(NotGiven::Unfit(why));
            }
        };
        sealed.map_err(|error: BadKey| NotGiven::Refused(error.to_string()))
    }
}

impl NotGiven {
    fn nothing() -> Self {
        Self::Refused("the job asks for nothing".to_owned())
    }
}

/// What the job asks for now; or the question that was shown, if it is the job's and still open.
///
/// # Errors
/// If nothing is asked any more, or the database fails.
pub async fn asked(store: &dyn Store, job: Uuid, shown: Option<Uuid>) -> Result<QuestionRow, NotGiven> {
    let row = match shown {
        // Of another job, it is no question of this one.
        Some(id) => store.question(id).await?.filter(|row| row.job == job),
        None => store.question_of(job).await?,
    };
    let row = row.ok_or_else(NotGiven::nothing)?;
    match row.refusal() {
        Some(why) => Err(NotGiven::Refused(why)),
        None => Ok(row),
    }
}

/// Answers it in somebody's name.
///
/// # Errors
/// If the answer is not what was asked for, somebody else was first, it is too late, or the database fails.
pub async fn give(
    store: &dyn Store,
    who: &str,
    question: &QuestionRow,
    answer: &Answer,
) -> Result<(), NotGiven> {
    let sealed = answer.seal(question)?;
    let entry = NewAudit {
        target: question.job.to_string(),
        detail: Some(format!("{}, question {}", question.wanted, question.id)),
        ..entry_of(who, "job.answer", &question.account)
    };
    audited(store, entry, async {
        if store.answer(question.id, &sealed, who).await? {
            return Ok(());
        }
        let now = store.question(question.id).await?.and_then(|row| row.refusal());
        Err(now.map_or_else(NotGiven::nothing, NotGiven::Refused))
    })
    .await
}
