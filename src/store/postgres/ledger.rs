use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::value::{Reader, now, to_i64};
use super::{Outlasts, PostgresStore, Write, answer, detached};
use crate::job::AccountRef;
use crate::store::{
    Candidate, CandidateKind, CandidateState, Disproof, Fence, Ledger, NewCandidate, StoreError, Transition,
};

/// What has been previous or rejected since before then, and was not forgotten yet.
macro_rules! may_forget {
    ($then:literal) => {
        concat!("state IN ('previous', 'rejected') AND forgotten_at IS NULL AND decided_at < ", $then)
    };
}

#[async_trait]
impl Ledger for PostgresStore {
    async fn candidates(&self, account: &AccountRef) -> Result<Vec<Candidate>, StoreError> {
        let mut reader = self.reader().await?;
        let ledger = sqlx::query("SELECT * FROM candidates WHERE account = $1 ORDER BY seq DESC");
        let rows = answer(ledger.bind(account.to_string()).fetch_all(&mut *reader)).await?;
        rows.iter().map(read).collect()
    }

    async fn candidate(&self, id: Uuid) -> Result<Option<Candidate>, StoreError> {
        let mut reader = self.reader().await?;
        let found = sqlx::query("SELECT * FROM candidates WHERE id = $1").bind(id);
        let row = answer(found.fetch_optional(&mut *reader)).await?;
        row.as_ref().map(read).transpose()
    }

    async fn propose(&self, new: &NewCandidate, fence: Option<&Fence>) -> Result<(), StoreError> {
        let (store, new, fence) = (self.clone(), new.clone(), fence.cloned());
        detached(async move {
            let mut write = store.write_of(Outlasts::PowerFailure, &new.account).await?;
            let account = new.account.to_string();
            write.check_fence(fence.as_ref(), &account).await?;
            let known: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM accounts WHERE account = $1)")
                .bind(&account)
                .fetch_one(write.on())
                .await?;
            if !known {
                return Err(StoreError::NoAccount(new.account.clone()));
            }
            let pending = sqlx::query_scalar(
                "SELECT id FROM candidates WHERE account = $1 AND kind = $2 AND state = 'pending'",
            )
            .bind(&account)
            .bind(new.kind.as_str())
            .fetch_optional(write.on())
            .await?;
            if let Some(candidate) = pending {
                return Err(StoreError::PendingExists { account: new.account, kind: new.kind, candidate });
            }
            insert(&mut write, &new, CandidateState::Pending).await?;
            write.commit().await
        })
        .await
    }

    async fn mark_submitted(&self, id: Uuid, fence: Option<&Fence>) -> Result<(), StoreError> {
        let (store, fence) = (self.clone(), fence.cloned());
        detached(async move {
            let (mut write, ..) = store.begin_transition(id, Transition::Submit, fence.as_ref()).await?;
            sqlx::query("UPDATE candidates SET submitted_at = turnlock_now() WHERE id = $1")
                .bind(id)
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
            retire_current(&mut write, &row.account, row.kind).await?;
            decide(&mut write, id, to, None).await?;
            sqlx::query("UPDATE accounts SET updated_at = $1 WHERE account = $2")
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
        let mut reader = self.reader().await?;
        let owners =
            sqlx::query_scalar(concat!("SELECT DISTINCT account FROM candidates WHERE ", may_forget!("$1")))
                .bind(decided_before.as_millisecond());
        let owners: Vec<String> = answer(owners.fetch_all(&mut *reader)).await?;
        drop(reader);
        let mut forgotten = 0;
        for owner in owners {
            let store = self.clone();
            forgotten += detached(async move {
                // Nothing may become pending between the look and the deed.
                let mut write = store.write(Outlasts::PowerFailure).await?;
                write.lock(&owner).await?;
                let done = sqlx::query(concat!(
                    "UPDATE candidates SET sealed = '', forgotten_at = $2 WHERE account = $3 AND ",
                    may_forget!("$1"),
                    " AND NOT EXISTS (SELECT 1 FROM candidates AS p WHERE p.account = $3 AND p.state = 'pending')"
                ))
                .bind(decided_before.as_millisecond())
                .bind(now())
                .bind(&owner)
                .execute(write.on())
                .await?;
                write.commit().await?;
                Ok(done.rows_affected())
            })
            .await?;
        }
        Ok(forgotten)
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
            let mut write = store.write_of(Outlasts::PowerFailure, &account).await?;
            write.check_fence(fence.as_ref(), &account.to_string()).await?;
            let theirs: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM candidates WHERE id = $1 AND account = $2 AND kind = 'totp')",
            )
            .bind(candidate)
            .bind(account.to_string())
            .fetch_one(write.on())
            .await?;
            if !theirs {
                return Err(StoreError::NoCandidate(candidate));
            }
            let claimed =
                sqlx::query("INSERT INTO totp_used (candidate, step) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                    .bind(candidate)
                    .bind(to_i64(step))
                    .execute(write.on())
                    .await?;
            write.commit().await?;
            Ok(claimed.rows_affected() == 1)
        })
        .await
    }
}

impl PostgresStore {
    /// The candidate, in a transaction in which it may go through this transition, and the state behind it.
    async fn begin_transition(
        &self,
        id: Uuid,
        transition: Transition,
        fence: Option<&Fence>,
    ) -> Result<(Write, Candidate, CandidateState), StoreError> {
        let mut write = self.write(Outlasts::PowerFailure).await?;
        let owner: Option<String> = sqlx::query_scalar("SELECT account FROM candidates WHERE id = $1")
            .bind(id)
            .fetch_optional(write.on())
            .await?;
        let owner = owner.ok_or(StoreError::NoCandidate(id))?;
        write.lock(&owner).await?;
        write.check_fence(fence, &owner).await?;
        let row =
            sqlx::query("SELECT * FROM candidates WHERE id = $1").bind(id).fetch_optional(write.on()).await?;
        let row = read(&row.ok_or(StoreError::NoCandidate(id))?)?;
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
    sqlx::query("UPDATE candidates SET state = $1, reason = $2, decided_at = $3 WHERE id = $4")
        .bind(state.as_str())
        .bind(reason)
        .bind(now())
        .bind(id)
        .execute(write.on())
        .await?;
    Ok(())
}

/// What is current becomes previous, to make room for another.
pub(super) async fn retire_current(
    write: &mut Write,
    account: &AccountRef,
    kind: CandidateKind,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE candidates SET state = 'previous', decided_at = $1
         WHERE account = $2 AND kind = $3 AND state = 'current'",
    )
    .bind(now())
    .bind(account.to_string())
    .bind(kind.as_str())
    .execute(write.on())
    .await?;
    Ok(())
}

pub(super) async fn insert(
    write: &mut Write,
    new: &NewCandidate,
    state: CandidateState,
) -> Result<(), StoreError> {
    let decided = (state != CandidateState::Pending).then(now);
    let done = sqlx::query(
        "INSERT INTO candidates (id, account, kind, version, state, sealed, job, created_at, decided_at, codes)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (account, kind, version) DO NOTHING",
    )
    .bind(new.id)
    .bind(new.account.to_string())
    .bind(new.kind.as_str())
    .bind(i64::from(new.version))
    .bind(state.as_str())
    .bind(&new.sealed)
    .bind(new.job)
    .bind(now())
    .bind(decided)
    .bind(new.codes.map(i64::from))
    .execute(write.on())
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

fn read(row: &PgRow) -> Result<Candidate, StoreError> {
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
