//! Spans as OTLP has them in JSON (`http/json`): <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Kind, Span};
use crate::redact::redact;

/// What is posted for these spans, of a service that says this of itself.
pub(super) fn request(resource: &[(String, String)], spans: &[Span]) -> Value {
    let resource: Vec<_> =
        resource.iter().map(|(key, value)| attribute(key, &value.clone().into())).collect();
    json!({
        "resourceSpans": [{
            "resource": { "attributes": resource },
            "scopeSpans": [{
                "scope": { "name": "turnlock", "version": env!("CARGO_PKG_VERSION") },
                "spans": spans.iter().map(span).collect::<Vec<_>>(),
            }],
        }],
    })
}

fn span(span: &Span) -> Value {
    let kind = match span.kind {
        Kind::Internal => 1,
        Kind::Producer => 4,
        Kind::Consumer => 5,
    };
    let attributes: Vec<_> = span.attributes.iter().map(|(key, value)| attribute(key, value)).collect();
    let mut written = json!({
        "traceId": format!("{:032x}", span.within.trace),
        "spanId": format!("{:016x}", span.id),
        "name": redact(&span.name),
        "kind": kind,
        "startTimeUnixNano": nanoseconds(span.began),
        "endTimeUnixNano": nanoseconds(span.ended.max(span.began)),
        "attributes": attributes,
        // A bit for each flag; this span is recorded.
        "flags": 1,
        "status": match &span.failure {
            Some(why) => json!({ "code": 2, "message": redact(why) }),
            None => json!({}),
        },
    });
    if let Some(parent) = span.within.span {
        written["parentSpanId"] = format!("{parent:016x}").into();
    }
    written
}

fn attribute(key: &str, value: &Value) -> Value {
    let value = match value {
        Value::Bool(yes) => json!({ "boolValue": yes }),
        // 64 bits are written as a text.
        Value::Number(number) => json!({ "intValue": number.to_string() }),
        Value::String(text) => json!({ "stringValue": redact(text) }),
        other => json!({ "stringValue": redact(&other.to_string()) }),
    };
    json!({ "key": key, "value": value })
}

fn nanoseconds(at: Timestamp) -> String {
    at.as_nanosecond().max(0).to_string()
}
