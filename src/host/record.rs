//! What a host did so far: changes and actions, until someone takes them.

use std::mem;

use super::{Change, Content, FileState, Key, State, SysctlState, UnitState};
use crate::journal::stored::StoredAction;
use crate::veil::Veil;

/// The record that live, preview and fake host keep alike.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) changes: Vec<Change>,
    actions: Vec<String>,
    /// The unit whose start or restart was the last thing that was done.
    fresh: Option<String>,
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

    /// An action without the secrets in it: no rollback repeats a command.
    pub(super) fn veiled(&self, mut action: StoredAction) -> StoredAction {
        if let StoredAction::Command(text) = &mut action {
            self.veil.hide_in(text);
        }
        action
    }

    pub(super) fn change(&mut self, change: Change) {
        let is_active = |state: &State| matches!(state, State::Unit(UnitState::Loaded { active: true, .. }));
        let is_start = is_active(&change.after) && !is_active(&change.before);
        self.fresh = is_start.then(|| change.key.name().to_owned());
        self.changes.push(change);
    }

    /// Something is about to be done, and may fail halfway.
    pub(super) fn stir(&mut self) {
        self.fresh = None;
    }

    /// An action is about to be run.
    pub(super) fn begin(&mut self, action: &super::Action) {
        self.stir();
        self.actions.push(action.to_string());
    }

    /// It was run, and did not fail.
    pub(super) fn acted(&mut self, action: &super::Action) {
        if let super::Action::RestartUnit(unit) = action {
            self.fresh = Some(unit.clone());
        }
    }

    /// Whether the last thing that was done was to start or restart this unit: it has read all that it reads.
    pub(super) fn is_fresh(&self, unit: &str) -> bool {
        self.fresh.as_deref() == Some(unit)
    }

    pub(super) fn take_changes(&mut self) -> Vec<Change> {
        mem::take(&mut self.changes)
    }

    pub(super) fn take_actions(&mut self) -> Vec<String> {
        mem::take(&mut self.actions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_command_shows_no_secret() {
        let mut record = Record::default();
        record.veil(&Veil::over(["correct horse".to_owned()]));
        for (action, expected) in [
            (
                StoredAction::Command("set 'correct horse'".to_owned()),
                StoredAction::Command("set '********'".to_owned()),
            ),
            (StoredAction::Command("true".to_owned()), StoredAction::Command("true".to_owned())),
            (StoredAction::DaemonReload, StoredAction::DaemonReload),
        ] {
            assert_eq!(record.veiled(action), expected);
        }
    }
}
