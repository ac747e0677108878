//! The host as a store of typed resources.
//!
//! A module reads resources, works out the state it wants and *puts* it. It does not know whether
//! it talks to the [`live`] host (undo record first, then the change), to a [`preview`] overlay, or
//! to the [`fake`] of the unit tests.
//!
//! Architecture invariant: nothing outside this folder opens files for writing on the managed host or
//! starts processes that change it.

pub mod action;
pub mod backend;
pub mod change;
pub mod error;
pub mod fake;
pub mod guard;
pub mod key;
pub mod live;
pub mod machine;
pub mod preview;
pub mod rollback;
pub mod scratch;
pub mod state;
pub mod witness;

mod accounts;
mod admit;
mod firewalld;
mod fs;
mod hostname;
mod known_packages;
mod links;
mod pending;
mod process;
mod record;
mod recorded;
mod rpm;
mod sysctl;
mod systemd;
mod way_in;

#[cfg(test)]
pub(crate) mod laws;

pub use action::{Action, ActionResult, CommandOutput, CommandSpec};
pub use change::Change;
pub use error::HostError;
pub use key::Key;
pub use live::Live;
pub use machine::{Machine, OutputSink};
pub use preview::Preview;
pub use scratch::{Scratch, Scratched};
pub use state::{
    Content, Enablement, FileState, FirewallState, HostnameState, Meta, PackageState, Principal, State, SysctlState,
    UnitState, Version, ZoneSettings,
};
pub use witness::Witness;

use crate::hostplay::Mode;
use crate::veil::Veil;

/// A state that a module wants a resource to have.
#[derive(Debug, Clone, PartialEq)]
pub struct Want {
    /// Which resource.
    pub key: Key,
    /// The whole state it shall have; a module that cares about a part reads first and keeps the rest.
    pub state: State,
    /// The content is secret: never shown, before-image kept root-only.
    pub sensitive: bool,
}

impl Want {
    /// A want with nothing secret in it.
    #[must_use]
    pub fn new(key: Key, state: State) -> Self {
        Self { key, state, sensitive: false }
    }

    /// Marks the content as secret.
    #[must_use]
    pub fn sensitive(mut self, sensitive: bool) -> Self {
        self.sensitive = sensitive;
        self
    }
}

/// A handler that a change calls for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Debt {
    /// Its name.
    pub handler: String,
    /// What it is going to run, as far as that can be told beforehand.
    pub action: Option<Action>,
}

/// A managed host: live, previewed or fake.
///
/// Laws, checked by tests for every implementation:
/// * `put(k, s)` then `read(k)` gives `s` (up to what cannot be known yet);
/// * a `put` of what `read` gave is no change and has no effect;
/// * the changes are exactly the resources whose state differs afterwards.
pub trait Host {
    /// Apply or check.
    fn mode(&self) -> Mode;

    /// Whether what was put is there, so that it can be waited for, asked, or made from what differs every time. This,
    /// and not the mode, is what a module may ask.
    fn is_in_force(&self) -> bool {
        self.mode() == Mode::Apply
    }

    /// The state of a resource, with everything put so far.
    ///
    /// # Errors
    /// When the host cannot be asked. An absent resource is a state, not an error.
    fn read(&mut self, key: &Key) -> Result<State, HostError>;

    /// Brings resources into the wanted states, those of one kind together where the host can do so
    /// (packages: one transaction). What differed is recorded as [`Change`]s.
    ///
    /// # Errors
    /// When a state cannot be read, recorded or brought about.
    fn put_all(&mut self, wants: Vec<Want>) -> Result<(), HostError>;

    /// Brings one resource into a state; says whether it differed.
    ///
    /// # Errors
    /// As [`Host::put_all`].
    fn put(&mut self, want: Want) -> Result<bool, HostError> {
        let before = self.changes().len();
        self.put_all(vec![want])?;
        Ok(self.changes().len() > before)
    }

    /// Runs something that is not state. A preview only records it and answers `None`.
    ///
    /// # Errors
    /// When it cannot be started, recorded, or (for units) fails.
    fn act(&mut self, action: Action) -> Result<Option<ActionResult>, HostError>;

    /// Whether the last thing that was done was to start or restart this unit, so that there is nothing new for it to read.
    fn is_fresh(&mut self, unit: &str) -> bool;

    /// Tells which texts are secret: a change with one of them in it is sensitive.
    fn veil(&mut self, _veil: &Veil) {}

    /// Names the handlers that the next change will owe. They are noted before that change is made, so that no kill
    /// can come between the two.
    fn owing(&mut self, _debts: Vec<Debt>) {}

    /// Notes that a handler was notified, so that a run which dies before it ran can be finished by the next.
    /// Only the live host keeps such notes.
    ///
    /// # Errors
    /// When the note cannot be written.
    fn owe(&mut self, _debt: &Debt) -> Result<(), HostError> {
        Ok(())
    }

    /// Notes that a handler that was owed has run.
    ///
    /// # Errors
    /// When the note cannot be written.
    fn paid(&mut self, _handler: &str) -> Result<(), HostError> {
        Ok(())
    }

    /// Takes the note of a handler back that was after all not notified.
    ///
    /// # Errors
    /// When the note cannot be written.
    fn forgive(&mut self, _handler: &str) -> Result<(), HostError> {
        Ok(())
    }

    /// Runs a program that changes nothing, in every mode. Its exit status is the caller's to judge.
    ///
    /// # Errors
    /// When it cannot be started. `HostError::NoSuchProgram` when it is not installed.
    fn query(&mut self, command: &CommandSpec) -> Result<CommandOutput, HostError>;

    /// Runs a program that makes one file from others in a directory of its own, in every mode. Its exit
    /// status is the caller's to judge.
    ///
    /// # Errors
    /// When the directory cannot be made or read, or the program cannot be started.
    fn scratch(&mut self, scratch: &Scratch) -> Result<Scratched, HostError> {
        scratch::run(std::path::Path::new(scratch::BASE), scratch, |command| self.query(command))
    }

    /// Whether a file was written after another one, in whole seconds, as Postfix compares a map with its
    /// database. False when one of them is missing.
    ///
    /// # Errors
    /// When they cannot be looked at.
    fn is_newer(&mut self, path: &str, than: &str) -> Result<bool, HostError>;

    /// The names in a directory, with everything put so far; empty when there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    fn list_dir(&mut self, path: &str) -> Result<Vec<String>, HostError>;

    /// The firewalld zone that interfaces without a zone of their own are in; `None` when firewalld is
    /// not there, or not yet ([`Host::packages_pending`]).
    ///
    /// # Errors
    /// When firewalld is there and cannot be asked.
    fn default_zone(&mut self) -> Result<Option<String>, HostError>;

    /// Whether packages were put that are not installed yet (preview): files, units and users may
    /// come with them that cannot be seen now.
    fn packages_pending(&self) -> bool;

    /// The changes since the last [`Host::take_changes`].
    fn changes(&self) -> &[Change];

    /// Takes the changes recorded so far.
    fn take_changes(&mut self) -> Vec<Change>;

    /// Takes the actions run (or, in a preview, to be run) so far, in the user's words.
    fn take_actions(&mut self) -> Vec<String>;
}
