//! Recovery codes, read out of whatever text an app shows them in.
//!
//! Codes of one set look alike, and stand in lines of their own. So each line is read in two ways, as codes
//! of several groups (`TRQ6 CCNX`) and as a code a word; the lines in which all looks alike are kept; and
//! the form that most of them share is the one.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// An account's recovery codes that were not used yet. Prints only how many there are.
#[derive(Clone, Default)]
pub struct RecoveryCodes {
    codes: Vec<SecretString>,
}

/// Why a text gave no recovery codes. Says nothing of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecoveryError {
    /// Nothing in it looks like a set of codes.
    #[error("no recovery codes in the text of {lines} lines: was the right element read?")]
    None {
        /// Lines of the text that are not blank.
        lines: usize,
    },
    /// Another number of codes than the playbook says.
    #[error(
        "{found} recovery codes where {expected} were expected: was the right element read, or does the playbook's `count` need a change?"
    )]
    Count {
        /// What the playbook says.
        expected: usize,
        /// What was read.
        found: usize,
    },
    /// Sealed text that is not what [`RecoveryCodes::to_json`] makes.
    #[error("the stored recovery codes are not a JSON list of texts")]
    NotJson,
}

impl RecoveryCodes {
    /// Reads the codes out of free text: one a line, several a line, in groups, numbered. `expected` says how
    /// many there are, where that is known, and decides between readings.
    ///
    /// # Errors
    /// When there are none, or not as many as expected.
    pub fn parse(text: &str, expected: Option<usize>) -> Result<Self, RecoveryError> {
        let readings = readings(text);
        let chosen = match expected {
            Some(count) => readings.iter().find(|reading| reading.codes.len() == count),
            None => readings.iter().find(|reading| reading.credible()),
        };
        if let Some(reading) = chosen {
            let codes = reading.codes.iter().map(|code| SecretString::from(code.as_str())).collect();
            return Ok(Self { codes });
        }
        match (expected, readings.iter().find(|reading| reading.credible())) {
            (Some(expected), Some(reading)) => {
                Err(RecoveryError::Count { expected, found: reading.codes.len() })
            }
            _ => Err(RecoveryError::None {
                lines: text.lines().filter(|line| !line.trim().is_empty()).count(),
            }),
        }
    }

    /// How many are left.
    #[must_use]
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether none is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// The codes, as the app showed them, in its order.
    pub fn iter(&self) -> impl Iterator<Item = &SecretString> {
        self.codes.iter()
    }

    /// Takes the next code out, to be typed once.
    pub fn take(&mut self) -> Option<SecretString> {
        (!self.codes.is_empty()).then(|| self.codes.remove(0))
    }

    /// A JSON list of the codes, for sealing.
    #[must_use]
    pub fn to_json(&self) -> SecretString {
        let codes: Vec<&str> = self.codes.iter().map(ExposeSecret::expose_secret).collect();
        SecretString::from(serde_json::Value::from(codes).to_string())
    }

    /// Reads what [`to_json`](Self::to_json) made.
    ///
    /// # Errors
    /// When it is something else.
    pub fn from_json(json: &SecretString) -> Result<Self, RecoveryError> {
        let codes: Vec<String> =
            serde_json::from_str(json.expose_secret()).map_err(|_| RecoveryError::NotJson)?;
        let codes = codes.into_iter().map(SecretString::from).collect();
        Ok(Self { codes })
    }
}

impl fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecoveryCodes({} left)", self.len())
    }
}

impl<'a> IntoIterator for &'a RecoveryCodes {
    type Item = &'a SecretString;
    type IntoIter = std::slice::Iter<'a, SecretString>;

    fn into_iter(self) -> Self::IntoIter {
        self.codes.iter()
    }
}

/// The codes of one form that one way of reading gives.
struct Reading {
    form: Vec<usize>,
    codes: Vec<Zeroizing<String>>,
    lines: usize,
}

impl Reading {
    fn credible(&self) -> bool {
        let telling = |code: &str| code.contains(|c: char| c.is_ascii_digit() || c == '-' || c == ' ');
        self.codes.len() >= 3 || self.codes.iter().any(|code| telling(code))
    }

    /// Without what is a word beside codes: letters only, where most codes have digits.
    fn without_words(&self, is_word: fn(&str) -> bool) -> Option<Self> {
        let digits = self.codes.iter().filter(|code| code.contains(|c: char| c.is_ascii_digit())).count();
        let codes: Vec<_> = self.codes.iter().filter(|code| !is_word(code)).cloned().collect();
        let dropped = self.codes.len() - codes.len();
        (dropped > 0 && digits * 10 >= self.codes.len() * 6).then(|| Self {
            form: self.form.clone(),
            codes,
            lines: self.lines,
        })
    }
}

/// All readings of the text, the likeliest first.
fn readings(text: &str) -> Vec<Reading> {
    let grouped = by_form(text, grouped_codes);
    let (several, single): (Vec<_>, Vec<_>) = grouped.into_iter().partition(|reading| reading.lines > 1);
    let words = by_form(text, single_codes);
    let plain: Vec<Reading> = several.into_iter().chain(words).chain(single).collect();
    let titled = |code: &str| {
        letters_only(code) && code.chars().any(char::is_lowercase) && code.chars().any(char::is_uppercase)
    };
    let mut readings = Vec::new();
    for reading in plain {
        let no_titles = reading.without_words(titled);
        let no_words = reading.without_words(letters_only);
        readings.extend(no_titles);
        readings.push(reading);
        readings.extend(no_words);
    }
    readings
}

fn letters_only(code: &str) -> bool {
    code.chars().all(|c| c.is_ascii_alphabetic())
}

/// The lines whose codes all have one form, put together by form; the form with most text first.
fn by_form(text: &str, read: fn(&str) -> Option<Vec<String>>) -> Vec<Reading> {
    let mut readings: Vec<Reading> = Vec::new();
    for line in text.lines() {
        let Some(codes) = read(unnumbered(line)) else { continue };
        let Some(form) = codes.first().map(|code| form(code)) else { continue };
        if !codes.iter().all(|code| self::form(code) == form) {
            continue;
        }
        let codes = codes.into_iter().map(Zeroizing::new);
        match readings.iter_mut().find(|reading| reading.form == form) {
            Some(reading) => {
                reading.lines += 1;
                for code in codes {
                    // Shown twice, say once more for the printer, a code is still one.
                    if !reading.codes.contains(&code) {
                        reading.codes.push(code);
                    }
                }
            }
            None => readings.push(Reading { form, codes: codes.collect(), lines: 1 }),
        }
    }
    readings
        .sort_by_key(|reading| std::cmp::Reverse(reading.codes.len() * reading.form.iter().sum::<usize>()));
    readings
}

/// Without `1.`, `2)`, `•`, `Code 3:` before the code.
fn unnumbered(line: &str) -> &str {
    let line = line.trim().trim_start_matches(['•', '·', '*', '–', '▪']).trim_start();
    let line = line.strip_prefix("- ").unwrap_or(line);
    let line = line.rsplit_once(": ").map_or(line, |(_, rest)| rest);
    let after_number = line.trim_start_matches('#').trim_start_matches(|c: char| c.is_ascii_digit());
    let number = line.len() - after_number.len();
    if (1..=3).contains(&number) {
        let rest = after_number.trim_start_matches(['.', ')', ':']);
        let marked = rest.len() < after_number.len() || rest.starts_with('\t');
        if marked && rest.starts_with(char::is_whitespace) {
            return rest.trim();
        }
    }
    line.trim()
}

/// Tabs, bars, commas and wide gaps stand between codes, single spaces within them.
fn grouped_codes(line: &str) -> Option<Vec<String>> {
    let spaced = line.replace(['\t', '|', ',', ';', '\u{a0}'], "  ");
    let cells = spaced.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
    let codes: Option<Vec<String>> = cells
        .map(|cell| {
            let groups: Vec<&str> = cell.split(' ').collect();
            let alike = groups.iter().all(|group| {
                group.len() == groups[0].len() && group.chars().all(|c| c.is_ascii_alphanumeric())
            });
            ((2..=8).contains(&groups.len()) && alike && (2..=5).contains(&groups[0].len()))
                .then(|| cell.to_owned())
        })
        .collect();
    codes.filter(|codes| !codes.is_empty())
}

fn single_codes(line: &str) -> Option<Vec<String>> {
    let words = line.split(|c: char| c.is_whitespace() || ",;|".contains(c)).filter(|word| !word.is_empty());
    let codes: Option<Vec<String>> = words
        .map(|word| {
            let parts: Vec<&str> = word.split('-').collect();
            let length: usize = parts.iter().map(|part| part.len()).sum();
            let sound =
                parts.iter().all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric()));
            (sound && (4..=64).contains(&length)).then(|| word.to_owned())
        })
        .collect();
    codes.filter(|codes| !codes.is_empty())
}

/// The lengths of a code's groups.
fn form(code: &str) -> Vec<usize> {
    code.split([' ', '-']).map(str::len).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str, expected: Option<usize>) -> Vec<String> {
        let codes = RecoveryCodes::parse(text, expected).unwrap_or_else(|error| panic!("{text}: {error}"));
        codes.iter().map(|code| code.expose_secret().to_owned()).collect()
    }

    #[test]
    fn reads_codes_as_apps_show_them() {
        let cases = [
            ("one a line", "a1b2-c3d4\ne5f6-a7b8\nc9d0-e1f2", vec!["a1b2-c3d4", "e5f6-a7b8", "c9d0-e1f2"]),
            (
                "several a line",
                "a1b2-c3d4 e5f6-a7b8\nc9d0-e1f2 aaaa-bbbb",
                vec!["a1b2-c3d4", "e5f6-a7b8", "c9d0-e1f2", "aaaa-bbbb"],
            ),
            (
                "all in one line",
                "93612743 18264951 77120034 00000001",
                vec!["93612743", "18264951", "77120034", "00000001"],
            ),
            (
                "groups",
                "TRQ6 CCNX NRXA 6CPA\nABCD EFGH IJKL MNOP",
                vec!["TRQ6 CCNX NRXA 6CPA", "ABCD EFGH IJKL MNOP"],
            ),
            (
                "groups in columns",
                "TRQ6 CCNX\tNRXA 6CPA\nABCD EFGH\tIJKL MNOP",
                vec!["TRQ6 CCNX", "NRXA 6CPA", "ABCD EFGH", "IJKL MNOP"],
            ),
            (
                "numbered",
                "1. abcd-efgh\n2. ijkl-mnop\n10. qrst-uvwx",
                vec!["abcd-efgh", "ijkl-mnop", "qrst-uvwx"],
            ),
            ("numbered digits", "1) 12345678\n2) 87654321", vec!["12345678", "87654321"]),
            ("bullets", "• k3j9x2\n• p0o8i7", vec!["k3j9x2", "p0o8i7"]),
            ("dashes", "- k3j9x2\n- p0o8i7", vec!["k3j9x2", "p0o8i7"]),
            ("named", "Code 1: k3j9x2mm\nCode 2: p0o8i7nn", vec!["k3j9x2mm", "p0o8i7nn"]),
            ("commas", "k3j9x2mm, p0o8i7nn, q1w2e3r4", vec!["k3j9x2mm", "p0o8i7nn", "q1w2e3r4"]),
            ("letters only", "qwertzui\nasdfghjk\nyxcvbnmm", vec!["qwertzui", "asdfghjk", "yxcvbnmm"]),
            (
                "in prose",
                "Recovery codes\n\nSave these codes in a safe place. Each can be used once.\n\n3f9a1c2e77\nb81d04ee31\n0c9f3a7d52\n\nDownload\nI have saved them",
                vec!["3f9a1c2e77", "b81d04ee31", "0c9f3a7d52"],
            ),
            (
                "beside a button of the same length",
                "3f9a1c2e\nb81d04ee\n0c9f3a7d\nContinue",
                vec!["3f9a1c2e", "b81d04ee", "0c9f3a7d"],
            ),
            ("twice", "a1b2-c3d4\ne5f6-a7b8\na1b2-c3d4\ne5f6-a7b8", vec!["a1b2-c3d4", "e5f6-a7b8"]),
            (
                "one long one",
                "Your reset code:\n8b7c6d5e-0f1a-4b2c-9d3e-4f5a6b7c8d9e",
                vec!["8b7c6d5e-0f1a-4b2c-9d3e-4f5a6b7c8d9e"],
            ),
            ("rows with a number", "1\ta1b2c3d4\n2\te5f6a7b8", vec!["a1b2c3d4", "e5f6a7b8"]),
        ];
        for (name, text, expected) in cases {
            assert_eq!(read(text, Some(expected.len())), expected, "{name}, counted");
            assert_eq!(read(text, None), expected, "{name}");
        }
    }

    #[test]
    fn the_count_decides_between_readings() {
        let text = "12345 67890\n09876 54321";
        assert_eq!(read(text, Some(2)), ["12345 67890", "09876 54321"]);
        assert_eq!(read(text, Some(4)), ["12345", "67890", "09876", "54321"]);
        assert_eq!(read("3f9a1c2e\nb81d04ee\ndownload", Some(2)), ["3f9a1c2e", "b81d04ee"]);
    }

    #[test]
    fn refuses_what_is_no_set_of_codes() {
        let count = RecoveryCodes::parse("a1b2-c3d4\ne5f6-a7b8", Some(10)).unwrap_err();
        assert_eq!(count, RecoveryError::Count { expected: 10, found: 2 });
        for text in ["", "Continue", "Two-factor authentication is on.\nSign out"] {
            assert!(matches!(RecoveryCodes::parse(text, None), Err(RecoveryError::None { .. })), "{text}");
            assert!(RecoveryCodes::parse(text, Some(10)).is_err());
        }
    }

    #[test]
    fn is_sealed_whole_and_consumed_one_by_one() {
        let mut codes = RecoveryCodes::parse("a1b2-c3d4\ne5f6-a7b8", None).unwrap();
        assert_eq!(codes.to_json().expose_secret(), r#"["a1b2-c3d4","e5f6-a7b8"]"#);
        assert_eq!(format!("{codes:?}"), "RecoveryCodes(2 left)");
        assert_eq!(codes.take().unwrap().expose_secret(), "a1b2-c3d4");
        let mut left = RecoveryCodes::from_json(&codes.to_json()).unwrap();
        assert_eq!(left.take().unwrap().expose_secret(), "e5f6-a7b8");
        assert!(left.take().is_none() && left.is_empty());
        assert!(RecoveryCodes::from_json(&SecretString::from("{}")).is_err());
    }
}
