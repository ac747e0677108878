//! Files that are made for the user on this machine. What is there already is never overwritten.

#![expect(clippy::disallowed_methods, reason = "files of the user's own on the controller, not on a managed host")]

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::failure::{Failure, Kind};

/// What the program itself keeps on this machine: `$XDG_STATE_HOME/mailprov`, else below `~/.local/state`
/// (<https://specifications.freedesktop.org/basedir-spec/latest/>). `None` without a home.
pub(super) fn state_folder() -> Option<PathBuf> {
    let set = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = set.or_else(|| Some(std::env::home_dir()?.join(".local/state")))?;
    Some(state.join("mailprov"))
}

/// Makes files with their folders, all or (as far as can be told before) none.
pub(super) fn create(files: &[(PathBuf, Vec<u8>)]) -> Result<(), Failure> {
    if let Some((path, _)) = files.iter().find(|(path, _)| path.symlink_metadata().is_ok()) {
        return Err(exists(path));
    }
    files.iter().try_for_each(|(path, bytes)| create_one(path, bytes))
}

fn exists(path: &Path) -> Failure {
    Failure::new(Kind::Input, format!("{} is there already", path.display()))
        .hint("remove it first, or choose another place: nothing is overwritten")
}

fn create_one(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let written = || {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
        file.write_all(bytes)
    };
    written().map_err(|error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(path),
        _ => Failure::of(Kind::Machine, format!("cannot write {}", path.display()), &error),
    })
}

/// Puts a small file of the program's own in place of what was there, whole or not at all.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}
