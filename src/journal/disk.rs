//! Directories and files that are on disk when the call returns.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use super::JournalError;

/// Makes a directory that only root may enter, with those above it, and syncs what was made.
pub(super) fn private_dir(path: &Path) -> Result<(), JournalError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => path.parent().map_or(Ok(()), sync_dir),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
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

/// Syncs a directory: its entries are on disk afterwards.
pub(super) fn sync_dir(path: &Path) -> Result<(), JournalError> {
    let dir = File::open(path).map_err(|error| JournalError::io("open", path, error))?;
    dir.sync_all().map_err(|error| JournalError::io("sync", path, error))
}
