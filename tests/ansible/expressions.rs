//! The table that the unit test of filters, tests and lookups compares with is what Ansible says.

#![expect(clippy::expect_used, clippy::disallowed_methods, reason = "a test writes its own files")]

use std::fs;
use std::path::Path;

use crate::tools::ansible_program;

#[test]
fn the_table_of_expressions_holds_what_ansible_makes_of_them() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ansible");
    let Some(mut python) = ansible_program("python", &here) else { return };
    let run = python.args(["evaluate.py", "variables.json", "expressions.txt"]).output().expect("Python");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let told = String::from_utf8(run.stdout).expect("JSON is UTF-8");
    let table = here.join("expressions.json");
    if std::env::var_os("MAILPROV_UPDATE").is_some() {
        fs::write(&table, &told).expect("the table can be written");
    }
    let kept = fs::read_to_string(&table).expect("the table can be read");
    for (told, kept) in told.lines().zip(kept.lines()) {
        assert_eq!(told, kept, "MAILPROV_UPDATE=1 cargo test --test ansible writes the table anew");
    }
    assert_eq!(told.lines().count(), kept.lines().count());
}
