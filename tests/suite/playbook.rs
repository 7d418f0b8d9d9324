//! Playbooks: good ones are read, and bad ones are answered with what to write instead.
//!
//! `UPDATE=1 cargo test` rewrites the expected diagnostics; look at the difference before committing it.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use turnlock::playbook::{
    Action, Destination, End, Families, Family, FlowKind, OriginOverrides, Parameters, Playbook, Report,
    Rule, State, Value, parse, parse_among, reference, schema,
};

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn acme() -> String {
    fs::read_to_string(root("playbooks/acme.yaml")).unwrap()
}

fn check(source: &str) -> Result<Playbook, Report> {
    parse("test.yaml", source, &OriginOverrides::new())
}

fn rules(source: &str) -> Vec<Rule> {
    let found = check(source).unwrap_err().diagnostics;
    found.iter().map(|found| found.rule).collect()
}

/// Compares with the file, or rewrites it.
fn golden(path: &Path, actual: &str) -> Result<(), String> {
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, actual).unwrap();
        return Ok(());
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected == actual {
        return Ok(());
    }
    let name = path.display();
    Err(format!("{name} differs; UPDATE=1 rewrites it\n--- expected\n{expected}\n--- actual\n{actual}"))
}

/// A golden file whose first line is `# override: acme.app=URL` is checked with that override.
fn overrides(source: &str) -> OriginOverrides {
    let mut overrides = OriginOverrides::new();
    for line in source.lines() {
        if let Some(text) = line.strip_prefix("# override: ") {
            overrides.add(text).unwrap();
        }
    }
    overrides
}

/// With the family that its first lines hold behind `# family: NAME`, and the parameters of an account, `# param: A=B`.
fn read(name: &str, source: &str) -> Result<Playbook, Report> {
    let mut families = Families::default();
    if let Some((family, rest)) = source.strip_prefix("# family: ").and_then(|rest| rest.split_once('\n')) {
        let lines = rest.lines().map_while(|line| line.strip_prefix("# "));
        let source: String = lines.map(|line| format!("{line}\n")).collect();
        families.insert(family, Family { file: format!("families/{family}.yaml"), source });
    }
    let playbook = parse_among(name, source, &overrides(source), &families)?;
    let given = source.lines().filter_map(|line| line.strip_prefix("# param: ")?.split_once('='));
    let given: Parameters = given.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    if given.is_empty() { Ok(playbook) } else { playbook.for_account(&given) }
}

#[test]
fn every_mistake_is_answered_exactly() {
    let mut wrong = Vec::new();
    let mut files = Vec::new();
    for entry in fs::read_dir(root("tests/golden/playbook")).unwrap() {
        files.push(entry.unwrap().path());
    }
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    assert!(files.len() >= 30, "only {} golden files", files.len());
    for path in files {
        let source = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let report = match read(&name, &source) {
            Ok(playbook) => playbook.warnings,
            Err(report) => report,
        };
        assert!(!report.diagnostics.is_empty(), "{name} has no mistake");
        for found in &report.diagnostics {
            assert!(!found.help.is_empty(), "{name}: {} has no help", found.rule.name());
            let (_, text, start) = report.file_of(found.place);
            assert!(
                found.place.line > 0 && found.place.end() - start <= text.len(),
                "{name}: {}",
                found.rule.name()
            );
        }
        wrong.extend(golden(&path.with_extension("txt"), &report.render(false)).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_is_in_the_golden_files_and_explained() {
    let mut shown = String::new();
    for entry in fs::read_dir(root("tests/golden/playbook")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            shown.push_str(&fs::read_to_string(path).unwrap());
        }
    }
    for rule in Rule::ALL {
        // Too large for the folder: `a_playbook_that_is_too_large_is_refused` makes it.
        let shows = *rule == Rule::TooLarge || shown.contains(&format!("[{}]", rule.code()));
        assert!(shows, "no golden file shows {rule:?}");
        let heading = format!("### {} {}\n\n", rule.code(), rule.name());
        assert!(rule.explanation().starts_with(&heading), "{rule:?} is not explained");
        assert_eq!(rule.explanation().matches("\n##").count(), 0, "{rule:?} is explained with another");
        assert_eq!((Rule::find(rule.code()), Rule::find(rule.name())), (Some(*rule), Some(*rule)));
    }
}

#[test]
fn a_playbook_that_is_too_large_is_refused() {
    let source = format!("{}{}", acme(), "# padding\n".repeat(30_000));
    assert_eq!(rules(&source), [Rule::TooLarge]);
    assert!(check(&source).unwrap_err().render(false).contains("262144"));
}

#[test]
fn the_largest_playbook_is_read() {
    let acme = acme();
    let source = format!("{acme}{}", "#".repeat(256 * 1024 - acme.len()));
    check(&source).unwrap();
}

#[test]
fn bombs_are_errors() {
    let mut aliases = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..30 {
        let before = format!("*a{}, ", level - 1).repeat(9);
        aliases.push_str(&format!("a{level}: &a{level} [{before}*a{}]\n", level - 1));
    }
    assert_eq!(rules(&aliases), [Rule::TooMuch]);
    for source in [
        "[".repeat(200_000),
        "{a: ".repeat(50_000),
        "- ".repeat(100_000),
        "? ".repeat(100_000),
        (0..2_000).map(|depth| format!("{}a:\n", " ".repeat(depth % 120))).collect(),
        "- *x\n".repeat(40_000),
        format!("a: &a x\nb: [{}]", "*a, ".repeat(40_000)),
        "x\n".repeat(100_000),
        format!("a: \"{}", "\\".repeat(200_000)),
    ] {
        assert!(check(&source).unwrap_err().has_errors());
    }
}

#[test]
fn many_mistakes_are_counted_not_drawn() {
    let steps = "    - clik: { text: x }\n".repeat(2_000);
    let report = check(&format!("flows:\n  login:\n{steps}")).unwrap_err();
    assert!(report.diagnostics.len() > 2_000);
    let drawn = report.render(false);
    assert!(drawn.len() < 20_000, "{} bytes", drawn.len());
    assert!(drawn.contains("more; mend these first"));
}

#[test]
fn the_bundled_playbook_says_what_the_app_does() {
    let playbook = check(&acme()).unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(playbook.warnings.diagnostics, []);
    assert_eq!(playbook.app.as_str(), "acme");
    assert_eq!(playbook.hash.len(), 64);
    assert_eq!(playbook.app_origin().as_str(), "http://127.0.0.1:4180");
    let kinds: Vec<_> = playbook.flows.iter().map(|flow| flow.kind.as_str()).collect();
    assert_eq!(kinds, FlowKind::ALL.map(FlowKind::as_str));
    let login = &playbook.flows.login.steps;
    let summaries: Vec<_> = login.iter().map(|step| step.summary()).collect();
    assert_eq!(
        summaries[..4],
        [
            "open /login",
            "fill label \"Username\" with username",
            "fill label \"Password\" with password",
            "click role button \"Sign in\"",
        ]
    );
    let Action::Expect(expect) = &login[4].action else { panic!("{:?}", login[4].action) };
    assert_eq!(expect.branches[0].state, State::End(End::SignedIn));
    let code = &expect.branches[5];
    assert_eq!(code.state, State::Interim("code_wanted".into()));
    assert_eq!(code.then[0].id, "login.5.code_wanted.1");
    assert!(matches!(&code.then[0].action, Action::Fill { with: Value::Totp, .. }));
    let line = acme().lines().nth(code.then[0].place.line - 1).unwrap().to_owned();
    assert!(line[code.then[0].place.column - 1..].starts_with("fill:"), "{line}");
}

#[test]
fn a_login_clears_a_lockout_only_where_the_playbook_says_so() {
    let cleared = |source: &str| check(source).unwrap().lockout.unwrap().cleared_by_login;
    assert!(cleared(&acme()));
    assert!(!cleared(&acme().replace("cleared_by_login: true", "cleared_by_login: false")));
    assert!(!cleared(&acme().replace(", cleared_by_login: true", "")));
}

#[test]
fn a_page_that_submits_itself_is_committed_by_the_fill() {
    let mut source = acme();
    for (apart, together) in [
        (
            "    - fill: { into: { label: Code }, with: totp }\n    - commit: { click: { role: button, name: Confirm } }",
            "    - commit: { fill: { into: { label: Code }, with: totp } }",
        ),
        (
            "    - fill: { into: { label: New password }, with: new_password }\n    - commit: { click: { role: button, name: Change password } }",
            "    - commit: { fill: { into: { label: New password }, with: new_password } }",
        ),
        (
            "    - fill: { into: { label: New password }, with: new_password }\n    - commit: { click: { role: button, name: Set password } }",
            "    - commit: { fill: { into: { label: New password }, with: new_password } }",
        ),
    ] {
        assert!(source.contains(apart));
        source = source.replace(apart, together);
    }
    let playbook = check(&source).unwrap_or_else(|report| panic!("{report}"));
    for (kind, value) in [
        (FlowKind::EnrolMfa, Value::Totp),
        (FlowKind::ChangePassword, Value::NewPassword),
        (FlowKind::Recover, Value::NewPassword),
    ] {
        let commits = playbook.flows.get(kind).unwrap().steps.iter().filter_map(|step| match &step.action {
            Action::Commit(action) => Some(&**action),
            _ => None,
        });
        let [Action::Fill { with, .. }] = commits.collect::<Vec<_>>()[..] else { panic!("{kind}") };
        assert_eq!(*with, value);
    }
}

#[test]
fn a_mailed_link_is_opened_in_place_of_an_address() {
    let login = |open: &str| {
        format!(
            "app: acme\ntitle: Acme\norigins: {{ app: https://acme.example }}\nflows:\n  login:\n    - open: /login\n    \
             - fill: {{ into: {{ label: E-mail }}, with: address }}\n    - click: {{ role: button, name: Send link }}\n    \
             - {open}\n    - expect: {{ signed_in: {{ text: Welcome }} }}\n"
        )
    };
    for (written, containing, timeout, summary) in [
        ("open: email_link", vec![], None, "open email_link"),
        ("open: { email_link: {} }", vec![], None, "open email_link"),
        (
            "open: { email_link: { containing: [Sign in, Log in], timeout: 2m } }",
            vec!["Sign in".to_owned(), "Log in".to_owned()],
            Some(std::time::Duration::from_secs(120)),
            "open email_link containing \"Sign in\" / \"Log in\"",
        ),
    ] {
        let playbook = check(&login(written)).unwrap_or_else(|report| panic!("{report}"));
        let step = &playbook.flows.login.steps[3];
        assert_eq!(step.action, Action::Open(Destination::MailedLink { containing, timeout }));
        assert_eq!(step.summary(), summary);
    }
}

#[test]
fn every_playbook_of_the_project_is_sound() {
    for entry in fs::read_dir(root("playbooks")).unwrap() {
        let path = entry.unwrap().path();
        // The recorded pages lie beside them.
        if path.is_dir() {
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        let playbook = check(&source).unwrap_or_else(|report| panic!("{}:\n{report}", path.display()));
        assert!(playbook.warnings.diagnostics.is_empty(), "{}", playbook.warnings);
    }
}

#[test]
fn a_deployment_puts_its_own_origin_in_place() {
    let source = acme().replace("open: /login", "open: http://127.0.0.1:4180/login?next=%2F#top");
    let mut overrides = OriginOverrides::new();
    overrides.add("acme.app=http://127.0.0.1:5000").unwrap();
    overrides.add("other.app=https://elsewhere.example").unwrap();
    let playbook = parse("acme.yaml", &source, &overrides).unwrap();
    assert_eq!(playbook.app_origin().as_str(), "http://127.0.0.1:5000");
    let Action::Open(Destination::Address(address)) = &playbook.flows.login.steps[0].action else { panic!() };
    assert_eq!(address.url.as_str(), "http://127.0.0.1:5000/login?next=%2F#top");
    assert!(playbook.declares(&address.url));
    assert!(!playbook.declares(&"http://127.0.0.1:4180/login".parse().unwrap()));
    assert!(!playbook.declares(&"http://127.0.0.1.example:5000/".parse().unwrap()));
    assert!(OriginOverrides::new().add("acme=http://127.0.0.1").is_err());
}

#[test]
fn a_locator_goes_to_the_page_as_json() {
    let playbook = check(&acme()).unwrap();
    let Action::Click(target) = &playbook.flows.login.steps[3].action else { panic!() };
    assert_eq!(
        serde_json::to_value(target).unwrap(),
        serde_json::json!({"alternatives": [{
            "by": {"role": {"role": "button", "name": ["Sign in"]}},
            "exact": false, "frame": null, "within": null, "containing": [],
        }]})
    );
}

/// The running example of the reference is sound, and what it promises of the first draft is true.
#[test]
fn the_reference_keeps_its_word() {
    let reference = fs::read_to_string(root("docs/playbooks.md")).unwrap();
    let mut blocks = reference.split("```").skip(1).step_by(2);
    let running = blocks.next().unwrap().strip_prefix("yaml\n").unwrap();
    check(running).unwrap_or_else(|report| panic!("{report}"));
    let draft = blocks.next().unwrap().strip_prefix("yaml\n").unwrap();
    let said = blocks.next().unwrap().strip_prefix("text\n").unwrap();
    let report = parse("playbooks/ledger.yaml", draft, &OriginOverrides::new()).unwrap_err();
    assert_eq!(report.render(false), said);
}

/// The further steps of the tutorial, put together with the flow for a forgotten password, are sound too.
#[test]
fn the_tutorial_ends_with_a_sound_playbook() {
    let reference = fs::read_to_string(root("docs/playbooks.md")).unwrap();
    let yaml: Vec<_> =
        reference.split("```").skip(1).step_by(2).filter_map(|block| block.strip_prefix("yaml\n")).collect();
    let [_, draft, login, code, password, mfa, recover, mail, contact, limits] = yaml[..] else {
        panic!("{} YAML blocks", yaml.len())
    };
    let head = draft.split("flows:").next().unwrap();
    let (rules, change) = password.split_once("flows:\n").unwrap();
    let (methods, enrol) = mfa.split_once("flows:\n").unwrap();
    let [recover, contact] = [recover, contact].map(|flow| flow.strip_prefix("flows:\n").unwrap());
    let to_expect = login.split("    - expect:").next().unwrap();
    for login in [login.to_owned(), format!("{to_expect}{code}")] {
        let source =
            format!("{head}{rules}{methods}{mail}{limits}flows:\n{login}{enrol}{change}{recover}{contact}");
        check(&source).unwrap_or_else(|report| panic!("{report}"));
    }
}

#[test]
fn a_report_has_colour_only_where_asked() {
    let report = check("app: acme").unwrap_err();
    assert!(report.render(true).contains('\u{1b}'));
    assert!(!report.render(false).contains('\u{1b}'));
    assert!(report.to_string().contains("test.yaml:1:1"));
}

#[test]
fn the_schema_is_current() {
    let mut text = serde_json::to_string_pretty(&schema()).unwrap();
    text.push('\n');
    golden(&root("schemas/playbook.json"), &text).unwrap();
}

#[test]
fn the_reference_is_current() {
    golden(&root("docs/playbooks/reference.md"), &reference()).unwrap();
}

/// The schema and the reader know the same words.
#[test]
fn the_schema_names_every_word() {
    let text = schema().to_string();
    let flows = FlowKind::ALL.map(FlowKind::as_str);
    let ends = End::ALL.map(End::as_str);
    for word in flows.iter().chain(&ends).chain(&Value::NAMES) {
        assert!(text.contains(&format!("\"{word}\"")), "{word}");
    }
}

/// Cuts, doubles and replaces stretches of a good playbook.
fn mutated() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(String::new()),
        Just("\t".to_owned()),
        Just("\n".to_owned()),
        Just("{ ".to_owned()),
        Just("]".to_owned()),
        Just("&a ".to_owned()),
        Just("*a".to_owned()),
        Just("\"".to_owned()),
        Just("é\u{2028}\u{feff}".to_owned()),
        Just("minlength: 99999999999".to_owned()),
        "[ -~]{0,12}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec((any::<prop::sample::Index>(), 0..40_usize, piece), 1..8).prop_map(|changes| {
        let mut text: Vec<char> = acme().chars().collect();
        for (at, length, piece) in changes {
            let start = at.index(text.len() + 1);
            let end = (start + length).min(text.len());
            text.splice(start..end, piece.chars());
        }
        text.into_iter().collect()
    })
}

/// Reads and draws; what is refused says why.
fn survives(source: &str) {
    match check(source) {
        Ok(playbook) => drop(playbook.warnings.render(true)),
        Err(report) => {
            assert!(report.has_errors(), "refused without a reason: {source:?}");
            let drawn = report.render(false);
            assert!(drawn.contains("test.yaml:"), "{drawn}");
            for found in &report.diagnostics {
                assert!(source.get(found.place.range()).is_some(), "{found:?}");
                assert!(!found.help.is_empty(), "{found:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_mutation_is_survived(source in mutated()) {
        survives(&source);
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        survives(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_password_rules_are_survived(rules in "[ -~é]{0,40}|(minlength|maxlength|required|allowed|max-consecutive): [^\\n]{0,20};") {
        let source = format!("password: {{ rules: {} }}\n", serde_json::to_string(&rules).unwrap());
        survives(&source);
    }
}
