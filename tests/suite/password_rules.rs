//! The generator meets the rules of real sites, and of nastier ones.

use std::path::PathBuf;

use proptest::prelude::*;
use secrecy::ExposeSecret;
use turnlock::credential::{GenerateError, PasswordRules, generate};

fn rules(text: &str) -> PasswordRules {
    PasswordRules::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Generates several, checks each, and gives the last.
fn meets(text: &str) -> String {
    let rules = rules(text);
    let mut password = String::new();
    for _ in 0..5 {
        let secret = generate(&rules).unwrap_or_else(|error| panic!("{text}: {error}"));
        password = secret.expose_secret().to_owned();
        assert_eq!(rules.check(&password), [], "{text}: {password}");
        assert_eq!(password.trim(), password, "{text}: a space at an end");
        assert!(password.is_ascii());
    }
    password
}

#[test]
fn meets_nasty_rules() {
    let cases = [
        ("minlength: 6; maxlength: 6; allowed: digit; max-consecutive: 1", 6),
        ("minlength: 6; maxlength: 6; allowed: digit; max-consecutive: 3", 6),
        ("required: [!]; required: lower; maxlength: 8", 8),
        ("required: [!]; required: [?]; required: [-]; required: []]; maxlength: 4", 4),
        ("minlength: 64; required: upper; required: digit", 64),
        ("minlength: 200; allowed: digit; max-consecutive: 2", 200),
        ("maxlength: 8; required: lower; required: upper; required: digit; required: special", 8),
        ("maxlength: 4; required: digit; required: digit; required: upper; required: upper", 4),
        ("required: lower; required: lower, digit; maxlength: 2", 2),
        ("allowed: [ab]; max-consecutive: 1; minlength: 30; maxlength: 30", 30),
        ("required: [ ]; required: lower; minlength: 3; maxlength: 3", 3),
        ("allowed: [<>]; minlength: 10; maxlength: 10", 10),
        ("maxlength: 1", 1),
    ];
    for (text, length) in cases {
        assert_eq!(meets(text).len(), length, "{text}");
    }
    assert_eq!(&meets("required: [ ]; required: lower; maxlength: 3")[1..2], " ");
}

#[test]
fn is_strong_where_the_rules_leave_room() {
    for text in [
        "minlength: 8",
        "minlength: 8; required: lower; required: upper; required: digit",
        "minlength: 12; maxlength: 40; required: upper; required: digit; allowed: lower, [-_!]",
        "required: digit",
        "allowed: unicode",
    ] {
        let (rules, password) = (rules(text), meets(text));
        assert!(password.len() >= 20, "{text}: {password}");
        assert!(
            rules.entropy_bits(password.len()) >= 127.0,
            "{text}: {}",
            rules.entropy_bits(password.len())
        );
    }
    let default = generate(&PasswordRules::default()).unwrap();
    assert!((20..=24).contains(&default.expose_secret().len()));
    // Ten thousand numbers of four digits, less the ten that repeat one digit four times.
    let bits = rules("allowed: digit; max-consecutive: 3").entropy_bits(4);
    assert!((bits - 9990_f64.log2()).abs() < 1e-9, "{bits}");
}

#[test]
fn uses_no_awkward_character_without_need() {
    for _ in 0..50 {
        let password = meets("minlength: 8; maxlength: 30; required: special; allowed: ascii-printable");
        assert!(!password.contains([' ', '"', '\'', '<', '>', '&', '\\', '`']), "{password}");
    }
}

#[test]
fn every_allowed_password_is_as_likely() {
    // Six strings of two characters out of `abc` without repeating: each should come up about 200 times.
    let rules = rules("allowed: [abc]; max-consecutive: 1; minlength: 2; maxlength: 2");
    let mut seen = std::collections::BTreeMap::<String, i32>::new();
    for _ in 0..1200 {
        *seen.entry(generate(&rules).unwrap().expose_secret().to_owned()).or_default() += 1;
    }
    assert_eq!(seen.len(), 6, "{seen:?}");
    // Ten standard deviations: fails by chance less than once in 10^20 runs.
    assert!(seen.values().all(|&times| (times - 200).abs() < 130), "{seen:?}");
}

#[test]
fn says_why_there_can_be_none() {
    let cases = [
        (
            "required: upper; required: lower; required: digit; maxlength: 2",
            "requires 3 characters in at most 2",
        ),
        ("allowed: [a]; max-consecutive: 2; minlength: 3; maxlength: 9", "at most 2 times in a row"),
        ("required: [ ]; maxlength: 2; allowed: [ ]", "no password can meet"),
    ];
    for (text, part) in cases {
        let error = generate(&rules(text)).unwrap_err();
        assert!(matches!(error, GenerateError::Unsatisfiable { .. }), "{text}: {error}");
        assert!(error.to_string().contains(part), "{text}: {error}");
        assert!(rules(text).satisfiable().is_err());
    }
    let error = generate(&rules("minlength: 5000")).unwrap_err();
    assert!(matches!(error, GenerateError::TooMuch { .. }), "{error}");
}

/// Where the public list of sites lies beside the checkout, each of its sites is met.
#[test]
fn meets_the_rules_of_every_known_site() {
    let folder = std::env::var_os("TURNLOCK_CORPORA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"), PathBuf::from);
    let Ok(list) = std::fs::read_to_string(folder.join("password-rules.json")) else {
        eprintln!("no list of sites beside this checkout");
        return;
    };
    let sites: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&list).unwrap();
    assert!(!sites.is_empty());
    for (site, entry) in &sites {
        let text = entry["password-rules"].as_str().unwrap_or_else(|| panic!("{site}"));
        meets(text);
    }
    eprintln!("met the rules of {} sites", sites.len());
}

fn class() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("upper".to_owned()),
        Just("lower".to_owned()),
        Just("digit".to_owned()),
        Just("special".to_owned()),
        Just("ascii-printable".to_owned()),
        Just("unicode".to_owned()),
        "\\[-?[ -,.-Z^-~]{0,6}\\]{1,2}",
    ]
}

fn any_rules() -> impl Strategy<Value = String> {
    let classes = || proptest::collection::vec(class(), 1..3).prop_map(|c| c.join(", "));
    let rule = prop_oneof![
        classes().prop_map(|c| format!("required: {c}")),
        classes().prop_map(|c| format!("allowed: {c}")),
        (0_u32..40).prop_map(|n| format!("minlength: {n}")),
        (0_u32..90).prop_map(|n| format!("maxlength: {n}")),
        (0_u32..5).prop_map(|n| format!("max-consecutive: {n}")),
    ];
    proptest::collection::vec(rule, 1..7).prop_map(|rules| rules.join("; "))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn a_password_meets_its_rules_or_there_is_none(text in any_rules()) {
        if let Ok(rules) = PasswordRules::parse(&text) {
            prop_assert_eq!(&PasswordRules::parse(&rules.to_string()).unwrap(), &rules);
            match generate(&rules) {
                Ok(password) => prop_assert_eq!(rules.check(password.expose_secret()), []),
                Err(error) => prop_assert!(!matches!(error, GenerateError::Random(_))),
            }
        }
    }

    #[test]
    fn no_text_is_too_strange_to_be_refused_politely(text in "\\PC{0,40}") {
        if let Err(error) = PasswordRules::parse(&text) {
            prop_assert!(error.offset <= text.len());
        }
    }
}
