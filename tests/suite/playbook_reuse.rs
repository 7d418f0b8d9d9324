//! Reuse: families that playbooks extend, and parameters that each account gives its values.

use turnlock::playbook::{
    Action, Destination, Families, Family, FlowKind, OriginOverrides, Parameters, Playbook, Report, parse,
    parse_among,
};

const TEN_LINES: &str = "app: shop
title: Shop
extends: django-allauth
origins: { app: https://shop.example }
";

fn families(source: &str) -> Families {
    let mut families = Families::default();
    families.insert("mine", Family { file: "families/mine.yaml".to_owned(), source: source.to_owned() });
    families
}

#[test]
fn a_further_app_of_a_framework_is_a_few_lines() {
    let playbook = parse("shop.yaml", TEN_LINES, &OriginOverrides::new()).unwrap();
    assert!(playbook.warnings.diagnostics.is_empty(), "{}", playbook.warnings);
    let kinds: Vec<_> = playbook.flows.iter().map(|flow| flow.kind).collect();
    assert_eq!(
        kinds,
        [FlowKind::Login, FlowKind::Logout, FlowKind::EnrolMfa, FlowKind::ChangePassword, FlowKind::Recover]
    );
    let Action::Open(Destination::Address(address)) = &playbook.flows.login.steps[0].action else { panic!() };
    assert_eq!(address.url.as_str(), "https://shop.example/accounts/login/");
}

#[test]
fn what_a_playbook_says_itself_wins() {
    let source = format!(
        "{TEN_LINES}lockout: {{ attempts: 9, window: 1h }}\nflows:\n  logout:\n    - open: /bye\n    - expect: {{ signed_out: {{ text: Bye }} }}\n"
    );
    let playbook = parse("shop.yaml", &source, &OriginOverrides::new()).unwrap();
    assert_eq!(playbook.lockout.unwrap().attempts, 9);
    let logout = playbook.flows.get(FlowKind::Logout).unwrap();
    assert_eq!(logout.steps[0].summary(), "open /bye");
    assert_eq!(playbook.warnings.file_of(logout.steps[0].place).0, "shop.yaml");
    let login = &playbook.flows.login.steps[0];
    assert_eq!(playbook.warnings.file_of(login.place).0, "family django-allauth");
}

#[test]
fn another_text_of_the_family_is_another_playbook() {
    let family = Families::default().get("django-allauth").unwrap().source.clone();
    let source = TEN_LINES.replace("django-allauth", "mine");
    let hash = |family: &str| {
        parse_among("shop.yaml", &source, &OriginOverrides::new(), &families(family)).unwrap().hash
    };
    assert_ne!(hash(&family), hash(&format!("{family}# changed\n")));
}

#[test]
fn a_mistake_in_a_family_is_shown_there() {
    for (family, place) in
        [("flows: [", "families/mine.yaml:"), ("flows:\n  login:\n    - fil: x\n", "families/mine.yaml:3:7")]
    {
        let source = TEN_LINES.replace("django-allauth", "mine");
        let report =
            parse_among("shop.yaml", &source, &OriginOverrides::new(), &families(family)).unwrap_err();
        assert!(report.render(false).contains(place), "{}", report.render(false));
    }
}

const PER_TENANT: &str = r##"app: shop
title: Shop
params:
  tenant: { description: The customer, example: acme }
  base_url: { description: Where the shop is, example: https://shop.example, pattern: '\S+' }
origins: { app: "https://${tenant}.shop.example", own: "${base_url}" }
flows:
  login:
    - open: /t/${tenant}/login
    - fill: { into: { label: "Password of ${tenant}" }, with: password }
    - expect: { signed_in: { text: Welcome } }
"##;

fn read(source: &str, values: &[(&str, &str)]) -> Result<Playbook, Report> {
    let playbook =
        parse("shop.yaml", source, &OriginOverrides::new()).unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(
        playbook.app_origin().as_str(),
        "https://acme.shop.example",
        "the example stands in for checks"
    );
    let values: Parameters =
        values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    playbook.for_account(&values)
}

fn of_account(tenant: &str, base_url: &str) -> Result<Playbook, Report> {
    read(PER_TENANT, &[("tenant", tenant), ("base_url", base_url)])
}

#[test]
fn each_account_has_its_own_addresses() {
    let playbook = of_account("globex", "https://globex.example:8443").unwrap();
    assert_eq!(playbook.app_origin().as_str(), "https://globex.shop.example");
    assert_eq!(playbook.origin("own").unwrap().as_str(), "https://globex.example:8443");
    let Action::Open(Destination::Address(address)) = &playbook.flows.login.steps[0].action else { panic!() };
    assert_eq!(address.url.as_str(), "https://globex.shop.example/t/globex/login");
    assert_eq!(playbook.flows.login.steps[1].summary(), "fill label \"Password of globex\" with password");
}

#[test]
fn no_value_leads_a_secret_elsewhere() {
    for tenant in [
        "evil.example/",
        "evil.example#",
        "evil.example?",
        "evil.example:80",
        "evil.example:80/",
        "evil.example\\",
        "user@evil.example:80",
        "evil.example%2f",
        "//evil.example",
        "\u{ff0e}evil.example/",
        "a b",
        "",
        "${base_url}",
        "x\ny",
    ] {
        let read = of_account(tenant, "https://shop.example");
        assert!(read.is_err(), "{tenant:?} is taken: {:?}", read.unwrap().origins);
    }
    for base_url in [
        "http://shop.example",
        "ftp://shop.example",
        "shop.example",
        "https://a@shop.example",
        "https://shop.example/x",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://",
    ] {
        let read = of_account("acme", base_url);
        assert!(read.is_err(), "{base_url:?} is taken: {:?}", read.unwrap().origins);
    }
    let report = read(PER_TENANT, &[("tenant", "acme")]).unwrap_err().render(false);
    assert!(report.contains("the account has no value for `base_url`"), "{report}");
}

/// A playbook whose pattern takes everything is held to the origins that it declares all the same.
#[test]
fn what_a_family_asks_for_in_vain_no_account_has_to_give() {
    let family = "params: { base_url: { description: Where it is, example: https://shop.example, pattern: '\\S+' } }\n\
        flows:\n  login:\n    - open: /login\n    - fill: { into: { label: Password }, with: password }\n    \
        - expect: { signed_in: { text: Welcome } }\n";
    let read = |origin: &str, values: &[(&str, &str)]| {
        let source = TEN_LINES.replace("django-allauth", "mine").replace("https://shop.example", origin);
        let playbook = parse_among("shop.yaml", &source, &OriginOverrides::new(), &families(family)).unwrap();
        let values: Parameters =
            values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        playbook.for_account(&values).map(drop).map_err(|report| report.render(false))
    };
    read("https://shop.example", &[]).unwrap();
    read("https://shop.example", &[("base_url", "https://other.example")]).unwrap();
    let report = read("'${base_url}'", &[]).unwrap_err();
    assert!(report.contains("the account has no value for `base_url`"), "{report}");
}

#[test]
fn a_pattern_that_takes_all_is_no_way_out() {
    let source = PER_TENANT.replace("example: acme }", "example: acme, pattern: '.*' }");
    for tenant in [
        "evil.example/",
        "evil.example#",
        "evil.example?",
        "evil.example:80",
        "u@evil.example:1",
        "a/../..",
        "%2f",
    ] {
        let values = [("tenant", tenant), ("base_url", "https://shop.example")];
        assert!(read(&source, &values).is_err(), "{tenant:?}");
    }
}
