use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::process::geteuid;
use secrecy::{ExposeSecret, SecretBox};
use zeroize::{Zeroize, Zeroizing};

use super::KeyError;

/// The key that wraps the data key of every sealed record.
pub struct MasterKey(SecretBox<[u8; 32]>);

/// Whether a key was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOrigin {
    /// A new key was made: say where it is, since nothing opens without it.
    Created,
    /// It was there.
    Existing,
}

/// A key file is 44 characters and perhaps a line end; anything much longer is something else.
const LONGEST_FILE: u64 = 256;

impl MasterKey {
    /// Reads the key from a file that nobody but its owner may read or write; or, where it is root's and this process
    /// is not, that one group may read.
    ///
    /// # Errors
    /// When there is none, others may read it, or it does not hold a key.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, KeyError> {
        let path = path.as_ref();
        let io = |source| KeyError::Io { path: path.to_owned(), source };
        let file = File::open(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => KeyError::Missing(path.to_owned()),
            _ => io(error),
        })?;
        // Asked of the open file, so that it cannot be exchanged between the question and the reading.
        let about = file.metadata().map_err(io)?;
        let mode = about.mode() & 0o7777;
        if about.is_file() && is_too_open(mode, about.uid(), geteuid().as_raw()) {
            return Err(KeyError::TooOpen { path: path.to_owned(), mode });
        }
        let mut text = Zeroizing::new(Vec::with_capacity(LONGEST_FILE as usize));
        file.take(LONGEST_FILE).read_to_end(&mut text).map_err(io)?;
        let malformed = |reason| KeyError::Malformed { path: path.to_owned(), reason };
        let bytes = STANDARD.decode(text.trim_ascii()).map_err(|_| malformed("it is not base64"))?;
        let bytes = Zeroizing::new(bytes);
        let mut key = [0; 32];
        if bytes.len() != key.len() {
            return Err(malformed("its length is another"));
        }
        key.copy_from_slice(&bytes);
        Ok(Self::take(&mut key))
    }

    /// Reads the key, or makes one if there is no such file. Of several processes that do so at once, one
    /// makes it and the others read it.
    ///
    /// # Errors
    /// As [`Self::load`], or when the file cannot be written.
    pub fn load_or_create(path: impl AsRef<Path>) -> Result<(Self, KeyOrigin), KeyError> {
        let path = path.as_ref();
        match Self::load(path) {
            Err(KeyError::Missing(_)) => {}
            other => return other.map(|key| (key, KeyOrigin::Existing)),
        }
        let key = Self::generate()?;
        let created = key.write_new(path).map_err(|source| KeyError::Io { path: path.to_owned(), source })?;
        match created {
            true => Ok((key, KeyOrigin::Created)),
            false => Self::load(path).map(|key| (key, KeyOrigin::Existing)),
        }
    }

    /// Makes a key that is in no file.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn generate() -> Result<Self, KeyError> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| KeyError::NoRandomness(error.to_string()))?;
        Ok(Self::take(&mut key))
    }

    fn take(key: &mut [u8; 32]) -> Self {
        let boxed = SecretBox::init_with_mut(|kept: &mut [u8; 32]| kept.copy_from_slice(key));
        key.zeroize();
        Self(boxed)
    }

    /// Writes the key beside its place first and links it there whole, so that nobody ever reads half a
    /// key and no key is ever overwritten. `false` if another was there first.
    fn write_new(&self, path: &Path) -> io::Result<bool> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let draft = folder.join(format!(".turnlock-key-{}", uuid::Uuid::new_v4()));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        let text = Zeroizing::new(STANDARD.encode(self.expose()) + "\n");
        let linked = file
            .write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::hard_link(&draft, path));
        fs::remove_file(&draft)?;
        match linked {
            Ok(()) => File::open(folder)?.sync_all().map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(super) fn expose(&self) -> &[u8; 32] {
        self.0.expose_secret()
    }
}

/// As PostgreSQL has it for its keys: a file that is root's and not one's own may be read by a group. That is how
/// Kubernetes hands a Secret to a process that is not root.
const fn is_too_open(mode: u32, owner: u32, this: u32) -> bool {
    let others = if owner == 0 && this != 0 { 0o037 } else { 0o077 };
    mode & others != 0
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::is_too_open;

    #[test]
    fn a_group_may_read_only_what_is_roots_and_not_ones_own() {
        let (root, worker) = (0, 10_001);
        assert!(!is_too_open(0o440, root, worker) && !is_too_open(0o640, root, worker));
        assert!(is_too_open(0o440, worker, worker) && is_too_open(0o440, root, root));
        assert!(is_too_open(0o460, root, worker) && is_too_open(0o444, root, worker));
        assert!(!is_too_open(0o600, worker, worker) && !is_too_open(0o400, root, root));
    }
}
