//! What a draft must never do or say, whatever was recorded: give a password away, commit by *Cancel*, delete something, or
//! claim a login that nobody recorded.

use super::passwords::{CHANGED, NEW, OLD, OLD_NEW_AGAIN, clicks, drafted, flow_is, types};
use super::*;

fn login(password: &str) -> Vec<String> {
    vec![types("kim.user", &["aria/Username"]), types(password, &["aria/Password"]), clicks("Log in")]
}

/// The way to the change of the password, and its fields filled.
fn filled() -> Vec<String> {
    let mut steps = login(OLD);
    steps.push(clicks("Change my password"));
    steps.extend([OLD, NEW, NEW].iter().zip(OLD_NEW_AGAIN).map(|(value, field)| types(value, &[field])));
    steps
}

#[test]
fn a_password_is_kept_out_however_often_it_is_escaped() {
    for (password, selector) in [
        ("Summer!2026x", r"[value='Summer\!2026x']"),
        ("Summer!2026x", r"[value='Summer\21 2026x']"),
        ("Summer!2026x", r"[value='Summer\0000212026x']"),
        ("Summer!2026x", r"[value='Summer\u00212026x']"),
        ("Summer horse battery", r"[value='Summer\ horse\ battery']"),
        ("Summer'2026x", r"[value='Summer\'2026x']"),
        (r"Summer\2026x", r"[value='Summer\\2026x']"),
        ("Summer'2026x", r#"xpath//*[@d=concat('Summer',"'",'2026x')]"#),
        ("Summer/2026x", "a[href='/u/Summer%252F2026x']"),
        ("Summer&2026x", "[value='Summer%26amp;2026x']"),
        ("Summer&+ 2026x", "[value='Summer%2526%2B+2026x']"),
        ("Summer&2026x", r"[value='Summer\26 amp;2026x']"),
    ] {
        let click = serde_json::json!({ "type": "click", "selectors": [["aria/Go on"], [selector]] });
        let mut steps = login(password);
        steps.push(click.to_string());
        let draft = draft(&recording("https://ledger.example/login", &steps.join(","))).unwrap();
        has(&draft, &["Go on"]);
        has_not(&draft, &["Summer", "2026x", "horse"]);
    }
    for (password, path) in [
        ("Summer/2026x", "/u/Summer%252F2026x"),
        ("Summer&s 9'word", "/a?x=Summer%2526s%25209%2527word"),
        ("Summer&s 9'word", "/a?x=Summer%252526s%2525209%252527word"),
    ] {
        let goes = serde_json::json!({ "type": "navigate", "url": format!("https://ledger.example{path}") });
        let mut steps = login(password);
        steps.push(goes.to_string());
        let draft = draft(&recording("https://ledger.example/login", &steps.join(","))).unwrap();
        has_not(&draft, &["Summer", "2026x", "27word"]);
    }
}

#[test]
fn what_cancels_is_no_commit() {
    for name in ["Cancel", "Abbrechen", "Close", "Zurück", "Cancel changes"] {
        let mut steps = filled();
        steps.extend([clicks(name), clicks("Profile"), clicks("Sign out")]);
        let draft = drafted(&steps);
        assert!(checked(&draft).flows.get(FlowKind::ChangePassword).is_none(), "{draft}");
        has(&draft, &["# ? change_password: which button sends the form off?"]);
        has_not(&draft, &[&format!("commit: {{ click: [{{ role: button, name: {name} }}")]);
    }
    // It may be filled once more.
    let mut steps = filled();
    steps.push(clicks("Cancel"));
    steps.extend(OLD_NEW_AGAIN[1..].iter().map(|field| types("Third-Pass-2028!", &[field])));
    steps.extend([clicks("OK"), clicks("Sign out")]);
    flow_is(&drafted(&steps), "change_password", &CHANGED);
    // What keeps the form and then closes it sends it off.
    let mut steps = filled();
    steps.extend([clicks("Save and close"), clicks("Sign out")]);
    has(&drafted(&steps), &["commit: { click: [{ role: button, name: Save and close }"]);
}

#[test]
fn what_deletes_is_never_a_step() {
    let mut steps = filled();
    steps.extend([clicks("Delete my account"), clicks("OK"), clicks("Sign out")]);
    let draft = drafted(&steps);
    flow_is(&draft, "change_password", &CHANGED);
    has(&draft, &["# ? steps[8]: what was clicked here deletes something"]);
    has_not(&draft, &["Delete my account"]);
}

#[test]
fn a_change_by_somebody_who_is_signed_in_is_no_login() {
    let steps: Vec<String> = filled().split_off(4).into_iter().chain([clicks("OK")]).collect();
    let error = draft(&recording("https://ledger.example/pw", &steps.join(","))).unwrap_err();
    assert!(error.contains("shows no login: steps[1]: the current password is typed here"), "{error}");
    // A login may call its password the current one.
    let mut steps = vec![types("kim.user", &["aria/Username"]), types(OLD, &["aria/Current password"])];
    steps.push(clicks("Log in"));
    has(&drafted(&steps), &["with: password"]);
}

#[test]
fn what_shows_no_login_is_not_told_as_one() {
    let json = recording("https://ledger.example/login", &types("kim.user", &["aria/Username"]));
    let draft = write(&recording::import(&SecretString::from(json), "ledger").unwrap());
    assert!(draft.found.iter().all(|found| !found.contains("login")), "{:?}", draft.found);
    assert!(draft.questions.iter().any(|asked| asked.contains("shows no login")), "{:?}", draft.questions);
}
