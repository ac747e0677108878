//! A scripted host for unit tests: states in a map, answers by command line, packages that bring files.
//!
//! ```
//! use mailprov::host::fake::Fake;
//! use mailprov::host::{Content, FileState, Host, Key, Meta, State, Want};
//! use mailprov::hostplay::Mode;
//!
//! let mut fake = Fake::new(Mode::Apply);
//! fake.script().file("/etc/motd", "hello\n").answer(&["postconf", "-h", "myhostname"], "localhost\n");
//! let new = FileState::Regular { content: Content::text("bye\n"), meta: Meta::root(0o644) };
//! assert!(fake.put(Want::new(Key::File("/etc/motd".to_owned()), State::File(new))).unwrap());
//! assert_eq!(fake.script().text("/etc/motd").as_deref(), Some("bye\n"));
//! ```

mod script;

pub use script::Script;

use super::admit::{self, Unknowns};
use super::backend::{Backend, Step};
use super::preview::Preview;
use super::record::Record;
use super::{
    Action, ActionResult, Change, CommandOutput, CommandSpec, Host, HostError, Key, PackageState, Scratch, Scratched,
    State, Version, Want,
};
use crate::hostplay::Mode;

/// The host of the unit tests. In [`Mode::Apply`] what is put changes the script's states; in
/// [`Mode::Check`] it is the real preview over them.
#[derive(Debug)]
pub struct Fake {
    inner: Inner,
}

#[derive(Debug)]
enum Inner {
    Apply(Box<Direct>),
    Check(Box<Preview<Script>>),
}

impl Fake {
    /// A bare host: the usual directories, nothing else.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        let inner = match mode {
            Mode::Apply => Inner::Apply(Box::default()),
            Mode::Check => Inner::Check(Box::new(Preview::over(Script::default()))),
        };
        Self { inner }
    }

    /// What the host has and answers; in check mode without what was put.
    pub fn script(&mut self) -> &mut Script {
        match &mut self.inner {
            Inner::Apply(direct) => &mut direct.script,
            Inner::Check(preview) => preview.backend(),
        }
    }

    fn host(&mut self) -> &mut dyn Host {
        match &mut self.inner {
            Inner::Apply(direct) => direct.as_mut(),
            Inner::Check(preview) => preview.as_mut(),
        }
    }
}

impl Host for Fake {
    fn mode(&self) -> Mode {
        match &self.inner {
            Inner::Apply(_) => Mode::Apply,
            Inner::Check(_) => Mode::Check,
        }
    }

    fn read(&mut self, key: &Key) -> Result<State, HostError> {
        self.host().read(key)
    }

    fn put_all(&mut self, wants: Vec<Want>) -> Result<(), HostError> {
        self.host().put_all(wants)
    }

    fn act(&mut self, action: Action) -> Result<Option<ActionResult>, HostError> {
        self.host().act(action)
    }

    fn is_fresh(&mut self, unit: &str) -> bool {
        self.host().is_fresh(unit)
    }

    fn query(&mut self, command: &CommandSpec) -> Result<CommandOutput, HostError> {
        self.host().query(command)
    }

    fn scratch(&mut self, scratch: &Scratch) -> Result<Scratched, HostError> {
        self.script().scratch(scratch)
    }

    fn is_newer(&mut self, path: &str, than: &str) -> Result<bool, HostError> {
        self.host().is_newer(path, than)
    }

    fn list_dir(&mut self, path: &str) -> Result<Vec<String>, HostError> {
        self.host().list_dir(path)
    }

    fn default_zone(&mut self) -> Result<Option<String>, HostError> {
        self.host().default_zone()
    }

    fn packages_pending(&self) -> bool {
        match &self.inner {
            Inner::Apply(_) => false,
            Inner::Check(preview) => preview.packages_pending(),
        }
    }

    fn changes(&self) -> &[Change] {
        match &self.inner {
            Inner::Apply(direct) => direct.changes(),
            Inner::Check(preview) => preview.changes(),
        }
    }

    fn take_changes(&mut self) -> Vec<Change> {
        self.host().take_changes()
    }

    fn take_actions(&mut self) -> Vec<String> {
        self.host().take_actions()
    }
}

/// The script changed directly, without a journal.
#[derive(Debug, Default)]
struct Direct {
    script: Script,
    record: Record,
}

impl Direct {
    fn put_one(&mut self, want: Want) -> Result<(), HostError> {
        admit::admit(&want, Unknowns::Refused)?;
        let Want { key, state, sensitive } = want;
        let key = match key {
            Key::File(path) => Key::File(self.script.canonical(&path)?),
            key => key,
        };
        let before = self.script.read(&key)?;
        let latest = matches!(state, State::Package(PackageState::Installed(Version::Latest)))
            && before != State::Package(PackageState::Absent)
            && self.script.is_latest(key.name())? == Some(true);
        if latest || admit::satisfies(&before, &state) {
            return Ok(());
        }
        admit::admit_transition(&key, &before, &state)?;
        let step = Step { key: key.clone(), before: before.clone(), after: state, scratch: None };
        self.script.change(&[step], "")?;
        let after = self.script.read(&key)?;
        self.record.change(Change { key, before, after, sensitive });
        Ok(())
    }
}

impl Host for Direct {
    fn mode(&self) -> Mode {
        Mode::Apply
    }

    fn read(&mut self, key: &Key) -> Result<State, HostError> {
        admit::admit_key(key)?;
        self.script.read(key)
    }

    fn put_all(&mut self, wants: Vec<Want>) -> Result<(), HostError> {
        admit::packages_first(wants).into_iter().try_for_each(|want| self.put_one(want))
    }

    fn act(&mut self, action: Action) -> Result<Option<ActionResult>, HostError> {
        if let Some(unit) = action.unit() {
            let key = Key::Unit(unit.to_owned());
            let state = self.script.read(&key)?;
            if let Some(start) = admit::start_instead(&action, &key, &state)? {
                self.put_one(start)?;
                return Ok(Some(ActionResult::default()));
            }
        }
        self.record.begin(&action);
        let output = self.script.act(&action)?;
        self.record.acted(&action);
        Ok(Some(output))
    }

    fn is_fresh(&mut self, unit: &str) -> bool {
        self.record.is_fresh(unit)
    }

    fn query(&mut self, command: &CommandSpec) -> Result<CommandOutput, HostError> {
        self.script.query(command)
    }

    fn is_newer(&mut self, path: &str, than: &str) -> Result<bool, HostError> {
        self.script.is_newer(path, than)
    }

    fn list_dir(&mut self, path: &str) -> Result<Vec<String>, HostError> {
        self.script.list_dir(path)
    }

    fn default_zone(&mut self) -> Result<Option<String>, HostError> {
        self.script.default_zone()
    }

    fn packages_pending(&self) -> bool {
        false
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
