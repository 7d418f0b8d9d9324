use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::value::{Reader, now, to_i64};
use super::{Outlasts, SqliteStore, Write, check_fence, detached};
use crate::job::AccountRef;
use crate::store::{Candidate, CandidateKind, CandidateState, Fence, Ledger, NewCandidate, StoreError};

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
            check_fence(write.on(), fence.as_ref(), &account).await?;
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
            let (mut write, row) = store.begin_transition(id, fence.as_ref()).await?;
            if row.state != CandidateState::Pending {
                return Err(StoreError::IllegalTransition {
                    candidate: id,
                    from: row.state,
                    to: "submitted",
                });
            }
            sqlx::query("UPDATE candidates SET submitted_at = coalesce(submitted_at, ?) WHERE id = ?")
                .bind(now())
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
            let (mut write, row) = store.begin_transition(id, fence.as_ref()).await?;
            match row.state {
                CandidateState::Current => return Ok(()),
                CandidateState::Rejected if row.submitted_at.is_none() => {
                    return Err(StoreError::IllegalTransition {
                        candidate: id,
                        from: row.state,
                        to: "current",
                    });
                }
                CandidateState::Pending | CandidateState::Previous | CandidateState::Rejected => {}
            }
            retire_current(write.on(), &row.account, row.kind).await?;
            decide(&mut write, id, CandidateState::Current, None).await?;
            sqlx::query("UPDATE accounts SET updated_at = ? WHERE account = ?")
                .bind(now())
                .bind(row.account.to_string())
                .execute(write.on())
                .await?;
            write.commit().await
        })
        .await
    }

    async fn reject(&self, id: Uuid, reason: &str, fence: Option<&Fence>) -> Result<(), StoreError> {
        let (store, reason, fence) = (self.clone(), reason.to_owned(), fence.cloned());
        detached(async move {
            let (mut write, row) = store.begin_transition(id, fence.as_ref()).await?;
            if row.state != CandidateState::Pending {
                return Err(StoreError::IllegalTransition { candidate: id, from: row.state, to: "rejected" });
            }
            decide(&mut write, id, CandidateState::Rejected, Some(&reason)).await?;
            write.commit().await
        })
        .await
    }

    async fn claim_totp_step(
        &self,
        account: &AccountRef,
        candidate: Uuid,
        step: u64,
    ) -> Result<bool, StoreError> {
        let (store, account) = (self.clone(), account.clone());
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            let theirs: Option<i64> =
                sqlx::query_scalar("SELECT 1 FROM candidates WHERE id = ? AND account = ? AND kind = 'totp'")
                    .bind(candidate.to_string())
                    .bind(account.to_string())
                    .fetch_optional(write.on())
                    .await?;
            if theirs.is_none() {
                return Err(StoreError::NoCandidate(candidate));
            }
            let claimed = sqlx::query(
                "INSERT INTO totp_use (candidate, last_step) VALUES (?1, ?2)
             ON CONFLICT (candidate) DO UPDATE SET last_step = ?2 WHERE last_step < ?2",
            )
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
    async fn begin_transition(
        &self,
        id: Uuid,
        fence: Option<&Fence>,
    ) -> Result<(Write, Candidate), StoreError> {
        let mut write = self.write(Outlasts::PowerFailure).await?;
        let row = sqlx::query("SELECT * FROM candidates WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(write.on())
            .await?;
        let row = read(&row.ok_or(StoreError::NoCandidate(id))?)?;
        check_fence(write.on(), fence, &row.account.to_string()).await?;
        Ok((write, row))
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
        "INSERT INTO candidates (id, account, kind, version, state, sealed, job, created_at, decided_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
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
    })
}
