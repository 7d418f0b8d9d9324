//! Which form is which, and what is no part of one.

use turnlock::playbook::{Action, parse};

use super::passwords::{CHANGED, NEW, OLD, OLD_NEW_AGAIN, clicks, drafted, flow_is, login_and_change, types};
use super::{draft, has, has_not, recording};
use crate::harness::{SOON, Site, Stage};

fn login() -> Vec<String> {
    vec![types("kim", &["aria/User"]), types(OLD, &["aria/Password"]), clicks("Sign in")]
}

/// A click with these selectors, and the page that came with it.
fn clicks_on(selectors: &[&str], leads_to: Option<&str>) -> String {
    let selectors: Vec<_> = selectors.iter().map(|each| [each]).collect();
    let events: Vec<_> =
        leads_to.iter().map(|url| serde_json::json!({ "type": "navigation", "url": url })).collect();
    serde_json::json!({ "type": "click", "selectors": selectors, "assertedEvents": events }).to_string()
}

/// A draft in which no key's name stands.
fn without_digits(steps: &[String]) -> String {
    let draft = drafted(steps);
    has(&draft, &["characters were clicked or pressed one by one, and are left out"]);
    has_not(
        &draft,
        &["847291", "name: \"8\"", "name: 8", "text: 8", "Digit", "key8", "key=", "eight", "tuv", "nth-"],
    );
    draft
}

#[test]
fn what_is_clicked_on_a_keypad_is_never_written_out() {
    let number = || vec![types("kim-4711", &["aria/Customer number"]), clicks("Next")];
    let keys: [&dyn Fn(char) -> String; 8] = [
        &|c| clicks(&c.to_string()),
        &|c| clicks_on(&[&format!("text/{c}"), "div.key"], None),
        &|c| clicks(&format!("Digit {c}[role=\"button\"]")),
        &|c| clicks_on(&[&format!("#key{c}")], None),
        &|c| clicks_on(&["aria/Key", &format!("[data-key=\"{c}\"]")], None),
        &|c| clicks_on(&[&format!("div.pad > button:nth-of-type({c})")], None),
        &|c| clicks_on(&[&format!("xpath///*[@data-digit=\"{c}\"]")], None),
        &|c| serde_json::json!({ "type": "keyDown", "key": c.to_string() }).to_string(),
    ];
    for key in keys {
        let pin = "847291".chars().map(key).collect::<Vec<_>>();
        let draft =
            without_digits(&[number(), pin.clone(), vec![clicks("Enter"), clicks("Sign out")]].concat());
        // `check` says that a password is missing, until the question is answered.
        has(
            &draft,
            &[
                "{ label: Customer number }, with: username }",
                "name: Next",
                "name: Enter",
                "signed_in: [{ role: button, name: Sign out }",
            ],
        );
        // Behind a password it is another secret, and is in no comment either.
        let draft = without_digits(&[login(), pin, vec![clicks("Enter"), clicks("Sign out")]].concat());
        flow_is(&draft, "login", &["open", "User", "Password <- with: password }", "Sign in"]);
    }
    // A key that was taken back, one with letters, and one that was clicked later.
    let spoken = ["8 TUV", "Delete", "eight", "4 ghi", "7 PQRS"].map(clicks);
    let draft = without_digits(&[number(), spoken.to_vec(), vec![clicks("Enter"), clicks("8")]].concat());
    has_not(&draft, &["Delete", "ghi"]);
    // The keypad writes into a field by itself.
    let written = (1..7).flat_map(|to| [clicks(&"847291"[to - 1..to]), types(&"847291"[..to], &["#shown"])]);
    without_digits(&[number(), written.collect(), vec![clicks("Enter")]].concat());
    // What is called otherwise is no keypad, and neither is less than a secret.
    let pages = ["Page one two", "Reports", "8", "Invoices"].map(clicks);
    has(&drafted(&[login(), pages.to_vec()].concat()), &["name: Reports", "name: \"8\"", "name: Invoices"]);
}

/// Nothing of a pad stands in an address that came with it either.
#[test]
fn what_was_clicked_is_kept_out_of_addresses() {
    let mut steps: Vec<String> = vec![types("kim", &["aria/User"])];
    steps.extend("847291".chars().map(|c| clicks(&c.to_string())));
    steps.push(clicks("Enter"));
    steps.push(
        serde_json::json!({ "type": "navigate", "url": "https://ledger.example/in?pin=847291" }).to_string(),
    );
    without_digits(&steps);
}

#[test]
fn the_sign_in_is_what_sends_the_form_off() {
    let fields = || vec![types("kim", &["aria/User"]), types(OLD, &["aria/Password"])];
    let steps = ["open", "User <- with: username }", "Password <- with: password }"];
    for tick in [
        clicks("Remember me"),
        clicks("Remember me[role=\"checkbox\"]"),
        clicks_on(&["#keep", "input[type=checkbox]"], None),
        clicks("Angemeldet bleiben"),
    ] {
        let draft = drafted(&[fields(), vec![tick, clicks("Sign in"), clicks("Sign out")]].concat());
        flow_is(&draft, "login", &[steps.as_slice(), &["click:", "click: <- Sign in"]].concat());
        has(&draft, &["# ? steps[3]: does signing in need this?"]);
    }
    for (aside, says) in [
        ("I'm not a robot[role=\"checkbox\"]", "# ? steps[3]: a CAPTCHA was clicked here"),
        ("Show password", "# steps[3]: what shows the password is left out"),
    ] {
        let draft = drafted(&[fields(), vec![clicks(aside), clicks("Sign in"), clicks("Sign out")]].concat());
        flow_is(&draft, "login", &[steps.as_slice(), &["click: <- Sign in"]].concat());
        has(&draft, &[says]);
        has_not(&draft, &["robot", "Show password"]);
    }
    // A CAPTCHA's frame is no frame of the playbook's.
    let frame = serde_json::json!({
        "type": "click", "target": "https://www.google.com/recaptcha/api2/anchor?k=1", "selectors": [["#anchor"]]
    });
    let draft = drafted(&[fields(), vec![frame.to_string(), clicks("Sign in")]].concat());
    flow_is(&draft, "login", &[steps.as_slice(), &["click: <- Sign in"]].concat());
    has_not(&draft, &["google", "frames:"]);
    // Without a word for it: the button's type, then the next page.
    let home = Some("https://ledger.example/home");
    for sign_in in [clicks_on(&["aria/Away", "button[type=submit]"], None), clicks_on(&["aria/Away"], home)] {
        let more = vec![clicks("Dark mode"), sign_in, clicks("Reports"), clicks("Sign out")];
        let draft = drafted(&[fields(), more].concat());
        flow_is(&draft, "login", &[steps.as_slice(), &["click: <- Dark mode", "click: <- Away"]].concat());
    }
    let draft = drafted(&[fields(), vec![clicks("Away"), clicks("Reports"), clicks("Sign out")]].concat());
    flow_is(&draft, "login", &[steps.as_slice(), &["click: <- Away"]].concat());
    has(&draft, &["# ? steps[3]: does this sign in?", "# - click: [{ role: button, name: Reports }"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_is_ticked_on_the_way_to_the_button() {
    let site = Site::page(
        "<form onsubmit='document.body.innerHTML = `in, ` + this.keep.checked; return false'>
        <label>User <input></label><label>Password <input type=password></label>
        <label><input type=checkbox name=keep> Remember me</label><button>Sign in</button></form>",
    )
    .await;
    let steps = [login()[0].clone(), login()[1].clone(), clicks("Remember me"), clicks("Sign in")];
    let draft = draft(&recording(&site.url(), &steps.join(","))).unwrap();
    let playbook = parse("ledger.yaml", &draft, &Default::default()).unwrap();
    let stage = Stage::open(&site.url()).await;
    for step in &playbook.flows.login.steps {
        if let Action::Click(target) = &step.action {
            stage.page.click(target, SOON).await.unwrap_or_else(|error| panic!("{error}\n{draft}"));
        }
    }
    assert_eq!(stage.text("{ css: body }").await, "in, true");
}

#[test]
fn a_form_that_was_filled_once_more_is_there_once() {
    let again = |wrong: &str| {
        let fields = ["aria/Current password", "#n1", "#n2"];
        let fill = |values: [&str; 3]| {
            values.iter().zip(fields).map(|(value, field)| types(value, &[field])).collect::<Vec<_>>()
        };
        [
            login(),
            fill([OLD, NEW, wrong]),
            vec![clicks("Update")],
            fill([OLD, NEW, NEW]),
            vec![clicks("Update"), clicks("Sign out")],
        ]
        .concat()
    };
    let change = [
        "Current password <- with: password }",
        "#n1 <- with: new_password }",
        "#n2 <- with: new_password }",
        "commit <- Update",
    ];
    let labelled: Vec<String> =
        again("Secnd-Pass-2027!").iter().map(|step| step.replace("#n1", "aria/New password")).collect();
    let draft = drafted(&labelled);
    flow_is(
        &draft,
        "change_password",
        &[change[0], "New password <- with: new_password }", change[2], change[3]],
    );
    has_not(&draft, &["to which flow", "text: \"?\"", "secnd"]);
    // The fields that have no label, in a form that was sent by Confirm alone.
    let draft = drafted(&again("Secnd-Pass-2027!"));
    flow_is(&draft, "change_password", &change);
    has_not(&draft, &["to which flow", "text: \"?\"", "secnd"]);
    // The current password was wrong, and a user name was typed again beside its password.
    let relogin =
        [types("kim", &["aria/User"]), types("Frist-Pass-2026!", &["aria/Password"]), clicks("Sign in")];
    let draft = drafted(&[relogin.to_vec(), login(), vec![clicks("Sign out")]].concat());
    flow_is(
        &draft,
        "login",
        &["open", "User <- with: username }", "Password <- with: password }", "Sign in"],
    );
    has_not(&draft, &["to which flow", "frist"]);
}

/// The login, then the password changed twice: the second time from what the first one made it.
#[test]
fn a_second_change_is_no_correction() {
    let change = |values: [&str; 3]| {
        let mut steps: Vec<String> =
            values.iter().zip(OLD_NEW_AGAIN).map(|(value, field)| types(value, &[field])).collect();
        steps.push(clicks("OK"));
        steps
    };
    let third = "Third-Pass-2028!";
    let draft = drafted(&[login(), change([OLD, NEW, NEW]), change([NEW, third, third])].concat());
    flow_is(&draft, "change_password", &CHANGED[1..]);
    has(&draft, &["to which flow"]);
}

#[test]
fn a_user_name_may_be_typed_behind_the_password() {
    let steps = [types(OLD, &["aria/Password"]), types("kim", &["aria/User name"]), clicks("Sign in")];
    let draft = login_and_change(&steps, OLD_NEW_AGAIN);
    let login = ["open", "Password <- with: password }", "User name <- with: username }", "Sign in"];
    flow_is(&draft, "login", &login);
    flow_is(&draft, "change_password", &CHANGED);
}

#[test]
fn a_registration_is_no_login() {
    let chosen = [types(OLD, &["aria/New password"]), types(OLD, &["aria/Repeat it"]), clicks("Save")];
    let error = draft(&recording("https://ledger.example/join", &chosen.join(","))).unwrap_err();
    assert!(error.contains("steps[1]: a password is chosen here"), "{error}");
    let registered = |button: &str, twice: bool| {
        let mut steps = vec![types("kim", &["aria/User"]), types(OLD, &["aria/Password"])];
        steps.extend(twice.then(|| types(OLD, &["aria/Confirm password"])));
        steps.push(clicks(button));
        steps
    };
    for steps in [registered("Create account", true), registered("Go", true), registered("Sign up", false)] {
        let error = draft(&recording("https://ledger.example/join", &steps.join(","))).unwrap_err();
        assert!(error.contains("shows no login: steps[2]: a password is chosen here"), "{error}");
        assert!(!error.contains("kim") && !error.contains(OLD), "{error}");
        let draft = drafted(&[steps, vec![clicks("Sign out")], login(), vec![clicks("Sign out")]].concat());
        let login = ["open: /", "User <- with: username }", "Password <- with: password }", "Sign in"];
        flow_is(&draft, "login", &login);
        has(&draft, &["on which page does the login begin?", "signed_in: [{ role: button, name: Sign out }"]);
    }
}

#[test]
fn another_form_on_the_way_is_none_of_the_change() {
    let change = |between: Vec<String>| {
        let mut steps = [login(), vec![clicks("Profile")], between].concat();
        steps.extend([OLD, NEW, NEW].iter().zip(OLD_NEW_AGAIN).map(|(value, field)| types(value, &[field])));
        drafted(&[steps, vec![clicks("OK"), clicks("Sign out")]].concat())
    };
    let name = || types("Kim K.", &["aria/Display name"]);
    let draft = change(vec![name(), clicks("Save profile")]);
    let steps = [["click: <- Profile"].as_slice(), &CHANGED[1..]].concat();
    flow_is(&draft, "change_password", &steps);
    has(
        &draft,
        &[
            "    # ? steps[5] to [6]: another form was filled and sent off here",
            "# - fill: { into: { label: Display name }",
            "# - click: [{ role: button, name: Save profile }",
        ],
    );
    // What belongs to the form, what is looked for, and a password that lets in, stay.
    let stays = |between: Vec<String>, steps: &[&str]| {
        let way = [["click: <- Profile"].as_slice(), steps, &CHANGED[1..]].concat();
        flow_is(&change(between), "change_password", &way);
    };
    stays(vec![name()], &["Display name"]);
    let search = vec![types("Kim K.", &["aria/Search"]), clicks("Go"), clicks("Security")];
    stays(search, &["fill: <- Search", "click: <- Go", "click: <- Security"]);
    let sudo = vec![types(OLD, &["aria/Password please"]), clicks("Confirm")];
    stays(sudo, &["fill: <- password }", "click: <- Confirm"]);
}

/// What stands before the way out may have done something for good: no menu is called so, and no step does it again.
#[test]
fn what_was_done_once_is_no_menu_of_the_way_out() {
    for deed in [
        "Delete user",
        "Deactivate user",
        "Remove profile picture",
        "Update profile",
        "Save account settings",
        "Disconnect Google account",
        "Reset user",
        "Upgrade account",
        "Benutzer löschen",
    ] {
        let draft = drafted(&[login(), vec![clicks(deed), clicks("Sign out")]].concat());
        has(&draft, &["signed_in: [{ role: button, name: Sign out }, { role: link, name: Sign out }]"]);
        let steps: Vec<_> = draft.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
        assert!(!steps.iter().any(|line| line.contains(deed)), "{draft}");
    }
    for menu in ["My account", "Open user menu", "User menu", "Profile", "Konto"] {
        let draft = drafted(&[login(), vec![clicks(menu), clicks("Sign out")]].concat());
        has(&draft, &[&format!("signed_in: [{{ role: button, name: {menu} }},")]);
    }
}

/// Codes that a page shows once and somebody clicks to copy them.
#[test]
fn codes_that_were_clicked_stand_nowhere() {
    for code in [
        "a1b2c-d3e4f",
        "5d8f3-0a9be",
        "8492-1033",
        "84921 03347",
        "492 817",
        "XKCD-9FJ2",
        "H7GT-92KS-LQ01",
        "k7Qm2xVt",
        "abcd-efgh-ijkl",
        "f3a9c1",
    ] {
        let awaits = serde_json::json!({ "type": "waitForElement", "selectors": [[format!("text/{code}")]] });
        let draft =
            drafted(&[login(), vec![clicks("Enable 2FA"), clicks(code), awaits.to_string()]].concat());
        has_not(&draft, &[code]);
    }
    let draft =
        drafted(&[login(), vec![clicks("Two-factor authentication"), clicks("Step-by-step guide")]].concat());
    has(&draft, &["Step-by-step guide"]);
}
