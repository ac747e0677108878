//! Bringing a path from one state into another.
//!
//! A new file is made whole beside its place, under a scratch name, synced, and then takes its place in
//! one rename. Where only metadata differs the file itself stays, with its inode.
#![expect(clippy::disallowed_methods, reason = "this is the place")]

use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{self, AtFlags, CWD, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::walk::{self, Place};
use super::{handle_path, look, meta};
use crate::host::{FileState, HostError, Meta, admit};

/// A name for [`change`] that nobody can guess.
pub(in crate::host) fn scratch_name() -> Result<String, HostError> {
    let mut bytes = [0_u8; 12];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())
        .map_err(|error| HostError::io("read", "random bytes", error))?;
    let letters = bytes.iter().map(|byte| char::from(b"abcdefghijklmnopqrstuvwxyz234567"[usize::from(byte % 32)]));
    Ok(format!(".mailprov-{}", letters.collect::<String>()))
}

/// Brings a path from `before`, which was read, to `after`. Says whether what is there now is a new inode.
pub(in crate::host) fn change(
    path: &str,
    before: &FileState,
    after: &FileState,
    scratch: &str,
) -> Result<bool, HostError> {
    let place = walk::enter(path).map_err(|error| HostError::io("make", path, error))?;
    if *after == FileState::Absent {
        remove(path, &place, &place.name)?;
        return sync(path, &place).map(|()| false);
    }
    if let Some(meta) = after.meta().filter(|_| keeps_inode(before, after)) {
        return rewrite_meta(path, &place, meta).map(|()| false);
    }
    let result = stage(path, &place, after, scratch).and_then(|()| {
        #[cfg(feature = "failpoints")]
        crate::journal::failpoint::amid_change();
        settle(path, &place, before, after, scratch)
    });
    if result.is_err() {
        // The error that matters is the first one.
        drop(remove(path, &place, scratch));
    }
    result?;
    sync(path, &place).map(|()| true)
}

/// Removes what a killed [`change`] may have left under its scratch name.
pub(in crate::host) fn clear_scratch(path: &str, scratch: &str) -> Result<(), HostError> {
    if !scratch.starts_with(".mailprov-") || scratch.contains('/') {
        return Err(HostError::refused(format!("clear {scratch:?} beside {path}: that is no scratch name")));
    }
    match walk::find(path).map_err(|error| HostError::io("read", path, error))? {
        Some(place) => remove(path, &place, scratch),
        None => Ok(()),
    }
}

fn keeps_inode(before: &FileState, after: &FileState) -> bool {
    match (before, after) {
        (FileState::Regular { content: before, .. }, FileState::Regular { content: after, .. }) => before == after,
        (FileState::Symlink { target: before, .. }, FileState::Symlink { target: after, .. }) => before == after,
        (FileState::Directory { .. }, FileState::Directory { .. }) => true,
        _ => false,
    }
}

fn rewrite_meta(path: &str, place: &Place, want: &Meta) -> Result<(), HostError> {
    let failed = |error: Errno| HostError::io("change", path, error);
    let (fd, stat) = look(place).map_err(failed)?.ok_or_else(|| failed(Errno::NOENT))?;
    let shared = stat.st_nlink > 1 && fs::FileType::from_raw_mode(stat.st_mode) == fs::FileType::RegularFile;
    if shared && !place.trusted {
        let message = format!("change {path}: it has a second name, and others can write to its directory");
        return Err(HostError::refused(message));
    }
    meta::write(path, fd.as_fd(), want)?;
    let kind = fs::FileType::from_raw_mode(stat.st_mode);
    if matches!(kind, fs::FileType::RegularFile | fs::FileType::Directory) {
        // What was changed is the inode, and not the directory that names it.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let open = fs::openat(CWD, handle_path(&fd), flags, Mode::empty()).and_then(fs::fsync);
        open.map_err(|error| HostError::io("sync", path, error))?;
    }
    sync(path, place)
}

/// Makes the new file under its scratch name, complete and synced.
fn stage(path: &str, place: &Place, state: &FileState, scratch: &str) -> Result<(), HostError> {
    let failed = |verb| move |error: Errno| HostError::io(verb, path, error);
    match state {
        FileState::Regular { content, meta } => {
            let bytes = content.bytes().ok_or_else(|| HostError::refused(format!("write {path}: content unknown")))?;
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            // Nobody else may open it until it has its owner and mode.
            let fd = fs::openat(&place.dir, scratch, flags, Mode::RUSR | Mode::WUSR).map_err(failed("write"))?;
            let mut file = std::fs::File::from(fd);
            #[cfg(feature = "failpoints")]
            crate::journal::failpoint::before_write(&mut file, bytes)
                .map_err(|error| HostError::io("write", path, error))?;
            file.write_all(bytes).map_err(|error| HostError::io("write", path, error))?;
            meta::write(path, file.as_fd(), meta)?;
            file.sync_all().map_err(|error| HostError::io("sync", path, error))
        }
        FileState::Directory { meta } => {
            fs::mkdirat(&place.dir, scratch, Mode::RWXU).map_err(failed("make"))?;
            let fd = open_dir(place, scratch).map_err(failed("make"))?;
            meta::write(path, fd.as_fd(), meta)?;
            fs::fsync(&fd).map_err(failed("sync"))
        }
        FileState::Symlink { target, meta } => {
            fs::symlinkat(target, &place.dir, scratch).map_err(failed("make"))?;
            let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let fd = fs::openat(&place.dir, scratch, flags, Mode::empty()).map_err(failed("make"))?;
            meta::write(path, fd.as_fd(), meta)
        }
        FileState::Absent | FileState::Unknown | FileState::Large { .. } | FileState::Other { .. } => {
            Err(HostError::refused(format!("make {path}: that is nothing that can be made")))
        }
    }
}

/// Moves what was staged into its place. A directory and something else change places first, so that there is
/// no moment at which nothing is there.
fn settle(path: &str, place: &Place, before: &FileState, after: &FileState, scratch: &str) -> Result<(), HostError> {
    let is_dir = |state: &FileState| matches!(state, FileState::Directory { .. });
    let failed = |error: Errno| explain(path, place, error);
    if *before == FileState::Absent || is_dir(before) == is_dir(after) {
        return fs::renameat(&place.dir, scratch, &place.dir, &place.name).map_err(failed);
    }
    let exchange = || fs::renameat_with(&place.dir, scratch, &place.dir, &place.name, RenameFlags::EXCHANGE);
    match exchange() {
        Ok(()) => remove(path, place, scratch).or_else(|error| exchange().map_err(failed).and(Err(error))),
        // Not every file system can.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            remove(path, place, &place.name)?;
            fs::renameat(&place.dir, scratch, &place.dir, &place.name).map_err(failed)
        }
        Err(error) => Err(failed(error)),
    }
}

/// Removes an entry, if it is there: a directory only when it is empty.
fn remove(path: &str, place: &Place, name: &str) -> Result<(), HostError> {
    let removed = match fs::unlinkat(&place.dir, name, AtFlags::empty()) {
        Err(Errno::ISDIR) => fs::unlinkat(&place.dir, name, AtFlags::REMOVEDIR),
        removed => removed,
    };
    match removed {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(Errno::NOTEMPTY | Errno::EXIST) => {
            let left = open_dir(place, name).ok().and_then(first_entry);
            admit::admit_emptied(path, &[left.unwrap_or_else(|| "something".to_owned())])
        }
        Err(error) => Err(explain(path, place, error)),
    }
}

fn first_entry(dir: OwnedFd) -> Option<String> {
    let names =
        fs::Dir::new(dir).ok()?.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()));
    names.into_iter().find(|name| !matches!(name.as_str(), "." | ".."))
}

/// The error of a refused change, with the reason that the error number does not give.
fn explain(path: &str, place: &Place, error: Errno) -> HostError {
    let immutable = error == Errno::PERM
        && [place.name.as_str(), "."].iter().any(|name| {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let fd = fs::openat(&place.dir, *name, flags, Mode::empty());
            fd.and_then(fs::ioctl_getflags).is_ok_and(|flags| flags.contains(fs::IFlags::IMMUTABLE))
        });
    if immutable {
        return HostError::Refused {
            message: format!("change {path}: it, or its directory, is immutable"),
            hint: Some(format!("`lsattr -d {path}` shows it, `chattr -i` ends it")),
        };
    }
    HostError::io("change", path, error)
}

fn open_dir(place: &Place, name: &str) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    fs::openat(&place.dir, name, flags, Mode::empty())
}

/// Brings the directory to disk: its entries are as they are now, whatever happens.
fn sync(path: &str, place: &Place) -> Result<(), HostError> {
    open_dir(place, ".").and_then(fs::fsync).map_err(|error| HostError::io("sync the directory of", path, error))
}
