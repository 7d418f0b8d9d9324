use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::cli::{app, canary, worker};
use crate::job::Outcome;
use crate::queue::{Queue, QueueState};
use crate::store::{AppRow, Breaker, CanaryRow, Depths, QuestionRow, Store, StoreError, UnderWay, WorkerRow};
use crate::worker::identity::is_gone;

/// So many jobs that run are looked at; more fit no screen.
const MOST: u32 = 200;

/// The fleet as it is at a moment.
#[derive(Debug)]
pub(super) struct Glance {
    /// When that is.
    pub at: Timestamp,
    /// All workers, gone ones included, the oldest first.
    pub workers: Vec<WorkerRow>,
    /// How many jobs wait and run.
    pub depths: Depths,
    /// What waits in the broker, or why nobody knows; nothing where there is none.
    pub broker: Result<Vec<QueueState>, String>,
    /// The attempts that have not ended, the oldest first.
    pub under_way: Vec<UnderWay>,
    /// How many attempts ended within a minute, by outcome.
    pub minute: Vec<(Outcome, u64)>,
    /// The same, within an hour.
    pub hour: Vec<(Outcome, u64)>,
    /// The apps whose breakers are not closed.
    pub broken: Vec<AppRow>,
    /// The flows in which canaries fail.
    pub ill: Vec<CanaryRow>,
    /// What jobs wait for people to give, the oldest first.
    pub questions: Vec<QuestionRow>,
}

impl Glance {
    /// As it is now.
    pub async fn of(store: &dyn Store, queue: &dyn Queue) -> Result<Self, StoreError> {
        let at = Timestamp::now();
        let ago = |length| at.saturating_sub(length).unwrap_or(at);
        let (mut broken, mut ill) = (store.apps().await?, store.canaries(None).await?);
        broken.retain(|app| app.breaker != Breaker::Closed);
        ill.retain(|row| !row.is_well());
        Ok(Self {
            at,
            workers: store.workers().await?,
            depths: store.depths().await?,
            broker: queue.messages().await.map_err(|error| error.to_string()),
            under_way: store.under_way(MOST).await?,
            minute: store.ended_since(ago(SignedDuration::from_mins(1))).await?,
            hour: store.ended_since(ago(SignedDuration::from_hours(1))).await?,
            broken,
            ill,
            questions: store.open_questions(None, MOST).await?,
        })
    }

    /// How many slots the workers that live have, and how many of them are busy.
    pub fn slots(&self) -> (u32, u32) {
        let live = self.workers.iter().filter(|row| !is_gone(row));
        live.fold((0, 0), |(slots, busy), row| (slots + row.slots, busy + row.busy))
    }

    /// The same for programs. Fields may be added, none is taken away or renamed.
    pub fn as_json(&self) -> Value {
        let (slots, busy) = self.slots();
        let by_outcome = |ended: &[(Outcome, u64)]| {
            let all = Outcome::ALL.map(|outcome| (outcome.as_str().to_owned(), json!(many(ended, outcome))));
            Value::Object(all.into_iter().collect())
        };
        let running = |one: &UnderWay| {
            let (row, step) = (&one.attempt, &one.step);
            json!({
                "job": row.job,
                "attempt": row.id,
                "kind": row.kind,
                "app": row.account.app(),
                "account": row.account,
                "number": row.number,
                "worker": row.worker.as_str(),
                "started_at": row.started_at.to_string(),
                "step": step.as_ref().map(|step| json!({
                    "id": step.id,
                    "summary": step.summary,
                    "started_at": step.started_at.to_string(),
                    "result": step.result.map(|result| result.as_str()),
                })),
            })
        };
        json!({
            "at": self.at.to_string(),
            "slots": slots,
            "busy": busy,
            "workers": self.workers.iter().map(worker::as_json).collect::<Vec<_>>(),
            "due": self.depths.due,
            "later": self.depths.later,
            "held_back": self.depths.held_back,
            "running": self.depths.running,
            "broker": self.broker.as_ref().ok().map(|all| {
                all.iter().map(|queue| (queue.name, queue.messages)).collect::<BTreeMap<_, _>>()
            }),
            "oldest": self.depths.oldest.as_ref().map(|row| json!({
                "job": row.job.id,
                "kind": row.job.kind,
                "account": row.job.account,
                "due_since": row.not_before.to_string(),
            })),
            "ended": { "minute": by_outcome(&self.minute), "hour": by_outcome(&self.hour) },
            "under_way": self.under_way.iter().map(running).collect::<Vec<_>>(),
            "waiting_for_people": self.questions.iter().map(|question| json!({
                "job": question.job,
                "account": question.account,
                "wanted": question.wanted,
                "until": question.until.to_string(),
            })).collect::<Vec<_>>(),
            "breakers": self.broken.iter().map(|row| app::as_json(row, &[])).collect::<Vec<_>>(),
            "canaries": self.ill.iter().map(canary::as_json).collect::<Vec<_>>(),
        })
    }
}

/// How many ended so.
pub(super) fn many(ended: &[(Outcome, u64)], outcome: Outcome) -> u64 {
    ended.iter().find(|(one, _)| *one == outcome).map_or(0, |(_, many)| *many)
}
