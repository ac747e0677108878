//! A file that a run writes at its end: whole, or not there.

#![expect(clippy::disallowed_methods, reason = "files of the user's own on the controller, not on a managed host")]

use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::failure::{Failure, Kind};

/// A file that is not complete yet. It is there already under another name, so that a full disk, or a place that is not
/// ours, is noticed before any host is asked.
#[derive(Debug)]
pub(super) struct WholeFile {
    path: PathBuf,
    file: NamedTempFile,
}

impl WholeFile {
    /// Makes sure of the file's place.
    pub(super) fn begin(path: &Path) -> Result<Self, Failure> {
        let refuse = |hint: String| Failure::new(Kind::Input, cannot_write(path)).hint(hint);
        let folder = folder(path);
        if !folder.is_dir() {
            return Err(refuse(format!("{} is no folder", folder.display())));
        }
        if path.is_dir() {
            return Err(refuse(format!("{} is a folder: name a file in it", path.display())));
        }
        let file =
            NamedTempFile::new_in(folder).map_err(|error| Failure::of(Kind::Input, cannot_write(path), &error))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Writes it, readable by its owner alone.
    pub(super) fn save(mut self, content: &[u8]) -> Result<(), Failure> {
        let written = self.file.write_all(content).and_then(|()| self.file.as_file().sync_all());
        let saved = written.and_then(|()| self.file.persist(&self.path).map(drop).map_err(|error| error.error));
        saved.map_err(|error| Failure::of(Kind::Machine, cannot_write(&self.path), &error))
    }
}

/// That no two options write the same file: one would take the other's place.
pub(super) fn distinct(outputs: &[(&str, Option<&Path>)]) -> Result<(), Failure> {
    let mut known: Vec<(&str, PathBuf)> = Vec::new();
    for (option, path) in outputs.iter().filter_map(|(option, path)| Some((*option, (*path)?))) {
        let folder = folder(path).canonicalize().unwrap_or_else(|_| folder(path).to_owned());
        let whole = path.file_name().map_or(folder.clone(), |name| folder.join(name));
        if let Some((other, _)) = known.iter().find(|(_, known)| *known == whole) {
            let message = format!("{other} and {option} name the same file, {}", path.display());
            return Err(Failure::new(Kind::Usage, message).hint("give each a file of its own"));
        }
        known.push((option, whole));
    }
    Ok(())
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write {}", path.display())
}
