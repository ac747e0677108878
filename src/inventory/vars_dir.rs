//! `group_vars/` and `host_vars/`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Variables;
use crate::diagnostic::{Diagnostic, Diagnostics, Sources};
use crate::yaml;

/// Extensions that Ansible tries, in its order; the first that is there counts.
const EXTENSIONS: [&str; 4] = ["", ".yml", ".yaml", ".json"];

/// One such folder, listed once.
pub(super) struct VarsDir {
    entries: BTreeMap<String, PathBuf>,
}

impl VarsDir {
    /// Lists a folder; one that is not there is empty.
    pub(super) fn open(path: &Path, problems: &mut Diagnostics) -> Self {
        let entries = list(path, problems).into_iter();
        let named = entries.filter_map(|path| Some((path.file_name()?.to_str()?.to_owned(), path)));
        Self { entries: named.collect() }
    }

    /// The variables of a group or host, if the folder has any.
    pub(super) fn variables(&self, name: &str, sources: &mut Sources, problems: &mut Diagnostics) -> Option<Variables> {
        let path = EXTENSIONS.iter().find_map(|extension| self.entries.get(&format!("{name}{extension}")))?;
        let mut variables = Variables::default();
        read(path, &mut variables, sources, problems);
        Some(variables)
    }
}

/// Reads a file, or all files of a folder in the order of their names.
fn read(path: &Path, variables: &mut Variables, sources: &mut Sources, problems: &mut Diagnostics) {
    if !path.is_dir() {
        variables.extend(&read_file(path, sources, problems));
        return;
    }
    for entry in list(path, problems) {
        let extension = entry.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let wanted: &[&str] = if entry.is_dir() { &[""] } else { &["", "yml", "yaml", "json"] };
        if wanted.contains(&extension) {
            read(&entry, variables, sources, problems);
        }
    }
}

/// The variables of one file.
pub fn read_file(path: &Path, sources: &mut Sources, problems: &mut Diagnostics) -> Variables {
    let shown = path.display().to_string();
    let shown = shown.strip_prefix("./").unwrap_or(&shown);
    let parsed = match std::fs::read_to_string(path) {
        Ok(text) => yaml::load(shown, &text, sources),
        Err(error) => Err(Diagnostic::new(format!("cannot read {shown}: {error}")).into()),
    };
    match parsed {
        Ok(root) => Variables::read(&root, problems),
        Err(found) => {
            problems.extend(found);
            Variables::default()
        }
    }
}

/// The entries of a folder by name, without hidden files and what editors leave behind.
pub(super) fn list(path: &Path, problems: &mut Diagnostics) -> Vec<PathBuf> {
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            problems.push(Diagnostic::new(format!("cannot list {}: {error}", path.display())));
            return Vec::new();
        }
    };
    let visible = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        !name.is_empty() && !name.starts_with('.') && !name.ends_with('~')
    };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(visible).collect();
    paths.sort();
    paths
}
