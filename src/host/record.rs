//! What a host did so far: changes and actions, until someone takes them.

use std::mem;

use super::{Change, Content, FileState, Key, State, SysctlState};
use crate::veil::Veil;

/// The record that live, preview and fake host keep alike.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) changes: Vec<Change>,
    actions: Vec<String>,
    veil: Veil,
}

impl Record {
    /// From now on, what has one of these secrets in it is sensitive.
    pub(super) fn veil(&mut self, veil: &Veil) {
        self.veil = veil.clone();
    }

    /// Whether a change has a secret in it, before or after.
    pub(super) fn is_secret(&self, key: &Key, before: &State, after: &State) -> bool {
        self.veil.hides(key.name()) || [before, after].into_iter().any(|state| self.has_secret(state))
    }

    fn has_secret(&self, state: &State) -> bool {
        match state {
            State::File(FileState::Regular { content: Content::Bytes(bytes), .. }) => {
                self.veil.hides(&String::from_utf8_lossy(bytes))
            }
            State::Sysctl(SysctlState::Value(value)) => self.veil.hides(value),
            _ => false,
        }
    }

    pub(super) fn change(&mut self, change: Change) {
        self.changes.push(change);
    }

    pub(super) fn action(&mut self, action: &super::Action) {
        self.actions.push(action.to_string());
    }

    pub(super) fn take_changes(&mut self) -> Vec<Change> {
        mem::take(&mut self.changes)
    }

    pub(super) fn take_actions(&mut self) -> Vec<String> {
        mem::take(&mut self.actions)
    }
}
