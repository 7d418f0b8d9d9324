use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::{Environment, Key};

/// Where a value was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// On the command line.
    Flag(Key),
    /// In the environment.
    Variable(Key),
    /// In the config file, on this line (the first is 1).
    File(PathBuf, usize, Key),
    /// In a variable that other programs know too.
    Foreign(&'static str),
    /// Nowhere: it is the default.
    Default(Key),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(key) => write!(f, "{}", key.flag()),
            Self::Variable(key) => write!(f, "{}", key.variable()),
            Self::File(path, line, key) => write!(f, "`{key}` in {}:{line}", path.display()),
            Self::Foreign(name) => f.write_str(name),
            Self::Default(key) => write!(f, "the default of `{key}`"),
        }
    }
}

/// A value as it was said, not yet understood; most settings have one text, lists have several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    /// The texts.
    pub values: Vec<String>,
    /// Where they were said.
    pub source: Source,
}

/// What one of flags, environment and file says.
pub type Layer = BTreeMap<Key, Raw>;

/// The environment's layer. Lists are separated by commas; an empty variable counts as unset.
pub(super) fn from_environment(environment: &Environment) -> Layer {
    let said = |key: &Key| {
        let text = environment.get(&key.variable())?;
        let values = match key {
            Key::Playbooks | Key::Origins | Key::InboxAuthserv | Key::NoticeTo => {
                text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
            }
            _ => vec![text.to_owned()],
        };
        Some((*key, Raw { values, source: Source::Variable(*key) }))
    };
    Key::ALL.iter().filter_map(said).collect()
}
