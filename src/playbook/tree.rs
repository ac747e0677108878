//! Where playbooks and roles are read from: a folder on disk, or what is built into the binary.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use include_dir::{Dir, DirEntry, include_dir};

// A new file is seen at the next build of this file only; a test fails until then.
static PLAYBOOKS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/playbooks");
static ROLES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/roles");

/// What stands before the path of a built-in file.
pub(super) const BUILT_IN: &str = "<built-in>";
/// Folders inside one another below `templates/` or `files/`; a loop of links ends there.
const MAX_FOLDERS: usize = 32;

/// A tree of files. Paths in it are relative with `/`, or absolute (on disk only).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Tree {
    /// Below this folder.
    Disk(Arc<PathBuf>),
    /// Inside the binary: `playbooks/` and `roles/`.
    BuiltIn,
}

/// A file or folder in a tree.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Location {
    pub(super) tree: Tree,
    pub(super) path: String,
}

/// A file found below a folder.
pub(super) struct Found {
    pub(super) at: Location,
    /// Relative to the folder.
    pub(super) name: String,
}

impl Location {
    /// A path as a user writes it, seen from this folder. `..` is resolved by name.
    pub(super) fn join(&self, relative: &str) -> Self {
        let absolute = relative.starts_with('/');
        let mut parts: Vec<&str> = if absolute { Vec::new() } else { split(&self.path).collect() };
        let rooted = absolute || self.path.starts_with('/');
        for part in split(relative) {
            match (part, parts.last()) {
                (".", _) => {}
                ("..", Some(&last)) if last != ".." => {
                    parts.pop();
                }
                ("..", None) if rooted => {}
                _ => parts.push(part),
            }
        }
        let prefix = if rooted { "/" } else { "" };
        Self { tree: self.tree.clone(), path: format!("{prefix}{}", parts.join("/")) }
    }

    /// The folder that holds this.
    pub(super) fn parent(&self) -> Self {
        let path = self.path.rsplit_once('/').map_or("", |(parent, _)| parent);
        Self { tree: self.tree.clone(), path: path.to_owned() }
    }

    /// The last part of the path.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// The path as the user would write it.
    pub(super) fn shown(&self) -> String {
        match &self.tree {
            Tree::BuiltIn => format!("{BUILT_IN}/{}", self.path),
            Tree::Disk(_) => {
                let shown = self.on_disk().display().to_string();
                shown.strip_prefix("./").map(str::to_owned).unwrap_or(shown)
            }
        }
    }

    fn on_disk(&self) -> PathBuf {
        match &self.tree {
            Tree::Disk(root) if self.path.is_empty() => root.as_ref().clone(),
            Tree::Disk(root) => root.join(&self.path),
            Tree::BuiltIn => PathBuf::new(),
        }
    }

    /// The bytes of a file; `None` when there is no such file.
    pub(super) fn read(&self) -> io::Result<Option<Vec<u8>>> {
        if let Tree::BuiltIn = self.tree {
            return Ok(built_in(&self.path).and_then(|entry| Some(entry.as_file()?.contents().to_vec())));
        }
        match std::fs::read(self.on_disk()) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Size and permission bits of a file.
    pub(super) fn metadata(&self) -> Option<(u64, u32)> {
        use std::os::unix::fs::PermissionsExt;
        if let Tree::BuiltIn = self.tree {
            let length = built_in(&self.path)?.as_file()?.contents().len();
            return Some((u64::try_from(length).unwrap_or(u64::MAX), 0o644));
        }
        let metadata = std::fs::metadata(self.on_disk()).ok().filter(std::fs::Metadata::is_file)?;
        Some((metadata.len(), metadata.permissions().mode() & 0o7777))
    }

    pub(super) fn is_file(&self) -> bool {
        self.metadata().is_some()
    }

    pub(super) fn is_dir(&self) -> bool {
        match &self.tree {
            Tree::BuiltIn => {
                ["playbooks", "roles"].contains(&self.path.as_str())
                    || built_in(&self.path).is_some_and(|entry| entry.as_dir().is_some())
            }
            Tree::Disk(_) => self.on_disk().is_dir(),
        }
    }

    /// The names in a folder, sorted; none when there is no such folder.
    pub(super) fn entries(&self) -> Vec<String> {
        let mut names: Vec<String> = match &self.tree {
            Tree::BuiltIn => {
                let entries = match self.path.as_str() {
                    "playbooks" => PLAYBOOKS.entries(),
                    "roles" => ROLES.entries(),
                    path => built_in(path).and_then(DirEntry::as_dir).map(Dir::entries).unwrap_or_default(),
                };
                let names = entries.iter().filter_map(|entry| entry.path().file_name()?.to_str());
                names.map(str::to_owned).collect()
            }
            Tree::Disk(_) => {
                let entries = std::fs::read_dir(self.on_disk()).into_iter().flatten().flatten();
                entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
            }
        };
        names.sort();
        names
    }

    /// All files below a folder.
    pub(super) fn files(&self) -> Vec<Found> {
        let mut found = Vec::new();
        let mut todo = vec![(self.clone(), String::new(), 0)];
        while let Some((folder, prefix, depth)) = todo.pop() {
            for name in folder.entries() {
                let at = folder.join(&name);
                let name = format!("{prefix}{name}");
                if at.is_dir() {
                    if depth < MAX_FOLDERS {
                        todo.push((at, format!("{name}/"), depth + 1));
                    }
                } else {
                    found.push(Found { at, name });
                }
            }
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }
}

/// A file on disk as the user names it: the tree is the folder that holds it.
pub(super) fn on_disk(path: &Path) -> Location {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Location { tree: Tree::Disk(Arc::new(folder.to_owned())), path: name }
}

fn split(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty())
}

fn built_in(path: &str) -> Option<&'static DirEntry<'static>> {
    let (top, rest) = path.split_once('/')?;
    match top {
        "playbooks" => PLAYBOOKS.get_entry(rest),
        "roles" => ROLES.get_entry(rest),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_join_by_name() {
        let at = |path: &str| Location { tree: Tree::BuiltIn, path: path.to_owned() };
        for (base, relative, expected) in [
            ("roles/x/tasks", "a.yaml", "roles/x/tasks/a.yaml"),
            ("roles/x/tasks", "../files/./a", "roles/x/files/a"),
            ("", "../a", "../a"),
            ("a", "../../b", "../b"),
            ("a", "/etc//hosts", "/etc/hosts"),
            ("/etc", "../../x", "/x"),
        ] {
            assert_eq!(at(base).join(relative).path, expected);
        }
    }

    #[test]
    fn what_is_built_in_is_what_the_repository_has() {
        let root = on_disk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("x")).parent();
        for folder in ["playbooks", "roles"] {
            let built_in = Location { tree: Tree::BuiltIn, path: folder.to_owned() };
            let list = |folder: Location| {
                folder.files().into_iter().map(|file| (file.name, file.at.read().ok().flatten())).collect::<Vec<_>>()
            };
            let (embedded, expected) = (list(built_in), list(root.join(folder)));
            assert!(embedded == expected, "touch src/playbook/tree.rs and build again: {folder}/ has changed");
        }
    }
}
