//! A bench for modules: a fake host, the rest of a context, and the law that every module keeps.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Args, Context, Module, ModuleError, Outcome};
use crate::event::Failure;
use crate::host::fake::{Fake, Script};
use crate::host::{Change, Content, FileState, Host, State};
use crate::hostplay::{FileBody, Mode};

/// 2026-11-24T03:15:00Z.
pub(super) const NOW: i64 = 1_795_490_100;

/// A host with what else a module may use.
pub(super) struct Bench {
    pub(super) host: Fake,
    pub(super) files: BTreeMap<String, FileBody>,
    pub(super) now: i64,
    pub(super) no_log: bool,
}

/// What one call did.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) outcome: Outcome,
    pub(super) changes: Vec<Change>,
    pub(super) actions: Vec<String>,
}

impl Ran {
    /// As the interpreter works it out.
    pub(super) fn changed(&self) -> bool {
        self.outcome.changed.unwrap_or(!self.changes.is_empty() || !self.actions.is_empty())
    }

    /// The keys of what changed.
    pub(super) fn changed_keys(&self) -> Vec<String> {
        self.changes.iter().map(|change| change.key.to_string()).collect()
    }
}

impl Bench {
    pub(super) fn new(mode: Mode, script: &dyn Fn(&mut Script)) -> Self {
        let mut host = Fake::new(mode);
        script(host.script());
        Self { host, files: BTreeMap::new(), now: NOW, no_log: false }
    }

    pub(super) fn apply(script: &dyn Fn(&mut Script)) -> Self {
        Self::new(Mode::Apply, script)
    }

    /// Adds a file that travels with the play; the folder is `files` or `templates`.
    pub(super) fn carries(mut self, folder: &str, name: &str, text: &str) -> Self {
        let body = FileBody { bytes: text.as_bytes().to_vec(), mode: 0o100_755, shown_as: name.to_owned() };
        self.files.insert(format!("{folder}/{name}"), body);
        self
    }

    /// Calls a module. A template renders to itself in upper case.
    pub(super) fn run(&mut self, module: Module, args: &Value) -> Result<Ran, ModuleError> {
        let args = Args::decode(module.spec(), args.as_object().unwrap())?;
        let render = |text: &str, _: &str| Ok::<_, Box<Failure>>(text.to_uppercase());
        let files = &self.files;
        let find = |folder: &str, name: &str| files.get(&format!("{folder}/{name}"));
        let mut context = Context {
            host: &mut self.host,
            render: &render,
            find_file: &find,
            no_log: self.no_log,
            facts: &Map::new(),
            tell: &mut |_| {},
            stop: &std::sync::atomic::AtomicBool::new(false),
            now: self.now,
        };
        let outcome = module.run(&args, &mut context);
        let (changes, actions) = (self.host.take_changes(), self.host.take_actions());
        outcome.map(|outcome| Ran { outcome, changes, actions })
    }

    /// The failure's text, with its hints.
    pub(super) fn fails(&mut self, module: Module, args: &Value) -> String {
        match self.run(module, args) {
            Ok(ran) => format!("no failure: {ran:?}"),
            Err(ModuleError::Failed { failure, .. }) => {
                [vec![failure.message], failure.causes, failure.hints].concat().join("\n")
            }
            Err(error) => error.to_string(),
        }
    }
}

/// `check` predicts exactly what `up` changes and writes nothing; the second `up` changes nothing. Both fail
/// alike, and with the same words.
pub(super) fn keeps_the_law(bench: &dyn Fn(Mode) -> Bench, module: Module, args: &Value) -> Result<(), String> {
    let (mut check, mut apply) = (bench(Mode::Check), bench(Mode::Apply));
    let untouched = check.host.script().states().clone();
    let (foretold, done) = match (check.run(module, args), apply.run(module, args)) {
        (Ok(foretold), Ok(done)) => (foretold, done),
        (Err(foretold), Err(done)) if foretold.to_string() == done.to_string() => return Ok(()),
        (foretold, done) => return Err(format!("check: {foretold:?}\napply: {done:?}")),
    };
    if *check.host.script().states() != untouched {
        return Err("check changed the host".to_owned());
    }
    let same = foretold.changes.len() == done.changes.len()
        && foretold.changes.iter().zip(&done.changes).all(|(foretold, done)| foretells(foretold, done));
    if !same || foretold.actions != done.actions || foretold.changed() != done.changed() {
        return Err(format!("check foretold {foretold:?}\napply did {done:?}"));
    }
    match apply.run(module, args) {
        Ok(again) if again.changes.is_empty() && again.actions.is_empty() && !again.changed() => Ok(()),
        other => Err(format!("the second run: {other:?}")),
    }
}

/// Equal, where an unknown content in the prediction stands for any.
fn foretells(foretold: &Change, done: &Change) -> bool {
    let after = match (&foretold.after, &done.after) {
        (
            State::File(FileState::Regular { content: Content::Unknown, meta }),
            State::File(FileState::Regular { meta: other, .. }),
        ) => meta == other,
        (foretold, done) => foretold == done,
    };
    foretold.key == done.key && foretold.before == done.before && after && foretold.sensitive == done.sensitive
}
