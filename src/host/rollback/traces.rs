//! What a package transaction left of which nothing was recorded, since the run was cut off in it.
//!
//! Its scripts add users and make keys. What they made or changed was last changed while the transaction was at work;
//! everything else may be someone's work, and is left alone.

use std::collections::BTreeSet;

use super::chain::{Chain, Item};
use super::restore::Teller;
use super::target::Target;
use crate::host::backend::Step;
use crate::host::{FileState, HostError, Key, State, Want};
use crate::journal::Store;

/// The paths that such a transaction has changed.
#[derive(Debug, Default)]
pub(super) struct Traces {
    /// Known before it.
    changed: BTreeSet<String>,
    /// New, and of no package.
    made: BTreeSet<String>,
}

impl Traces {
    /// Looks for them before the transaction is taken back.
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
            let state = item.load_before(store)?;
            let step = Step { key: item.key.clone(), before: state.clone(), after: state, scratch: None };
            let is_recorded = |path: &String| companions.iter().any(|companion| companion.key.name() == path);
            let mut new = host.machine().census(&[step])?;
            new.retain(|path| !census.contains(path) && !is_recorded(path));
            for path in host.machine().unowned(new.into_iter().collect())? {
                if chain.is_of_transaction(host, group, &path)? {
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
