//! A file that the page offers, read and not kept.

use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use tokio::time::timeout_at;
use zeroize::Zeroizing;

use super::answer::Wait;
use super::error::PageError;
use super::page::Page;
use super::protocol::SetDownloadBehavior;
use super::state::Download;
use crate::playbook::Target;

/// No list of recovery codes is larger, in bytes.
const LARGEST: u64 = 256 * 1024;

/// A folder that is gone, with all that is in it, when this is dropped.
struct Folder(PathBuf);

impl Folder {
    /// Within the browser's own profile, which nobody else may read and which is removed with the browser, whatever
    /// becomes of this process.
    fn within(profile: &Path) -> std::io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        let path = profile.join(format!("download-{}", uuid::Uuid::now_v7()));
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, "a download is left in the browser's profile until the browser ends");
        }
    }
}

impl Page {
    /// Clicks the element, takes the file that a document of a declared origin offers for it, and returns what it says.
    /// All other downloads are refused.
    ///
    /// # Errors
    /// As for [`Page::click`]; and if no file comes in time, or one that is no text of moderate size.
    pub async fn download(&self, target: &Target, within: Duration) -> Result<SecretString, PageError> {
        let wait = Wait::new(within, format!("the file of {target}"));
        let unreadable =
            |how: String| PageError::FieldRefused { field: format!("the file of {target}"), how };
        let folder = Folder::within(self.profile()).map_err(|error| unreadable(error.to_string()))?;
        self.downloads(Some(&folder.0), &wait).await?;
        let came = async {
            // What comes before the click is none of it.
            self.hover(target, within).await?;
            self.state.expect_download(
                self.guide.origins.iter().map(|origin| origin.as_str().to_owned()).collect(),
            );
            self.click(target, wait.left()).await?;
            let mut changes = self.state.subscribe();
            loop {
                changes.mark_unchanged();
                match self.state.download() {
                    Some(Download::Complete { name }) => return Ok(name),
                    Some(Download::Cancelled) => {
                        return Err(unreadable("the browser could not load it".to_owned()));
                    }
                    None | Some(Download::Begun { .. }) => {}
                }
                if timeout_at(wait.deadline, changes.changed()).await.is_err() {
                    return Err(self.not_as_described(&wait, "no file was offered".to_owned()).await);
                }
            }
        };
        let came = came.await;
        self.state.expect_no_download();
        let denied = self.downloads(None, &wait).await;
        let name = came?;
        denied?;
        read(&folder.0.join(name)).await.map_err(unreadable)
    }

    /// Takes downloads into that folder, or none.
    async fn downloads(&self, folder: Option<&Path>, wait: &Wait) -> Result<(), PageError> {
        let behavior = SetDownloadBehavior {
            behavior: if folder.is_some() { "allowAndName" } else { "deny" },
            browser_context_id: self.context().to_owned(),
            download_path: folder.map(|folder| folder.display().to_string()),
            events_enabled: false,
        };
        let set = self.connection.call(&"".into(), &behavior, wait.left_for_call());
        set.await.map(drop).map_err(|error| self.failure(error))
    }
}

/// The text in a file, in UTF-8 or, where it begins with such a mark, UTF-16.
async fn read(file: &Path) -> Result<SecretString, String> {
    let size = tokio::fs::metadata(file).await.map_err(|error| error.to_string())?.len();
    if size > LARGEST {
        return Err(format!("it has {size} bytes, more than {LARGEST}"));
    }
    let bytes = Zeroizing::new(tokio::fs::read(file).await.map_err(|error| error.to_string())?);
    let text = match &bytes[..] {
        [0xFF, 0xFE, text @ ..] => String::from_utf16(&units(text, u16::from_le_bytes)).ok(),
        [0xFE, 0xFF, text @ ..] => String::from_utf16(&units(text, u16::from_be_bytes)).ok(),
        [0xEF, 0xBB, 0xBF, text @ ..] | text => std::str::from_utf8(text).ok().map(str::to_owned),
    };
    text.filter(|text| !text.contains('\0'))
        .map(SecretString::from)
        .ok_or_else(|| "it is no text; codes in pictures and documents cannot be read".to_owned())
}

fn units(bytes: &[u8], of: fn([u8; 2]) -> u16) -> Zeroizing<Vec<u16>> {
    Zeroizing::new(bytes.chunks_exact(2).map(|pair| of([pair[0], pair[1]])).collect())
}
