//! The table that the unit test of filters, tests and lookups compares with is what Ansible says.

#![expect(clippy::expect_used, clippy::disallowed_methods, reason = "a test writes its own files")]

use std::fs;
use std::path::{Path, PathBuf};

use crate::tools::ansible_program;

#[test]
fn the_table_of_expressions_holds_what_ansible_makes_of_them() {
    let Some(mut python) = ansible_program("python", &here()) else { return };
    let run = python.args(["evaluate.py", "variables.json", "expressions.txt"]).output().expect("Python");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let told = String::from_utf8(run.stdout).expect("JSON is UTF-8");
    assert_kept("expressions.json", &told);
}

#[test]
fn the_table_of_names_holds_those_of_ansible() {
    let mut lines = Vec::new();
    for kind in ["filter", "test", "lookup"] {
        let Some(mut doc) = ansible_program("ansible-doc", &here()) else { return };
        let run = doc.args(["-t", kind, "--list", "--json"]).output().expect("ansible-doc");
        let list: serde_json::Map<_, serde_json::Value> = serde_json::from_slice(&run.stdout).expect("JSON");
        let mut names: Vec<&str> = list.keys().map(|name| name.trim_start_matches("ansible.builtin.")).collect();
        names.sort_unstable();
        lines.push(format!(" \"{kind}\": {}", serde_json::to_string(&names).expect("names are text")));
    }
    assert_kept("names.json", &format!("{{\n{}\n}}\n", lines.join(",\n")));
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ansible")
}

/// A file of this folder says what Ansible said just now.
fn assert_kept(file: &str, told: &str) {
    let table = here().join(file);
    if std::env::var_os("MAILPROV_UPDATE").is_some() {
        fs::write(&table, told).expect("the table can be written");
    }
    let kept = fs::read_to_string(&table).expect("the table can be read");
    for (told, kept) in told.lines().zip(kept.lines()) {
        assert_eq!(told, kept, "MAILPROV_UPDATE=1 cargo test --test ansible writes the table anew");
    }
    assert_eq!(told.lines().count(), kept.lines().count());
}
