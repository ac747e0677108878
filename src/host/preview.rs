//! The host as it would be: an overlay in memory over a backend that is only read.

use std::collections::{BTreeMap, BTreeSet};

use super::admit::{self, Unknowns};
use super::backend::Backend;
use super::links::{self, Astray, Link};
use super::pending::Pending;
use super::record::Record;
use super::{
    Action, ActionResult, Change, CommandOutput, CommandSpec, FileState, Host, HostError, Key, PackageState, State,
    UnitState, Version, Want,
};
use crate::hostplay::Mode;
use crate::veil::Veil;

/// A host on which nothing is changed.
#[derive(Debug)]
pub struct Preview<B> {
    backend: B,
    overlay: BTreeMap<Key, State>,
    /// Paths where no directory was when something was put: nothing on disk is below them.
    remade: BTreeSet<String>,
    /// What was read of directories and links on disk, above the paths in question.
    above: BTreeMap<String, State>,
    pending: Pending,
    /// Packages that a rollback has taken away, with the label of the transaction that brought them.
    going: Vec<(Vec<String>, String)>,
    /// What packages bring and take along has to be guessed.
    guesses: bool,
    record: Record,
    acted: Vec<String>,
}

impl<B: Backend> Preview<B> {
    /// A preview of this machine with nothing put yet.
    #[must_use]
    pub fn over(backend: B) -> Self {
        Self {
            backend,
            overlay: BTreeMap::new(),
            remade: BTreeSet::new(),
            above: BTreeMap::new(),
            pending: Pending::default(),
            going: Vec::new(),
            guesses: true,
            record: Record::default(),
            acted: Vec::new(),
        }
    }

    /// The same for a rollback: its journal tells of each file what is to become of it, and so nothing is guessed.
    #[must_use]
    pub(super) fn of_rollback(backend: B) -> Self {
        Self { guesses: false, ..Self::over(backend) }
    }

    /// Puts states back; packages as if the transaction that ran under the label `undone` were taken back.
    ///
    /// # Errors
    /// As [`Host::put_all`].
    pub(super) fn restore(&mut self, wants: Vec<Want>, undone: Option<&str>) -> Result<(), HostError> {
        let goes = |want: &&Want| want.state == State::Package(PackageState::Absent);
        let going: Vec<String> = wants.iter().filter(goes).map(|want| want.key.name().to_owned()).collect();
        self.put_all(wants)?;
        self.going.extend(undone.filter(|_| !going.is_empty()).map(|label| (going, label.to_owned())));
        Ok(())
    }

    /// The states that were put, last ones only.
    #[must_use]
    pub fn states(&self) -> &BTreeMap<Key, State> {
        &self.overlay
    }

    /// All actions that would be run, in the user's words.
    #[must_use]
    pub fn acted(&self) -> &[String] {
        &self.acted
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
        if !self.comes_back(&key, &before) {
            admit::admit_transition(&key, &before, &state)?;
        }
        if let (Key::File(path), State::File(state)) = (&key, &state) {
            self.admit_place(path, &before, state)?;
        }
        if let (Key::Package(name), State::Package(wanted), true) = (&key, &state, self.guesses) {
            match (&before, wanted) {
                (_, PackageState::Absent) => self.pending.removes(name),
                (State::Package(PackageState::Absent), _) => self.pending.installs(name),
                _ => {}
            }
        }
        let key = self.place(&key)?.unwrap_or(key);
        if let (Key::File(path), false) = (&key, is_directory(&before)) {
            self.remade.insert(path.clone());
        }
        self.overlay.insert(key.clone(), state.clone());
        let sensitive = sensitive || self.record.is_secret(&key, &before, &state);
        self.record.change(Change { key, before, after: state, sensitive });
        Ok(())
    }

    /// Whether this is a unit that a rollback finds again, with a package that it has put back.
    fn comes_back(&self, key: &Key, before: &State) -> bool {
        let is_back = |state: &State| matches!(state, State::Package(PackageState::Installed(_)));
        let is_missing = matches!((key, before), (Key::Unit(_), State::Unit(UnitState::Absent)));
        is_missing && !self.guesses && self.overlay.values().any(is_back)
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

    /// Where a path leads through the links above it, those that were put and those that are there.
    fn resolve(&mut self, path: &str) -> Result<String, Astray> {
        let Self { backend, overlay, above, .. } = self;
        let mut state = |path: &str| -> Option<State> {
            let key = Key::File(path.to_owned());
            let known = overlay.get(&key).or_else(|| above.get(path)).cloned();
            known.or_else(|| {
                let read = backend.read(&key).ok()?;
                above.insert(path.to_owned(), read.clone());
                Some(read)
            })
        };
        links::resolve(path, |path| match state(path)? {
            State::File(FileState::Symlink { target, .. }) => {
                let trusted = admit::parent(path).and_then(&mut state).as_ref().is_none_or(links::is_our_directory);
                Some(Link { target, trusted })
            }
            _ => None,
        })
    }

    /// The key under which the overlay holds a resource; `None` for a path that leads nowhere.
    fn place(&mut self, key: &Key) -> Result<Option<Key>, HostError> {
        let Key::File(path) = key else { return Ok(Some(key.clone())) };
        match self.resolve(path) {
            Ok(place) => Ok(Some(Key::File(place))),
            Err(Astray::Loop) => Ok(None),
            Err(astray) => Err(astray.into_error(path)),
        }
    }

    /// The names in a directory that a rollback which has removed packages still finds there.
    fn without_packaged(&mut self, path: &str, mut names: Vec<String>) -> Result<Vec<String>, HostError> {
        for (packages, label) in &self.going {
            if names.is_empty() {
                break;
            }
            let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
            let leaving = self.backend.leaving(&packages, label)?;
            names.retain(|name| !leaving.contains(&format!("{path}/{name}")));
        }
        Ok(names)
    }

    /// Refuses what the file system would refuse.
    fn admit_place(&mut self, path: &str, before: &State, want: &FileState) -> Result<(), HostError> {
        if matches!(before, State::File(FileState::Directory { .. })) && !matches!(want, FileState::Directory { .. }) {
            let left = self.list_dir(path)?;
            let left = self.without_packaged(path, left)?;
            admit::admit_emptied(path, &left)?;
        }
        if *want == FileState::Absent {
            return Ok(());
        }
        let resolved = self.resolve(path).map_err(|astray| astray.into_error(path))?;
        let Some(parent) = admit::parent(&resolved) else { return Ok(()) };
        let above = self.read(&Key::File(parent.to_owned()))?;
        admit::admit_parent(&resolved, &above)
    }
}

impl<B: Backend> Host for Preview<B> {
    fn veil(&mut self, veil: &Veil) {
        self.record.veil(veil);
    }

    fn mode(&self) -> Mode {
        Mode::Check
    }

    fn read(&mut self, key: &Key) -> Result<State, HostError> {
        admit::admit_key(key)?;
        let asked = key;
        let Some(key) = self.place(asked)? else { return Ok(State::File(FileState::Absent)) };
        if let Some(state) = self.overlay.get(&key) {
            return Ok(state.clone());
        }
        if let Key::File(path) = &key
            && links::ancestors(path).into_iter().any(|above| self.is_cut_off(above))
        {
            return Ok(State::File(FileState::Absent));
        }
        let present = self.backend.read(&key)?;
        // A package's own directory is known by its own name, wherever that leads.
        Ok(self.pending.veil(if self.pending.knows(asked) { asked } else { &key }, present))
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
        self.record.begin(&action);
        self.record.acted(&action);
        self.acted.push(action.to_string());
        Ok(None)
    }

    fn is_fresh(&mut self, unit: &str) -> bool {
        self.record.is_fresh(unit)
    }

    fn query(&mut self, command: &CommandSpec) -> Result<CommandOutput, HostError> {
        self.backend.query(command)
    }

    fn is_newer(&mut self, path: &str, than: &str) -> Result<bool, HostError> {
        let mut is_put = |path: &str| -> Result<bool, HostError> {
            Ok(self.place(&Key::File(path.to_owned()))?.is_some_and(|key| self.overlay.contains_key(&key)))
        };
        match (is_put(path)?, is_put(than)?) {
            (_, true) => Ok(false),
            (true, false) => Ok(true),
            (false, false) => self.backend.is_newer(path, than),
        }
    }

    fn list_dir(&mut self, path: &str) -> Result<Vec<String>, HostError> {
        admit::admit_key(&Key::File(path.to_owned()))?;
        let Some(Key::File(path)) = self.place(&Key::File(path.to_owned()))? else { return Ok(Vec::new()) };
        let path = &path;
        let gone = self.is_cut_off(path) || links::ancestors(path).into_iter().any(|above| self.is_cut_off(above));
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
    /// Whether what is on disk below a path has nothing to do with it any more.
    fn is_cut_off(&self, path: &str) -> bool {
        self.remade.contains(path)
            || self.overlay.get(&Key::File(path.to_owned())).is_some_and(|state| !is_directory(state))
    }
}

fn is_directory(state: &State) -> bool {
    matches!(state, State::File(FileState::Directory { .. } | FileState::Unknown))
}
