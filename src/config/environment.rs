use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Key;

/// Variables that are Turnlock's and no setting.
const OTHERS: [&str; 3] = ["TURNLOCK_CONFIG", "TURNLOCK_LOG", "TURNLOCK_LOG_FORMAT"];

/// The process's environment, read once at start-up and handed on from there.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    folder: PathBuf,
}

impl Environment {
    /// Reads the process's environment and its working folder. A variable that is not UTF-8 is left out.
    #[must_use]
    pub fn of_process() -> Self {
        let utf8 = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        let folder = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
        Self { variables: std::env::vars_os().filter_map(utf8).collect(), folder }
    }

    /// An environment of just these variables, with this working folder.
    pub fn of<const N: usize>(folder: impl Into<PathBuf>, variables: [(&str, &str); N]) -> Self {
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self { variables: variables.into_iter().map(own).collect(), folder: folder.into() }
    }

    /// The same with one more.
    #[must_use]
    pub fn with(mut self, (name, value): (&str, &str)) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// A variable's value; an empty one counts as unset.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A variable's value as a path, taken from the working folder.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(|value| self.folder.join(value))
    }

    /// The screen that windows are shown on, in the variables that say so; `None` if there is none.
    #[must_use]
    pub fn display(&self) -> Option<Vec<(String, String)>> {
        let names = ["DISPLAY", "WAYLAND_DISPLAY"];
        names.iter().find(|name| self.get(name).is_some())?;
        let needed = names.into_iter().chain(["XAUTHORITY", "XDG_RUNTIME_DIR"]);
        Some(needed.filter_map(|name| Some((name.to_owned(), self.get(name)?.to_owned()))).collect())
    }

    /// The working folder.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// The folder for Turnlock's data: `$XDG_DATA_HOME/turnlock`, else `~/.local/share/turnlock`.
    #[must_use]
    pub fn data_folder(&self) -> Option<PathBuf> {
        let share = self.path("XDG_DATA_HOME").or_else(|| Some(self.path("HOME")?.join(".local/share")))?;
        Some(share.join("turnlock"))
    }

    /// The folder for Turnlock's configuration: `$XDG_CONFIG_HOME/turnlock`, else `~/.config/turnlock`.
    #[must_use]
    pub fn config_folder(&self) -> Option<PathBuf> {
        let config = self.path("XDG_CONFIG_HOME").or_else(|| Some(self.path("HOME")?.join(".config")))?;
        Some(config.join("turnlock"))
    }

    /// Variables that look like a setting misspelt, each with the name that was probably meant.
    #[must_use]
    pub fn misspelt(&self) -> Vec<(String, String)> {
        let settings = Key::ALL.iter().map(|key| key.variable());
        let known: Vec<String> = settings.chain(OTHERS.map(str::to_owned)).collect();
        let meant = |name: &String| {
            let stranger = name.starts_with("TURNLOCK_") && !known.contains(name);
            let close = super::file::closest(name, known.iter().map(String::as_str))?;
            stranger.then(|| (name.clone(), close.to_owned()))
        };
        self.variables.keys().filter_map(meant).collect()
    }
}
