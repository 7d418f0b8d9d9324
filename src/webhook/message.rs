//! What messages say: what the automation log says, `{"type", "timestamp", "data"}`. No secret stands there.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Endpoint, Event};
use crate::redact::redact;
use crate::store::NewDelivery;

/// A message to one endpoint.
pub(super) fn message(endpoint: &Endpoint, event: Event, at: Timestamp, data: &Value) -> NewDelivery {
    let body = json!({ "type": event.as_str(), "timestamp": at.to_string(), "data": masked(data) });
    NewDelivery {
        id: Uuid::now_v7(),
        endpoint: endpoint.name().to_owned(),
        event: event.as_str().to_owned(),
        body: body.to_string(),
    }
}

/// A message that tells nothing, to see whether messages come.
#[must_use]
pub fn test_message(endpoint: &Endpoint) -> NewDelivery {
    message(endpoint, Event::Test, Timestamp::now(), &json!({ "endpoint": endpoint.name() }))
}

/// Each text once more, for it leaves this machine.
fn masked(data: &Value) -> Value {
    match data {
        Value::String(text) => Value::String(redact(text).into_owned()),
        Value::Array(items) => items.iter().map(masked).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), masked(value))).collect(),
        other => other.clone(),
    }
}
