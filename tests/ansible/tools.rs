//! Ansible's programs, installed apart from this tree, and ours.

#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(clippy::disallowed_methods, reason = "a test starts programs")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The folder of Ansible's programs; `None`, and a line that says why, where they cannot be installed.
pub fn ansible() -> Option<&'static Path> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let install = || {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ansible/venv");
        let output = Command::new(script).output().unwrap();
        if output.status.success() {
            return Some(PathBuf::from(String::from_utf8(output.stdout).unwrap().trim()));
        }
        let why = String::from_utf8_lossy(&output.stderr);
        let why = why.trim().lines().last().unwrap_or_default();
        // Directly: what a test that passes prints is kept from whoever runs it.
        std::io::stderr().write_all(format!("skipped: ansible-core cannot be installed: {why}\n").as_bytes()).unwrap();
        None
    };
    FOLDER.get_or_init(install).as_deref()
}

/// One of Ansible's programs, in a folder, with nobody's configuration.
pub fn ansible_program(program: &str, folder: &Path) -> Option<Command> {
    let mut command = Command::new(ansible()?.join(program));
    command.current_dir(folder).env_clear().env("HOME", folder).env("PATH", "/usr/bin:/bin");
    command.env("ANSIBLE_CONFIG", Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ansible/ansible.cfg"));
    command.env("ANSIBLE_LOCAL_TEMP", std::env::temp_dir()).env("LC_ALL", "C.UTF-8");
    Some(command)
}

/// Our program, likewise.
pub fn mailprov(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailprov"));
    command.current_dir(folder).env_clear().env("HOME", folder).env("PATH", "/usr/bin:/bin");
    command
}

/// What a program printed; a failure ends the test.
pub fn printed(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}{}", output.status, text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}
