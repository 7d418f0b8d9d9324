//! The flows, each with an example that is whole.

use serde_json::{Map, Value as Json, json};

use super::parts::{Shown, object, steps};
use crate::playbook::FlowKind;

pub(super) fn flows() -> Json {
    let mut flows = Map::new();
    for kind in FlowKind::ALL {
        let starts = if kind.starts_fresh() { "in a fresh browser" } else { "signed in" };
        let commits = if kind.commits() { ", with exactly one `commit` before" } else { "" };
        let description =
            format!("{} Begins {starts}, succeeds with `{}`{commits}.", purpose(kind), kind.goal());
        flows.insert(kind.as_str().to_owned(), steps(&description).shown(json!([example(kind)])));
    }
    object("What can be done with the app.", &[], flows.into()).shown(json!([{
        "login": example(FlowKind::Login),
        "logout": example(FlowKind::Logout),
    }]))
}

/// Every flow's example.
pub(super) fn examples() -> Json {
    let flows: Map<_, _> =
        FlowKind::ALL.into_iter().map(|kind| (kind.as_str().to_owned(), example(kind))).collect();
    flows.into()
}

fn purpose(kind: FlowKind) -> &'static str {
    match kind {
        FlowKind::Login => "Signs in, and so proves the credentials.",
        FlowKind::Logout => "Signs out.",
        FlowKind::EnrolMfa => "Turns on codes of an authenticator app.",
        FlowKind::EnrolMfaEmail => "Turns on codes by mail, to the account's managed address.",
        FlowKind::EnrolMfaSms => "Turns on codes by text message, to the account's number.",
        FlowKind::ChangePassword => "Changes the password.",
        FlowKind::Recover => "Sets a new password when no known one opens the account.",
        FlowKind::SetContact => "Has the app send to the account's managed address or number.",
    }
}

fn example(kind: FlowKind) -> Json {
    let click = |name: &str| json!({ "click": { "role": "button", "name": name } });
    let fill = |label: &str, with: &str| json!({ "fill": { "into": { "label": label }, "with": with } });
    let code_sent = |end: &str, text: &str| json!({ "expect": { end: { "text": text }, "code_refused": { "text": "Wrong code" } } });
    match kind {
        FlowKind::Login => json!([
            { "open": "/login" },
            fill("Username", "username"),
            fill("Password", "password"),
            click("Sign in"),
            { "expect": {
                "signed_in": { "role": "button", "name": "Sign out" },
                "bad_credentials": { "text": "Wrong username or password" },
            } },
        ]),
        FlowKind::Logout => {
            json!([click("Sign out"), { "expect": { "signed_out": { "text": "You are signed out" } } }])
        }
        FlowKind::EnrolMfa => json!([
            { "open": "/account/mfa" },
            { "expect": {
                "mfa_already_on": { "text": "Two-factor authentication is on" },
                "mfa_off": { "see": { "role": "button", "name": "Turn on" }, "then": [click("Turn on")] },
            } },
            { "read_secret": { "text": { "css": "code.secret" }, "qr": { "css": ".qr" } } },
            fill("Code", "totp"),
            { "commit": click("Confirm") },
            { "expect": {
                "mfa_enabled": {
                    "see": { "role": "heading", "name": "Recovery codes" },
                    "then": [{ "read_recovery_codes": { "from": { "css": "ul.codes" }, "count": 10 } }],
                },
                "code_refused": { "text": "Wrong code" },
            } },
        ]),
        FlowKind::EnrolMfaEmail => json!([
            { "open": "/account/mfa/email" },
            click("Turn on email codes"),
            fill("Confirmation code", "email_code"),
            click("Confirm"),
            code_sent("mfa_enabled", "Email codes are on"),
        ]),
        FlowKind::EnrolMfaSms => json!([
            { "open": "/account/mfa/sms" },
            click("Turn on text message codes"),
            fill("Confirmation code", "sms_code"),
            click("Confirm"),
            code_sent("mfa_enabled", "Text message codes are on"),
        ]),
        FlowKind::ChangePassword => json!([
            { "open": "/account/password" },
            fill("Current password", "password"),
            fill("New password", "new_password"),
            { "commit": click("Change password") },
            { "expect": {
                "password_changed": { "text": "Your password was changed" },
                "password_refused": { "text": "does not meet the rules" },
                "bad_credentials": { "text": "Current password is wrong" },
            } },
        ]),
        FlowKind::Recover => json!([
            { "open": "/forgot" },
            fill("Username or email", "username"),
            click("Send reset mail"),
            { "open": "email_link" },
            fill("New password", "new_password"),
            { "commit": click("Set password") },
            { "expect": {
                "password_changed": { "text": "Your password was set" },
                "password_refused": { "text": "does not meet the rules" },
                "code_refused": { "text": "This link has expired" },
            } },
        ]),
        FlowKind::SetContact => json!([
            { "open": "/account/email" },
            fill("New email address", "address"),
            click("Send code"),
            fill("Confirmation code", "email_code"),
            click("Confirm"),
            code_sent("contact_set", "Your email is now"),
        ]),
    }
}
