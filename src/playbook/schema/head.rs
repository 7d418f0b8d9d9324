//! The keys between an app's name and its flows.

use serde_json::{Value as Json, json};

use super::parts::{NAME, Shown, count, duration, flag, object, one_or_more, target, text, texts};
use crate::playbook::MfaMethod;

pub(super) fn keys() -> Json {
    let rules = "minlength: 12; maxlength: 40; required: upper; required: digit; allowed: lower, [-_!]";
    json!({
        "extends": text("The family whose playbook this one goes on: `families/NAME.yaml` beside it, or one that Turnlock has within it. Keys given here win, and of `flows` each flow.")
            .shown(json!(["django-allauth"])),
        "params": json!({
            "description": "What is another for each account: put in place of `${name}` in origins, addresses and texts. Accounts give their values with `turnlock account add … --param NAME=VALUE`.",
            "type": "object",
            "propertyNames": { "pattern": NAME },
            "additionalProperties": object("A parameter.", &["description", "example"], json!({
                "description": text("What it is, for those who add accounts.").shown(json!(["The customer's name in the address"])),
                "example": text("A value that may be given; the checker reads the playbook with it.").shown(json!(["acme"])),
                "pattern": text("A regular expression that a value has to match as a whole.").shown(json!(["[a-z0-9-]+"])).or("letters, digits, `.`, `_` and `-`"),
            })).shown(json!([{ "description": "The customer's name in the address", "example": "acme", "pattern": "[a-z0-9-]+" }])),
        }).shown(json!([{ "tenant": { "description": "The customer's name in the address", "example": "acme" } }])),
        "origins": json!({
            "description": "The origins that belong to the app, by name: scheme, host and port. `app` is where paths such as `/login` resolve. HTTPS, or plain HTTP on loopback. Secrets are typed nowhere else, so declare every origin that the login passes through.",
            "type": "object",
            "required": ["app"],
            "propertyNames": { "pattern": NAME },
            "additionalProperties": json!({ "description": "An origin; `${name}` stands for a parameter.", "type": "string", "minLength": 1 })
                .shown(json!(["https://acme.example", "http://127.0.0.1:4180"])),
        }).shown(json!([{ "app": "https://acme.example", "sso": "https://login.acme.example" }])),
        "frames": json!({
            "description": "The frames that steps may reach into, by name.",
            "type": "object",
            "propertyNames": { "pattern": NAME },
            "additionalProperties": json!({ "description": "How the frame's element is found, and whose document it must hold.", "$ref": "#/$defs/frame" })
                .shown(json!([{ "css": "iframe#sign-in", "origin": "sso" }, { "role": "region", "name": "Sign in", "origin": "sso" }])),
        }).shown(json!([{ "sign_in": { "css": "iframe#sign-in", "origin": "sso" } }])),
        "password": object("What the app demands of a password. `change_password` and `recover` need it.", &["rules"], json!({
            "rules": json!({ "description": "Apple's `passwordrules` grammar.", "type": "string" }).shown(json!([rules])),
        })).shown(json!([{ "rules": rules }])),
        "mfa": object("The second factors that the app offers. The flows that enrol need it.", &["methods"], json!({
            "methods": one_or_more(
                &json!({ "enum": MfaMethod::ALL.map(MfaMethod::as_str) }),
                "The methods, the preferred one first: the first that has a flow and that the account can have is turned on.",
            ).shown(json!([["totp", "email", "sms"]])),
        })).shown(json!([{ "methods": ["totp", "email", "sms"] }])),
        "mail": messages("What is known of the mails that the app sends.", "acme.example", json!({
            "authenticated": flag("Whether your mail server must have found the mail to be from the domain that it claims (DMARC, DKIM or SPF).")
                .shown(json!([true])).or("false"),
        })).shown(json!([{ "from": "acme.example", "authenticated": true }])),
        "sms": messages("What is known of the text messages that the app sends.", "ACME", json!({}))
            .shown(json!([{ "from": "ACME" }])),
        "lockout": object("When the app locks an account. Turnlock stays below it.", &["attempts", "window"], json!({
            "attempts": count("Wrong passwords until the account is locked.", 2, 1000).shown(json!([5])),
            "window": duration("The time within which they count, at most a week.").shown(json!(["15m", "24h"])),
            "cleared_by_login": flag("Whether a complete login makes the app forget earlier wrong attempts; else they count until the window is over.")
                .shown(json!([true])).or("false"),
        })).shown(json!([{ "attempts": 5, "window": "15m", "cleared_by_login": true }])).or("two wrong attempts within 15m"),
        "limits": object("How much of the app may be under way, by all workers together. Jobs beyond it wait.", &[], json!({
            "concurrent": count("At most so many attempts at once.", 1, 1000).shown(json!([3])).or("any number"),
            "per_minute": count("At most so many attempts begin within any minute.", 1, 6000).shown(json!([30])).or("any number"),
        })).shown(json!([{ "concurrent": 3, "per_minute": 30 }])),
        "timeouts": object("How long things may take, at most 10m.", &[], json!({
            "step": duration("A step, unless its target says otherwise.").shown(json!(["30s"])).or("15s"),
            "flow": duration("A whole flow.").shown(json!(["3m"])).or("2m"),
        })).shown(json!([{ "step": "30s", "flow": "3m" }])),
        "interruptions": json!({
            "description": "What may cover the page at any moment: cookie banners, dialogs that nag.",
            "type": "array",
            "items": object("When `see` is visible while a step waits, `click` is clicked.", &["see", "click"], json!({
                "see": target("What shows that it is there.").shown(json!([{ "text": "We use cookies" }])),
                "click": target("What makes it go away.").shown(json!([{ "role": "button", "name": "Reject all" }])),
            })),
        }).shown(json!([[{ "see": { "text": "We use cookies" }, "click": { "role": "button", "name": "Reject all" } }]])),
    })
}

/// What is known of messages, with what is known of this sort besides.
fn messages(description: &str, from: &str, more: Json) -> Json {
    let mut properties = json!({
        "from": texts("From whom they have to be: an address, a domain with all below it, a number or a name.")
            .shown(json!([from])).or("anybody"),
        "pattern": text("A regular expression that finds the code: its first group, or all of the match.")
            .shown(json!(["Your code: ([0-9]{6})"])).or("found by its form and the words around it"),
        "resend": target("What has the app send another code, on the page that asks for one. Clicked once where the app says `code_refused`.")
            .shown(json!([{ "role": "button", "name": "Send another code" }])),
    });
    if let (Some(properties), Json::Object(more)) = (properties.as_object_mut(), more) {
        properties.extend(more);
    }
    object(description, &[], properties)
}
