//! Plan files on a host: followed while the host is as it was, refused with what moved when it is not.

use crate::support::{inventory, mailprov, on, reset, with_status};

const LIMIT: &[&str] = &["--limit", "mail1.mydomain.local"];

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
    reset(&["mail1"]);
    let folder = tempfile::tempdir().expect("a folder");
    let plan = folder.path().join("plan.json").to_string_lossy().into_owned();
    let inventory = inventory("root");
    let secret = ["-e", "mail_verify_send_to=hunter2@mydomain.local"];
    let check = mailprov(&[&["check", &inventory, "--out", &plan], LIMIT, &secret].concat()).succeeded();
    assert!(check.stdout.contains("--plan"), "what comes next is the plan\n{}", check.stdout);
    let text = std::fs::read_to_string(&plan).expect("a plan");
    assert!(!text.contains("hunter2"), "{text}");
    let up = [&["up", &inventory, "--plan", &plan, "--output", "json"], LIMIT, &secret].concat();
    for (change, back, said) in MOVES {
        on("mail1", change);
        let ran = mailprov(&up);
        on("mail1", back);
        assert_eq!(ran.status, 4, "{change}\n{}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains(said), "{change}: `{said}` is not said\n{}", ran.stdout);
    }
    let ran = mailprov(&up).succeeded();
    assert!(with_status(&ran, "changed").len() > 5);
}
