//! What a change left, and of which nothing was recorded where the run was cut off in it.
//!
//! The scripts of a package transaction add users and make keys. What they made or changed was last changed while the
//! transaction was at work. A unit that is unmasked and enabled gets links that bear its name. Everything else may be
//! someone's work, and is left alone.

use std::collections::BTreeSet;

use super::chain::{Chain, Item};
use super::restore::Teller;
use super::target::Target;
use crate::host::{FileState, HostError, Key, State, Want};
use crate::journal::Store;

/// The paths that such a change has touched.
#[derive(Debug, Default)]
pub(super) struct Traces {
    /// Known before it.
    changed: BTreeSet<String>,
    /// New, and of no package.
    made: BTreeSet<String>,
}

impl Traces {
    /// Looks for them before the change is taken back.
    pub(super) fn of<T: Target>(
        host: &mut T,
        store: &Store,
        chain: &Chain,
        group: &[&Item],
    ) -> Result<Self, HostError> {
        let mut traces = Self::default();
        let companions = chain.companions_of(group);
        for companion in companions.iter().filter(|companion| companion.is_cut) {
            let path = companion.key.name();
            if chain.is_of_transaction(host, group, path)? {
                traces.changed.insert(path.to_owned());
            }
        }
        for item in group {
            let Some(census) = item.load_census(store)? else { continue };
            let is_recorded = |path: &String| companions.iter().any(|companion| companion.key.name() == path);
            let mut new = host.machine().census(&[&item.key])?;
            new.retain(|path| !census.contains(path) && !is_recorded(path));
            if new.is_empty() {
                continue;
            }
            let new = host.machine().unowned(new.into_iter().collect())?;
            if let Key::Unit(unit) = &item.key {
                traces.made.extend(links_of(host, unit, new));
                continue;
            }
            for path in new {
                // The only copy of somebody's work.
                let is_copy = path.strip_suffix(".rpmsave").is_some_and(|file| !is_recorded(&file.to_owned()));
                if !is_copy && chain.is_of_transaction(host, group, &path)? {
                    traces.made.insert(path);
                }
            }
        }
        Ok(traces)
    }

    /// Whether the transaction last changed this path.
    pub(super) fn explain(&self, path: &str) -> bool {
        self.changed.contains(path)
    }

    /// Removes what it made, what is within a directory before it.
    pub(super) fn remove<T: Target>(self, host: &mut T, teller: &mut Teller<'_>) -> Result<(), HostError> {
        for path in self.made.into_iter().rev() {
            let want = Want::new(Key::File(path.clone()), State::File(FileState::Absent)).sensitive(true);
            match host.restore(vec![want], None) {
                Ok(()) => {}
                Err(error @ HostError::Journal { .. }) => return Err(error),
                Err(error) => teller.warn(format!("{path} is left as it is: failed to {error}")),
            }
        }
        Ok(())
    }
}

/// The links by which a unit is enabled, and the directories that were made for them.
fn links_of<T: Target>(host: &mut T, unit: &str, new: Vec<String>) -> Vec<String> {
    let file = |path: &str| path.rsplit('/').next() == Some(unit);
    let mut is_link = |path: &String| match host.read(&Key::File(path.clone())) {
        // An alias has another name, an instance of a template another target.
        Ok(State::File(FileState::Symlink { target, .. })) => file(path) || file(&target),
        _ => false,
    };
    let (links, others): (Vec<_>, Vec<_>) = new.into_iter().partition(|path| is_link(path));
    let is_above =
        |path: &str| links.iter().any(|link| link.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')));
    let folders: Vec<_> = others.into_iter().filter(|path| is_above(path)).collect();
    links.into_iter().chain(folders).collect()
}
