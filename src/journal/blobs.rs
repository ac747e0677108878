//! File contents by digest.
#![expect(clippy::disallowed_methods, reason = "the before-images themselves have no undo record")]

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{JournalError, disk};

/// The SHA-256 of some bytes in hex: the name under which a blob is kept.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().flat_map(|byte| [byte >> 4, byte & 15]).map(hex_digit).collect()
}

fn hex_digit(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16).unwrap_or('0')
}

/// Keeps bytes; they and their name are on disk afterwards.
pub(super) fn keep(dir: &Path, bytes: &[u8]) -> Result<String, JournalError> {
    let name = digest(bytes);
    let path = dir.join(&name);
    if path.exists() {
        return Ok(name);
    }
    let failed = |verb| move |error: io::Error| JournalError::io(verb, dir, error);
    let mut temp = tempfile::NamedTempFile::new_in(dir).map_err(failed("write in"))?;
    #[cfg(feature = "failpoints")]
    super::failpoint::before_write(temp.as_file_mut(), bytes).map_err(failed("write in"))?;
    temp.write_all(bytes).map_err(failed("write in"))?;
    temp.as_file().sync_all().map_err(failed("sync in"))?;
    temp.persist(&path).map_err(|error| JournalError::io("rename to", &path, error.error))?;
    disk::sync_dir(dir)?;
    Ok(name)
}

/// The bytes of this digest, checked.
pub(super) fn fetch(dir: &Path, name: &str) -> Result<Vec<u8>, JournalError> {
    let path = path_of(dir, name)?;
    let bytes = fs::read(&path).map_err(|error| JournalError::io("read", &path, error))?;
    if digest(&bytes) == name { Ok(bytes) } else { Err(JournalError::DamagedBlob { path: path.display().to_string() }) }
}

fn path_of(dir: &Path, name: &str) -> Result<PathBuf, JournalError> {
    if name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(dir.join(name));
    }
    Err(JournalError::DamagedBlob { path: format!("{}/{name:?}", dir.display()) })
}
