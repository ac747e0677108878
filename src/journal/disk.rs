//! Directories and files that are on disk when the call returns.
#![expect(clippy::disallowed_methods, reason = "the journal is not a resource")]

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{Mode, OFlags, fchmod, fstat};
use rustix::process::geteuid;

use super::JournalError;

/// Makes a directory that only root may enter, with those above it, and syncs what was made. One that is there already
/// has to be as good.
pub(crate) fn private_dir(path: &Path) -> Result<(), JournalError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => path.parent().map_or(Ok(()), sync_dir),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => make_private(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match path.parent() {
            Some(parent) if parent != path => {
                private_dir(parent)?;
                private_dir(path)
            }
            _ => Err(JournalError::io("create", path, error)),
        },
        Err(error) => Err(JournalError::io("create", path, error)),
    }
}

/// Refuses a directory in which somebody else can have put something, and closes one that others could only look into.
fn make_private(path: &Path) -> Result<(), JournalError> {
    let refused = |reason: String| JournalError::Untrusted { path: path.display().to_string(), reason };
    let failed = |verb| move |error: rustix::io::Errno| JournalError::io(verb, path, error);
    let mut options = File::options();
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW;
    let dir = match options.read(true).custom_flags(flags.bits().cast_signed()).open(path) {
        Ok(dir) => dir,
        // Linux says ENOTDIR of a symbolic link, too.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(refused("it is no directory, or a symbolic link to one".to_owned()));
        }
        Err(error) => return Err(JournalError::io("open", path, error)),
    };
    let stat = fstat(&dir).map_err(failed("stat"))?;
    if stat.st_uid != geteuid().as_raw() {
        return Err(refused(format!("it belongs to the user with id {}", stat.st_uid)));
    }
    if stat.st_mode & 0o022 != 0 {
        return Err(refused(format!("others can write to it (its mode is {:04o})", stat.st_mode & 0o7777)));
    }
    if stat.st_mode & 0o077 != 0 {
        fchmod(&dir, Mode::RWXU).map_err(failed("close to others"))?;
    }
    Ok(())
}

/// Syncs a directory: its entries are on disk afterwards.
pub(super) fn sync_dir(path: &Path) -> Result<(), JournalError> {
    let dir = File::open(path).map_err(|error| JournalError::io("open", path, error))?;
    dir.sync_all().map_err(|error| JournalError::io("sync", path, error))
}
