use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{CanaryRow, Left, NewQuestion, StoreError};
use crate::job::{Code, Job, Wanted};

/// What happened beside the automation log, written down with the change that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// Its place among them.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// What: `job.asks_human`, `breaker.opened` or `canary.failed`.
    pub event: String,
    /// More of it, as JSON.
    pub data: String,
    /// To whom it has not been told.
    pub endpoint: String,
}

/// Of what a server is told. How far it has been stands with each by itself: while some process does not know of it yet, nothing
/// is taken for told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The server, as the configuration names it.
    pub endpoint: String,
    /// The event.
    pub event: String,
}

/// How long a happening is kept, for those who are to be told of it.
pub(super) const UNTOLD: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// The breaker of the job's app has opened, if it has.
pub(super) fn breaker_opened(job: &Job, code: Code, left: &Left) -> Option<(&'static str, Value)> {
    let Left::Opened { failures, probe_at } = left else { return None };
    let data = json!({
        "app": job.account.app(),
        "failures": failures,
        "probe_at": probe_at.to_string(),
        "job": job.id,
        "outcome": code.outcome(),
        "code": code.as_str(),
        "user_action": code.user_action(),
    });
    Some(("breaker.opened", data))
}

/// The canary of an app has begun to fail in a flow, if it has.
pub(super) fn canary_failed(now: &CanaryRow, before: Option<&CanaryRow>) -> Option<(&'static str, Value)> {
    if now.is_well() || before.is_some_and(|before| !before.is_well()) {
        return None;
    }
    let verdict = &now.last.verdict;
    let data = json!({
        "app": now.last.account.app(),
        "account": now.last.account,
        "flow": now.last.flow,
        "job": now.last.job,
        "outcome": verdict.outcome,
        "code": verdict.code.as_str(),
        "message": verdict.message,
        "user_action": verdict.code.user_action(),
        "playbook_hash": now.last.playbook_hash,
    });
    Some(("canary.failed", data))
}

/// An attempt waits for a person.
pub(super) fn asks_human(new: &NewQuestion, kind: &str) -> Option<(&'static str, Value)> {
    let until = Timestamp::now().saturating_add(new.lasts).unwrap_or(Timestamp::MAX);
    let what = match new.wanted {
        Wanted::Decision => "Do what the app asks for, and say so",
        _ => "Give the code",
    };
    let data = json!({
        "job": new.job,
        "attempt": new.attempt,
        "question": new.id,
        "kind": kind,
        "app": new.account.app(),
        "account": new.account,
        "wanted": new.wanted,
        "until": until.to_string(),
        "user_action": format!("{what}: on the job's page, or by `turnlock job answer {}`.", new.job),
    });
    Some(("job.asks_human", data))
}

/// Why a message is laid aside that was due for days.
pub(super) const UNDELIVERED: &str = "nobody has delivered to its server for days: the server stands in nobody's settings, or the whole fleet was off";

/// How many messages there are to each server.
pub(super) fn by_endpoint(endpoints: Vec<String>) -> Vec<(String, u64)> {
    let mut counts = std::collections::BTreeMap::<String, u64>::new();
    for endpoint in endpoints {
        *counts.entry(endpoint).or_default() += 1;
    }
    counts.into_iter().collect()
}

/// A message that is to be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// Its id, the same at each try.
    pub id: Uuid,
    /// To whom, as the configuration names them.
    pub endpoint: String,
    /// What it tells.
    pub event: String,
    /// What is sent.
    pub body: String,
}

/// A message that was not delivered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    /// It.
    pub delivery: NewDelivery,
    /// Since when it is to be delivered.
    pub created_at: Timestamp,
    /// How often that was tried.
    pub tries: u32,
    /// When it is tried next; `None` if it is not tried any more.
    pub due_at: Option<Timestamp>,
    /// When it was tried last.
    pub tried_at: Option<Timestamp>,
    /// What came of that.
    pub failure: Option<String>,
}

/// How many messages there are to be delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeliveryDepths {
    /// Those that are tried, now or later.
    pub waiting: u64,
    /// Those that are tried no more.
    pub dead: u64,
}

/// Messages to servers of others. The automation log is where they come from: what it says is told from a cursor on, and
/// the cursor moves with the same commit that writes the messages down, so that none is lost and none is made twice. Each
/// [`Subscription`] has a cursor of its own.
#[async_trait]
pub trait Webhooks {
    /// How far the log has been told to each of these, as [`AttemptRow::changed`](super::AttemptRow::changed) counts. One that
    /// is new begins at its end.
    async fn webhook_cursors(&self, of: &[Subscription]) -> Result<Vec<i64>, StoreError>;

    /// What happened beside the log and has not been told to these, the oldest first.
    async fn happenings(&self, of: &[Subscription], most: u32) -> Result<Vec<Happening>, StoreError>;

    /// Writes messages down, moves the cursor of all these from one place to another, and notes which happenings they tell of,
    /// to whom: all of it, or nothing and `false` if somebody else has done some of it.
    async fn put_deliveries(
        &self,
        of: &[Subscription],
        moved: (i64, i64),
        told: &[Happening],
        deliveries: &[NewDelivery],
    ) -> Result<bool, StoreError>;

    /// Messages to these that are due, each given out once in `hold`.
    async fn take_deliveries(
        &self,
        endpoints: &[String],
        most: u32,
        hold: Duration,
    ) -> Result<Vec<DeliveryRow>, StoreError>;

    /// It was delivered.
    async fn delivered(&self, id: Uuid) -> Result<(), StoreError>;

    /// It was not: it is due again in so long, or never.
    async fn not_delivered(
        &self,
        id: Uuid,
        failure: &str,
        again_in: Option<Duration>,
    ) -> Result<(), StoreError>;

    /// The messages that were not delivered yet, the oldest first.
    async fn deliveries(&self, most: u32) -> Result<Vec<DeliveryRow>, StoreError>;

    /// Makes this one due at once, or all that are dead, as if they had not been tried. Returns how many.
    async fn retry_deliveries(&self, id: Option<Uuid>) -> Result<u64, StoreError>;

    /// Forgets this one, or all that are dead. Returns how many.
    async fn drop_deliveries(&self, id: Option<Uuid>) -> Result<u64, StoreError>;

    /// Lays aside messages that have been due for so long: nobody delivers to their servers any more. Returns how many,
    /// by server.
    async fn lay_aside_deliveries(&self, due_for: Duration) -> Result<Vec<(String, u64)>, StoreError>;

    /// How many there are.
    async fn delivery_depths(&self) -> Result<DeliveryDepths, StoreError>;
}
