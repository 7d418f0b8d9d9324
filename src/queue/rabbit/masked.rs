use serde_json::Value;

/// A message that is no job, as it may be kept: the names of its fields, and of their values only their kind and
/// length, for somebody may have put a secret there.
pub(super) fn masked(body: &[u8]) -> Vec<u8> {
    // A value of texts and objects always has a JSON form.
    serde_json::to_vec(&shown(body)).unwrap_or_default()
}

/// The same, as it may be shown. What was masked before is left as it is.
pub(super) fn shown(body: &[u8]) -> Value {
    match serde_json::from_slice::<Value>(body) {
        Ok(value) if is_mask(&value) => value,
        Ok(value) => mask(value, 0),
        Err(_) => Value::from(format!("{} bytes that are not JSON", body.len())),
    }
}

pub(super) fn mask(value: Value, depth: usize) -> Value {
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

/// Whether it says nothing but what a mask says.
fn is_mask(value: &Value) -> bool {
    let counts = |text: &str, before, behind| {
        let number = text.strip_prefix(before).and_then(|rest| rest.strip_suffix(behind));
        number.is_some_and(|number| {
            (1..=9).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit())
        })
    };
    match value {
        Value::Object(fields) => fields.values().all(is_mask),
        Value::String(text) => {
            matches!(text.as_str(), "an object" | "a number")
                || counts(text, "a list of ", "")
                || counts(text, "a text of ", " characters")
                || counts(text, "", " bytes that are not JSON")
        }
        Value::Null | Value::Bool(_) => true,
        Value::Array(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_what_it_held_is_left_and_a_mask_stays_as_it_is() {
        let body = br#"{"password":"hunter2","pin":4711,"on":true,"of":{"deep":["hunter2"]}}"#;
        let once = masked(body);
        let text = String::from_utf8_lossy(&once);
        assert_eq!(
            text,
            r#"{"password":"a text of 7 characters","pin":"a number","on":true,"of":{"deep":"a list of 1"}}"#
        );
        assert_eq!(masked(&once), once);
        let bytes = masked(b"hunter2 is no JSON");
        assert_eq!(masked(&bytes), bytes);
        for sly in [r#""a text of hunter2 characters""#, r#""a list of 12345678901""#, r#"["a number"]"#] {
            assert_ne!(masked(sly.as_bytes()), sly.as_bytes(), "{sly}");
        }
    }
}
