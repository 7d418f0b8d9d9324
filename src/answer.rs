//! A person gives a job what it waits for: sealed for the worker that waits, which alone can open it, and written into the
//! audit, without what it was.

use uuid::Uuid;

use crate::audit::{audited, entry_of};
use crate::credential::GivenCode;
use crate::store::{NewAudit, QuestionRow, Store, StoreError};

/// Why an answer was not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotGiven {
    /// Nothing waits for it.
    #[error("{0}")]
    Refused(String),
    /// It is no code.
    #[error("{0}")]
    NoCode(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
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
/// If the text is no code, somebody else was first, it is too late, or the database fails.
pub async fn give(store: &dyn Store, who: &str, question: &QuestionRow, code: &str) -> Result<(), NotGiven> {
    let code = GivenCode::read(code).map_err(|error| NotGiven::NoCode(error.to_string()))?;
    let sealed =
        code.seal(question.id, &question.key).map_err(|error| NotGiven::Refused(error.to_string()))?;
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
