//! What rpm leaves beside the files of packages that it removes.

use std::collections::BTreeMap;

use super::chain::{Chain, Item};
use super::restore::Teller;
use super::target::Target;
use crate::host::{FileState, Key, State, Want};
use crate::journal;

/// What an undone package transaction leaves beside files that it finds changed: `.rpmsave` and `.rpmnew`.
pub(super) struct Leftovers {
    absent: BTreeMap<String, Known>,
}

/// What the run itself knew for a file.
#[derive(Default)]
struct Known {
    contents: Vec<String>,
    /// A directory stood in its place.
    was_directory: bool,
}

impl Leftovers {
    /// What is not there yet, or came with a rollback that was cut off.
    pub(super) fn before<T: Target>(host: &mut T, chain: &Chain, group: &[&Item]) -> Self {
        let mut absent = BTreeMap::<String, Known>::new();
        if group.iter().any(|item| matches!(item.key, Key::Package(_))) {
            let items = chain.items.iter().map(|item| (&item.key, item.digests.clone(), false));
            let companions = chain
                .companions
                .iter()
                .map(|companion| (&companion.key, companion.contents(), companion.was_directory()));
            for (key, contents, was_directory) in items.chain(companions) {
                let Key::File(path) = key else { continue };
                for name in [".rpmsave", ".rpmnew"].map(|suffix| format!("{path}{suffix}")) {
                    let is_absent = matches!(host.read(&Key::File(name.clone())), Ok(State::File(FileState::Absent)));
                    if is_absent || chain.is_of_transaction(host, group, &name).unwrap_or(false) {
                        let known = absent.entry(name).or_default();
                        known.contents.extend(contents.iter().cloned());
                        known.was_directory |= was_directory;
                    }
                }
            }
        }
        Self { absent }
    }

    /// Removes what has come, if its content is one that the run knew: anything else may be someone's work.
    pub(super) fn remove<T: Target>(self, host: &mut T, teller: &mut Teller<'_>) {
        for (path, known) in self.absent {
            let key = Key::File(path.clone());
            let is_known = match host.read(&key) {
                Ok(State::File(FileState::Regular { content, .. })) => {
                    content.bytes().is_some_and(|bytes| known.contents.contains(&journal::digest(bytes)))
                }
                Ok(State::File(FileState::Symlink { target, .. })) => known.contents.contains(&target),
                // It goes only if it is empty.
                Ok(State::File(FileState::Directory { .. })) => known.was_directory,
                _ => continue,
            };
            if is_known {
                if let Err(error) = host.put(Want::new(key, State::File(FileState::Absent))) {
                    teller.warn(format!("failed to {error}"));
                }
            } else {
                teller.warn(format!("{path} is kept: it was changed by someone else"));
            }
        }
    }
}
