//! Where a run begins, and where a server begins again.

use crate::support::{fqdn, inventory, lab, mailprov, manifest, on, one_host, reset};

#[test]
fn another_system_is_refused() {
    let host = one_host();
    reset(&[&host]);
    on(&host, "sed -i 's/^VERSION_ID=.*/VERSION_ID=\"9.4\"/' /etc/os-release");
    let before = manifest(&host);
    let ran = mailprov(&["up", &inventory("root"), "--limit", &fqdn(&host)]).with_status(4);
    assert!(ran.stdout.contains("this playbook is for Enterprise Linux 8; the host says Rocky 9.4"), "{}", ran.stdout);
    assert_eq!(before, manifest(&host));
    reset(&[&host]);
}

#[test]
fn a_provisioned_server_is_well_after_a_boot() {
    let (host, inventory) = (one_host(), inventory("root"));
    let limit = fqdn(&host);
    reset(&[&host]);
    mailprov(&["up", &inventory, "--limit", &limit]).succeeded();
    lab(&["kill", &host]).succeeded();
    lab(&["boot", &host]).succeeded();
    on(&host, "systemctl is-system-running --wait || systemctl --failed");
    mailprov(&["verify", &inventory, "--limit", &limit]).succeeded();
    mailprov(&["check", &inventory, "--exit-code", "--limit", &limit]).succeeded();
}
