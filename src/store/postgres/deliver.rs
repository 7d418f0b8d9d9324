//! Jobs that a queue outside of the database delivers, many in one transaction: written down, and claimed where that
//! is possible.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::claim;
use super::jobs::{read, read_claim};
use super::value::{from_now, millis};
use super::{Outlasts, PostgresStore, Write, detached};
use crate::job::Job;
use crate::store::{Claim, Delivered, JobRow, JobState, StoreError, Submitted, Taking, WorkerId};

const WRITE_DOWN: &str = "
    INSERT INTO jobs (id, kind, account, requested_by, reason, evidence, deadline_ms, submitted_at, priority,
                      wait_for_human_ms, not_before, rank, offered_until, state, outcome, code, finished_at, traceparent)
    SELECT g.id, g.kind, g.account, g.requested_by, g.reason, g.evidence, g.deadline_ms, g.submitted_at, g.priority,
           g.wait_for_human_ms, t.now + g.due_in, t.now + g.due_in - g.head_start, t.now + greatest(g.due_in, 0) + $12,
           CASE WHEN c.id IS NULL THEN 'queued' ELSE 'cancelled' END,
           CASE WHEN c.id IS NOT NULL THEN 'interrupted' END, CASE WHEN c.id IS NOT NULL THEN 'cancelled' END,
           CASE WHEN c.id IS NOT NULL THEN t.now END, g.traceparent
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::bigint[],
                $8::bigint[], $9::text[], $10::bigint[], $11::bigint[], $13::text[], $14::bigint[])
         AS g (id, kind, account, requested_by, reason, evidence, deadline_ms, submitted_at, priority, due_in,
               head_start, traceparent, wait_for_human_ms)
         LEFT JOIN cancellations AS c ON c.id = g.id,
         (SELECT turnlock_now() AS now) AS t
    ON CONFLICT DO NOTHING RETURNING id, state";

impl PostgresStore {
    pub(super) async fn take_delivered(
        &self,
        jobs: &[Delivered],
        worker: &WorkerId,
        ttl: Duration,
        overdue: Duration,
    ) -> Result<Vec<Taking>, StoreError> {
        let (store, jobs, worker) = (self.clone(), jobs.to_vec(), worker.clone());
        detached(async move {
            // A server that crashed must not have forgotten the job: its worker, which lives on, takes a claim that is no
            // more for one that was taken over, and acknowledges the message.
            let mut write = store.write_many(Outlasts::PowerFailure).await?;
            let accounts = jobs.iter().map(|one| one.job.account.to_string()).collect();
            let free = write.try_lock(accounts).await?;
            let ours: Vec<&Delivered> =
                jobs.iter().filter(|one| free.contains(&one.job.account.to_string())).collect();
            write.write_down(&ours, overdue, store.announces()).await?;
            let ids: Vec<Uuid> = ours.iter().map(|one| one.job.id).collect();
            let mut claims = HashMap::new();
            for row in claim::due(&mut write, &ours, &worker, ttl).await? {
                let claim = read_claim(&row, &worker)?;
                claims.insert(claim.job.id, claim);
            }
            let rows = if claims.len() < ids.len() { write.rows(&ids).await? } else { HashMap::new() };
            write.commit().await?;
            let ours: HashSet<Uuid> = ids.into_iter().collect();
            let taken = jobs.into_iter().map(|Delivered { job, .. }| match ours.contains(&job.id) {
                true => what_came(&job, &mut claims, &rows),
                false => Ok(Taking::Contended),
            });
            taken.collect()
        })
        .await
    }
}

fn what_came(
    job: &Job,
    claims: &mut HashMap<Uuid, Claim>,
    rows: &HashMap<Uuid, (JobRow, bool)>,
) -> Result<Taking, StoreError> {
    if let Some(claim) = claims.remove(&job.id) {
        return Ok(Taking::Claimed(Box::new(claim)));
    }
    let Some((row, due)) = rows.get(&job.id) else {
        // It was delivered twice at once, and is claimed already.
        return Ok(Taking::NotQueued);
    };
    Ok(if let Err(other) = Submitted::delivered_again(&row.job, job) {
        Taking::Refused(other)
    } else if row.state != JobState::Queued {
        Taking::NotQueued
    } else if *due {
        Taking::AccountBusy(Box::new(row.clone()))
    } else {
        Taking::NotDue(Box::new(row.clone()))
    })
}

impl Write {
    /// It is this transaction's turn at their accounts.
    async fn write_down(
        &mut self,
        jobs: &[&Delivered],
        overdue: Duration,
        announce: bool,
    ) -> Result<(), StoreError> {
        let text = |of: fn(&Job) -> String| jobs.iter().map(|one| of(&one.job)).collect::<Vec<_>>();
        let maybe = |of: fn(&Job) -> Option<String>| jobs.iter().map(|one| of(&one.job)).collect::<Vec<_>>();
        let number = |of: fn(&Job) -> i64| jobs.iter().map(|one| of(&one.job)).collect::<Vec<_>>();
        let written: Vec<(Uuid, String)> = sqlx::query_as(WRITE_DOWN)
            .bind(jobs.iter().map(|one| one.job.id).collect::<Vec<_>>())
            .bind(text(|job| job.kind.as_str().to_owned()))
            .bind(text(|job| job.account.to_string()))
            .bind(maybe(|job| job.requested_by.clone()))
            .bind(maybe(|job| job.reason.clone()))
            .bind(jobs.iter().map(|one| one.job.evidence).collect::<Vec<_>>())
            .bind(number(|job| millis(job.deadline)))
            .bind(number(|job| job.submitted_at.as_millisecond()))
            .bind(text(|job| job.priority.as_str().to_owned()))
            .bind(jobs.iter().map(|one| one.not_before.map_or(0, from_now)).collect::<Vec<_>>())
            .bind(number(|job| job.priority.head_start()))
            .bind(millis(overdue))
            .bind(maybe(|job| job.trace.map(|trace| trace.to_string())))
            .bind(number(|job| millis(job.wait_for_human)))
            .fetch_all(self.on())
            .await?;
        // Seldom any.
        for (id, _) in written.iter().filter(|(_, state)| state == JobState::Cancelled.as_str()) {
            if let Some(one) = jobs.iter().find(|one| one.job.id == *id) {
                self.end_ahead(&one.job, announce).await?;
            }
        }
        Ok(())
    }

    /// The jobs as they stand, and whether each is due.
    async fn rows(&mut self, ids: &[Uuid]) -> Result<HashMap<Uuid, (JobRow, bool)>, StoreError> {
        let rows = sqlx::query(
            "SELECT j.*, t.now AS asked_at, j.not_before <= t.now AS due
             FROM jobs AS j, (SELECT turnlock_now() AS now) AS t WHERE j.id = ANY ($1)",
        )
        .bind(ids)
        .fetch_all(self.on())
        .await?;
        let one = |row: &PgRow| {
            let due = super::value::Reader(row).flag("due")?;
            read(row).map(|row| (row.job.id, (row, due)))
        };
        rows.iter().map(one).collect()
    }
}
