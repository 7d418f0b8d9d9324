use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::job::{Job, TraceParent};

/// What a span is to those at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing: it is within.
    Internal,
    /// It puts something into a queue.
    Producer,
    /// It takes something from one.
    Consumer,
}

/// Something that was done, from when to when, within a trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// The trace, and the span that this one is a child of.
    pub within: TraceParent,
    /// Its own id.
    pub id: u64,
    /// What it is.
    pub kind: Kind,
    /// What it is called.
    pub name: String,
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// More about it; no secret.
    pub attributes: Vec<(&'static str, Value)>,
    /// Why it failed, as a code, if it did.
    pub failure: Option<String>,
}

/// The half of a UUIDv7 that chance has made, as the id of a span.
pub(super) fn half(id: Uuid) -> u64 {
    id.as_u64_pair().1
}

/// What each span of a job says of it.
pub(super) fn of_job(job: &Job) -> Vec<(&'static str, Value)> {
    vec![
        ("turnlock.job", job.id.to_string().into()),
        ("turnlock.kind", job.kind.as_str().into()),
        ("turnlock.app", job.account.app().into()),
        ("turnlock.account", job.account.to_string().into()),
    ]
}
