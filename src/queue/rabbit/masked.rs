use serde_json::Value;

/// A message that is no job, as it may be kept: the names of its fields, and of their values only their kind and
/// length, for somebody may have put a secret there.
pub(super) fn masked(body: &[u8]) -> Vec<u8> {
    let shown = match serde_json::from_slice::<Value>(body) {
        Ok(value) => mask(value, 0),
        Err(_) => Value::from(format!("{} bytes that are not JSON", body.len())),
    };
    // A value of texts and objects always has a JSON form.
    serde_json::to_vec(&shown).unwrap_or_default()
}

fn mask(value: Value, depth: usize) -> Value {
    match value {
        Value::Object(fields) if depth < 8 => {
            Value::Object(fields.into_iter().map(|(name, value)| (name, mask(value, depth + 1))).collect())
        }
        Value::Object(_) => Value::from("an object"),
        Value::Array(items) => Value::from(format!("a list of {}", items.len())),
        Value::String(text) => Value::from(format!("a text of {} characters", text.chars().count())),
        Value::Number(_) => Value::from("a number"),
        other => other,
    }
}
