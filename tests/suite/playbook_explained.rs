//! The examples of docs/playbooks/messages.md: what is called wrong is told of, and what is called right is not.

use turnlock::playbook::{Diagnostic, OriginOverrides, Rule, Severity, parse};

/// These have no example that a playbook could be: it would be too large, or lies in what is around it.
const WITHOUT: [Rule; 5] =
    [Rule::TooLarge, Rule::OverrideUnknown, Rule::FamilyKey, Rule::ParameterMissing, Rule::Unmatched];

/// What an example's parts are put into, by their keys.
const HEAD: [(&str, &str); 4] = [
    ("app", "app: acme"),
    ("title", "title: Acme"),
    ("origins", "origins: { app: https://acme.example }"),
    ("password", "password: { rules: 'minlength: 12' }"),
];
const MFA: (&str, &str) = ("mfa", "mfa: { methods: [totp] }");
const FLOWS: [(&str, &str); 3] = [
    (
        "login",
        "login:
  - open: /login
  - fill: { into: { label: Username }, with: username }
  - fill: { into: { label: Password }, with: password }
  - click: { role: button, name: Sign in }
  - expect:
      signed_in: { role: link, name: Sign out }
      bad_credentials: { text: Wrong password }
      code_wanted:
        see: { label: Authentication code }
        then:
          - fill: { into: { label: Authentication code }, with: totp }
          - click: { role: button, name: Verify }
  - expect: { signed_in: { role: link, name: Sign out }, code_refused: { text: Wrong code } }",
    ),
    (
        "enrol_mfa",
        "enrol_mfa:
  - open: /account/mfa
  - read_secret: { text: { css: code.secret } }
  - fill: { into: { label: Code }, with: totp }
  - commit: { click: { role: button, name: Confirm } }
  - expect: { mfa_enabled: { text: MFA is on }, code_refused: { text: Wrong code } }",
    ),
    (
        "change_password",
        "change_password:
  - open: /account/password
  - fill: { into: { label: New password }, with: new_password }
  - commit: { click: { role: button, name: Save } }
  - expect: { password_changed: { text: Password changed }, password_refused: { text: Too short } }",
    ),
];
const KINDS: [&str; 5] = ["login", "enrol_mfa", "change_password", "recover", "set_contact"];

/// The lines that this kind of example has: those that are marked so, and those without a mark.
fn marked(example: &str, mark: &str) -> String {
    let line = |line: &str| match line.rsplit_once("  # ") {
        Some((text, its)) if matches!(its, "wrong" | "right") => {
            (its == mark).then(|| text.trim_end().to_owned())
        }
        _ => Some(line.to_owned()),
    };
    example.lines().filter_map(line).map(|line| line + "\n").collect()
}

fn indented(text: &str, by: usize) -> String {
    text.lines().map(|line| format!("{}{line}\n", " ".repeat(by))).collect()
}

/// A playbook with the example in its place: keys of its head, a flow, or steps of the login.
fn playbook(example: &str) -> String {
    let has = |key: &str| example.lines().any(|line| line.starts_with(&format!("{key}:")));
    let (mut head, mut flow, mut steps) = (String::new(), String::new(), String::new());
    for part in example.split("\n\n") {
        let first = part.lines().next().unwrap_or_default();
        let into = match first {
            _ if first.starts_with("- ") => &mut steps,
            _ if KINDS.iter().any(|kind| first.starts_with(&format!("{kind}:"))) => &mut flow,
            _ => &mut head,
        };
        into.push_str(part.trim_end());
        into.push('\n');
    }
    let mut text = String::new();
    for (_, line) in HEAD.iter().chain((!has("flows")).then_some(&MFA)).filter(|(key, _)| !has(key)) {
        text.push_str(line);
        text.push('\n');
    }
    if !has("flows") {
        text.push_str("flows:\n");
        for (kind, steps_of) in FLOWS.iter().filter(|(kind, _)| !flow.starts_with(&format!("{kind}:"))) {
            let (open, rest) =
                steps_of.split_at(steps_of.find("  - fill").filter(|_| *kind == "login").unwrap_or(0));
            let between = if open.is_empty() { String::new() } else { indented(&steps, 2) };
            text.push_str(&indented(&format!("{open}{between}{rest}"), 2));
        }
        text.push_str(&indented(&flow, 2));
    }
    text + &head
}

fn found(source: &str) -> Vec<Diagnostic> {
    match parse("example.yaml", source, &OriginOverrides::new()) {
        Ok(playbook) => playbook.warnings.diagnostics,
        Err(report) => report.diagnostics,
    }
}

#[test]
fn every_example_shows_its_mistake_and_how_it_is_mended() {
    let mut amiss = Vec::new();
    for rule in Rule::ALL.iter().filter(|rule| !WITHOUT.contains(rule)) {
        let code = rule.code();
        let Some((_, example)) = rule.explanation().split_once("```yaml\n") else {
            amiss.push(format!("{code} has no example"));
            continue;
        };
        let (example, rest) = example.split_once("```").unwrap();
        assert!(!rest.contains("```"), "{code} has two examples");
        let (wrong, right) = (playbook(&marked(example, "wrong")), playbook(&marked(example, "right")));
        if !found(&wrong).iter().any(|found| found.rule == *rule) {
            amiss.push(format!("{code}: not told of\n{wrong}{:#?}", found(&wrong)));
        }
        let told = found(&right).into_iter();
        let told: Vec<_> =
            told.filter(|found| found.rule == *rule || found.severity == Severity::Error).collect();
        if !told.is_empty() {
            amiss.push(format!("{code}: the right one is told of\n{right}{told:#?}"));
        }
    }
    assert!(amiss.is_empty(), "{}", amiss.join("\n\n"));
}
