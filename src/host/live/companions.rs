//! Files that change along with a resource, in ways of their own.
//!
//! A package's scripts make users and keys that no package owns; firewalld writes a zone down; a unit that is unmasked
//! and enabled gets links that a mask put back would hide and leave; a package that goes takes its configuration and its
//! units along, one that is upgraded may replace it. Their states are
//! recorded beside the change that they follow, so that a rollback leaves nothing behind. They are no changes of
//! their own: nobody asked for them, and a preview cannot know them.

use std::collections::BTreeSet;

use super::Live;
use crate::host::backend::{Backend, Belongings, Step};
use crate::host::{HostError, Key, PackageState, State, UnitState, recorded};
use crate::journal::stored::{StoredFile, StoredState};
use crate::journal::{self, Intent};

/// The names among which these steps may make new ones.
pub(super) fn census<B: Backend>(live: &mut Live<B>, steps: &[Step]) -> Result<BTreeSet<String>, HostError> {
    let makers: Vec<&Key> = steps.iter().filter(|step| may_make_files(step)).map(|step| &step.key).collect();
    live.backend.census(&makers)
}

fn may_make_files(step: &Step) -> bool {
    match (&step.before, &step.after) {
        (State::Package(_), _) => true,
        // Whether it was enabled beneath its mask tell only the links.
        (State::Unit(before), State::Unit(after)) => before.is_masked() && !after.is_masked(),
        _ => false,
    }
}

/// Records in what state the units are that go with packages, ahead of the packages: they come back after them. And finds
/// the files that go or are replaced.
///
/// A rollback does without: what was there before the run is recorded with the run.
pub(super) fn belongings<B: Backend>(live: &mut Live<B>, steps: &[Step]) -> Result<Departing, HostError> {
    let mut departing = Departing::default();
    for step in steps {
        let (Key::Package(name), State::Package(PackageState::Installed(_))) = (&step.key, &step.before) else {
            continue;
        };
        let Belongings { files, units } = live.backend.belongings(name)?;
        departing.files.extend(files);
        if step.after != State::Package(PackageState::Absent) {
            continue;
        }
        for (name, as_installed) in units {
            let (key, after) = (Key::Unit(name), State::Unit(as_installed));
            let before = live.backend.read(&key)?;
            if before == after || before == State::Unit(UnitState::Absent) {
                continue;
            }
            let unit = Step { key, before, after, scratch: None };
            departing.units.push((unit.key.clone(), live.intend(&unit, false, "", None)?));
        }
    }
    Ok(departing)
}

/// What changes or goes with packages.
#[derive(Debug, Default)]
pub(super) struct Departing {
    files: BTreeSet<String>,
    /// Units, with the number of their intent.
    units: Vec<(Key, u64)>,
}

/// What was there before the change.
#[derive(Debug)]
pub(super) struct Companions {
    /// The intent that they follow.
    follows: u64,
    /// Known files and units, with the number of their own intent.
    known: Vec<(Key, u64)>,
    /// Names that were there; a new one is a companion, too.
    census: BTreeSet<String>,
}

impl Companions {
    /// Keeps the names that are there, for whoever has to tell after a kill which ones are new.
    pub(super) fn keep_census<B: Backend>(
        live: &mut Live<B>,
        census: &BTreeSet<String>,
    ) -> Result<Option<String>, HostError> {
        if census.is_empty() {
            return Ok(None);
        }
        let list = serde_json::to_vec(census).map_err(|error| HostError::journal(error.to_string()))?;
        Ok(Some(live.run.keep(&list)?))
    }

    /// Records the files as they are, before the change.
    pub(super) fn before<B: Backend>(
        live: &mut Live<B>,
        steps: &[Step],
        follows: u64,
        census: BTreeSet<String>,
        departing: Departing,
    ) -> Result<Self, HostError> {
        let Departing { mut files, units: mut known } = departing;
        files.extend(live.backend.companions(steps));
        for path in files {
            let key = Key::File(path);
            let before = live.backend.read(&key)?;
            let stored = recorded::store_state(&before, &mut |bytes| live.run.keep(bytes))?;
            let seq = live.run.intent(intent(&key, stored.clone(), stored, follows))?;
            known.push((key, seq));
        }
        Ok(Self { follows, known, census })
    }

    /// Records what has become of them, and what is new.
    pub(super) fn after<B: Backend>(self, live: &mut Live<B>, steps: &[Step]) -> Result<(), HostError> {
        for (key, seq) in &self.known {
            let after = read(live, key)?;
            live.run.done(*seq, after)?;
        }
        // The work of somebody in a file of which there is no before-image stays: packages that dnf took along have such.
        let is_only_copy = |path: &String| {
            path.strip_suffix(".rpmsave").is_some_and(|file| self.known.iter().all(|(key, _)| key.name() != file))
        };
        let census = census(live, steps)?;
        let new: Vec<String> = census.difference(&self.census).filter(|path| !is_only_copy(path)).cloned().collect();
        if new.is_empty() {
            return Ok(());
        }
        for path in live.backend.unowned(new)? {
            let key = Key::File(path);
            let after = read(live, &key)?;
            let before = StoredState::File(StoredFile::Absent);
            let seq = live.run.intent(intent(&key, before, after.clone(), self.follows))?;
            live.run.done(seq, after)?;
        }
        Ok(())
    }
}

fn read<B: Backend>(live: &mut Live<B>, key: &Key) -> Result<StoredState, HostError> {
    let state = live.backend.read(key)?;
    recorded::store_state(&state, &mut |bytes| Ok(journal::digest(bytes)))
}

fn intent(key: &Key, before: StoredState, after: StoredState, follows: u64) -> Intent {
    Intent {
        seq: 0,
        key: recorded::store_key(key),
        before,
        after,
        // Account files and keys: nobody asked to see them.
        sensitive: true,
        scratch: None,
        transaction: None,
        census: None,
        follows: Some(follows),
    }
}
