//! What people and programs change, and what is shown to them, written down before it is done.

use std::fmt::Display;

use crate::job::AccountRef;
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

/// Does it, and writes down first that it was asked, then what came of it. Nothing is done that cannot be written down.
///
/// # Errors
/// As the change fails, or [`StoreError`] if the row cannot be written: then it is not done.
pub async fn audited<T, E>(
    store: &dyn Store,
    entry: NewAudit,
    change: impl Future<Output = Result<T, E>>,
) -> Result<T, E>
where
    E: From<StoreError> + Display,
{
    let seq = store.audit(&entry, AuditOutcome::Asked).await?;
    let done = change.await;
    let (outcome, detail) = match &done {
        Ok(_) => (AuditOutcome::Done, None),
        Err(error) => (AuditOutcome::Refused, Some(joined(entry.detail.as_deref(), &error.to_string()))),
    };
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
