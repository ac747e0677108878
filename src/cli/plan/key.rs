//! The key of the plans that this user makes on this machine.

use std::fs::{self, DirBuilder};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::cli::failure::{Failure, Kind};
use crate::cli::own_files;
use crate::protocol::plan::KEY_LENGTH;

/// Where it is kept.
pub(super) fn path() -> Result<PathBuf, Failure> {
    let folder = own_files::state_folder().ok_or_else(|| {
        Failure::new(Kind::Machine, "there is no place for the key of plans").hint("set HOME or XDG_STATE_HOME")
    })?;
    Ok(folder.join("plan-key"))
}

/// Bytes that nobody can guess.
pub(super) fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    let filled = aws_lc_rs::rand::fill(&mut bytes);
    filled.map(|()| bytes).map_err(|error| Failure::of(Kind::Machine, "cannot get random bytes", &error))
}

/// The key that is there.
pub(super) fn load(path: &Path) -> Result<[u8; KEY_LENGTH], Failure> {
    match read(path)? {
        Some(key) => Ok(key),
        None => Err(Failure::new(Kind::Input, format!("there is no key of plans in {}", path.display()))
            .hint("a plan is followed by the user, and on the machine, that made it")),
    }
}

/// The key that is there, or a new one.
pub(super) fn load_or_make(path: &Path) -> Result<[u8; KEY_LENGTH], Failure> {
    if let Some(key) = read(path)? {
        return Ok(key);
    }
    let failed = |error: io::Error| Failure::of(Kind::Machine, format!("cannot write {}", path.display()), &error);
    let folder = path.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let key = random()?;
    // Readable by its owner alone, as all temporary files.
    let mut file = NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(&key).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(key),
        // Another check was quicker.
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => load(path),
        Err(error) => Err(failed(error.error)),
    }
}

fn read(path: &Path) -> Result<Option<[u8; KEY_LENGTH]>, Failure> {
    let shown = path.display();
    let failed = |error: io::Error| Failure::of(Kind::Machine, format!("cannot read {shown}"), &error);
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    if metadata.permissions().mode() & 0o077 != 0 {
        let message = format!("{shown} can be read by others, so that secrets in plans can be guessed");
        return Err(Failure::new(Kind::Input, message).hint(format!("remove it, and plans made so far: `rm {shown}`")));
    }
    let bytes = fs::read(path).map_err(failed)?;
    let wrong = |_| Failure::new(Kind::Input, format!("{shown} is no key of {KEY_LENGTH} bytes")).hint("remove it");
    <[u8; KEY_LENGTH]>::try_from(bytes.as_slice()).map(Some).map_err(wrong)
}
