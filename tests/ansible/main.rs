//! What Ansible itself makes of the same input. `tests/run` runs these; by hand: `cargo test --test ansible`.
//! Ansible is installed by `tests/ansible/venv`, outside this tree.

#![expect(clippy::expect_used, clippy::disallowed_methods, reason = "tests start programs and write their own files")]

mod expressions;

use std::path::PathBuf;
use std::process::Command;

/// The folder of this test.
fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/ansible")
}

/// A program of Ansible's installation: `python`, `ansible-inventory`, `ansible-vault`.
fn ansible(program: &str) -> Command {
    let found = Command::new(here().join("venv")).output().expect("tests/ansible/venv can be started");
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    let folder = String::from_utf8(found.stdout).expect("a path in UTF-8");
    let mut command = Command::new(PathBuf::from(folder.trim()).join(program));
    // Nothing of the user's own configuration.
    command.env("ANSIBLE_CONFIG", here().join("ansible.cfg")).env("ANSIBLE_NOCOLOR", "1").current_dir(here());
    command
}
