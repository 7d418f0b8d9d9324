//! What a playbook must be, a rule for each kind of mistake.

/// The text of every rule, for people: a section for each, headed by code and name.
use super::suggest::nearest;

const MESSAGES: &str = include_str!("../../docs/playbooks/messages.md");

macro_rules! rules {
    ($($variant:ident $code:literal $name:literal)*) => {
        /// What the checker looks at. Code and name are stable; docs/playbooks/messages.md explains each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rule {
            $(#[doc = $name] $variant,)*
        }

        impl Rule {
            /// Every rule, in the order of their codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its code: `P0402`.
            pub fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)*
                }
            }

            /// Its name: `unknown-step`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

rules! {
    YamlSyntax "P0101" "yaml-syntax"
    TooLarge "P0102" "too-large"
    TooMuch "P0103" "too-much"
    DuplicateKey "P0104" "duplicate-key"
    UnknownAnchor "P0105" "unknown-anchor"
    MergeKey "P0106" "merge-key"
    WrongType "P0201" "wrong-type"
    KeyNotText "P0202" "key-not-text"
    MissingKey "P0203" "missing-key"
    MissingValue "P0204" "missing-value"
    Empty "P0205" "empty"
    UnknownKey "P0206" "unknown-key"
    MisplacedKey "P0207" "misplaced-key"
    OutOfRange "P0208" "out-of-range"
    Duration "P0209" "duration"
    Name "P0210" "name"
    AppName "P0301" "app-name"
    Origin "P0302" "origin"
    OriginInsecure "P0303" "origin-insecure"
    OriginUndeclared "P0304" "origin-undeclared"
    OverrideUnknown "P0305" "override-unknown"
    Address "P0306" "address"
    PasswordRules "P0307" "password-rules"
    MfaMethod "P0308" "mfa-method"
    CodePattern "P0309" "code-pattern"
    FrameUnknown "P0310" "frame-unknown"
    FrameCycle "P0311" "frame-cycle"
    FrameUnused "P0312" "frame-unused"
    FamilyUnknown "P0313" "family-unknown"
    FamilyKey "P0314" "family-key"
    Parameter "P0315" "parameter"
    ParameterUnknown "P0316" "parameter-unknown"
    ParameterOrigin "P0317" "parameter-origin"
    ParameterMissing "P0318" "parameter-missing"
    Step "P0401" "step"
    UnknownStep "P0402" "unknown-step"
    UnknownFlow "P0403" "unknown-flow"
    UnknownValue "P0404" "unknown-value"
    UnknownState "P0405" "unknown-state"
    StateLikeEnd "P0406" "state-like-end"
    Locator "P0407" "locator"
    UnknownRole "P0408" "unknown-role"
    UnknownAutocomplete "P0409" "unknown-autocomplete"
    UnknownKeyName "P0410" "unknown-key-name"
    Css "P0411" "css"
    Xpath "P0412" "xpath"
    Misplaced "P0413" "misplaced"
    Commit "P0414" "commit"
    QuestionOpen "P0415" "question-open"
    Unreachable "P0501" "unreachable"
    NoEnd "P0502" "no-end"
    GoalMissing "P0503" "goal-missing"
    EndUnfit "P0504" "end-unfit"
    ExpectInEnd "P0505" "expect-in-end"
    NothingOpen "P0506" "nothing-open"
    BeforeSet "P0507" "before-set"
    AfterCommit "P0508" "after-commit"
    SecretTwice "P0509" "secret-twice"
    CommitMissing "P0510" "commit-missing"
    CommitTwice "P0511" "commit-twice"
    OutcomeMissing "P0512" "outcome-missing"
    CodeUnanswered "P0513" "code-unanswered"
    CommitLate "P0514" "commit-late"
    SecretAnywhere "P0601" "secret-anywhere"
    ProvesNothing "P0602" "proves-nothing"
    RecoversNothing "P0603" "recovers-nothing"
    ContactUnproved "P0604" "contact-unproved"
    SecretShown "P0605" "secret-shown"
    PasswordUnproved "P0606" "password-unproved"
    AccountUnnamed "P0607" "account-unnamed"
    PasswordLiteral "P0608" "password-literal"
    PasswordSwapped "P0609" "password-swapped"
    SecretParameter "P0610" "secret-parameter"
    Unmatched "P0701" "unmatched"
}

impl Rule {
    /// The rule of this code or name. Codes go without zeros and in small letters, too: `p701`, `701`.
    pub fn find(written: &str) -> Option<Self> {
        let written = written.trim().trim_matches(['[', ']']);
        let digits = written.strip_prefix(['P', 'p']).unwrap_or(written);
        let number = digits.parse::<u16>().ok().filter(|_| digits.len() <= 4 && !digits.starts_with('+'));
        let code = number.map(|number| format!("P{number:04}"));
        Self::ALL
            .iter()
            .copied()
            .find(|rule| code.as_deref() == Some(rule.code()) || rule.name().eq_ignore_ascii_case(written))
    }

    /// The rule that may be meant where there is none of this name.
    pub fn nearest(written: &str) -> Option<Self> {
        nearest(written, Self::ALL.iter().map(|rule| rule.name())).and_then(Self::find)
    }

    /// What was wrong, why it matters, and what right looks like. Markdown.
    pub fn explanation(self) -> &'static str {
        let heading = format!("\n### {} ", self.code());
        let section = MESSAGES.find(&heading).map_or("", |at| MESSAGES[at..].trim_start());
        let end = section[1.min(section.len())..].find("\n##").map_or(section.len(), |at| at + 1);
        section[..end].trim_end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::read::words::STEPS;

    #[test]
    fn a_code_is_found_however_it_is_written() {
        for written in ["P0701", "p0701", "p701", "701", "0701", "[P0701]", "unmatched", "Unmatched"] {
            assert_eq!(Rule::find(written), Some(Rule::Unmatched), "{written}");
        }
        for written in ["P9999", "", "P", "P00701", "+701", "70 1"] {
            assert_eq!(Rule::find(written), None, "{written}");
        }
        assert_eq!(Rule::nearest("unmached"), Some(Rule::Unmatched));
        assert_eq!(Rule::nearest("nothing like it"), None);
    }

    #[test]
    fn the_explanation_of_an_unknown_step_names_every_step() {
        for (name, _) in STEPS {
            assert!(Rule::UnknownStep.explanation().contains(&format!("`{name}`")), "{name}");
        }
    }
}
