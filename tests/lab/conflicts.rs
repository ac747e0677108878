//! What somebody changed by hand since a run is shown and kept by its rollback; `--force` takes it.

use std::path::Path;

use crate::guarantees;
use crate::support::{Ran, inventory, mailprov, on, one_host, reset};

/// (what, the edit, what tells its state).
const EDITS: &[(&str, &str, &str)] = &[
    ("a line in a file", "echo '# by hand' >> /etc/motd.mine", "cat /etc/motd.mine"),
    ("a file's mode", "chmod 600 /etc/mode.mine", "stat -c %a /etc/mode.mine"),
    ("a file's owner", "chown nobody /etc/owner.mine", "stat -c %U /etc/owner.mine"),
    (
        "a file in the place of a link",
        "rm /etc/link.mine && echo x > /etc/link.mine",
        "cat /etc/link.mine 2>&1 || true",
    ),
    ("a parameter of main.cf", "postconf -e mynetworks_style=host", "cat /etc/postfix/main.cf"),
    ("a line of master.cf", "postconf -Me 'relay/unix=relay unix - - n - 7 smtp'", "cat /etc/postfix/master.cf"),
    (
        "a file's attribute",
        "python3 -c \"import os; os.setxattr('/etc/xattr.mine', 'user.hand', b'x')\"",
        "python3 -c \"import os; print(os.listxattr('/etc/xattr.mine'))\"",
    ),
    ("a unit that was masked", "systemctl mask --quiet postfix", "systemctl is-enabled postfix || true"),
    ("a firewall service", "firewall-cmd -q --add-service=imaps", "firewall-cmd --list-services"),
    (
        "masquerading in a zone",
        "firewall-cmd -q --permanent --zone=internal --add-masquerade",
        // Of a file that is taken from it firewalld knows the text until it is restarted.
        "grep -o '<masquerade/>' /etc/firewalld/zones/internal.xml 2>/dev/null || true",
    ),
    ("the host name", "hostnamectl set-hostname hand.example.net", "hostnamectl --static"),
    ("a kernel parameter", "echo 2048 > /proc/sys/net/core/somaxconn", "cat /proc/sys/net/core/somaxconn"),
    ("another version of a package", "dnf -qy downgrade postfix-pcre >/dev/null 2>&1", "rpm -q postfix-pcre || true"),
    ("a user", "echo 'hand:x:4711:4711::/:/sbin/nologin' >> /etc/passwd", "grep ^hand: /etc/passwd || true"),
];

/// What makes a host on which the play changes everything that is edited afterwards.
const BEFORE: &str = "dnf -qy install postfix >/dev/null 2>&1; systemctl disable -q postfix; systemctl stop postfix
    echo old > /etc/motd.mine; touch /etc/mode.mine /etc/owner.mine /etc/xattr.mine; chmod 644 /etc/mode.mine /etc/xattr.mine";

const PLAY: &str = r"- hosts: all
  become: true
  tasks:
    - copy: {dest: /etc/motd.mine, content: new}
    - file: {path: /etc/mode.mine, mode: '0640'}
    - file: {path: /etc/owner.mine, owner: daemon}
    - file: {path: /etc/xattr.mine, mode: '0640'}
    - file: {path: /etc/link.mine, src: motd.mine, state: link}
    - postconf: {params: {myorigin: mail.example.net}}
    - lineinfile: {path: /etc/postfix/master.cf, line: '# ours'}
    - hostname: {name: mail.example.net}
    - service: {name: postfix, enabled: true, state: started}
    - firewalld: {service: smtp, state: enabled, permanent: true, immediate: true}
    - firewalld: {zone: internal, service: smtp, state: enabled, permanent: true, immediate: true}
    - sysctl: {name: net.core.somaxconn, value: 1024}
    - dnf: {name: postfix-pcre}
    - dnf: {name: cyrus-sasl}
";

fn lost(host: &str, states: &[String]) -> Vec<&'static str> {
    let now = EDITS.iter().map(|(_, _, state)| on(host, state));
    EDITS.iter().zip(now).zip(states).filter(|((_, now), then)| now != *then).map(|((edit, _), _)| edit.0).collect()
}

#[test]
fn what_was_changed_by_hand_is_shown_and_kept() {
    let host = one_host();
    let host = host.as_str();
    reset(&[host]);
    on(host, BEFORE);
    let states = || EDITS.iter().map(|(_, _, state)| on(host, state)).collect::<Vec<_>>();
    let start = states();
    let folder = tempfile::tempdir().expect("a folder");
    let playbook = folder.path().join("play.yaml");
    std::fs::write(&playbook, PLAY).expect("written");
    let limit = format!("{host}.mydomain.local");
    let run = |args: &[&str], inventory: &Path| -> Ran {
        mailprov(&[args, &[inventory.to_str().expect("text"), "--limit", &limit]].concat())
    };
    let inventory = inventory("root");
    let inventory = Path::new(&inventory);
    run(&["up", "--playbook", playbook.to_str().expect("text")], inventory).succeeded();
    for (what, edit, state) in EDITS {
        let before = on(host, state);
        on(host, edit);
        assert_ne!(before, on(host, state), "{what} changes something");
    }
    let edited = states();

    let check = run(&["rollback", "--check", "--diff"], inventory).with_status(4);
    assert_eq!(lost(host, &edited), [""; 0], "a check keeps everything");
    let ran = run(&["rollback", "--diff"], inventory).with_status(4);
    let lost_edits = lost(host, &edited);
    for shown in ["# by hand", "mynetworks_style", "mail.example.net", "changed since by someone else"] {
        assert!(check.stdout.contains(shown) && ran.stdout.contains(shown), "`{shown}` is not shown:\n{}", ran.stdout);
    }
    // Each edit is one that the rollback would have undone.
    for said in [&check.stdout, &ran.stdout] {
        let kept =
            said.lines().filter(|line| line.starts_with("kept ") && line.ends_with("changed since by someone else"));
        assert_eq!(kept.count(), EDITS.len(), "{said}");
    }
    guarantees::tell("rollback conflicts tried", EDITS.len(), "edits lost", lost_edits.len(), "lab conflicts");
    assert_eq!(lost_edits, [""; 0], "{}", ran.stdout);

    run(&["rollback", "--force"], inventory).succeeded();
    assert_eq!(lost(host, &start), [""; 0], "--force brings the start state back");
}
