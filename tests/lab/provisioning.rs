//! From bare to a working server, and nothing after that.

use crate::support::{
    address, assert_same, disk, fqdn, hosts, inventory, limit, mailprov, manifest, on, one_host, reset, statuses,
    with_status,
};

#[test]
fn three_bare_hosts_reach_the_same_state_as_check_predicted() {
    let hosts = hosts();
    reset(&hosts.iter().map(String::as_str).collect::<Vec<_>>());
    let (inventory, limit) = (inventory("root"), limit(&hosts));

    let before = each(&hosts, disk);
    let check = mailprov(&["check", &inventory, "--output", "json", "--limit", &limit]).succeeded();
    let after = each(&hosts, disk);
    assert_same(&format!("{before:#?}"), &format!("{after:#?}"), "check wrote on a host");

    let up = mailprov(&["up", &inventory, "--output", "json", "--limit", &limit]).succeeded();
    assert_eq!(with_status(&check, "changed"), with_status(&up, "changed"), "check predicted something else");
    assert!(with_status(&up, "failed").is_empty());
    let tasks = |name: &str| statuses(&up).keys().filter(|(host, _)| *host == fqdn(name)).count();
    let ran = each(&hosts, tasks);
    assert!(ran.iter().all(|tasks| *tasks == ran[0]), "{ran:?}");
    assert!(with_status(&up, "changed").len() > 10 * hosts.len(), "{}", up.stdout);

    let all = each(&hosts, same_for_all);
    for (host, other) in hosts.iter().zip(&all) {
        assert_same(&all[0], other, &format!("{host} is another than {}", hosts[0]));
    }
}

fn each<T>(hosts: &[String], of: impl Fn(&str) -> T) -> Vec<T> {
    hosts.iter().map(|host| of(host)).collect()
}

/// A host's manifest with what must differ between hosts made alike: its name, its address, its certificate.
fn same_for_all(host: &str) -> String {
    let address = address(host);
    let text = manifest(host).replace(&fqdn(host), "HOST");
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
    let hosts = hosts();
    reset(&hosts.iter().map(String::as_str).collect::<Vec<_>>());
    let (inventory, limit) = (inventory("root"), limit(&hosts));
    mailprov(&["up", &inventory, "--limit", &limit]).succeeded();
    let probe = "stat -c '%i %Y' /etc/postfix/main.cf /etc/postfix/master.cf; systemctl show -p MainPID postfix";
    let before = each(&hosts, |host| on(host, probe));

    let up = mailprov(&["up", &inventory, "--output", "json", "--limit", &limit]).succeeded();
    assert_eq!(with_status(&up, "changed"), [], "the second run changed something");
    assert_eq!(before, each(&hosts, |host| on(host, probe)));

    let plain = mailprov(&["up", &inventory, "--limit", &limit]).succeeded();
    assert_eq!(plain.stdout.matches("changed=0").count(), hosts.len(), "{}", plain.stdout);
    mailprov(&["check", &inventory, "--exit-code", "--limit", &limit]).succeeded();
}

#[test]
fn files_service_and_firewall_are_as_the_guide_wants_them() {
    let host = &one_host();
    reset(&[host]);
    mailprov(&["up", &inventory("root"), "--limit", &fqdn(host)]).succeeded();
    let modes =
        on(host, "stat -c '%a %U:%G' /etc/postfix/ssl /etc/postfix/ssl/postfix.key /etc/postfix/ssl/postfix.crt");
    assert_eq!(modes, "700 root:root\n600 root:root\n644 root:root\n");
    assert_eq!(on(host, "systemctl is-enabled postfix; systemctl is-active postfix"), "enabled\nactive\n");
    assert_eq!(on(host, "hostnamectl --static; hostname -f"), format!("{name}\n{name}\n", name = fqdn(host)));
    let services =
        |scope: &str| on(host, &format!("firewall-cmd {scope} --list-services | tr ' ' '\\n' | sort | xargs"));
    assert_eq!(services(""), services("--permanent"));
    assert_eq!(services(""), "cockpit dhcpv6-client smtp smtp-submission ssh\n");
    assert_eq!(on(host, "postfix check 2>&1; postconf -n 2>&1 >/dev/null"), "", "Postfix complains");
}
