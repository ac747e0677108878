//! From a path to its directory, held open.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{self, CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::handle_path;
use crate::host::links::{ACL, is_ours, untrusted};

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
                if !is_trusted(&dir)? {
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
    let trusted = is_trusted(&dir)?;
    Ok(Place { dir, name, real: format!("/{}", real.join("/")), trusted })
}

fn root() -> io::Result<OwnedFd> {
    Ok(fs::openat(CWD, "/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

fn is_trusted(dir: &OwnedFd) -> io::Result<bool> {
    let stat = fs::fstat(dir)?;
    let has_acl = match fs::getxattr(handle_path(dir), ACL, &mut [0_u8; 0][..]) {
        Ok(_) => true,
        Err(Errno::NODATA | Errno::OPNOTSUPP) => false,
        Err(error) => return Err(error.into()),
    };
    Ok(is_ours(stat.st_uid, stat.st_gid, stat.st_mode, has_acl))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]
    use std::os::unix::fs::{PermissionsExt, symlink};

    use rustix::fs::XattrFlags;

    use super::*;

    /// As `setfacl -m u:1000:rwx` makes it of mode 0755 (Linux' `posix_acl_xattr.h`): a version, then tag, permissions and id.
    fn acl() -> Vec<u8> {
        const NOBODY: u32 = u32::MAX;
        let entries: [(u16, u16, u32); 5] =
            [(1, 7, NOBODY), (2, 7, 1000), (4, 5, NOBODY), (16, 7, NOBODY), (32, 5, NOBODY)];
        let mut bytes = 2_u32.to_le_bytes().to_vec();
        for (tag, permissions, id) in entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(permissions.to_le_bytes());
            bytes.extend(id.to_le_bytes());
        }
        bytes
    }

    #[test]
    #[expect(clippy::print_stderr, reason = "a skip says why")]
    fn no_link_is_followed_where_an_acl_lets_others_write() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("shared");
        std::fs::create_dir(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        symlink("/etc", path.join("link")).unwrap();
        let inside = path.join("link/passwd").display().to_string();
        assert_eq!(enter(&inside).unwrap().real, "/etc");
        if let Err(error) = fs::setxattr(&path, ACL, &acl(), XattrFlags::empty()) {
            eprintln!("skipped: the file system of {} takes no ACL ({error})", path.display());
            return;
        }
        assert_eq!(enter(&inside).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    }
}
