//! The playbook format as a JSON Schema, from which editors complete and explain, and the reference is made.
//!
//! Built by hand from the reader's own word lists: what an editor needs most are descriptions and
//! examples, and the reader walks nodes, so that there is no struct to derive from. The schema knows the
//! form; what a flow may do on which path, only the checker knows.

mod flows;
mod head;
mod locators;
mod parts;
mod steps;

use serde_json::{Map, Value as Json, json};

use parts::{Shown, text};

use super::family::NOT_IN_FAMILIES;

/// The JSON Schema (draft 2020-12) of a playbook. Every key has a description and at least one example.
pub fn schema() -> Json {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Turnlock playbook",
        "description": "An app as Turnlock knows it: its origins, its password rules, its flows.",
        "type": "object",
        "additionalProperties": false,
        // What says none of these is a family, for which editors have no other schema.
        "if": { "anyOf": NOT_IN_FAMILIES.map(|key| json!({ "required": [key] })) },
        "then": {
            "required": ["app", "title", "origins"],
            "anyOf": [{ "required": ["flows"] }, { "required": ["extends"] }],
        },
        "properties": properties(),
        "examples": [example()],
        "$defs": {
            "steps": { "type": "array", "items": { "$ref": "#/$defs/step" } },
            "step": steps::step(),
            "branch": steps::branch(),
            "target": locators::target_or_list(),
            "locator": locators::locator(&json!({}), &["frame", "timeout"]),
            "inner": locators::locator(&json!({}), &[]),
            "frame": locators::frame(),
            "value": steps::value(),
            "texts": {
                "anyOf": [
                    { "type": "string", "minLength": 1 },
                    { "type": "array", "minItems": 1, "items": { "type": "string", "minLength": 1 } },
                ],
            },
        },
    })
}

fn properties() -> Json {
    let mut properties = Map::new();
    properties.insert(
        "app".to_owned(),
        json!({
            "description": "The app's name, the first half of an account reference: `acme` in `acme/alice`.",
            "type": "string", "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", "maxLength": 64,
        })
        .shown(json!(["acme", "wiki-internal"])),
    );
    properties.insert(
        "title".to_owned(),
        text("The app's name as people write it.").shown(json!(["Acme Workspace"])),
    );
    if let Json::Object(head) = head::keys() {
        properties.extend(head);
    }
    properties.insert("flows".to_owned(), flows::flows());
    properties.into()
}

/// A whole playbook, with everything that an example of one key needs around it.
fn example() -> Json {
    json!({
        "app": "acme",
        "title": "Acme Workspace",
        "origins": { "app": "https://acme.example", "sso": "https://login.acme.example" },
        "frames": { "sign_in": { "css": "iframe#sign-in", "origin": "sso" } },
        "password": { "rules": "minlength: 12; maxlength: 40; required: upper; required: digit" },
        "mfa": { "methods": ["totp", "email", "sms"] },
        "flows": flows::examples(),
    })
}
