//! The module `sysctl`: foreseen, set, and put back, on a real kernel.

use crate::support::{Ran, disk, events, inventory, mailprov, on, one_host, reset};

/// Of the host's own network, which a container may set for itself.
const PLAYBOOK: &str = "\
- hosts: all
  tasks:
    - name: Let more connections wait
      ansible.posix.sysctl: {name: net.core.somaxconn, value: 1024}
    - name: Use more ports
      sysctl: {name: net/ipv4/ip_local_port_range, value: 1024 65535}
";
const LOOK: &str =
    "sysctl net.core.somaxconn net.ipv4.ip_local_port_range; cat /etc/sysctl.d/99-zz-mailprov.conf 2>&1; true";

fn changes(ran: &Ran) -> Vec<String> {
    let events = events(ran);
    let finished = events.iter().filter(|event| event["event"]["type"] == "task_finished");
    finished
        .flat_map(|event| event["event"]["changes"].as_array().cloned().unwrap_or_default())
        .map(|change| change.to_string())
        .collect()
}

#[test]
fn a_kernel_parameter_is_foreseen_set_and_put_back() {
    let host = one_host();
    reset(&[&host]);
    let folder = tempfile::tempdir().expect("a folder");
    let playbook = folder.path().join("play.yaml");
    std::fs::write(&playbook, PLAYBOOK).expect("written");
    let (inventory, limit) = (inventory("root"), format!("{host}.mydomain.local"));
    let run = |command: &str, more: &[&str]| {
        let playbook = playbook.to_string_lossy();
        let args = [command, &inventory, "--limit", &limit, "--output", "json", "--playbook", &playbook];
        mailprov(&[&args[..], more].concat()).succeeded()
    };

    let (before, on_disk) = (on(&host, LOOK), disk(&host));
    let foreseen = changes(&run("check", &[]));
    assert_eq!((on(&host, LOOK), disk(&host)), (before.clone(), on_disk), "check wrote on the host");

    let done = changes(&run("up", &[]));
    assert_eq!(foreseen, done);
    assert_eq!(done.len(), 4, "{done:#?}");
    let lines = "net.core.somaxconn = 1024\nnet.ipv4.ip_local_port_range = 1024 65535\n";
    assert_eq!(on(&host, LOOK).replace('\t', " "), [lines, lines].concat());
    run("check", &["--exit-code"]);

    // What a boot makes of the file, whatever else is set by then.
    on(&host, "sysctl -q -w net.core.somaxconn=100 && systemctl restart systemd-sysctl");
    assert_eq!(on(&host, "cat /proc/sys/net/core/somaxconn"), "1024\n");

    mailprov(&["rollback", &inventory, "--limit", &limit]).succeeded();
    assert_eq!(on(&host, LOOK), before);
}
