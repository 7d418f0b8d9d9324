//! What people and programs change, and what is shown to them, written down before it is done.

use std::fmt::Display;

use crate::job::AccountRef;
use crate::queue::QueueError;
use crate::queue::rabbit::BrokerError;
use crate::redact;
use crate::store::{AuditOutcome, NewAudit, Store, StoreError};

/// The longest detail, in characters.
const LONGEST: usize = 500;

/// Something that somebody is about to do.
#[must_use]
pub fn entry(who: &str, action: &str, target: impl Display) -> NewAudit {
    NewAudit {
        who: who.to_owned(),
        action: action.to_owned(),
        target: target.to_string(),
        account: None,
        detail: None,
    }
}

/// The same, to an account.
#[must_use]
pub fn entry_of(who: &str, action: &str, account: &AccountRef) -> NewAudit {
    NewAudit { account: Some(account.clone()), ..entry(who, action, account) }
}

/// Why a change was not made, if it was not.
pub trait WhyNot: From<StoreError> + Display {
    /// Whether it may have been made all the same: the answer was lost.
    fn may_be_done(&self) -> bool {
        false
    }
}

impl WhyNot for StoreError {
    fn may_be_done(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }
}

impl WhyNot for QueueError {
    fn may_be_done(&self) -> bool {
        match self {
            Self::Store(error) => error.may_be_done(),
            Self::Broker(error) => matches!(error, BrokerError::Unconfirmed(_)),
            Self::Message(_) => false,
        }
    }
}

/// Does it, and writes down first that it was asked, then what came of it, as far as that is known. Nothing is done that
/// cannot be written down.
///
/// # Errors
/// As the change fails, or [`StoreError`] if the row cannot be written: then it is not done.
pub async fn audited<T, E: WhyNot>(
    store: &dyn Store,
    entry: NewAudit,
    change: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    audited_unless(store, entry, change, |_| None).await
}

/// The same for a change that there may have been nothing of, without that being a failure: the words for that.
///
/// # Errors
/// As [`audited`].
pub async fn audited_unless<T, E: WhyNot>(
    store: &dyn Store,
    entry: NewAudit,
    change: impl Future<Output = Result<T, E>>,
    nothing: impl FnOnce(&T) -> Option<&'static str>,
) -> Result<T, E> {
    let seq = store.audit(&entry, AuditOutcome::Asked).await?;
    let done = change.await;
    let (outcome, why) = match &done {
        Ok(done) => match nothing(done) {
            None => (AuditOutcome::Done, None),
            Some(why) => (AuditOutcome::Refused, Some(why.to_owned())),
        },
        Err(error) if error.may_be_done() => (AuditOutcome::Asked, Some(error.to_string())),
        Err(error) => (AuditOutcome::Refused, Some(error.to_string())),
    };
    let detail = why.map(|why| joined(entry.detail.as_deref(), &why));
    if let Err(error) = store.settle_audit(seq, outcome, detail.as_deref()).await {
        // The row says that it was asked, and no more: nobody is told that what was done was not.
        tracing::warn!(%error, action = entry.action, target = entry.target, "the audit does not say what came of it");
    }
    done
}

/// Writes down what is refused before anything is begun.
///
/// # Errors
/// If the row cannot be written.
pub async fn refused(store: &dyn Store, entry: NewAudit, why: &str) -> Result<(), StoreError> {
    let detail = Some(joined(entry.detail.as_deref(), why));
    store.audit(&NewAudit { detail, ..entry }, AuditOutcome::Refused).await.map(drop)
}

fn joined(said: Option<&str>, why: &str) -> String {
    let why = redact::for_the_log(why);
    let whole = said.map_or_else(|| why.clone(), |said| format!("{said}: {why}"));
    whole.chars().take(LONGEST).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::store::{Audit as _, AuditQuery, SqliteStore};

    #[tokio::test]
    async fn what_may_have_been_done_is_not_called_refused() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("db")).await.unwrap();
        let broke = |error: BrokerError| async { Err::<(), _>(QueueError::from(error)) };
        for error in [BrokerError::Unconfirmed("a".into()), BrokerError::Refused("a".into())] {
            let _ = audited(&store, entry("me", "job.submit", "x"), broke(error)).await;
        }
        let nothing = async { Ok::<_, StoreError>(0) };
        audited_unless(&store, entry("me", "job.cancel", "x"), nothing, |_| Some("it had ended"))
            .await
            .unwrap();
        let rows = store.audits(&AuditQuery::default()).await.unwrap();
        let came: Vec<_> = rows.iter().map(|row| row.outcome).collect();
        assert_eq!(came, [AuditOutcome::Refused, AuditOutcome::Refused, AuditOutcome::Asked]);
        assert!(rows[2].audit.detail.as_ref().unwrap().contains("broke before it confirmed"), "{rows:?}");
    }
}
