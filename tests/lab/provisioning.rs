//! From bare to a working server, and nothing after that.

use crate::support::{address, assert_same, disk, inventory, mailprov, manifest, on, reset, statuses, with_status};

const HOSTS: &[&str] = &["mail1", "mail2", "mail3"];
/// The lab may have more.
const LIMIT: &str = "mail1.*,mail2.*,mail3.*";

#[test]
fn three_bare_hosts_reach_the_same_state_as_check_predicted() {
    reset(HOSTS);
    let inventory = inventory("root");

    let before: Vec<_> = HOSTS.iter().map(|host| disk(host)).collect();
    let check = mailprov(&["check", &inventory, "--output", "json", "--limit", LIMIT]).succeeded();
    let after: Vec<_> = HOSTS.iter().map(|host| disk(host)).collect();
    assert_same(&format!("{before:#?}"), &format!("{after:#?}"), "check wrote on a host");

    let up = mailprov(&["up", &inventory, "--output", "json", "--limit", LIMIT]).succeeded();
    assert_eq!(with_status(&check, "changed"), with_status(&up, "changed"), "check predicted something else");
    assert!(with_status(&up, "failed").is_empty());
    assert_eq!(statuses(&up).keys().filter(|(host, _)| host.starts_with("mail1")).count() * 3, statuses(&up).len());

    let one = same_for_all("mail1");
    assert_same(&one, &same_for_all("mail2"), "mail2 is another than mail1");
    assert_same(&one, &same_for_all("mail3"), "mail3 is another than mail1");
}

/// A host's manifest with what must differ between hosts made alike: its name, its address, its certificate.
fn same_for_all(host: &str) -> String {
    let address = address(host);
    let text = manifest(host).replace(&format!("{host}.mydomain.local"), "HOST");
    let differs = [
        "postfix/ssl/",
        "ssh/",
        "machine-id",
        "pki/tls/",
        "./hosts",
        "./hostname",
        "postfix/main.cf",
        "network",
        "./resolv",
    ];
    let lines = text.lines().filter(|line| !differs.iter().any(|part| line.contains(part)));
    lines.map(|line| line.replace(&address, "ADDRESS") + "\n").collect()
}

#[test]
fn a_second_run_changes_nothing() {
    reset(HOSTS);
    let inventory = inventory("root");
    mailprov(&["up", &inventory, "--limit", LIMIT]).succeeded();
    let probe = "stat -c '%i %Y' /etc/postfix/main.cf /etc/postfix/master.cf; systemctl show -p MainPID postfix";
    let before = HOSTS.map_each(|host| on(host, probe));

    let up = mailprov(&["up", &inventory, "--output", "json", "--limit", LIMIT]).succeeded();
    assert_eq!(with_status(&up, "changed"), [], "the second run changed something");
    assert_eq!(before, HOSTS.map_each(|host| on(host, probe)));

    let plain = mailprov(&["up", &inventory, "--limit", LIMIT]).succeeded();
    assert_eq!(plain.stdout.matches("changed=0").count(), 3, "{}", plain.stdout);
    mailprov(&["check", &inventory, "--exit-code", "--limit", LIMIT]).succeeded();
}

trait MapEach {
    fn map_each<T>(&self, f: impl Fn(&str) -> T) -> Vec<T>;
}

impl MapEach for [&str] {
    fn map_each<T>(&self, f: impl Fn(&str) -> T) -> Vec<T> {
        self.iter().map(|host| f(host)).collect()
    }
}

#[test]
fn files_service_and_firewall_are_as_the_guide_wants_them() {
    reset(&["mail1"]);
    mailprov(&["up", &inventory("root"), "--limit", "mail1.mydomain.local"]).succeeded();
    let modes =
        on("mail1", "stat -c '%a %U:%G' /etc/postfix/ssl /etc/postfix/ssl/postfix.key /etc/postfix/ssl/postfix.crt");
    assert_eq!(modes, "700 root:root\n600 root:root\n644 root:root\n");
    assert_eq!(on("mail1", "systemctl is-enabled postfix; systemctl is-active postfix"), "enabled\nactive\n");
    assert_eq!(on("mail1", "hostnamectl --static; hostname -f"), "mail1.mydomain.local\nmail1.mydomain.local\n");
    let services =
        |scope: &str| on("mail1", &format!("firewall-cmd {scope} --list-services | tr ' ' '\\n' | sort | xargs"));
    assert_eq!(services(""), services("--permanent"));
    assert_eq!(services(""), "cockpit dhcpv6-client smtp smtp-submission ssh\n");
    assert_eq!(on("mail1", "postfix check 2>&1; postconf -n 2>&1 >/dev/null"), "", "Postfix complains");
}
