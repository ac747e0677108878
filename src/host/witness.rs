//! Remembers how a machine was found.

use std::collections::{BTreeMap, BTreeSet};

use super::backend::{Backend, Step, leave_to};
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
    leave_to!(self => self.inner);

    fn read(&mut self, key: &Key) -> Result<State, HostError> {
        let state = self.inner.read(key)?;
        self.seen.entry(key.clone()).or_insert_with(|| state.clone());
        Ok(state)
    }

    fn change(&mut self, steps: &[Step], label: &str) -> Result<(), HostError> {
        self.inner.change(steps, label)
    }

    fn undo_packages(&mut self, steps: &[Step], undone: &str, label: &str) -> Result<(), HostError> {
        self.inner.undo_packages(steps, undone, label)
    }
}
