//! What goes wrong on one host stays there and is said.

use crate::support::{
    Ran, address, assert_same, fqdn, hosts, inventory, limit, mailprov, manifest, on, one_host, reset, three_hosts,
    with_status,
};

/// A host's line of the recap.
fn recap<'r>(ran: &'r Ran, host: &str) -> &'r str {
    let start = format!("{} : ok=", fqdn(host));
    ran.stdout.lines().find(|line| line.starts_with(&start)).unwrap_or_default()
}

#[test]
fn one_unreachable_and_one_failing_host_do_not_stop_the_third() {
    let hosts = three_hosts();
    let [well, failing, unreached] = hosts.each_ref().map(String::as_str);
    reset(&[well, failing]);
    // The package cannot be installed where its repository is gone.
    on(failing, "mv /etc/yum.repos.d /etc/yum.repos.away && dnf -q clean all");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("inventory.yaml");
    let text = std::fs::read_to_string(inventory("root")).expect("the lab's inventory");
    // An address of the lab's network that nobody has.
    let third = address(unreached);
    let nobody = format!("{}.250", third.rsplit_once('.').expect("an address").0);
    std::fs::write(&path, text.replace(&format!("{third}\n"), &format!("{nobody}\n"))).expect("written");
    let (path, limit) = (path.to_string_lossy(), limit(&hosts));
    let args = ["up", &path, "--timeout", "5", "--limit", &limit];

    let ran = mailprov(&args);
    assert_eq!(ran.status, 4, "{}{}", ran.stdout, ran.stderr);
    assert!(recap(&ran, well).contains("unreachable=0 failed=0"), "{}", ran.stdout);
    assert!(recap(&ran, failing).contains("unreachable=0 failed=1"), "{}", ran.stdout);
    assert!(recap(&ran, unreached).contains("unreachable=1 failed=0"), "{}", ran.stdout);
    assert_eq!(on(well, "systemctl is-active postfix"), "active\n");

    let json = mailprov(&[&args[..], &["--output", "json"]].concat());
    let failed: Vec<String> = with_status(&json, "failed").into_iter().map(|(host, _)| host).collect();
    assert_eq!(failed, [fqdn(failing)]);
    on(failing, "mv /etc/yum.repos.away /etc/yum.repos.d");
}

#[test]
fn a_failed_task_takes_the_run_back_on_its_host() {
    let host = &one_host();
    reset(&[host]);
    let folder = tempfile::tempdir().expect("a folder");
    let playbook = folder.path().join("play.yaml");
    std::fs::write(
        &playbook,
        "- hosts: all\n  become: true\n  tasks:\n    - copy: {dest: /etc/half, content: x}\n    - hostname: {name: half.example.net}\n    - fail: {msg: on purpose}\n",
    )
    .expect("written");
    let before = on(host, "hostnamectl --static; ls /etc");
    let args = ["up", &inventory("root"), "--playbook", &playbook.to_string_lossy(), "--limit", &fqdn(host)];
    let ran = mailprov(&args).with_status(4);
    assert!(format!("{}{}", ran.stdout, ran.stderr).contains("on purpose"));
    assert_eq!(before, on(host, "hostnamectl --static; ls /etc"));

    let ran = mailprov(&[&args[..], &["--no-rollback"]].concat());
    assert_eq!(ran.status, 4);
    assert_eq!(on(host, "hostnamectl --static; cat /etc/half"), "half.example.net\nx");
}

#[test]
fn a_task_that_takes_too_long_is_stopped_and_the_run_taken_back() {
    let host = one_host();
    reset(&[&host]);
    let folder = tempfile::tempdir().expect("a folder");
    let playbook = folder.path().join("play.yaml");
    let tasks = "    - copy: {dest: /etc/half, content: x}\n    - wait_for: {path: /nowhere, timeout: 3600}\n";
    std::fs::write(&playbook, format!("- hosts: all\n  become: true\n  tasks:\n{tasks}")).expect("written");
    let inventory = inventory("root");
    let args = ["up", &inventory, "--playbook", &playbook.to_string_lossy(), "--limit", &fqdn(&host)];
    let ran = mailprov(&[&args[..], &["--task-timeout", "2"]].concat()).with_status(4);
    for told in ["the task \"wait_for\" takes longer than 2 s (--task-timeout)", "rolled back"] {
        assert!(ran.stdout.contains(told), "{told}: {}", ran.stdout);
    }
    assert_eq!(on(&host, "ls /etc/half 2>&1; true"), "ls: cannot access '/etc/half': No such file or directory\n");
}

/// The last host's batch fails after the others have succeeded in theirs.
#[test]
fn a_fleet_is_taken_back_when_a_later_batch_fails() {
    let hosts: Vec<String> = hosts().into_iter().take(3).collect();
    let names: Vec<&str> = hosts.iter().map(String::as_str).collect();
    reset(&names);
    let (last, first) = names.split_last().expect("there is a host");
    assert!(!first.is_empty(), "a fleet is more than {last}");
    let folder = tempfile::tempdir().expect("a folder");
    let playbook = folder.path().join("play.yaml").to_string_lossy().into_owned();
    let text = format!(
        "- hosts: all
  serial: 1
  tasks:
    - copy: {{dest: /etc/fleet, content: x}}
    - firewalld: {{port: 8025/tcp, state: enabled, permanent: true, immediate: true}}
    - fail: {{msg: on purpose}}
      when: inventory_hostname == '{}'
",
        fqdn(last)
    );
    std::fs::write(&playbook, text).expect("written");
    let inventory = inventory("root");
    let limit = limit(&hosts);
    let args = ["up", &inventory, "--playbook", &playbook, "--limit", &limit];
    let before: Vec<String> = names.iter().map(|name| manifest(name)).collect();
    let changed = || names.iter().filter(|name| !on(name, "ls /etc/fleet 2>/dev/null; true").is_empty()).count();

    let ran = mailprov(&args).with_status(4);
    assert_eq!(changed(), first.len(), "without it those that succeeded stay: {}", ran.stdout);
    // The last one was taken back already.
    mailprov(&["rollback", &inventory, "--limit", &limit]);
    assert_eq!(changed(), 0);
    let ran = mailprov(&[&args[..], &["--revert-fleet"]].concat()).with_status(4);
    for (name, before) in names.iter().zip(&before) {
        assert_same(before, &manifest(name), &format!("{name} is not as before: {}", ran.stdout));
    }
    assert!(ran.stdout.contains(&format!("{} did not make it", fqdn(last))), "{}", ran.stdout);
    let history = mailprov(&["history", &inventory, "--limit", &limit]).succeeded();
    assert_eq!(history.stdout.matches("rolled back").count(), 2 * names.len(), "{}", history.stdout);
}
