//! The host as it would be: an overlay in memory over a backend that is only read.

use std::collections::{BTreeMap, BTreeSet};

use super::admit::{self, Unknowns};
use super::backend::Backend;
use super::links;
use super::pending::Pending;
use super::record::Record;
use super::{
    Action, ActionResult, Change, CommandOutput, CommandSpec, FileState, Host, HostError, Key, PackageState, State,
    Version, Want,
};
use crate::hostplay::Mode;

/// A host on which nothing is changed.
#[derive(Debug)]
pub struct Preview<B> {
    backend: B,
    overlay: BTreeMap<Key, State>,
    pending: Pending,
    record: Record,
}

impl<B: Backend> Preview<B> {
    /// A preview of this machine with nothing put yet.
    #[must_use]
    pub fn over(backend: B) -> Self {
        Self { backend, overlay: BTreeMap::new(), pending: Pending::default(), record: Record::default() }
    }

    /// The machine behind it.
    pub fn backend(&mut self) -> &mut B {
        &mut self.backend
    }

    fn put_one(&mut self, want: Want) -> Result<(), HostError> {
        admit::admit(&want, Unknowns::Allowed)?;
        let Want { key, mut state, sensitive } = want;
        let before = self.read(&key)?;
        admit::keep_label(&before, &mut state);
        if admit::satisfies(&before, &state) || self.is_up_to_date(&key, &before, &state)? {
            return Ok(());
        }
        admit::admit_transition(&key, &before, &state)?;
        if let (Key::File(path), State::File(state)) = (&key, &state) {
            self.admit_place(path, &before, state)?;
        }
        if let (Key::Package(name), State::Package(wanted)) = (&key, &state) {
            match (&before, wanted) {
                (_, PackageState::Absent) => self.pending.removes(name),
                (State::Package(PackageState::Absent), _) => self.pending.installs(name),
                _ => {}
            }
        }
        self.overlay.insert(self.place(&key), state.clone());
        self.record.change(Change { key, before, after: state, sensitive });
        Ok(())
    }

    /// Whether `Latest` is asked for and installed. Asked of the repositories only where that writes nothing.
    fn is_up_to_date(&mut self, key: &Key, before: &State, want: &State) -> Result<bool, HostError> {
        match (key, before, want) {
            (
                Key::Package(name),
                State::Package(PackageState::Installed(_)),
                State::Package(PackageState::Installed(Version::Latest)),
            ) => Ok(self.overlay.contains_key(key) || self.backend.is_latest(name)? == Some(true)),
            _ => Ok(false),
        }
    }

    /// Refuses what the file system would refuse.
    fn admit_place(&mut self, path: &str, before: &State, want: &FileState) -> Result<(), HostError> {
        if matches!(before, State::File(FileState::Directory { .. })) && !matches!(want, FileState::Directory { .. }) {
            let left = self.list_dir(path)?;
            admit::admit_emptied(path, &left)?;
        }
        if *want == FileState::Absent {
            return Ok(());
        }
        let resolved = self.resolve(path).ok_or_else(|| admit::too_many_links(path))?;
        let Some(parent) = admit::parent(&resolved) else { return Ok(()) };
        let above = self.read(&Key::File(parent.to_owned()))?;
        admit::admit_parent(path, &above)
    }
}

impl<B: Backend> Host for Preview<B> {
    fn mode(&self) -> Mode {
        Mode::Check
    }

    fn read(&mut self, key: &Key) -> Result<State, HostError> {
        admit::admit_key(key)?;
        let key = self.place(key);
        if let Some(state) = self.overlay.get(&key) {
            return Ok(state.clone());
        }
        if let Key::File(path) = &key
            && self.is_below_removed(path)
        {
            return Ok(State::File(FileState::Absent));
        }
        let present = self.backend.read(&key)?;
        Ok(self.pending.veil(&key, present))
    }

    fn put_all(&mut self, wants: Vec<Want>) -> Result<(), HostError> {
        self.backend.read_ahead(&wants.iter().map(|want| &want.key).collect::<Vec<_>>())?;
        admit::packages_first(wants).into_iter().try_for_each(|want| self.put_one(want))
    }

    fn act(&mut self, action: Action) -> Result<Option<ActionResult>, HostError> {
        if let Some(unit) = action.unit() {
            let key = Key::Unit(unit.to_owned());
            let state = self.read(&key)?;
            if let Some(start) = admit::start_instead(&action, &key, &state)? {
                self.put_one(start)?;
                return Ok(None);
            }
        }
        self.record.action(&action);
        Ok(None)
    }

    fn query(&mut self, command: &CommandSpec) -> Result<CommandOutput, HostError> {
        self.backend.query(command)
    }

    fn list_dir(&mut self, path: &str) -> Result<Vec<String>, HostError> {
        admit::admit_key(&Key::File(path.to_owned()))?;
        let path = &self.resolve(path).unwrap_or_else(|| path.to_owned());
        let gone = self.is_below_removed(path)
            || self.overlay.get(&Key::File(path.to_owned())).is_some_and(|state| !is_directory(state));
        let mut names: BTreeSet<String> =
            if gone { BTreeSet::new() } else { self.backend.list_dir(path)?.into_iter().collect() };
        for (key, state) in &self.overlay {
            let Key::File(put) = key else { continue };
            if let Some((_, name)) = put.rsplit_once('/').filter(|_| admit::parent(put) == Some(path.as_str())) {
                if *state == State::File(FileState::Absent) {
                    names.remove(name);
                } else {
                    names.insert(name.to_owned());
                }
            }
        }
        Ok(names.into_iter().collect())
    }

    fn default_zone(&mut self) -> Result<Option<String>, HostError> {
        self.backend.default_zone()
    }

    fn packages_pending(&self) -> bool {
        self.pending.any()
    }

    fn changes(&self) -> &[Change] {
        &self.record.changes
    }

    fn take_changes(&mut self) -> Vec<Change> {
        self.record.take_changes()
    }

    fn take_actions(&mut self) -> Vec<String> {
        self.record.take_actions()
    }
}

impl<B> Preview<B> {
    /// Where a path leads through the links that were put; `None` when they never end.
    fn resolve(&self, path: &str) -> Option<String> {
        links::resolve(path, |above| match self.overlay.get(&Key::File(above.to_owned()))? {
            State::File(FileState::Symlink { target, .. }) => Some(target.clone()),
            _ => None,
        })
    }

    /// The key under which the overlay holds a resource.
    fn place(&self, key: &Key) -> Key {
        match key {
            Key::File(path) => Key::File(self.resolve(path).unwrap_or_else(|| path.clone())),
            key => key.clone(),
        }
    }

    /// Whether a directory above was put as something that has no entries.
    fn is_below_removed(&self, path: &str) -> bool {
        let mut above = links::ancestors(path).into_iter();
        above.any(|above| self.overlay.get(&Key::File(above.to_owned())).is_some_and(|state| !is_directory(state)))
    }
}

fn is_directory(state: &State) -> bool {
    matches!(state, State::File(FileState::Directory { .. } | FileState::Unknown))
}
