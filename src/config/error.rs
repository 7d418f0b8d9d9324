use std::path::PathBuf;

use super::Source;

/// What is wrong with the configuration, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The config file that was asked for cannot be read.
    #[error("the config file {} cannot be read: {reason}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: std::io::Error,
    },
    /// The config file is not TOML.
    #[error("the config file {} is not valid TOML: {reason}", .path.display())]
    NotToml {
        /// The file.
        path: PathBuf,
        /// What the parser found, with the line.
        reason: String,
    },
    /// The config file has a key that means nothing.
    #[error("{}:{line}: there is no setting `{key}`; {hint}", .path.display())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The line; the first is 1.
        line: usize,
        /// The key.
        key: String,
        /// What was probably meant, or what there is.
        hint: String,
    },
    /// A value was not understood.
    #[error("{at} is `{value}`: {hint}")]
    BadValue {
        /// Where it was said.
        at: Source,
        /// The value; never one that holds a secret.
        value: String,
        /// What to write instead.
        hint: String,
    },
    /// Settings that go together only were not all made.
    #[error("{at} is set without {missing}: notices by mail need notice_url, notice_from and notice_to")]
    Incomplete {
        /// Where one of them was said.
        at: Source,
        /// Those that are missing.
        missing: String,
    },
    /// An override of an origin was not understood.
    #[error("{at}: {hint}")]
    BadOrigin {
        /// Where it was said.
        at: Source,
        /// What is wrong, and what to write instead.
        hint: String,
    },
    /// There is no home to put the defaults in.
    #[error("neither HOME nor XDG_DATA_HOME is set: set one of them, or name the place with {0}")]
    NoHome(String),
    /// No browser was found.
    #[error(
        "no browser was found in PATH (looked for {}): install one (Debian: `apt-get install chromium-headless-shell`), or name it with --browser",
        super::CANDIDATES.join(", ")
    )]
    NoBrowser,
    /// The browser that was named is not there.
    #[error("{at} names the browser {}, which is no program that can be run", .path.display())]
    NotABrowser {
        /// Where it was said.
        at: Source,
        /// The path.
        path: PathBuf,
    },
    /// No browser was found that shows windows.
    #[error(
        "no browser that shows windows was found in PATH: install one (Debian: `apt-get install chromium`), or name it with --browser"
    )]
    NoBrowserWithWindows,
    /// The browser that was named shows no windows.
    #[error(
        "{at} names the browser {}, which shows no windows: name the full one (Debian: `apt-get install chromium`)",
        .path.display()
    )]
    NoWindows {
        /// Where it was said.
        at: Source,
        /// The path.
        path: PathBuf,
    },
    /// Chromium's sandbox refuses to work for root.
    #[error(
        "the browser's sandbox does not work for root: run Turnlock as another user, or, if every app it opens is your own, say --browser-sandbox off"
    )]
    SandboxAsRoot,
}
