use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{ConfigError, Source};

/// The programs that are looked for in `PATH`, the preferred first.
pub const CANDIDATES: [&str; 6] = [
    "chromium-headless-shell",
    "chrome-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
];

/// Which browser to start, and how.
#[derive(Debug, Clone)]
pub struct BrowserChoice {
    /// The program, if one was named, and where it was named.
    pub(super) named: Option<(PathBuf, Source)>,
    /// The folders to search for one otherwise.
    pub(super) search: Vec<PathBuf>,
    /// Is Chromium's sandbox wanted?
    pub sandbox: bool,
}

impl BrowserChoice {
    /// The browser's program.
    ///
    /// # Errors
    /// [`ConfigError::NotABrowser`] if the one that was named cannot be run, [`ConfigError::NoBrowser`] if
    /// none was named and none is installed.
    pub fn find(&self) -> Result<PathBuf, ConfigError> {
        if let Some((path, at)) = &self.named {
            // A bare name is looked for as the shell would.
            if path.components().count() == 1 {
                if let Some(found) = self.search.iter().map(|f| f.join(path)).find(|p| can_run(p)) {
                    return Ok(found);
                }
            } else if can_run(path) {
                return Ok(path.clone());
            }
            return Err(ConfigError::NotABrowser { at: at.clone(), path: path.clone() });
        }
        let places =
            CANDIDATES.iter().flat_map(|name| self.search.iter().map(move |folder| folder.join(name)));
        places.into_iter().find(|path| can_run(path)).ok_or(ConfigError::NoBrowser)
    }

    /// The browser's program, of those that can show windows.
    ///
    /// # Errors
    /// [`ConfigError::NoBrowserWithWindows`] if none was named and none is installed, [`ConfigError::NoWindows`] if the
    /// one that was named has none, and as for [`find`](Self::find).
    pub fn find_with_windows(&self) -> Result<PathBuf, ConfigError> {
        let without = |path: &Path| path.to_string_lossy().contains("headless-shell");
        match &self.named {
            Some((path, at)) if without(path) => {
                Err(ConfigError::NoWindows { at: at.clone(), path: path.clone() })
            }
            Some(_) => self.find(),
            None => {
                let names = CANDIDATES.iter().filter(|name| !without(Path::new(name)));
                let mut places =
                    names.flat_map(|name| self.search.iter().map(move |folder| folder.join(name)));
                places.find(|path| can_run(path)).ok_or(ConfigError::NoBrowserWithWindows)
            }
        }
    }

    /// Would this browser start? Root has to turn the sandbox off first.
    ///
    /// # Errors
    /// [`ConfigError::SandboxAsRoot`].
    pub fn check_sandbox(&self) -> Result<(), ConfigError> {
        if self.sandbox && rustix::process::geteuid().is_root() {
            return Err(ConfigError::SandboxAsRoot);
        }
        Ok(())
    }
}

fn can_run(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}
