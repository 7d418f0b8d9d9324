//! Tells the queue how jobs go, for those who listen there.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use uuid::Uuid;

use super::Event;
use crate::job::{AccountRef, Happened, JobEvent, Kind};
use crate::queue::Queue;

/// Hands on what happens, for as long as anything can. What is missed is missed: that a job has ended is told otherwise.
pub(super) async fn tell(mut events: broadcast::Receiver<Event>, queue: Arc<dyn Queue>) {
    let mut jobs: HashMap<Uuid, (Kind, AccountRef)> = HashMap::new();
    loop {
        let event = match events.recv().await {
            Ok(event) => event,
            Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return,
        };
        match event {
            Event::AttemptStarted { attempt, number, worker, job } => {
                let happened = Happened::Started { attempt, number, worker: worker.to_string() };
                queue.progress(JobEvent::new(job.id, job.kind, &job.account, Timestamp::now(), happened));
                jobs.insert(job.id, (job.kind, job.account));
            }
            // Nobody runs a job by hand where others listen, and those who do listen to jobs.
            Event::OnHold { .. } | Event::BreakerOpened { .. } => {}
            Event::Asked { question, attempt, job, wanted, until, .. } => {
                let Some((kind, account)) = jobs.get(&job) else { continue };
                let happened = Happened::AsksHuman { attempt, question, wanted, until };
                queue.progress(JobEvent::new(job, *kind, account, Timestamp::now(), happened));
            }
            Event::Step { attempt, job, step } => {
                let (Some(result), Some((kind, account))) = (step.result, jobs.get(&job)) else { continue };
                let duration = step.duration.unwrap_or_default();
                let happened = Happened::Step {
                    attempt,
                    step: step.seq,
                    place: step.id,
                    summary: step.summary,
                    result: result.as_str(),
                    duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
                };
                let at = step.started_at.saturating_add(duration).unwrap_or(Timestamp::MAX);
                queue.progress(JobEvent::new(job, *kind, account, at, happened));
            }
            Event::AttemptEnded { row, again_at } => {
                jobs.remove(&row.job);
                let (Some(again_at), Some(verdict)) = (again_at, row.verdict) else { continue };
                let happened = Happened::Retrying {
                    attempt: row.id,
                    outcome: verdict.outcome,
                    code: verdict.code,
                    message: verdict.message,
                    again_at,
                };
                let at = row.ended_at.unwrap_or_else(Timestamp::now);
                queue.progress(JobEvent::new(row.job, row.kind, &row.account, at, happened));
            }
        }
    }
}
