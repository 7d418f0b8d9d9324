//! A playbook's own pattern for the code.

use regex::{Regex, RegexBuilder};

/// What a pattern may take up once it is read.
const SIZE: usize = 1 << 20;
/// Longer ones are not read.
const LONGEST: usize = 1000;
/// A longer match is no code.
const LONGEST_CODE: usize = 64;
/// How often a text is searched at most.
const MOST_SEARCHES: usize = 500;

/// A regular expression that says where in a message its code stands: the first group, or all of the match.
///
/// It is read once and looked for in time that grows with the message and not faster.
#[derive(Debug, Clone)]
pub struct CodePattern(Regex);

/// A pattern that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It is no regular expression.
    #[error(
        "the pattern cannot be read: {0}; write a regular expression such as `code: ([0-9]{{6}})`, without look-around and back references"
    )]
    Unreadable(String),
    /// It is too long, or what it stands for is.
    #[error("the pattern is too large; write a shorter one, with smaller counts of repetitions")]
    TooLarge,
}

impl CodePattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// If it is no regular expression, or too large.
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        if pattern.len() > LONGEST {
            return Err(PatternError::TooLarge);
        }
        let regex = RegexBuilder::new(pattern).size_limit(SIZE).dfa_size_limit(SIZE).build();
        regex.map(Self).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => PatternError::TooLarge,
            error => {
                let said = error.to_string();
                let last = said.lines().last().unwrap_or_default();
                PatternError::Unreadable(last.trim_start_matches("error: ").to_owned())
            }
        })
    }

    /// The different codes that it finds in a text, in their order.
    pub(super) fn codes(&self, text: &str, most: usize) -> Vec<String> {
        let mut codes: Vec<String> = Vec::new();
        // One search is linear; a search for all of them need not be, so they are counted.
        for found in self.0.captures_iter(text).take(MOST_SEARCHES) {
            let code = found.get(1).or_else(|| found.get(0)).map_or("", |code| code.as_str()).trim();
            if !code.is_empty()
                && code.chars().count() <= LONGEST_CODE
                && !codes.iter().any(|known| known == code)
            {
                codes.push(code.to_owned());
                if codes.len() >= most {
                    break;
                }
            }
        }
        codes
    }
}

impl PartialEq for CodePattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl std::str::FromStr for CodePattern {
    type Err = PatternError;

    fn from_str(pattern: &str) -> Result<Self, PatternError> {
        Self::new(pattern)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn finds_what_the_playbook_names() {
        let codes = |pattern: &str, text: &str| CodePattern::new(pattern).unwrap().codes(text, 9);
        assert_eq!(codes(r"key: (\w+)", "the key: abc, the key: def, key: abc"), ["abc", "def"]);
        assert_eq!(codes(r"\d{5}", "123456 12"), ["12345"]);
        assert_eq!(codes(r"x*", "abc"), [""; 0]);
    }

    #[test]
    fn refuses_what_it_cannot_use() {
        assert_eq!(CodePattern::new("((a{1000}){1000})"), Err(PatternError::TooLarge));
        assert_eq!(CodePattern::new(&"a".repeat(1001)), Err(PatternError::TooLarge));
        let error = CodePattern::new("(?=a)").unwrap_err().to_string();
        assert!(error.starts_with("the pattern cannot be read: look-around"), "{error}");
    }
}
