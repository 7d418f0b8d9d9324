//! The headers of a message as they may be shown: what RabbitMQ and Turnlock say, and of what producers say the names.

use jiff::Timestamp;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use serde_json::{Map, Value};

use super::masked::mask;
use super::topology::{self, DEAD, EVENTS, JOBS};
use crate::job::{Job, Priority, TraceParent};

/// Why Turnlock laid a message aside, and the key by which it had come.
pub(super) const REASON: &str = "x-turnlock-reason";
pub(super) const KEY: &str = "x-turnlock-key";

/// The trace that a job belongs to, as W3C has it for messages of AMQP.
const TRACE: &str = "traceparent";
/// When a job was submitted through Turnlock, in milliseconds since 1970.
const SUBMITTED: &str = "x-turnlock-submitted-at";

/// How often RabbitMQ has delivered the message before; it grows with each look.
const COUNTS: [&str; 2] = ["x-delivery-count", "x-acquired-count"];

/// How a message died, in the words of RabbitMQ.
pub(super) const DEATHS: [&str; 4] = ["delivery_limit", "rejected", "expired", "maxlen"];

/// The headers of a job's message: what its row in the database holds and its message does not.
pub(super) fn of_job(job: &Job) -> FieldTable {
    let mut headers = FieldTable::default();
    headers.insert(SUBMITTED.into(), AMQPValue::LongLongInt(job.submitted_at.as_millisecond()));
    if let Some(trace) = job.trace {
        headers.insert(TRACE.into(), AMQPValue::LongString(trace.to_string().into()));
    }
    headers
}

/// When the job was submitted, if Turnlock did that.
pub(super) fn submitted_at(headers: Option<&FieldTable>) -> Option<Timestamp> {
    match headers?.inner().get(SUBMITTED)? {
        AMQPValue::LongLongInt(millis) => Timestamp::from_millisecond(*millis).ok(),
        _ => None,
    }
}

/// The trace that the headers name; what is none is passed over.
pub(super) fn trace(headers: Option<&FieldTable>) -> Option<TraceParent> {
    headers?.inner().get(TRACE).and_then(text)?.parse().ok()
}

/// The headers as they may be shown.
pub(super) fn shown(headers: &FieldTable) -> Map<String, Value> {
    let one = |(name, value): (&ShortString, &AMQPValue)| {
        let name = printable(name.as_str());
        let value = match name.as_str() {
            REASON => text(value).map_or(Value::Null, Value::from),
            name if is_the_brokers(name) => said(value),
            _ => mask(json(value), 0),
        };
        (name, value)
    };
    headers.inner().iter().map(one).collect()
}

/// How often the message was looked at before, and the headers without that.
pub(super) fn take_count(headers: &mut Map<String, Value>) -> u64 {
    let counts = COUNTS.map(|name| headers.get(name).and_then(Value::as_u64));
    // The rest keeps its order, from which the letter's name is made: a message never delivered has no count.
    headers.retain(|name, _| !COUNTS.contains(&name.as_str()));
    counts.into_iter().flatten().max().unwrap_or(0)
}

fn is_the_brokers(name: &str) -> bool {
    name == KEY
        || COUNTS.contains(&name)
        || ["x-death", "x-first-death-", "x-last-death-"].iter().any(|known| name.starts_with(known))
}

/// What is said in a header of RabbitMQ's or Turnlock's. Since anybody can write one, texts are shown only if they are
/// names that Turnlock knows.
fn said(value: &AMQPValue) -> Value {
    match value {
        AMQPValue::FieldTable(table) => {
            table.inner().iter().map(|(name, value)| (name.as_str().to_owned(), said(value))).collect()
        }
        AMQPValue::FieldArray(items) => items.as_slice().iter().map(said).collect(),
        AMQPValue::LongString(_) | AMQPValue::ShortString(_) => match text(value) {
            Some(text) if text.is_empty() || is_known(&text) => Value::from(text),
            _ => mask(json(value), 0),
        },
        other => json(other),
    }
}

fn is_known(text: &str) -> bool {
    topology::queues().chain([JOBS, DEAD, EVENTS]).chain(DEATHS).any(|known| known == text)
        || text.parse::<Priority>().is_ok()
}

/// The text of a header, if it is one, without what would confuse a terminal.
pub(super) fn text(value: &AMQPValue) -> Option<String> {
    let text = match value {
        AMQPValue::LongString(text) => String::from_utf8_lossy(text.as_bytes()).into_owned(),
        AMQPValue::ShortString(text) => text.as_str().to_owned(),
        _ => return None,
    };
    Some(printable(&text))
}

fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn json(value: &AMQPValue) -> Value {
    match value {
        AMQPValue::Boolean(yes) => Value::from(*yes),
        AMQPValue::ShortShortInt(number) => Value::from(*number),
        AMQPValue::ShortShortUInt(number) => Value::from(*number),
        AMQPValue::ShortInt(number) => Value::from(*number),
        AMQPValue::ShortUInt(number) => Value::from(*number),
        AMQPValue::LongInt(number) => Value::from(*number),
        AMQPValue::LongUInt(number) => Value::from(*number),
        AMQPValue::LongLongInt(number) => Value::from(*number),
        AMQPValue::Float(number) => Value::from(*number),
        AMQPValue::Double(number) => Value::from(*number),
        AMQPValue::DecimalValue(number) => Value::from(number.value),
        AMQPValue::Timestamp(seconds) => {
            time(*seconds).map_or(Value::Null, |time| Value::from(time.to_string()))
        }
        AMQPValue::FieldArray(items) => items.as_slice().iter().map(json).collect(),
        AMQPValue::FieldTable(table) => {
            table.inner().iter().map(|(name, value)| (name.as_str().to_owned(), json(value))).collect()
        }
        AMQPValue::ByteArray(bytes) => bytes.as_slice().iter().map(|byte| Value::from(*byte)).collect(),
        AMQPValue::LongString(_) | AMQPValue::ShortString(_) => text(value).map_or(Value::Null, Value::from),
        AMQPValue::Void => Value::Null,
    }
}

/// A time of AMQP's, in seconds since 1970.
pub(super) fn time(seconds: u64) -> Option<Timestamp> {
    i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok())
}
