//! What the schema is put together from.

use serde_json::{Value as Json, json};

const DURATION: &str = "^[0-9]+(ms|s|m|h)$";

/// The form of the names that a playbook chooses.
pub(super) const NAME: &str = "^[a-z][a-z0-9_]*$";

/// What a key is shown by.
pub(super) trait Shown {
    /// With these examples, of which every one is tried.
    fn shown(self, examples: Json) -> Json;
    /// With what holds where the key is not given.
    fn or(self, default: &str) -> Json;
}

impl Shown for Json {
    fn shown(mut self, examples: Json) -> Json {
        if let Some(object) = self.as_object_mut() {
            object.insert("examples".to_owned(), examples);
        }
        self
    }

    fn or(mut self, default: &str) -> Json {
        if let Some(object) = self.as_object_mut() {
            // In words, as some are: an editor would put a real one in.
            object.insert("x-default".to_owned(), default.into());
        }
        self
    }
}

/// A map with these keys and no other.
pub(super) fn object(description: &str, required: &[&str], properties: Json) -> Json {
    let mut object = json!({
        "description": description,
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": properties,
    });
    if let (true, Some(object)) = (description.is_empty(), object.as_object_mut()) {
        object.shift_remove("description");
    }
    object
}

pub(super) fn text(description: &str) -> Json {
    json!({ "description": description, "type": "string", "minLength": 1 })
}

pub(super) fn texts(description: &str) -> Json {
    json!({ "description": format!("{description} A list holds alternatives."), "$ref": "#/$defs/texts" })
}

pub(super) fn flag(description: &str) -> Json {
    json!({ "description": description, "type": "boolean" })
}

pub(super) fn count(description: &str, least: u64, most: u64) -> Json {
    json!({ "description": description, "type": "integer", "minimum": least, "maximum": most })
}

pub(super) fn target(description: &str) -> Json {
    json!({ "description": description, "$ref": "#/$defs/target" })
}

pub(super) fn steps(description: &str) -> Json {
    json!({ "description": description, "$ref": "#/$defs/steps" })
}

pub(super) fn duration(description: &str) -> Json {
    json!({ "description": description, "type": "string", "pattern": DURATION })
}

pub(super) fn one_or_more(item: &Json, description: &str) -> Json {
    json!({
        "description": description,
        "anyOf": [item, { "type": "array", "minItems": 1, "items": item }],
    })
}
