//! Files, directories and symbolic links on the real host.
//!
//! A path is walked directory by directory and its last component is never followed, so nobody who may
//! write into one of the directories can lead root elsewhere.

mod meta;
mod walk;
mod write;

use std::collections::BTreeSet;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;

use rustix::fs::{self, CWD, FileType, OFlags, Stat};
use rustix::io::Errno;

pub(super) use write::{change, clear_scratch, scratch_name};

use super::{Content, FileState, HostError};
use walk::Place;

/// Larger files are looked at and not read: a before-image of them would fill the journal.
const SIZE_CAP: u64 = 64 << 20;

/// What stands at a path. Nothing does where a directory above is missing.
pub(super) fn read(path: &str) -> Result<FileState, HostError> {
    let failed = |error: std::io::Error| HostError::io("read", path, error);
    let Some(place) = walk::find(path).map_err(failed)? else { return Ok(FileState::Absent) };
    let Some((fd, stat)) = look(&place).map_err(|error| failed(error.into()))? else { return Ok(FileState::Absent) };
    let meta = |fd| meta::read(fd, &stat).map_err(|error| failed(error.into()));
    Ok(match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => {
            let meta = meta(fd.as_fd())?;
            match read_content(&fd, &stat).map_err(failed)? {
                Some(bytes) => FileState::Regular { content: Content::Bytes(bytes.into()), meta },
                None => FileState::Large { size: stat.st_size.try_into().unwrap_or(0), meta },
            }
        }
        FileType::Directory => FileState::Directory { meta: meta(fd.as_fd())? },
        FileType::Symlink => {
            let target = fs::readlinkat(&fd, "", Vec::new()).map_err(|error| failed(error.into()))?;
            let target = target.into_string().map_err(|_| failed(std::io::ErrorKind::InvalidData.into()))?;
            FileState::Symlink { target, meta: meta(fd.as_fd())? }
        }
        other => FileState::Other { kind: describe(other).to_owned() },
    })
}

/// When what stands at a path was last changed in any way, which nobody can set: seconds since the epoch.
pub(super) fn changed_at(path: &str) -> Result<Option<i64>, HostError> {
    let failed = |error: std::io::Error| HostError::io("read", path, error);
    let Some(place) = walk::find(path).map_err(failed)? else { return Ok(None) };
    let found = look(&place).map_err(|error| failed(error.into()))?;
    Ok(found.map(|(_, stat)| stat.st_ctime))
}

/// The path without links above its last component; the path itself where its directory is missing.
pub(super) fn canonical(path: &str) -> Result<String, HostError> {
    let place = walk::find(path).map_err(|error| HostError::io("find", path, error))?;
    Ok(match place {
        None => path.to_owned(),
        // The root directory has no name in another one.
        Some(place) if place.name == "." => place.real,
        Some(place) => format!("{}/{}", place.real.trim_end_matches('/'), place.name),
    })
}

/// The names in a directory, sorted; none when there is no directory.
pub(super) fn list(path: &str) -> Result<Vec<String>, HostError> {
    let failed = |error: std::io::Error| HostError::io("list", path, error);
    let Some(place) = walk::find(path).map_err(failed)? else { return Ok(Vec::new()) };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let dir = match fs::openat(&place.dir, &place.name, flags, fs::Mode::empty()) {
        Ok(dir) => dir,
        // Linux says ENOTDIR of a symbolic link, too, when both flags are set.
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(Vec::new()),
        Err(error) => return Err(failed(error.into())),
    };
    let mut names = Vec::new();
    for entry in fs::Dir::new(dir).map_err(|error| failed(error.into()))? {
        let entry = entry.map_err(|error| failed(error.into()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !matches!(name.as_str(), "." | "..") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Whether one file was written after another, in whole seconds; false when one of them is missing.
pub(super) fn is_newer(path: &str, than: &str) -> Result<bool, HostError> {
    let written = |path: &str| match std::fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata.mtime())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(HostError::io("look at", path, error)),
    };
    Ok(match (written(path)?, written(than)?) {
        (Some(this), Some(other)) => this > other,
        _ => false,
    })
}

/// All paths below a directory; links are not followed.
pub(super) fn tree(root: &str) -> Result<BTreeSet<String>, HostError> {
    let mut found = BTreeSet::new();
    let mut todo = vec![root.to_owned()];
    while let Some(directory) = todo.pop() {
        for name in list(&directory)? {
            let path = format!("{directory}/{name}");
            todo.push(path.clone());
            found.insert(path);
        }
    }
    Ok(found)
}

/// A handle on an entry that neither follows nor opens it, and what it is; `None` when there is none.
fn look(place: &Place) -> rustix::io::Result<Option<(OwnedFd, Stat)>> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match fs::openat(&place.dir, &place.name, flags, fs::Mode::empty()) {
        Ok(fd) => {
            let stat = fs::fstat(&fd)?;
            Ok(Some((fd, stat)))
        }
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The path by which system calls reach what a handle of [`look`] holds, without going by its name again.
fn handle_path(fd: impl AsFd) -> String {
    use std::os::fd::AsRawFd;
    format!("/proc/self/fd/{}", fd.as_fd().as_raw_fd())
}

/// The bytes of a regular file; `None` when there are too many.
fn read_content(fd: &OwnedFd, stat: &Stat) -> std::io::Result<Option<Vec<u8>>> {
    if u64::try_from(stat.st_size).unwrap_or(0) > SIZE_CAP {
        return Ok(None);
    }
    let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = fs::openat(CWD, handle_path(fd), flags, fs::Mode::empty())?;
    let mut bytes = Vec::new();
    std::fs::File::from(file).take(SIZE_CAP + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= SIZE_CAP).then_some(bytes))
}

fn describe(kind: FileType) -> &'static str {
    match kind {
        FileType::Socket => "socket",
        FileType::Fifo => "fifo",
        FileType::BlockDevice => "block device",
        FileType::CharacterDevice => "character device",
        _ => "file of an unknown kind",
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test makes its files")]
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_large_file_is_looked_at_and_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("large");
        let file = std::fs::File::create(&path).unwrap();
        // Whatever the umask.
        file.set_permissions(std::fs::Permissions::from_mode(0o644)).unwrap();
        for (size, is_large) in [(SIZE_CAP, false), (SIZE_CAP + 1, true), (1 << 40, true)] {
            file.set_len(size).unwrap();
            let state = read(path.to_str().unwrap()).unwrap();
            assert_eq!(matches!(&state, FileState::Large { size: told, .. } if *told == size), is_large, "{state:?}");
            assert_eq!(state.meta().unwrap().mode, 0o644);
        }
    }
}
