//! Parameters: what is another for each account of an app.

use regex::Regex;

/// A parameter of a playbook: `${tenant}` in origins, addresses and texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// What it is, for those who add accounts.
    pub description: String,
    /// A value that may be given; the checker reads the playbook with it.
    pub example: String,
    /// What a value has to match as a whole. Known to parse.
    pub pattern: Option<String>,
}

/// What a value is made of where the playbook gives no `pattern`: nothing that means something in an address.
const PLAIN: &str = "[A-Za-z0-9][A-Za-z0-9._-]*";
/// The most characters of a value.
const LONGEST: usize = 200;

impl Parameter {
    /// Whether a value may be given to it. What becomes of it in an origin is checked besides, see `origins`.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn check(&self, value: &str) -> Result<(), String> {
        let forbidden =
            |c: char| c.is_control() || matches!(c, '"' | '\'' | '`' | '\\' | '<' | '>' | '{' | '}' | '$');
        if let Some(c) = value.chars().find(|c| forbidden(*c)) {
            return Err(format!("it has {c:?} in it, which no value may have"));
        }
        if value.trim() != value || value.is_empty() || value.chars().count() > LONGEST {
            return Err(format!("it is empty, longer than {LONGEST} characters, or has spaces around it"));
        }
        let pattern = self.pattern.as_deref().unwrap_or(PLAIN);
        match Regex::new(&format!("^(?:{pattern})$")) {
            Ok(wanted) if wanted.is_match(value) => Ok(()),
            _ => Err(format!("it is not of the form {pattern}")),
        }
    }
}
