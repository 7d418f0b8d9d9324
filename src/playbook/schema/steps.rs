//! Steps, and what stands in them.

use serde_json::{Map, Value as Json, json};

use super::parts::{NAME, Shown, count, duration, object, steps, target, text, texts};
use crate::playbook::{Destination, End, Key, Value};

pub(super) fn step() -> Json {
    json!({
        "description": "One thing done or expected on a page: exactly one key.",
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": false,
        "properties": properties(),
    })
}

pub(super) fn value() -> Json {
    json!({
        "description": "What is typed. Secrets come from the vault and the inbox, never from the playbook.",
        "anyOf": [
            { "enum": Value::NAMES },
            object("A literal.", &["text"], json!({ "text": text("The literal.").shown(json!(["Personal"])) })),
        ],
    })
}

pub(super) fn branch() -> Json {
    json!({
        "description": "What shows the state, and what to do then.",
        "anyOf": [
            { "$ref": "#/$defs/target" },
            object("", &["see"], json!({
                "see": target("What shows the state.").shown(json!([{ "text": "Welcome back" }])),
                "then": steps("What to do then. A state that is no end needs it; `[]` goes on behind the `expect`.")
                    .shown(json!([[{ "click": { "role": "button", "name": "Not now" } }]])),
            })),
        ],
    })
}

fn properties() -> Json {
    let clicked = json!([{ "role": "button", "name": "Sign in" }]);
    json!({
        "open": open(),
        "click": target("Clicks.").shown(clicked),
        "fill": object("Replaces what a field holds.", &["into", "with"], json!({
            "into": target("The field.").shown(json!([{ "label": "Username" }])),
            "with": json!({ "description": "What is typed: a value of the account, or a literal.", "$ref": "#/$defs/value" })
                .shown(json!(["username", { "text": "Personal" }])),
        })).shown(json!([
            { "into": { "label": "Username" }, "with": "username" },
            { "into": { "label": "Username" }, "with": { "text": "Personal" } },
        ])),
        "check": target("Checks a checkbox or switch, if it is not.").shown(json!([{ "label": "Trust this device" }])),
        "uncheck": target("Unchecks it, if it is checked.").shown(json!([{ "label": "Stay signed in" }])),
        "select": object("Picks an option of a `<select>`.", &["in", "option"], json!({
            "in": target("The `<select>`.").shown(json!([{ "label": "Method" }])),
            "option": text("The option's visible text.").shown(json!(["Authenticator app"])),
        })).shown(json!([{ "in": { "label": "Method" }, "option": "Authenticator app" }])),
        "press": press(),
        "hover": target("Moves the mouse over an element: a menu opens, say.").shown(json!([{ "role": "button", "name": "Menu" }])),
        "see": target("Waits until visible.").shown(json!([{ "text": "Welcome back" }])),
        "gone": target("Waits until not visible.").shown(json!([{ "text": "Loading" }])),
        "expect": expect(),
        "read_secret": json!({
            "description": "Reads the TOTP secret that the app shows. Several keys are alternatives, tried together, and what they show must agree. `enrol_mfa` only.",
            "type": "object",
            "minProperties": 1,
            "additionalProperties": false,
            "properties": {
                "text": target("The element whose text or value is the secret, in base 32.").shown(json!([{ "css": "code.secret" }])),
                "link": target("The link to `otpauth://…`.").shown(json!([{ "css": "a.otpauth" }])),
                "qr": target("The picture: `img`, `canvas` or `svg`.").shown(json!([{ "css": ".qr" }])),
            },
        }).shown(json!([
            { "text": { "css": "code.secret" } },
            { "link": { "css": "a.otpauth" } },
            { "qr": { "css": ".qr" } },
        ])),
        "read_recovery_codes": object("Reads the recovery codes that the app shows or offers as a file. `enrol_mfa` only.", &[], json!({
            "from": target("The element that holds them all, as text or as its value.").shown(json!([{ "css": "ul.codes" }])).or("`download`"),
            "download": target("What is clicked for the file that holds them all.").shown(json!([{ "role": "link", "name": "Download codes" }])).or("`from`"),
            "count": count("How many there must be.", 1, 1000).shown(json!([10])).or("any number"),
        })).shown(json!([{ "from": { "css": "ul.codes" }, "count": 10 }])),
        "commit": commit(),
    })
}

fn press() -> Json {
    object("Presses a key.", &["key"], json!({
        "key": json!({ "description": "The key.", "enum": Key::ALL.map(Key::as_str) }).shown(json!(["Enter"])),
        "in": target("The element that has the focus then.").shown(json!([{ "label": "Search" }])).or("the one that has it already"),
    }))
    .shown(json!([{ "key": "Enter", "in": { "label": "Search" } }]))
}

fn commit() -> Json {
    let fill = object(
        "Fills in the field with which the page submits itself.",
        &["into", "with"],
        json!({
            "into": target("The field.").shown(json!([{ "label": "Code" }])),
            "with": json!({ "description": "In `enrol_mfa`, `totp`; in `change_password` and `recover`, `new_password`.", "enum": ["totp", "new_password"] })
                .shown(json!(["totp"])),
        }),
    );
    json!({
        "description": "Wraps the one step after which the app may have taken the new credential: a click or a press, or the fill where the page submits itself. `enrol_mfa`, `change_password` and `recover` only.",
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": false,
        "properties": {
            "click": target("Clicks.").shown(json!([{ "role": "button", "name": "Change password" }])),
            "press": press().shown(json!([{ "key": "Enter", "in": { "label": "New password" } }])),
            "fill": fill.shown(json!([{ "into": { "label": "Code" }, "with": "totp" }])),
        },
    })
    .shown(json!([
        { "click": { "role": "button", "name": "Change password" } },
        { "press": { "key": "Enter", "in": { "label": "New password" } } },
    ]))
}

fn open() -> Json {
    let link = object(
        "The link that the app mails.",
        &[],
        json!({
            "containing": texts("The link's words or its address contain this text.").shown(json!(["Choose a new password"])),
            "timeout": duration("How long to wait for it.").shown(json!(["2m"])).or("1m"),
        }),
    );
    json!({
        "description": "Goes to a path on the origin `app` (`/login`), on another one (`sso:/start`), or a whole URL within them; or to `email_link`, the link that the app mails.",
        "anyOf": [
            { "type": "string" },
            object("", &[Destination::MAILED_LINK], json!({
                (Destination::MAILED_LINK): link.shown(json!([{ "containing": "Choose a new password", "timeout": "2m" }])),
            })),
        ],
    })
    .shown(json!([
        "/login",
        "sso:/start",
        Destination::MAILED_LINK,
        { (Destination::MAILED_LINK): { "containing": "Choose a new password", "timeout": "2m" } },
    ]))
}

fn expect() -> Json {
    let mut states = Map::new();
    states.insert(
        "timeout".to_owned(),
        duration("How long to wait.").shown(json!(["30s"])).or("`timeouts.step`"),
    );
    for end in End::ALL {
        states.insert(
            end.as_str().to_owned(),
            json!({ "description": format!("An end: {}.", meaning(end)), "$ref": "#/$defs/branch" })
                .shown(shown(end)),
        );
    }
    let own = object(
        "A state of your own: the flow goes on after it.",
        &["see", "then"],
        json!({
            "see": target("What shows the state.").shown(json!([{ "label": "Authentication code" }])),
            "then": steps("What to do then; `[]` just goes on behind the `expect`.").shown(json!([[]])),
        }),
    );
    let code = json!([
        { "fill": { "into": { "label": "Authentication code" }, "with": "totp" } },
        { "click": { "role": "button", "name": "Verify" } },
    ]);
    json!({
        "description": "Waits for the first of several states; when several hold at once, the one further up counts. Those named here end the flow; any other name is a state of your own, after which the flow goes on.",
        "type": "object",
        "minProperties": 1,
        "properties": states,
        "propertyNames": { "pattern": NAME },
        "additionalProperties": own.shown(json!([{ "see": { "label": "Authentication code" }, "then": code }])),
    })
    .shown(json!([{
        "signed_in": { "role": "button", "name": "Sign out" },
        "bad_credentials": { "text": "Wrong username or password" },
    }]))
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

fn shown(end: End) -> Json {
    match end {
        End::SignedIn => json!([
            { "role": "button", "name": "Sign out" },
            { "see": { "text": "Welcome back" }, "then": [{ "click": { "role": "button", "name": "Not now" } }] },
        ]),
        End::SignedOut => json!([{ "text": "You are signed out" }]),
        End::MfaEnabled => json!([{ "text": "Two-factor authentication is on" }]),
        End::MfaAlreadyOn => json!([{ "role": "button", "name": "Turn off" }]),
        End::MfaUnmanaged => json!([{ "text": "Your organisation manages two-factor authentication" }]),
        End::PasswordChanged => json!([{ "text": "Your password was changed" }]),
        End::ContactSet => json!([{ "text": "Your email is now" }]),
        End::BadCredentials => json!([{ "text": ["Wrong username or password", "No such user"] }]),
        End::CodeRefused => json!([{ "text": "Wrong code" }]),
        End::PasswordRefused => json!([{ "text": ["is too short", "is too common"] }]),
        End::AccountLocked => json!([{ "text": "Too many attempts" }]),
        End::Captcha => json!([{ "text": "confirm that you are not a robot" }]),
        End::NeedsHuman => json!([{ "role": "heading", "name": "Accept the new terms" }]),
        End::AppError => json!([{ "text": "Something went wrong" }]),
    }
}
