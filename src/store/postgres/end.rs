//! The end of attempts, many in one transaction: the log, the lease, the job, and the announcement.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use super::value::{from_now, millis, now, to_i64};
use super::{Outlasts, PostgresStore, Write, in_time, log};
use crate::job::Outcome;
use crate::store::{AttemptRow, Claim, Ending, ITS_TURN, JobState, Next, StoreError};

/// What is written about each, in one statement: what one part has done is handed to the next, so that none of them
/// looks anything up among all. An element whose lease or claim is lost, or whose attempt has ended, comes out at no
/// end. One announcement of what changes stands for all numbers that are drawn after it, see the first migration.
const END: &str = "
    WITH given AS MATERIALIZED (
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::uuid[], $5::bigint[], $6::text[], $7::text[],
                             $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
                             $15::bigint[], $16::bigint[], $17::bigint[])
             AS g (attempt, account, lease, job, claim, outcome, code, message, user_action, playbook,
                   playbook_hash, browser_version, evidence_path, state, counts, again_in, head_start)),
    turn AS MATERIALIZED (SELECT turnlock_next_change() AS drawn),
    released AS (
        UPDATE leases AS l SET expires_at = 0 FROM given AS g
        WHERE l.account = g.account AND l.token = g.lease AND l.expires_at > turnlock_now()
        RETURNING g.*),
    gone AS (
        DELETE FROM attempts_under_way AS u USING released AS g, turn AS t WHERE u.id = g.attempt
        RETURNING u.seq, greatest(t.drawn, nextval('automation_log_changed')) AS changed, u.id, u.job, u.kind, u.app,
                  u.account, u.attempt, g.outcome, g.code, g.message, g.user_action, g.playbook, g.playbook_hash,
                  g.browser_version, u.worker, u.requested_by, u.queued_at, u.started_at, $18 AS ended_at,
                  greatest(0, $18 - u.started_at) AS duration_ms, g.evidence_path, g.job AS of_job, g.claim, g.state,
                  g.counts, g.again_in, g.head_start),
    logged AS (
        INSERT INTO automation_log (seq, changed, id, job, kind, app, account, attempt, outcome, code, message,
                                    user_action, playbook, playbook_hash, browser_version, worker, queued_at,
                                    started_at, ended_at, duration_ms, evidence_path, requested_by)
        SELECT seq, changed, id, job, kind, app, account, attempt, outcome, code, message, user_action, playbook,
               playbook_hash, browser_version, worker, queued_at, started_at, ended_at, duration_ms, evidence_path,
               requested_by
        FROM gone),
    moved AS (
        UPDATE jobs AS j
        SET state = g.state, outcome = g.outcome, code = g.code, tries = tries + g.counts, worker = NULL,
            claim_expires_at = NULL,
            finished_at = CASE WHEN g.again_in IS NULL THEN turnlock_now() END,
            offered_until = CASE WHEN g.again_in IS NULL THEN j.offered_until END,
            not_before = CASE WHEN g.again_in IS NULL THEN j.not_before ELSE turnlock_now() + g.again_in END,
            rank = CASE WHEN g.again_in IS NULL THEN j.rank ELSE turnlock_now() + g.again_in - g.head_start END
        FROM gone AS g
        WHERE j.id = g.of_job AND j.claim_token = g.claim AND j.claim_expires_at IS NOT NULL
        RETURNING g.*),
    announced AS (
        INSERT INTO announcements (job, held_until)
        SELECT job, turnlock_now() + $20 FROM moved WHERE again_in IS NULL AND $19 ON CONFLICT DO NOTHING)
    SELECT * FROM moved";

/// An end that is to be written.
pub(super) type End = (Claim, Ending);

impl PostgresStore {
    /// Writes those together whose accounts nobody else is at. If any of them cannot be written, none is.
    pub(super) async fn end_together(
        self,
        ends: Arc<Vec<End>>,
    ) -> Result<Vec<Option<AttemptRow>>, StoreError> {
        in_time(async move {
            let mut write = self.write_many(Outlasts::PowerFailure).await?;
            let accounts = ends.iter().map(|(claim, _)| claim.lease.account.to_string()).collect();
            let free = write.try_lock(accounts).await?;
            let ours: Vec<&End> =
                ends.iter().filter(|(claim, _)| free.contains(&claim.lease.account.to_string())).collect();
            let mut written = write.end(&ours, self.announces()).await?;
            if written.len() < ours.len() {
                // Each says by itself what is wrong with it.
                return Err(StoreError::Database("not every attempt could be ended".to_owned()));
            }
            write.commit().await?;
            self.news.tell(&self.pool).await;
            Ok(ends.iter().map(|(_, ending)| written.remove(&ending.attempt)).collect())
        })
        .await
    }

    pub(super) async fn end_alone(self, (claim, ending): End) -> Result<AttemptRow, StoreError> {
        in_time(async move {
            let mut write = self.write_many(Outlasts::PowerFailure).await?;
            write.lock(&claim.lease.account.to_string()).await?;
            let end = (claim, ending);
            let written = write.end(&[&end], self.announces()).await?;
            let (claim, ending) = end;
            let Some(row) = written.into_values().next() else {
                // What the statement has done until it came to nothing is undone first.
                write.rollback().await?;
                let mut look = self.write(Outlasts::Crash).await?;
                look.check_open(ending.attempt, Some(&claim.lease.fence())).await?;
                return Err(StoreError::ClaimLost(claim.job.id));
            };
            write.commit().await?;
            self.news.tell(&self.pool).await;
            Ok(row)
        })
        .await
    }
}

impl Write {
    /// It is this transaction's turn at all of their accounts. Returns the rows of those that were written, by attempt.
    async fn end(&mut self, ends: &[&End], announce: bool) -> Result<HashMap<Uuid, AttemptRow>, StoreError> {
        let each = |of: fn(&End) -> String| ends.iter().map(|end| of(end)).collect::<Vec<_>>();
        let maybe = |of: fn(&End) -> Option<String>| ends.iter().map(|end| of(end)).collect::<Vec<_>>();
        let number = |of: fn(&End) -> i64| ends.iter().map(|end| of(end)).collect::<Vec<_>>();
        let id = |of: fn(&End) -> Uuid| ends.iter().map(|end| of(end)).collect::<Vec<_>>();
        let rows = sqlx::query(END)
            .bind(id(|(_, e)| e.attempt))
            .bind(each(|(c, _)| c.lease.account.to_string()))
            .bind(number(|(c, _)| to_i64(c.lease.token)))
            .bind(id(|(c, _)| c.job.id))
            .bind(number(|(c, _)| to_i64(c.token)))
            .bind(each(|(_, e)| e.verdict.outcome.as_str().to_owned()))
            .bind(each(|(_, e)| e.verdict.code.as_str().to_owned()))
            .bind(each(|(_, e)| e.verdict.message.clone()))
            .bind(each(|(_, e)| e.verdict.code.user_action().to_owned()))
            .bind(maybe(|(_, e)| e.provenance.playbook.clone()))
            .bind(maybe(|(_, e)| e.provenance.playbook_hash.clone()))
            .bind(maybe(|(_, e)| e.provenance.browser_version.clone()))
            .bind(maybe(|(_, e)| {
                e.provenance.evidence.as_ref().map(|path| path.to_string_lossy().into_owned())
            }))
            .bind(each(|(_, e)| state(e).as_str().to_owned()))
            .bind(number(|(_, e)| counts(e)))
            .bind(ends.iter().map(|(_, e)| again_in(e)).collect::<Vec<_>>())
            .bind(number(|(c, _)| c.job.priority.head_start()))
            .bind(now())
            .bind(announce)
            .bind(millis(ITS_TURN))
            .fetch_all(self.on())
            .await?;
        let rows = rows.iter().map(log::read).collect::<Result<Vec<_>, _>>()?;
        let accounts: Vec<String> = ends.iter().map(|(claim, _)| claim.lease.account.to_string()).collect();
        self.owe_reconciliations(&accounts).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}

fn state(ending: &Ending) -> JobState {
    match ending.next {
        Next::Ended => JobState::ended_by(ending.verdict.code),
        Next::Again { .. } => JobState::Queued,
    }
}

fn counts(ending: &Ending) -> i64 {
    i64::from(match ending.next {
        Next::Ended => ending.verdict.outcome != Outcome::Interrupted,
        Next::Again { counts, .. } => counts,
    })
}

/// In how many milliseconds the job is due again, if it is.
fn again_in(ending: &Ending) -> Option<i64> {
    match ending.next {
        Next::Ended => None,
        Next::Again { at, .. } => Some(from_now(at)),
    }
}
