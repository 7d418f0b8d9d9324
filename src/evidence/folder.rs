use std::ffi::CStr;
use std::fmt::Display;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, openat, statat, unlinkat};
use rustix::io::Errno;
use uuid::Uuid;

use super::{Kept, Place, is_ours};

/// The folder for evidence: in it a folder a job, and in that one an attempt. Whatever else lies there is left alone, and
/// below the folder no symbolic link is followed. Others may tidy it at the same time.
#[derive(Debug)]
pub struct Folder(OwnedFd);

impl Folder {
    /// Opens it; `None` if there is none yet.
    ///
    /// # Errors
    /// If it is no folder, or may not be read.
    pub fn open(path: &Path) -> io::Result<Option<Self>> {
        match openat(CWD, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()) {
            Ok(folder) => Ok(Some(Self(folder))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The evidence that there is, in no order.
    ///
    /// # Errors
    /// If the folder cannot be read. Folders below it that cannot be are left out: they are somebody else's.
    pub fn look(&self) -> io::Result<Vec<Kept>> {
        let mut kept = Vec::new();
        for (name, job) in named::<Uuid>(&self.0)? {
            let Ok(folder) = enter(&self.0, &name) else { continue };
            for (name, attempt) in named::<u32>(&folder)? {
                let Ok(folder) = enter(&folder, &name) else { continue };
                kept.extend(weigh(&folder, (job, attempt))?);
            }
        }
        Ok(kept)
    }

    /// Removes what Turnlock wrote there, and the folders, unless something else lies in them.
    ///
    /// # Errors
    /// If it cannot be removed. That it has gone meanwhile is none.
    pub fn remove(&self, (job, attempt): Place) -> io::Result<()> {
        let Some(of_job) = gone_is_none(enter(&self.0, job.to_string()))? else { return Ok(()) };
        let Some(folder) = gone_is_none(enter(&of_job, attempt.to_string()))? else { return Ok(()) };
        for file in files(&folder)?.iter().filter(|file| file.ours) {
            gone_is_none(unlinkat(&folder, file.name.as_c_str(), AtFlags::empty()))?;
        }
        for (within, name) in [(&of_job, attempt.to_string()), (&self.0, job.to_string())] {
            match unlinkat(within, name, AtFlags::REMOVEDIR) {
                Ok(()) | Err(Errno::NOTEMPTY | Errno::EXIST | Errno::NOENT) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// Something in an attempt's folder.
struct File {
    name: std::ffi::CString,
    ours: bool,
    stat: Stat,
}

/// What lies in an attempt's folder.
fn files(folder: impl AsFd) -> io::Result<Vec<File>> {
    let mut files = Vec::new();
    for name in names(&folder)? {
        let Some(stat) = gone_is_none(statat(&folder, name.as_c_str(), AtFlags::SYMLINK_NOFOLLOW))? else {
            continue;
        };
        let plain = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        let ours = plain && name.to_str().is_ok_and(is_ours);
        files.push(File { name, ours, stat });
    }
    Ok(files)
}

/// What Turnlock wrote there. Of a folder that holds nothing but other things it has none; an empty one is what an attempt
/// left that could write nothing.
fn weigh(folder: impl AsFd, place: Place) -> io::Result<Option<Kept>> {
    let files = files(&folder)?;
    let ours: Vec<_> = files.iter().filter(|file| file.ours).map(|file| &file.stat).collect();
    let itself = rustix::fs::fstat(&folder)?;
    let written = match (ours.iter().map(|stat| written(stat)).max(), files.is_empty()) {
        (Some(written), _) => written,
        (None, true) => written(&itself),
        (None, false) => return Ok(None),
    };
    let bytes = ours.iter().map(|stat| u64::try_from(stat.st_size).unwrap_or(0)).sum();
    Ok(Some(Kept { place, written, bytes }))
}

fn written(stat: &Stat) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(stat.st_mtime).unwrap_or(0))
}

/// The entries whose names are such values, written as Turnlock writes them.
fn named<T: FromStr + Display>(folder: impl AsFd) -> io::Result<Vec<(String, T)>> {
    let parsed = |name: std::ffi::CString| {
        let name = name.into_string().ok()?;
        let value = name.parse::<T>().ok().filter(|value| value.to_string() == name)?;
        Some((name, value))
    };
    Ok(names(folder)?.into_iter().filter_map(parsed).collect())
}

/// The names of what is in the folder, but for itself and the one above.
fn names(folder: impl AsFd) -> io::Result<Vec<std::ffi::CString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name: &CStr = entry.file_name();
        if !matches!(name.to_bytes(), b"." | b"..") {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// Opens a folder in a folder, if it is one itself and no link to one.
fn enter(within: impl AsFd, name: impl rustix::path::Arg) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(within, name, flags, Mode::empty())
}

fn gone_is_none<T>(done: Result<T, Errno>) -> io::Result<Option<T>> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::evidence::{PAGE, PICTURE, folder_of};

    fn write(folder: &Path, name: &str, bytes: usize) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(name), vec![b'x'; bytes]).unwrap();
    }

    #[test]
    fn only_what_turnlock_wrote_is_seen_and_removed() {
        let (artifacts, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (job, linked) = (Uuid::now_v7(), Uuid::now_v7());
        let of = |attempt| folder_of(artifacts.path(), job, attempt);
        write(&of(1), PICTURE, 100);
        write(&of(1), PAGE, 10);
        write(&of(2), "01-login.1.png", 5);
        write(&of(2), "notes.txt", 1000);
        fs::create_dir(of(2).join("page.txt")).unwrap();
        write(&of(3), "only-theirs.txt", 1000);
        fs::create_dir(of(4)).unwrap();
        // What is named otherwise, and what leads elsewhere.
        write(&artifacts.path().join("demo/1"), PICTURE, 7);
        write(&artifacts.path().join(job.to_string().to_uppercase()).join("1"), PICTURE, 7);
        write(&artifacts.path().join(job.to_string()).join("01"), PICTURE, 7);
        write(&folder_of(outside.path(), linked, 1), PICTURE, 7);
        symlink(outside.path().join(linked.to_string()), artifacts.path().join(linked.to_string())).unwrap();
        symlink(outside.path().join(linked.to_string()).join("1"), of(9)).unwrap();
        write(outside.path(), "theirs", 3);
        fs::create_dir(of(5)).unwrap();
        symlink(outside.path().join("theirs"), of(5).join(PICTURE)).unwrap();
        write(&of(5), PAGE, 1);

        let folder = Folder::open(artifacts.path()).unwrap().unwrap();
        let mut kept: Vec<_> =
            folder.look().unwrap().into_iter().map(|kept| (kept.place, kept.bytes)).collect();
        kept.sort();
        assert_eq!(kept, [((job, 1), 110), ((job, 2), 5), ((job, 4), 0), ((job, 5), 1)]);

        // Whatever it is asked to remove.
        for place in [(job, 1), (job, 1), (job, 2), (job, 3), (job, 4), (job, 5), (job, 77), (Uuid::nil(), 1)]
        {
            folder.remove(place).unwrap();
        }
        assert!(
            folder.remove((linked, 1)).is_err() && folder.remove((job, 9)).is_err(),
            "links are no folders"
        );
        assert!(!of(1).exists() && !of(4).exists());
        assert!(of(2).join("notes.txt").is_file() && of(2).join("page.txt").is_dir());
        assert!(!of(2).join("01-login.1.png").exists());
        assert!(of(3).join("only-theirs.txt").is_file());
        assert!(of(5).join(PICTURE).is_symlink() && !of(5).join(PAGE).exists());
        assert!(outside.path().join("theirs").is_file());
        assert!(folder_of(outside.path(), linked, 1).join(PICTURE).is_file());
        assert!(artifacts.path().join("demo/1").join(PICTURE).is_file());
        assert_eq!(folder.look().unwrap(), []);
    }

    #[test]
    fn the_last_attempt_takes_its_jobs_folder_with_it() {
        let artifacts = tempfile::tempdir().unwrap();
        assert!(Folder::open(&artifacts.path().join("none")).unwrap().is_none());
        let job = Uuid::now_v7();
        write(&folder_of(artifacts.path(), job, 1), PAGE, 1);
        write(&folder_of(artifacts.path(), job, 2), PAGE, 1);
        let folder = Folder::open(artifacts.path()).unwrap().unwrap();
        folder.remove((job, 1)).unwrap();
        assert!(folder_of(artifacts.path(), job, 2).is_dir());
        folder.remove((job, 2)).unwrap();
        assert_eq!(fs::read_dir(artifacts.path()).unwrap().count(), 0);
    }
}
