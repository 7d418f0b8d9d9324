//! The playbook format as a JSON Schema, from which editors complete and explain.
//!
//! Built by hand from the reader's own word lists: what an editor needs most are the descriptions,
//! and the reader walks nodes, so that there is no struct to derive from. The schema knows the form;
//! what a flow may do on which path, only the checker knows.

use serde_json::{Map, Value as Json, json};

use super::read::words::{AUTOCOMPLETE, BY, ROLES};
use super::{Destination, End, FlowKind, Key, MfaMethod, Value};

const DURATION: &str = "^[0-9]+(ms|s|m|h)$";
const NAME: &str = "^[a-z][a-z0-9_]*$";

/// The JSON Schema (draft 2020-12) of a playbook.
pub fn schema() -> Json {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Turnlock playbook",
        "description": "An app as Turnlock knows it: its origins, its password rules, its flows.",
        "type": "object",
        "additionalProperties": false,
        "required": ["app", "title", "origins", "flows"],
        "properties": properties(),
        "$defs": definitions(),
    })
}

fn properties() -> Json {
    json!({
        "app": {
            "description": "The app's name, the first half of an account reference: `acme` in `acme/alice`.",
            "type": "string", "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", "maxLength": 64,
        },
        "title": text("The app's name as people write it."),
        "origins": {
            "description": "The origins that belong to the app, by name. `app` is where paths such as `/login` resolve. HTTPS, or plain HTTP on loopback.",
            "type": "object",
            "required": ["app"],
            "propertyNames": { "pattern": NAME },
            "additionalProperties": { "type": "string", "format": "uri", "examples": ["https://acme.example"] },
        },
        "frames": {
            "description": "The frames that steps may reach into, by name.",
            "type": "object",
            "propertyNames": { "pattern": NAME },
            "additionalProperties": { "$ref": "#/$defs/frame" },
        },
        "password": object("What the app demands of a password.", &["rules"], json!({
            "rules": {
                "description": "Apple's `passwordrules` grammar.",
                "type": "string",
                "examples": ["minlength: 12; maxlength: 40; required: upper; required: digit; allowed: [-_!]"],
            },
        })),
        "mfa": object("The second factors that the app offers.", &["methods"], json!({
            "methods": one_or_more(&json!({ "enum": MfaMethod::ALL.map(MfaMethod::as_str) }), "The methods, the preferred one first."),
        })),
        "mail": messages("What is known of the mails that the app sends.", json!({
            "authenticated": {
                "description": "Whether your mail server must have found the mail to be from the domain that it claims (DMARC, DKIM or SPF); false if not given.",
                "type": "boolean",
            },
        })),
        "sms": messages("What is known of the text messages that the app sends.", json!({})),
        "lockout": object("When the app locks an account. Turnlock stays below it.", &["attempts", "window"], json!({
            "attempts": {
                "description": "Wrong passwords until the account is locked.",
                "type": "integer", "minimum": 2, "maximum": 1000,
            },
            "window": duration("The time within which they count, such as `15m`."),
            "cleared_by_login": {
                "description": "Whether a complete login makes the app forget earlier wrong attempts; false if not given.",
                "type": "boolean",
            },
        })),
        "limits": object("How much of the app may be under way, by all workers together. Jobs beyond it wait.", &[], json!({
            "concurrent": {
                "description": "At most so many attempts at once; any number if not given.",
                "type": "integer", "minimum": 1, "maximum": 1000,
            },
            "per_minute": {
                "description": "At most so many attempts begin within any minute; any number if not given.",
                "type": "integer", "minimum": 1, "maximum": 6000,
            },
        })),
        "timeouts": object("How long things may take, at most 10m.", &[], json!({
            "step": duration("A step; 15s if not given."),
            "flow": duration("A flow; 2m if not given."),
        })),
        "interruptions": {
            "description": "What may cover the page at any moment: cookie banners, nag dialogs.",
            "type": "array",
            "items": object("When `see` is visible while a step waits, `click` is clicked.", &["see", "click"], json!({
                "see": target("What shows that it is there."),
                "click": target("What makes it go away."),
            })),
        },
        "flows": object("What can be done with the app.", &["login"], flows()),
    })
}

/// What is known of messages, with what is known of this sort besides.
fn messages(description: &str, more: Json) -> Json {
    let mut properties = json!({
        "from": texts("From whom they have to be: an address, a domain with all below it, a number or a name. From anybody if not given."),
        "pattern": text("A regular expression that finds the code: its first group, or all of the match."),
        "resend": target("What has the app send another code, on the page that asks for one."),
    });
    if let (Some(properties), Json::Object(more)) = (properties.as_object_mut(), more) {
        properties.extend(more);
    }
    object(description, &[], properties)
}

fn flows() -> Json {
    let mut flows = Map::new();
    for kind in FlowKind::ALL {
        let starts = if kind.starts_fresh() { "in a fresh browser" } else { "signed in" };
        let commits = if kind.commits() { ", with exactly one `commit` before" } else { "" };
        let description = format!("Begins {starts}, succeeds with `{}`{commits}.", kind.goal());
        flows.insert(kind.as_str().to_owned(), steps(&description));
    }
    flows.into()
}

fn definitions() -> Json {
    json!({
        "steps": { "type": "array", "items": { "$ref": "#/$defs/step" } },
        "step": {
            "description": "One thing done or expected on a page: exactly one key.",
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": false,
            "properties": step_properties(),
        },
        "branch": {
            "description": "What shows the state, and what to do then.",
            "anyOf": [
                { "$ref": "#/$defs/target" },
                object("", &["see"], json!({
                    "see": target("What shows the state."),
                    "then": steps("What to do then. A state that is no end needs it; `[]` goes on behind the `expect`."),
                })),
            ],
        },
        "target": {
            "description": "A locator, or a list of alternatives that are tried together.",
            "anyOf": [
                { "$ref": "#/$defs/locator" },
                { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/locator" } },
            ],
        },
        "locator": locator(&json!({}), &["frame", "timeout"]),
        "inner": locator(&json!({}), &[]),
        "frame": locator(&json!({
            "origin": text("The name of the origin that the frame must have. Without it no secret is typed there."),
        }), &["frame"]),
        "value": {
            "description": "What is typed. Secrets come from the vault and the inbox, never from the playbook.",
            "anyOf": [
                { "enum": Value::NAMES },
                object("A literal.", &["text"], json!({ "text": text("The literal.") })),
            ],
        },
        "texts": {
            "anyOf": [
                { "type": "string", "minLength": 1 },
                { "type": "array", "minItems": 1, "items": { "type": "string", "minLength": 1 } },
            ],
        },
    })
}

fn step_properties() -> Json {
    let keys = Key::ALL.map(Key::as_str);
    let press = object(
        "Presses a key.",
        &["key"],
        json!({
            "key": { "enum": keys },
            "in": target("The element that has the focus then."),
        }),
    );
    json!({
        "open": open(),
        "click": target("Clicks."),
        "fill": object("Replaces what a field holds.", &["into", "with"], json!({
            "into": target("The field."),
            "with": { "$ref": "#/$defs/value" },
        })),
        "check": target("Checks a checkbox or switch, if it is not."),
        "uncheck": target("Unchecks it."),
        "select": object("Picks an option of a `<select>`.", &["in", "option"], json!({
            "in": target("The `<select>`."),
            "option": text("The option's visible text."),
        })),
        "press": press,
        "hover": target("Moves the mouse over an element."),
        "see": target("Waits until visible."),
        "gone": target("Waits until not visible."),
        "expect": expect(),
        "read_secret": {
            "description": "Reads the TOTP secret that the app shows. Several keys are alternatives, tried together. `enrol_mfa` only.",
            "type": "object",
            "minProperties": 1,
            "additionalProperties": false,
            "properties": {
                "text": target("The element whose text or value is the secret, in base 32."),
                "link": target("The link to `otpauth://…`."),
                "qr": target("The picture: `img`, `canvas` or `svg`."),
            },
        },
        "read_recovery_codes": object("Reads the recovery codes that the app shows, from one place. `enrol_mfa` only.", &[], json!({
            "from": target("The element that holds them all."),
            "download": target("What is clicked for the file that holds them all."),
            "count": { "description": "How many there must be.", "type": "integer", "minimum": 1, "maximum": 1000 },
        })),
        "commit": {
            "description": "Wraps the click or press after which the app may have taken the new credential, or the fill where the page submits itself. `enrol_mfa`, `change_password` and `recover` only.",
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": false,
            "properties": {
                "click": target("Clicks."),
                "press": press,
                "fill": object("Fills in the field that the page submits by itself.", &["into", "with"], json!({
                    "into": target("The field."),
                    "with": { "description": "In `enrol_mfa`, `totp`; in `change_password` and `recover`, `new_password`.", "enum": ["totp", "new_password"] },
                })),
            },
        },
    })
}

fn open() -> Json {
    let link = json!({
        "containing": texts("The link's words or its address contain this text."),
        "timeout": duration("How long to wait for it, if not a minute."),
    });
    json!({
        "description": "Goes to a path on the origin `app` (`/login`), on another one (`sso:/start`), or a whole URL within them; or to `email_link`, the link that the app mails.",
        "anyOf": [
            { "type": "string", "examples": ["/login", Destination::MAILED_LINK] },
            object("", &[Destination::MAILED_LINK], json!({
                (Destination::MAILED_LINK): object("The link that the app mails.", &[], link),
            })),
        ],
    })
}

fn expect() -> Json {
    let mut states = Map::new();
    states.insert("timeout".to_owned(), duration("How long to wait, if not `timeouts.step`."));
    for end in End::ALL {
        states.insert(
            end.as_str().to_owned(),
            json!({ "$ref": "#/$defs/branch", "description": format!("An end: {}.", meaning(end)) }),
        );
    }
    json!({
        "description": "Waits for the first of several states. Those named here end the flow; any other name is a state of your own, after which the flow goes on.",
        "type": "object",
        "minProperties": 1,
        "properties": states,
        "propertyNames": { "pattern": NAME },
        "additionalProperties": object("A state of your own: the flow goes on after it.", &["see", "then"], json!({
            "see": target("What shows the state."),
            "then": steps("What to do then; `[]` just goes on behind the `expect`."),
        })),
    })
}

fn meaning(end: End) -> &'static str {
    match end {
        End::SignedIn => "the app took the credentials",
        End::SignedOut => "the session is over",
        End::MfaEnabled => "the app took the second factor",
        End::MfaAlreadyOn => "a second factor was on already",
        End::MfaUnmanaged => "somebody else manages the second factor",
        End::PasswordChanged => "the app took the new password",
        End::ContactSet => "the app sends to the account's managed address or number",
        End::BadCredentials => "the username or the password is wrong",
        End::CodeRefused => "the code is wrong",
        End::PasswordRefused => "the new password does not meet the app's rules",
        End::AccountLocked => "the app has locked the account",
        End::Captcha => "the app asks for a proof of being human",
        End::NeedsHuman => "a person has to do something",
        End::AppError => "the app failed",
    }
}

/// A locator with further keys, and with those of `optional` that go with it.
fn locator(more: &Json, optional: &[&str]) -> Json {
    let mut properties = json!({
        "label": texts("The text of a form field's label."),
        "role": { "description": "The ARIA role; goes with `name`.", "enum": ROLES.as_slice() },
        "name": texts("With `role`: the accessible name."),
        "placeholder": texts("The placeholder of a form field."),
        "text": texts("The element's own visible text."),
        "test_id": text("`data-testid`, `data-test-id` or `data-test`."),
        "autocomplete": { "description": "The HTML `autocomplete` field name.", "enum": AUTOCOMPLETE },
        "css": text("A CSS selector."),
        "xpath": text("An XPath 1.0 expression."),
        "exact": { "description": "Whole matches only.", "type": "boolean" },
        "frame": text("The frame it is in, by its name under `frames`."),
        "within": { "description": "The element it is inside of.", "$ref": "#/$defs/inner" },
        "containing": texts("Only elements that contain this text."),
        "timeout": duration("How long to wait for it, if not `timeouts.step`."),
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

fn object(description: &str, required: &[&str], properties: Json) -> Json {
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

fn text(description: &str) -> Json {
    json!({ "description": description, "type": "string", "minLength": 1 })
}

fn texts(description: &str) -> Json {
    json!({ "description": format!("{description} A list holds alternatives."), "$ref": "#/$defs/texts" })
}

fn target(description: &str) -> Json {
    json!({ "description": description, "$ref": "#/$defs/target" })
}

fn steps(description: &str) -> Json {
    json!({ "description": description, "$ref": "#/$defs/steps" })
}

fn duration(description: &str) -> Json {
    json!({ "description": description, "type": "string", "pattern": DURATION })
}

fn one_or_more(item: &Json, description: &str) -> Json {
    json!({
        "description": description,
        "anyOf": [item, { "type": "array", "minItems": 1, "items": item }],
    })
}
