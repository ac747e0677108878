//! What stands behind a host: the real machine, or the scripted one of the unit tests.
//!
//! [`super::live`] and [`super::preview`] are written against this, so that journal, rollback and
//! preview can be proved without a real package manager.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, CommandOutput, CommandSpec, HostError, Key, State, UnitState};

/// One resource to be brought from the state that was read into another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which resource.
    pub key: Key,
    /// Its present state.
    pub before: State,
    /// The state that it shall have.
    pub after: State,
    /// For files: the name, in the same directory, under which the new one is made before it takes its
    /// place. Known before the change, so that what a kill leaves behind can be found.
    pub scratch: Option<String>,
}

/// What belongs to an installed package and is not the same when the package comes back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Belongings {
    /// Paths of its configuration, and of the links by which its units are enabled.
    pub files: BTreeSet<String>,
    /// Its units, with the state that the package's own scripts give them when it is installed.
    pub units: BTreeMap<String, UnitState>,
}

/// Reads and changes one machine. Knows nothing of journals, previews and change records.
pub trait Backend {
    /// The state of a resource.
    ///
    /// # Errors
    /// When the machine cannot be asked.
    fn read(&mut self, key: &Key) -> Result<State, HostError>;

    /// The path without symbolic links above its last component: one name for one file. The path itself where
    /// its directory is missing.
    ///
    /// # Errors
    /// When it leads through a link that is not to be followed.
    fn canonical(&mut self, path: &str) -> Result<String, HostError>;

    /// Reads several resources ahead, where one question for all is cheaper than one each.
    ///
    /// # Errors
    /// As [`Backend::read`].
    fn read_ahead(&mut self, keys: &[&Key]) -> Result<(), HostError>;

    /// Whether the repositories offer nothing newer of this installed package; `None` when they cannot be
    /// asked without changing anything.
    ///
    /// # Errors
    /// As [`Backend::read`].
    fn is_latest(&mut self, package: &str) -> Result<Option<bool>, HostError>;

    /// Changes resources of one kind; more than one only for packages, as one transaction under this label.
    ///
    /// # Errors
    /// When the machine refuses. What was half done is for the journal to sort out.
    fn change(&mut self, steps: &[Step], label: &str) -> Result<(), HostError>;

    /// Takes back the package transaction that ran under the label `undone`, as one transaction under the
    /// label `label`, so that these packages are as they shall be afterwards.
    ///
    /// # Errors
    /// As [`Backend::change`].
    fn undo_packages(&mut self, steps: &[Step], undone: &str, label: &str) -> Result<(), HostError>;

    /// Files that change along with these resources, in ways of their own: they are recorded with them.
    fn companions(&mut self, steps: &[Step]) -> Vec<String>;

    /// What goes, or is replaced, with this package: its configuration and its units.
    ///
    /// # Errors
    /// When the machine cannot be asked.
    fn belongings(&mut self, package: &str) -> Result<Belongings, HostError>;

    /// The paths among which a change of these resources may make files that belong to no package; none where it cannot.
    ///
    /// # Errors
    /// When they cannot be listed.
    fn census(&mut self, keys: &[&Key]) -> Result<BTreeSet<String>, HostError>;

    /// Those of the paths that belong to no package.
    ///
    /// # Errors
    /// When the package database cannot be asked.
    fn unowned(&mut self, paths: Vec<String>) -> Result<Vec<String>, HostError>;

    /// Whether what stands at this path was last changed while the package transaction with this label was at work.
    /// False when it cannot be told.
    ///
    /// # Errors
    /// When the package manager cannot be asked.
    fn is_of_transaction(&mut self, path: &str, packages: &[&str], label: &str) -> Result<bool, HostError>;

    /// Installed packages that need what the package transaction with this label installed, and are no part of it.
    ///
    /// # Errors
    /// When the package manager cannot be asked.
    fn dependents(&mut self, packages: &[&str], label: &str) -> Result<Vec<String>, HostError>;

    /// The paths that go when these packages do, and with them all that the package transaction with this label installed.
    ///
    /// # Errors
    /// When the package manager cannot be asked.
    fn leaving(&mut self, packages: &[&str], label: &str) -> Result<BTreeSet<String>, HostError>;

    /// Removes what a kill during a change of this file left under its scratch name.
    ///
    /// # Errors
    /// When it cannot be removed.
    fn clear_scratch(&mut self, path: &str, scratch: &str) -> Result<(), HostError>;

    /// Runs something that is not state.
    ///
    /// # Errors
    /// When it cannot be started, or (for units) fails.
    fn act(&mut self, action: &Action) -> Result<CommandOutput, HostError>;

    /// Runs a program that changes nothing.
    ///
    /// # Errors
    /// When it cannot be started.
    fn query(&mut self, command: &CommandSpec) -> Result<CommandOutput, HostError>;

    /// Whether a file was written after another one, in whole seconds; false when one of them is missing.
    ///
    /// # Errors
    /// When they cannot be looked at.
    fn is_newer(&mut self, path: &str, than: &str) -> Result<bool, HostError>;

    /// The names in a directory, sorted; empty when there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    fn list_dir(&mut self, path: &str) -> Result<Vec<String>, HostError>;

    /// firewalld's default zone; `None` when firewalld is not installed.
    ///
    /// # Errors
    /// When it is there and cannot be asked.
    fn default_zone(&mut self) -> Result<Option<String>, HostError>;
}

/// What a backend around another leaves to it: all but reading, changing and undoing packages.
macro_rules! leave_to {
    ($self:ident => $inner:expr) => {
        fn canonical(&mut $self, path: &str) -> Result<String, HostError> {
            $inner.canonical(path)
        }

        fn read_ahead(&mut $self, keys: &[&Key]) -> Result<(), HostError> {
            $inner.read_ahead(keys)
        }

        fn is_latest(&mut $self, package: &str) -> Result<Option<bool>, HostError> {
            $inner.is_latest(package)
        }

        fn companions(&mut $self, steps: &[Step]) -> Vec<String> {
            $inner.companions(steps)
        }

        fn belongings(&mut $self, package: &str) -> Result<$crate::host::backend::Belongings, HostError> {
            $inner.belongings(package)
        }

        fn census(&mut $self, keys: &[&Key]) -> Result<BTreeSet<String>, HostError> {
            $inner.census(keys)
        }

        fn unowned(&mut $self, paths: Vec<String>) -> Result<Vec<String>, HostError> {
            $inner.unowned(paths)
        }

        fn is_of_transaction(&mut $self, path: &str, packages: &[&str], label: &str) -> Result<bool, HostError> {
            $inner.is_of_transaction(path, packages, label)
        }

        fn dependents(&mut $self, packages: &[&str], label: &str) -> Result<Vec<String>, HostError> {
            $inner.dependents(packages, label)
        }

        fn leaving(&mut $self, packages: &[&str], label: &str) -> Result<BTreeSet<String>, HostError> {
            $inner.leaving(packages, label)
        }

        fn clear_scratch(&mut $self, path: &str, scratch: &str) -> Result<(), HostError> {
            $inner.clear_scratch(path, scratch)
        }

        fn act(&mut $self, action: &Action) -> Result<CommandOutput, HostError> {
            $inner.act(action)
        }

        fn query(&mut $self, command: &CommandSpec) -> Result<CommandOutput, HostError> {
            $inner.query(command)
        }

        fn list_dir(&mut $self, path: &str) -> Result<Vec<String>, HostError> {
            $inner.list_dir(path)
        }

        fn is_newer(&mut $self, path: &str, than: &str) -> Result<bool, HostError> {
            $inner.is_newer(path, than)
        }

        fn default_zone(&mut $self) -> Result<Option<String>, HostError> {
            $inner.default_zone()
        }
    };
}
pub(super) use leave_to;

impl<B: Backend> Backend for &mut B {
    leave_to!(self => (**self));

    fn read(&mut self, key: &Key) -> Result<State, HostError> {
        (**self).read(key)
    }

    fn change(&mut self, steps: &[Step], label: &str) -> Result<(), HostError> {
        (**self).change(steps, label)
    }

    fn undo_packages(&mut self, steps: &[Step], undone: &str, label: &str) -> Result<(), HostError> {
        (**self).undo_packages(steps, undone, label)
    }
}
