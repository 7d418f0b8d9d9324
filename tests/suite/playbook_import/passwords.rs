//! Which of what was typed is the name, the password, the new one; and what sends it off.

use super::*;

/// A step that types, with these selectors.
pub(super) fn types(value: &str, selectors: &[&str]) -> String {
    let selectors: Vec<_> = selectors.iter().map(|each| [each]).collect();
    serde_json::json!({ "type": "change", "value": value, "selectors": selectors }).to_string()
}

pub(super) fn clicks(name: &str) -> String {
    serde_json::json!({ "type": "click", "selectors": [[format!("aria/{name}")]] }).to_string()
}

pub(super) const OLD: &str = "First-Pass-2026!";
pub(super) const NEW: &str = "Second-Pass-2027!";

/// The draft of these steps at a page for logins.
pub(super) fn drafted(steps: &[String]) -> String {
    let draft = draft(&recording("https://ledger.example/login", &steps.join(","))).unwrap();
    has_not(&draft, &["kim", "pass-20", "first-"]);
    draft
}

/// A login by these steps, then the change of the password in these fields, and the way out.
pub(super) fn login_and_change(login: &[String], fields: [&str; 3]) -> String {
    let mut steps = login.to_vec();
    steps.push(clicks("Change my password"));
    steps.extend([OLD, NEW, NEW].iter().zip(fields).map(|(value, field)| types(value, &[field])));
    steps.extend([clicks("OK"), clicks("Sign out")]);
    drafted(&steps)
}

pub(super) const OLD_NEW_AGAIN: [&str; 3] = ["aria/Old password", "aria/New password", "aria/Again"];
const PLACES: [&str; 3] = ["tr:nth-of-type(1) input", "tr:nth-of-type(2) input", "tr:nth-of-type(3) input"];

/// The steps of a flow, without what it expects.
#[track_caller]
pub(super) fn flow_is(draft: &str, flow: &str, steps: &[&str]) {
    checked(draft);
    let Some((_, flow)) = draft.split_once(&format!("\n  {flow}:\n")) else { panic!("no {flow}:\n{draft}") };
    let lines: Vec<&str> = flow
        .lines()
        .take_while(|line| !line.starts_with("    - expect"))
        .filter(|line| !line.trim_start().starts_with('#'))
        .map(str::trim)
        .collect();
    assert_eq!(lines.len(), steps.len(), "{draft}");
    for (line, step) in lines.iter().zip(steps) {
        let (what, with) = step.split_once(" <- ").unwrap_or((step, ""));
        assert!(line.contains(what) && line.contains(with), "`{step}` is not `{line}`:\n{draft}");
    }
}

pub(super) const CHANGED: [&str; 5] = [
    "click: [{ role: button, name: Change my password }",
    "{ label: Old password } <- with: password }",
    "{ label: New password } <- with: new_password }",
    "{ label: Again } <- with: new_password }",
    "commit: { click: [{ role: button, name: OK }",
];

#[test]
fn a_field_that_a_notice_moved_is_the_same_field() {
    let user = || types("kim", &["aria/User", "div:nth-of-type(1) > input"]);
    let wrong = || types("Frist-Pass-2026!", &["aria/Password", "div:nth-of-type(2) > input"]);
    let right = || types(OLD, &["aria/Password", "div:nth-of-type(3) > input"]);
    let login = ["open: /login", "fill <- with: username }", "fill <- with: password }", "click <- Sign in"];
    for steps in [
        vec![user(), wrong(), clicks("Sign in"), right(), clicks("Sign in")],
        vec![user(), wrong(), clicks("Sign in"), user(), right(), clicks("Sign in")],
        vec![user(), wrong(), clicks("Sign in"), clicks("Close"), right(), clicks("Sign in")],
        vec![user(), wrong(), right(), clicks("Sign in")],
    ] {
        let draft = login_and_change(&steps, OLD_NEW_AGAIN);
        flow_is(&draft, "login", &login);
        flow_is(&draft, "change_password", &CHANGED);
        assert!(!draft.contains("to which flow"), "{draft}");
    }
}

#[test]
fn a_password_in_two_goes_is_one_whatever_else_the_first_go_says_of_its_field() {
    let login = [
        types("kim", &["aria/User", "input[name=u]"]),
        types("First-", &["aria/Pass phrase", "input[name=p]", "xpath///*[@name=\"p\"]"]),
        types(OLD, &["aria/Pass phrase", "input[name=p]"]),
        clicks("Sign in"),
    ];
    let draft = login_and_change(&login, OLD_NEW_AGAIN);
    flow_is(
        &draft,
        "login",
        &["open", "User <- with: username }", "Pass phrase <- with: password }", "click"],
    );
    flow_is(&draft, "change_password", &CHANGED);
}

/// The same label on the page of the change, and logins before and behind it.
#[test]
fn a_new_password_is_no_correction() {
    let login = |password: &str| {
        [types("kim", &["aria/User"]), types(password, &["aria/Password"]), clicks("Sign in")]
    };
    let forced = [types(NEW, &["aria/Password"]), types(NEW, &["aria/Once more"]), clicks("Save")];
    let draft = drafted(&[login(OLD).as_slice(), &forced].concat());
    flow_is(
        &draft,
        "change_password",
        &["Password <- with: new_password }", "Once more <- with: new_password }", "commit <- Save"],
    );
    let change: Vec<String> =
        [OLD, NEW, NEW].iter().zip(OLD_NEW_AGAIN).map(|(value, field)| types(value, &[field])).collect();
    let more = [clicks("Remember it"), clicks("Sign out")];
    let draft = drafted(&[login(OLD).as_slice(), &change, &more, &login(NEW)].concat());
    flow_is(&draft, "login", &["open", "User <- with: username }", "Password <- with: password }", "click"]);
    flow_is(&draft, "change_password", &[CHANGED[1], CHANGED[2], CHANGED[3], "commit <- Remember it"]);
}

#[test]
fn the_commit_is_the_recorded_one() {
    let mut steps = vec![types("kim", &["aria/User"]), types(OLD, &["aria/Password"]), clicks("Sign in")];
    steps.extend([OLD, NEW, NEW].iter().zip(OLD_NEW_AGAIN).map(|(value, field)| types(value, &[field])));
    steps.extend([types("Waldi", &["aria/Pet's name"]), clicks("OK")]);
    let draft = drafted(&steps);
    flow_is(
        &draft,
        "change_password",
        &[CHANGED[1], CHANGED[2], CHANGED[3], "Pet's name <- text: \"?\"", CHANGED[4]],
    );
}

#[test]
fn a_current_password_is_never_the_new_one_in_any_language() {
    for label in [
        "Altes Kennwort",
        "Текущий пароль",
        "كلمة المرور الحالية",
        "Jelenlegi jelszó",
        "舊密碼",
        "Gamla lösenordet",
    ] {
        let login =
            [types("kim", &["aria/X"]), types("Frist-Pass-2026!", &["#p", "aria/Kennwort"]), clicks("Go")];
        // The page after a refusal calls its field otherwise.
        let again = [types("kim", &["aria/X"]), types(OLD, &["#q", "aria/Passwort"]), clicks("Go")];
        let field = format!("aria/{label}");
        let draft = login_and_change(&[login, again].concat(), [&field, "aria/New password", "aria/Again"]);
        let line = draft.lines().find(|line| line.contains(label)).unwrap();
        assert!(line.contains("with: password }"), "{draft}");
        assert!(
            !draft.lines().any(|line| line.contains("wort }") && line.contains("new_password")),
            "{draft}"
        );
    }
}

#[test]
fn what_stands_behind_the_name_is_the_password_whatever_it_is_called() {
    for (label, value) in [
        ("Passcode", OLD),
        ("Passcode", "kittens7"),
        ("PIN", "472913"),
        ("Secret word", OLD),
        ("Pass code", "4729138"),
    ] {
        for next in [false, true] {
            let mut steps = vec![types("kim", &["aria/User", "#u"])];
            steps.extend(next.then(|| clicks("Next")));
            steps.extend([types(value, &[&format!("aria/{label}"), "input[name=p]"]), clicks("Sign in")]);
            steps.push(clicks("Change my password"));
            let fields = OLD_NEW_AGAIN.iter().zip([value, NEW, NEW]);
            steps.extend(fields.map(|(field, value)| types(value, &[field])));
            steps.extend([clicks("OK"), clicks("Sign out")]);
            let draft = drafted(&steps);
            flow_is(&draft, "change_password", &CHANGED);
            let fill = format!(
                "fill: {{ into: [{{ label: {label} }}, {{ css: \"input[name=p]\" }}], with: password }}"
            );
            has(&draft, &[&fill]);
            assert_eq!(draft.matches("with: username }").count(), 1, "{draft}");
        }
    }
    // A code that was sent is none, and neither is what the name is completed by.
    let code = [
        types("kim", &["aria/User"]),
        clicks("Next"),
        types("472913", &["aria/One-time code"]),
        clicks("Verify"),
    ];
    has(&drafted(&code), &["with: totp }"]);
    let domain = [
        types("kim", &["aria/User"]),
        types("corp", &["aria/Domain"]),
        types(OLD, &["aria/Password"]),
        clicks("Go"),
    ];
    let draft = drafted(&domain);
    has(
        &draft,
        &["into: { label: Domain }, with: { text: \"?\" }", "into: { label: Password }, with: password }"],
    );
}

#[test]
fn a_change_of_the_password_is_known_by_its_order() {
    for fields in [PLACES, ["aria/Old:", "aria/New:", "aria/Again:"]] {
        for password in ["aria/Password", "aria/Pass phrase"] {
            let login =
                [types("kim", &["aria/User", "#u"]), types(OLD, &[password, "#p"]), clicks("Sign in")];
            let draft = login_and_change(&login, fields);
            flow_is(
                &draft,
                "change_password",
                &[
                    CHANGED[0],
                    "fill <- with: password }",
                    "fill <- with: new_password }",
                    "fill <- with: new_password }",
                    CHANGED[4],
                ],
            );
            has(&draft, &["    # ? steps[6]: is this the change of the password?"]);
            assert!(!draft.contains("to which flow"), "{draft}");
        }
    }
}

fn way_in() -> Vec<String> {
    vec![
        types("kim", &["aria/User"]),
        types(OLD, &["aria/Password"]),
        clicks("Sign in"),
        clicks("My account"),
    ]
}

/// What is clicked between the two new passwords sends nothing off: the real one would be typed and never committed.
#[test]
fn the_commit_comes_behind_the_last_new_password() {
    let click =
        |selector: &str| serde_json::json!({ "type": "click", "selectors": [[selector]] }).to_string();
    for shows in [clicks("Show"), clicks("Toggle visibility"), click("#eye2"), clicks("Show password")] {
        let form = [
            types(OLD, &["aria/Current password"]),
            types(NEW, &["aria/New password"]),
            shows.clone(),
            types(NEW, &["aria/Confirm"]),
            shows,
            clicks("Save"),
        ];
        let draft = drafted(&[way_in().as_slice(), &form].concat());
        flow_is(
            &draft,
            "change_password",
            &[
                "click <- My account",
                "Current password <- with: password }",
                "New password <- with: new_password }",
                "Confirm <- with: new_password }",
                "commit <- Save",
            ],
        );
        has_not(&draft, &["eye", "Toggle", "name: Show"]);
    }
    for (between, commit) in [("Close tip", "Save"), ("Next", "Finish")] {
        let form = [
            types(OLD, &["aria/Current password"]),
            types(NEW, &["aria/New password"]),
            clicks(between),
            types(NEW, &["aria/Repeat it"]),
            click("div.card"),
            clicks(commit),
        ];
        let draft = drafted(&[way_in().as_slice(), &form].concat());
        flow_is(
            &draft,
            "change_password",
            &[
                "click <- My account",
                "Current password <- with: password }",
                "New password <- with: new_password }",
                &format!("- click <- {between}"),
                "Repeat it <- with: new_password }",
                "click <- div.card",
                &format!("commit <- {commit}"),
            ],
        );
        has(&draft, &["# ? steps[7]: does the change need this, and is nothing sent off by it?"]);
    }
}

/// A box that ends the sessions of other devices.
#[test]
fn what_signs_other_devices_out_is_no_way_out() {
    for (name, selectors) in [
        ("Sign out of other devices", &["aria/Sign out of other devices"][..]),
        ("Log out everywhere else", &["aria/Log out everywhere else", "#others"]),
        ("Sign out now", &["aria/Sign out now[role=\"switch\"]"]),
    ] {
        let ticks = serde_json::json!({ "type": "click", "selectors": selectors.iter().map(|each| [each]).collect::<Vec<_>>() });
        let mut form: Vec<String> =
            [OLD, NEW, NEW].iter().zip(OLD_NEW_AGAIN).map(|(value, field)| types(value, &[field])).collect();
        form.extend([ticks.to_string(), clicks("Save")]);
        let draft = drafted(&[way_in(), form].concat());
        flow_is(
            &draft,
            "change_password",
            &[
                "click <- My account",
                CHANGED[1],
                CHANGED[2],
                CHANGED[3],
                &format!("click <- {name}"),
                "commit <- Save",
            ],
        );
        has(
            &draft,
            &["# ? steps[8]: does the change need this?", "# ? what does only somebody signed in see?"],
        );
        has_not(&draft, &["\n  logout:"]);
    }
}

/// What the field is in may be called `login`.
#[test]
fn only_the_field_itself_says_what_it_is() {
    let path = |nth: u8| format!("#login-form > div:nth-of-type({nth}) > input");
    let chain = |value: &str, selector: &str| {
        serde_json::json!({ "type": "change", "value": value, "selectors": [["app-login", selector]] })
            .to_string()
    };
    for fields in [
        [types("kim", &[&path(1)]), types(OLD, &[&path(2)])],
        [chain("kim", "#u"), chain(OLD, "#p")],
        [types("kim", &["#login-name"]), types(OLD, &["#login-pass"])],
        [types("887766", &["aria/Customer number"]), types("4711", &["aria/PIN"])],
        [types("887766", &["aria/Number"]), types("4711", &["aria/PIN"])],
    ] {
        let draft = drafted(&[fields.as_slice(), &[clicks("Log in"), clicks("Log out")]].concat());
        flow_is(
            &draft,
            "login",
            &["open: /login", "fill <- with: username }", "fill <- with: password }", "click <- Log in"],
        );
        flow_is(&draft, "logout", &["click <- Log out"]);
        has_not(&draft, &["4711", "887766"]);
        assert_eq!(
            draft.contains("is this the name, and"),
            draft.contains("div:nth") || draft.contains("#u"),
            "{draft}"
        );
    }
}

#[test]
fn what_a_login_asks_for_beside_a_pin_is_no_password() {
    let fields = [
        types("887766", &["aria/Customer number"]),
        types("Fluffy", &["aria/Mother's maiden name"]),
        types("4711", &["aria/PIN"]),
    ];
    let draft = drafted(&[fields.as_slice(), &[clicks("Log in")]].concat());
    flow_is(
        &draft,
        "login",
        &[
            "open: /login",
            "Customer number <- with: username }",
            "maiden name <- text: \"?\"",
            "PIN <- with: password }",
            "click <- Log in",
        ],
    );
    has_not(&draft, &["Fluffy", "4711"]);
}
