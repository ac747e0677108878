//! Which inventory files are meant.

use std::path::{Path, PathBuf};

use super::args::{InventorySource, TargetArgs};
use super::failure::{Failure, Kind};

/// What is taken when none is named, in this order.
const DEFAULTS: [&str; 2] = ["inventory.yaml", "inventory.yml"];

/// The inventory files; none at all for this machine itself.
pub(super) fn inventories(target: &TargetArgs, folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let given: Vec<PathBuf> = target.positional.iter().chain(&target.inventory).cloned().collect();
    if given.is_empty() && !target.local { default_inventory(folder) } else { Ok(given) }
}

/// The inventory files of a command that contacts no host.
pub(super) fn sources(source: &InventorySource) -> Result<Vec<PathBuf>, Failure> {
    let given: Vec<PathBuf> = source.positional.iter().chain(&source.inventory).cloned().collect();
    if given.is_empty() { default_inventory(&current_folder()?) } else { Ok(given) }
}

pub(super) fn current_folder() -> Result<PathBuf, Failure> {
    std::env::current_dir().map_err(|error| Failure::of(Kind::Machine, "cannot tell the current folder", &error))
}

fn default_inventory(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    // As a relative path, since that is how it is shown in messages.
    let found = DEFAULTS.into_iter().find(|name| folder.join(name).exists());
    found.map(|name| vec![PathBuf::from(name)]).ok_or_else(|| missing(folder))
}

fn missing(folder: &Path) -> Failure {
    let [first, second] = DEFAULTS;
    Failure::new(Kind::Input, format!("no inventory: there is neither {first} nor {second} in {}", folder.display()))
        .hint("name one on the command line")
        .hint("to set up this machine itself, pass --local")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test makes its files")]
mod tests {
    use super::*;
    use crate::cli::args::VaultArgs;

    fn target(positional: Option<&str>, inventory: &[&str], local: bool) -> TargetArgs {
        TargetArgs {
            shard: None,
            positional: positional.map(PathBuf::from),
            inventory: inventory.iter().map(PathBuf::from).collect(),
            limit: None,
            local,
            vault: VaultArgs::default(),
        }
    }

    #[test]
    fn what_is_named_comes_before_what_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let found = |target: &TargetArgs| inventories(target, dir.path()).map_err(|failure| failure.render(false));
        assert!(found(&target(None, &[], false)).unwrap_err().contains("neither inventory.yaml nor inventory.yml"));
        assert_eq!(found(&target(None, &[], true)).unwrap(), Vec::<PathBuf>::new());
        std::fs::write(dir.path().join("inventory.yml"), "").unwrap();
        assert_eq!(found(&target(None, &[], false)).unwrap(), [PathBuf::from("inventory.yml")]);
        std::fs::write(dir.path().join("inventory.yaml"), "").unwrap();
        assert_eq!(found(&target(None, &[], false)).unwrap(), [PathBuf::from("inventory.yaml")]);
        let named = found(&target(Some("a"), &["b", "c"], false)).unwrap();
        assert_eq!(named, ["a", "b", "c"].map(PathBuf::from));
    }
}
