//! The laws that every host keeps, and the generated states they are checked with.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use tempfile::TempDir;

use super::backend::Backend;
use super::fake::{Fake, Script};
use super::{
    Content, Enablement, FileState, FirewallState, Host, HostnameState, Key, Live, Machine, Meta, PackageState,
    Preview, State, SysctlState, UnitState, Version, Want, ZoneSettings,
};
use crate::hostplay::{Mode, RunSpec};
use crate::journal::Store;

/// `put` then `read` gives what was put; putting what `read` gives is no change; the changes are exactly the
/// resources that differ.
pub(super) fn keeps_the_laws(host: &mut dyn Host, wants: &[Want]) {
    for want in wants {
        let Ok(before) = host.read(&want.key) else {
            assert!(host.put(want.clone()).is_err(), "{} cannot be read, and was put", want.key);
            continue;
        };
        host.take_changes();
        if host.put(want.clone()).is_err() {
            assert_eq!(host.read(&want.key).unwrap(), before, "a refused put of {} had an effect", want.key);
            assert!(host.take_changes().is_empty(), "a refused put of {} was recorded", want.key);
            continue;
        }
        let after = host.read(&want.key).unwrap();
        assert!(super::admit::satisfies(&after, &want.state), "{}: {after:?} is not {:?}", want.key, want.state);
        let changed: Vec<_> = host.take_changes().into_iter().map(|change| (change.before, change.after)).collect();
        let expected = if before == after { vec![] } else { vec![(before, after.clone())] };
        assert_eq!(changed, expected, "{}", want.key);
        assert!(!host.put(want.clone()).unwrap(), "{}: the second put changed something", want.key);
        assert!(!host.put(Want::new(want.key.clone(), after)).unwrap(), "{}: putting what is read", want.key);
    }
}

fn mode() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0o644), Just(0o600), Just(0o755), Just(0o4750), Just(0o2775), Just(0o1777), Just(0)]
}

/// A file, directory or link that root can make, or nothing.
pub(super) fn file_state() -> impl Strategy<Value = FileState> {
    prop_oneof![
        Just(FileState::Absent),
        (proptest::collection::vec(any::<u8>(), 0..40), mode()).prop_map(|(bytes, mode)| FileState::Regular {
            content: Content::Bytes(bytes.into()),
            meta: Meta::root(mode)
        }),
        mode().prop_map(|mode| FileState::Directory { meta: Meta::root(mode) }),
        // Never a target outside of the test's directory.
        prop::sample::select(vec!["a", "b", "none", "a/d"])
            .prop_map(str::to_owned)
            .prop_map(|target| FileState::Symlink { target, meta: Meta::root(0o777) }),
    ]
}

/// Wants for a handful of paths in one directory, some within others.
pub(super) fn file_wants(root: &str) -> impl Strategy<Value = Vec<Want>> + use<> {
    let root = root.to_owned();
    let path = prop::sample::select(vec!["a", "b", "a/c", "a/d", "a/d/e"]);
    proptest::collection::vec((path, file_state()), 1..12).prop_map(move |wants| {
        let want = |(path, state)| Want::new(Key::File(format!("{root}/{path}")), State::File(state));
        wants.into_iter().map(want).collect()
    })
}

/// A want for anything but a file.
pub(super) fn other_want() -> impl Strategy<Value = Want> {
    let enablement = prop::sample::select(vec![Enablement::Enabled, Enablement::Disabled, Enablement::Masked]);
    let name = prop::sample::select(vec!["postfix", "postfix-pcre", "firewalld"]);
    let version = prop::sample::select(vec![
        PackageState::Absent,
        PackageState::Installed(Version::Any),
        PackageState::Installed(Version::Latest),
    ]);
    let services = proptest::collection::btree_set("smtp|ssh|http", 0..3);
    prop_oneof![
        (name, version).prop_map(|(name, state)| Want::new(Key::Package(name.to_owned()), State::Package(state))),
        (enablement, any::<bool>()).prop_map(|(enablement, active)| {
            let state = UnitState::Loaded { enablement, active };
            Want::new(Key::Unit("postfix.service".to_owned()), State::Unit(state))
        }),
        "[a-z]{1,8}".prop_map(|name| Want::new(Key::Hostname, State::Hostname(HostnameState::named(&name)))),
        prop::sample::select(vec![SysctlState::Absent, SysctlState::value("128"), SysctlState::value("4096")])
            .prop_map(|state| Want::new(Key::Sysctl("net.core.somaxconn".to_owned()), State::Sysctl(state))),
        services.prop_map(|services| {
            let zone = ZoneSettings { services, ..ZoneSettings::default() };
            let state = FirewallState::Zone { permanent: Some(zone.clone()), runtime: Some(zone) };
            Want::new(Key::Firewall("public".to_owned()), State::Firewall(state))
        }),
    ]
}

fn fake(mode: Mode) -> Fake {
    let mut fake = Fake::new(mode);
    *fake.script() = script();
    fake
}

/// A host with a firewall, and repositories that offer more.
pub(super) fn script() -> Script {
    let mut script = Script::default();
    let unit = State::Unit(UnitState::Loaded { enablement: Enablement::Disabled, active: false });
    let brings = vec![(Key::Unit("postfix.service".to_owned()), unit)];
    script
        .set(Key::Hostname, State::Hostname(HostnameState::named("localhost")))
        .dir("/srv/x")
        .sysctl("net.core.somaxconn", "128")
        .offers("postfix", "2:3.5.8-7.el8.x86_64", brings)
        .offers("postfix-pcre", "2:3.5.8-7.el8.x86_64", vec![])
        .offers("firewalld", "0:0.9.11-4.el8.noarch", vec![])
        .package("firewalld", "0:0.9.3-7.el8.noarch")
        .firewall("public", &ZoneSettings::default());
    script
}

pub(super) fn machine() -> Machine {
    Machine::unheard()
}

fn live(dir: &TempDir) -> Live<Machine> {
    let store = Store::at(&dir.path().join("journal"));
    std::fs::create_dir_all(dir.path().join("root")).unwrap();
    Live::new(machine(), store.begin(&spec("1")).unwrap())
}

pub(crate) fn spec(id: &str) -> RunSpec {
    RunSpec {
        run_id: id.to_owned(),
        mode: Mode::Apply,
        host: "mail1".to_owned(),
        controller: "me@here".to_owned(),
        command: "mailprov up".to_owned(),
        rollback_on_failure: true,
    }
}

/// The wants for `@/...`, below a real directory.
pub(super) fn below(dir: &TempDir, wants: Vec<Want>) -> Vec<Want> {
    let root = dir.path().join("root").display().to_string();
    let moved = |want: Want| Want { key: Key::File(want.key.name().replacen('@', &root, 1)), ..want };
    wants.into_iter().map(moved).collect()
}

/// Every path below the directory with its state.
pub(super) fn tree(dir: &TempDir) -> BTreeMap<String, State> {
    let mut found = BTreeMap::new();
    let mut todo = vec![dir.path().join("root").display().to_string()];
    while let Some(path) = todo.pop() {
        let names = machine().list_dir(&path).unwrap();
        todo.extend(names.into_iter().map(|name| format!("{path}/{name}")));
        let state = machine().read(&Key::File(path.clone())).unwrap();
        found.insert(path, state);
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn fake_and_preview_keep_the_laws_for_files(wants in file_wants("/srv/x")) {
        keeps_the_laws(&mut fake(Mode::Apply), &wants);
        keeps_the_laws(&mut fake(Mode::Check), &wants);
    }

    #[test]
    fn fake_keeps_the_laws_for_the_rest(wants in proptest::collection::vec(other_want(), 1..12)) {
        // `Latest` and `Any` are read back as versions, which only the backend can judge.
        let wants: Vec<_> = wants
            .into_iter()
            .filter(|want| want.state != State::Package(PackageState::Installed(Version::Latest)))
            .collect();
        keeps_the_laws(&mut fake(Mode::Apply), &wants);
    }

    #[test]
    fn check_predicts_apply(wants in file_wants("/srv/x")) {
        let outcome = |mode| {
            let mut host = fake(mode);
            let results: Vec<_> = wants.iter().map(|want| host.put(want.clone()).ok()).collect();
            (results, host.take_changes())
        };
        prop_assert_eq!(outcome(Mode::Apply), outcome(Mode::Check));
    }

    #[test]
    fn live_keeps_the_laws_for_files(wants in file_wants("@")) {
        let dir = tempfile::tempdir().unwrap();
        keeps_the_laws(&mut live(&dir), &below(&dir, wants));
    }

    #[test]
    fn preview_of_the_machine_predicts_live(start in file_wants("@"), wants in file_wants("@")) {
        let dir = tempfile::tempdir().unwrap();
        let mut host = live(&dir);
        for want in below(&dir, start) {
            drop(host.put(want));
        }
        host.take_changes();
        let wants = below(&dir, wants);
        let outcome = |host: &mut dyn Host| {
            let results: Vec<_> = wants.iter().map(|want| host.put(want.clone()).ok()).collect();
            (results, host.take_changes())
        };
        let before = tree(&dir);
        let predicted = outcome(&mut Preview::over(machine()));
        prop_assert_eq!(before, tree(&dir));
        prop_assert_eq!(predicted, outcome(&mut host));
    }

    #[test]
    fn check_changes_nothing(wants in file_wants("/srv/x"), others in proptest::collection::vec(other_want(), 0..8)) {
        let mut host = fake(Mode::Check);
        let before: BTreeMap<_, _> = host.script().states().clone();
        for want in wants.into_iter().chain(others) {
            drop(host.put(want));
        }
        prop_assert_eq!(&before, host.script().states());
    }
}
