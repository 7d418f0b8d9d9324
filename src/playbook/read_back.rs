//! A field into which a secret was typed, and from which something is read: it would hold what was typed.

use super::findings::Findings;
use super::{Action, CodesSource, Flow, Rule, Step, Target, Value};

/// Warns of what a flow reads where it has typed a secret.
pub(super) fn check_read_back(flow: &Flow, findings: &mut Findings) {
    let (mut typed, mut read) = (Vec::new(), Vec::new());
    collect(&flow.steps, &mut typed, &mut read);
    for (what, from) in read {
        let same = |into: &Target| into.alternatives.iter().any(|each| from.alternatives.contains(each));
        let Some((_, with)) = typed.iter().find(|(into, _)| same(into)) else { continue };
        findings
            .warning(
                Rule::SecretShown,
                from.place,
                format!("{what} from the field into which `{with}` is typed"),
            )
            .label("it holds what was typed")
            .help("name what the app shows: an element of its own, by its label, text or class");
    }
}

/// What is typed that is secret, and what is read off the page.
fn collect<'a>(
    steps: &'a [Step],
    typed: &mut Vec<(&'a Target, &'a Value)>,
    read: &mut Vec<(&'static str, &'a Target)>,
) {
    for step in steps {
        let action = match &step.action {
            Action::Commit(action) => action,
            action => action,
        };
        match action {
            Action::Fill { into, with } if with.is_secret() => typed.push((into, with)),
            Action::ReadSecret { sources } => {
                read.extend(sources.iter().map(|source| ("the TOTP secret is read", &source.from)));
            }
            Action::ReadRecoveryCodes { from: CodesSource::Element(from), .. } => {
                read.push(("the recovery codes are read", from));
            }
            Action::Expect(expect) => {
                expect.branches.iter().for_each(|branch| collect(&branch.then, typed, read));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::playbook::{OriginOverrides, Rule, parse};

    fn warnings(secret: &str, codes: &str) -> usize {
        let source = format!(
            "app: test\ntitle: Test\norigins: {{ app: https://test.example }}\nmfa: {{ methods: [totp] }}\nflows:\n  login:\n    - open: /\n    - fill: {{ into: {{ label: Password }}, with: password }}\n    - expect: {{ signed_in: {{ text: Welcome }}, bad_credentials: {{ text: Wrong }}, code_wanted: {{ see: {{ label: Code }}, then: [{{ fill: {{ into: {{ label: Code }}, with: totp }} }}, {{ expect: {{ signed_in: {{ text: Welcome }}, code_refused: {{ text: No }} }} }}] }} }}\n  enrol_mfa:\n    - open: /mfa\n    - fill: {{ into: {{ label: Password }}, with: password }}\n    - read_secret: {{ text: {secret} }}\n    - fill: {{ into: {{ label: Code }}, with: totp }}\n    - commit: {{ click: {{ role: button, name: Confirm }} }}\n    - expect: {{ code_refused: {{ text: No }}, mfa_enabled: {{ see: {{ text: Codes }}, then: [{{ read_recovery_codes: {{ from: {codes} }} }}] }} }}\n"
        );
        let playbook =
            parse("test.yaml", &source, &OriginOverrides::new()).unwrap_or_else(|report| panic!("{report}"));
        playbook.warnings.diagnostics.iter().filter(|found| found.rule == Rule::SecretShown).count()
    }

    #[test]
    fn what_was_typed_is_not_what_the_app_shows() {
        assert_eq!(warnings("{ css: code }", "{ css: ul }"), 0);
        assert_eq!(warnings("{ label: Password }", "{ css: ul }"), 1);
        assert_eq!(warnings("[{ css: code }, { label: Password }]", "{ label: Code }"), 2);
    }
}
