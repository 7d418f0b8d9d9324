//! The reference: every step and every key of a locator has an example, and each is run in a real browser, on the page
//! that stands beside it in fixtures/reference or on the bundled app.

use futures::future::join_all;
use serde_json::{Value as Json, json};
use turnlock::job::{Code, Kind, Outcome};
use turnlock::playbook::{locator_examples, schema};

use crate::harness::Site;
use crate::harness::rig::{FIRST_PASSWORD, Plan, Rig, acme_playbook, assert_ended};

fn page(path: &str) -> Option<String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/reference").join(path);
    std::fs::read_to_string(path).ok()
}

/// The examples of a step, as steps.
fn examples(step: &str) -> Vec<Json> {
    let schema = schema();
    let examples = schema["$defs"]["step"]["properties"][step]["examples"].as_array().unwrap().clone();
    assert!(!examples.is_empty(), "{step}");
    examples.into_iter().map(|example| json!({ step: example })).collect()
}

/// Steps that run on the bundled app, for what they do there is what they are for.
const ON_THE_APP: [&str; 3] = ["read_secret", "read_recovery_codes", "commit"];

/// A login that runs every example, and at last proves a password.
fn login() -> Vec<Json> {
    let mut steps = Vec::new();
    let done = json!({ "see": { "test_id": "done" } });
    let schema = schema();
    for step in schema["$defs"]["step"]["properties"].as_object().unwrap().keys() {
        if ON_THE_APP.contains(&step.as_str()) || step == "expect" {
            continue;
        }
        for example in examples(step) {
            let open = example["open"].clone();
            match open {
                Json::Null => {
                    steps.push(json!({ "open": format!("sso:/{step}.html") }));
                    steps.extend([example, done.clone()]);
                }
                Json::String(path) if path == "/login" => {
                    steps.extend([example, json!({ "see": { "label": "Username" } })]);
                }
                Json::String(path) if path.starts_with("sso:") => steps.extend([example, done.clone()]),
                _mailed => steps.extend([
                    json!({ "open": "/forgot" }),
                    json!({ "fill": { "into": { "label": "Username or email" }, "with": "username" } }),
                    json!({ "click": { "role": "button", "name": "Send reset mail" } }),
                    example,
                    json!({ "see": { "role": "heading", "name": "Choose a new password" } }),
                ]),
            }
        }
    }
    for (_, locator) in locator_examples() {
        steps.push(json!({ "open": "sso:/locators.html" }));
        steps.extend([json!({ "click": locator }), done.clone()]);
    }
    steps.push(json!({ "open": "sso:/expect.html" }));
    steps.push(json!({ "fill": { "into": { "label": "Password" }, "with": "password" } }));
    steps.push(json!({ "click": { "role": "button", "name": "Sign in" } }));
    steps.extend(examples("expect"));
    steps
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_and_locator_does_what_the_reference_says() {
    let site = Site::new(|request| {
        let path = request.path.trim_start_matches('/');
        let (name, kind) = match path {
            "start" => ("open.html", "text/html"),
            "page.js" => (path, "text/javascript"),
            _ => (path, "text/html"),
        };
        let body = page(name).unwrap_or_else(|| panic!("fixtures/reference has no {name}"));
        crate::harness::Reply::Answer(200, vec![("content-type", kind.into())], body)
    })
    .await;
    let head = acme_playbook();
    let head = head.split("flows:").next().unwrap();
    let origin = "  app: http://127.0.0.1:4180\n";
    let sso = format!(
        "{origin}  sso: {}\nframes: {{ sign_in: {{ css: \"iframe#sign-in\", origin: sso }} }}\n",
        site.url()
    );
    let head = head.replacen(origin, &sso, 1);
    let timeouts = "timeouts: { step: 15s, flow: 10m }";
    let playbook = format!("{head}{timeouts}\nflows: {{ login: {} }}\n", Json::from(login()));
    let rig = Rig::planned(vec![Plan { playbook, ..Plan::default() }]).await;
    let address = "alice@managed.test";
    rig.app.add_user(acme::NewUser::new("alice", FIRST_PASSWORD).email(address)).unwrap();
    let alice = rig.known("alice", FIRST_PASSWORD, Some(address)).await;
    assert_ended(&rig.run(Kind::VerifyLogin, &alice).await, Outcome::Succeeded, Code::LoggedIn);
}

/// The shipped playbook with a step of a flow in place of its own.
fn with(playbook: &str, own: &str, example: &Json) -> String {
    assert!(playbook.contains(own), "the playbook has no {own:?}");
    playbook.replacen(own, &format!("    - {example}\n"), 1)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_and_committed_is_done_so_on_the_bundled_app() {
    let acme = acme_playbook();
    let start = acme.find("    - read_secret:").unwrap();
    let read_secret = &acme[start..start + acme[start..].find("    - fill").unwrap()];
    let codes = "            - read_recovery_codes: { from: { css: ul.codes }, count: 10 }\n";
    let codes_shown = format!("            - {}\n", examples("read_recovery_codes")[0]);
    let commit = "    - commit: { click: { role: button, name: Change password } }\n";
    let names = ["first", "second", "third"];
    let (secrets, commits) = (examples("read_secret"), examples("commit"));
    assert!(secrets.len() <= names.len() && commits.len() <= names.len());
    let plans = names.iter().enumerate().map(|(nth, name)| {
        let playbook = with(&acme, read_secret, &secrets[nth % secrets.len()]);
        let playbook = with(&playbook, commit, &commits[nth % commits.len()]);
        let playbook = playbook.replacen(codes, &codes_shown, 1);
        let plan = Plan { name, playbook, ..Plan::default() };
        // The text of a secret does not say how long its codes last, and so they last as long as they mostly do.
        let is_text = secrets[nth % secrets.len()]["read_secret"].get("text").is_some();
        let app = if is_text { acme::Options::default() } else { plan.app };
        Plan { app, ..plan }
    });
    let rig = Rig::planned(plans.collect()).await;
    join_all(names.map(async |name| {
        let account = rig.account(&format!("{name}/alice")).await;
        assert_ended(&rig.run(Kind::EnrolMfa, &account).await, Outcome::Succeeded, Code::MfaEnabled);
        assert!(rig.credentials(&account).await.recovery_codes.is_some());
        let row = rig.run(Kind::ChangePassword, &account).await;
        assert_ended(&row, Outcome::Succeeded, Code::PasswordChanged);
    }))
    .await;
}
