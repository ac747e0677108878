//! The laws of rollback.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tempfile::TempDir;

use super::{Report, RollbackError, rollback};
use crate::event::Event;
use crate::host::backend::{Backend, Step, leave_to};
use crate::host::fake::Script;
use crate::host::laws::{below, file_wants, machine, other_want, script, spec, tree};
use crate::host::{
    Action, CommandOutput, CommandSpec, Content, Enablement, FileState, Host, HostError, Key, Live, Meta, PackageState,
    State, UnitState, Version, Want,
};
use crate::hostplay::{Mode, RunSpec, UndoTarget};
use crate::journal::Store;

/// A backend that breaks off at one of its changes, before or after having made it, as a kill would.
struct Faulty<B> {
    inner: B,
    left: usize,
    after: bool,
}

impl<B: Backend> Backend for Faulty<B> {
    leave_to!(self => self.inner);

    fn change(&mut self, steps: &[Step], label: &str) -> Result<(), HostError> {
        let breaks = self.left == 0;
        self.left = self.left.wrapping_sub(1);
        if !breaks || self.after {
            self.inner.change(steps, label)?;
        }
        if breaks { Err(HostError::refused("go on: killed")) } else { Ok(()) }
    }

    fn undo_packages(&mut self, steps: &[Step], _undone: &str, label: &str) -> Result<(), HostError> {
        self.change(steps, label)
    }

    fn read(&mut self, key: &Key) -> Result<State, HostError> {
        self.inner.read(key)
    }
}

fn store(dir: &TempDir) -> Store {
    std::fs::create_dir_all(dir.path().join("root")).unwrap();
    Store::at(&dir.path().join("journal"))
}

/// Puts each want; one that is refused is passed over, one that breaks off ends the run.
fn put_each<B: Backend>(live: &mut Live<B>, wants: Vec<Want>) {
    for want in wants {
        match live.put(want) {
            Err(HostError::Refused { message, .. }) if message == "go on: killed" => return,
            _ => {}
        }
    }
}

fn undo<B: Backend>(backend: B, store: &Store, id: &str, target: &UndoTarget) -> Report {
    rollback(backend, store, &spec(id), target, false, &mut |_| {}).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rollback_gives_the_start_state_back(start in file_wants("@"), wants in file_wants("@")) {
        let dir = tempfile::tempdir().unwrap();
        let store = store(&dir);
        put_each(&mut Live::new(machine(), store.begin(&spec("0")).unwrap()), below(&dir, start));
        let before = tree(&dir);
        put_each(&mut Live::new(machine(), store.begin(&spec("1")).unwrap()), below(&dir, wants));
        let after = tree(&dir);
        if store.read("1").unwrap().has_intents() {
            prop_assert!(undo(machine(), &store, "2", &UndoTarget::Newest).is_complete());
            prop_assert_eq!(&tree(&dir), &before);
            // The rollback is a run like any other.
            prop_assert!(undo(machine(), &store, "3", &UndoTarget::Run("2".to_owned())).is_complete());
            prop_assert_eq!(&tree(&dir), &after);
            // Which puts the first one into effect again.
            prop_assert!(undo(machine(), &store, "4", &UndoTarget::Newest).is_complete());
            prop_assert_eq!(&tree(&dir), &before);
        }
    }

    #[test]
    fn so_it_does_after_a_kill_in_the_run_and_another_in_the_rollback(
        start in file_wants("@"),
        wants in file_wants("@"),
        (kill, after) in (0..6_usize, any::<bool>()),
        (second_kill, second_after) in (0..4_usize, any::<bool>()),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let store = store(&dir);
        put_each(&mut Live::new(machine(), store.begin(&spec("0")).unwrap()), below(&dir, start));
        let before = tree(&dir);
        let faulty = Faulty { inner: machine(), left: kill, after };
        put_each(&mut Live::new(faulty, store.begin(&spec("1")).unwrap()), below(&dir, wants));
        if store.read("1").unwrap().has_intents() {
            let faulty = Faulty { inner: machine(), left: second_kill, after: second_after };
            let first = undo(faulty, &store, "2", &UndoTarget::Newest);
            if !first.is_complete() {
                prop_assert!(undo(machine(), &store, "3", &UndoTarget::Newest).is_complete());
            }
            prop_assert_eq!(tree(&dir), before);
        }
    }

    #[test]
    fn so_it_does_for_all_other_resources(wants in proptest::collection::vec(other_want(), 1..12), kill in 0..8_usize) {
        let dir = tempfile::tempdir().unwrap();
        let store = store(&dir);
        let mut host = script();
        let before = host.states().clone();
        let faulty = Faulty { inner: &mut host, left: kill, after: true };
        put_each(&mut Live::new(faulty, store.begin(&spec("1")).unwrap()), wants);
        if store.read("1").unwrap().has_intents() {
            let (report, told) = told(&mut host, &store, "2", false);
            prop_assert!(report.is_complete(), "{:?}", told);
            prop_assert_eq!(host.states(), &before);
        }
    }
}

/// A run over the script that installs, configures and starts, and what it leaves.
fn mail_server(store: &Store, script: &mut Script) {
    let mut live = Live::new(script, store.begin(&spec("1")).unwrap());
    live.put(package(Version::Any)).unwrap();
    live.put(main_cf("configured\n")).unwrap();
    live.put(unit(Enablement::Enabled, true)).unwrap();
    live.act(Action::RestartUnit("postfix.service".to_owned())).unwrap();
}

fn package(version: Version) -> Want {
    Want::new(Key::Package("postfix".to_owned()), State::Package(PackageState::Installed(version)))
}

fn main_cf(text: &str) -> Want {
    let state = FileState::Regular { content: Content::text(text), meta: Meta::root(0o644) };
    Want::new(Key::File("/etc/postfix/main.cf".to_owned()), State::File(state))
}

fn unit(enablement: Enablement, active: bool) -> Want {
    let state = State::Unit(UnitState::Loaded { enablement, active });
    Want::new(Key::Unit("postfix.service".to_owned()), state)
}

fn bare() -> Script {
    let mut script = Script::default();
    let default = main_cf("default\n");
    let disabled = unit(Enablement::Disabled, false);
    let brings = vec![(default.key, default.state), (disabled.key, disabled.state)];
    script.dir("/etc/postfix").offers("postfix", "2:3.5.8-8.x86_64", brings);
    script
}

/// A host that one run has changed.
fn changed() -> (TempDir, Store, Script) {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir);
    let mut script = bare();
    mail_server(&store, &mut script);
    (dir, store, script)
}

/// The journal of a run loses its end, from the first record that has this in it on.
fn cut_off(dir: &TempDir, id: &str, from: &str) {
    let journal = dir.path().join(format!("journal/runs/{id}/journal.jsonl"));
    let text = std::fs::read_to_string(&journal).unwrap();
    let end = text[..text.find(from).unwrap()].rfind('\n').unwrap();
    std::fs::write(&journal, &text[..=end]).unwrap();
}

fn told(script: &mut Script, store: &Store, id: &str, force: bool) -> (Report, Vec<String>) {
    let mut told = Vec::new();
    let mut emit = |event| {
        if let Event::RolledBack { change, kept } = event {
            let kept = kept.map(|reason| format!(": {reason}")).unwrap_or_default();
            told.push(format!("{} {}:{}{kept}", change.verb, change.kind, change.name));
        }
    };
    let report = rollback(script, store, &spec(id), &UndoTarget::Newest, force, &mut emit).unwrap();
    (report, told)
}

#[test]
fn a_mail_server_goes_as_it_came() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir);
    let mut script = bare();
    let before = script.states().clone();
    mail_server(&store, &mut script);
    let (report, told) = told(&mut script, &store, "2", false);
    let expected = ["disable unit:postfix.service", "update file:/etc/postfix/main.cf", "remove package:postfix"];
    assert_eq!(told, expected);
    assert_eq!(report, Report { undone: vec!["1".to_owned()], restored: 3, kept: 0, failed: 0 });
    assert_eq!(script.states(), &before);
}

#[test]
fn what_someone_else_changed_is_kept_until_forced() {
    let (_dir, store, mut script) = changed();
    script.file("/etc/postfix/main.cf", "by hand\n");
    let (report, first) = told(&mut script, &store, "2", false);
    let kept = "update file:/etc/postfix/main.cf: changed since by someone else";
    assert_eq!(first, ["disable unit:postfix.service", kept, "remove package:postfix"]);
    assert_eq!((report.undone.len(), report.kept), (0, 1));
    // The package took its file with it; what is left to do is to say so.
    let (report, second) = told(&mut script, &store, "3", true);
    assert!(report.is_complete());
    assert_eq!(second, ["create file:/etc/postfix/main.cf"]);
}

#[test]
fn a_run_is_found_by_name_or_as_the_newest_that_changed_something() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir);
    let mut script = bare();
    let refused = |script: &mut Script, target: &UndoTarget| {
        rollback(script, &store, &spec("x"), target, false, &mut |_| {}).unwrap_err()
    };
    assert_eq!(undo(&mut script, &store, "0", &UndoTarget::Newest), Report::default());
    mail_server(&store, &mut script);
    store.begin(&spec("2")).unwrap();
    for bad in ["nosuch", "../1", ""] {
        assert!(matches!(refused(&mut script, &UndoTarget::Run(bad.to_owned())), RollbackError::Journal(_)), "{bad}");
    }
    // One that was cut off before it changed anything is the newest all the same.
    for (id, undone) in [("3", "2"), ("4", "1")] {
        let report = rollback(&mut script, &store, &spec(id), &UndoTarget::Newest, false, &mut |_| {}).unwrap();
        assert_eq!(report.undone, [undone]);
    }
    assert!(matches!(refused(&mut script, &UndoTarget::Run("1".to_owned())), RollbackError::AlreadyUndone(_)));
    // Nothing is left to take back, which is no failure, and no run of its own.
    let runs = store.read_all().unwrap().len();
    assert_eq!(undo(&mut script, &store, "5", &UndoTarget::Newest), Report::default());
    assert_eq!(store.read_all().unwrap().len(), runs);
}

#[test]
fn what_cannot_be_put_back_is_told_from_what_others_changed() {
    let (_dir, store, mut script) = changed();
    let faulty = Faulty { inner: &mut script, left: 0, after: false };
    let report = undo(faulty, &store, "2", &UndoTarget::Newest);
    assert_eq!((report.kept, report.failed), (1, 1));
    // What has failed once is done by doing it again.
    assert!(undo(&mut script, &store, "3", &UndoTarget::Newest).is_complete());
}

#[test]
fn a_rollback_that_was_cut_off_when_all_was_back_is_ended_and_no_other_run_taken_back() {
    let (dir, store, mut script) = changed();
    Live::new(&mut script, store.begin(&spec("2")).unwrap()).put(main_cf("two\n")).unwrap();
    assert_eq!(undo(&mut script, &store, "3", &UndoTarget::Newest).undone, ["2"]);
    // Its last record is the end.
    cut_off(&dir, "3", "run_finished");
    let after_first = script.states().clone();
    let check = RunSpec { mode: Mode::Check, ..spec("4") };
    for spec in [check, spec("4")] {
        let report = rollback(&mut script, &store, &spec, &UndoTarget::Newest, false, &mut |_| {}).unwrap();
        assert_eq!(report, Report { undone: vec!["2".to_owned()], ..Report::default() }, "{:?}", spec.mode);
        assert_eq!(script.states(), &after_first);
    }
    let outcomes: Vec<_> = store.history().unwrap().into_iter().map(|run| run.outcome).collect();
    assert_eq!(outcomes, ["unfinished", "rolled back", "finished"]);
    // Who asks once more means the next one.
    assert_eq!(undo(&mut script, &store, "5", &UndoTarget::Newest).undone, ["1"]);
}

#[test]
fn all_runs_back_to_a_named_one_are_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir);
    let mut script = bare();
    let before: BTreeMap<_, _> = script.states().clone();
    mail_server(&store, &mut script);
    for (id, text) in [("2", "two\n"), ("3", "three\n")] {
        Live::new(&mut script, store.begin(&spec(id)).unwrap()).put(main_cf(text)).unwrap();
    }
    let report =
        rollback(&mut script, &store, &spec("4"), &UndoTarget::Run("1".to_owned()), false, &mut |_| {}).unwrap();
    assert_eq!(report.undone, ["3", "2", "1"]);
    assert_eq!(script.states(), &before);
    let outcomes: Vec<_> = store.history().unwrap().into_iter().map(|run| run.outcome).collect();
    assert_eq!(outcomes, ["rolled back", "rolled back", "rolled back", "finished"]);
}

#[test]
fn a_damaged_before_image_is_found_before_anything_is_changed() {
    let (dir, store, mut script) = changed();
    let after = script.states().clone();
    let blobs = dir.path().join("journal/runs/1/blobs");
    for blob in std::fs::read_dir(blobs).unwrap() {
        std::fs::write(blob.unwrap().path(), "damaged").unwrap();
    }
    assert!(rollback(&mut script, &store, &spec("2"), &UndoTarget::Newest, false, &mut |_| {}).is_err());
    assert_eq!(script.states(), &after);
}

#[test]
fn the_host_goes_back_to_what_it_was_after_a_run_and_a_run_goes_alone() {
    let (_dir, store, mut script) = changed();
    let after_first = script.states().clone();
    for (id, name) in [("2", "two"), ("3", "three")] {
        let mut live = Live::new(&mut script, store.begin(&spec(id)).unwrap());
        live.put(Want { key: Key::File(format!("/etc/{name}")), ..main_cf(name) }).unwrap();
    }
    let after_all = script.states().clone();
    let named = |id: &str| id.to_owned();
    let go = |script: &mut Script, id: &str, target: UndoTarget| {
        rollback(script, &store, &spec(id), &target, false, &mut |_| {}).map(|report| report.undone)
    };
    assert_eq!(go(&mut script, "4", UndoTarget::Only(named("2"))).unwrap(), ["2"]);
    assert_eq!((script.text("/etc/two"), script.text("/etc/three").as_deref()), (None, Some("three")));
    // 2 is gone already.
    assert_eq!(go(&mut script, "5", UndoTarget::After(named("1"))).unwrap(), ["3"]);
    assert_eq!(script.states(), &after_first);
    assert_eq!(go(&mut script, "6", UndoTarget::After(named("1"))).unwrap(), [""; 0], "it is there already");
    assert!(matches!(go(&mut script, "6", UndoTarget::After(named("2"))), Err(RollbackError::NotInEffect(_))));
    assert!(matches!(go(&mut script, "6", UndoTarget::Only(named("2"))), Err(RollbackError::AlreadyUndone(_))));
    assert!(matches!(go(&mut script, "6", UndoTarget::After(named("x"))), Err(RollbackError::Journal(_))));
    // Both rollbacks taken back: all is there again.
    assert_eq!(go(&mut script, "6", UndoTarget::Run(named("4"))).unwrap(), ["5", "4"]);
    assert_eq!(script.states(), &after_all);
}

#[test]
fn the_text_of_a_map_is_not_put_back_after_its_database() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir);
    let mut host = Script::default();
    host.file("/etc/virtual", "one").file("/etc/virtual.db", "db of one");
    let mut live = Live::new(&mut host, store.begin(&spec("1")).unwrap());
    for (path, text) in [("/etc/virtual", "two"), ("/etc/virtual.db", "db of two")] {
        let state = FileState::Regular { content: Content::text(text), meta: Meta::root(0o644) };
        live.put(Want::new(Key::File(path.to_owned()), State::File(state))).unwrap();
    }
    assert!(undo(&mut host, &store, "2", &UndoTarget::Newest).is_complete());
    assert_eq!(host.text("/etc/virtual.db").as_deref(), Some("db of one"));
    assert!(!host.is_newer("/etc/virtual", "/etc/virtual.db").unwrap(), "Postfix would warn at every lookup");
}

#[test]
fn packages_stay_that_others_need_which_came_since() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir);
    let mut host = Script::default();
    host.offers("postfix", "1-1.x", Vec::new()).needs("postfix-pcre", "postfix");
    let installed = State::Package(PackageState::Installed(Version::Any));
    let mut live = Live::new(&mut host, store.begin(&spec("1")).unwrap());
    live.put(Want::new(Key::Package("postfix".to_owned()), installed)).unwrap();
    host.package("postfix-pcre", "1-1.x");
    let report = undo(&mut host, &store, "2", &UndoTarget::Newest);
    assert_eq!((report.kept, report.failed), (1, 0));
    let is_there = |host: &Script| host.states().contains_key(&Key::Package("postfix".to_owned()));
    assert!(is_there(&host));
    let forced = rollback(&mut host, &store, &spec("3"), &UndoTarget::Newest, true, &mut |_| {}).unwrap();
    assert!(forced.is_complete() && !is_there(&host));
}

#[test]
fn a_kill_while_a_unit_is_unmasked_leaves_no_links_beneath_the_mask() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir);
    let file = |path: &str| Key::File(format!("/etc/systemd/system/{path}"));
    let link = |target: &str| State::File(FileState::Symlink { target: target.to_owned(), meta: Meta::root(0o777) });
    let ours = "/usr/lib/systemd/system/postfix.service";
    let mut script = Script::default();
    script.unit("postfix.service", Enablement::Masked, false).set(file("default.target"), link("multi-user.target"));
    script.set(file("postfix.service"), link("/dev/null"));
    let before = script.states().clone();
    Live::new(&mut script, store.begin(&spec("1")).unwrap()).put(unit(Enablement::Enabled, false)).unwrap();
    script.dir("/etc/systemd/system/new.target.wants").set(file("new.target.wants/postfix.service"), link(ours));
    script.set(file("alias.service"), link(ours));
    // Somebody else's.
    script.set(file("other.service"), link("/usr/lib/systemd/system/another.service"));
    cut_off(&dir, "1", "\"done\"");
    assert!(undo(&mut script, &store, "2", &UndoTarget::Newest).is_complete());
    assert!(script.states().contains_key(&file("other.service")));
    let mut after = script.states().clone();
    after.remove(&file("other.service"));
    assert_eq!(after, before);
}

#[test]
fn a_package_that_went_comes_back_with_its_edited_file_and_its_unit() {
    let gone = State::Package(PackageState::Absent);
    for cut in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let store = store(&dir);
        let mut host = bare();
        let [file, service] = [main_cf("edited\n"), unit(Enablement::Enabled, true)];
        host.package("postfix", "2:3.5.8-8.x86_64").set(file.key, file.state).set(service.key, service.state);
        let before = host.states().clone();
        let mut live = Live::new(&mut host, store.begin(&spec("1")).unwrap());
        live.put(Want::new(Key::Package("postfix".to_owned()), gone.clone())).unwrap();
        assert_eq!(host.text("/etc/postfix/main.cf"), None);
        if cut {
            cut_off(&dir, "1", "\"done\"");
        }
        let check = RunSpec { mode: Mode::Check, ..spec("2") };
        let foretold = rollback(&mut host, &store, &check, &UndoTarget::Newest, false, &mut |_| {}).unwrap();
        assert!(foretold.is_complete());
        assert!(undo(&mut host, &store, "3", &UndoTarget::Newest).is_complete());
        assert_eq!(host.states(), &before, "{cut}");
    }
}
