//! Owner, group, mode and extended attributes of what a handle holds.
#![expect(clippy::disallowed_methods, reason = "this is the place")]

use std::collections::BTreeMap;
use std::os::fd::BorrowedFd;

use rustix::fs::{self, AtFlags, CWD, FileType, Gid, Stat, Uid, XattrFlags};
use rustix::io::{Errno, Result};

use super::handle_path;
use crate::host::accounts::Accounts;
use crate::host::{HostError, Meta};

/// The label that `SELinux` puts on by itself; it can be changed, never taken away.
const LABEL: &str = "security.selinux";

pub(super) fn read(fd: BorrowedFd<'_>, stat: &Stat) -> Result<Meta> {
    Ok(Meta {
        mode: stat.st_mode & 0o7777,
        owner: Accounts::Users.by_id(stat.st_uid),
        group: Accounts::Groups.by_id(stat.st_gid),
        xattrs: xattrs(fd)?,
    })
}

/// Gives what a handle holds this metadata, touching only what differs.
pub(super) fn write(path: &str, fd: BorrowedFd<'_>, want: &Meta) -> std::result::Result<(), HostError> {
    let (uid, gid) = (Accounts::Users.id_of(&want.owner)?, Accounts::Groups.id_of(&want.group)?);
    let failed = |verb| move |error: Errno| HostError::io(verb, path, error);
    let stat = fs::fstat(fd).map_err(failed("stat"))?;
    if (stat.st_uid, stat.st_gid) != (uid, gid) {
        let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
        fs::chownat(fd, "", Some(uid), Some(gid), AtFlags::EMPTY_PATH).map_err(failed("change the owner of"))?;
    }
    write_xattrs(fd, &want.xattrs).map_err(failed("set the extended attributes of"))?;
    // Last: a change of owner takes setuid away, and an ACL brings a mode of its own.
    let stat = fs::fstat(fd).map_err(failed("stat"))?;
    let is_link = FileType::from_raw_mode(stat.st_mode) == FileType::Symlink;
    if !is_link && stat.st_mode & 0o7777 != want.mode {
        let mode = fs::Mode::from_raw_mode(want.mode);
        fs::chmodat(CWD, handle_path(fd), mode, AtFlags::empty()).map_err(failed("change the mode of"))?;
    }
    Ok(())
}

fn write_xattrs(fd: BorrowedFd<'_>, want: &BTreeMap<String, Vec<u8>>) -> Result<()> {
    let present = xattrs(fd)?;
    let path = handle_path(fd);
    for name in present.keys().filter(|name| *name != LABEL && !want.contains_key(*name)) {
        fs::removexattr(&path, name.as_str())?;
    }
    for (name, value) in want.iter().filter(|(name, value)| present.get(*name) != Some(*value)) {
        fs::setxattr(&path, name.as_str(), value, XattrFlags::empty())?;
    }
    Ok(())
}

/// The extended attributes; none where the file system has none.
fn xattrs(fd: BorrowedFd<'_>) -> Result<BTreeMap<String, Vec<u8>>> {
    let path = handle_path(fd);
    let mut found = BTreeMap::new();
    let names = match grow(|buffer| fs::listxattr(&path, buffer)) {
        Err(Errno::OPNOTSUPP) => return Ok(found),
        names => names?,
    };
    for name in names.split(|&byte| byte == 0).filter_map(|name| str::from_utf8(name).ok()) {
        if !is_kept(name) {
            continue;
        }
        match grow(|buffer| fs::getxattr(&path, name, buffer)) {
            Ok(value) => drop(found.insert(name.to_owned(), value)),
            // Gone meanwhile, or listed but not for us.
            Err(Errno::NODATA | Errno::OPNOTSUPP) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Not the seals that the kernel makes over the content by itself, nor what only a file system may set.
fn is_kept(name: &str) -> bool {
    match name.split_once('.') {
        Some(("security", rest)) => !matches!(rest, "ima" | "evm"),
        Some(("system", rest)) => rest.starts_with("posix_acl_"),
        Some(("user" | "trusted", _)) => true,
        _ => false,
    }
}

/// Calls with larger buffers until the answer fits.
fn grow(call: impl Fn(&mut Vec<u8>) -> Result<usize>) -> Result<Vec<u8>> {
    let mut size = 256;
    loop {
        let mut buffer = vec![0; size];
        match call(&mut buffer) {
            Ok(length) => {
                buffer.truncate(length);
                return Ok(buffer);
            }
            // The kernel's own limit is 64 KiB.
            Err(Errno::RANGE) if size < 1 << 17 => size *= 4,
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::os::fd::AsFd;

    use rustix::fs::{Mode, OFlags};

    use super::*;

    const ACL: &str = "system.posix_acl_access";

    /// An ACL as the kernel writes it (`linux/posix_acl_xattr.h`) that lets one user more read.
    fn acl(reader: u32) -> Vec<u8> {
        let no_id = u32::MAX;
        let entries: [(u16, u16, u32); 5] =
            [(0x01, 6, no_id), (0x02, 4, reader), (0x04, 4, no_id), (0x10, 4, no_id), (0x20, 0, no_id)];
        let entries = entries
            .map(|(tag, may, id)| [tag.to_le_bytes().as_slice(), &may.to_le_bytes(), &id.to_le_bytes()].concat());
        2_u32.to_le_bytes().into_iter().chain(entries.concat()).collect()
    }

    #[test]
    fn attributes_and_acls_come_change_and_go() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::open(&file, OFlags::CREATE | OFlags::WRONLY, Mode::from_raw_mode(0o600)).unwrap();
        let handle = fs::open(&file, OFlags::PATH | OFlags::NOFOLLOW, Mode::empty()).unwrap();
        let seen = || read(handle.as_fd(), &fs::fstat(&handle).unwrap()).unwrap();
        let bare = seen();
        let long = vec![b'x'; 2000];
        // With an ACL the group's bits of the mode are its mask: a mode that fits is given along with it.
        for (mode, attributes) in [
            (0o600, vec![("user.a", b"1".to_vec()), ("user.long", long)]),
            (0o640, vec![("user.a", Vec::new()), (ACL, acl(2))]),
            (0o640, vec![("user.b", b"2".to_vec()), (ACL, acl(3))]),
            (0o4755, Vec::new()),
            (0o600, Vec::new()),
        ] {
            let xattrs = attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            let want = Meta { mode, xattrs, ..bare.clone() };
            write("file", handle.as_fd(), &want).unwrap();
            assert_eq!(seen(), want);
        }
        assert_eq!(seen(), bare);
    }
}
