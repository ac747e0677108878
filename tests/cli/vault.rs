//! Vaults, and what is said when they cannot be opened.

use crate::world::World;

/// `smtp_password: geheim` with the password `hunter2`.
fn world() -> World {
    let world = World::new().file("pw", "hunter2\n").file("wrong", "hunter3\n").file("empty", "\n");
    let world = world.file("inventory.yaml", "all: {hosts: {mx1: }}\n").file("group_vars/all.yml", "pin: 31415926\n");
    let made = world.run("vault --vault-password-file pw encrypt group_vars/all.yml");
    assert_eq!(made.code, Some(0), "{made}");
    world
}

#[test]
fn a_vault_that_cannot_be_opened_says_why() {
    let world = world();
    insta::assert_snapshot!(world.run("inventory list"), @r"
    ----- stderr
    error: the vault group_vars/all.yml cannot be used: failed to decrypt it: no vault password was given
     |
     = help: pass --ask-vault-password, --vault-password-file FILE or --vault-id LABEL@FILE
    ----- exit code 3
    ");
    insta::assert_snapshot!(world.run("inventory list --vault-password-file wrong"), @r"
    ----- stderr
    error: the vault group_vars/all.yml cannot be used: failed to decrypt it: the password does not fit
     |
     = help: is it the right vault password?
    ----- exit code 3
    ");
    insta::assert_snapshot!(world.run("inventory list --vault-password-file empty"), @r"
    ----- stderr
    error: the vault password is empty: empty
    ----- exit code 3
    ");
    insta::assert_snapshot!(world.run("inventory list --vault-id prod@missing"), @r"
    ----- stderr
    error: cannot read the vault password file missing
     |
     = note: cause: No such file or directory (os error 2)
    ----- exit code 3
    ");
    insta::assert_snapshot!(world.run("vault --vault-password-file pw encrypt group_vars/all.yml"), @r"
    ----- stderr
    error: group_vars/all.yml is encrypted already
    ----- exit code 3
    ");
    insta::assert_snapshot!(world.run("vault --vault-password-file pw view pw"), @r"
    ----- stderr
    error: pw is not encrypted
    ----- exit code 3
    ");
    let world = world.file("group_vars/all.yml", "pin: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3132zz\n");
    insta::assert_snapshot!(world.run("lint --vault-password-file pw"), @r"
    ----- stderr
    error: this vault cannot be used: failed to read it: it is no sequence of hexadecimal digits
     --> group_vars/all.yml:2:3
      |
    2 |   $ANSIBLE_VAULT;1.1;AES256
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: was the text cut off or changed?
    ----- exit code 3
    ");
}

#[test]
fn what_a_vault_holds_is_shown_only_when_asked_for() {
    let world = world();
    insta::assert_snapshot!(world.run("inventory explain mx1 --vault-password-file pw"), @r"
    ----- stdout
    mx1  (ungrouped)

    pin = ********
        from group all, group_vars/all.yml:1:6
    ----- exit code 0
    ");
    let asked = world.run_with_stdin("inventory list --show-secrets --ask-vault-password", "hunter2\n");
    assert!(asked.stdout.contains("31415926"), "{asked}");
    let string = world.run_with_stdin("vault --vault-password-file pw encrypt-string --name x", "secret value");
    assert!(string.stdout.starts_with("x: !vault |\n          $ANSIBLE_VAULT;1.1;AES256\n"), "{string}");
}
