//! What is kept of pages, as files: their names, and for how long they stay. What is in them is the work of
//! [`crate::flow`].
//!
//! - `plan`: which of it goes, by age and size. Pure.
//! - `folder`: the folder itself, looked through and tidied without following a symbolic link.

mod folder;
mod plan;

use std::fs::File;
use std::io;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use uuid::Uuid;

pub use folder::Folder;
pub use plan::{Kept, Limits, Place, to_remove};

/// The picture of the page at the end of an attempt.
pub const PICTURE: &str = "screenshot.png";

/// What that page said.
pub const PAGE: &str = "page.txt";

/// The folder for an attempt's evidence; it is made when there is some.
#[must_use]
pub fn folder_of(artifacts: &Path, job: Uuid, attempt: u32) -> PathBuf {
    artifacts.join(job.to_string()).join(attempt.to_string())
}

/// Whether the folder lies where evidence lies, by its name and in truth.
#[must_use]
pub fn is_within(folder: &Path, artifacts: &Path) -> bool {
    let plain = folder.components().all(|part| !matches!(part, Component::ParentDir));
    let real = |path: &Path| path.canonicalize().ok();
    plain
        && match (real(folder), real(artifacts)) {
            (Some(folder), Some(artifacts)) => folder != artifacts && folder.starts_with(artifacts),
            _ => false,
        }
}

/// Opens a file of an attempt's folder, if it is one itself: what a link leads to is nobody's evidence.
///
/// # Errors
/// If it is not there, is no plain file, or may not be read.
pub fn open(folder: &Path, name: &str) -> io::Result<File> {
    // Who opens a pipe would wait for somebody to write.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(folder.join(name), flags, Mode::empty())?);
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file")),
    }
}

/// The name of what is kept beside that, when somebody who looks on asks for it: they sort as they were taken.
#[must_use]
pub fn numbered(number: usize, of: &str) -> String {
    format!("{number:02}-{of}")
}

/// Whether a file of this name in an attempt's folder is Turnlock's.
fn is_ours(name: &str) -> bool {
    let numbered = |name: &str| {
        let stem = name.strip_suffix(".png").or_else(|| name.strip_suffix(".txt"));
        stem.and_then(|stem| stem.split_once('-')).is_some_and(|(number, of)| {
            let digits = (2..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
            digits && of.starts_with(|first: char| first.is_ascii_lowercase())
        })
    };
    name == PICTURE || name == PAGE || numbered(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_those_of_others() {
        for ours in [PICTURE, PAGE, "01-login.3.png", "104-try.txt", &format!("{}.png", numbered(7, "a/b"))] {
            assert!(is_ours(ours), "{ours}");
        }
        for foreign in [
            "2026-11-29.txt",
            "2026-11-29 ticket.png",
            "01-17.png",
            "notes.txt",
            "screenshot.png.bak",
            "x-1.png",
            "1-x.png",
            "01x.png",
            "01-x.gif",
            "",
        ] {
            assert!(!is_ours(foreign), "{foreign}");
        }
    }
}
