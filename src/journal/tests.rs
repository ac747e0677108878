//! What a journal survives, and what it refuses.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use proptest::prelude::*;
use tempfile::TempDir;

use super::prune::{KEEP_ANY, KEEP_CHANGING};
use super::stored::{StoredAction, StoredKey, StoredPackage, StoredState};
use super::{Intent, JournalError, Lock, Outcome, Store};
use crate::hostplay::{Mode, RunSpec};

pub(super) fn spec(id: &str) -> RunSpec {
    RunSpec {
        run_id: id.to_owned(),
        mode: Mode::Apply,
        host: "mail1".to_owned(),
        controller: "me@here".to_owned(),
        command: "mailprov up".to_owned(),
        rollback_on_failure: true,
    }
}

fn intent(name: &str) -> Intent {
    Intent {
        seq: 0,
        key: StoredKey { kind: "package".to_owned(), name: name.to_owned() },
        before: StoredState::Package(StoredPackage::Absent),
        after: StoredState::Package(StoredPackage::Any),
        sensitive: false,
        scratch: None,
        transaction: Some("mailprov:1:0".to_owned()),
        census: None,
        follows: None,
    }
}

/// A store with one run of five records.
fn one_run(dir: &TempDir) -> (Store, PathBuf) {
    let store = Store::at(dir.path());
    let mut run = store.begin(&spec("1")).unwrap();
    let seq = run.intent(intent("postfix")).unwrap();
    run.done(seq, StoredState::Package(StoredPackage::Installed("2:3-1.x".to_owned()))).unwrap();
    run.owed("restart postfix", None).unwrap();
    run.action(StoredAction::RestartUnit("postfix.service".to_owned())).unwrap();
    run.finished(Outcome::Succeeded).unwrap();
    (store, dir.path().join("runs/1/journal.jsonl"))
}

#[test]
fn what_is_written_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let (store, path) = one_run(&dir);
    let run = store.read("1").unwrap();
    assert_eq!((run.records.len(), run.outcome()), (5, Some(Outcome::Succeeded)));
    let summary = &store.history().unwrap()[0];
    assert_eq!(
        (summary.outcome.as_str(), summary.changed.as_slice()),
        ("finished", &["package:postfix".to_owned()][..])
    );
    assert_eq!((summary.spec.run_id.as_str(), summary.spec.controller.as_str()), ("1", "me@here"));
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(&path), mode(path.parent().unwrap()), mode(&dir.path().join("runs"))), (0o600, 0o700, 0o700));
}

#[test]
fn a_journal_of_another_run_is_no_journal_of_this_one() {
    let dir = tempfile::tempdir().unwrap();
    let (store, path) = one_run(&dir);
    let text = fs::read_to_string(&path).unwrap();
    // Programs and folders of a guard are removed under the name that stands in it.
    fs::write(&path, text.replace("\"run_id\":\"1\"", "\"run_id\":\"/etc\"")).unwrap();
    assert!(matches!(store.read("1"), Err(JournalError::Damaged { line: 1, .. })));
}

#[test]
fn handlers_are_owed_until_some_run_pays_them() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = one_run(&dir);
    let owed = |store: &Store| store.owed().unwrap().into_iter().map(|owed| owed.handler).collect::<Vec<_>>();
    assert_eq!(owed(&store), ["restart postfix"]);
    let mut run = store.begin(&spec("2")).unwrap();
    run.owed("restart postfix", None).unwrap();
    assert_eq!(owed(&store), ["restart postfix"]);
    run.paid("restart postfix").unwrap();
    assert!(owed(&store).is_empty());
    run.owed("reload postfix", None).unwrap();
    store.mark_rolled_back("2", "3").unwrap();
    assert!(owed(&store).is_empty(), "a run that was taken back owes nothing");
}

#[test]
fn bytes_are_kept_once_and_checked() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::at(dir.path());
    let mut run = store.begin(&spec("1")).unwrap();
    let name = run.keep(b"hello").unwrap();
    assert_eq!(run.keep(b"hello").unwrap(), name);
    assert_eq!(store.blob("1", &name).unwrap(), b"hello");
    fs::write(dir.path().join("runs/1/blobs").join(&name), "other").unwrap();
    for bad in [name.as_str(), "../journal.jsonl", "", &"0".repeat(64)] {
        assert!(store.blob("1", bad).is_err(), "{bad}");
    }
}

#[test]
fn ids_are_no_paths() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::at(dir.path());
    for bad in ["", ".", "..", "../1", "a/b", "-x", "a b", "a\0", "é", &"a".repeat(200)] {
        assert!(matches!(store.begin(&spec(bad)), Err(JournalError::BadRunId(_))), "{bad:?}");
        assert!(matches!(store.read(bad), Err(JournalError::BadRunId(_))), "{bad:?}");
    }
    store.begin(&spec("20261124T031500Z-1a2b3c4d")).unwrap();
    assert!(matches!(store.begin(&spec("20261124T031500Z-1a2b3c4d")), Err(JournalError::RunExists(_))));
}

#[test]
fn a_record_after_a_torn_one_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (store, path) = one_run(&dir);
    let mut bytes = fs::read(&path).unwrap();
    bytes.truncate(bytes.len() - 7);
    fs::write(&path, bytes).unwrap();
    assert_eq!(store.read("1").unwrap().outcome(), None);
    store.mark_rolled_back("1", "2").unwrap();
    assert_eq!(store.history().unwrap()[0].outcome, "rolled back");
    assert_eq!(store.read("1").unwrap().records.len(), 5);
}

#[test]
fn a_run_that_never_began_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = one_run(&dir);
    for (id, text) in [("2", ""), ("3", "{\"record\":\"run_st")] {
        fs::create_dir_all(dir.path().join("runs").join(id)).unwrap();
        fs::write(dir.path().join("runs").join(id).join("journal.jsonl"), text).unwrap();
    }
    fs::create_dir_all(dir.path().join("runs/4")).unwrap();
    assert_eq!(store.history().unwrap().len(), 1);
}

#[test]
fn damage_is_told_with_file_and_line() {
    let dir = tempfile::tempdir().unwrap();
    let (store, path) = one_run(&dir);
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let newer = lines[0].replace("\"format\":1", "\"format\":99");
    for (at, line, says) in [
        (2, "{", "line 3"),
        (3, "{\"record\":\"frobnicate\"}", "line 4"),
        (1, "{\"record\":\"intent\",\"seq\":-1}", "line 2"),
        (0, lines[1], "line 1: it does not begin with run_started"),
        (0, newer.as_str(), "line 1: format 99 is newer"),
    ] {
        let mut damaged = lines.clone();
        damaged[at] = line;
        fs::write(&path, damaged.join("\n") + "\n").unwrap();
        let error = store.read("1").unwrap_err().to_string();
        assert!(error.contains(says) && error.contains("runs/1/journal.jsonl"), "{error}");
    }
}

#[test]
fn the_lock_tells_who_holds_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run/lock");
    let held = Lock::acquire(&path, "alice@desk").unwrap();
    let error = Lock::acquire(&path, "bob@desk").unwrap_err();
    assert!(matches!(error, JournalError::Locked { .. }) && error.to_string().contains("alice@desk"), "{error}");
    drop(held);
    drop(Lock::acquire(&path, "bob@desk").unwrap());
    std::os::unix::fs::symlink("/etc/passwd", dir.path().join("link")).unwrap();
    assert!(Lock::acquire(&dir.path().join("link"), "x").is_err(), "a link is not followed");
}

#[test]
fn old_runs_are_forgotten_but_not_what_is_owed() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::at(dir.path());
    let ids =
        |store: &Store| -> Vec<String> { store.read_all().unwrap().into_iter().map(|run| run.spec.run_id).collect() };
    store.begin(&spec("owes")).unwrap().owed("restart postfix", None).unwrap();
    for number in 0..KEEP_CHANGING + 2 {
        let mut run = store.begin(&spec(&format!("changes-{number:03}"))).unwrap();
        run.keep(b"before").unwrap();
        run.intent(intent("postfix")).unwrap();
    }
    for number in 0..KEEP_ANY + 2 {
        store.begin(&spec(&format!("idle-{number:03}"))).unwrap();
    }
    store.begin_undoing(&spec("undo"), vec!["changes-001".to_owned()]).unwrap();
    fs::create_dir(dir.path().join("runs/torn")).unwrap();
    store.prune().unwrap();
    let left = ids(&store);
    // The undo is the newest of those that count as changing.
    let changing = (3..KEEP_CHANGING + 2).map(|number| format!("changes-{number:03}"));
    let idle = (3..KEEP_ANY + 2).map(|number| format!("idle-{number:03}"));
    let expected: Vec<String> =
        std::iter::once("owes".to_owned()).chain(changing).chain(idle).chain(["undo".to_owned()]).collect();
    assert_eq!(left, expected);
    let folders = fs::read_dir(dir.path().join("runs")).unwrap().count();
    assert_eq!(folders, expected.len());
    store.prune().unwrap();
    assert_eq!(ids(&store), expected, "once is enough");
}

#[test]
fn a_directory_that_others_can_have_filled_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (store, runs) = (Store::at(&dir.path().join("base")), dir.path().join("base/runs"));
    store.begin(&spec("1")).unwrap();
    let chmod = |mode| fs::set_permissions(&runs, fs::Permissions::from_mode(mode)).unwrap();
    for mode in [0o770, 0o702, 0o1777] {
        chmod(mode);
        let error = store.begin(&spec("2")).unwrap_err();
        assert!(matches!(error, JournalError::Untrusted { .. }) && error.to_string().contains("base/runs"), "{error}");
    }
    // What others could only look into is closed.
    chmod(0o755);
    store.begin(&spec("2")).unwrap();
    assert_eq!(fs::metadata(&runs).unwrap().permissions().mode() & 0o7777, 0o700);
    fs::rename(&runs, dir.path().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink(dir.path().join("elsewhere"), &runs).unwrap();
    assert!(matches!(store.begin(&spec("3")), Err(JournalError::Untrusted { .. })), "a link is not followed");
    fs::remove_file(&runs).unwrap();
    fs::create_dir(&runs).unwrap();
    if std::os::unix::fs::chown(&runs, Some(12345), None).is_ok() {
        assert!(matches!(store.begin(&spec("3")), Err(JournalError::Untrusted { .. })), "a stranger's");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_journal_cut_anywhere_reads_up_to_the_cut(cut in 0..2000_usize) {
        let dir = tempfile::tempdir().unwrap();
        let (store, path) = one_run(&dir);
        let whole = store.read("1").unwrap().records;
        let mut bytes = fs::read(&path).unwrap();
        bytes.truncate(cut);
        let lines = bytes.split(|&byte| byte == b'\n').count() - 1;
        fs::write(&path, &bytes).unwrap();
        match store.read("1") {
            Ok(run) => prop_assert_eq!(&run.records[..], &whole[..lines - 1]),
            Err(error) => prop_assert!(lines == 0 && matches!(error, JournalError::NoSuchRun(_)), "{}", error),
        }
    }

    #[test]
    fn hostile_bytes_are_an_error_and_no_panic(junk in proptest::collection::vec(any::<u8>(), 0..200), at in 0..1000_usize) {
        let dir = tempfile::tempdir().unwrap();
        let (store, path) = one_run(&dir);
        let mut bytes = fs::read(&path).unwrap();
        let at = at.min(bytes.len());
        bytes.splice(at..(at + junk.len()).min(bytes.len()), junk);
        fs::write(&path, &bytes).unwrap();
        drop(store.history());
        drop(store.owed());
    }
}
