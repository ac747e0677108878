//! Files of the controller's that are encrypted or decrypted: replaced whole, or not at all.
#![expect(clippy::disallowed_methods, reason = "files of the controller's, not of a host")]

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::cli::failure::{Failure, Kind};

pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::of(Kind::Input, format!("cannot read {}", path.display()), &error))
}

/// Puts a text in the place of a file, which keeps its mode; a new file is its owner's alone.
pub(super) fn replace(path: &Path, text: &[u8]) -> Result<(), Failure> {
    let failed = |error: &io::Error| Failure::of(Kind::Input, format!("cannot write {}", path.display()), error);
    // A link stays one.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let write = || {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text)?;
        let mode = target.metadata().map_or(0o600, |meta| meta.permissions().mode() & 0o7777);
        file.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
        file.as_file().sync_all()?;
        file.persist(&target).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|error| failed(&error))
}

/// Writes what was asked for to stdout: nothing of it is hidden.
pub(super) fn print(text: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(crate::cli::console::output_failure(&error)),
        _ => Ok(()),
    }
}
