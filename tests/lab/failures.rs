//! What goes wrong on one host stays there and is said.

use crate::support::{
    address, assert_same, fqdn, hosts, inventory, mailprov, manifest, on, one_host, reset, with_status,
};

/// The lab may have more.
const LIMIT: &str = "mail1.*,mail2.*,mail3.*";

#[test]
fn one_unreachable_and_one_failing_host_do_not_stop_the_third() {
    reset(&["mail1", "mail2"]);
    // The package cannot be installed where its repository is gone.
    on("mail2", "mv /etc/yum.repos.d /etc/yum.repos.away && dnf -q clean all");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("inventory.yaml");
    let text = std::fs::read_to_string(inventory("root")).expect("the lab's inventory");
    // An address of the lab's network that nobody has.
    let third = address("mail3");
    let nobody = format!("{}.250", third.rsplit_once('.').expect("an address").0);
    std::fs::write(&path, text.replace(&third, &nobody)).expect("written");

    let ran = mailprov(&["up", &path.to_string_lossy(), "--timeout", "5", "--limit", LIMIT]);
    assert_eq!(ran.status, 4, "{}{}", ran.stdout, ran.stderr);
    let line = |host: &str| {
        ran.stdout.lines().find(|line| line.contains(host) && line.contains("ok=")).unwrap_or_default().to_owned()
    };
    assert!(line("mail1").contains("unreachable=0") && line("mail1").contains("failed=0"), "{}", ran.stdout);
    assert!(line("mail2").contains("failed=1"), "{}", ran.stdout);
    assert!(line("mail3").contains("unreachable=1"), "{}", ran.stdout);
    assert_eq!(on("mail1", "systemctl is-active postfix"), "active\n");

    let json = mailprov(&["up", &path.to_string_lossy(), "--timeout", "5", "--output", "json", "--limit", LIMIT]);
    assert_eq!(with_status(&json, "failed").len(), 1);
    assert!(with_status(&json, "failed")[0].0.starts_with("mail2"));
    on("mail2", "mv /etc/yum.repos.away /etc/yum.repos.d");
}

#[test]
fn a_failed_task_takes_the_run_back_on_its_host() {
    reset(&["mail1"]);
    let folder = tempfile::tempdir().expect("a folder");
    let playbook = folder.path().join("play.yaml");
    std::fs::write(
        &playbook,
        "- hosts: all\n  become: true\n  tasks:\n    - copy: {dest: /etc/half, content: x}\n    - hostname: {name: half.example.net}\n    - fail: {msg: on purpose}\n",
    )
    .expect("written");
    let before = on("mail1", "hostnamectl --static; ls /etc");
    let args = ["up", &inventory("root"), "--playbook", &playbook.to_string_lossy(), "--limit", "mail1.mydomain.local"];
    let ran = mailprov(&args);
    assert_eq!(ran.status, 4, "{}{}", ran.stdout, ran.stderr);
    assert!(format!("{}{}", ran.stdout, ran.stderr).contains("on purpose"));
    assert_eq!(before, on("mail1", "hostnamectl --static; ls /etc"));

    let ran = mailprov(&[&args[..], &["--no-rollback"]].concat());
    assert_eq!(ran.status, 4);
    assert_eq!(on("mail1", "hostnamectl --static; cat /etc/half"), "half.example.net\nx");
}

#[test]
fn a_task_that_takes_too_long_is_stopped_and_the_run_taken_back() {
    let host = one_host();
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

/// The third host's batch comes last, and fails after the first two have succeeded in theirs.
#[test]
fn a_fleet_is_taken_back_when_a_later_batch_fails() {
    let hosts = hosts();
    let names: Vec<&str> = hosts.iter().map(String::as_str).take(3).collect();
    reset(&names);
    let last = names[2];
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
    let limit = names.iter().map(|name| fqdn(name)).collect::<Vec<_>>().join(",");
    let args = ["up", &inventory, "--playbook", &playbook, "--limit", &limit];
    let before: Vec<String> = names.iter().map(|name| manifest(name)).collect();
    let changed = || names.iter().filter(|name| !on(name, "ls /etc/fleet 2>/dev/null; true").is_empty()).count();

    let ran = mailprov(&args).with_status(4);
    assert_eq!(changed(), 2, "without it those that succeeded stay: {}", ran.stdout);
    mailprov(&["rollback", &inventory, "--limit", &limit]);
    let ran = mailprov(&[&args[..], &["--revert-fleet"]].concat()).with_status(4);
    for (name, before) in names.iter().zip(&before) {
        assert_same(before, &manifest(name), &format!("{name} is not as before: {}", ran.stdout));
    }
    assert!(ran.stdout.contains(&format!("{} did not make it", fqdn(last))), "{}", ran.stdout);
    let history = mailprov(&["history", &inventory, "--limit", &limit]).succeeded();
    assert_eq!(history.stdout.matches("rolled back").count(), 6, "{}", history.stdout);
}
