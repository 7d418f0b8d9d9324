//! A person gives a job what it waits for, a code or a decision: sealed for the worker that waits, which alone can open it, and written into the
//! audit, without what it was.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::audit::{WhyNot, audited, entry_of};
use crate::credential::{BadKey, GivenCode, handover};
use crate::job::{Decision, Wanted};
use crate::store::{NewAudit, QuestionRow, Store, StoreError};

/// How often it is looked whether what was given is taken.
const LOOK: Duration = Duration::from_millis(100);

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

impl WhyNot for NotGiven {
    fn may_be_done(&self) -> bool {
        matches!(self, Self::Store(error) if error.may_be_done())
    }
}

impl NotGiven {
    /// Why this question of the job's takes no answer, and `now` is the one that does, if any.
    fn because(question: Option<&QuestionRow>, now: Option<&QuestionRow>) -> Self {
        let why = question.and_then(QuestionRow::refusal);
        Self::Refused(match now {
            None => why.unwrap_or_else(|| "the job asks for nothing".to_owned()),
            Some(now) => format!(
                "{}; what it asks for now is {} (question {})",
                why.as_deref().unwrap_or("the job does not ask that"),
                now.wanted.words(),
                now.id
            ),
        })
    }
}

/// What the job asks for now; or the question that was shown, if it is the job's and still open.
///
/// # Errors
/// If nothing is asked any more, or the database fails.
pub async fn asked(store: &dyn Store, job: Uuid, shown: Option<Uuid>) -> Result<QuestionRow, NotGiven> {
    let last = store.question_of(job).await?;
    let row = match shown {
        // Of another job, it is no question of this one.
        Some(id) => store.question(id).await?.filter(|row| row.job == job),
        None => last.clone(),
    };
    match row {
        Some(row) if row.refusal().is_none() => Ok(row),
        row => {
            let now = last.filter(|last| last.refusal().is_none());
            Err(NotGiven::because(row.as_ref(), now.as_ref()))
        }
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
        Err(NotGiven::because(store.question(question.id).await?.as_ref(), None))
    })
    .await
}

/// Whether the attempt has taken what was given, which it does within a moment, unless its worker is gone.
///
/// # Errors
/// If the database fails.
pub async fn is_taken(store: &dyn Store, question: Uuid, within: Duration) -> Result<bool, StoreError> {
    let until = Instant::now() + within;
    loop {
        if store.question(question).await?.is_none_or(|row| row.answer.is_none()) {
            return Ok(true);
        }
        if Instant::now() >= until {
            return Ok(false);
        }
        sleep(LOOK).await;
    }
}
