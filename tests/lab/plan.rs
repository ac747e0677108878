//! Plan files on a host: followed while the host is as it was, refused with what moved when it is not.

use crate::support::{fqdn, inventory, mailprov, on, one_host, reset, until, with_status};

/// Changes by hand, how each is taken back, and what is said of it.
const MOVES: &[(&str, &str, &str)] = &[
    ("echo '# mine' >> /etc/hosts", "sed -i '$d' /etc/hosts", "file /etc/hosts: another content"),
    ("chmod 600 /etc/hosts", "chmod 644 /etc/hosts", "file /etc/hosts: another owner, mode or attributes"),
    (
        "mv /etc/hosts /etc/hosts.away && ln -s hosts.away /etc/hosts",
        "mv /etc/hosts.away /etc/hosts",
        "another kind of file than when the plan was made (now symbolic link)",
    ),
    (
        "hostnamectl set-hostname other.mydomain.local",
        "hostnamectl set-hostname localhost.localdomain",
        "hostname static: another name than when the plan was made (now other.mydomain.local)",
    ),
    (
        "dnf -qy install postfix 2>&1",
        "dnf -qy remove postfix 2>&1; rm -rf /etc/postfix",
        "package postfix: another version",
    ),
    ("firewall-cmd -q --add-service=smtp", "firewall-cmd -q --remove-service=smtp", "another runtime settings"),
];

#[test]
fn a_plan_is_followed_exactly_or_not_at_all() {
    let host = &one_host();
    reset(&[host]);
    let name = fqdn(host);
    let limit = ["--limit", name.as_str()];
    let folder = tempfile::tempdir().expect("a folder");
    let plan = folder.path().join("plan.json").to_string_lossy().into_owned();
    let inventory = inventory("root");
    let secret = ["-e", "mail_verify_send_to=hunter2@mydomain.local"];
    let check = mailprov(&[&["check", &inventory, "--out", &plan], &limit[..], &secret].concat()).succeeded();
    assert!(check.stdout.contains("--plan"), "what comes next is the plan\n{}", check.stdout);
    let text = std::fs::read_to_string(&plan).expect("a plan");
    assert!(!text.contains("hunter2"), "{text}");
    let up = [&["up", &inventory, "--plan", &plan, "--output", "json"], &limit[..], &secret].concat();
    for (change, back, said) in MOVES {
        on(host, change);
        let ran = mailprov(&up);
        on(host, back);
        assert_eq!(ran.status, 4, "{change}\n{}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains(said), "{change}: `{said}` is not said\n{}", ran.stdout);
    }
    let ran = mailprov(&up).succeeded();
    assert!(with_status(&ran, "changed").len() > 5);
    // Postfix's tables are made anew, and no two are alike byte for byte.
    let other = ["-e", "mail_sender=other@mydomain.local"];
    mailprov(&[&["check", &inventory, "--out", &plan], &limit[..], &other].concat()).succeeded();
    mailprov(&[&["up", &inventory, "--plan", &plan], &limit[..], &other].concat()).succeeded();
    assert!(on(host, "postmap -s hash:/etc/postfix/virtual").contains("other@mydomain.local"));
}

#[test]
fn facts_that_change_by_themselves_move_no_host() {
    let host = one_host();
    reset(&[&host]);
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (playbook, plan, inventory, limit) = (path("play.yaml"), path("plan.json"), inventory("root"), fqdn(&host));
    // The time and the free memory are others each time. Who only asks for them may go on; who writes them down would not
    // write what was planned.
    for (content, status) in [("{{ ansible_hostname }}", 0), ("{{ ansible_date_time.epoch }}", 4)] {
        let text = format!(
            "- hosts: all
  tasks:
    - copy: {{dest: /etc/planned, content: '{content}'}}
      when: ansible_date_time.epoch | int > 0 and ansible_memfree_mb | int >= 0
"
        );
        std::fs::write(&playbook, text).expect("written");
        let args = [inventory.as_str(), "--playbook", &playbook, "--limit", &limit];
        mailprov(&[&["check"], &args[..], &["--out", &plan]].concat()).succeeded();
        let then = on(&host, "date +%s");
        until(&host, &format!("[ $(date +%s) -gt {} ]", then.trim()));
        let ran = mailprov(&[&["up"], &args[..], &["--plan", &plan]].concat()).with_status(status);
        let says_so = ran.stdout.contains("file /etc/planned would be looked at or changed otherwise");
        assert_eq!(says_so, status != 0, "{}", ran.stdout);
    }
    assert_eq!(on(&host, "cat /etc/planned; echo"), on(&host, "hostname -s"), "only the first was followed");
}
