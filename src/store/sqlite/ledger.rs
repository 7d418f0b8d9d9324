use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::value::{Reader, now, to_i64};
use super::{Outlasts, SqliteStore, Write, detached};
use crate::job::AccountRef;
use crate::store::{
    Candidate, CandidateKind, CandidateState, Disproof, Fence, Ledger, NewCandidate, StoreError, Transition,
};

#[async_trait]
impl Ledger for SqliteStore {
    async fn candidates(&self, account: &AccountRef) -> Result<Vec<Candidate>, StoreError> {
        let rows = sqlx::query("SELECT * FROM candidates WHERE account = ? ORDER BY seq DESC")
            .bind(account.to_string())
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(read).collect()
    }

    async fn candidate(&self, id: Uuid) -> Result<Option<Candidate>, StoreError> {
        let row = sqlx::query("SELECT * FROM candidates WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(read).transpose()
    }

    async fn propose(&self, new: &NewCandidate, fence: Option<&Fence>) -> Result<(), StoreError> {
        let (store, new, fence) = (self.clone(), new.clone(), fence.cloned());
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            let account = new.account.to_string();
            store.check_fence(write.on(), fence.as_ref(), &account).await?;
            let known: Option<i64> = sqlx::query_scalar("SELECT 1 FROM accounts WHERE account = ?")
                .bind(&account)
                .fetch_optional(write.on())
                .await?;
            if known.is_none() {
                return Err(StoreError::NoAccount(new.account.clone()));
            }
            let pending =
                sqlx::query("SELECT id FROM candidates WHERE account = ? AND kind = ? AND state = 'pending'")
                    .bind(&account)
                    .bind(new.kind.as_str())
                    .fetch_optional(write.on())
                    .await?;
            if let Some(pending) = pending {
                return Err(StoreError::PendingExists {
                    account: new.account.clone(),
                    kind: new.kind,
                    candidate: Reader(&pending).id("id")?,
                });
            }
            insert(write.on(), &new, CandidateState::Pending).await?;
            write.commit().await
        })
        .await
    }

    async fn mark_submitted(&self, id: Uuid, fence: Option<&Fence>) -> Result<(), StoreError> {
        let (store, fence) = (self.clone(), fence.cloned());
        detached(async move {
            let (mut write, ..) = store.begin_transition(id, Transition::Submit, fence.as_ref()).await?;
            sqlx::query("UPDATE candidates SET submitted_at = ? WHERE id = ?")
                .bind(store.clock.now())
                .bind(id.to_string())
                .execute(write.on())
                .await?;
            write.commit().await
        })
        .await
    }

    async fn promote(&self, id: Uuid, fence: Option<&Fence>) -> Result<(), StoreError> {
        let (store, fence) = (self.clone(), fence.cloned());
        detached(async move {
            let (mut write, row, to) =
                store.begin_transition(id, Transition::Promote, fence.as_ref()).await?;
            if row.state == to {
                return Ok(());
            }
            retire_current(write.on(), &row.account, row.kind).await?;
            decide(&mut write, id, to, None).await?;
            sqlx::query("UPDATE accounts SET updated_at = ? WHERE account = ?")
                .bind(now())
                .bind(row.account.to_string())
                .execute(write.on())
                .await?;
            write.commit().await
        })
        .await
    }

    async fn reject(&self, id: Uuid, why: &Disproof, fence: Option<&Fence>) -> Result<(), StoreError> {
        let (store, why, fence) = (self.clone(), why.to_string(), fence.cloned());
        detached(async move {
            let (mut write, _, to) = store.begin_transition(id, Transition::Reject, fence.as_ref()).await?;
            decide(&mut write, id, to, Some(&why)).await?;
            write.commit().await
        })
        .await
    }

    async fn forget(&self, decided_before: Timestamp) -> Result<u64, StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            let forgotten = sqlx::query(
                "UPDATE candidates SET sealed = x'', forgotten_at = ?1
                 WHERE state IN ('previous', 'rejected') AND forgotten_at IS NULL AND decided_at < ?2
                   AND NOT EXISTS (SELECT 1 FROM candidates AS p
                                   WHERE p.account = candidates.account AND p.state = 'pending')",
            )
            .bind(now())
            .bind(decided_before.as_millisecond())
            .execute(write.on())
            .await?;
            write.commit().await?;
            Ok(forgotten.rows_affected())
        })
        .await
    }

    async fn claim_totp_step(
        &self,
        account: &AccountRef,
        candidate: Uuid,
        step: u64,
        fence: Option<&Fence>,
    ) -> Result<bool, StoreError> {
        let (store, account, fence) = (self.clone(), account.clone(), fence.cloned());
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            store.check_fence(write.on(), fence.as_ref(), &account.to_string()).await?;
            let theirs: Option<i64> =
                sqlx::query_scalar("SELECT 1 FROM candidates WHERE id = ? AND account = ? AND kind = 'totp'")
                    .bind(candidate.to_string())
                    .bind(account.to_string())
                    .fetch_optional(write.on())
                    .await?;
            if theirs.is_none() {
                return Err(StoreError::NoCandidate(candidate));
            }
            let claimed =
                sqlx::query("INSERT INTO totp_used (candidate, step) VALUES (?, ?) ON CONFLICT DO NOTHING")
                    .bind(candidate.to_string())
                    .bind(to_i64(step))
                    .execute(write.on())
                    .await?;
            write.commit().await?;
            Ok(claimed.rows_affected() == 1)
        })
        .await
    }
}

impl SqliteStore {
    /// The candidate, in a transaction in which it may go through this transition, and the state behind it.
    async fn begin_transition(
        &self,
        id: Uuid,
        transition: Transition,
        fence: Option<&Fence>,
    ) -> Result<(Write, Candidate, CandidateState), StoreError> {
        let mut write = self.write(Outlasts::PowerFailure).await?;
        let row = sqlx::query("SELECT * FROM candidates WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(write.on())
            .await?;
        let row = read(&row.ok_or(StoreError::NoCandidate(id))?)?;
        self.check_fence(write.on(), fence, &row.account.to_string()).await?;
        let to = transition.of(&row).map_err(|_| StoreError::IllegalTransition {
            candidate: id,
            from: row.state,
            transition,
        })?;
        Ok((write, row, to))
    }
}

async fn decide(
    write: &mut Write,
    id: Uuid,
    state: CandidateState,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE candidates SET state = ?, reason = ?, decided_at = ? WHERE id = ?")
        .bind(state.as_str())
        .bind(reason)
        .bind(now())
        .bind(id.to_string())
        .execute(write.on())
        .await?;
    Ok(())
}

/// What is current becomes previous, to make room for another.
pub(super) async fn retire_current(
    on: &mut SqliteConnection,
    account: &AccountRef,
    kind: CandidateKind,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE candidates SET state = 'previous', decided_at = ?
         WHERE account = ? AND kind = ? AND state = 'current'",
    )
    .bind(now())
    .bind(account.to_string())
    .bind(kind.as_str())
    .execute(on)
    .await?;
    Ok(())
}

pub(super) async fn insert(
    on: &mut SqliteConnection,
    new: &NewCandidate,
    state: CandidateState,
) -> Result<(), StoreError> {
    let decided = (state != CandidateState::Pending).then(now);
    let done = sqlx::query(
        "INSERT INTO candidates (id, account, kind, version, state, sealed, job, created_at, decided_at, codes)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (account, kind, version) DO NOTHING",
    )
    .bind(new.id.to_string())
    .bind(new.account.to_string())
    .bind(new.kind.as_str())
    .bind(new.version)
    .bind(state.as_str())
    .bind(&new.sealed)
    .bind(new.job.map(|id| id.to_string()))
    .bind(now())
    .bind(decided)
    .bind(new.codes)
    .execute(on)
    .await?;
    match done.rows_affected() {
        1 => Ok(()),
        _ => Err(StoreError::VersionTaken {
            account: new.account.clone(),
            kind: new.kind,
            version: new.version,
        }),
    }
}

fn read(row: &SqliteRow) -> Result<Candidate, StoreError> {
    let row = Reader(row);
    Ok(Candidate {
        id: row.id("id")?,
        account: row.parsed("account", "an account")?,
        kind: row.parsed("kind", "the kind of a credential")?,
        version: row.count("version")?,
        state: row.parsed("state", "the state of a candidate")?,
        sealed: row.bytes("sealed")?,
        job: row.id_or_null("job")?,
        created_at: row.time("created_at")?,
        submitted_at: row.time_or_null("submitted_at")?,
        decided_at: row.time_or_null("decided_at")?,
        reason: row.text_or_null("reason")?,
        forgotten_at: row.time_or_null("forgotten_at")?,
    })
}
