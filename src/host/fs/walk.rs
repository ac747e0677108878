//! From a path to its directory, held open.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{self, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::host::links::{is_ours, untrusted};

/// As Linux: more links than this are taken for a loop.
const MAX_LINKS: usize = 40;

/// An entry of a directory that is held open.
#[derive(Debug)]
pub(super) struct Place {
    /// The directory (`O_PATH`).
    pub(super) dir: OwnedFd,
    /// The entry's name in it; `.` for the root directory.
    pub(super) name: String,
    /// The directory's path without links.
    pub(super) real: String,
    /// Only root (or whoever runs this) can change the directory.
    pub(super) trusted: bool,
}

/// Finds the directory of a path; `None` when a directory above is missing or is none.
///
/// Symbolic links above the last component are followed only where nobody else could have put them.
pub(super) fn find(path: &str) -> io::Result<Option<Place>> {
    match enter(path) {
        Ok(place) => Ok(Some(place)),
        Err(error)
            if [Errno::NOENT, Errno::NOTDIR, Errno::LOOP]
                .map(|e| Some(e.raw_os_error()))
                .contains(&error.raw_os_error()) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// As [`find`], for a path that has to have its directory.
pub(super) fn enter(path: &str) -> io::Result<Place> {
    let mut dir = root()?;
    let mut parts: VecDeque<String> = path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let name = parts.pop_back().unwrap_or_else(|| ".".to_owned());
    let mut links = 0;
    let mut real: Vec<String> = Vec::new();
    while let Some(part) = parts.pop_front() {
        let next = fs::openat(&dir, &part, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
        match FileType::from_raw_mode(fs::fstat(&next)?.st_mode) {
            FileType::Directory => {
                dir = next;
                match part.as_str() {
                    "." => {}
                    ".." => drop(real.pop()),
                    _ => real.push(part),
                }
            }
            FileType::Symlink => {
                links += 1;
                if links > MAX_LINKS {
                    return Err(Errno::LOOP.into());
                }
                if !is_trusted(&fs::fstat(&dir)?) {
                    return Err(untrusted(&part));
                }
                let target = fs::readlinkat(&next, "", Vec::new())?;
                let target = target.to_str().map_err(|_| io::ErrorKind::InvalidData)?;
                if target.starts_with('/') {
                    dir = root()?;
                    real.clear();
                }
                for part in target.split('/').rev().filter(|part| !part.is_empty()) {
                    parts.push_front(part.to_owned());
                }
            }
            _ => return Err(Errno::NOTDIR.into()),
        }
    }
    let trusted = is_trusted(&fs::fstat(&dir)?);
    Ok(Place { dir, name, real: format!("/{}", real.join("/")), trusted })
}

fn root() -> io::Result<OwnedFd> {
    Ok(fs::openat(CWD, "/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

fn is_trusted(dir: &Stat) -> bool {
    is_ours(dir.st_uid, dir.st_gid, dir.st_mode)
}
