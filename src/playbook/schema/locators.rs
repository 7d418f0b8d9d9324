//! Targets and locators.

use serde_json::{Value as Json, json};

use super::parts::{Shown, duration, flag, text, texts};
use crate::playbook::read::words::{AUTOCOMPLETE, BY, ROLES};

/// A locator, or several.
pub(super) fn target_or_list() -> Json {
    json!({
        "description": "A locator, or a list of alternatives that are tried together.",
        "anyOf": [
            { "$ref": "#/$defs/locator" },
            { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/locator" } },
        ],
    })
}

/// A locator with a key more.
pub(super) fn frame() -> Json {
    let origin =
        text("The name of the origin that the frame must have. Without it no secret is typed there.");
    locator(&json!({ "origin": origin.shown(json!(["sso"])) }), &["frame"])
}

/// A locator with further keys, and with those of `optional` that go with it.
pub(super) fn locator(more: &Json, optional: &[&str]) -> Json {
    let mut properties = json!({
        "label": texts("The text of a form field's label.").shown(json!(["Username", ["E-mail", "Username"]])),
        "role": json!({ "description": "The ARIA role, explicit or implied by the element; mostly with `name`.", "enum": ROLES.as_slice() })
            .shown(json!(["heading"])),
        "name": texts("With `role`: the accessible name.").shown(json!(["Sign in", ["Sign in", "Log in"]])),
        "placeholder": texts("The placeholder of a form field.").shown(json!(["Search users"])),
        "text": texts("The element's own visible text.").shown(json!(["Welcome back"])),
        "test_id": text("`data-testid`, `data-test-id` or `data-test`.").shown(json!(["account-menu"])),
        "autocomplete": json!({ "description": "The HTML `autocomplete` field name.", "enum": AUTOCOMPLETE })
            .shown(json!(["current-password"])),
        "css": text("A CSS selector: where nothing that people see will do.").shown(json!(["form#settings button.save"])),
        "xpath": text("An XPath 1.0 expression: where nothing else will do.").shown(json!(["//tr[td='alice']//button"])),
        "exact": flag("Whole matches only: `Activate` is a part of `Deactivate`.").shown(json!([true])).or("false: a whole match beats a part"),
        "frame": text("The frame it is in, by its name under `frames`.").shown(json!(["sign_in"])).or("the main page"),
        "within": json!({ "description": "The element it is inside of: a locator without `frame` and `timeout`.", "$ref": "#/$defs/inner" })
            .shown(json!([{ "role": "dialog" }])),
        "containing": texts("Only elements that contain this text.").shown(json!(["alice"])),
        "timeout": duration("How long to wait for it.").shown(json!(["30s"])).or("`timeouts.step`"),
    });
    if let Some(properties) = properties.as_object_mut() {
        properties.retain(|key, _| {
            !matches!(key.as_str(), "frame" | "timeout") || optional.contains(&key.as_str())
        });
        properties.extend(more.as_object().cloned().unwrap_or_default());
    }
    let one_of: Vec<Json> = BY.iter().map(|by| json!({ "required": [by] })).collect();
    json!({
        "description": "How a person would say which element is meant: exactly one of label, role, placeholder, text, test_id, autocomplete, css, xpath.",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "oneOf": one_of,
        "dependentRequired": { "name": ["role"] },
    })
}
