//! The end of an attempt: the log, the lease, the job, and the announcement, in one transaction.

use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::jobs::held;
use super::value::to_i64;
use super::{Outlasts, SqliteStore, detached, log};
use crate::job::{Outcome, Verdict};
use crate::store::{AttemptRow, Claim, Ending, ITS_TURN, JobState, Next, StoreError};

impl SqliteStore {
    pub(super) async fn end_claimed(&self, claim: &Claim, ending: &Ending) -> Result<AttemptRow, StoreError> {
        let (store, claim, ending) = (self.clone(), claim.clone(), ending.clone());
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            store.check_open(write.on(), ending.attempt, Some(&claim.lease.fence())).await?;
            let row = log::end(write.on(), ending.attempt, &ending.verdict, &ending.provenance).await?;
            store.let_go(write.on(), &claim).await?;
            let done = match ending.next {
                Next::Ended => store.finish(write.on(), &claim, &ending.verdict).await?,
                Next::Again { at, counts } => {
                    store.requeue(write.on(), &claim, &ending.verdict, at, counts).await?
                }
            };
            held(done, &claim)?;
            if ending.next == Next::Ended {
                store.announce(write.on(), claim.job.id, ITS_TURN).await?;
            }
            store.owe_reconciliations(write.on()).await?;
            write.commit().await?;
            Ok(row)
        })
        .await
    }

    /// The account of the claim is free again, unless it was taken over.
    pub(super) async fn let_go(&self, on: &mut SqliteConnection, claim: &Claim) -> Result<(), StoreError> {
        sqlx::query("UPDATE leases SET expires_at = 0 WHERE account = ? AND token = ?")
            .bind(claim.lease.account.to_string())
            .bind(to_i64(claim.lease.token))
            .execute(on)
            .await?;
        Ok(())
    }

    async fn finish(
        &self,
        on: &mut SqliteConnection,
        claim: &Claim,
        verdict: &Verdict,
    ) -> Result<u64, StoreError> {
        let done = sqlx::query(
            "UPDATE jobs SET state = ?, outcome = ?, code = ?, tries = tries + ?, finished_at = ?,
                worker = NULL, claim_expires_at = NULL
             WHERE id = ? AND claim_token = ? AND state = 'running'",
        )
        .bind(JobState::ended_by(verdict.code).as_str())
        .bind(verdict.outcome.as_str())
        .bind(verdict.code.as_str())
        .bind(verdict.outcome != Outcome::Interrupted)
        .bind(self.clock.now())
        .bind(claim.job.id.to_string())
        .bind(to_i64(claim.token))
        .execute(on)
        .await?;
        Ok(done.rows_affected())
    }

    async fn requeue(
        &self,
        on: &mut SqliteConnection,
        claim: &Claim,
        verdict: &Verdict,
        at: Timestamp,
        counts: bool,
    ) -> Result<u64, StoreError> {
        let done = sqlx::query(
            "UPDATE jobs SET state = 'queued', not_before = ?1, rank = ?1 - ?2, tries = tries + ?3, worker = NULL,
                claim_expires_at = NULL, offered_until = NULL, outcome = ?4, code = ?5
             WHERE id = ?6 AND claim_token = ?7 AND state = 'running'",
        )
        .bind(self.clock.of_wall(at))
        .bind(claim.job.priority.head_start())
        .bind(counts)
        .bind(verdict.outcome.as_str())
        .bind(verdict.code.as_str())
        .bind(claim.job.id.to_string())
        .bind(to_i64(claim.token))
        .execute(on)
        .await?;
        Ok(done.rows_affected())
    }
}
