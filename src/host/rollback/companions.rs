//! Files that changed along with a resource: whose work stands there now, and putting them back.

use std::collections::BTreeSet;

use super::RollbackError;
use super::chain::content;
use super::restore::{Teller, read_unfollowed, stored};
use super::same::same;
use super::target::Target;
use super::traces::Traces;
use crate::host::{Change, HostError, Key, State, Want, recorded};
use crate::journal::Store;
use crate::journal::stored::{StoredFile, StoredState};

/// A file that changed along with a resource.
#[derive(Debug)]
pub(super) struct Companion {
    pub(super) key: Key,
    /// The resource.
    pub(super) main: Key,
    /// Its state before.
    pub(super) before: StoredState,
    /// The run that keeps the bytes of `before`.
    pub(super) kept_by: String,
    /// All states that it was recorded in.
    pub(super) known: Vec<StoredState>,
    /// The run, or a rollback of it, was cut off before it recorded what became of it.
    pub(super) is_cut: bool,
}

impl Companion {
    /// Whether it was recorded in this state.
    pub(super) fn knows(&self, present: &StoredState) -> bool {
        self.known.iter().any(|known| same(known, present))
    }

    /// Whether it was a directory, which a removed package's file of that name moves aside.
    pub(super) fn was_directory(&self) -> bool {
        matches!(self.before, StoredState::File(StoredFile::Directory { .. }))
    }

    /// The contents that it was recorded with.
    pub(super) fn contents(&self) -> Vec<String> {
        self.known.iter().filter_map(content).collect()
    }

    /// The state before the run, with its bytes.
    pub(super) fn load_before(&self, store: &Store) -> Result<State, HostError> {
        recorded::load_state(&self.before, &mut |sha256| store.blob(&self.kept_by, sha256))
    }

    /// Whether its resource is written down in it, anew and in words of firewalld's or hostnamectl's own when that is put
    /// back: then only what stood there before tells whether somebody else was at it.
    fn is_written_anew(&self) -> bool {
        matches!(self.main, Key::Firewall(_) | Key::Hostname)
    }

    /// The file that tells whose work this one is: beside a zone firewalld leaves its last version, which is nobody's.
    fn told_by(&self) -> &str {
        let name = self.key.name();
        match self.main {
            Key::Firewall(_) => name.strip_suffix(".old").unwrap_or(name),
            _ => name,
        }
    }

    /// Whether nobody else changed the file as it stands before its resource is put back.
    fn is_as_left(&self, present: &StoredState, traces: &Traces) -> bool {
        // What was cut off may have taken it along; where nothing stands, nobody's work is lost.
        let may_be_left_so = self.is_cut && (self.is_written_anew() || is_gone(present));
        self.knows(present) || may_be_left_so || traces.explain(self.key.name())
    }

    /// Whether the file as it stands afterwards is ours, too: a package takes the files with it that it has adopted.
    fn is_ours_now(&self, present: &StoredState) -> bool {
        !self.is_written_anew() && (is_gone(present) || self.knows(present))
    }
}

fn is_gone(present: &StoredState) -> bool {
    *present == StoredState::File(StoredFile::Absent)
}

/// The files that nobody else changed since, told before their resource is put back.
pub(super) struct Untouched(BTreeSet<String>);

impl Untouched {
    pub(super) fn of<T: Target>(host: &mut T, companions: &[&Companion], traces: &Traces) -> Result<Self, HostError> {
        let mut untouched = BTreeSet::new();
        for companion in companions {
            // What cannot be read is told of when it is to be put back.
            let Ok(present) = read_unfollowed(host, &companion.key) else { continue };
            if companion.is_as_left(&stored(&present)?, traces) {
                untouched.insert(companion.key.name().to_owned());
            }
        }
        Ok(Self(untouched))
    }
}

/// Puts the files back, those that nobody else changed since, or all with `force`.
pub(super) fn restore<T: Target>(
    host: &mut T,
    store: &Store,
    companions: &[&Companion],
    untouched: &Untouched,
    force: bool,
    teller: &mut Teller<'_>,
) -> Result<(), RollbackError> {
    let mut kept = BTreeSet::new();
    for companion in companions {
        let name = companion.key.name();
        let result = read_unfollowed(host, &companion.key).and_then(|present| {
            let now = stored(&present)?;
            // Of one file there may be several records: where the newest does not explain it, none does.
            if same(&companion.before, &now) || kept.contains(name) {
                return Ok(());
            }
            let after = companion.load_before(store)?;
            if !force && !untouched.0.contains(companion.told_by()) && !companion.is_ours_now(&now) {
                if companion.told_by() == name {
                    let change = Change { key: companion.key.clone(), before: present, after, sensitive: true };
                    teller.kept(&change, "changed since by someone else".to_owned());
                }
                kept.insert(name.to_owned());
                return Ok(());
            }
            host.restore(vec![Want::new(companion.key.clone(), after).sensitive(true)], None)
        });
        match result {
            Ok(()) => {}
            Err(error @ HostError::Journal { .. }) => return Err(error.into()),
            Err(error) => teller.warn(format!("{name} is left as it is: failed to {error}")),
        }
    }
    Ok(())
}
