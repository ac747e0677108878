//! Remembers how a machine was found.

use std::collections::{BTreeMap, BTreeSet};

use super::backend::{Backend, Step};
use super::{Action, CommandOutput, CommandSpec, HostError, Key, State};

/// A machine with the state that each resource had when it was first read.
#[derive(Debug)]
pub struct Witness<B> {
    inner: B,
    seen: BTreeMap<Key, State>,
}

impl<B: Backend> Witness<B> {
    /// Has seen nothing yet.
    #[must_use]
    pub fn of(inner: B) -> Self {
        Self { inner, seen: BTreeMap::new() }
    }

    /// What was read so far, as it was found.
    #[must_use]
    pub fn seen(&self) -> &BTreeMap<Key, State> {
        &self.seen
    }
}

impl<B: Backend> Backend for Witness<B> {
    fn read(&mut self, key: &Key) -> Result<State, HostError> {
        let state = self.inner.read(key)?;
        self.seen.entry(key.clone()).or_insert_with(|| state.clone());
        Ok(state)
    }

    fn canonical(&mut self, path: &str) -> Result<String, HostError> {
        self.inner.canonical(path)
    }

    fn read_ahead(&mut self, keys: &[&Key]) -> Result<(), HostError> {
        self.inner.read_ahead(keys)
    }

    fn is_latest(&mut self, package: &str) -> Result<Option<bool>, HostError> {
        self.inner.is_latest(package)
    }

    fn change(&mut self, steps: &[Step], label: &str) -> Result<(), HostError> {
        self.inner.change(steps, label)
    }

    fn undo_packages(&mut self, steps: &[Step], undone: &str, label: &str) -> Result<(), HostError> {
        self.inner.undo_packages(steps, undone, label)
    }

    fn companions(&mut self, steps: &[Step]) -> Vec<String> {
        self.inner.companions(steps)
    }

    fn census(&mut self, steps: &[Step]) -> Result<BTreeSet<String>, HostError> {
        self.inner.census(steps)
    }

    fn unowned(&mut self, paths: Vec<String>) -> Result<Vec<String>, HostError> {
        self.inner.unowned(paths)
    }

    fn is_of_transaction(&mut self, path: &str, packages: &[&str], label: &str) -> Result<bool, HostError> {
        self.inner.is_of_transaction(path, packages, label)
    }

    fn clear_scratch(&mut self, path: &str, scratch: &str) -> Result<(), HostError> {
        self.inner.clear_scratch(path, scratch)
    }

    fn act(&mut self, action: &Action) -> Result<CommandOutput, HostError> {
        self.inner.act(action)
    }

    fn query(&mut self, command: &CommandSpec) -> Result<CommandOutput, HostError> {
        self.inner.query(command)
    }

    fn is_newer(&mut self, path: &str, than: &str) -> Result<bool, HostError> {
        self.inner.is_newer(path, than)
    }

    fn list_dir(&mut self, path: &str) -> Result<Vec<String>, HostError> {
        self.inner.list_dir(path)
    }

    fn default_zone(&mut self) -> Result<Option<String>, HostError> {
        self.inner.default_zone()
    }
}
