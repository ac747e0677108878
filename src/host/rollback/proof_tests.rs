//! A rollback counts as done only what is seen to be done, and a unit comes up with the files as they were.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

use std::collections::BTreeSet;

use tempfile::TempDir;

use super::{Report, rollback};
use crate::event::Event;
use crate::host::backend::{Backend, Step, leave_to};
use crate::host::fake::Script;
use crate::host::laws::spec;
use crate::host::{
    Action, CommandOutput, CommandSpec, Content, Enablement, FileState, Host, HostError, Key, Live, Meta, State,
    UnitState, Want,
};
use crate::hostplay::UndoTarget;
use crate::journal::Store;

const MAIN_CF: &str = "/etc/postfix/main.cf";
const UNIT: &str = "postfix.service";

/// A machine whose programs say that all went well, and do nothing to one resource.
struct Idle<'a> {
    inner: &'a mut Script,
    ignored: Key,
}

impl Backend for Idle<'_> {
    leave_to!(self => self.inner);

    fn change(&mut self, steps: &[Step], label: &str) -> Result<(), HostError> {
        let done: Vec<_> = steps.iter().filter(|step| step.key != self.ignored).cloned().collect();
        self.inner.change(&done, label)
    }

    fn undo_packages(&mut self, steps: &[Step], _undone: &str, label: &str) -> Result<(), HostError> {
        self.change(steps, label)
    }

    fn read(&mut self, key: &Key) -> Result<State, HostError> {
        self.inner.read(key)
    }
}

fn main_cf(text: &str) -> Want {
    let state = FileState::Regular { content: Content::text(text), meta: Meta::root(0o644) };
    Want::new(Key::File(MAIN_CF.to_owned()), State::File(state))
}

fn unit(active: bool) -> Want {
    let state = UnitState::Loaded { enablement: Enablement::Enabled, active };
    Want::new(Key::Unit(UNIT.to_owned()), State::Unit(state))
}

/// A host whose Postfix runs, after a run that has written main.cf.
fn configured() -> (TempDir, Store, Script) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::at(&dir.path().join("journal"));
    let mut script = Script::default();
    script.dir("/etc/postfix").file(MAIN_CF, "old\n").unit(UNIT, Enablement::Enabled, true);
    Live::new(&mut script, store.begin(&spec("1")).unwrap()).put(main_cf("new\n")).unwrap();
    (dir, store, script)
}

/// What came of it, and what was told.
fn undo<B: Backend>(backend: B, store: &Store, id: &str) -> (Report, Vec<String>) {
    let mut told = Vec::new();
    let mut emit = |event| match event {
        Event::RolledBack { change, kept } => {
            let kept = kept.map(|why| format!(": {why}")).unwrap_or_default();
            told.push(format!("{} {}{kept}", change.verb, change.name));
        }
        Event::Warning { message } => told.push(message),
        _ => {}
    };
    let report = rollback(backend, store, &spec(id), &UndoTarget::Newest, false, &mut emit).unwrap();
    (report, told)
}

#[test]
fn what_a_program_left_as_it_was_is_not_back() {
    let (_dir, store, mut script) = configured();
    let ignored = Key::File(MAIN_CF.to_owned());
    let (report, told) = undo(Idle { inner: &mut script, ignored }, &store, "2");
    assert_eq!(report, Report { undone: Vec::new(), restored: 0, kept: 1, failed: 1 });
    assert!(told.len() == 1 && told[0].starts_with("update /etc/postfix/main.cf: failed to "), "{told:?}");
    // The run is still the newest: asked once more, the rollback is done.
    let (report, _) = undo(&mut script, &store, "3");
    assert_eq!((report.undone, report.restored), (vec!["1".to_owned()], 1));
    assert_eq!(script.text(MAIN_CF).as_deref(), Some("old\n"));
}

#[test]
fn a_run_is_not_back_before_its_restarts_are_made() {
    let (_dir, store, mut script) = configured();
    let mut live = Live::new(&mut script, store.begin(&spec("2")).unwrap());
    live.put(main_cf("newer\n")).unwrap();
    live.act(Action::RestartUnit(UNIT.to_owned())).unwrap();
    let restart = ["systemctl", "restart", "--", UNIT];
    script.answer_with(&restart, CommandOutput { status: 1, ..CommandOutput::default() });
    let (report, told) = undo(&mut script, &store, "3");
    assert_eq!(report, Report { undone: Vec::new(), restored: 1, kept: 1, failed: 1 });
    assert_eq!(told, ["update /etc/postfix/main.cf", "failed to restart postfix.service"]);
    // Asked once more, it means the same run, of which only the restart is left.
    script.answer(&restart, "");
    let (report, told) = undo(&mut script, &store, "4");
    assert_eq!((report.undone, report.restored, told.len()), (vec!["2".to_owned()], 0, 0));
    assert_eq!(script.text(MAIN_CF).as_deref(), Some("new\n"));
}

#[test]
fn a_unit_that_ran_comes_up_when_its_files_are_back() {
    let (_dir, store, mut script) = configured();
    let mut live = Live::new(&mut script, store.begin(&spec("2")).unwrap());
    live.put(main_cf("newer\n")).unwrap();
    live.put(unit(false)).unwrap();
    let (report, told) = undo(&mut script, &store, "3");
    assert!(report.is_complete());
    assert_eq!(told, ["update /etc/postfix/main.cf", "start postfix.service"]);
}

#[test]
fn a_unit_that_stood_still_stops_before_its_files_go() {
    let (_dir, store, mut script) = configured();
    script.set(Key::Unit(UNIT.to_owned()), unit(false).state);
    let mut live = Live::new(&mut script, store.begin(&spec("2")).unwrap());
    live.put(main_cf("newer\n")).unwrap();
    live.put(unit(true)).unwrap();
    assert_eq!(undo(&mut script, &store, "3").1, ["stop postfix.service", "update /etc/postfix/main.cf"]);
}
