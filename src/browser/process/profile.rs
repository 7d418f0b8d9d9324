//! A browser's profile: a folder of its own, removed with the browser or, if its worker died, by another.

use std::io;
use std::path::{Path, PathBuf};

use super::guardian::Guardian;
use crate::process_table;

/// The name of a profile folder: `turnlock-profile-<pid>-<start of that process>-<number>`. `guardian.sh` knows
/// it as well.
pub(super) const PREFIX: &str = "turnlock-profile-";

/// The folder, with the guardian that outlives this process. Dropping it removes the one and dismisses the other.
pub(super) struct Profile {
    path: PathBuf,
    guardian: Option<Guardian>,
}

impl Profile {
    /// Makes one in that folder.
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        use std::sync::atomic::{AtomicU32, Ordering};
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let pid = std::process::id();
        let start = process_table::entry(pid).map(|entry| entry.start).unwrap_or_default();
        // Absolute, for the guardian is elsewhere.
        let path = std::path::absolute(folder.join(format!("{PREFIX}{pid}-{start}-{number}")))?;
        // Before there is anything to be left behind.
        let guardian = Guardian::start(&path).inspect_err(|error| {
            tracing::warn!(%error, "the browser runs without a guardian, for /bin/sh cannot be started: should this worker be killed, its browser profile stays until the next start");
        });
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self { path, guardian: guardian.ok() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn guardian(&mut self) -> Option<&mut Guardian> {
        self.guardian.as_mut()
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.path) {
            tracing::warn!(profile = %self.path.display(), %error, "a browser profile is left");
        }
    }
}
