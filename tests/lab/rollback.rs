//! `mailprov rollback` puts a host back.

use std::path::Path;

use crate::support::{Ran, assert_same, fqdn, inventory, mailprov, manifest, on, one_host, reset};

/// mailprov with these arguments and the lab's inventory, for the one host.
fn run(args: &[&str]) -> Ran {
    let limit = fqdn(&one_host());
    mailprov(&[args, &[&inventory("root"), "--limit", &limit]].concat())
}

/// The lines that tell of one resource each. What goes along with others is hidden: a preview does not know how much of it
/// a package's own scripts put back.
fn resources(ran: &Ran) -> String {
    let is_told = |line: &&str| ["  + ", "  - ", "  ~ "].iter().any(|mark| line.starts_with(mark));
    let lines = ran.stdout.lines().filter(is_told).filter(|line| !line.contains("hidden)"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Applies a play of its own.
fn up(folder: &Path, play: &str) {
    let playbook = folder.join("play.yaml");
    std::fs::write(&playbook, play).expect("written");
    run(&["up", "--playbook", playbook.to_str().expect("text")]).succeeded();
}

#[test]
fn a_provisioned_host_goes_back_to_bare() {
    let host = one_host();
    let host = host.as_str();
    reset(&[host]);
    let before = manifest(host);
    run(&["up"]).succeeded();
    let provisioned = manifest(host);
    assert_ne!(before, provisioned);
    let foretold = run(&["rollback", "--check"]).succeeded();
    assert_same(&provisioned, &manifest(host), "a preview changes nothing");
    let ran = run(&["rollback"]).succeeded();
    assert!(resources(&ran).contains("package postfix"), "{}", ran.stdout);
    assert_same(&resources(&foretold), &resources(&ran), "a preview tells what is put back");
    let after = manifest(host);
    assert_same(&before, &after, &ran.stdout);
    assert_eq!(on(host, "ss -Hltn 'sport = :25' | wc -l"), "0\n");

    let history = run(&["history"]).succeeded();
    assert!(history.stdout.contains("rolled back"), "{}", history.stdout);
}

#[test]
fn a_package_that_went_comes_back_as_it_was_configured_and_ran() {
    let host = one_host();
    let host = host.as_str();
    reset(&[host]);
    on(
        host,
        "dnf -qy install postfix >/dev/null 2>&1; systemctl enable -q --now postfix; echo '# ours' >>/etc/postfix/main.cf",
    );
    let before = manifest(host);
    let folder = tempfile::tempdir().expect("a folder");
    let removal = "- hosts: all\n  become: true\n  tasks:\n    - dnf: {name: postfix, state: absent}\n";
    for is_cut in [false, true] {
        up(folder.path(), removal);
        assert_eq!(on(host, "ls /etc/postfix/main.cf /usr/sbin/postfix 2>/dev/null | wc -l"), "0\n");
        if is_cut {
            on(
                host,
                "cd /var/lib/mailprov/runs && cd $(ls -t | head -n 1) && sed -i '/\"record\":\"done\"/,$d' journal.jsonl",
            );
        }
        let ran = run(&["rollback"]).succeeded();
        assert_same(&before, &manifest(host), &ran.stdout);
        assert_eq!(on(host, "systemctl is-active postfix; systemctl is-enabled postfix"), "active\nenabled\n");
    }
}

#[test]
fn an_upgraded_package_goes_back_to_the_version_that_was_there() {
    let host = one_host();
    let host = host.as_str();
    reset(&[host]);
    on(
        host,
        "dnf -qy install postfix-2:3.5.8-7.el8 >/dev/null 2>&1; systemctl -q enable --now postfix; \
         echo '# ours' >>/etc/postfix/main.cf",
    );
    let before = manifest(host);
    let folder = tempfile::tempdir().expect("a folder");
    up(folder.path(), "- hosts: all\n  become: true\n  tasks:\n    - dnf: {name: postfix, state: latest}\n");
    assert_eq!(on(host, "rpm -q --qf '%{RELEASE}' postfix; tail -n 1 /etc/postfix/main.cf"), "8.el8_10# ours\n");
    let ran = run(&["rollback"]).succeeded();
    assert_same(&before, &manifest(host), &ran.stdout);
    assert_eq!(on(host, "rpm -q --qf '%{RELEASE}' postfix; systemctl is-active postfix"), "7.el8active\n");
}

#[test]
fn what_came_since_by_hand_is_not_taken_along_and_a_mask_hides_what_it_hid() {
    let host = one_host();
    let host = host.as_str();
    reset(&[host]);
    let folder = tempfile::tempdir().expect("a folder");
    up(folder.path(), "- hosts: all\n  become: true\n  tasks:\n    - dnf: {name: postfix}\n");
    on(host, "dnf -qy install postfix-pcre >/dev/null 2>&1");
    let ran = run(&["rollback"]).with_status(4);
    assert!(ran.stdout.contains("needed by postfix-pcre"), "dnf would remove it, too:\n{}", ran.stdout);
    on(host, "rpm -q postfix postfix-pcre");

    on(host, "systemctl disable -q postfix; systemctl mask -q postfix");
    let masked = manifest(host);
    let unmask =
        "- hosts: all\n  become: true\n  tasks:\n    - service: {name: postfix, masked: false, enabled: true}\n";
    up(folder.path(), unmask);
    run(&["rollback"]).succeeded();
    assert_same(&masked, &manifest(host), "it is not enabled beneath its mask");
    // The same after a kill amid the change: nothing is recorded of what it came to.
    up(folder.path(), unmask);
    on(host, "cd /var/lib/mailprov/runs && cd $(ls -t | head -n 1) && sed -i '/\"record\":\"intent\"/q' journal.jsonl");
    run(&["rollback"]).succeeded();
    assert_same(&masked, &manifest(host), "it is not enabled beneath its mask after a kill, either");

    run(&["rollback", "--force"]).succeeded();
    assert_eq!(on(host, "rpm -q postfix postfix-pcre | grep -c installed"), "2\n");
}

#[test]
fn a_host_without_a_name_of_its_own_goes_by_the_same_one_again() {
    let host = one_host();
    let host = host.as_str();
    reset(&[host]);
    on(host, "rm /etc/hostname; hostname given-by-dhcp; systemctl stop systemd-hostnamed");
    let folder = tempfile::tempdir().expect("a folder");
    up(folder.path(), "- hosts: all\n  become: true\n  tasks:\n    - hostname: {name: mail.example.net}\n");
    assert_eq!(on(host, "hostname"), "mail.example.net\n");
    run(&["rollback"]).succeeded();
    assert_eq!(on(host, "hostname; ls /etc/hostname 2>&1 | grep -c 'No such'"), "given-by-dhcp\n1\n");
}
