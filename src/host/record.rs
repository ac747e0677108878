//! What a host did so far: changes and actions, until someone takes them.

use std::mem;

use super::Change;

/// The record that live, preview and fake host keep alike.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) changes: Vec<Change>,
    actions: Vec<String>,
}

impl Record {
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
