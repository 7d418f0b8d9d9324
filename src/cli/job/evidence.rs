use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::evidence::{PAGE, PICTURE, is_within, open};

/// Every PNG begins like this.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// No picture of a page is larger, in bytes.
const LARGEST_PICTURE: u64 = 16 * 1024 * 1024;

/// So much is read of what a page said, in bytes.
const LONGEST_PAGE: u64 = 256 * 1024;

/// What an attempt left of the page, as far as it lies on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Evidence {
    /// Where it lies, or lay on the machine of the worker.
    pub folder: PathBuf,
    /// Its picture.
    pub picture: Option<PathBuf>,
    /// What it said.
    pub page: Option<PathBuf>,
    /// For how long evidence is kept, if this one is older.
    pub outlived: Option<Duration>,
}

impl Evidence {
    /// What there is in the folder, if that lies where evidence lies.
    pub fn in_folder(folder: &Path, artifacts: &Path) -> Self {
        let ours = is_within(folder, artifacts);
        let file = |name| Some(folder.join(name)).filter(|_| ours && open(folder, name).is_ok());
        Self { folder: folder.to_owned(), picture: file(PICTURE), page: file(PAGE), outlived: None }
    }

    /// Whether anything of it can be seen from here.
    pub fn is_here(&self) -> bool {
        self.picture.is_some() || self.page.is_some()
    }

    /// Why nothing of it can be seen, in words that follow on "it is".
    pub fn absence(&self) -> String {
        match self.outlived {
            Some(retention) => {
                format!("gone: evidence is kept for {} d", retention.as_secs() / (24 * 60 * 60))
            }
            None => "not on this machine, or removed".to_owned(),
        }
    }

    /// The picture's bytes: a PNG, or nothing.
    pub fn read_picture(&self) -> io::Result<Option<Vec<u8>>> {
        if self.picture.is_none() {
            return Ok(None);
        }
        let bytes = read(&self.folder, PICTURE, LARGEST_PICTURE + 1)?;
        let fits = u64::try_from(bytes.len()).is_ok_and(|length| length <= LARGEST_PICTURE);
        Ok((fits && bytes.starts_with(PNG)).then_some(bytes))
    }

    /// What the page said, and whether that is all.
    pub fn read_page(&self) -> io::Result<Option<(String, bool)>> {
        if self.page.is_none() {
            return Ok(None);
        }
        let bytes = read(&self.folder, PAGE, LONGEST_PAGE)?;
        let whole = u64::try_from(bytes.len()).is_ok_and(|length| length < LONGEST_PAGE);
        Ok(Some((String::from_utf8_lossy(&bytes).into_owned(), whole)))
    }
}

fn read(folder: &Path, name: &str, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(folder, name)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_is_no_picture_is_none() {
        let artifacts = tempfile::tempdir().unwrap();
        let folder = artifacts.path().join("job");
        std::fs::create_dir(&folder).unwrap();
        let look = || Evidence::in_folder(&folder, artifacts.path());
        assert!(!look().is_here());
        std::fs::write(folder.join(PICTURE), "root:x:0:0").unwrap();
        let found = look();
        assert_eq!((found.is_here(), found.read_picture().unwrap()), (true, None));
        std::fs::write(folder.join(PICTURE), [PNG, b"rest"].concat()).unwrap();
        assert_eq!(found.read_picture().unwrap().unwrap().len(), 12);
        assert_eq!(found.read_page().unwrap(), None);
        std::fs::write(folder.join(PAGE), "x".repeat(300_000)).unwrap();
        let (text, whole) = look().read_page().unwrap().unwrap();
        assert_eq!((text.len(), whole), (256 * 1024, false));
    }

    #[test]
    fn what_links_lead_to_is_not_read() {
        let (artifacts, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(outside.path().join(PAGE), "of somebody else").unwrap();
        let folder = artifacts.path().join("job");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join(PAGE), "of ours").unwrap();
        let before = Evidence::in_folder(&folder, artifacts.path());
        std::fs::remove_file(folder.join(PAGE)).unwrap();
        symlink(outside.path().join(PAGE), folder.join(PAGE)).unwrap();
        assert!(before.read_page().is_err(), "it was replaced behind the look");
        assert!(!Evidence::in_folder(&folder, artifacts.path()).is_here());
        let linked = artifacts.path().join("linked");
        symlink(outside.path(), &linked).unwrap();
        for elsewhere in [&linked, outside.path(), &folder.join("..").join("..")] {
            assert!(!Evidence::in_folder(elsewhere, artifacts.path()).is_here(), "{elsewhere:?}");
        }
    }
}
