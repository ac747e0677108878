//! `vault edit`: a vault in the user's editor.

#![expect(clippy::disallowed_methods, reason = "the editor is the user's own program")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use super::{failure, files, open};
use crate::cli::console::Console;
use crate::cli::failure::{Failure, Kind};
use crate::vault::Keyring;

/// Where the open text lies meanwhile, if it can: memory, and no disk.
const IN_MEMORY: &str = "/dev/shm";

/// Opens a vault in $EDITOR, and encrypts what becomes of it with the same password.
pub(super) fn file(path: &Path, keyring: &Keyring, label: Option<&str>, console: &Console) -> Result<(), Failure> {
    let name = path.display().to_string();
    let (text, opened_by) =
        if path.exists() { open(keyring, &name, &files::read(path)?)? } else { (Vec::new(), String::new()) };
    let label = label.or(Some(opened_by.as_str()).filter(|label| !label.is_empty()));
    // Told before the work is done, not after it.
    keyring.seal(b"", label).map_err(|error| failure(&name, &error))?;
    let edited = edited(path, &text)?;
    if path.exists() && edited == text {
        console.warn(&format!("{name} is as it was\n"));
        return Ok(());
    }
    let sealed = keyring.seal(&edited, label).map_err(|error| failure(&name, &error))?;
    files::replace(path, sealed.as_bytes())
}

fn edited(path: &Path, text: &[u8]) -> Result<Vec<u8>, Failure> {
    let failed = |error: &std::io::Error| Failure::of(Kind::Machine, "cannot prepare a file for the editor", error);
    let memory = Path::new(IN_MEMORY);
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let folder = folder.map_err(|error| failed(&error))?;
    // The editor knows the language by the extension.
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or("yml");
    let mut file = tempfile::Builder::new()
        .suffix(&format!(".{extension}"))
        .tempfile_in(folder.path())
        .map_err(|error| failed(&error))?;
    file.write_all(text).map_err(|error| failed(&error))?;
    let editor = std::env::var("VISUAL").or_else(|_| std::env::var("EDITOR")).unwrap_or_else(|_| "vi".to_owned());
    let words = shlex::split(&editor).unwrap_or_default();
    let Some((program, arguments)) = words.split_first() else {
        return Err(Failure::new(Kind::Usage, "EDITOR is empty or cannot be read"));
    };
    let status = Command::new(program)
        .args(arguments)
        .arg(file.path())
        .status()
        .map_err(|error| Failure::of(Kind::Usage, format!("cannot run the editor {program}"), &error))?;
    if !status.success() {
        return Err(Failure::new(Kind::Input, format!("the editor failed ({status}): nothing was changed")));
    }
    fs::read(file.path()).map_err(|error| failed(&error))
}
