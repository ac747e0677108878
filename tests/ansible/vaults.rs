//! Vaults go both ways between `ansible-vault` and mailprov.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test makes its files and starts programs")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::tools::{ansible_program, mailprov, printed};

const SECRET: &str = "smtp_password: 'geheim: ä'\nkey: |\n  two\n  lines\n";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("pw", "first password\n"),
        ("other", "second"),
        ("secret.yml", SECRET),
        ("hosts.yml", "all: {hosts: {mx1: }}\n"),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let client = folder.path().join("keys-client");
    fs::write(&client, "#!/bin/sh\necho \"password of $2\"\n").unwrap();
    fs::set_permissions(client, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn run(mut command: Command, words: &str) -> String {
    printed(&command.args(shlex::split(words).unwrap()).stdin(Stdio::null()).output().unwrap())
}

/// The passwords as options of both programs.
const PASSWORDS: [&str; 4] = [
    "--vault-password-file pw",
    "--vault-id prod@pw",
    "--vault-id dev@keys-client",
    "--vault-id dev@other --vault-id prod@pw --encrypt-vault-id prod",
];

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn files_go_both_ways() {
    let folder = folder();
    let folder = folder.path();
    for passwords in PASSWORDS {
        let opening = passwords.split(" --encrypt").next().unwrap();
        let Some(ansible) = ansible_program("ansible-vault", folder) else { return };
        run(ansible, &format!("encrypt {passwords} --output theirs.yml secret.yml"));
        let sealed = read(folder, "theirs.yml");
        assert_eq!(run(mailprov(folder), &format!("vault {opening} view theirs.yml")), SECRET);
        run(mailprov(folder), &format!("vault {opening} decrypt theirs.yml"));
        assert_eq!(read(folder, "theirs.yml"), SECRET);

        let (ids, label) = passwords.split_once(" --encrypt").unwrap_or((passwords, ""));
        let label = if label.is_empty() { String::new() } else { format!("--encrypt{label}") };
        run(mailprov(folder), &format!("vault {ids} encrypt {label} --output-file ours.yml secret.yml"));
        assert_eq!(read(folder, "ours.yml").lines().next(), sealed.lines().next(), "the same header");
        assert_eq!(run(ansible_program("ansible-vault", folder).unwrap(), &format!("view {opening} ours.yml")), SECRET);
    }
}

#[test]
fn a_vault_is_rekeyed_and_edited() {
    let folder = folder();
    let folder = folder.path();
    let Some(ansible) = ansible_program("ansible-vault", folder) else { return };
    run(ansible, "encrypt --vault-id prod@pw secret.yml");
    fs::set_permissions(folder.join("secret.yml"), fs::Permissions::from_mode(0o640)).unwrap();
    run(mailprov(folder), "vault --vault-id pw rekey --new-vault-id new@other secret.yml");
    assert!(read(folder, "secret.yml").starts_with("$ANSIBLE_VAULT;1.2;AES256;new\n"));
    let mut editing = mailprov(folder);
    editing.env("EDITOR", "sh -c 'stat -c %a $0 > mode; sed -i s/geheim/secret/ $0'");
    run(editing, "vault --vault-password-file other edit secret.yml");
    assert_eq!(read(folder, "mode"), "600\n");
    let edited = SECRET.replace("geheim", "secret");
    let ansible = ansible_program("ansible-vault", folder).unwrap();
    assert_eq!(run(ansible, "view --vault-password-file other secret.yml"), edited);
    assert_eq!(fs::metadata(folder.join("secret.yml")).unwrap().permissions().mode() & 0o777, 0o640);
    let mut failing = mailprov(folder);
    failing.env("EDITOR", "sh -c 'echo lost > $0; exit 1'").args(["vault", "--vault-password-file", "other", "edit"]);
    let before = read(folder, "secret.yml");
    assert!(!failing.arg("secret.yml").output().unwrap().status.success());
    assert_eq!(read(folder, "secret.yml"), before);
}

#[test]
fn values_and_files_in_an_inventory_are_read_as_ansible_reads_them() {
    let folder = folder();
    let folder = folder.path();
    let Some(ansible) = ansible_program("ansible-vault", folder) else { return };
    let theirs = run(ansible, "encrypt_string --vault-password-file pw --name theirs 'geheim {{ x }}'");
    let ours = run(mailprov(folder), "vault --vault-id prod@pw encrypt-string --name ours 'auch geheim'");
    fs::create_dir_all(folder.join("group_vars/all")).unwrap();
    fs::write(folder.join("group_vars/all/plain.yml"), format!("x: 1\n{theirs}\n{ours}")).unwrap();
    fs::copy(folder.join("secret.yml"), folder.join("group_vars/all/vault.yml")).unwrap();
    run(mailprov(folder), "vault --vault-password-file pw encrypt group_vars/all/vault.yml");
    let ask = "-m debug -a var=hostvars.mx1 -i hosts.yml --vault-password-file pw mx1";
    let told = run(ansible_program("ansible", folder).unwrap(), ask);
    let listed = run(mailprov(folder), "inventory list --vault-password-file pw -i hosts.yml --show-secrets");
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let vars = &listed["_meta"]["hostvars"]["mx1"];
    assert_eq!(vars["theirs"], "geheim {{ x }}");
    for (name, value) in [("ours", "auch geheim"), ("smtp_password", "geheim: ä"), ("key", "two\nlines\n")] {
        assert_eq!(vars[name], value);
        let value = serde_json::to_string(value).unwrap();
        assert!(told.contains(&format!("\"{name}\": {value}")), "{name}: {told}");
    }
    let hidden = run(mailprov(folder), "inventory list --vault-password-file pw -i hosts.yml");
    assert!(!hidden.contains("geheim"), "{hidden}");
}
