use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::evidence::{PAGE, PICTURE};

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
    /// What there is in the folder.
    pub fn in_folder(folder: &Path) -> Self {
        let file = |name| Some(folder.join(name)).filter(|path| path.is_file());
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
        let Some(path) = &self.picture else { return Ok(None) };
        let bytes = read(path, LARGEST_PICTURE + 1)?;
        let fits = u64::try_from(bytes.len()).is_ok_and(|length| length <= LARGEST_PICTURE);
        Ok((fits && bytes.starts_with(PNG)).then_some(bytes))
    }

    /// What the page said, and whether that is all.
    pub fn read_page(&self) -> io::Result<Option<(String, bool)>> {
        let Some(path) = &self.page else { return Ok(None) };
        let bytes = read(path, LONGEST_PAGE)?;
        let whole = u64::try_from(bytes.len()).is_ok_and(|length| length < LONGEST_PAGE);
        Ok(Some((String::from_utf8_lossy(&bytes).into_owned(), whole)))
    }
}

fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_picture_is_none() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!Evidence::in_folder(folder.path()).is_here());
        std::fs::write(folder.path().join(PICTURE), "root:x:0:0").unwrap();
        let found = Evidence::in_folder(folder.path());
        assert_eq!((found.is_here(), found.read_picture().unwrap()), (true, None));
        std::fs::write(folder.path().join(PICTURE), [PNG, b"rest"].concat()).unwrap();
        assert_eq!(found.read_picture().unwrap().unwrap().len(), 12);
        assert_eq!(found.read_page().unwrap(), None);
        std::fs::write(folder.path().join(PAGE), "x".repeat(300_000)).unwrap();
        let (text, whole) = Evidence::in_folder(folder.path()).read_page().unwrap().unwrap();
        assert_eq!((text.len(), whole), (256 * 1024, false));
    }
}
