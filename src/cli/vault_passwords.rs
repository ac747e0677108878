//! Where the passwords of vaults come from: as with Ansible, a prompt, a file, or what a program prints.

#![expect(clippy::disallowed_methods, reason = "the user's own program tells the password")]

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::args::VaultArgs;
use super::failure::{Failure, Kind};
use super::password;
use crate::transport::expand_home;
use crate::vault::{Key, Keyring};

/// All passwords that the options and the environment name; those that are asked for, too.
pub(super) fn keyring(args: &VaultArgs) -> Result<Keyring, Failure> {
    let mut keys = Vec::new();
    let from_environment = std::env::var("ANSIBLE_VAULT_IDENTITY_LIST").unwrap_or_default();
    let identities = from_environment.split(',').map(str::trim).filter(|id| !id.is_empty());
    for id in identities.map(str::to_owned).chain(args.vault_id.iter().cloned()) {
        keys.push(identity(&id)?);
    }
    let default = std::env::var_os("ANSIBLE_VAULT_PASSWORD_FILE").filter(|file| !file.is_empty()).map(PathBuf::from);
    let default = default.filter(|_| args.vault_password_file.is_empty());
    for file in default.iter().chain(&args.vault_password_file) {
        keys.push(from_file("", file)?);
    }
    if args.ask_vault_password {
        keys.push(asked("", "Vault password: ")?);
    }
    Ok(Keyring::new(keys))
}

/// `LABEL@SOURCE`, or a source alone.
pub(super) fn identity(id: &str) -> Result<Key, Failure> {
    let (label, source) = id.split_once('@').unwrap_or(("", id));
    if ["prompt", "prompt_ask_vault_pass"].contains(&source) {
        let whose = if label.is_empty() { "default" } else { label };
        return asked(label, &format!("Vault password ({whose}): "));
    }
    from_file(label, Path::new(source))
}

/// Asks once.
pub(super) fn asked(label: &str, prompt: &str) -> Result<Key, Failure> {
    checked(label, password::read(prompt)?.expose().as_bytes(), "the password that was given")
}

/// Asks for a password that is to be used from now on: on a terminal twice.
pub(super) fn chosen(label: &str) -> Result<Key, Failure> {
    let password = password::read("New vault password: ")?;
    if password::can_ask() && password::read("Confirm new vault password: ")? != password {
        return Err(Failure::new(Kind::Input, "the passwords are not the same"));
    }
    checked(label, password.expose().as_bytes(), "the password that was given")
}

/// The content of a file, or what a program prints.
pub(super) fn from_file(label: &str, path: &Path) -> Result<Key, Failure> {
    let shown = path.display();
    let failed = |error: &std::io::Error| {
        Failure::of(Kind::Input, format!("cannot read the vault password file {shown}"), error)
    };
    let path = expand_home(&path.display().to_string());
    let mode = path.metadata().map_err(|error| failed(&error))?.permissions().mode();
    if mode & 0o111 == 0 {
        return checked(label, std::fs::read(&path).map_err(|error| failed(&error))?.trim_ascii(), &shown.to_string());
    }
    // With its whole path: a bare name would be looked for in PATH.
    let mut command = Command::new(std::path::absolute(&path).map_err(|error| failed(&error))?);
    // A client, by its name, is told whose password is wanted.
    if path.file_stem().and_then(OsStr::to_str).is_some_and(|stem| stem.ends_with("-client")) {
        command.args(["--vault-id", if label.is_empty() { "default" } else { label }]);
    }
    let output = command.stdin(Stdio::inherit()).stderr(Stdio::inherit()).output().map_err(|error| {
        Failure::of(Kind::Input, format!("cannot run the vault password program {shown}"), &error)
            .hint("a file with the password itself must not be executable: chmod -x")
    })?;
    if !output.status.success() {
        let message = format!("the vault password program {shown} failed: {}", output.status);
        return Err(Failure::new(Kind::Input, message));
    }
    checked(label, trim_lines(&output.stdout), &shown.to_string())
}

fn trim_lines(mut text: &[u8]) -> &[u8] {
    while let Some(shorter) = text.strip_suffix(b"\n").or_else(|| text.strip_suffix(b"\r")) {
        text = shorter;
    }
    text
}

fn checked(label: &str, password: &[u8], from: &str) -> Result<Key, Failure> {
    if password.is_empty() {
        return Err(Failure::new(Kind::Input, format!("the vault password is empty: {from}")));
    }
    Ok(Key::new(label, password))
}
