//! Journals of earlier versions roll back for ever: `tests/fixtures/journal/`, described in docs/journal.md.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use super::{Report, rollback};
use crate::host::fake::Script;
use crate::host::laws::spec;
use crate::host::{
    Content, Enablement, FileState, FirewallState, HostnameState, Key, Meta, PackageState, Principal, State, UnitState,
    Version, ZoneSettings,
};
use crate::hostplay::UndoTarget;
use crate::journal::record::FORMAT;
use crate::journal::{Record, Store};

pub(super) const PROVISIONED: &str = "20260101T000000Z-00000001";
const KILLED: &str = "20260102T000000Z-00000004";
const MOTD: &str = "/etc/motd";
const RULE: &str = r#"rule family="ipv4" source address="192.0.2.0/24" service name="smtp" accept"#;

/// The digests of the frozen journals. They never change; a new format gets a folder of its own.
const FROZEN: [(&str, &str); 4] = [
    (PROVISIONED, "a1db298a416589ab994cf7052dbce7c306464f279210f19cb165d9f2add1e158"),
    ("20260101T010000Z-00000002", "a42db346d5c8d9b0b928c62435b133f3f59962a594a8fe3601a6c1add7e6fcb5"),
    ("20260101T010100Z-00000003", "512fcf6b88b5b0bfc73ad67d2547aaff775fc7abbb3b15bbdb4284fa59e52dc9"),
    (KILLED, "9e6f86803889ee0aa14766e01efb75ebfd44501fc330467c72c6107789b21008"),
];

/// The journals of a folder under `tests/fixtures/journal`.
pub(super) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/journal").join(name)
}

pub(super) fn store() -> (TempDir, Store) {
    copy_of("v1")
}

/// A copy, as a rollback writes into the journals.
pub(super) fn copy_of(name: &str) -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let mut todo = vec![PathBuf::from("runs")];
    while let Some(folder) = todo.pop() {
        fs::create_dir(dir.path().join(&folder)).unwrap();
        for entry in fs::read_dir(fixture(name).join(&folder)).unwrap() {
            let path = folder.join(entry.unwrap().file_name());
            if fixture(name).join(&path).is_dir() {
                todo.push(path);
            } else {
                fs::copy(fixture(name).join(&path), dir.path().join(&path)).unwrap();
            }
        }
    }
    let store = Store::at(dir.path());
    (dir, store)
}

fn named(name: &str, id: u32) -> Principal {
    Principal { name: Some(name.to_owned()), id: Some(id) }
}

fn regular(text: &str, meta: Meta) -> FileState {
    FileState::Regular { content: Content::text(text), meta }
}

fn zone(services: &[&str], ports: &[&str], rules: &[&str]) -> ZoneSettings {
    let set = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    ZoneSettings { services: set(services), ports: set(ports), rich_rules: set(rules) }
}

fn firewall(permanent: ZoneSettings, runtime: ZoneSettings) -> State {
    State::Firewall(FirewallState::Zone { permanent: Some(permanent), runtime: Some(runtime) })
}

/// Each file with its state before all runs, and after them.
fn files() -> Vec<(&'static str, FileState, FileState)> {
    let accounts = "root:x:0:0:root:/root:/bin/bash\n";
    let with_postfix = format!("{accounts}postfix:x:89:89::/var/spool/postfix:/sbin/nologin\n");
    let mut of_main_cf = Meta::root(0o644);
    let label = b"system_u:object_r:postfix_etc_t:s0\0".to_vec();
    of_main_cf.xattrs = [("security.selinux".to_owned(), label), ("user.note".to_owned(), b"keep".to_vec())].into();
    let of_main_cf_before = Meta { mode: 0o640, group: named("mail", 12), ..of_main_cf.clone() };
    let of_ops = Meta {
        owner: Principal { name: None, id: Some(1000) },
        group: Principal { name: Some("ops".to_owned()), id: None },
        ..Meta::root(0o4755)
    };
    let link = |target: &str| FileState::Symlink { target: target.to_owned(), meta: Meta::root(0o777) };
    let key = "-----BEGIN PRIVATE KEY-----\nnot a key\n-----END PRIVATE KEY-----\n";
    vec![
        ("/etc/passwd", regular(accounts, Meta::root(0o644)), regular(&with_postfix, Meta::root(0o644))),
        (
            "/etc/postfix/main.cf",
            regular("# by hand\nmyhostname = old\n", of_main_cf_before),
            regular("# by hand\nmyhostname = mail1.example.net\n", of_main_cf),
        ),
        ("/etc/postfix/ssl", FileState::Absent, FileState::Directory { meta: Meta::root(0o750) }),
        ("/etc/postfix/ssl/tls.key", FileState::Absent, regular(key, Meta::root(0o600))),
        ("/etc/mta", link("sendmail"), link("postfix")),
        ("/etc/sendmail.cf", regular("gone\n", of_ops), FileState::Absent),
        (MOTD, regular("welcome\n", Meta::root(0o644)), regular("mail server\n", Meta::root(0o644))),
    ]
}

/// Everything else.
fn others() -> Vec<(Key, State, State)> {
    let package = |state| State::Package(state);
    let unit = |enablement, active| State::Unit(UnitState::Loaded { enablement, active });
    let name = |name: &str| State::Hostname(HostnameState::named(name));
    let installed = PackageState::Installed(Version::Evr("2:3.5.8-7.el8.x86_64".to_owned()));
    let (postfix, sendmail) = ("postfix.service".to_owned(), "sendmail.service".to_owned());
    vec![
        (Key::Package("postfix".to_owned()), package(PackageState::Absent), package(installed)),
        (Key::Hostname, name("localhost"), name("mail1.example.net")),
        (Key::Unit(postfix), unit(Enablement::Disabled, false), unit(Enablement::Enabled, true)),
        (Key::Unit(sendmail), unit(Enablement::Enabled, true), unit(Enablement::Masked, false)),
        (
            Key::Firewall("public".to_owned()),
            firewall(zone(&["ssh"], &[], &[]), zone(&["ssh"], &["8080/tcp"], &[])),
            firewall(zone(&["smtp", "ssh"], &[], &[RULE]), zone(&["smtp", "ssh"], &["8080/tcp"], &[RULE])),
        ),
    ]
}

/// The states before (`false`) or after (`true`) the runs.
fn states(after: bool) -> BTreeMap<Key, State> {
    let files = files()
        .into_iter()
        .map(|(path, before, after)| (Key::File(path.to_owned()), State::File(before), State::File(after)));
    let all = files.chain(others());
    let picked = all.map(|(key, was, is)| (key, if after { is } else { was }));
    picked.filter(|(_, state)| !matches!(state, State::File(FileState::Absent))).collect()
}

/// The host as the runs left it.
pub(super) fn host() -> Script {
    let mut script = Script::default();
    script.dir("/etc/postfix").firewall("public", &ZoneSettings::default());
    for (key, state) in states(true) {
        script.set(key, state);
    }
    script
}

/// The host's states without the folder that nobody asked for, and without packages that are not there.
fn told(script: &Script) -> BTreeMap<Key, State> {
    let asked =
        |key: &Key, state: &State| key.name() != "/etc/postfix" && *state != State::Package(PackageState::Absent);
    script.states().iter().filter(|(key, state)| asked(key, state)).map(|(k, s)| (k.clone(), s.clone())).collect()
}

#[test]
fn the_frozen_journals_roll_back() {
    for killed_before_its_change in [false, true] {
        let (_dir, store) = store();
        let mut script = host();
        if killed_before_its_change {
            script.file(MOTD, "welcome\n");
        }
        let target = UndoTarget::Run(PROVISIONED.to_owned());
        let report = rollback(&mut script, &store, &spec("undo"), &target, false, &mut |_| {}).unwrap();
        let expected = if killed_before_its_change { 11 } else { 12 };
        assert_eq!(
            report,
            Report { undone: vec![KILLED.to_owned(), PROVISIONED.to_owned()], restored: expected, kept: 0, failed: 0 }
        );
        let mut before = states(false);
        before.remove(&Key::Package("postfix".to_owned()));
        assert_eq!(told(&script), before);
    }
}

#[test]
fn the_frozen_journals_are_listed_and_owe_what_they_owed() {
    let (_dir, store) = store();
    let runs = store.history().unwrap();
    let outcomes: Vec<_> = runs.iter().map(|run| (run.outcome.as_str(), run.changed.len(), run.ended)).collect();
    assert_eq!(
        outcomes,
        [
            ("finished", 10, Some(1_767_225_630)),
            ("rolled back", 0, Some(1_767_229_210)),
            ("finished", 0, Some(1_767_229_261)),
            ("unfinished", 0, None),
        ]
    );
    assert_eq!(store.owed().unwrap(), [], "paid, or taken back");
}

/// The kinds of records in these journals, which were never edited. The format is what is written, too: each line reads
/// into a record that is written as that line.
pub(super) fn kinds(name: &str, journals: &[(&str, &str)]) -> BTreeSet<String> {
    let mut kinds = BTreeSet::new();
    for (id, digest) in journals {
        let bytes = fs::read(fixture(name).join("runs").join(id).join("journal.jsonl")).unwrap();
        assert_eq!(crate::journal::digest(&bytes), *digest, "{id} was edited: frozen journals never change");
        let text = String::from_utf8(bytes).unwrap();
        for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
            let record: Record = serde_json::from_str(line).unwrap();
            let written = serde_json::to_value(&record).unwrap();
            assert_eq!(written, serde_json::from_str::<Value>(line).unwrap(), "{line}");
            kinds.insert(written["record"].as_str().unwrap().to_owned());
        }
    }
    kinds
}

#[test]
fn the_frozen_lines_are_written_as_they_were_read() {
    assert_eq!(FORMAT, 1, "a new format needs frozen journals of its own, and its chapter in docs/journal.md");
    let all = ["action", "confirmed", "done", "intent", "owed", "paid", "rolled_back", "run_finished", "run_started"];
    assert_eq!(kinds("v1", &FROZEN).into_iter().collect::<Vec<_>>(), all);
}
