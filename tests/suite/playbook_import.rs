//! `turnlock playbook import`: recordings become drafts, and nothing that was typed is in them.

mod forms;
mod harmless;
mod passwords;

use std::path::PathBuf;

use secrecy::SecretString;
use turnlock::draft::{recording, write};
use turnlock::playbook::{Action, FlowKind, OriginOverrides, Playbook, Rule, format, parse};

use crate::harness::{SOON, Site, Stage};

fn draft(json: &str) -> Result<String, String> {
    let findings =
        recording::import(&SecretString::from(json), "ledger").map_err(|error| error.to_string())?;
    let draft = write(&findings).yaml;
    let formatted = format("ledger.yaml", &draft).unwrap_or_else(|why| panic!("{why}\n{draft}"));
    assert_eq!(formatted.text, draft, "a draft is formatted");
    Ok(draft)
}

fn fixture(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/recordings").join(name);
    draft(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Sound once its questions are answered; and until then it does not run.
fn checked(draft: &str) -> Playbook {
    const OPEN: &str = "with: { text: \"?\" }";
    let steps = draft.lines().filter(|line| !line.trim_start().starts_with('#'));
    let open = steps.filter(|line| line.contains(OPEN)).count();
    let told = parse("ledger.yaml", draft, &OriginOverrides::new()).map_or_else(
        |report| report.diagnostics.iter().filter(|found| found.rule == Rule::QuestionOpen).count(),
        |_| 0,
    );
    assert_eq!(told, open, "{draft}");
    parse("ledger.yaml", &draft.replace(OPEN, "with: { text: answered }"), &OriginOverrides::new())
        .unwrap_or_else(|report| panic!("{}\n{draft}", report.render(false)))
}

#[track_caller]
fn has(draft: &str, parts: &[&str]) {
    for part in parts {
        assert!(draft.contains(part), "`{part}` is not in:\n{draft}");
    }
}

#[track_caller]
fn has_not(draft: &str, parts: &[&str]) {
    for part in parts {
        assert!(!draft.to_lowercase().contains(&part.to_lowercase()), "`{part}` is in:\n{draft}");
    }
}

#[test]
fn a_login_and_a_change_of_password() {
    let draft = fixture("login-and-change.json");
    let playbook = checked(&draft);
    assert_eq!(playbook.flows.login.steps.len(), 5, "{draft}");
    assert!(
        playbook.flows.get(FlowKind::ChangePassword).is_some()
            && playbook.flows.get(FlowKind::Logout).is_some()
    );
    has(
        &draft,
        &[
            "- open: /login\n",
            "fill: { into: [{ label: Username }, { css: \"#username\" }], with: username }",
            "{ label: Password }",
            "with: password }",
            "- open: /account/password\n",
            "with: new_password }",
            "commit: { click: { role: button, name: Change password } }",
            "signed_in: { role: button, name: Sign out }",
        ],
    );
    has_not(&draft, &["alice", "First-Pass-2026", "Second-Pass-2027", "0123456789abcdef"]);
}

#[test]
fn each_type_of_step() {
    let draft = fixture("every-step.json");
    checked(&draft);
    has(
        &draft,
        &[
            "hover: { role: link, name: Products }",
            "click: { css: \"#enter\" } # it was clicked twice there",
            "see: { text: Welcome }",
            "gone: { css: \"#spinner\" }",
            "waitForExpression: playbooks run no JavaScript",
            "emulateNetworkConditions: there is no such step",
            "frame: inner }",
            "frame: inner_2",
            "origin: other",
            "other: https://sso.example",
            "press: { key: Enter }",
            "code_wanted:",
            "with: totp",
            "what is typed or chosen here?",
        ],
    );
    has_not(&draft, &["swordfish", "bob@", "api-key", "492817", "secret:"]);
}

/// A recorder may know more than this.
#[test]
fn a_step_of_an_unknown_type_becomes_a_question() {
    let text = std::fs::read_to_string("fixtures/recordings/every-step.json").unwrap();
    let mut recording: serde_json::Value = serde_json::from_str(&text).unwrap();
    let unknown = serde_json::json!({ "type": "swordfish", "selectors": 7 });
    recording["steps"].as_array_mut().unwrap().insert(3, unknown);
    let draft = draft(&recording.to_string()).unwrap();
    checked(&draft);
    has(&draft, &["# ? steps[3]: a step of a type that is not known here: what does it do?"]);
    has_not(&draft, &["swordfish"]);
}

#[test]
fn what_is_no_recording_is_told_where() {
    let of = |steps: &str| {
        draft(&format!(
            r#"{{ "steps": [ {{ "type": "navigate", "url": "https://a.example/" }}, {steps} ] }}"#
        ))
    };
    for (result, says) in [
        (draft("{ \"steps\": [ \"swordfish"), "line 1, column 23: the JSON ends in the middle"),
        (draft("swordfish"), "line 1, column 1: this is no JSON"),
        (draft("[1]"), "the whole file: must be an object with `steps`, and is a list"),
        (draft("{}"), "steps: is missing"),
        (draft(r#"{ "steps": [] }"#), "steps: there is none"),
        (draft(r#"{ "steps": {"swordfish": 1} }"#), "steps: must be a list, and is an object"),
        (draft(r#"{ "steps": [ { "type": "close" } ] }"#), "no step goes to an address"),
        (of("7"), "steps[1]: must be an object, and is a number"),
        (of(r#"{ "type": 7 }"#), "steps[1].type: must be a text, and is a number"),
        (of(r#"{ "type": "click" }"#), "steps[1].selectors: is missing"),
        (of(r#"{ "type": "change", "selectors": ["a"] }"#), "steps[1].value: is missing"),
        (
            of(r#"{ "type": "change", "selectors": ["a"], "value": 492817 }"#),
            "steps[1].value: must be a text, and is a number",
        ),
        (
            of(r#"{ "type": "click", "selectors": [["a"], 3] }"#),
            "steps[1].selectors[1]: must be a text or a list of texts",
        ),
        (
            of(r##"{ "type": "click", "selectors": ["#a"], "frame": ["swordfish"] }"##),
            "steps[1].frame[0]: must be a number, and is a text",
        ),
    ] {
        let error = result.unwrap_err();
        assert!(error.contains(says), "`{says}` is not in: {error}");
        assert!(!error.contains("swordfish") && !error.contains("492817"), "{error}");
    }
}

#[test]
fn a_password_is_kept_out_of_an_address_however_it_is_written_there() {
    let draft = draft(
        r##"{ "title": "t", "steps": [
        { "type": "navigate", "url": "https://ledger.example/login" },
        { "type": "change", "value": "p@ss wörd", "selectors": [["#password"]] },
        { "type": "click", "selectors": [["aria/Sign in"]] },
        { "type": "navigate", "url": "https://ledger.example/home?x=p%40ss+w%C3%B6rd" },
        { "type": "navigate", "url": "https://ledger.example/p%40ss%20w%C3%B6rd/x" },
        { "type": "change", "value": "An0ther-p@ss", "selectors": [["#new-password"]] },
        { "type": "click", "selectors": [["aria/Save"]] } ] }"##,
    )
    .unwrap();
    assert!(draft.contains("new_password"), "{draft}");
    has_not(&draft, &["p%40ss", "p@ss"]);
}

/// An editor completes a draft's keys from the start: its first line names the schema that lies beside it.
#[test]
fn a_draft_has_its_schema_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let recording =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/recordings/login-and-change.json");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_turnlock"))
        .args(["playbook", "import"])
        .arg(recording)
        .args(["--app", "ledger"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let draft = std::fs::read_to_string(folder.path().join("playbooks/ledger.yaml")).unwrap();
    let schema = draft.lines().next().unwrap().strip_prefix("# yaml-language-server: $schema=").unwrap();
    let schema = std::fs::read_to_string(folder.path().join("playbooks").join(schema)).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    assert_eq!(schema, turnlock::playbook::schema());
}

/// A recording with these steps behind an open page.
fn recording(start: &str, steps: &str) -> String {
    format!(r#"{{ "title": "t", "steps": [ {{ "type": "navigate", "url": "{start}" }}, {steps} ] }}"#)
}

const SIGNED_IN: &str = r##"
    { "type": "change", "selectors": [["aria/Username"], ["#u"]], "value": "waldorf.s" },
    { "type": "change", "selectors": [["aria/Password"], ["#p"]], "value": "right-Password-7" },
    { "type": "click", "selectors": [["aria/Log in[role=\"button\"]"]] }"##;

#[test]
fn nothing_that_was_recorded_is_lost_without_a_word() {
    let more = format!(
        r##"{SIGNED_IN},
        {{ "type": "change", "selectors": [["aria/Authentication code"]], "value": "493021" }},
        {{ "type": "click", "selectors": [["aria/Verify[role=\"button\"]"]] }},
        {{ "type": "click", "selectors": [["aria/Reports[role=\"link\"]"]] }},
        {{ "type": "change", "selectors": [["aria/Pet's name"]], "value": "Waldi the dog" }}"##
    );
    let draft = draft(&recording("https://ledger.example/login", &more)).unwrap();
    checked(&draft);
    has(
        &draft,
        &[
            "# ? to which flow do these steps",
            "# - click: { role: link, name: Reports }",
            "with: { text: \"?\" }",
            "with: totp",
            "name: Verify",
        ],
    );
    has_not(&draft, &["493021", "Waldi", "right-Password-7", "waldorf"]);
}

#[test]
fn what_a_page_showed_or_made_up_is_left_out_and_asked_about() {
    let secret = r##"
        { "type": "click", "selectors": [["aria/jbsw y3dp ehpk 3pxp"], ["text/JBSWY3DPEHPK3PXP"], ["#key"]] },
        { "type": "navigate", "url": "https://ledger.example/otp?secret=JBSWY3DPEHPK3PXP&issuer=x" },
        { "type": "navigate", "url": "https://ledger.example/reset/Zk3jf93jKdkq9303jfkdlQ/" }"##;
    let draft = draft(&recording("https://ledger.example/login", &format!("{SIGNED_IN},{secret}"))).unwrap();
    checked(&draft);
    has(&draft, &["# - open: /otp", "# ? steps[5]: the address held", "# ? steps[6]: the address held"]);
    has_not(&draft, &["JBSW", "Zk3jf93", "issuer"]);
}

#[test]
fn a_password_that_was_mistyped_is_no_new_one() {
    let twice = format!(
        r##"{{ "type": "change", "selectors": [["aria/Password"], ["#p"]], "value": "wrong-Password-6" }},
        {{ "type": "click", "selectors": [["aria/Log in[role=\"button\"]"]] }},{SIGNED_IN}"##
    );
    let draft = draft(&recording("https://ledger.example/login", &twice)).unwrap();
    let playbook = checked(&draft);
    assert!(playbook.flows.get(FlowKind::ChangePassword).is_none(), "{draft}");
    assert_eq!(draft.matches("with: password }").count(), 1, "{draft}");
    has_not(&draft, &["wrong-Password", "new_password"]);
}

#[test]
fn a_new_tab_is_no_app_and_another_origin_is_declared() {
    let steps = r##"
        { "type": "navigate", "url": "https://ledger.example/" },
        { "type": "click", "selectors": [["aria/Log in[role=\"link\"]"]],
          "assertedEvents": [{ "type": "navigation", "url": "https://sso.example.net/login?state=1", "title": "" }] },
        { "type": "change", "selectors": [["aria/Username"]], "value": "waldorf.s" },
        { "type": "change", "selectors": [["aria/Password"]], "value": "right-Password-7" },
        { "type": "click", "selectors": [["aria/Continue[role=\"button\"]"]] }"##;
    let draft = draft(&recording("chrome://new-tab-page/", steps)).unwrap();
    checked(&draft);
    has(
        &draft,
        &[
            "  app: https://ledger.example",
            "https://sso.example.net",
            "# ? credentials are typed into more than one origin",
        ],
    );
    has_not(&draft, &["chrome:", "null"]);
}

/// A recording's selectors are tried one after the other, a playbook's locators all at once.
#[tokio::test(flavor = "multi_thread")]
async fn what_repeats_a_name_in_a_weaker_form_is_left_out() {
    let steps = r##"
        { "type": "change", "selectors": [["aria/Username"], ["#u"]], "value": "waldorf.s" },
        { "type": "change", "selectors": [["aria/Password"], ["label:nth-of-type(2) > input"], ["xpath///html/body/form/label[2]/input"]], "value": "right-Password-7" },
        { "type": "click", "selectors": [["aria/Sign in"], ["button"], ["xpath///html/body/form/button"], ["pierce/button"], ["text/Sign in"]] },
        { "type": "click", "selectors": [["aria/Sign out"], ["a:nth-of-type(2)"], ["text/Sign out"]] }"##;
    let site = Site::page(
        "<h1>Sign in</h1><form onsubmit='document.title = `sent`; return false'><label>Username <input id=u></label>
        <label>Password <input type=password></label><button>Sign in</button></form>
        <a href=/a>Sign in</a><button>Help</button>",
    )
    .await;
    let draft = draft(&recording(&site.url(), steps)).unwrap();
    let playbook = checked(&draft);
    has(
        &draft,
        &[
            "into: [{ label: Username }, { css: \"#u\" }]",
            "into: { label: Password }",
            "- click: { role: button, name: Sign in }\n",
            "signed_in: { role: link, name: Sign out }",
        ],
    );
    let stage = Stage::open(&site.url()).await;
    for step in &playbook.flows.login.steps {
        if let Action::Click(target) = &step.action {
            stage.page.click(target, SOON).await.unwrap_or_else(|error| panic!("{error}\n{draft}"));
        }
    }
}

#[test]
fn what_nothing_else_names_is_kept_and_so_is_what_says_another_thing() {
    let click = |selectors: &str| {
        let steps = format!(r##"{SIGNED_IN}, {{ "type": "click", "selectors": {selectors} }}"##);
        draft(&recording("https://ledger.example/", &steps)).unwrap()
    };
    for (selectors, locators) in [
        // Nothing tells what it is.
        (
            r##"[["aria/Go on"], ["text/Go on"]]"##,
            "[{ role: button, name: Go on }, { role: link, name: Go on }]",
        ),
        (
            r##"[["aria/Go on"], ["#next"]]"##,
            "[{ role: button, name: Go on }, { role: link, name: Go on }, { css: \"#next\" }]",
        ),
        // The click met something within it.
        (r##"[["aria/Go on"], ["nav > a.next > span"]]"##, "{ role: link, name: Go on }"),
        (r##"[["aria/Go on"], ["xpath///*[@id=\"a/button\"]/a"]]"##, "{ role: link, name: Go on }"),
        (r##"[["aria/Go on"], ["input[type='submit']"]]"##, "{ role: button, name: Go on }"),
        (r##"[["aria/Go on"], ["#input-37"], ["button.primary"]]"##, "{ role: button, name: Go on }"),
        (r##"[["button"], ["text/Go on"]]"##, "{ text: Go on }"),
        (r##"[["button.primary"], ["xpath///html/body/button"]]"##, "{ css: button.primary }"),
        (r##"[["#input-37"]]"##, "{ css: \"#input-37\" }"),
    ] {
        let draft = click(selectors);
        checked(&draft);
        assert!(draft.contains(&format!("click: {locators}\n")), "`{locators}` is not in:\n{draft}");
    }
}

#[test]
fn a_name_and_a_password_may_be_the_same_and_may_be_typed_twice() {
    let steps = r##"
        { "type": "change", "selectors": [["aria/Username"], ["#u"]], "value": "adm" },
        { "type": "change", "selectors": [["aria/Username"], ["#u"]], "value": "admin" },
        { "type": "change", "selectors": [["aria/Password"], ["#p"]], "value": "admin" },
        { "type": "click", "selectors": [["aria/Log in[role=\"button\"]"]] }"##;
    let draft = draft(&recording("https://ledger.example/login", steps)).unwrap();
    let playbook = checked(&draft);
    assert_eq!(playbook.flows.login.steps.len(), 5, "{draft}");
    assert_eq!(draft.matches("with: username }").count(), 1, "{draft}");
    has(&draft, &["fill: { into: [{ label: Password }, { css: \"#p\" }], with: password }"]);
}

#[test]
fn a_way_out_in_a_menu_is_reached_through_it() {
    let steps = format!(
        r##"{SIGNED_IN},
        {{ "type": "click", "selectors": [["aria/Account menu"], ["#menu"]] }},
        {{ "type": "click", "selectors": [["aria/Log out"], ["#menu > li:nth-of-type(3)"]] }}"##
    );
    let draft = draft(&recording("https://ledger.example/login", &steps)).unwrap();
    let playbook = checked(&draft);
    assert_eq!(playbook.flows.get(FlowKind::Logout).unwrap().steps.len(), 3, "{draft}");
    let mark = draft.lines().find(|line| line.contains("signed_in:")).unwrap();
    assert!(mark.contains("Account menu") && !mark.contains("Log out"), "{draft}");
    assert!(!draft.contains("to which flow"), "{draft}");
}

#[test]
fn a_password_is_kept_out_in_every_form_that_the_web_gives_it() {
    let steps = r##"
        { "type": "change", "selectors": [["aria/Username"], ["#u"]], "value": "anna" },
        { "type": "change", "selectors": [["aria/Password"], ["[value=\"Old-Pass\\26 77\"]"]], "value": "Old-Pass&77" },
        { "type": "click", "selectors": [["aria/Sign in Old-Pass&amp;77[role=\"button\"]"], ["text/Old-Pass&#38;77"], ["#go"]] },
        { "type": "navigate", "url": "https://ledger.example/basic/T2xkLVBhc3MmNzc/x" },
        { "type": "navigate", "url": "https://ledger.example/hex/4f6c642d50617373263737" },
        { "type": "navigate", "url": "https://ledger.example/both/YW5uYTpPbGQtUGFzcyY3Nw" }"##;
    let draft = draft(&recording("https://ledger.example/login", steps)).unwrap();
    has_not(&draft, &["Pass\\26", "Pass&", "T2xkLVBhc3MmNzc", "4f6c642d", "PbGQtUGFzcyY3N"]);
}

#[test]
fn what_an_address_or_a_name_bears_once_is_kept_out() {
    for (address, secret) in [
        ("login;jsessionid=A1B2C3D4E5F6", "A1B2"),
        ("login?next=%2Fhome&ticket=ST-1234-abcdEFGH", "ST-1234"),
        ("login?pin=4711", "4711"),
        ("login?k=Passw0rd1", "Passw0rd1"),
        ("login#access_token=abc.def", "abc.def"),
        ("verify/3f9a8b7c6d5e/", "3f9a8b"),
    ] {
        let draft = draft(&recording(&format!("https://ledger.example/{address}"), SIGNED_IN)).unwrap();
        checked(&draft);
        has(&draft, &["# ? steps[0]: the address held"]);
        has_not(&draft, &[secret]);
    }
    for name in
        ["Recovery code 8fj2-kd83", "Copy token sk_live_51Habcdef1234", "API key: 9f8e7d6c5b4a", "PIN 4711"]
    {
        let click =
            serde_json::json!({ "type": "click", "selectors": [[format!("aria/{name}")], ["#copy"]] });
        let draft =
            draft(&recording("https://ledger.example/login", &format!("{SIGNED_IN},{click}"))).unwrap();
        has(&draft, &["# - click: { css: \"#copy\" }"]);
        has_not(&draft, &[name.split(' ').next_back().unwrap()]);
    }
    let plain =
        draft(&recording("https://ledger.example/login?next=%2Fsettings%2F2fa&tab=1", SIGNED_IN)).unwrap();
    has(&plain, &["- open: \"/login?next=%2Fsettings%2F2fa&tab=1\"\n"]);
}

/// A recording names a window as it names the frame of another origin.
#[test]
fn a_window_that_was_opened_is_a_question_and_no_frame() {
    let target = "https://sso.example/auth?x=1";
    let inside = |step: &str| format!(r#"{{ {step}, "target": "{target}" }}"#);
    let steps = [
        r#"{ "type": "click", "selectors": [["aria/Sign in with SSO"]] }"#.to_owned(),
        inside(r#""type": "change", "selectors": [["aria/Email"]], "value": "waldorf.s""#),
        inside(r#""type": "change", "selectors": [["aria/Password"]], "value": "right-Password-7""#),
        inside(r#""type": "click", "selectors": [["aria/Sign in"]]"#),
    ];
    let draft = draft(&recording("https://ledger.example/login", &steps.join(","))).unwrap();
    checked(&draft);
    has(
        &draft,
        &[
            "# ? steps[2]: from here on it went on in a window that the page had opened, at https://sso.example;",
            "fill: { into: { label: Email }, with: username }",
        ],
    );
    has_not(&draft, &["iframe", "frame:", "x=1"]);
}
