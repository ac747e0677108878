//! Torn, truncated and hostile journals: no panic, nothing touched that they do not name, an error that says where.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{RollbackError, frozen, rollback};
use crate::host::laws::spec;
use crate::hostplay::{Mode, RunSpec, UndoTarget};
use crate::journal::{JournalError, Store};

/// What an attacker, or a bug, may put in place of any value.
fn hostile() -> impl Strategy<Value = Value> {
    prop_oneof![
        prop::sample::select(vec![
            "",
            ".",
            "..",
            "../../etc/shadow",
            "/etc/../etc/shadow",
            "/etc/shadow",
            "/",
            "//etc/x",
            "/etc/x\0y",
            "-rf",
            "/etc/postfix",
            "/etc/postfix/ssl/tls.key/x",
            "$(reboot)",
            "file",
            "package",
            "unit",
            "firewall",
            "hostname",
            "absent",
            "07777777",
            "-1",
            "9999",
            "0644",
            "20260101T000000Z-00000001",
            "20260102T000000Z-00000004",
            "\u{7f}\u{1b}[2J",
            "ssh.service",
            "kernel",
        ])
        .prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        prop::sample::select(vec![0_u64, 1, u64::MAX]).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(Value::Null),
        Just(json!({"file": "absent"})),
        Just(json!({"file": {"other": {"kind": "fifo"}}})),
        Just(json!({"unit": "absent"})),
        Just(json!(["20260101T000000Z-00000001"])),
        any::<u16>().prop_map(|digest| Value::from(format!("{digest:064x}"))),
    ]
}

/// What is done to a journal.
#[derive(Debug, Clone)]
enum Damage {
    /// A value anywhere in a record is replaced.
    Replace { line: usize, leaf: usize, by: Value },
    /// A record is said twice.
    Repeat(usize),
    /// A record is left out.
    Drop(usize),
    /// Two records change places.
    Swap(usize, usize),
    /// All after this byte is gone.
    Cut(usize),
    /// Bytes are written over others.
    Smear(usize, Vec<u8>),
}

fn damage() -> impl Strategy<Value = Damage> {
    let line = 0..40_usize;
    prop_oneof![
        4 => (line.clone(), 0..30_usize, hostile()).prop_map(|(line, leaf, by)| Damage::Replace { line, leaf, by }),
        1 => line.clone().prop_map(Damage::Repeat),
        1 => line.clone().prop_map(Damage::Drop),
        1 => (line.clone(), line).prop_map(|(a, b)| Damage::Swap(a, b)),
        1 => (0..7000_usize).prop_map(Damage::Cut),
        1 => (0..7000_usize, prop::collection::vec(any::<u8>(), 1..20)).prop_map(|(at, bytes)| Damage::Smear(at, bytes)),
    ]
}

impl Damage {
    fn apply(&self, journal: &[u8]) -> Vec<u8> {
        let mut lines: Vec<Vec<u8>> = journal.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
        let count = lines.len();
        if count == 0 {
            return Vec::new();
        }
        match self {
            Self::Replace { line, leaf, by } => {
                let line = &mut lines[line % count];
                let Ok(mut record) = serde_json::from_slice::<Value>(line) else { return journal.to_vec() };
                let mut leaf = leaf % leaves(&record).max(1);
                replace(&mut record, &mut leaf, by);
                *line = format!("{record}\n").into_bytes();
            }
            Self::Repeat(at) => lines.insert(at % count, lines[at % count].clone()),
            Self::Drop(at) => drop(lines.remove(at % count)),
            Self::Swap(a, b) => lines.swap(a % count, b % count),
            Self::Cut(at) => return journal[..(*at).min(journal.len())].to_vec(),
            Self::Smear(at, bytes) => {
                let mut journal = journal.to_vec();
                let at = at % journal.len().max(1);
                let end = (at + bytes.len()).min(journal.len());
                journal.splice(at..end, bytes.iter().copied());
                return journal;
            }
        }
        lines.concat()
    }
}

fn leaves(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(leaves).sum::<usize>(),
        Value::Object(entries) => 1 + entries.values().map(leaves).sum::<usize>(),
        _ => 1,
    }
}

/// Replaces the value of this number, counted from the outside in.
fn replace(value: &mut Value, left: &mut usize, by: &Value) -> bool {
    if *left == 0 {
        *value = by.clone();
        return true;
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter_mut().any(|item| replace(item, left, by)),
        Value::Object(entries) => entries.values_mut().any(|entry| replace(entry, left, by)),
        _ => false,
    }
}

fn journal(dir: &TempDir, id: &str) -> PathBuf {
    dir.path().join("runs").join(id).join("journal.jsonl")
}

/// All that the journals name.
fn named(store: &Store) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for run in store.read_all().unwrap_or_default() {
        for record in &run.records {
            if let crate::journal::Record::Intent(intent) = record {
                names.insert(intent.key.name.clone());
                // What a package's removal leaves beside its files.
                names.extend([".rpmsave", ".rpmnew"].map(|suffix| format!("{}{suffix}", intent.key.name)));
            }
        }
    }
    names
}

#[test]
fn a_record_of_another_host_name_is_none_of_this_one() {
    let (dir, store) = frozen::store();
    let path = journal(&dir, frozen::PROVISIONED);
    let named = |name: &str| format!(r#"{{"kind":"hostname","name":"{name}"}}"#);
    fs::write(&path, fs::read_to_string(&path).unwrap().replace(&named("static"), &named("pretty"))).unwrap();
    let mut script = frozen::host();
    let target = UndoTarget::Run(frozen::PROVISIONED.to_owned());
    let error = rollback(&mut script, &store, &spec("undo"), &target, true, &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("\"pretty\""), "{error}");
    assert_eq!(script.states(), frozen::host().states());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_and_nothing_is_touched_that_the_journal_does_not_name(
        damages in prop::collection::vec((0..4_usize, damage()), 1..4),
        newest in any::<bool>(),
        force in any::<bool>(),
        check in any::<bool>(),
    ) {
        let (dir, store) = frozen::store();
        let ids: Vec<String> = store.history().unwrap().into_iter().map(|run| run.spec.run_id).collect();
        for (run, damage) in &damages {
            let path = journal(&dir, &ids[*run]);
            fs::write(&path, damage.apply(&fs::read(&path).unwrap())).unwrap();
        }
        drop((store.history(), store.owed()));
        let names = named(&store);
        let mut script = frozen::host();
        let before = script.states().clone();
        let target = if newest { UndoTarget::Newest } else { UndoTarget::Run(frozen::PROVISIONED.to_owned()) };
        let spec = RunSpec { mode: if check { Mode::Check } else { Mode::Apply }, ..spec("undo") };
        let result = rollback(&mut script, &store, &spec, &target, force, &mut |_| {});
        let after = script.states();
        let touched = before.keys().chain(after.keys()).filter(|key| before.get(*key) != after.get(*key));
        for key in touched {
            prop_assert!(!check && names.contains(key.name()), "{} was touched", key);
        }
        if let Err(RollbackError::Journal(error @ JournalError::Damaged { .. })) = &result {
            let text = error.to_string();
            prop_assert!(text.contains("journal.jsonl: line "), "{}", text);
        }
        drop(store.prune());
    }

    #[test]
    fn a_journal_that_is_cut_rolls_back_what_is_left_of_it(cut in 0..6425_usize) {
        let (dir, store) = frozen::store();
        let path = journal(&dir, frozen::PROVISIONED);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..cut]).unwrap();
        let target = UndoTarget::Run(frozen::PROVISIONED.to_owned());
        match rollback(&mut frozen::host(), &store, &spec("undo"), &target, true, &mut |_| {}) {
            // What the lost records told of may stand in the way (a file in a folder that is to go).
            Ok(report) => {
                let is_undone = report.undone.contains(&frozen::PROVISIONED.to_owned());
                prop_assert_eq!(is_undone, report.is_complete());
            }
            Err(error) => {
                let no_such_run = matches!(&error, RollbackError::Journal(JournalError::NoSuchRun(_)));
                prop_assert!(no_such_run && !bytes[..cut].contains(&b'\n'), "{}", error);
            }
        }
    }
}
