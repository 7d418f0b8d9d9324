//! What an app asks of a password, in Apple's `passwordrules` grammar.

use std::fmt;

use password_rules_parser::error::{Expected, PasswordRulesError};
use password_rules_parser::{CharacterClass, parse_password_rules};

use super::charset::CharSet;

/// An app's rules for passwords: `minlength: 12; required: upper; allowed: [-_!]; max-consecutive: 2`.
///
/// A class that is required twice asks for two characters of it. With no class named at all,
/// printable ASCII is allowed; with only `required`, nothing but the required classes is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordRules {
    /// The least number of characters.
    pub min_length: Option<u32>,
    /// The greatest number of characters.
    pub max_length: Option<u32>,
    /// How often one character may follow itself: 2 allows `aa`, not `aaa`.
    pub max_consecutive: Option<u32>,
    /// What else is allowed besides the required classes.
    pub allowed: CharSet,
    /// At least one character of each.
    pub required: Vec<CharSet>,
}

/// Rules that are not in the grammar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RulesError {
    /// What is wrong and what to write instead.
    pub message: String,
    /// Where, in bytes from the start of the rules.
    pub offset: usize,
}

/// A rule that a password does not meet. Says nothing of the password itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Fewer characters than `minlength`.
    #[error("has {have} characters, at least {need} are asked")]
    TooShort {
        /// Characters of the password.
        have: usize,
        /// The rule's number.
        need: usize,
    },
    /// More characters than `maxlength`.
    #[error("has {have} characters, at most {most} are allowed")]
    TooLong {
        /// Characters of the password.
        have: usize,
        /// The rule's number.
        most: usize,
    },
    /// A character outside of `allowed` and `required`.
    #[error("character {position} is none of {allowed}")]
    NotAllowed {
        /// The first such character, counted from 1.
        position: usize,
        /// What is allowed.
        allowed: CharSet,
    },
    /// Too few characters of a required class.
    #[error("has {have} of {class}, at least {need} asked")]
    Missing {
        /// The class.
        class: CharSet,
        /// Characters of that class in the password.
        have: usize,
        /// How often the class is required.
        need: usize,
    },
    /// One character too often in a row.
    #[error("repeats a character more than {limit} times in a row")]
    TooManyInARow {
        /// The rule's number.
        limit: usize,
    },
}

impl PasswordRules {
    /// Reads rules in Apple's grammar.
    ///
    /// # Errors
    /// When the text is not in the grammar, or its numbers contradict each other.
    pub fn parse(text: &str) -> Result<Self, RulesError> {
        if text.trim().is_empty() {
            return Err(RulesError {
                message: "no rules here; write for example `minlength: 12; required: upper; required: digit`, or leave the rules out".into(),
                offset: 0,
            });
        }
        let indent = text.len() - text.trim_start().len();
        let parsed = parse_password_rules(text, false).map_err(|error| explain(text, indent, &error))?;
        let rules = Self {
            min_length: parsed.min_length,
            max_length: parsed.max_length,
            max_consecutive: parsed.max_consecutive,
            allowed: union(&parsed.allowed),
            required: parsed
                .required
                .iter()
                .map(|classes| union(classes))
                .filter(|class| !class.is_empty())
                .collect(),
        };
        if rules.to_string().is_empty() {
            return Err(RulesError { message: "these rules say nothing; leave them out".into(), offset: 0 });
        }
        rules.refuse_contradictions(text)?;
        Ok(rules)
    }

    fn refuse_contradictions(&self, text: &str) -> Result<(), RulesError> {
        let lower = text.to_ascii_lowercase();
        let at = |word: &str| lower.rfind(word).unwrap_or(0);
        let (offset, message) = match (self.min_length, self.max_length) {
            (Some(min), Some(max)) if min > max => (
                at("maxlength"),
                format!("maxlength {max} is less than minlength {min}: no password can be both"),
            ),
            (_, Some(0)) => (at("maxlength"), "maxlength 0 leaves no password".to_owned()),
            _ if self.max_consecutive == Some(0) => (
                at("max-consecutive"),
                "max-consecutive 0 leaves no password; 1 forbids repeating a character".to_owned(),
            ),
            _ => return Ok(()),
        };
        Err(RulesError { message, offset })
    }

    /// Every character that a password may consist of.
    #[must_use]
    pub fn permitted(&self) -> CharSet {
        let all = self.required.iter().fold(self.allowed, |a, &b| a | b);
        if all.is_empty() { CharSet::ascii_printable() } else { all }
    }

    /// The distinct required classes, each with how often it is required.
    pub(super) fn needs(&self) -> Vec<(CharSet, usize)> {
        let mut needs: Vec<(CharSet, usize)> = Vec::new();
        for &class in &self.required {
            match needs.iter_mut().find(|(known, _)| *known == class) {
                Some((_, times)) => *times += 1,
                None => needs.push((class, 1)),
            }
        }
        needs
    }

    /// Every rule that `password` does not meet; empty when it meets them all.
    #[must_use]
    pub fn check(&self, password: &str) -> Vec<Violation> {
        let mut violations = Vec::new();
        let have = password.chars().count();
        if let Some(need) = self.min_length.map(|n| n as usize).filter(|&n| have < n) {
            violations.push(Violation::TooShort { have, need });
        }
        if let Some(most) = self.max_length.map(|n| n as usize).filter(|&n| have > n) {
            violations.push(Violation::TooLong { have, most });
        }
        let allowed = self.permitted();
        if let Some(index) = password.chars().position(|c| !allowed.contains(c)) {
            let position = index + 1;
            violations.push(Violation::NotAllowed { position, allowed });
        }
        for (class, need) in self.needs() {
            let have = password.chars().filter(|&c| class.contains(c)).count();
            if have < need {
                violations.push(Violation::Missing { class, have, need });
            }
        }
        if let Some(limit) = self.max_consecutive.map(|n| n as usize)
            && longest_run(password) > limit
        {
            violations.push(Violation::TooManyInARow { limit });
        }
        violations
    }
}

/// Twenty characters and more, of every kind.
impl Default for PasswordRules {
    fn default() -> Self {
        Self {
            min_length: Some(20),
            max_length: None,
            max_consecutive: None,
            allowed: CharSet::default(),
            required: vec![CharSet::lower(), CharSet::upper(), CharSet::digit(), "-_!".chars().collect()],
        }
    }
}

/// In Apple's grammar again.
impl fmt::Display for PasswordRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = [
            ("minlength", self.min_length),
            ("maxlength", self.max_length),
            ("max-consecutive", self.max_consecutive),
        ];
        let mut parts: Vec<String> =
            numbers.iter().filter_map(|(name, number)| number.map(|n| format!("{name}: {n}"))).collect();
        parts.extend(self.required.iter().map(|class| format!("required: {class}")));
        if !self.allowed.is_empty() {
            parts.push(format!("allowed: {}", self.allowed));
        }
        f.write_str(&parts.join("; "))
    }
}

impl std::str::FromStr for PasswordRules {
    type Err = RulesError;

    fn from_str(text: &str) -> Result<Self, RulesError> {
        Self::parse(text)
    }
}

fn longest_run(text: &str) -> usize {
    let (mut last, mut run, mut longest) = (None, 0, 0);
    for c in text.chars() {
        run = if last == Some(c) { run + 1 } else { 1 };
        last = Some(c);
        longest = longest.max(run);
    }
    longest
}

fn union(classes: &[CharacterClass]) -> CharSet {
    classes
        .iter()
        .map(|class| match class {
            CharacterClass::Unicode => CharSet::unicode(),
            other => other.chars().into_iter().collect(),
        })
        .fold(CharSet::default(), |a, b| a | b)
}

/// The parser lists everything it would have taken, at several places; the furthest place is where it stopped.
fn explain(text: &str, indent: usize, error: &PasswordRulesError) -> RulesError {
    let index = error.expectations.iter().map(|e| e.index).max().unwrap_or(0);
    let offset = (indent + index).min(text.len());
    let mut wanted: Vec<String> = Vec::new();
    for expectation in error.expectations.iter().filter(|e| e.index == index) {
        let word = match expectation.expected {
            Expected::Eof => "the end".to_owned(),
            Expected::Char(c) => format!("`{c}`"),
            Expected::Tag(tag) => format!("`{tag}`"),
            Expected::Number => "a number".to_owned(),
        };
        if !wanted.contains(&word) {
            wanted.push(word);
        }
    }
    let rest = text.get(offset..).unwrap_or_default();
    let found = match rest.split([';', ',', ' ']).next() {
        Some(word) if !word.is_empty() => format!("found `{word}`"),
        _ if rest.is_empty() => "the rules end".to_owned(),
        _ => format!("found `{}`", &rest[..1]),
    };
    let mut message = match wanted.as_slice() {
        [] => format!("{found}, which password rules do not have"),
        [one] => format!("{found} where {one} belongs"),
        [all @ .., last] => format!("{found} where one of {} or {last} belongs", all.join(", ")),
    };
    if wanted.iter().any(|word| word == "`]`") {
        message.push_str("; inside [ ] a `-` comes first and a `]` last, and there are no ranges");
    }
    RulesError { message, offset }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn reads_what_apps_write() {
        let rules = PasswordRules::parse(
            "minlength: 12; maxlength: 40; required: upper; required: digit; allowed: [-_!]; max-consecutive: 2",
        )
        .unwrap();
        assert_eq!(rules.min_length, Some(12));
        assert_eq!(rules.max_length, Some(40));
        assert_eq!(rules.max_consecutive, Some(2));
        assert_eq!(rules.required, [CharSet::upper(), CharSet::digit()]);
        assert_eq!(rules.allowed, "-_!".chars().collect());
        assert_eq!(
            rules.to_string(),
            "minlength: 12; maxlength: 40; max-consecutive: 2; required: upper; required: digit; allowed: [-!_]"
        );
    }

    #[test]
    fn checks_each_rule() {
        let rules = PasswordRules::parse(
            "minlength: 4; maxlength: 6; required: digit; required: digit; allowed: lower; max-consecutive: 2",
        )
        .unwrap();
        assert_eq!(rules.check("ab12"), []);
        assert_eq!(
            rules.check("a1"),
            [
                Violation::TooShort { have: 2, need: 4 },
                Violation::Missing { class: CharSet::digit(), have: 1, need: 2 },
            ]
        );
        assert_eq!(
            rules.check("a12aaa1"),
            [Violation::TooLong { have: 7, most: 6 }, Violation::TooManyInARow { limit: 2 },]
        );
        assert!(matches!(rules.check("a1é2")[..], [Violation::NotAllowed { position: 3, .. }]));
        assert!(rules.check("a12B")[0].to_string().starts_with("character 4 is none of"));
        assert_eq!(PasswordRules::parse("allowed: unicode").unwrap().check("äß 1"), []);
    }

    #[test]
    fn errors_name_the_place_and_the_remedy() {
        let cases = [
            ("  ", 0, "no rules here"),
            ("minlength: twelve", 11, "found `twelve` where one of a number"),
            ("minlen: 3", 0, "found `minlen:` where one of `required`, `allowed`"),
            ("required: uper", 10, "found `uper` where one of `upper`"),
            ("  allowed: [a-z]", 13, "there are no ranges"),
            ("minlength: 9; maxlength: 8", 14, "less than minlength"),
            ("required: []; minlength:", 0, "say nothing"),
            ("max-consecutive: 0", 0, "leaves no password"),
        ];
        for (text, offset, part) in cases {
            let error = PasswordRules::parse(text).unwrap_err();
            assert!(error.message.contains(part), "{text}: {}", error.message);
            assert_eq!(error.offset, offset, "{text}: {}", error.message);
        }
    }
}
