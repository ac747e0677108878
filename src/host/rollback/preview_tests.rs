//! The law of a previewed rollback: it tells what the rollback then does, and changes nothing.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

use proptest::prelude::*;
use tempfile::TempDir;

use super::rollback;
use crate::event::Event;
use crate::host::backend::Backend;
use crate::host::fake::Script;
use crate::host::laws::{below, file_wants, machine, other_want, script, spec, tree};
use crate::host::{Content, FileState, Host, Key, Live, Meta, PackageState, State, Version, Want};
use crate::hostplay::{Mode, RunSpec, UndoTarget};
use crate::journal::Store;

fn put_each<B: Backend>(host: &mut Live<B>, wants: Vec<Want>) {
    for want in wants {
        // What the host refuses is no part of the run.
        drop(host.put(want));
    }
}

/// What is told of the resources, in an order that does not matter.
fn told<B: Backend>(backend: B, store: &Store, mode: Mode) -> Vec<String> {
    let spec = RunSpec { mode, ..spec("2") };
    let mut told = Vec::new();
    let mut tell = |event| {
        if let Event::RolledBack { change, kept } = event {
            told.push(format!("{change:?} {kept:?}"));
        }
    };
    rollback(backend, store, &spec, &UndoTarget::Newest, false, &mut tell).unwrap();
    told.sort();
    told
}

fn store(dir: &TempDir) -> Store {
    std::fs::create_dir_all(dir.path().join("root")).unwrap();
    Store::at(&dir.path().join("journal"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn of_files(start in file_wants("@"), wants in file_wants("@")) {
        let dir = tempfile::tempdir().unwrap();
        let store = store(&dir);
        put_each(&mut Live::new(machine(), store.begin(&spec("0")).unwrap()), below(&dir, start));
        put_each(&mut Live::new(machine(), store.begin(&spec("1")).unwrap()), below(&dir, wants));
        if store.read("1").unwrap().has_intents() {
            let (before, runs) = (tree(&dir), store.read_all().unwrap().len());
            let foretold = told(machine(), &store, Mode::Check);
            prop_assert_eq!(tree(&dir), before);
            prop_assert_eq!(store.read_all().unwrap().len(), runs);
            prop_assert_eq!(foretold, told(machine(), &store, Mode::Apply));
        }
    }

    #[test]
    fn of_all_other_resources(wants in proptest::collection::vec(other_want(), 1..12)) {
        let dir = tempfile::tempdir().unwrap();
        let store = store(&dir);
        let mut host = script();
        put_each(&mut Live::new(&mut host, store.begin(&spec("1")).unwrap()), wants);
        if store.read("1").unwrap().has_intents() {
            let before = host.states().clone();
            let foretold = told(&mut host, &store, Mode::Check);
            prop_assert_eq!(host.states(), &before);
            prop_assert_eq!(foretold, told(&mut host, &store, Mode::Apply));
        }
    }
}

#[test]
fn of_a_folder_in_which_a_package_that_stays_has_a_file() {
    for stays in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let store = store(&dir);
        let mut host = Script::default();
        let file = |name: &str| Key::File(format!("/etc/app/{name}"));
        let brought = State::File(FileState::Regular { content: Content::text("x"), meta: Meta::root(0o644) });
        host.offers("app", "1-1.x", vec![(file("app.conf"), brought.clone())]);
        host.offers("other", "1-1.x", vec![(file("other.conf"), brought)]);
        let package = |name: &str| {
            Want::new(Key::Package(name.to_owned()), State::Package(PackageState::Installed(Version::Any)))
        };
        let mut live = Live::new(&mut host, store.begin(&spec("1")).unwrap());
        let folder = State::File(FileState::Directory { meta: Meta::root(0o755) });
        live.put(Want::new(Key::File("/etc/app".to_owned()), folder)).unwrap();
        live.put(package("app")).unwrap();
        if stays {
            let elsewhere = Store::at(&dir.path().join("by-hand"));
            Live::new(&mut host, elsewhere.begin(&spec("x")).unwrap()).put(package("other")).unwrap();
        }
        let foretold = told(&mut host, &store, Mode::Check);
        let is_kept = foretold.iter().any(|line| line.contains("it is not empty (other.conf)"));
        assert_eq!(is_kept, stays, "{foretold:?}");
        assert_eq!(foretold, told(&mut host, &store, Mode::Apply));
    }
}

#[test]
fn of_packages_that_make_files_called_after_them() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir);
    let mut host = Script::default();
    let brought = FileState::Regular { content: Content::text("x"), meta: Meta::root(0o644) };
    host.offers("postfix", "1-1.x", vec![(Key::File("/etc/sasl2/smtpd.conf".to_owned()), State::File(brought))])
        .leaves("postfix", "/etc/pki/tls/private/postfix.key", "secret");
    let installed = State::Package(PackageState::Installed(Version::Any));
    let mut live = Live::new(&mut host, store.begin(&spec("1")).unwrap());
    live.put(Want::new(Key::Package("postfix".to_owned()), installed)).unwrap();
    let foretold = told(&mut host, &store, Mode::Check);
    assert_eq!(foretold.len(), 2, "{foretold:?}");
    assert_eq!(foretold, told(&mut host, &store, Mode::Apply));
}
